//! The day at a place.
//!
//! A period ends with its last day at the place, at whatever moment that is: the same moment is the fourth of May in Berlin and
//! still the third in New York. Which day it is at a moment is a matter of the place's time zone, by the database of the
//! IANA that this program carries within itself: every region reckons by the same one, and an answer does not hang on
//! what a machine has installed.
//!
//! A country may have several zones, and for an hour or a night each day is two days there. Where nobody has said which
//! zone it is, a question "today?" is answered for the [`earliest_day`] anywhere in the country, so that nobody loses the
//! last hours of a period; what must not lie in the future is held against the [`latest_day`].
//!
//! Every moment has one day in a zone, and a day ends where the next begins. A zone that moves across the date line
//! skips a day, which then is no day there: nothing ends on it sooner, and on the day after it everything has ended that
//! ended with it. Days have 23 or 25 hours where the clock is changed. (Until 2011 Newfoundland set its clock back at one minute past
//! midnight, so that its last day of summer time was begun, left for an hour and begun again.)

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use time::{Date, Month, OffsetDateTime, UtcOffset};

use super::country::Country;

/// The zones of each country, one country a line: its code, then its zones. Made from `zone.tab` of the same database; Kosovo,
/// which has no line there, has the zone of its neighbour.
const ZONES: &str = include_str!("zone/zones.txt");

/// The database that the program carries.
static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

static OF_COUNTRIES: LazyLock<HashMap<Country, Vec<Zone>>> = LazyLock::new(|| {
    ZONES
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ');
            let country = Country::from_code(words.next()?)?;
            Some((country, words.filter_map(Zone::named).collect()))
        })
        .collect()
});

/// The longest that a zone has ever been behind UTC and ahead of it, in hours: the day of who is nowhere.
const NOWHERE: [i8; 2] = [-12, 14];

/// A time zone.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    /// The zone with this name of the IANA database, `Europe/Berlin`, in whatever case; none where there is none.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        DATABASE.get(name).ok().filter(|zone| !zone.is_unknown()).map(Self)
    }

    /// The day in this zone at a moment.
    #[must_use]
    pub fn day(&self, instant: OffsetDateTime) -> Date {
        // The moments of the two libraries end within a day of each other, near the years -9999 and 9999.
        let bound = match instant.unix_timestamp() {
            before if before < 0 => Timestamp::MIN,
            _ => Timestamp::MAX,
        };
        let at = Timestamp::from_second(instant.unix_timestamp()).unwrap_or(bound);
        let day = self.0.to_datetime(at).date();
        u8::try_from(day.month())
            .ok()
            .and_then(|month| Month::try_from(month).ok())
            .zip(u8::try_from(day.day()).ok())
            .and_then(|(month, of_month)| Date::from_calendar_date(day.year().into(), month, of_month).ok())
            // Both know the same calendar.
            .unwrap_or_else(|| instant.to_offset(UtcOffset::UTC).date())
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.iana_name().unwrap_or("unnamed"))
    }
}

/// The day for a question about today: in the named zone, or where none is named, the earliest day anywhere in the country,
/// which is the best for the customer at the end of a period.
#[must_use]
pub fn today(instant: OffsetDateTime, zone: Option<&Zone>, country: Country) -> Date {
    match zone {
        Some(zone) => zone.day(instant),
        None => earliest_day(instant, country),
    }
}

/// The earliest day anywhere in a country at a moment.
#[must_use]
pub fn earliest_day(instant: OffsetDateTime, country: Country) -> Date {
    days(instant, country)
        .min()
        .unwrap_or_else(|| nowhere(instant, NOWHERE[0]))
}

/// The latest day anywhere in a country at a moment: what lies after it has not come yet, wherever it was.
#[must_use]
pub fn latest_day(instant: OffsetDateTime, country: Country) -> Date {
    days(instant, country)
        .max()
        .unwrap_or_else(|| nowhere(instant, NOWHERE[1]))
}

/// The day in each zone of a country; none where nobody lives.
fn days(instant: OffsetDateTime, country: Country) -> impl Iterator<Item = Date> {
    let zones = OF_COUNTRIES.get(&country).map(Vec::as_slice).unwrap_or_default();
    zones.iter().map(move |zone| zone.day(instant))
}

fn nowhere(instant: OffsetDateTime, hours: i8) -> Date {
    UtcOffset::from_hms(hours, 0, 0)
        .ok()
        .and_then(|offset| instant.checked_to_offset(offset))
        .unwrap_or(instant)
        .date()
}

#[cfg(test)]
pub(crate) mod tests;
