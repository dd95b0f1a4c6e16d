//! A case and what can be done with it.

use support_chassis::id::Id;
use time::OffsetDateTime;

use super::happening::{Cause, Happening};
use super::kinds::{Author, Channel, CloseReason, ProductLine, Resolution, Severity};
use super::language::Language;
use super::message::{Message, Speaker};
use super::number::CaseNumber;
use super::state::{Action, IllegalAction, State, transition};
use super::timeline::{Entry, Kind, Note};
use super::words::{Body, Description, SourceReference, Subject};
use super::{AgentId, CaseId, CustomerId, DeviceId, MessageId};

/// What a case is about. Never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concern {
    /// Whose concern it is.
    pub customer: CustomerId,
    /// The channel it came by.
    pub channel: Channel,
    /// The language it is held in.
    pub language: Language,
    /// What kind of product it is about; none where it is not known.
    pub product_line: Option<ProductLine>,
    /// The device; none where it is not known.
    pub device: Option<DeviceId>,
    /// What is at stake.
    pub severity: Severity,
    /// A line that says what it is about.
    pub subject: Subject,
    /// The concern in the customer's words.
    pub description: Description,
    /// A reference of the system it came from.
    pub source_reference: Option<SourceReference>,
}

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

/// One concern of one customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Its id.
    pub id: CaseId,
    /// Its number, for the phone.
    pub number: CaseNumber,
    /// What it is about.
    pub concern: Concern,
    /// How far it is.
    pub standing: Standing,
    /// When it was opened.
    pub open_time: OffsetDateTime,
    /// When it last changed. Never goes back, whatever the clock does.
    pub update_time: OffsetDateTime,
    /// When it was last resolved.
    pub resolve_time: Option<OffsetDateTime>,
    /// Rises with every change of the case; messages and entries of other services do not count as such, so that nobody
    /// loses a race against a chat. The etag.
    pub version: i64,
    /// How many entries its history has.
    pub timeline_length: i64,
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
    /// The language it is written in; none for the case's.
    pub language: Option<Language>,
    /// The words.
    pub body: Body,
}

/// What a change came to: events for the others, entries for the history, in the order in which they happened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What happened.
    pub happenings: Vec<Happening>,
    /// What the history says of it.
    pub entries: Vec<Entry>,
}

impl Case {
    /// A case that has just been opened.
    #[must_use]
    pub fn open(id: CaseId, number: CaseNumber, concern: Concern, now: OffsetDateTime) -> Self {
        Self {
            id,
            number,
            concern,
            standing: Standing::Open,
            open_time: now,
            update_time: now,
            resolve_time: None,
            version: 1,
            timeline_length: 1,
        }
    }

    /// The state it is in.
    #[must_use]
    pub fn state(&self) -> State {
        self.standing.state()
    }

    /// What changes with every change of it.
    #[must_use]
    pub fn etag(&self) -> String {
        self.version.to_string()
    }

    /// Whether `customer` may know of it.
    #[must_use]
    pub fn belongs_to(&self, customer: CustomerId) -> bool {
        self.concern.customer == customer
    }

    /// Does what `command` says.
    ///
    /// # Errors
    ///
    /// [`IllegalAction`], where the state does not allow it; nothing has changed then.
    pub fn act(&mut self, command: Command, cause: &Cause, now: OffsetDateTime) -> Result<Outcome, IllegalAction> {
        transition(self.state(), command.action())?;
        let mut outcome = Outcome::default();
        self.change(command, cause, now, &mut outcome);
        Ok(outcome)
    }

    /// Lets somebody say something. A customer's words in a resolved case open it again.
    ///
    /// # Errors
    ///
    /// [`IllegalAction`], where the case is closed; nothing has changed then.
    pub fn say(&mut self, utterance: Utterance, now: OffsetDateTime) -> Result<(Message, Outcome), IllegalAction> {
        let author = utterance.speaker.author();
        let action = if author == Author::Customer {
            Action::Hear
        } else {
            Action::Tell
        };
        let to = transition(self.state(), action)?;
        let cause = Cause::Call {
            actor: utterance.speaker.id(),
        };
        let moment = now.max(self.update_time);
        let mut outcome = Outcome::default();
        let posted = Happening::MessagePosted {
            message: utterance.id,
            author,
            channel: utterance.channel,
        };
        self.record(posted, &cause, moment, &mut outcome);
        let message = Message {
            id: utterance.id,
            case: self.id,
            sequence: self.timeline_length,
            author,
            author_id: Some(utterance.speaker.id()),
            channel: utterance.channel,
            language: utterance.language.unwrap_or_else(|| self.concern.language.clone()),
            body: utterance.body,
            send_time: moment,
        };
        if to != self.state() {
            self.change(Command::Reopen, &cause, now, &mut outcome);
        }
        Ok((message, outcome))
    }

    /// Notes that an agent took the task of a case which has moved on by itself: the history says so, and nothing else
    /// changes.
    pub fn note_late_assignment(&mut self, cause: &Cause, now: OffsetDateTime) -> Entry {
        self.entry(Kind::CaseAssigned, self.id.into(), cause, now.max(self.update_time))
    }

    /// The change itself, once the table has allowed it.
    fn change(&mut self, command: Command, cause: &Cause, now: OffsetDateTime, outcome: &mut Outcome) {
        let moment = now.max(self.update_time);
        let happening = match command {
            Command::Assign(agent) => {
                self.standing = Standing::Assigned { agent };
                Happening::Assigned { agent }
            }
            Command::Resolve(resolution) => {
                self.standing = Standing::Resolved { resolution };
                self.resolve_time = Some(moment);
                Happening::Resolved { resolution }
            }
            Command::Reopen => {
                self.standing = Standing::Open;
                Happening::Reopened
            }
            Command::Close(reason) => {
                self.standing = Standing::Closed {
                    reason,
                    resolution: self.standing.resolution(),
                    at: moment,
                };
                Happening::Closed { reason }
            }
        };
        self.update_time = moment;
        self.version += 1;
        self.record(happening, cause, moment, outcome);
    }

    fn record(&mut self, happening: Happening, cause: &Cause, moment: OffsetDateTime, outcome: &mut Outcome) {
        let subject = match happening {
            Happening::MessagePosted { message, .. } => message.into(),
            Happening::Opened
            | Happening::Assigned { .. }
            | Happening::Resolved { .. }
            | Happening::Reopened
            | Happening::Closed { .. } => self.id.into(),
        };
        outcome.happenings.push(happening);
        outcome
            .entries
            .push(self.entry(happening.kind(), subject, cause, moment));
    }

    fn entry(&mut self, kind: Kind, subject: Id, cause: &Cause, moment: OffsetDateTime) -> Entry {
        self.timeline_length += 1;
        let (subject, occur_time) = match cause {
            Cause::Call { .. } => (subject, moment),
            Cause::Task { task, at, .. } => (*task, *at),
        };
        let note = Note {
            kind,
            source: cause.source(),
            subject,
            detail: None,
            actor: Some(cause.actor()),
            occur_time,
        };
        Entry {
            sequence: self.timeline_length,
            note,
        }
    }
}

#[cfg(test)]
mod tests;
