//! The use cases, one function each.

mod cases;
mod providers;
mod repairs;
mod submit;
mod viewer;

pub use cases::note_case;
pub use providers::{NewProvider, create_provider, list_providers, provider};
pub use repairs::{Filter, Move, list_repairs, move_on, repair};
pub use submit::{Agreed, Order, check_order, submit_repair};
pub use viewer::{Viewer, actor};
