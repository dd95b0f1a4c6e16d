//! How long whoever fails must wait, and when an authenticator is locked (NIST SP 800-63B-4, section 3.2.2).
//!
//! Failures are counted when a proof is redeemed, for each factor of each subject that somebody claims to be, known or not,
//! and apart from that for each source of calls. So a guesser waits sooner and sooner for longer, whoever they guess at
//! reads nothing from it, and other factors of the owner are as good as ever. Nor does an owner wait who is known to be them, in a
//! session of theirs or on a device that they were verified on: their waits are counted apart.

use std::time::Duration;

use time::OffsetDateTime;

/// The most consecutive failures that are counted; an authenticator that has so many is locked.
pub const MOST: i16 = 100;
/// The first wait.
const FIRST: Duration = Duration::from_secs(30);
/// The longest.
const LONGEST: Duration = Duration::from_hours(1);

/// Consecutive failures of one factor of one subject.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Failures {
    /// How many, 0 to [`MOST`].
    pub count: i16,
    /// Until when nothing is looked at.
    pub waits_until: Option<OffsetDateTime>,
}

impl Failures {
    /// How long nothing is looked at yet at `now`; none where a proof may be tried.
    #[must_use]
    pub fn wait(&self, now: OffsetDateTime) -> Option<Duration> {
        self.waits_until
            .and_then(|until| (until - now).try_into().ok())
            .filter(|wait: &Duration| !wait.is_zero())
    }

    /// Counts a failure at `now`. From the `patience`th on each is followed by a wait, twice as long as the one before.
    pub fn fail(&mut self, now: OffsetDateTime, patience: i16) {
        self.count = self.count.saturating_add(1).min(MOST);
        self.waits_until = u32::try_from(self.count - patience.max(1))
            .ok()
            .map(|beyond| now + FIRST.saturating_mul(2_u32.saturating_pow(beyond)).min(LONGEST));
    }

    /// Counts a failure of somebody who waits by a count of their own.
    pub fn fail_apart(&mut self) {
        self.count = self.count.saturating_add(1).min(MOST);
    }

    /// Forgets how many they were, as a proof of somebody who waits by a count of their own was right. Whoever else waits
    /// goes on waiting.
    pub fn succeed_apart(&mut self) {
        self.count = 0;
    }

    /// Forgets them: a proof was right.
    pub fn succeed(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;

    const START: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

    #[test]
    fn waits_double_up_to_an_hour() {
        let mut failures = Failures::default();
        let mut waits = Vec::new();
        for _ in 0..13 {
            failures.fail(START, 3);
            waits.push(failures.wait(START).map_or(0, |wait| wait.as_secs()));
        }
        assert_eq!(
            waits,
            [0, 0, 30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600, 3_600, 3_600]
        );
        assert_eq!(failures.wait(START + Duration::from_hours(1)), None, "then one may try");
        failures.succeed();
        assert_eq!(failures, Failures::default());
    }

    proptest! {
        #[test]
        fn no_run_of_failures_is_counted_beyond_the_most_nor_quicker_than_the_waits_allow(
            patience in 1_i16..=20,
            steps in prop::collection::vec((0_u64..7_200, prop::bool::weighted(0.05)), 1..400),
        ) {
            let (mut failures, mut now, mut tried_since) = (Failures::default(), START, 0_i16);
            let mut last = START;
            for (pause, right) in steps {
                now += Duration::from_secs(pause);
                if failures.wait(now).is_some() {
                    continue;
                }
                if right {
                    failures.succeed();
                    tried_since = 0;
                } else {
                    if tried_since >= patience {
                        let least = FIRST.saturating_mul(2_u32.saturating_pow(u32::try_from(tried_since.min(MOST) - patience).unwrap()));
                        prop_assert!(now - last >= least.min(LONGEST), "{tried_since} failures and only {:?}", now - last);
                    }
                    failures.fail(now, patience);
                    tried_since += 1;
                    last = now;
                }
                prop_assert_eq!(failures.count, tried_since.min(MOST));
            }
        }
    }
}
