//! What the contract says of simulations, as they are played, and how they fared, as the contract says it.

mod read;
mod write;

pub use read::{Bounds, TooLarge, replications, scenario, staffing};
pub use write::{measured, staffed};
