//! The use cases, one function each.

mod catalogue;
mod claims;
mod coverage;
mod devices;
mod explain;
pub mod plans;
mod prices;
mod viewer;

pub use catalogue::{
    CorrectProduct, Imported, correct_product, create_family, create_product, import_catalogue, list_families,
    list_products, product, product_by_code, product_changes,
};
pub use claims::{
    AskReserve, RepairMoved, RepairOrdered, Unfit, claim, commit_claim, expire_claims, extend_claim, list_claims,
    release_claim, repair_moved, repair_ordered, reserve_claim,
};
pub use coverage::{AskCoverage, decide_coverage, decision};
pub use devices::{NewDevice, device, device_by_serial_number, list_devices, register_device};
pub use explain::{Explained, explain_coverage};
pub use prices::{AskPrice, Priced, ServiceLife, quote_repair, service_life};
pub use viewer::Viewer;
