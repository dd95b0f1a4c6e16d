//! The SQL.

pub mod articles;
pub mod catalogues;
pub mod drafts;
pub mod feedback;
pub mod search;
