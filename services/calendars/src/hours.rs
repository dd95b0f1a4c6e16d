//! When somebody is there, on a clock at the place.

use std::str::FromStr;

use time::Weekday;

use crate::words::{WEEKDAYS, index, two_digits, weekday};

/// The minutes of a day on a clock that nobody changes.
pub const MINUTES: u16 = 24 * 60;

/// Stretches of a day, in minutes from midnight; in order, each with a length, never overlapping. The last may end at 24:00.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DayHours(Vec<(u16, u16)>);

/// The stretches of each day of the week.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WeekHours([DayHours; 7]);

/// A text that names no hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHours {
    /// It cannot be read.
    #[error("names no hours")]
    Spelling,
    /// Stretches of one day overlap, or are not in order.
    #[error("has stretches of one day that overlap or are not in order")]
    Overlap,
}

impl DayHours {
    /// The stretches.
    #[must_use]
    pub fn stretches(&self) -> &[(u16, u16)] {
        &self.0
    }
}

impl WeekHours {
    /// The stretches of a day of the week.
    #[must_use]
    pub fn on(&self, day: Weekday) -> &DayHours {
        &self.0[index(day)]
    }
}

impl FromStr for DayHours {
    type Err = InvalidHours;

    /// Reads `09:00-13:00 14:00-18:00`; an empty text is no hours.
    fn from_str(text: &str) -> Result<Self, InvalidHours> {
        let stretches: Vec<(u16, u16)> = text
            .split(' ')
            .filter(|_| !text.is_empty())
            .map(stretch)
            .collect::<Option<_>>()
            .ok_or(InvalidHours::Spelling)?;
        if stretches.windows(2).any(|pair| pair[0].1 > pair[1].0) {
            return Err(InvalidHours::Overlap);
        }
        Ok(Self(stretches))
    }
}

impl FromStr for WeekHours {
    type Err = InvalidHours;

    /// Reads `mon-fri 09:00-18:00, sat 10:00-14:00`.
    fn from_str(text: &str) -> Result<Self, InvalidHours> {
        let mut week = Self::default();
        for part in text.split(", ") {
            let (days, hours) = part.split_once(' ').ok_or(InvalidHours::Spelling)?;
            let days = days_named(days).ok_or(InvalidHours::Spelling)?;
            let hours: DayHours = hours.parse()?;
            for day in days {
                week.0[index(day)] = hours.clone();
            }
        }
        Ok(week)
    }
}

/// `daily`, `sat`, `mon-fri`; a range may run over the end of the week, `sun-thu`.
fn days_named(text: &str) -> Option<Vec<Weekday>> {
    if text == "daily" {
        return Some(WEEKDAYS.map(|(_, day)| day).into());
    }
    let (first, last) = match text.split_once('-') {
        Some((first, last)) => (weekday(first)?, weekday(last)?),
        None => (weekday(text)?, weekday(text)?),
    };
    let length = (7 + last.number_days_from_monday() - first.number_days_from_monday()) % 7;
    Some((0..=length).map(|days| first.nth_next(days)).collect())
}

fn stretch(text: &str) -> Option<(u16, u16)> {
    let (from, until) = text.split_once('-')?;
    let (from, until) = (minutes(from)?, minutes(until)?);
    (from < until).then_some((from, until))
}

/// `09:30`, up to `24:00`.
fn minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let minutes = u16::from(two_digits(hours)?) * 60 + u16::from(two_digits(minutes).filter(|minutes| *minutes < 60)?);
    (minutes <= MINUTES).then_some(minutes)
}

#[cfg(test)]
mod tests;
