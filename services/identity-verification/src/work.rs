//! What this service does unasked.

pub mod delivery;
pub mod upkeep;
