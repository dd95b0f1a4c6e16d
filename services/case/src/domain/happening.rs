//! What happened to a case: each is an event for the other services and an entry of the history.

use support_chassis::id::Id;
use time::OffsetDateTime;

use super::kinds::{Author, Channel, CloseReason, Resolution, Severity};
use super::timeline::{Detail, Kind, Source};
use super::{AgentId, MessageId};

/// Something that happened to a case in this service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happening {
    /// It was opened.
    Opened,
    /// Somebody said something.
    MessagePosted {
        /// The message.
        message: MessageId,
        /// Who said it.
        author: Author,
        /// The channel it came by.
        channel: Channel,
    },
    /// An agent works on it.
    Assigned {
        /// The agent.
        agent: AgentId,
    },
    /// Staff said how much is at stake.
    Rated {
        /// How much.
        severity: Severity,
    },
    /// It is held in another language than before.
    LanguageChanged,
    /// The concern is settled.
    Resolved {
        /// How.
        resolution: Resolution,
    },
    /// It was opened again.
    Reopened,
    /// It is over.
    Closed {
        /// Why.
        reason: CloseReason,
    },
}

impl Happening {
    /// What the history calls it.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            Self::Opened => Kind::CaseOpened,
            Self::MessagePosted { .. } => Kind::MessagePosted,
            Self::Assigned { .. } => Kind::CaseAssigned,
            Self::Rated { .. } => Kind::SeverityChanged,
            Self::LanguageChanged => Kind::LanguageChanged,
            Self::Resolved { .. } => Kind::CaseResolved,
            Self::Reopened => Kind::CaseReopened,
            Self::Closed { .. } => Kind::CaseClosed,
        }
    }

    /// What the history says it came to, as the contract names it; none where the kind says all, and for a language, which
    /// the case knows.
    #[must_use]
    pub fn detail(self) -> Option<Detail> {
        match self {
            Self::Rated { severity } => {
                Detail::parse(format!("SEVERITY_{}", severity.as_str().to_ascii_uppercase())).ok()
            }
            Self::Opened
            | Self::MessagePosted { .. }
            | Self::Assigned { .. }
            | Self::LanguageChanged
            | Self::Resolved { .. }
            | Self::Reopened
            | Self::Closed { .. } => None,
        }
    }
}

/// Who or what made something happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// A call of this service.
    Call {
        /// The customer's id or the staff's subject.
        actor: String,
        /// Whether it was a customer or staff.
        author: Author,
    },
    /// An agent took the task that routing had made of the case.
    Task {
        /// The task.
        task: Id,
        /// The agent.
        agent: AgentId,
        /// When it happened, by routing's clock.
        at: OffsetDateTime,
    },
}

impl Cause {
    /// The service that told of it.
    #[must_use]
    pub fn source(&self) -> Source {
        match self {
            Self::Call { .. } => Source::Case,
            Self::Task { .. } => Source::Routing,
        }
    }

    /// Whether a customer did it.
    #[must_use]
    pub fn is_customers(&self) -> bool {
        matches!(
            self,
            Self::Call {
                author: Author::Customer,
                ..
            }
        )
    }

    /// Who did it.
    #[must_use]
    pub fn actor(&self) -> String {
        match self {
            Self::Call { actor, .. } => actor.clone(),
            Self::Task { agent, .. } => agent.to_string(),
        }
    }
}
