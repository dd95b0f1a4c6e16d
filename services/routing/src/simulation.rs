//! What would be: a floor of agents and customers who are not there, and the engine that is.
//!
//! A [`Scenario`] says what customers ask for and when, how long they wait before they give up, who is at work and how long a
//! contact takes; [`simulate`] plays it several times, each time by another chance, and says how customers and agents
//! fared, with how sure that is ([`Estimate`]).
//!
//! Who gets what is decided by [`Engine`](crate::engine::Engine), and what happens to a task by
//! [`apply`](crate::domain::apply): the code that runs live. Only the clock, the agents and the customers are replaced
//! (`floor.rs`), and they meet the rules in one file (`live.rs`).
//!
//! Chance is drawn from the scenario's seed alone, so the same scenario has the same answer, on any number of
//! processors. What a contact brings with it (how long it takes, how patient its customer is) is drawn when it arrives, by
//! the kind of work; so two rosters of the same seed are held against each other with the same customers.

pub mod chance;
mod confidence;
pub mod door;
mod floor;
mod foretold;
mod live;
mod measured;
pub mod plot;
mod run;
mod scenario;
mod survival;
mod tally;

pub use chance::Law;
pub(crate) use chance::count;
pub use confidence::{Estimate, quantile};
pub use foretold::Foretelling;
pub use live::Abilities;
pub use measured::{Faring, GroupFaring, IntervalFaring, Measured, WorkFaring};
pub use run::{Effort, Stopped, simulate};
pub use scenario::{Arrival, Arrivals, Group, Plans, Scenario, Shift, Span, Transfer, Work};
pub use survival::{Endured, survival};

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod worlds;
