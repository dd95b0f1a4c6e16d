//! The gRPC door.

mod answered;
pub mod answers;
pub mod delivery;
pub mod detection;
pub mod formats;
pub mod knowledge;
pub mod locales;
pub mod messages;
pub mod playbooks;
mod present;
pub mod regions;
pub mod translations;
