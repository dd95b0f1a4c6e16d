//! The service levels: what is promised for a case, and whether it is kept.
//!
//! [`Levels`] are the rules of one place on one day. [`Levels::promise`] is what they come to for one case, as times on
//! the clock; the case keeps it ([`Promise`]). How a promise stands is a function of times alone ([`state`]): no timer has to
//! come round for a case to be late.

use std::collections::BTreeMap;

use support_chassis::named;
use time::{Duration, OffsetDateTime};

use super::kinds::{Channel, Severity};

/// How soon a case is answered and settled, from its opening on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// Until somebody answers.
    pub first_response: Duration,
    /// Until it is resolved, the times not counted in which it was resolved already.
    pub resolution: Duration,
}

/// The rules of a place on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Levels {
    /// By the severity: low, normal, high, critical.
    pub targets: [Target; 4],
    /// Until somebody answers, by the channel. Of this and the severity's the shorter holds.
    pub channels: BTreeMap<&'static str, Duration>,
    /// How long after it was resolved a customer may open a case again.
    pub reopen_within: Duration,
    /// How long a customer must have been silent before a case may be closed because of that.
    pub no_answer_after: Duration,
    /// Channels whose cases are only resolved once staff has said something in them.
    pub answer_first: Vec<Channel>,
    /// The versions they come from.
    pub basis: String,
}

/// What is promised for one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    /// The versions of the service levels it comes from.
    pub basis: String,
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
    /// What is promised for cases of this severity and channel.
    #[must_use]
    pub fn target(&self, severity: Severity, channel: Channel) -> Target {
        let index = match severity {
            Severity::Low => 0,
            Severity::Normal => 1,
            Severity::High => 2,
            Severity::Critical => 3,
        };
        let Target {
            first_response,
            resolution,
        } = self.targets[index];
        let of_channel = self.channels.get(channel.as_str()).copied();
        Target {
            first_response: of_channel.map_or(first_response, |of_channel| of_channel.min(first_response)),
            resolution,
        }
    }

    /// What is promised for a case opened at `open_time` whose clock has stood still for `stood` since then.
    #[must_use]
    pub fn promise(&self, severity: Severity, channel: Channel, open_time: OffsetDateTime, stood: Duration) -> Promise {
        let target = self.target(severity, channel);
        Promise {
            basis: self.basis.clone(),
            first_response_due: open_time + target.first_response,
            resolve_due: open_time + target.resolution + stood,
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
