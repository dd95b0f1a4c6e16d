//! What can be done, each in one transaction.

pub mod articles;
pub mod publish;
pub mod seed;
