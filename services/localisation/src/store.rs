//! The SQL.

pub mod articles;
pub mod catalogues;
pub mod drafts;
pub mod feedback;
pub mod held;
pub mod recall;
pub mod search;
pub mod sets;
pub mod translations;
