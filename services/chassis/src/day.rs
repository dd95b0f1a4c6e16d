//! Civil days, between the contract's spelling and the one we reckon with.

use support_proto::support::types::v1;
use time::{Date, Month};

/// The day as the contract carries it.
#[must_use]
pub fn to_proto(day: Date) -> v1::Date {
    v1::Date {
        year: day.year(),
        month: u8::from(day.month()).into(),
        day: day.day().into(),
    }
}

/// The day that the contract carries; none where the calendar has no such day.
#[must_use]
pub fn from_proto(day: &v1::Date) -> Option<Date> {
    let month = Month::try_from(u8::try_from(day.month).ok()?).ok()?;
    Date::from_calendar_date(day.year, month, u8::try_from(day.day).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn days_come_back_and_others_are_none() {
        for day in [date!(2028 - 02 - 29), date!(1970 - 01 - 01), date!(9999 - 12 - 31)] {
            assert_eq!(from_proto(&to_proto(day)), Some(day));
        }
        for (year, month, day) in [
            (2026, 2, 29),
            (2026, 0, 1),
            (2026, 13, 1),
            (2026, 4, 31),
            (2026, 1, 0),
            (2026, -1, 300),
        ] {
            assert_eq!(from_proto(&v1::Date { year, month, day }), None, "{year}-{month}-{day}");
        }
    }
}
