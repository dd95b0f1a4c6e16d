//! What the service does unasked.

pub mod entitlements;
mod repairs;

pub use repairs::RepairEvents;
