//! Words held in memory: which locale serves a reader, what a message may be, how it is written out.
//!
//! The service of localisation answers from this, and so does everything that holds its catalogues by [`client`]: both
//! write the same. All but the client is pure: no I/O, no clock.

pub mod catalogue;
pub mod client;
mod conventions;
mod dates;
mod digest;
#[cfg(feature = "formats")]
pub mod format;
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

pub use digest::digest;
