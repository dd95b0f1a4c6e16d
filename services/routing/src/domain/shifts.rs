//! When an agent is planned to be at work: a week that repeats on a clock where they are, and days that depart from it.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use support_calendars::Span;
use support_calendars::calendar::{self, moment};
use support_calendars::hours::{DayHours, InvalidHours, WeekHours};
use time::{Date, Duration, OffsetDateTime};

use super::words::words;

/// The longest pause within a shift: a meal.
const PAUSE: Duration = Duration::hours(2);
/// Whoever goes at most so long after the end of a shift has gone at its end, only later.
const LATE: Duration = Duration::hours(4);

/// A week that repeats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShiftPattern {
    /// The first day on which it holds.
    pub from: Date,
    /// When the agent is at work, in words.
    hours: String,
    week: WeekHours,
}

impl ShiftPattern {
    /// The week from a day on whose hours are `mon-fri 09:00-13:00 14:00-18:00, sat 10:00-14:00`; none for never.
    ///
    /// # Errors
    ///
    /// That the words name no hours.
    pub fn new(from: Date, hours: &str) -> Result<Self, InvalidHours> {
        let week = if hours.is_empty() {
            WeekHours::default()
        } else {
            hours.parse()?
        };
        Ok(Self {
            from,
            hours: hours.to_owned(),
            week,
        })
    }

    /// The hours in words.
    #[must_use]
    pub fn hours(&self) -> &str {
        &self.hours
    }
}

words! {
    /// How a day departs from the week.
    Departure {
        /// The agent does not work.
        Off = "off",
        /// They work beside the hours of the week too.
        Extra = "extra",
        /// They work at other hours than those of the week.
        Changed = "changed",
    }
}

/// What is wrong with a day that is to depart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDay {
    /// The hours cannot be read.
    #[error(transparent)]
    Hours(#[from] InvalidHours),
    /// Who is off has hours.
    #[error("must be empty where the agent is off")]
    Off,
    /// Who works has none.
    #[error("must be said where the agent works")]
    Missing,
}

/// A day that departs from the week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShiftException {
    /// The day.
    pub day: Date,
    /// How it departs.
    pub departure: Departure,
    hours: String,
    read: DayHours,
}

impl ShiftException {
    /// A day with the hours `09:00-13:00 14:00-18:00`; none where the agent is off.
    ///
    /// # Errors
    ///
    /// That hours are wanting, too many, or none.
    pub fn new(day: Date, departure: Departure, hours: &str) -> Result<Self, InvalidDay> {
        match (departure, hours.is_empty()) {
            (Departure::Off, false) => return Err(InvalidDay::Off),
            (Departure::Extra | Departure::Changed, true) => return Err(InvalidDay::Missing),
            _ => {}
        }
        Ok(Self {
            day,
            departure,
            hours: hours.to_owned(),
            read: hours.parse()?,
        })
    }

    /// The hours in words.
    #[must_use]
    pub fn hours(&self) -> &str {
        &self.hours
    }
}

/// What is planned for an agent.
#[derive(Clone, Debug)]
pub struct Schedule {
    zone: TimeZone,
    patterns: BTreeMap<Date, ShiftPattern>,
    exceptions: BTreeMap<Date, ShiftException>,
}

impl Schedule {
    /// Nothing is planned so far for an agent in a time zone. One that is not known is taken as UTC.
    #[must_use]
    pub fn new(time_zone: &str) -> Self {
        Self {
            zone: calendar::zone(time_zone).unwrap_or(TimeZone::UTC),
            patterns: BTreeMap::new(),
            exceptions: BTreeMap::new(),
        }
    }

    /// A week holds from its day on.
    pub fn repeat(&mut self, pattern: ShiftPattern) {
        self.patterns.insert(pattern.from, pattern);
    }

    /// A day departs.
    pub fn depart(&mut self, exception: ShiftException) {
        self.exceptions.insert(exception.day, exception);
    }

    /// The week that was said from a day on.
    #[must_use]
    pub fn pattern_from(&self, day: Date) -> Option<&ShiftPattern> {
        self.patterns.get(&day)
    }

    /// How a day departs; none where it does not.
    #[must_use]
    pub fn exception_on(&self, day: Date) -> Option<&ShiftException> {
        self.exceptions.get(&day)
    }

    /// Whether it is planned when the agent works; else nothing is known of it.
    #[must_use]
    pub fn is_planned(&self) -> bool {
        !self.patterns.is_empty()
    }

    /// The day where the agent is.
    #[must_use]
    pub fn day(&self, at: OffsetDateTime) -> Date {
        calendar::day(&self.zone, at)
    }

    /// The weeks that hold on some of so many days, the first first.
    pub fn patterns(&self, first: Date, days: u16) -> impl Iterator<Item = &ShiftPattern> {
        let last = first + Duration::days(days.saturating_sub(1).into());
        let holding = self.patterns.range(..=first).next_back();
        let later = self
            .patterns
            .range(first..=last)
            .filter(move |(from, _)| **from > first);
        holding.into_iter().chain(later).map(|(_, pattern)| pattern)
    }

    /// Those of so many days that depart, the first first.
    pub fn exceptions(&self, first: Date, days: u16) -> impl Iterator<Item = &ShiftException> {
        let end = first + Duration::days(days.into());
        self.exceptions.range(first..end).map(|(_, exception)| exception)
    }

    /// The shifts that fall on so many days from the first on, each whole, in order. What meets is one.
    #[must_use]
    pub fn shifts(&self, first: Date, days: u16) -> Vec<Span> {
        let (from, until) = (
            moment(&self.zone, first, 0),
            moment(&self.zone, first + Duration::days(days.into()), 0),
        );
        let mut shifts = self.around(first, days, Duration::ZERO);
        shifts.retain(|shift| shift.until > from && shift.from < until);
        shifts
    }

    /// Whether a moment falls into a shift.
    #[must_use]
    pub fn is_at_work(&self, at: OffsetDateTime) -> bool {
        let shifts = self.around(self.day(at), 1, Duration::ZERO);
        shifts.iter().any(|shift| shift.from <= at && at < shift.until)
    }

    /// The end of the shift in which an agent has gone, a meal being part of it, or shortly after which; none where none is planned.
    #[must_use]
    pub fn end_of_shift(&self, gone: OffsetDateTime) -> Option<OffsetDateTime> {
        let shifts = self.around(self.day(gone), 1, PAUSE);
        let last = shifts.iter().rev().find(|shift| shift.from <= gone)?;
        (gone <= last.until + LATE).then_some(last.until)
    }

    /// The shifts of some days, and of those beside them, where what is no further apart than a pause is one.
    fn around(&self, first: Date, days: u16, pause: Duration) -> Vec<Span> {
        let begin = first - Duration::days(1);
        let each = (0..i64::from(days) + 2).map(|day| begin + Duration::days(day));
        let mut spans: Vec<Span> = each.flat_map(|day| self.on(day)).collect();
        // Where a clock is set back over midnight, the days overlap.
        spans.sort_by_key(|span| (span.from, span.until));
        let mut shifts: Vec<Span> = Vec::new();
        for span in spans {
            match shifts.last_mut() {
                Some(last) if span.from <= last.until + pause => last.until = last.until.max(span.until),
                _ => shifts.push(span),
            }
        }
        shifts
    }

    /// The stretches of one day, in no order.
    fn on(&self, day: Date) -> impl Iterator<Item = Span> {
        let exception = self.exceptions.get(&day);
        let keeps_week = exception.is_none_or(|exception| exception.departure == Departure::Extra);
        let pattern = self.patterns.range(..=day).next_back().filter(|_| keeps_week);
        let of_week = pattern.map(|(_, pattern)| pattern.week.on(day.weekday()).stretches());
        let of_day = exception.map(|exception| exception.read.stretches());
        let stretches = of_week.into_iter().chain(of_day).flatten();
        stretches
            .map(move |(from, until)| Span {
                from: moment(&self.zone, day, *from),
                until: moment(&self.zone, day, *until),
            })
            // The clock may skip all of a stretch.
            .filter(|span| span.from < span.until)
    }
}

#[cfg(test)]
mod tests;
