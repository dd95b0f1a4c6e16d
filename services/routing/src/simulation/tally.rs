//! What is counted while it is played.

use time::Duration;

use super::chance::count;
use super::foretold::Truth;
use super::scenario::{Scenario, micros};
use crate::domain::waits::Estimate as Guess;

/// How contacts fared.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    /// How many arrived.
    pub(super) contacts: usize,
    /// Whom somebody answered.
    pub(super) answered: usize,
    /// Of those, within the target.
    pub(super) in_target: usize,
    /// Who was not answered at once.
    pub(super) delayed: usize,
    /// Who gave up.
    pub(super) abandoned: usize,
    /// Who was still waiting when nobody was left to answer.
    pub(super) unserved: usize,
    /// How long those waited who were answered, in seconds.
    pub(super) waited_for_answer: f64,
    /// How long all waited, in seconds.
    pub(super) waited: f64,
    /// Who was called back instead of waiting.
    pub(super) called_back: usize,
    /// How long it took until they were, in seconds.
    pub(super) until_called_back: f64,
    /// Who came by being passed on.
    pub(super) transferred: usize,
}

impl Counts {
    pub(super) fn add(&mut self, other: &Self) {
        self.contacts += other.contacts;
        self.answered += other.answered;
        self.in_target += other.in_target;
        self.delayed += other.delayed;
        self.abandoned += other.abandoned;
        self.unserved += other.unserved;
        self.waited_for_answer += other.waited_for_answer;
        self.waited += other.waited;
        self.called_back += other.called_back;
        self.until_called_back += other.until_called_back;
        self.transferred += other.transferred;
    }
}

/// How many waited how long: by the millisecond below a quarter of a second, above that to within a hundredth of the wait. So it takes
/// the same room for any number of contacts.
#[derive(Clone, Debug, Default)]
pub(super) struct Waits {
    buckets: Vec<u32>,
    number: usize,
}

/// So many buckets for each doubling.
const FINE: u32 = 7;

impl Waits {
    fn put(&mut self, wait: i64) {
        let place = bucket(wait.max(0).unsigned_abs() / 1000);
        if place >= self.buckets.len() {
            self.buckets.resize(place + 1, 0);
        }
        self.buckets[place] += 1;
        self.number += 1;
    }

    pub(super) fn add(&mut self, other: &Self) {
        if other.buckets.len() > self.buckets.len() {
            self.buckets.resize(other.buckets.len(), 0);
        }
        for (ours, theirs) in self.buckets.iter_mut().zip(&other.buckets) {
            *ours += theirs;
        }
        self.number += other.number;
    }

    /// The wait that a share of all did not exceed, in seconds; none where nobody waited.
    pub(super) fn quantile(&self, share: f64) -> Option<f64> {
        let wanted = share * count(self.number) - 1e-9;
        let mut so_far = 0;
        let place = self.buckets.iter().position(|number| {
            so_far += usize::try_from(*number).unwrap_or(usize::MAX);
            *number > 0 && count(so_far) >= wanted
        })?;
        Some(value(place))
    }
}

/// The bucket of a wait in milliseconds.
fn bucket(wait: u64) -> usize {
    let shift = (u64::BITS - wait.leading_zeros()).saturating_sub(FINE + 1);
    let place = (u64::from(shift) << FINE) + (wait >> shift);
    usize::try_from(place).unwrap_or(usize::MAX)
}

/// The middle of a bucket, in seconds.
fn value(place: usize) -> f64 {
    let fine = 1_usize << FINE;
    let shift = (place / fine).saturating_sub(1);
    let (from, width) = ((place - shift * fine) << shift, 1_usize << shift);
    (count(from) + count(width - 1) / 2.0) / 1000.0
}

/// How agents of a group were kept in an interval, in microseconds of one agent.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Kept {
    /// They were at work, or finished what they had in hand.
    pub(super) staffed: i64,
    /// They had something in hand.
    pub(super) busy: i64,
}

/// What is counted in one replication.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    from: i64,
    to: i64,
    interval: i64,
    target: i64,
    works: usize,
    groups: usize,
    /// By interval, in each by work.
    pub(super) cells: Vec<Counts>,
    /// By work: how long those waited who were answered.
    pub(super) waits: Vec<Waits>,
    /// By interval, in each by group.
    pub(super) kept: Vec<Kept>,
    /// By group, how many it answered.
    pub(super) answered_by: Vec<usize>,
    /// How true it was what customers were told.
    pub(super) truth: Truth,
    /// How many things happened.
    pub(super) events: u64,
}

/// How a contact ended for its customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Answered,
    GaveUp,
    Unserved,
}

/// How a contact came to be where it ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Came {
    /// It was passed on.
    pub(super) by_transfer: bool,
    /// Its customer was called back instead of waiting.
    pub(super) is_callback: bool,
}

impl Tally {
    pub(super) fn new(scenario: &Scenario) -> Self {
        let (intervals, works, groups) = (scenario.intervals(), scenario.works.len(), scenario.groups.len());
        Self {
            from: micros(scenario.warm_up),
            to: micros(scenario.length),
            interval: micros(scenario.interval).max(1),
            target: micros(scenario.target),
            works,
            groups,
            cells: vec![Counts::default(); intervals * works],
            waits: vec![Waits::default(); works],
            kept: vec![Kept::default(); intervals * groups],
            answered_by: vec![0; groups],
            truth: Truth::default(),
            events: 0,
        }
    }

    /// A contact that arrived then is over for its customer, after a wait.
    pub(super) fn ended(&mut self, work: usize, arrived: i64, wait: i64, end: End, came: Came) {
        if !(self.from..self.to).contains(&arrived) {
            return;
        }
        let cell = self.place(arrived) * self.works + work;
        let Some(counts) = self.cells.get_mut(cell) else {
            return;
        };
        let seconds = Duration::microseconds(wait).as_seconds_f64();
        counts.contacts += 1;
        counts.delayed += usize::from(wait > 0 || end != End::Answered);
        counts.transferred += usize::from(came.by_transfer);
        if came.is_callback && end == End::Answered {
            counts.called_back += 1;
            counts.until_called_back += seconds;
            counts.in_target += usize::from(wait <= self.target);
            return;
        }
        counts.waited += seconds;
        match end {
            End::Answered => {
                counts.answered += 1;
                counts.in_target += usize::from(wait <= self.target);
                counts.waited_for_answer += seconds;
                self.waits[work].put(wait);
            }
            End::GaveUp => counts.abandoned += 1,
            End::Unserved => counts.unserved += 1,
        }
    }

    /// Somebody who was told, or not, how long they would wait, was answered.
    pub(super) fn came_true(&mut self, arrived: i64, wait: i64, told: Option<Guess>) {
        if wait > 0 && (self.from..self.to).contains(&arrived) {
            self.truth.came_true(told, Duration::microseconds(wait));
        }
    }

    /// Somebody of a group answered.
    pub(super) fn answered_by(&mut self, group: usize, arrived: i64) {
        if (self.from..self.to).contains(&arrived) {
            self.answered_by[group] += 1;
        }
    }

    /// Somebody of a group was at work.
    pub(super) fn kept(&mut self, group: usize, from: i64, to: i64, is_busy: bool) {
        let (mut from, to) = (from.max(self.from), to.min(self.to));
        while from < to {
            let interval = self.place(from);
            let next = to.min((from / self.interval + 1) * self.interval);
            if let Some(kept) = self.kept.get_mut(interval * self.groups + group) {
                kept.staffed += next - from;
                kept.busy += if is_busy { next - from } else { 0 };
            }
            from = next;
        }
    }

    fn place(&self, at: i64) -> usize {
        usize::try_from(at / self.interval).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_found_again_to_a_hundredth() {
        for wait in [
            0,
            1,
            127,
            128,
            255,
            256,
            257,
            511,
            512,
            9_999,
            86_400_000,
            u64::from(u32::MAX),
        ] {
            let found = value(bucket(wait)) * 1000.0;
            let truth = count(usize::try_from(wait).unwrap());
            assert!((found - truth).abs() <= truth / 128.0, "{wait}: {found}");
        }
        let mut before = 0;
        for wait in 0..100_000 {
            let place = bucket(wait);
            assert!(place == before || place == before + 1, "no bucket is left out");
            before = place;
        }
    }

    #[test]
    fn quantiles_are_by_nearest_rank() {
        let mut waits = Waits::default();
        for second in 1..=10 {
            waits.put(second * 10_000);
        }
        assert_eq!(waits.quantile(0.9), Some(0.09));
        assert_eq!(waits.quantile(1.0), Some(0.1));
        assert_eq!(waits.quantile(0.0), Some(0.01));
        assert_eq!(Waits::default().quantile(0.5), None);
    }
}
