//! How many codes may go to one address: a sliding window over all verifications of it.
//!
//! The limit of one verification does not bound what somebody does who starts many: it neither protects the owner of the
//! address from a flood of messages nor the code from guesses, five a verification.

use std::time::Duration;

use time::OffsetDateTime;

/// How long a send counts.
pub const WINDOW: Duration = Duration::from_hours(1);

/// When codes went to an address lately, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SendWindow(Vec<OffsetDateTime>);

/// No more codes to this address for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowFull {
    /// When the next may go.
    pub retry_after: Duration,
}

impl SendWindow {
    /// What the database has kept.
    #[must_use]
    pub fn new(mut sent_at: Vec<OffsetDateTime>) -> Self {
        sent_at.sort_unstable();
        Self(sent_at)
    }

    /// What there is to keep.
    #[must_use]
    pub fn sent_at(&self) -> &[OffsetDateTime] {
        &self.0
    }

    /// How long there is no room for another at `now`; none where there is.
    #[must_use]
    pub fn wait(&self, now: OffsetDateTime, limit: usize) -> Option<Duration> {
        self.clone().admit(now, limit).err().map(|full| full.retry_after)
    }

    /// Counts one at `now`, whether there is room or not.
    pub fn add(&mut self, now: OffsetDateTime) {
        self.0.retain(|sent| *sent + WINDOW > now);
        self.0.push(now);
    }

    /// Counts a send at `now`, and forgets those that count no longer.
    ///
    /// # Errors
    ///
    /// [`WindowFull`] where `limit` of them count already.
    pub fn admit(&mut self, now: OffsetDateTime, limit: usize) -> Result<(), WindowFull> {
        self.0.retain(|sent| *sent + WINDOW > now);
        if self.0.len() < limit {
            self.0.push(now);
            return Ok(());
        }
        // There is room once so many of the oldest have left that fewer than the limit remain (the limit may have been
        // lowered in the meantime).
        let leaves = self.0.get(self.0.len() - limit.max(1)).copied().unwrap_or(now);
        Err(WindowFull {
            retry_after: (leaves + WINDOW - now).try_into().unwrap_or(WINDOW),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;

    const START: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

    #[test]
    fn says_when_there_is_room_again() {
        let mut window = SendWindow::default();
        for minute in 0..3 {
            assert_eq!(window.admit(START + Duration::from_mins(minute), 3), Ok(()));
        }
        let later = START + Duration::from_mins(20);
        let full = window.admit(later, 3).unwrap_err();
        assert_eq!(full.retry_after, Duration::from_mins(40));
        assert_eq!(window.admit(later + full.retry_after, 3), Ok(()));
        assert_eq!(
            window.admit(later + full.retry_after, 2).unwrap_err().retry_after,
            Duration::from_mins(2)
        );
    }

    proptest! {
        #[test]
        fn no_hour_has_more_sends_than_the_limit(limit in 1_usize..6, pauses in prop::collection::vec(0_u64..1_500, 1..80)) {
            let (mut window, mut now, mut sent) = (SendWindow::default(), START, Vec::new());
            for pause in pauses {
                now += Duration::from_secs(pause);
                match window.admit(now, limit) {
                    Ok(()) => sent.push(now),
                    Err(full) => {
                        prop_assert!(full.retry_after > Duration::ZERO && full.retry_after <= WINDOW);
                        // Neither earlier nor later than it says.
                        let just_before = now + full.retry_after - Duration::from_micros(1);
                        prop_assert!(window.clone().admit(just_before, limit).is_err());
                        prop_assert!(window.clone().admit(now + full.retry_after, limit).is_ok());
                    }
                }
                prop_assert!(window.sent_at().len() <= limit);
            }
            for first in &sent {
                let within = sent.iter().filter(|at| *at >= first && **at < *first + WINDOW).count();
                prop_assert!(within <= limit);
            }
        }
    }
}
