//! A step that was taken with a repair, and by whom.

use time::OffsetDateTime;

use super::state::State;

/// Who takes a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The kind of caller.
    pub kind: String,
    /// Their id, as their credentials name them.
    pub id: String,
    /// The person who calls through a partner's client, by the partner's own id.
    pub technician: Option<String>,
}

/// A step that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The state that it brought.
    pub state: State,
    /// When.
    pub at: OffsetDateTime,
    /// By whom.
    pub by: Actor,
}
