//! The SQL.

pub mod articles;
pub mod catalogues;
