//! The use cases, one function each.

mod catalogue;
mod coverage;
mod devices;
mod viewer;

pub use catalogue::{NewProduct, create_product, list_products, product};
pub use coverage::{AskCoverage, decide_coverage, decision};
pub use devices::{NewDevice, device, device_by_serial_number, list_devices, register_device};
pub use viewer::Viewer;
