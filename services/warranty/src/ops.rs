//! The use cases, one function each.

mod catalogue;
mod claims;
mod coverage;
mod devices;
mod viewer;

pub use catalogue::{NewProduct, create_product, list_products, product};
pub use claims::{
    AskReserve, RepairMoved, RepairOrdered, Unfit, claim, commit_claim, expire_claims, extend_claim, list_claims,
    release_claim, repair_moved, repair_ordered, reserve_claim,
};
pub use coverage::{AskCoverage, decide_coverage, decision};
pub use devices::{NewDevice, device, device_by_serial_number, list_devices, register_device};
pub use viewer::Viewer;
