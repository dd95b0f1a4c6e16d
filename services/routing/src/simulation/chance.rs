//! Chance: streams of numbers from a seed, and the laws that times follow.

use std::f64::consts::TAU;
use std::sync::Arc;

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng as _};
use time::Duration;

/// A stream of chance. The generator is named, not the library's choice: a seed means the same for ever.
#[derive(Clone, Debug)]
pub(crate) struct Chance(Xoshiro256PlusPlus);

impl Chance {
    /// A stream of its own for each replication and each purpose.
    pub(crate) fn of(seed: u64, replication: u64, purpose: u64) -> Self {
        // Odd numbers without a pattern, so that no two streams begin near each other.
        let mixed = seed
            ^ replication.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15)
            ^ purpose.wrapping_add(1).wrapping_mul(0xD1B5_4A32_D192_ED03);
        Self(Xoshiro256PlusPlus::seed_from_u64(mixed))
    }

    /// From 0 to 1, without 1.
    pub(crate) fn share(&mut self) -> f64 {
        self.0.random()
    }

    /// From an exponential law of mean 1.
    pub(crate) fn exponential(&mut self) -> f64 {
        -(1.0 - self.share()).ln()
    }

    /// From the standard normal law.
    fn normal(&mut self) -> f64 {
        // Box and Muller; the second number is let go, so that each draw takes the same from the stream.
        let radius = (2.0 * self.exponential()).sqrt();
        radius * (TAU * self.share()).cos()
    }
}

/// How long something takes, by chance.
#[derive(Clone, Debug, PartialEq)]
pub enum Law {
    /// It does not come to an end.
    Never,
    /// Always as long.
    Constant(Duration),
    /// Without memory: that it has lasted says nothing of how long it will.
    Exponential {
        /// The mean.
        mean: Duration,
    },
    /// As services mostly are: few very short, some very long.
    LogNormal {
        /// The mean.
        mean: Duration,
        /// The standard deviation.
        deviation: Duration,
    },
    /// One of these, each as likely.
    Samples(Arc<[Duration]>),
    /// By this time with this probability; what is left to 1 does not come to an end. Both rise.
    Steps(Arc<[(Duration, f64)]>),
}

impl Law {
    /// Draws a time; none where it does not come to an end.
    pub(crate) fn draw(&self, chance: &mut Chance) -> Option<Duration> {
        match self {
            Self::Never => None,
            Self::Constant(time) => Some(*time),
            Self::Exponential { mean } => Some(seconds(mean.as_seconds_f64() * chance.exponential())),
            Self::LogNormal { mean, deviation } => {
                let mean = mean.as_seconds_f64();
                let spread = (1.0 + (deviation.as_seconds_f64() / mean).powi(2)).ln();
                let drawn = mean.ln() - spread / 2.0 + spread.sqrt() * chance.normal();
                Some(seconds(drawn.exp()))
            }
            Self::Samples(samples) => {
                let place = scaled(chance.share(), samples.len());
                samples.get(place).copied()
            }
            Self::Steps(steps) => {
                let share = chance.share();
                let place = steps.partition_point(|(_, until)| *until <= share);
                steps.get(place).map(|(time, _)| *time)
            }
        }
    }

    /// The mean, in seconds; none where it may not come to an end.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        match self {
            Self::Never => None,
            Self::Constant(time) => Some(time.as_seconds_f64()),
            Self::Exponential { mean } | Self::LogNormal { mean, .. } => Some(mean.as_seconds_f64()),
            Self::Samples(samples) => {
                let sum: f64 = samples.iter().map(|sample| sample.as_seconds_f64()).sum();
                (!samples.is_empty()).then(|| sum / count(samples.len()))
            }
            Self::Steps(steps) => {
                let (mut before, mut sum) = (0.0, 0.0);
                for (time, until) in steps.iter() {
                    sum += time.as_seconds_f64() * (until - before);
                    before = *until;
                }
                (before >= 1.0 - 1e-9).then_some(sum)
            }
        }
    }
}

/// So many seconds, as exact as simulated time is.
pub(crate) fn seconds(seconds: f64) -> Duration {
    // A hundred years are more than any simulation lasts.
    Duration::saturating_seconds_f64(seconds.clamp(0.0, 3.2e9))
}

/// A count as a number that can be divided by.
#[expect(clippy::cast_precision_loss, reason = "no simulation counts beyond 2^52")]
pub(crate) fn count(number: usize) -> f64 {
    number as f64
}

/// The place that a share of so many comes to.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share is from 0 to 1"
)]
fn scaled(share: f64, number: usize) -> usize {
    (share * count(number)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(law: &Law) -> (f64, f64) {
        let mut chance = Chance::of(7, 0, 0);
        let times: Vec<f64> = (0..200_000)
            .map(|_| law.draw(&mut chance).unwrap().as_seconds_f64())
            .collect();
        let mean = times.iter().sum::<f64>() / count(times.len());
        let square = times.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / count(times.len());
        (mean, square.sqrt())
    }

    #[test]
    fn laws_have_the_means_that_they_say() {
        let minute = Duration::minutes(1);
        for (law, deviation) in [
            (Law::Constant(minute), 0.0),
            (Law::Exponential { mean: minute }, 60.0),
            (
                Law::LogNormal {
                    mean: minute,
                    deviation: Duration::seconds(90),
                },
                90.0,
            ),
            (Law::Samples([Duration::ZERO, minute * 2].into()), 60.0),
            (Law::Steps([(minute / 2, 0.5), (minute * 3 / 2, 1.0)].into()), 30.0),
        ] {
            let (mean, spread) = drawn(&law);
            assert!((mean - 60.0).abs() < 0.6, "{law:?}: {mean}");
            assert!(
                (spread - deviation).abs() < 0.03 * deviation + 1e-6,
                "{law:?}: {spread}"
            );
            assert!((law.mean().unwrap() - 60.0).abs() < 1e-9);
        }
    }

    #[test]
    fn what_may_last_for_ever_has_no_mean() {
        let law = Law::Steps([(Duration::minutes(1), 0.25)].into());
        assert_eq!(law.mean(), None);
        let mut chance = Chance::of(7, 0, 0);
        let ended = (0..10_000).filter(|_| law.draw(&mut chance).is_some()).count();
        assert!((2_350..2_650).contains(&ended), "{ended}");
    }

    #[test]
    fn streams_are_the_same_each_time_and_each_their_own() {
        let first = |seed, replication, purpose| Chance::of(seed, replication, purpose).share();
        assert_eq!(first(1, 2, 3).to_bits(), first(1, 2, 3).to_bits());
        let all: std::collections::BTreeSet<u64> = (0..1000)
            .map(|number| first(number % 10, number / 10 % 10, number / 100).to_bits())
            .collect();
        assert_eq!(all.len(), 1000);
    }
}
