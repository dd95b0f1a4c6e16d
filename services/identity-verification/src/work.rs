//! What this service does unasked.

pub mod acknowledgements;
pub mod audit;
pub mod deciding;
pub mod delivery;
pub mod happenings;
pub mod rotation;
pub mod upkeep;
