//! Words held in memory: which locale serves a reader, what a message may be, how it is written out.
//!
//! The service of localisation answers from this, and so can everything that holds its catalogues: both write the same.
//! Pure: no I/O, no clock.

pub mod catalogue;
mod dates;
pub mod functions;
mod list;
pub mod locale;
pub mod message;
mod metrics;
pub mod pseudo;
pub mod reader;
pub mod snapshot;
pub mod tag;
mod value;
pub mod wire;
