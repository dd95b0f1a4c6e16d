//! The calendar of a place: its time zone, its holidays, and when each channel is open.
//!
//! All moments are UTC; days and hours are on a clock at the place. A time that a clock skips is the moment at which it is set
//! forward; of a time that it shows twice it is the first. So the times of a day stay in their order, whatever is done to the
//! clock: stretches never overlap, and a place that is always open has no gap.

pub mod quiet;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock, OnceLock};

use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, civil};
use time::{Date, Duration, Month, OffsetDateTime, UtcOffset, Weekday};

use crate::holidays::{Holidays, Kept, Year};
use crate::hours::{DayHours, MINUTES, WeekHours};

/// The time zones, in the program itself: every region reckons by the same ones.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The years whose holidays are kept once they have been computed.
const KEPT_YEARS: std::ops::Range<i32> = 1990..2100;

/// How many days are looked at for an opening or a closing.
const LOOKED_AT: u16 = 400;

/// A stretch of time: from a moment until another, which is later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Its first moment.
    pub from: OffsetDateTime,
    /// The moment it ends.
    pub until: OffsetDateTime,
}

/// How it stands with a channel at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// Somebody is there until then; none where that is more than a year away.
    Open(Option<OffsetDateTime>),
    /// Nobody is there until then; none where that is more than a year away.
    Closed(Option<OffsetDateTime>),
}

/// When a channel is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    /// On days that are no holidays.
    pub week: WeekHours,
    /// On holidays.
    pub holidays: DayHours,
    /// How to reach it.
    pub contact: String,
}

/// The calendar of a place.
pub struct Calendar {
    zone: TimeZone,
    /// All of the place, that of the desk first.
    zones: Vec<TimeZone>,
    channels: BTreeMap<String, Hours>,
    holidays: Holidays,
    /// Days of the weekend that are worked, each with the day of the week whose hours it has.
    worked: BTreeMap<Date, Weekday>,
    years: Vec<OnceLock<Year>>,
    basis: Arc<str>,
}

impl Calendar {
    /// A calendar, of these versions of the standard.
    #[must_use]
    pub fn new(zone: TimeZone, channels: BTreeMap<String, Hours>, holidays: Holidays, basis: &str) -> Self {
        Self {
            zones: vec![zone.clone()],
            zone,
            channels,
            holidays,
            worked: BTreeMap::new(),
            years: KEPT_YEARS.map(|_| OnceLock::new()).collect(),
            basis: basis.into(),
        }
    }

    /// The same with days of the weekend that are worked in place of others, each with the day of the week whose hours it has.
    #[must_use]
    pub fn with_worked(self, worked: BTreeMap<Date, Weekday>) -> Self {
        Self { worked, ..self }
    }

    /// The same for a place of several time zones, that of the desk the first of them.
    #[must_use]
    pub fn with_zones(self, zones: Vec<TimeZone>) -> Self {
        Self { zones, ..self }
    }

    /// The versions of the standard it comes from.
    #[must_use]
    pub fn basis(&self) -> &str {
        &self.basis
    }

    /// The name of its time zone.
    #[must_use]
    pub fn zone(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    /// When a channel is open, by the channel's name; none where it is not offered.
    #[must_use]
    pub fn channel(&self, name: &str) -> Option<&Hours> {
        self.channels.get(name)
    }

    /// The last year for which all holidays that have to be announced have been; none where nothing has to be.
    #[must_use]
    pub fn announced_until(&self) -> Option<i32> {
        self.holidays.announced_until()
    }

    /// The day at the place.
    #[must_use]
    pub fn day(&self, at: OffsetDateTime) -> Date {
        day(&self.zone, at)
    }

    /// The holidays that are kept on a day, by name.
    #[must_use]
    pub fn holidays(&self, day: Date) -> Vec<Kept> {
        self.with_year(day.year(), |year| year.get(&day).cloned().unwrap_or_default())
    }

    /// Whether a day is a holiday.
    #[must_use]
    pub fn is_holiday(&self, day: Date) -> bool {
        self.with_year(day.year(), |year| year.contains_key(&day))
    }

    /// Whether a day lies in the weekend of the place.
    #[must_use]
    pub fn is_weekend(&self, day: Date) -> bool {
        self.holidays.is_weekend(day)
    }

    /// Of a day of the weekend that is worked in place of another, the day of the week whose hours it has.
    #[must_use]
    pub fn worked_as(&self, day: Date) -> Option<Weekday> {
        self.worked.get(&day).copied().filter(|_| !self.is_holiday(day))
    }

    /// Whether business is done on a day: it is no holiday, and no weekend unless that is worked in place of another day.
    #[must_use]
    pub fn is_working_day(&self, day: Date) -> bool {
        (!self.holidays.is_weekend(day) || self.worked.contains_key(&day)) && !self.is_holiday(day)
    }

    fn with_year<T>(&self, year: i32, read: impl FnOnce(&Year) -> T) -> T {
        let kept = usize::try_from(year - KEPT_YEARS.start)
            .ok()
            .and_then(|index| self.years.get(index));
        match kept {
            Some(kept) => read(kept.get_or_init(|| self.holidays.year(year))),
            None => read(&self.holidays.year(year)),
        }
    }

    /// When a channel is open on a day, in order; never where it is not offered.
    #[must_use]
    pub fn open_on(&self, channel: &str, day: Date) -> Vec<Span> {
        let Some(hours) = self.channels.get(channel) else {
            return Vec::new();
        };
        let of_day = if self.is_holiday(day) {
            &hours.holidays
        } else {
            let as_if = self.worked.get(&day).copied();
            hours.week.on(as_if.unwrap_or_else(|| day.weekday()))
        };
        of_day
            .stretches()
            .iter()
            .map(|(from, until)| Span {
                from: self.moment(day, *from),
                until: self.moment(day, *until),
            })
            // The clock may skip all of a stretch.
            .filter(|span| span.from < span.until)
            .collect()
    }

    /// The stretches in which a channel is open that end after a moment, from the first on, over some more than a year. Where one
    /// ends when the next begins, they are two.
    fn open_from(&self, channel: &str, at: OffsetDateTime) -> impl Iterator<Item = Span> {
        // Where the clock is set back over midnight, a moment of the day before may lie in stretches of this one.
        let first = self.day(at).previous_day().unwrap_or(Date::MIN);
        std::iter::successors(Some(first), |day| day.next_day())
            .take(LOOKED_AT.into())
            .flat_map(move |day| self.open_on(channel, day))
            .filter(move |span| span.until > at)
    }

    /// Whether a channel is open at a moment, and until when that stays so.
    #[must_use]
    pub fn opening(&self, channel: &str, at: OffsetDateTime) -> Opening {
        let mut spans = self.open_from(channel, at);
        let first = match spans.next() {
            None => return Opening::Closed(None),
            Some(span) if span.from > at => return Opening::Closed(Some(span.from)),
            Some(span) => span,
        };
        let mut until = first.until;
        for span in spans {
            if span.from > until {
                return Opening::Open(Some(until));
            }
            until = span.until;
        }
        Opening::Open((until - at < Duration::days(366)).then_some(until))
    }

    /// The first moment from `at` on at which a channel is open; `at` itself where it never is within a year.
    #[must_use]
    pub fn open_at_or_after(&self, channel: &str, at: OffsetDateTime) -> OffsetDateTime {
        match self.opening(channel, at) {
            Opening::Closed(Some(opens)) => opens,
            Opening::Open(_) | Opening::Closed(None) => at,
        }
    }

    /// The moment at which a channel has been open for so long since `start`. Where it is never open within a year, so much later on
    /// the clock.
    #[must_use]
    pub fn after_open(&self, channel: &str, start: OffsetDateTime, length: Duration) -> OffsetDateTime {
        let mut at = start;
        let mut left = length;
        loop {
            let before = left;
            for span in self.open_from(channel, at) {
                let from = span.from.max(at);
                let open = span.until - from;
                if left <= open {
                    return from + left;
                }
                left -= open;
                at = span.until;
            }
            if left == before {
                return at + left;
            }
        }
    }

    /// The end of the day that is the nth working day after the day of `start`, which does not count itself: so periods in working
    /// days are reckoned. Where there are no working days, so many days later.
    #[must_use]
    pub fn after_working_days(&self, start: OffsetDateTime, days: u16) -> OffsetDateTime {
        let first = self.day(start);
        let mut working = std::iter::successors(first.next_day(), |day| day.next_day())
            .take(usize::from(days) * 10 + usize::from(LOOKED_AT))
            .filter(|day| self.is_working_day(*day));
        let last = match days {
            0 => Some(first),
            days => working.nth(usize::from(days) - 1),
        };
        let last = last
            .or_else(|| first.checked_add(Duration::days(days.into())))
            .unwrap_or(first);
        self.moment(last, MINUTES)
    }

    /// The moment at which a clock at the place shows so many minutes after midnight.
    fn moment(&self, day: Date, minutes: u16) -> OffsetDateTime {
        moment(&self.zone, day, minutes)
    }
}

/// What was computed does not count.
impl PartialEq for Calendar {
    fn eq(&self, other: &Self) -> bool {
        let of = |calendar: &Self| (calendar.zone().to_owned(), Arc::clone(&calendar.basis));
        of(self) == of(other)
            && self.channels == other.channels
            && self.holidays == other.holidays
            && self.worked == other.worked
    }
}

impl Eq for Calendar {}

impl fmt::Debug for Calendar {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Calendar")
            .field("zone", &self.zone())
            .field("basis", &self.basis)
            .finish_non_exhaustive()
    }
}

/// The moment at which a clock in `zone` shows so many minutes after midnight.
#[must_use]
pub fn moment(zone: &TimeZone, day: Date, minutes: u16) -> OffsetDateTime {
    let (day, minutes) = match day.next_day() {
        Some(next) if minutes >= MINUTES => (next, 0),
        _ => (day, minutes.min(MINUTES - 1)),
    };
    let utc = day
        .with_hms(
            u8::try_from(minutes / 60).unwrap_or(0),
            u8::try_from(minutes % 60).unwrap_or(0),
            0,
        )
        .unwrap_or_else(|_| day.midnight())
        .assume_utc();
    let Some(shown) = shown(day, minutes) else {
        return utc;
    };
    let ambiguous = zone.to_ambiguous_timestamp(shown);
    let at = match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => {
            offset.to_timestamp(shown).ok()
        }
        AmbiguousOffset::Gap { before, after } => {
            // The moment of setting lies between what either offset makes of it.
            let early = after.to_timestamp(shown).ok();
            let set = early
                .and_then(|early| zone.following(early).next())
                .map(|set| set.timestamp());
            set.or_else(|| before.to_timestamp(shown).ok())
        }
    };
    at.and_then(|at| OffsetDateTime::from_unix_timestamp(at.as_second()).ok())
        .unwrap_or(utc)
}

/// What a clock in `zone` shows: the day, and the minutes after midnight.
fn clock(zone: &TimeZone, at: OffsetDateTime) -> Option<(Date, u16)> {
    let shown = zone.to_datetime(timestamp(at));
    let minutes = u16::from(shown.hour().unsigned_abs()) * 60 + u16::from(shown.minute().unsigned_abs());
    Some((date(shown.date())?, minutes))
}

/// The day that a calendar in `zone` shows.
#[must_use]
pub fn day(zone: &TimeZone, at: OffsetDateTime) -> Date {
    clock(zone, at).map_or_else(|| at.to_offset(UtcOffset::UTC).date(), |(day, _)| day)
}

/// The zone with this name; none where there is none.
#[must_use]
pub fn zone(name: &str) -> Option<TimeZone> {
    ZONES.get(name).ok().filter(|zone| !zone.is_unknown())
}

fn timestamp(at: OffsetDateTime) -> Timestamp {
    let bound = if at.unix_timestamp() < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    Timestamp::from_second(at.unix_timestamp()).unwrap_or(bound)
}

fn date(day: civil::Date) -> Option<Date> {
    let month = Month::try_from(u8::try_from(day.month()).ok()?).ok()?;
    Date::from_calendar_date(day.year().into(), month, u8::try_from(day.day()).ok()?).ok()
}

fn shown(day: Date, minutes: u16) -> Option<civil::DateTime> {
    civil::DateTime::new(
        i16::try_from(day.year()).ok()?,
        i8::try_from(u8::from(day.month())).ok()?,
        i8::try_from(day.day()).ok()?,
        i8::try_from(minutes / 60).ok()?,
        i8::try_from(minutes % 60).ok()?,
        0,
        0,
    )
    .ok()
}

#[cfg(test)]
mod tests;
