//! Rules and queues.

use super::{Condition, Demand};
use crate::domain::Country;

/// The queue of tasks for which no rule names one.
pub const GENERAL: &str = "general";

/// A queue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Queue {
    /// Whether its tasks go before those of all others, whatever their priority.
    pub before_all: bool,
    /// The countries in one of which it must be open; empty for the task's own.
    pub hours_of: Vec<Country>,
}

/// What more is asked for some tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// For which tasks.
    pub when: Condition,
    /// The queue that they wait in; none to leave that to another rule.
    pub queue: Option<String>,
    /// The least priority, 0 to 9.
    pub priority: i16,
    /// What is asked of an agent, on top of what is asked anyway.
    pub demand: Demand,
    /// Whether rules after it are not looked at where it applies.
    pub is_last: bool,
}
