//! What can be done, each in one transaction.

pub mod answers;
pub mod articles;
pub mod drafts;
pub mod locales;
pub mod publish;
pub mod seed;
