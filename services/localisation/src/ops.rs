//! What can be done, each in one transaction.

pub mod answers;
pub mod articles;
pub mod drafts;
pub mod import;
pub mod listing;
pub mod locales;
pub mod publish;
pub mod seed;
pub mod sets;
pub mod translations;
