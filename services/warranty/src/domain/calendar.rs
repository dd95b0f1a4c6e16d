//! Days and the length of periods.
//!
//! A period of months begins with the day on which the device was handed over and ends with the last hour of the day of
//! the same date in its last month; where that month has no such day, with the month's last day. So reckons Regulation
//! (EEC, Euratom) No 1182/71, Art. 3(2)(c), for the law of the Union; the maker's terms say the same. Both ends are thus
//! days of the period: twelve months from 15 January 2026 end with 15 January 2027, from 29 February 2024 with
//! 28 February 2025.

use time::{Date, Duration, Month};

/// The last day of a period of `months` that begins on `first`. Never beyond the last day that can be written.
#[must_use]
pub fn last_day(first: Date, months: u16) -> Date {
    let (year, month, day) = first.to_calendar_date();
    let elapsed = i32::from(u8::from(month) - 1) + i32::from(months);
    let year = year + elapsed.div_euclid(12);
    u8::try_from(elapsed.rem_euclid(12) + 1)
        .ok()
        .and_then(|month| Month::try_from(month).ok())
        .and_then(|month| Date::from_calendar_date(year, month, day.min(month.length(year))).ok())
        .unwrap_or(Date::MAX)
}

/// The day this many days after `day`. Never beyond the last day that can be written.
#[must_use]
pub fn days_later(day: Date, days: u16) -> Date {
    day.checked_add(Duration::days(days.into())).unwrap_or(Date::MAX)
}

/// How many days are left after `day` until the end of `last`; 0 where it is the last one or lies after it.
#[must_use]
pub fn days_after(day: Date, last: Date) -> u32 {
    u32::try_from((last - day).whole_days()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::date;

    use super::*;

    #[test]
    fn a_period_ends_on_the_same_date_or_with_the_month() {
        for (first, months, last) in [
            (date!(2026 - 01 - 15), 12, date!(2027 - 01 - 15)),
            (date!(2026 - 01 - 15), 0, date!(2026 - 01 - 15)),
            (date!(2024 - 02 - 29), 12, date!(2025 - 02 - 28)),
            (date!(2024 - 02 - 29), 24, date!(2026 - 02 - 28)),
            (date!(2024 - 02 - 29), 48, date!(2028 - 02 - 29)),
            (date!(2023 - 02 - 28), 12, date!(2024 - 02 - 28)),
            (date!(2025 - 08 - 31), 6, date!(2026 - 02 - 28)),
            (date!(2023 - 08 - 31), 6, date!(2024 - 02 - 29)),
            (date!(2025 - 12 - 31), 1, date!(2026 - 01 - 31)),
            (date!(2025 - 12 - 31), 36, date!(2028 - 12 - 31)),
            (date!(2025 - 11 - 30), 3, date!(2026 - 02 - 28)),
            (date!(9999 - 06 - 01), 12, Date::MAX),
        ] {
            assert_eq!(last_day(first, months), last, "{first} and {months} months");
        }
    }

    #[test]
    fn the_day_itself_is_not_counted() {
        assert_eq!(days_after(date!(2026 - 02 - 27), date!(2026 - 03 - 01)), 2);
        assert_eq!(days_after(date!(2026 - 03 - 01), date!(2026 - 03 - 01)), 0);
        assert_eq!(days_after(date!(2026 - 03 - 02), date!(2026 - 03 - 01)), 0);
    }

    proptest! {
        #[test]
        fn later_sales_and_longer_periods_never_end_earlier(
            day in 2_440_588..2_500_000_i32, later in 0..400_i32, months in 0..240_u16, more in 0..48_u16,
        ) {
            let first = Date::from_julian_day(day).unwrap();
            let second = Date::from_julian_day(day + later).unwrap();
            prop_assert!(last_day(first, months) <= last_day(second, months));
            prop_assert!(last_day(first, months) <= last_day(first, months + more));
        }

        #[test]
        fn a_month_has_28_to_31_days(day in 2_440_588..2_500_000_i32, months in 0..240_u16) {
            let first = Date::from_julian_day(day).unwrap();
            let days = (last_day(first, months) - first).whole_days();
            prop_assert!((i64::from(months) * 28..=i64::from(months) * 31).contains(&days));
            // Never into the month after.
            let months_between = (last_day(first, months).year() - first.year()) * 12
                + i32::from(u8::from(last_day(first, months).month())) - i32::from(u8::from(first.month()));
            prop_assert_eq!(months_between, i32::from(months));
        }
    }
}
