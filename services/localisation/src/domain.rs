//! The rules, pure: which locale serves whom, what a message may be, how it is written out, who may read what.

pub mod article;
pub mod catalogue;
pub mod functions;
mod list;
pub mod locale;
pub mod message;
pub mod playbook;
pub mod snapshot;
pub mod tag;
mod value;
