//! What the errors of the database and of page tokens mean for the caller.
