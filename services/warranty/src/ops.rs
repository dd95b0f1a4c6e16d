//! The use cases, one function each.

mod catalogue;
mod claims;
mod coverage;
mod devices;
mod explain;
mod fleet;
pub mod plans;
mod prices;
mod viewer;

pub use catalogue::{
    CorrectProduct, Imported, correct_product, create_family, create_product, import_catalogue, list_families,
    list_products, product, product_by_code, product_changes,
};
pub use claims::{
    AskReserve, RepairMoved, RepairOrdered, Unfit, claim, commit_claim, expire_claims, extend_claim, hold_claim,
    list_claims, release_claim, repair_moved, repair_ordered, reserve_claim,
};
pub use coverage::{AskCoverage, Made, decide_coverage, decision, list_decisions, make};
pub use devices::{
    AcceptBy, ImportedDevice, NewActivation, NewDevice, NewOffer, NewReplacementUnit, accept_transfer,
    affected_decisions, change_flag, change_lock, device, device_by_serial_number, device_history, end_transfer,
    expire_transfers, import_devices, list_devices, list_proofs, mint_code, offer_transfer, proof, reassign_device,
    record_activation, register_device, replace_device, review_proof, seek_device, submit_proof, transfer,
    withdraw_proof,
};
pub use explain::{Explained, explain_coverage};
pub use fleet::{FleetQuestion, decide_batch};
pub use prices::{AskPrice, Priced, ServiceLife, quote_repair, service_life};
pub use viewer::{Viewer, actor};
