//! The gRPC door.

pub mod knowledge;
pub mod locales;
pub mod messages;
mod metrics;
pub mod playbooks;
mod present;
mod render;
