//! Time as an argument. Whatever needs the time takes a [`Clock`], so that a test can say what time it is.
//!
//! Times are UTC and truncated to microseconds, which is what PostgreSQL keeps: a time read back from the database equals
//! the time that was written.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use prost_types::Timestamp;
use time::OffsetDateTime;

/// Where the time comes from. Clones show the same time.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Manual(Arc<Mutex<OffsetDateTime>>),
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `start` until its [`ManualClock`] moves it.
    #[must_use]
    pub fn manual(start: OffsetDateTime) -> (Self, ManualClock) {
        let shown = Arc::new(Mutex::new(to_microseconds(start)));
        (Self(Source::Manual(Arc::clone(&shown))), ManualClock(shown))
    }

    /// The time, UTC, truncated to microseconds.
    #[must_use]
    pub fn now(&self) -> OffsetDateTime {
        match &self.0 {
            Source::System => to_microseconds(SystemTime::now().into()),
            Source::Manual(shown) => *shown.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }
}

/// Moves a clock made by [`Clock::manual`].
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Mutex<OffsetDateTime>>);

impl ManualClock {
    /// Sets the clock, backwards too.
    pub fn set(&self, now: OffsetDateTime) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = to_microseconds(now);
    }

    /// Moves the clock on.
    pub fn advance(&self, by: Duration) {
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *shown = to_microseconds(*shown + by);
    }
}

fn to_microseconds(time: OffsetDateTime) -> OffsetDateTime {
    let time = time.to_offset(time::UtcOffset::UTC);
    time.replace_nanosecond(time.nanosecond() / 1000 * 1000).unwrap_or(time)
}

/// A time as the contract carries it.
#[must_use]
pub fn timestamp(time: OffsetDateTime) -> Timestamp {
    Timestamp {
        seconds: time.unix_timestamp(),
        nanos: i32::try_from(time.nanosecond()).unwrap_or_default(),
    }
}

/// A time of the contract as we reckon with it, truncated to microseconds; none where it lies outside the years 1 to 9999
/// that `google.protobuf.Timestamp` allows, or its nanoseconds are none.
#[must_use]
pub fn from_timestamp(timestamp: &Timestamp) -> Option<OffsetDateTime> {
    let nanos = u32::try_from(timestamp.nanos)
        .ok()
        .filter(|nanos| *nanos < 1_000_000_000)?;
    let time = OffsetDateTime::from_unix_timestamp(timestamp.seconds)
        .ok()?
        .replace_nanosecond(nanos)
        .ok()?;
    (1..=9999).contains(&time.year()).then(|| to_microseconds(time))
}

/// A length of time that the contract carries, in whole microseconds, as the database counts; nothing where none is stated.
#[must_use]
pub fn from_duration(stated: Option<&prost_types::Duration>) -> time::Duration {
    stated.map_or(time::Duration::ZERO, |stated| {
        time::Duration::seconds(stated.seconds) + time::Duration::microseconds(i64::from(stated.nanos / 1000))
    })
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_manual_clock_moves_only_by_hand() {
        let (clock, hand) = Clock::manual(datetime!(2026-03-01 12:00:00.123_456_789 +2));
        let other = clock.clone();
        assert_eq!(clock.now(), datetime!(2026-03-01 10:00:00.123_456 UTC));
        hand.advance(Duration::from_secs(5));
        assert_eq!(other.now(), datetime!(2026-03-01 10:00:05.123_456 UTC));
        hand.set(datetime!(1999-01-02 0:00 UTC));
        assert_eq!(other.now(), datetime!(1999-01-02 0:00 UTC));
    }

    #[test]
    fn a_system_clock_keeps_no_more_than_postgresql() {
        assert_eq!(Clock::system().now().nanosecond() % 1000, 0);
    }

    #[test]
    fn timestamps_outside_the_contract_are_none() {
        let time = datetime!(1969-07-20 20:17:40.5 UTC);
        assert_eq!(from_timestamp(&timestamp(time)), Some(time));
        assert_eq!(
            from_timestamp(&Timestamp {
                seconds: i64::MAX,
                nanos: 0
            }),
            None
        );
        assert_eq!(
            from_timestamp(&Timestamp {
                seconds: -62_135_596_801,
                nanos: 0
            }),
            None,
            "the year 0"
        );
        assert_eq!(from_timestamp(&Timestamp { seconds: 0, nanos: -1 }), None);
        assert_eq!(
            from_timestamp(&Timestamp {
                seconds: 0,
                nanos: 1_000_000_000
            }),
            None
        );
    }
}
