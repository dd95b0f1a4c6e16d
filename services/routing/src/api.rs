//! The gRPC door: parse, op, present.

mod agents;
mod parse;
mod present;
mod tasks;
mod watch;

pub use agents::AgentApi;
pub use tasks::TaskApi;
