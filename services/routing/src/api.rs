//! The gRPC door: parse, op, present.

mod agents;
mod desk;
mod fairness;
mod parse;
mod people;
mod plans;
mod present;
mod roster;
mod roster_import;
mod simulations;
mod tasks;
mod training;
mod waits;
mod watch;

pub use agents::AgentApi;
pub use desk::DeskApi;
pub use plans::PlanApi;
pub use roster::RosterApi;
pub use simulations::SimulationApi;
pub use tasks::TaskApi;
pub use training::TrainingApi;
pub use waits::WaitApi;
