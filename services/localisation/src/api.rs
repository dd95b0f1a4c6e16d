//! The gRPC door.

pub mod knowledge;
pub mod locales;
pub mod messages;
mod metrics;
mod present;
