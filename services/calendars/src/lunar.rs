//! Days of calendars that follow the moon, as days of ours.

use icu_calendar::cal::{ChineseTraditional, Hebrew, Hijri, KoreanTraditional};
use icu_calendar::types::{Month, YearInput};
use icu_calendar::{AsCalendar, Date as OtherDate};
use time::Date;

/// The Julian day number of a day less its *rata die*, which counts from 1 January 1.
const RATA_DIE_EPOCH: i64 = 1_721_425;

/// A calendar that follows the moon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moon {
    /// Umm al-Qura, of which years from 1300 AH to 1600 AH are tabulated; reckoned by the mean moon beyond.
    Islamic,
    /// The Hebrew one.
    Hebrew,
    /// The Chinese lunisolar one.
    Chinese,
    /// The Korean lunisolar one.
    Korean,
}

impl Moon {
    /// The days of a year of ours on which it is this day of this month there: none, one, or for the Islamic calendar two. Leap
    /// months are passed over.
    pub(crate) fn days_in(self, year: i32, month: u8, day: u8) -> Vec<Date> {
        match self {
            Self::Islamic => days_in(year, month, day, Hijri::new_umm_al_qura()),
            Self::Hebrew => days_in(year, month, day, Hebrew),
            Self::Chinese => days_in(year, month, day, ChineseTraditional::new()),
            Self::Korean => days_in(year, month, day, KoreanTraditional::new()),
        }
    }
}

fn days_in<C: AsCalendar + Copy>(year: i32, month: u8, day: u8, calendar: C) -> Vec<Date> {
    let Ok(first) = OtherDate::try_new_iso(year, 1, 1) else {
        return Vec::new();
    };
    // A year of ours touches at most three of theirs.
    let theirs = first.to_calendar(calendar).year().extended_year();
    (theirs..=theirs + 2)
        .filter_map(|theirs| {
            let on = OtherDate::try_new(YearInput::from(theirs), Month::new(month), day, calendar).ok()?;
            let julian = on.to_rata_die().to_i64_date() + RATA_DIE_EPOCH;
            Date::from_julian_day(i32::try_from(julian).ok()?).ok()
        })
        .filter(|date| date.year() == year)
        .collect()
}

/// The months of the Hebrew calendar by their names, with their numbers in a year that is no leap year.
pub(crate) const HEBREW_MONTHS: [(&str, u8); 12] = [
    ("tishri", 1),
    ("heshvan", 2),
    ("kislev", 3),
    ("tevet", 4),
    ("shevat", 5),
    ("adar", 6),
    ("nisan", 7),
    ("iyar", 8),
    ("sivan", 9),
    ("tammuz", 10),
    ("av", 11),
    ("elul", 12),
];

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn known_days_of_other_calendars_are_found() {
        for (moon, year, month, day, expected) in [
            (Moon::Islamic, 2024, 10, 1, date!(2024 - 04 - 10)),
            (Moon::Islamic, 2025, 12, 10, date!(2025 - 06 - 06)),
            (Moon::Islamic, 2026, 1, 1, date!(2026 - 06 - 16)),
            (Moon::Hebrew, 2024, 1, 1, date!(2024 - 10 - 03)),
            // 5784 is a leap year: Nisan comes a month later, and Purim is in the second Adar.
            (Moon::Hebrew, 2024, 7, 15, date!(2024 - 04 - 23)),
            (Moon::Hebrew, 2024, 6, 14, date!(2024 - 03 - 24)),
            (Moon::Hebrew, 2025, 7, 15, date!(2025 - 04 - 13)),
            (Moon::Chinese, 2024, 1, 1, date!(2024 - 02 - 10)),
            (Moon::Chinese, 2025, 8, 15, date!(2025 - 10 - 06)),
            (Moon::Chinese, 2026, 5, 5, date!(2026 - 06 - 19)),
            (Moon::Korean, 2027, 1, 1, date!(2027 - 02 - 07)),
            (Moon::Korean, 2026, 4, 8, date!(2026 - 05 - 24)),
        ] {
            assert_eq!(
                moon.days_in(year, month, day),
                [expected],
                "{moon:?} {year} {month}-{day}"
            );
        }
    }

    #[test]
    fn a_year_may_have_an_islamic_day_twice() {
        // The Islamic year is eleven days shorter.
        let twice = Moon::Islamic.days_in(2030, 9, 1);
        assert_eq!(twice.len(), 2, "{twice:?}");
        for year in 1990..2080 {
            let count = Moon::Islamic.days_in(year, 10, 1).len();
            assert!((1..=2).contains(&count), "{year} {count}");
            assert_eq!(Moon::Chinese.days_in(year, 1, 1).len(), 1, "{year}");
            assert_eq!(Moon::Korean.days_in(year, 8, 15).len(), 1, "{year}");
            assert_eq!(Moon::Hebrew.days_in(year, 1, 10).len(), 1, "{year}");
        }
    }
}
