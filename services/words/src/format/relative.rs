//! How far away something is in time: in 3 days, yesterday.

use fixed_decimal::Decimal;
use icu_experimental::relativetime::options::Numeric;
use icu_experimental::relativetime::{
    RelativeTimeFormatter, RelativeTimeFormatterOptions, RelativeTimeFormatterPreferences,
};

use super::values::Length;
use crate::tag::Tag;

/// What a distance in time is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelativeUnit {
    /// Seconds.
    Second,
    /// Minutes.
    Minute,
    /// Hours.
    Hour,
    /// Days.
    Day,
    /// Weeks.
    Week,
    /// Months.
    Month,
    /// Quarters of a year.
    Quarter,
    /// Years.
    Year,
}

impl RelativeUnit {
    /// The unit with this name; none where there is no such.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "second" => Self::Second,
            "minute" => Self::Minute,
            "hour" => Self::Hour,
            "day" => Self::Day,
            "week" => Self::Week,
            "month" => Self::Month,
            "quarter" => Self::Quarter,
            "year" => Self::Year,
            _ => return None,
        })
    }
}

/// The distance as `tag` says it, with a word of its own where there is one.
pub(super) fn written(tag: &Tag, amount: i64, unit: RelativeUnit, length: Length) -> Option<String> {
    let preferences: RelativeTimeFormatterPreferences = (&tag.identifier()).into();
    let options = RelativeTimeFormatterOptions::default().with_numeric(Numeric::Auto);
    let is_long = length != Length::Short;
    let formatter = match (unit, is_long) {
        (RelativeUnit::Second, true) => RelativeTimeFormatter::try_new_long_second(preferences, options),
        (RelativeUnit::Second, false) => RelativeTimeFormatter::try_new_short_second(preferences, options),
        (RelativeUnit::Minute, true) => RelativeTimeFormatter::try_new_long_minute(preferences, options),
        (RelativeUnit::Minute, false) => RelativeTimeFormatter::try_new_short_minute(preferences, options),
        (RelativeUnit::Hour, true) => RelativeTimeFormatter::try_new_long_hour(preferences, options),
        (RelativeUnit::Hour, false) => RelativeTimeFormatter::try_new_short_hour(preferences, options),
        (RelativeUnit::Day, true) => RelativeTimeFormatter::try_new_long_day(preferences, options),
        (RelativeUnit::Day, false) => RelativeTimeFormatter::try_new_short_day(preferences, options),
        (RelativeUnit::Week, true) => RelativeTimeFormatter::try_new_long_week(preferences, options),
        (RelativeUnit::Week, false) => RelativeTimeFormatter::try_new_short_week(preferences, options),
        (RelativeUnit::Month, true) => RelativeTimeFormatter::try_new_long_month(preferences, options),
        (RelativeUnit::Month, false) => RelativeTimeFormatter::try_new_short_month(preferences, options),
        (RelativeUnit::Quarter, true) => RelativeTimeFormatter::try_new_long_quarter(preferences, options),
        (RelativeUnit::Quarter, false) => RelativeTimeFormatter::try_new_short_quarter(preferences, options),
        (RelativeUnit::Year, true) => RelativeTimeFormatter::try_new_long_year(preferences, options),
        (RelativeUnit::Year, false) => RelativeTimeFormatter::try_new_short_year(preferences, options),
    };
    Some(formatter.ok()?.format(Decimal::from(amount)).to_string())
}
