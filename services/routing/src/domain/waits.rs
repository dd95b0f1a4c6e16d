//! How long a customer still waits: an honest guess, or none.

use time::{Duration, OffsetDateTime};

use super::words::words;
use super::{Attributes, Channel, Named, Plan, Priorities, ProductLine, TaskId};

/// What tasks wait for: those of the same wait for the same people, as far as can be told from outside.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Kind {
    /// The queue of the plan.
    pub queue: String,
    /// The primary subtag of the language.
    pub language: String,
    /// The product line; none where no skill is needed.
    pub product_line: Option<ProductLine>,
    /// The channel.
    pub channel: Channel,
}

impl Kind {
    /// The kind of a task that a plan rules.
    #[must_use]
    pub fn of(plan: &Plan, attributes: &Attributes, named: &Named) -> Self {
        Self {
            queue: plan.queue_of(attributes, named),
            language: attributes.language.primary().to_owned(),
            product_line: attributes.product_line,
            channel: attributes.channel,
        }
    }
}

/// A task's place in line: lower goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Turn(i16, OffsetDateTime, TaskId);

impl Turn {
    /// Of a task that was queued with a priority and waits since then.
    #[must_use]
    pub fn of(
        priorities: &Priorities,
        priority: i16,
        since: OffsetDateTime,
        task: TaskId,
        now: OffsetDateTime,
    ) -> Self {
        Self(-priorities.aged(priority, now - since), since, task)
    }
}

words! {
    /// How sure an estimate is.
    Confidence {
        /// It rests on a few.
        Low = "low",
        /// It rests on ten or more.
        Medium = "medium",
        /// It rests on thirty or more.
        High = "high",
    }
}

/// How long a wait will likely be. Of ten waits nine are longer than `low`, five longer than `likely`, one longer than `high`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// Nine of ten are longer.
    pub low: Duration,
    /// As many are longer as are shorter.
    pub likely: Duration,
    /// Nine of ten are shorter.
    pub high: Duration,
    /// How sure that is.
    pub confidence: Confidence,
}

/// Fewer than these say nothing of how fast a line moves.
const FEWEST: u32 = 3;
/// The standard normal deviate below which nine of ten lie.
const NINE_OF_TEN: f64 = 1.281_551_565_544_6;

/// How long it takes from now until the one at `place` in line, 1 for the next, is taken, where `taken` of the same were taken within the
/// last `within`. None where too few were.
///
/// Those in line are taken one by one, at a rate that does not change, by chance: that rate is guessed from what was seen, and how
/// wrong the guess may be is part of the range. (With a gamma distribution as what is believed of the rate, the wait over `within` is
/// distributed as a ratio of gammas, an F distribution; its quantiles by Paulson's approximation, which is off by a few percent at the
/// fewest.) Who comes later with a higher priority is not foreseen. Where nobody waited for part of that time, it was shown how fast
/// they came, not how fast they could have been taken: the guess is then too long, not too short.
#[must_use]
pub fn estimate(place: u32, taken: u32, within: Duration) -> Option<Estimate> {
    if taken < FEWEST || place == 0 || !within.is_positive() {
        return None;
    }
    let (turns, seen) = (f64::from(place), f64::from(taken) + 0.5);
    let at = |deviate: f64| within * (turns / seen * fisher(2.0 * turns, 2.0 * seen, deviate));
    Some(Estimate {
        low: at(-NINE_OF_TEN),
        likely: at(0.0),
        high: at(NINE_OF_TEN),
        confidence: match taken {
            ..10 => Confidence::Low,
            10..30 => Confidence::Medium,
            30.. => Confidence::High,
        },
    })
}

/// The value of an F distribution below which lies what lies below a standard normal deviate.
fn fisher(of_numerator: f64, of_denominator: f64, deviate: f64) -> f64 {
    let (over, under) = (2.0 / (9.0 * of_numerator), 2.0 / (9.0 * of_denominator));
    let (mean_over, mean_under) = (1.0 - over, 1.0 - under);
    let square = deviate * deviate;
    let leading = mean_under * mean_under - square * under;
    let rest = mean_over * mean_over - square * over;
    let product = mean_over * mean_under;
    let root = (product * product - leading * rest).max(0.0).sqrt();
    let cube_root = (product + root.copysign(deviate)) / leading;
    cube_root.max(0.0).powi(3)
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{RngExt as _, SeedableRng as _};

    use super::*;

    const HALF_HOUR: Duration = Duration::minutes(30);

    #[test]
    fn where_too_little_is_known_nothing_is_said() {
        assert_eq!(estimate(1, 2, HALF_HOUR), None);
        assert_eq!(estimate(0, 50, HALF_HOUR), None);
        assert_eq!(estimate(1, 50, Duration::ZERO), None);
    }

    #[test]
    fn it_is_about_the_turns_by_the_rate_and_surer_the_more_was_seen() {
        let sure = estimate(10, 600, HALF_HOUR).unwrap();
        assert!(
            (sure.likely - Duration::seconds(29)).abs() < Duration::seconds(1),
            "{sure:?}"
        );
        let unsure = estimate(10, 5, HALF_HOUR).unwrap();
        assert_eq!(
            (sure.confidence, unsure.confidence),
            (Confidence::High, Confidence::Low)
        );
        assert!(
            unsure.high / unsure.low > 1.5 * (sure.high / sure.low),
            "{unsure:?} {sure:?}"
        );
        for place in 1..200 {
            let (one, next) = (
                estimate(place, 40, HALF_HOUR).unwrap(),
                estimate(place + 1, 40, HALF_HOUR).unwrap(),
            );
            assert!(one.low < next.low && one.likely < next.likely && one.high < next.high);
            assert!(one.low < one.likely && one.likely < one.high);
        }
    }

    /// A time that passes until something happens that happens at a rate by chance.
    fn pause(random: &mut StdRng, rate: f64) -> f64 {
        -(1.0 - random.random::<f64>()).ln() / rate
    }

    /// Of many lines that move by chance, as many waits lie in the range as is said.
    #[test]
    fn as_many_waits_lie_in_the_range_as_it_says() {
        let mut random = StdRng::seed_from_u64(4711);
        for place in [1_u32, 5, 40] {
            for expected in [12.0, 60.0] {
                let rate = expected / 1800.0;
                let (mut below, mut middle, mut above, mut all) = (0.0, 0.0, 0.0, 0.0);
                for _ in 0..4000 {
                    let (mut taken, mut at) = (0, pause(&mut random, rate));
                    while at < 1800.0 {
                        taken += 1;
                        at += pause(&mut random, rate);
                    }
                    let Some(said) = estimate(place, taken, HALF_HOUR) else {
                        continue;
                    };
                    let wait: f64 = (0..place).map(|_| pause(&mut random, rate)).sum();
                    let is_below = |bound: Duration| f64::from(u8::from(wait < bound.as_seconds_f64()));
                    below += is_below(said.low);
                    middle += is_below(said.likely);
                    above += is_below(said.high);
                    all += 1.0;
                }
                for (share, wanted) in [(below / all, 0.1), (middle / all, 0.5), (above / all, 0.9)] {
                    assert!(
                        (share - wanted).abs() < 0.035,
                        "{share} for {wanted} at {place} of {expected}"
                    );
                }
            }
        }
    }
}
