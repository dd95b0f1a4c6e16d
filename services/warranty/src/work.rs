//! What the service does unasked.

pub mod entitlements;
pub mod plans;
mod repairs;
pub mod transfers;

pub use repairs::RepairEvents;
