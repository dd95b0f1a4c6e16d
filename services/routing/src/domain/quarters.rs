//! The quarters of the hours of a week: fine enough for every time zone's clock.

use support_calendars::Span;
use time::{Duration, OffsetDateTime};

/// How many there are.
const COUNT: usize = 7 * 24 * 4;
/// How long each is.
const LENGTH: Duration = Duration::minutes(15);

/// Some of the quarters of the hours of a week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quarters([u64; 11]);

impl Quarters {
    /// All of them.
    pub const ALL: Self = {
        let mut words = [u64::MAX; 11];
        words[10] = (1 << (COUNT - 640)) - 1;
        Self(words)
    };

    /// Those that lie wholly within one of the spans, of the week from `start` on.
    #[must_use]
    pub fn within(spans: &[Span], start: OffsetDateTime) -> Self {
        let mut quarters = Self::default();
        for span in spans {
            let first = (span.from - start + LENGTH - Duration::NANOSECOND).max(Duration::ZERO);
            let end = (span.until - start).max(Duration::ZERO);
            let place = |since: Duration| {
                let place = since.whole_nanoseconds() / LENGTH.whole_nanoseconds();
                usize::try_from(place).unwrap_or(COUNT).min(COUNT)
            };
            for quarter in place(first)..place(end) {
                quarters.0[quarter / 64] |= 1 << (quarter % 64);
            }
        }
        quarters
    }

    /// Those of either.
    #[must_use]
    pub fn or(mut self, other: &Self) -> Self {
        for (word, more) in self.0.iter_mut().zip(other.0) {
            *word |= more;
        }
        self
    }

    /// Those that are not among the others.
    #[must_use]
    pub fn without(mut self, others: &Self) -> Self {
        for (word, less) in self.0.iter_mut().zip(others.0) {
            *word &= !less;
        }
        self
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// How long they are together.
    #[must_use]
    pub fn length(&self) -> Duration {
        let count: u32 = self.0.iter().map(|word| word.count_ones()).sum();
        LENGTH * count
    }

    /// When the first of them begins, after the start of the week; none where there are none.
    #[must_use]
    pub fn first(&self) -> Option<Duration> {
        let (place, word) = self.0.iter().enumerate().find(|(_, word)| **word != 0)?;
        let place = u32::try_from(place).ok()? * 64 + word.trailing_zeros();
        Some(LENGTH * place)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_quarter_counts_where_all_of_it_does() {
        let start = datetime!(2026-03-02 00:00 UTC);
        let span = |from, until| Span { from, until };
        let spans = [
            span(datetime!(2026-03-01 23:00 UTC), datetime!(2026-03-02 00:20 UTC)),
            span(datetime!(2026-03-02 09:10 UTC), datetime!(2026-03-02 10:00 UTC)),
            span(datetime!(2026-03-08 23:30 UTC), datetime!(2026-03-09 05:00 UTC)),
        ];
        let quarters = Quarters::within(&spans, start);
        assert_eq!(quarters.length(), Duration::minutes(15 + 45 + 30));
        assert_eq!(quarters.first(), Some(Duration::ZERO));
        let later = Quarters::within(&spans[1..], start);
        assert_eq!(later.first(), Some(Duration::minutes(9 * 60 + 15)));
        assert_eq!(quarters.without(&later).length(), Duration::minutes(15));
        assert_eq!(later.or(&quarters), quarters);
        assert_eq!(Quarters::ALL.length(), Duration::days(7));
        assert!(quarters.without(&Quarters::ALL).is_empty());
        assert_eq!(Quarters::default().first(), None);
    }
}
