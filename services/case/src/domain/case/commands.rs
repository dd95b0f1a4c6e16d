//! What can be asked of a case, and what comes of it.

use time::OffsetDateTime;

use crate::domain::happening::Happening;
use crate::domain::kinds::{Channel, CloseReason, Resolution};
use crate::domain::language::Language;
use crate::domain::message::{Speaker, TextOrigin};
use crate::domain::state::{Action, IllegalAction};
use crate::domain::timeline::Entry;
use crate::domain::words::Body;
use crate::domain::{AgentId, MessageId};

/// Why something cannot be done with a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Its state does not allow it.
    #[error(transparent)]
    State(#[from] IllegalAction),
    /// A customer cannot open it again any more.
    #[error("the time in which the customer may open the case again is over")]
    ReopenPeriodOver {
        /// Until when they could.
        until: OffsetDateTime,
    },
    /// Staff has not said anything in it, and it cannot be resolved before that.
    #[error("staff has not said anything in the case")]
    AnswerMissing {
        /// The channel it came by.
        channel: Channel,
    },
    /// It cannot be closed because the customer is silent.
    #[error("the customer has not been silent for long enough")]
    CustomerNotSilent {
        /// When they will have been, if they stay so; none where it is not their turn to speak.
        until: Option<OffsetDateTime>,
    },
}

/// What is to be done with a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Give it to an agent.
    Assign(AgentId),
    /// Say that it is settled, and how.
    Resolve(Resolution),
    /// Open it again.
    Reopen,
    /// End it, and why.
    Close(CloseReason),
}

impl Command {
    /// The action of the state machine that it is.
    #[must_use]
    pub fn action(self) -> Action {
        match self {
            Self::Assign(_) => Action::Assign,
            Self::Resolve(_) => Action::Resolve,
            Self::Reopen => Action::Reopen,
            Self::Close(reason) => Action::Close(reason),
        }
    }
}

/// Something to be said in a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Utterance {
    /// The id for it.
    pub id: MessageId,
    /// Who says it.
    pub speaker: Speaker,
    /// The channel it came by.
    pub channel: Channel,
    /// The language it is written in; none for the one that a customer certainly writes, else the case's.
    pub language: Option<Language>,
    /// The words.
    pub body: Body,
    /// Where they came from; none where they are no text of the catalogues.
    pub text: Option<TextOrigin>,
}

/// What a change came to: events for the others, entries for the history, in the order in which they happened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What happened.
    pub happenings: Vec<Happening>,
    /// What the history says of it.
    pub entries: Vec<Entry>,
}
