//! One attempt of somebody to prove who they are: a workflow over one or more factors.

mod method;
mod subject;

use std::fmt;

use time::OffsetDateTime;

pub use self::method::{Method, Purpose};
pub use self::subject::Subject;
use super::delegation::Refusal;
use super::grant::Assurance;
use super::ids::{CaseId, CustomerId, VerificationId};
use super::machine::{NotAllowed, State, Step, transition};
use super::rules::Limits;

/// One attempt of somebody to prove who they are.
#[derive(Clone, PartialEq, Eq)]
pub struct Verification {
    /// The id.
    pub id: VerificationId,
    /// Who it is about; none where nobody has the address. Such a verification looks like any other and is never approved.
    pub subject: Option<Subject>,
    /// By which way the code goes.
    pub method: Method,
    /// What it is for.
    pub purpose: Purpose,
    /// How far it is. What it is at a given time, [`Verification::state_at`] says.
    pub state: State,
    /// The case it is for.
    pub case_id: Option<CaseId>,
    /// The customer in whose name the person will act, as was said.
    pub acts_for: Option<CustomerId>,
    /// The member of staff who started it.
    pub agent: Option<String>,
    /// The languages that the code's message may be written in, BCP 47, best first; empty for whatever comes.
    pub languages: Vec<String>,
    /// Keyed hash of the address, by which sends are counted.
    pub contact_key: [u8; 32],
    /// Keyed hash of the code.
    pub code_mac: [u8; 32],
    /// The code, encrypted, while it may have to be sent.
    pub sealed_code: Option<Vec<u8>>,
    /// The limits it is answered by.
    pub limits: Limits,
    /// The place whose rules these are, ISO 3166-1 alpha-2; none for the whole world.
    pub country_code: Option<String>,
    /// What was proven, in the order of proof.
    pub proven: Vec<Method>,
    /// How often the code was sent, 0 to [`Limits::sends`].
    pub sends: i16,
    /// How many codes were tried, 0 to [`Limits::checks`].
    pub checks: i16,
    /// When it was started.
    pub created_at: OffsetDateTime,
    /// When it ended.
    pub ended_at: Option<OffsetDateTime>,
}

/// What a new verification is made of.
#[derive(Clone)]
pub struct NewVerification {
    /// Its id.
    pub id: VerificationId,
    /// See [`Verification::subject`].
    pub subject: Option<Subject>,
    /// See [`Verification::method`].
    pub method: Method,
    /// See [`Verification::purpose`].
    pub purpose: Purpose,
    /// See [`Verification::case_id`].
    pub case_id: Option<CaseId>,
    /// See [`Verification::acts_for`].
    pub acts_for: Option<CustomerId>,
    /// See [`Verification::agent`].
    pub agent: Option<String>,
    /// See [`Verification::languages`].
    pub languages: Vec<String>,
    /// See [`Verification::contact_key`].
    pub contact_key: [u8; 32],
    /// See [`Verification::code_mac`].
    pub code_mac: [u8; 32],
    /// See [`Verification::sealed_code`].
    pub sealed_code: Option<Vec<u8>>,
    /// See [`Verification::limits`].
    pub limits: Limits,
    /// See [`Verification::country_code`].
    pub country_code: Option<String>,
    /// What counts as proven from the start, by the session it is started in.
    pub proven: Vec<Method>,
    /// Whether it begins with a code that is sent.
    pub sends: bool,
}

/// Where a code that is sent goes. Whoever asked for it cannot tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// To its customer.
    Out,
    /// To nobody: nobody has the address.
    Nowhere,
    /// To nobody: the rules of the customer's own country do not allow it.
    Withheld,
}

/// Why a code is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendRefused {
    /// The verification has ended like this.
    NotOpen(State),
    /// It was sent as often as may be.
    NoSendsLeft,
}

/// What came of a proof that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked {
    /// It was right, and nothing more is needed: this subject is proven.
    Approved(Subject),
    /// It was right, and more is needed.
    Proven,
    /// It was not; so many more can be tried.
    Wrong {
        /// How many.
        checks_left: i16,
    },
    /// All checks had been used up before.
    TooMany,
    /// The verification had ended like this before.
    NotOpen(State),
    /// It was right, and they may not act for the customer they named.
    Refused(Refusal),
}

impl Verification {
    /// A verification whose subject is about to be challenged for the first time.
    ///
    /// # Errors
    ///
    /// Never, as the table allows a first challenge.
    pub fn start(new: NewVerification, now: OffsetDateTime) -> Result<Self, NotAllowed> {
        Ok(Self::made(new, transition(State::Created, Step::Challenge)?, now))
    }

    /// A verification that ends before anything is sent, because of risk: by [`Step::Block`] or [`Step::Deny`].
    ///
    /// # Errors
    ///
    /// [`NotAllowed`] for a step that does not end what was just made.
    pub fn stopped(new: NewVerification, step: Step, now: OffsetDateTime) -> Result<Self, NotAllowed> {
        let ended = transition(State::Created, step)?;
        let mut made = Self::made(NewVerification { sends: false, ..new }, ended, now);
        made.end(ended, now);
        Ok(made)
    }

    fn made(new: NewVerification, state: State, now: OffsetDateTime) -> Self {
        Self {
            id: new.id,
            subject: new.subject,
            method: new.method,
            purpose: new.purpose,
            state,
            case_id: new.case_id,
            acts_for: new.acts_for,
            agent: new.agent,
            languages: new.languages,
            contact_key: new.contact_key,
            code_mac: new.code_mac,
            sealed_code: new.sealed_code,
            limits: new.limits,
            country_code: new.country_code,
            proven: new.proven,
            sends: new.sends.into(),
            checks: 0,
            created_at: now,
            ended_at: None,
        }
    }

    /// The state at `now`: what nobody redeemed in time has expired, also before the timer has written that down.
    #[must_use]
    pub fn state_at(&self, now: OffsetDateTime) -> State {
        if now < self.limits.expires_at {
            self.state
        } else {
            transition(self.state, Step::Expire).unwrap_or(self.state)
        }
    }

    /// How many more times the code can be sent.
    #[must_use]
    pub fn sends_left(&self) -> i16 {
        (self.limits.sends - self.sends).max(0)
    }

    /// How many more codes can be tried.
    #[must_use]
    pub fn checks_left(&self) -> i16 {
        (self.limits.checks - self.checks).max(0)
    }

    /// Where the code goes that was just counted as sent at `now`, as the `sent_lately`th to its address within the hour.
    #[must_use]
    pub fn way(&self, sent_lately: usize, now: OffsetDateTime) -> Way {
        let Some(subject) = &self.subject else {
            return Way::Nowhere;
        };
        let own = &subject.limits;
        let within_hour = i16::try_from(sent_lately).is_ok_and(|sent| sent <= own.sends_per_hour);
        if self.sends <= own.sends && within_hour && now < own.expires_at {
            Way::Out
        } else {
            Way::Withheld
        }
    }

    /// From when on the code does not work for its customer, whatever is answered; none where it is nobody's.
    #[must_use]
    pub fn works_until(&self) -> Option<OffsetDateTime> {
        let subject = self.subject.as_ref()?;
        Some(self.limits.expires_at.min(subject.limits.expires_at))
    }

    /// Counts one more send of the same code.
    ///
    /// # Errors
    ///
    /// [`SendRefused`]; nothing has changed then.
    pub fn send_again(&mut self, now: OffsetDateTime) -> Result<(), SendRefused> {
        let state = self.state_at(now);
        let to = transition(state, Step::Challenge).map_err(|_| SendRefused::NotOpen(state))?;
        if self.sends_left() == 0 {
            return Err(SendRefused::NoSendsLeft);
        }
        self.state = to;
        self.sends += 1;
        Ok(())
    }

    /// The assurance that what was proven comes to.
    #[must_use]
    pub fn reached(&self) -> Option<Assurance> {
        Assurance::of(&self.proven)
    }

    /// Why no proof can be tried at `now`, where none can: [`Checked::TooMany`] or [`Checked::NotOpen`].
    #[must_use]
    pub fn closed(&self, now: OffsetDateTime) -> Option<Checked> {
        let state = self.state_at(now);
        if state == State::MaxAttempts {
            Some(Checked::TooMany)
        } else if transition(state, Step::Approve).is_err() {
            Some(Checked::NotOpen(state))
        } else {
            (self.checks_left() == 0).then_some(Checked::TooMany)
        }
    }

    /// Whether a proof by `method`, right or not as `matches` says, brings it nearer to its end at `now`.
    #[must_use]
    pub fn would_count(&self, method: Method, matches: bool, now: OffsetDateTime) -> bool {
        let counts = matches && self.limits.methods.contains(&method) && !self.proven.contains(&method);
        let subject = self.subject.as_ref();
        self.closed(now).is_none()
            && counts
            && subject.is_some_and(|subject| subject.allows(method, self.checks + 1, now))
    }

    /// Asks for AAL2 at least.
    pub fn raise(&mut self) {
        self.limits.assurance = self.limits.assurance.max(Assurance::Aal2);
        if let Some(subject) = &mut self.subject {
            subject.limits.assurance = self.limits.assurance;
        }
    }

    /// Whether the methods that count can come to AAL2: those that it is answered by, or, once something was proven, those of
    /// its customer's country as well.
    #[must_use]
    pub fn can_raise(&self) -> bool {
        let own = self.subject.as_ref().map(|subject| &subject.limits.methods);
        let counts = |method: &Method| own.is_none_or(|own| own.contains(method));
        let methods: Vec<_> = self.limits.methods.iter().copied().filter(counts).collect();
        Assurance::of(&methods) >= Some(Assurance::Aal2)
    }

    /// Ends it because of risk, by [`Step::Block`] or [`Step::Deny`].
    ///
    /// # Errors
    ///
    /// The state it has ended in before.
    pub fn stop(&mut self, step: Step, now: OffsetDateTime) -> Result<State, State> {
        let ended = transition(self.state_at(now), step).map_err(|refused| refused.from)?;
        self.end(ended, now);
        Ok(ended)
    }

    /// Tries a proof by `method`: `matches` says whether it is right. A wrong one uses up a check, and so does a right one
    /// of a verification without a subject or beyond the subject's own limits, which therefore behaves as if it had been
    /// wrong. One that was proven before proves nothing more. What was proven may come to the assurance that is needed:
    /// then it is approved.
    pub fn check(&mut self, method: Method, matches: bool, now: OffsetDateTime) -> Checked {
        if let Some(closed) = self.closed(now) {
            return closed;
        }
        let state = self.state_at(now);
        let counts = self.would_count(method, matches, now);
        self.checks += 1;
        if counts && let Some(subject) = self.subject.clone() {
            self.proven.push(method);
            if self.reached() >= Some(self.limits.assurance)
                && let Ok(approved) = transition(state, Step::Approve)
            {
                self.end(approved, now);
                return Checked::Approved(subject);
            }
            // What was right has cost nothing: the next factor has its checks.
            self.checks -= 1;
            return Checked::Proven;
        }
        if self.checks_left() == 0
            && let Ok(exhausted) = transition(state, Step::Exhaust)
        {
            self.end(exhausted, now);
        }
        Checked::Wrong {
            checks_left: self.checks_left(),
        }
    }

    /// Gives it up.
    ///
    /// # Errors
    ///
    /// The state it has ended in before.
    pub fn cancel(&mut self, now: OffsetDateTime) -> Result<(), State> {
        let state = self.state_at(now);
        let canceled = transition(state, Step::Cancel).map_err(|refused| refused.from)?;
        self.end(canceled, now);
        Ok(())
    }

    /// Writes down that its time is over. Whether it was.
    pub fn expire(&mut self, now: OffsetDateTime) -> bool {
        let is_over = self.state.is_open() && self.state_at(now) == State::Expired;
        if is_over {
            self.end(State::Expired, now);
        }
        is_over
    }

    /// A code that can no longer be redeemed need not be sent either, so it goes.
    fn end(&mut self, state: State, now: OffsetDateTime) {
        self.state = state;
        self.ended_at = Some(now);
        self.sealed_code = None;
    }
}

impl fmt::Debug for Verification {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Verification")
            .field("id", &self.id)
            .field("state", &self.state)
            .field("sends", &self.sends)
            .field("checks", &self.checks)
            .field("expires_at", &self.limits.expires_at)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
