//! The service levels: what is promised for a case, and whether it is kept.
//!
//! [`Levels`] are the rules of one place on one day. [`Levels::promise`] is what they come to for one case, as times on
//! the clock; the case keeps it ([`Promise`]). How a promise stands is a function of times alone ([`state`]): no timer has to
//! come round for a case to be late.

use std::collections::BTreeMap;
use std::sync::Arc;

use support_calendars::Calendar;
use support_chassis::named;
use time::{Duration, OffsetDateTime};

use super::kinds::{Channel, Severity};

/// How soon a case is answered and settled, from its opening on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// Until somebody answers.
    pub answer: Answer,
    /// Until it is resolved, the times not counted in which it was resolved already.
    pub resolution: Duration,
    /// Until it is resolved, in working days; the sooner of both holds.
    pub working_days: Option<u16>,
}

/// How soon somebody answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Answer {
    /// Whether only the time counts in which the channel is open.
    pub in_opening_hours: bool,
    /// Within so long.
    pub within: Duration,
}

impl Answer {
    /// By when it is, for what was opened by a channel at `open_time`. Where no calendar is known, every hour counts, which is
    /// sooner.
    fn due(self, channel: Channel, open_time: OffsetDateTime, calendar: Option<&Calendar>) -> OffsetDateTime {
        match calendar.filter(|_| self.in_opening_hours) {
            Some(calendar) => calendar.after_open(channel.as_str(), open_time, self.within),
            None => open_time + self.within,
        }
    }
}

/// The rules of a place on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Levels {
    /// By the severity: low, normal, high, critical.
    pub targets: [Target; 4],
    /// Until somebody answers, by the channel. Of this and the severity's the sooner holds.
    pub channels: BTreeMap<&'static str, Answer>,
    /// How long after it was resolved a customer may open a case again.
    pub reopen_within: Duration,
    /// How long a customer must have been silent before a case may be closed because of that.
    pub no_answer_after: Duration,
    /// Channels whose cases are only resolved once staff has said something in them.
    pub answer_first: Vec<Channel>,
    /// The versions they come from.
    pub basis: String,
    /// The calendar of the place; none where it is not known.
    pub calendar: Option<Arc<Calendar>>,
}

/// What is promised for one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    /// The versions of the service levels it comes from.
    pub basis: String,
    /// The versions of the calendar its times were reckoned by; none where they go by the clock alone.
    pub calendar_basis: Option<String>,
    /// By when somebody is to answer.
    pub first_response_due: OffsetDateTime,
    /// By when it is to be resolved; later with every time it is reopened.
    pub resolve_due: OffsetDateTime,
    /// How long after it was resolved the customer may open it again.
    pub reopen_within: Duration,
    /// How long the customer must have been silent before it may be closed because of that.
    pub no_answer_after: Duration,
    /// Whether staff must have said something before it is resolved.
    pub answer_first: bool,
}

impl Levels {
    /// What is promised for cases of this severity, whatever their channel.
    #[must_use]
    pub fn target(&self, severity: Severity) -> Target {
        let index = match severity {
            Severity::Low => 0,
            Severity::Normal => 1,
            Severity::High => 2,
            Severity::Critical => 3,
        };
        self.targets[index]
    }

    /// How soon somebody answers cases of this severity and channel: the sooner of all these.
    #[must_use]
    pub fn answers(&self, severity: Severity, channel: Channel) -> Vec<Answer> {
        let of_channel = self.channels.get(channel.as_str()).copied();
        let of_severity = self.target(severity).answer;
        let mut answers: Vec<Answer> = of_channel.into_iter().chain([of_severity]).collect();
        answers.sort();
        // Of two that count the same hours only the shorter can be the sooner; and every hour counts for more than some.
        let mut least: Option<Duration> = None;
        answers.retain(|answer| {
            let is_sooner = least.is_none_or(|least| answer.within < least);
            least = least.into_iter().chain([answer.within]).min();
            is_sooner
        });
        answers
    }

    /// What is promised for a case opened at `open_time` whose clock has stood still for `stood` since then.
    #[must_use]
    pub fn promise(&self, severity: Severity, channel: Channel, open_time: OffsetDateTime, stood: Duration) -> Promise {
        let target = self.target(severity);
        let answers = self.answers(severity, channel);
        let calendar = self.calendar.as_deref();
        let by_clock = open_time + target.resolution;
        let by_days = calendar.zip(target.working_days);
        let by_days = by_days.map(|(calendar, days)| calendar.after_working_days(open_time, days));
        let is_reckoned = by_days.is_some() || answers.iter().any(|answer| answer.in_opening_hours);
        let first_response_due = answers
            .iter()
            .map(|answer| answer.due(channel, open_time, calendar))
            .min();
        Promise {
            basis: self.basis.clone(),
            calendar_basis: calendar
                .filter(|_| is_reckoned)
                .map(|calendar| calendar.basis().to_owned()),
            first_response_due: first_response_due.unwrap_or(open_time + target.answer.within),
            resolve_due: by_days.map_or(by_clock, |by_days| by_days.min(by_clock)) + stood,
            reopen_within: self.reopen_within,
            no_answer_after: self.no_answer_after,
            answer_first: self.answer_first.contains(&channel),
        }
    }
}

named! {
    /// How it stands with a time by which something was to be done.
    ClockState {
        /// Not done yet, and there is time left.
        Running = "running",
        /// Done in time.
        Met = "met",
        /// Not done in time, whether or not it was done later.
        Missed = "missed",
        /// The case ended in time, before it was done.
        Stopped = "stopped",
    }
}

/// How it stands `now` with something that was to be done by `due`: it was `done`, or the case ended at `ended`, or neither.
#[must_use]
pub fn state(
    due: OffsetDateTime,
    done: Option<OffsetDateTime>,
    ended: Option<OffsetDateTime>,
    now: OffsetDateTime,
) -> ClockState {
    match (done, ended) {
        (Some(done), _) if done <= due => ClockState::Met,
        (None, Some(ended)) if ended <= due => ClockState::Stopped,
        (None, None) if now <= due => ClockState::Running,
        _ => ClockState::Missed,
    }
}

#[cfg(test)]
mod tests;
