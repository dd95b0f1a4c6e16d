//! How far a case is.

use time::OffsetDateTime;

use crate::domain::AgentId;
use crate::domain::kinds::{CloseReason, Resolution};
use crate::domain::state::State;

/// How far a case is, with what belongs to that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Waiting for a person.
    Open,
    /// A person works on it.
    Assigned {
        /// Who.
        agent: AgentId,
    },
    /// Settled, as far as we know.
    Resolved {
        /// How.
        resolution: Resolution,
    },
    /// Over.
    Closed {
        /// Why.
        reason: CloseReason,
        /// How it had been settled; none where it had not.
        resolution: Option<Resolution>,
        /// When it was closed.
        at: OffsetDateTime,
    },
}

impl Standing {
    /// The state.
    #[must_use]
    pub fn state(&self) -> State {
        match self {
            Self::Open => State::Open,
            Self::Assigned { .. } => State::Assigned,
            Self::Resolved { .. } => State::Resolved,
            Self::Closed { .. } => State::Closed,
        }
    }

    /// The agent who works on it.
    #[must_use]
    pub fn agent(&self) -> Option<AgentId> {
        match self {
            Self::Assigned { agent } => Some(*agent),
            Self::Open | Self::Resolved { .. } | Self::Closed { .. } => None,
        }
    }

    /// How it was settled.
    #[must_use]
    pub fn resolution(&self) -> Option<Resolution> {
        match self {
            Self::Resolved { resolution } => Some(*resolution),
            Self::Closed { resolution, .. } => *resolution,
            Self::Open | Self::Assigned { .. } => None,
        }
    }

    /// Why and when it was closed.
    #[must_use]
    pub fn closed(&self) -> Option<(CloseReason, OffsetDateTime)> {
        match self {
            Self::Closed { reason, at, .. } => Some((*reason, *at)),
            Self::Open | Self::Assigned { .. } | Self::Resolved { .. } => None,
        }
    }
}
