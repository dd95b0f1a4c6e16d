//! When a holiday is.

use std::str::FromStr;

use time::{Date, Duration, Month, Weekday};

use crate::lunar::{HEBREW_MONTHS, Moon};
use crate::words::{month, month_day, offset, weekday};

/// When a holiday is; `region_profiles.proto` has the spelling ([`Holiday.on`](support_proto::support::localisation::v1::Holiday)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    when: When,
    /// So many days after it.
    offset: i16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    /// Every year on this day; where that is 29 February, in leap years.
    Day(Month, u8),
    /// Easter Sunday of the western churches.
    Easter,
    /// Easter Sunday of the eastern churches.
    OrthodoxEaster,
    /// The nth such day of a month.
    Nth(Weekday, u8, Month),
    /// The last such day of a month.
    Last(Weekday, Month),
    /// The first such day from a date on.
    From(Weekday, Month, u8),
    /// The last such day up to a date.
    UpTo(Weekday, Month, u8),
    /// A day of a calendar that follows the moon.
    Moon(Moon, u8, u8),
    /// The solar term Qingming.
    Qingming,
    /// The March equinox in Tokyo.
    MarchEquinox,
    /// The September equinox in Tokyo.
    SeptemberEquinox,
    /// Between two holidays.
    Between,
    /// As announced.
    Announced,
}

/// A text that is no rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no rule for a day")]
pub struct InvalidRule;

/// The years for which the sun's formulas hold.
const SOLAR_YEARS: std::ops::RangeInclusive<i32> = 1980..=2099;

impl Rule {
    /// The days of a year on which it falls, in order. [`is_between`](Self::is_between) and announced ones have none of their own.
    #[must_use]
    pub fn days_in(&self, year: i32) -> Vec<Date> {
        if self.offset == 0 {
            return self.when.days_in(year);
        }
        let shifted = Duration::days(self.offset.into());
        (year - 1..=year + 1)
            .flat_map(|near| self.when.days_in(near))
            .filter_map(|day| day.checked_add(shifted))
            .filter(|day| day.year() == year)
            .collect()
    }

    /// Whether what is computed is a forecast until it has been announced: the new moon has to be seen.
    #[must_use]
    pub fn is_forecast(&self) -> bool {
        matches!(self.when, When::Moon(Moon::Islamic, ..))
    }

    /// Whether it is kept where it stands between two holidays.
    #[must_use]
    pub fn is_between(&self) -> bool {
        self.when == When::Between
    }

    /// Whether it is kept only when it has been announced.
    #[must_use]
    pub fn is_announced(&self) -> bool {
        self.when == When::Announced
    }
}

impl When {
    fn days_in(self, year: i32) -> Vec<Date> {
        let one = match self {
            Self::Day(month, day) => Date::from_calendar_date(year, month, day).ok(),
            Self::Easter => easter(year),
            Self::OrthodoxEaster => orthodox_easter(year),
            Self::Nth(weekday, nth, month) => Date::from_calendar_date(year, month, 1)
                .ok()
                .and_then(|first| from(weekday, first))
                .and_then(|first| first.checked_add(Duration::weeks(i64::from(nth) - 1)))
                .filter(|day| day.month() == month),
            Self::Last(weekday, month) => Date::from_calendar_date(year, month, month.length(year))
                .ok()
                .and_then(|last| up_to(weekday, last)),
            Self::From(weekday, month, day) => Date::from_calendar_date(year, month, day)
                .ok()
                .and_then(|first| from(weekday, first)),
            Self::UpTo(weekday, month, day) => Date::from_calendar_date(year, month, day)
                .ok()
                .and_then(|last| up_to(weekday, last)),
            Self::Moon(moon, month, day) => return moon.days_in(year, month, day),
            Self::Qingming => qingming(year),
            Self::MarchEquinox => equinox(year, Month::March, 208_431),
            Self::SeptemberEquinox => equinox(year, Month::September, 232_488),
            Self::Between | Self::Announced => None,
        };
        one.into_iter().collect()
    }
}

/// The first such day from a day on.
fn from(weekday: Weekday, first: Date) -> Option<Date> {
    let wait = (7 + weekday.number_days_from_monday() - first.weekday().number_days_from_monday()) % 7;
    first.checked_add(Duration::days(wait.into()))
}

/// The last such day up to a day.
fn up_to(weekday: Weekday, last: Date) -> Option<Date> {
    let ago = (7 + last.weekday().number_days_from_monday() - weekday.number_days_from_monday()) % 7;
    last.checked_sub(Duration::days(ago.into()))
}

/// Easter Sunday of the western churches, by the Gregorian computus (Meeus, Jones, Butcher).
fn easter(year: i32) -> Option<Date> {
    let golden = year % 19;
    let (century, of_century) = (year / 100, year % 100);
    let correction = (century - (century + 8) / 25 + 1) / 3;
    let epact = (19 * golden + century - century / 4 - correction + 15) % 30;
    let days = (32 + 2 * (century % 4) + 2 * (of_century / 4) - epact - of_century % 4) % 7;
    let late = (golden + 11 * epact + 22 * days) / 451;
    let sum = epact + days - 7 * late + 114;
    let month = Month::try_from(u8::try_from(sum / 31).ok()?).ok()?;
    Date::from_calendar_date(year, month, u8::try_from(sum % 31 + 1).ok()?).ok()
}

/// Easter Sunday of the eastern churches, by the Julian computus (Meeus), as a day of the Gregorian calendar.
fn orthodox_easter(year: i32) -> Option<Date> {
    let moon = (19 * (year % 19) + 15) % 30;
    let days = (2 * (year % 4) + 4 * (year % 7) - moon + 34) % 7;
    let sum = moon + days + 114;
    let month = Month::try_from(u8::try_from(sum / 31).ok()?).ok()?;
    let julian = Date::from_calendar_date(year, month, u8::try_from(sum % 31 + 1).ok()?).ok()?;
    let behind = year / 100 - year / 400 - 2;
    julian.checked_add(Duration::days(behind.into()))
}

/// The day on which the sun's longitude reaches 15 degrees in China, by the usual approximation.
fn qingming(year: i32) -> Option<Date> {
    if !(2000..=2099).contains(&year) {
        return None;
    }
    let of_century = year - 2000;
    let day = (of_century * 2_422 + 48_100) / 10_000 - of_century / 4;
    Date::from_calendar_date(year, Month::April, u8::try_from(day).ok()?).ok()
}

/// An equinox in Tokyo, by the approximation that Japanese almanacs give for these years.
fn equinox(year: i32, month: Month, of_1980: i64) -> Option<Date> {
    if !SOLAR_YEARS.contains(&year) {
        return None;
    }
    let since = i64::from(year) - 1980;
    let day = (of_1980 * 100 + 242_194 * since) / 1_000_000 - since / 4;
    Date::from_calendar_date(year, month, u8::try_from(day).ok()?).ok()
}

impl FromStr for Rule {
    type Err = InvalidRule;

    fn from_str(text: &str) -> Result<Self, InvalidRule> {
        let words: Vec<&str> = text.split(' ').collect();
        let (when, rest) = read(&words).ok_or(InvalidRule)?;
        let offset = match rest {
            [] => 0,
            [word] if when.takes_offset() => offset(word).ok_or(InvalidRule)?,
            _ => return Err(InvalidRule),
        };
        Ok(Self { when, offset })
    }
}

impl When {
    fn takes_offset(self) -> bool {
        !matches!(
            self,
            Self::Day(..)
                | Self::Qingming
                | Self::MarchEquinox
                | Self::SeptemberEquinox
                | Self::Between
                | Self::Announced
        )
    }
}

/// What the first words say, and the words after them.
fn read<'w>(words: &'w [&'w str]) -> Option<(When, &'w [&'w str])> {
    Some(match words {
        ["easter", rest @ ..] => (When::Easter, rest),
        ["orthodox", rest @ ..] => (When::OrthodoxEaster, rest),
        ["islamic", day, rest @ ..] => (lunar(Moon::Islamic, day)?, rest),
        ["chinese", day, rest @ ..] => (lunar(Moon::Chinese, day)?, rest),
        ["korean", day, rest @ ..] => (lunar(Moon::Korean, day)?, rest),
        ["hebrew", day, rest @ ..] => {
            let (name, day) = day.split_once('-')?;
            let (_, month) = HEBREW_MONTHS.iter().find(|(known, _)| *known == name)?;
            (When::Moon(Moon::Hebrew, *month, moon_day(day)?), rest)
        }
        ["qingming", rest @ ..] => (When::Qingming, rest),
        ["march-equinox", "tokyo", rest @ ..] => (When::MarchEquinox, rest),
        ["september-equinox", "tokyo", rest @ ..] => (When::SeptemberEquinox, rest),
        ["between", rest @ ..] => (When::Between, rest),
        ["announced", rest @ ..] => (When::Announced, rest),
        [day, ">=", date, rest @ ..] => {
            let (month, of_month) = month_day(date)?;
            (When::From(weekday(day)?, month, of_month), rest)
        }
        [day, "<=", date, rest @ ..] => {
            let (month, of_month) = month_day(date)?;
            (When::UpTo(weekday(day)?, month, of_month), rest)
        }
        [day, "last", of, rest @ ..] => (When::Last(weekday(day)?, month(of)?), rest),
        [day, nth, of, rest @ ..] => {
            let nth: u8 = nth.parse().ok().filter(|nth| (1..=4).contains(nth))?;
            (When::Nth(weekday(day)?, nth, month(of)?), rest)
        }
        [date, rest @ ..] => {
            let (month, day) = month_day(date)?;
            (When::Day(month, day), rest)
        }
        [] => return None,
    })
}

/// `10-01` of a calendar with twelve months of up to thirty days.
fn lunar(moon: Moon, text: &str) -> Option<When> {
    let (month, day) = text.split_once('-')?;
    let month = crate::words::two_digits(month).filter(|month| (1..=12).contains(month))?;
    Some(When::Moon(moon, month, moon_day(day)?))
}

fn moon_day(text: &str) -> Option<u8> {
    crate::words::two_digits(text).filter(|day| (1..=30).contains(day))
}

#[cfg(test)]
mod tests;
