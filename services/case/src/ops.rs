//! The use cases: one function, one transaction each. Lock the case, decide, write, append the event. The API and the
//! consumers of events call the same ones.

mod change_case;
mod events;
mod hear;
mod open_case;
mod playbook;
mod post_message;
mod read;
mod viewer;

pub use change_case::{Change, change_case, change_language, change_severity};
pub use hear::{accept_task, note};
pub(crate) use open_case::customer_of;
pub use open_case::open_case;
pub use playbook::{Marking, conversation, mark_step};
pub use post_message::post_message;
pub use read::{get_case, list_cases, list_messages, list_timeline, place};
pub use viewer::Viewer;
