//! The playbook of a case at the desk of who works on it: which steps there are, which are done, which comes next.
//!
//! [`playbooks`] asks localisation for the steps and keeps what it last said; [`pulse`] notices which of the cases that are
//! looked at have changed; [`view`] puts the two together with what became of the steps; [`watch`] is one desk's stream.

pub mod playbooks;
pub mod pulse;
pub mod view;
pub mod watch;

pub use playbooks::Playbooks;
pub use pulse::Pulses;
