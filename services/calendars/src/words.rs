//! The words that rules, holidays and hours share.

use time::{Date, Month, Weekday};

/// The days of the week by their names, from Monday on.
pub(crate) const WEEKDAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// The day of the week with this name.
pub(crate) fn weekday(name: &str) -> Option<Weekday> {
    WEEKDAYS.iter().find(|(known, _)| *known == name).map(|(_, day)| *day)
}

/// The name of a day of the week: `fri`.
#[must_use]
pub fn weekday_name(day: Weekday) -> &'static str {
    WEEKDAYS[index(day)].0
}

/// The place of a day in the week, Monday being 0.
pub(crate) fn index(day: Weekday) -> usize {
    usize::from(day.number_days_from_monday())
}

/// Two digits.
pub(crate) fn two_digits(text: &str) -> Option<u8> {
    let is_digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_digits.then(|| text.parse().ok()).flatten()
}

/// `05`.
pub(crate) fn month(text: &str) -> Option<Month> {
    Month::try_from(two_digits(text)?).ok()
}

/// `02-29`: a month and a day that some year has.
pub(crate) fn month_day(text: &str) -> Option<(Month, u8)> {
    let (of_month, of_day) = text.split_once('-')?;
    let (of_month, day) = (month(of_month)?, two_digits(of_day)?);
    (1..=of_month.length(2024)).contains(&day).then_some((of_month, day))
}

/// `2026-03-20`.
pub(crate) fn date(text: &str) -> Option<Date> {
    let (year, rest) = text.split_once('-')?;
    let (of_month, day) = month_day(rest)?;
    if year.len() != 4 {
        return None;
    }
    Date::from_calendar_date(year.parse().ok()?, of_month, day).ok()
}

/// `+1`, `-2`: a number of days, up to a hundred.
pub(crate) fn offset(text: &str) -> Option<i16> {
    let signed = text.starts_with(['+', '-']) && text.len() > 1 && text[1..].bytes().all(|byte| byte.is_ascii_digit());
    let days: i16 = signed.then(|| text.parse().ok()).flatten()?;
    (-100..=100).contains(&days).then_some(days)
}
