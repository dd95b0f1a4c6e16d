//! What is done with work by hand, and the rules for it.

use time::Duration;

use super::NoteId;
use super::words::words;

words! {
    /// Why something is done with a task by hand.
    HandCause {
        /// The customer asked for it.
        CustomerWish = "customer_wish",
        /// It needs somebody who knows or may do more.
        Expertise = "expertise",
        /// A concern that goes further up.
        Escalation = "escalation",
        /// To spread the work.
        Workload = "workload",
        /// Whoever had it can go on no longer.
        AgentUnable = "agent_unable",
        /// For learning.
        Coaching = "coaching",
        /// It went to the wrong place.
        Misrouted = "misrouted",
    }
}

/// Who does something by hand, and what they say with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByHand {
    /// The subject of their token.
    pub actor: String,
    /// Why; none where nobody asks.
    pub cause: Option<HandCause>,
    /// The note left in the case, if any.
    pub note: Option<NoteId>,
}

/// What holds for work that somebody has in hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeskRules {
    /// How long a contact should take to be written up.
    pub wrap_up_limit: Duration,
    /// Whether a task that is passed on keeps its place in line.
    pub transfer_keeps_place: bool,
    /// How many agents may join a contact.
    pub participants: usize,
    /// How long after an agent has gone a live contact goes back into line.
    pub live_lapse: Duration,
    /// How long after that everything else does, where no shift was planned.
    pub written_lapse: Duration,
    /// The least priority of a task that so came back, 0 to 9.
    pub lapsed_priority: i16,
    /// How long after a customer was not reached they are tried again.
    pub callback_retry: Duration,
    /// How often they are called before it is given up.
    pub callback_attempts: i32,
    /// How far ahead a callback may be asked for.
    pub callback_horizon: Duration,
}
