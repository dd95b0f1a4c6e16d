//! A case and what can be done with it.

mod commands;
mod standing;

use support_chassis::country::Country;
use support_chassis::id::Id;
use time::{Duration, OffsetDateTime};

use super::happening::{Cause, Happening};
use super::kinds::{Area, Author, Channel, CloseReason, LanguageOrigin, ProductLine, Segment, Severity};
use super::language::Language;
use super::levels::{self, ClockState, Levels, Promise};
use super::message::Message;
use super::number::CaseNumber;
use super::speech::{self, Speech};
use super::state::{Action, State, transition};
use super::timeline::{Detail, Entry, Kind, Note};
use super::words::{CaseWords, SourceReference};
use super::{AgentId, CaseId, CustomerId, DeviceId};

pub use commands::{Command, Outcome, Refusal, Utterance};
pub use standing::Standing;

/// What a case is about. Never changes, but for the severity and the language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concern {
    /// Whose concern it is.
    pub customer: CustomerId,
    /// The channel it came by.
    pub channel: Channel,
    /// The language it is held in.
    pub language: Language,
    /// What is known of the customer's languages.
    pub speech: Speech,
    /// What kind of product it is about; none where it is not known.
    pub product_line: Option<ProductLine>,
    /// The device; none where it is not known.
    pub device: Option<DeviceId>,
    /// What is at stake.
    pub severity: Severity,
    /// What the customer wrote of it; none where they were erased.
    pub words: Option<CaseWords>,
    /// A reference of the system it came from.
    pub source_reference: Option<SourceReference>,
    /// Where it is served; none where it is not known.
    pub country: Option<Country>,
    /// What it is about, beyond the product; none where nobody said.
    pub area: Option<Area>,
    /// What routing goes by beyond that.
    pub bearing: Bearing,
}

/// What routing goes by, beyond what a case is about. Nothing of it need be known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bearing {
    /// The model, by its name in the catalogue; empty where it is not known.
    pub model: String,
    /// Who the customer is.
    pub segment: Option<Segment>,
    /// The agent who looks after the customer.
    pub account_manager: Option<AgentId>,
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
    /// What is promised for it; none where it is older than the service levels.
    pub promise: Option<Promise>,
    /// When staff answered for the first time.
    pub first_response_time: Option<OffsetDateTime>,
    /// Since when staff's message is the last one; none where it is not the customer's turn to speak.
    pub silent_since: Option<OffsetDateTime>,
    /// How long it stood resolved before it was reopened, all told.
    pub stood: Duration,
}

impl Case {
    /// A case that has just been opened.
    #[must_use]
    pub fn open(id: CaseId, number: CaseNumber, concern: Concern, promise: Promise, now: OffsetDateTime) -> Self {
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
            promise: Some(promise),
            first_response_time: None,
            silent_since: None,
            stood: Duration::ZERO,
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

    /// How it stands with the first answer; none where nothing was promised.
    #[must_use]
    pub fn first_response_clock(&self, now: OffsetDateTime) -> Option<ClockState> {
        let ended = self.standing.closed().map(|(_, at)| at);
        let due = self.promise.as_ref()?.first_response_due;
        Some(levels::state(due, self.first_response_time, ended, now))
    }

    /// How it stands with being resolved; none where nothing was promised.
    #[must_use]
    pub fn resolution_clock(&self, now: OffsetDateTime) -> Option<ClockState> {
        let ended = self.standing.closed().map(|(_, at)| at);
        let done = self.standing.resolution().and(self.resolve_time);
        Some(levels::state(self.promise.as_ref()?.resolve_due, done, ended, now))
    }

    /// Until when the customer may open it again; none where it is not resolved, or nothing was promised.
    #[must_use]
    pub fn reopen_end(&self) -> Option<OffsetDateTime> {
        if self.state() != State::Resolved {
            return None;
        }
        Some(self.resolve_time? + self.promise.as_ref()?.reopen_within)
    }

    /// Does what `command` says.
    ///
    /// # Errors
    ///
    /// [`Refusal`], where its state or what was promised does not allow it; nothing has changed then.
    pub fn act(&mut self, command: Command, cause: &Cause, now: OffsetDateTime) -> Result<Outcome, Refusal> {
        transition(self.state(), command.action())?;
        self.hold_promise(command, cause, now)?;
        let mut outcome = Outcome::default();
        self.change(command, cause, now, &mut outcome);
        self.follow_the_customer(cause, now, &mut outcome);
        Ok(outcome)
    }

    /// Says how much is at stake. The case comes under `levels`; a first answer that was given stays as it was, in time or
    /// late. Where the severity is what it was, nothing changes.
    ///
    /// # Errors
    ///
    /// [`Refusal::State`], where its state does not allow it; nothing has changed then.
    pub fn rate(
        &mut self,
        severity: Severity,
        levels: &Levels,
        cause: &Cause,
        now: OffsetDateTime,
    ) -> Result<Outcome, Refusal> {
        transition(self.state(), Action::Rate)?;
        let mut outcome = Outcome::default();
        if severity == self.concern.severity {
            return Ok(outcome);
        }
        let mut promise = levels.promise(severity, self.concern.channel, self.open_time, self.stood);
        if let (Some(before), Some(_)) = (&self.promise, self.first_response_time) {
            promise.first_response_due = before.first_response_due;
        }
        self.concern.severity = severity;
        self.promise = Some(promise);
        self.changed(Happening::Rated { severity }, cause, now, &mut outcome);
        Ok(outcome)
    }

    /// Says in which language it is held. From then on what the customer writes does not change it. Where staff have said so
    /// already, nothing changes.
    ///
    /// # Errors
    ///
    /// [`Refusal::State`], where its state does not allow it; nothing has changed then.
    pub fn speak(&mut self, language: Language, cause: &Cause, now: OffsetDateTime) -> Result<Outcome, Refusal> {
        transition(self.state(), Action::Speak)?;
        let mut outcome = Outcome::default();
        if language == self.concern.language && self.concern.speech.origin == LanguageOrigin::Staff {
            return Ok(outcome);
        }
        self.concern.language = language;
        self.concern.speech.origin = LanguageOrigin::Staff;
        self.changed(Happening::LanguageChanged, cause, now, &mut outcome);
        Ok(outcome)
    }

    /// Whether the customer writes another language than the case is held in.
    #[must_use]
    pub fn language_mismatch(&self) -> bool {
        let detected = self.concern.speech.detected.as_ref();
        detected.is_some_and(|detected| !detected.is_same(&self.concern.language))
    }

    /// A case that waits for a person is held in the language that its customer wants; whoever works on one already goes on
    /// in theirs, and sees that it is another.
    fn follow_the_customer(&mut self, cause: &Cause, now: OffsetDateTime, outcome: &mut Outcome) {
        let speech = &self.concern.speech;
        let Some((language, origin)) = speech.wanted().filter(|_| self.state() == State::Open) else {
            return;
        };
        if *language == self.concern.language {
            return;
        }
        self.concern.language = language.clone();
        self.concern.speech.origin = origin;
        self.changed(Happening::LanguageChanged, cause, now, outcome);
    }

    /// Lets somebody say something. A customer's words in a resolved case open it again.
    ///
    /// # Errors
    ///
    /// [`Refusal`], where the case is closed, or resolved too long ago to be opened again; nothing has changed then.
    pub fn say(&mut self, utterance: Utterance, now: OffsetDateTime) -> Result<(Message, Outcome), Refusal> {
        let author = utterance.speaker.author();
        let action = if author == Author::Customer {
            Action::Hear
        } else {
            Action::Tell
        };
        let to = transition(self.state(), action)?;
        let cause = Cause::Call {
            actor: utterance.speaker.id(),
            author,
        };
        if to != self.state() {
            self.hold_promise(Command::Reopen, &cause, now)?;
        }
        let moment = now.max(self.update_time);
        let mut heard = None;
        match author {
            Author::Customer => {
                self.silent_since = None;
                // What is taken down where people talk is in the words of whoever did so.
                if !utterance.channel.is_spoken() {
                    heard = self.concern.speech.hear(utterance.body.as_str(), speech::ENOUGH);
                }
            }
            Author::Staff => {
                self.silent_since = Some(moment);
                self.answered(moment);
            }
            Author::System => {}
        }
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
            language: utterance
                .language
                // The case's own tag says more of a language than what was heard of it: `de-AT`.
                .or(heard.filter(|heard| !heard.is_same(&self.concern.language)))
                .unwrap_or_else(|| self.concern.language.clone()),
            body: Some(utterance.body),
            send_time: moment,
            text: utterance.text,
        };
        if to != self.state() {
            self.change(Command::Reopen, &cause, now, &mut outcome);
        }
        self.follow_the_customer(&cause, now, &mut outcome);
        Ok((message, outcome))
    }

    /// Notes that an agent took the task of a case which has moved on by itself: the history says so, and nothing else
    /// changes.
    pub fn note_late_assignment(&mut self, cause: &Cause, now: OffsetDateTime) -> Entry {
        self.answered_by(cause);
        self.entry(
            Kind::CaseAssigned,
            self.id.into(),
            None,
            cause,
            now.max(self.update_time),
        )
    }

    /// Whether what was promised allows `command`, which the state does.
    fn hold_promise(&self, command: Command, cause: &Cause, now: OffsetDateTime) -> Result<(), Refusal> {
        let Some(promise) = &self.promise else {
            return Ok(());
        };
        let moment = now.max(self.update_time);
        match command {
            Command::Reopen => match self.reopen_end() {
                Some(until) if cause.is_customers() && moment > until => Err(Refusal::ReopenPeriodOver { until }),
                _ => Ok(()),
            },
            Command::Resolve(_) if promise.answer_first && self.first_response_time.is_none() => {
                Err(Refusal::AnswerMissing {
                    channel: self.concern.channel,
                })
            }
            Command::Close(CloseReason::NoAnswer) => {
                let until = self.silent_since.map(|since| since + promise.no_answer_after);
                if until.is_some_and(|until| moment >= until) {
                    Ok(())
                } else {
                    Err(Refusal::CustomerNotSilent { until })
                }
            }
            Command::Assign(_) | Command::Resolve(_) | Command::Close(_) => Ok(()),
        }
    }

    /// Somebody answered the customer `at` a time. What another service tells may come late, so the earliest counts.
    fn answered(&mut self, at: OffsetDateTime) {
        let at = at.max(self.open_time);
        self.first_response_time = Some(self.first_response_time.map_or(at, |before| before.min(at)));
    }

    /// An agent took the case: where people talk, that is an answer. Being given it by hand is none.
    fn answered_by(&mut self, cause: &Cause) {
        if let Cause::Task { at, .. } = cause
            && self.concern.channel.is_spoken()
        {
            self.answered(*at);
        }
    }

    /// The change itself, once the table has allowed it.
    fn change(&mut self, command: Command, cause: &Cause, now: OffsetDateTime, outcome: &mut Outcome) {
        let moment = now.max(self.update_time);
        let happening = match command {
            Command::Assign(agent) => {
                self.standing = Standing::Assigned { agent };
                self.answered_by(cause);
                Happening::Assigned { agent }
            }
            Command::Resolve(resolution) => {
                self.standing = Standing::Resolved { resolution };
                self.resolve_time = Some(moment);
                self.answered(moment);
                Happening::Resolved { resolution }
            }
            Command::Reopen => {
                self.standing = Standing::Open;
                self.go_on(moment);
                if cause.is_customers() {
                    self.silent_since = None;
                }
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
        self.changed(happening, cause, now, outcome);
    }

    /// The clock goes on from where it stood when the case was resolved.
    fn go_on(&mut self, moment: OffsetDateTime) {
        let stood = self.resolve_time.map_or(Duration::ZERO, |resolved| moment - resolved);
        self.stood += stood;
        if let Some(promise) = &mut self.promise {
            promise.resolve_due += stood;
        }
    }

    /// The case itself has changed.
    fn changed(&mut self, happening: Happening, cause: &Cause, now: OffsetDateTime, outcome: &mut Outcome) {
        let moment = now.max(self.update_time);
        self.update_time = moment;
        self.version += 1;
        self.record(happening, cause, moment, outcome);
    }

    fn record(&mut self, happening: Happening, cause: &Cause, moment: OffsetDateTime, outcome: &mut Outcome) {
        let subject = match happening {
            Happening::MessagePosted { message, .. } => message.into(),
            Happening::Opened
            | Happening::Assigned { .. }
            | Happening::Rated { .. }
            | Happening::LanguageChanged
            | Happening::Resolved { .. }
            | Happening::Reopened
            | Happening::Closed { .. } => self.id.into(),
        };
        let detail = match happening {
            Happening::LanguageChanged => Some(Detail::of_language(&self.concern.language)),
            other => other.detail(),
        };
        outcome.happenings.push(happening);
        outcome
            .entries
            .push(self.entry(happening.kind(), subject, detail, cause, moment));
    }

    fn entry(
        &mut self,
        kind: Kind,
        subject: Id,
        detail: Option<Detail>,
        cause: &Cause,
        moment: OffsetDateTime,
    ) -> Entry {
        self.timeline_length += 1;
        let (subject, occur_time) = match cause {
            Cause::Call { .. } => (subject, moment),
            Cause::Task { task, at, .. } => (*task, *at),
        };
        let note = Note {
            kind,
            source: cause.source(),
            subject,
            detail,
            actor: Some(cause.actor()),
            occur_time,
        };
        Entry {
            sequence: self.timeline_length,
            note,
            text: None,
        }
    }
}

#[cfg(test)]
mod tests;
