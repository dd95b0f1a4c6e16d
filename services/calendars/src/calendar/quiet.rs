//! When no telephone is to ring: the hours in which people sleep, on the clock of whom it belongs to.

use jiff::tz::TimeZone;
use time::OffsetDateTime;

use super::{Calendar, clock, moment, zone};

/// After so many ends of quiet times, of which none is an end everywhere, there is none: more than the longest row of holidays in a
/// country of many zones.
const LOOKED_AT: u32 = 60;

/// When it is quiet, in minutes after midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quiet {
    /// From then on in the evening; 1440 for midnight.
    pub from: u16,
    /// Until then in the morning.
    pub until: u16,
    /// Whether a public holiday is quiet all day.
    pub on_holidays: bool,
}

impl Calendar {
    /// The first moment from `at` on that is not quiet: on the clocks of `own`, where it is a time zone, else in all zones of the place. Where
    /// it is always quiet somewhere, that of the first zone counts alone.
    #[must_use]
    pub fn awake_at_or_after(&self, at: OffsetDateTime, quiet: Quiet, own: Option<&str>) -> OffsetDateTime {
        if let Some(own) = own.and_then(zone) {
            return self.awake_in(&[own], at, quiet).unwrap_or(at);
        }
        self.awake_in(&self.zones, at, quiet)
            .or_else(|| self.awake_in(self.zones.get(..1)?, at, quiet))
            .unwrap_or(at)
    }

    fn awake_in(&self, zones: &[TimeZone], mut at: OffsetDateTime, quiet: Quiet) -> Option<OffsetDateTime> {
        for _ in 0..LOOKED_AT {
            match zones.iter().filter_map(|zone| self.quiet_until(zone, at, quiet)).max() {
                Some(end) if end > at => at = end,
                // A clock that is set back shows the quiet minutes twice.
                Some(_) => at += time::Duration::hours(1),
                None => return Some(at),
            }
        }
        None
    }

    /// When it stops being quiet in a zone; none where it is not quiet.
    fn quiet_until(&self, zone: &TimeZone, at: OffsetDateTime, quiet: Quiet) -> Option<OffsetDateTime> {
        let (day, minutes) = clock(zone, at)?;
        let next = day.next_day().unwrap_or(day);
        if quiet.on_holidays && self.is_holiday(day) || minutes >= quiet.from {
            Some(moment(zone, next, quiet.until))
        } else if minutes < quiet.until {
            Some(moment(zone, day, quiet.until))
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use time::macros::datetime;

    use super::*;
    use crate::holidays::{Holiday, Holidays};

    const NIGHT: Quiet = Quiet {
        from: 21 * 60,
        until: 8 * 60,
        on_holidays: true,
    };

    fn place(zones: &[&str]) -> Calendar {
        let zones: Vec<_> = zones.iter().map(|name| zone(name).unwrap()).collect();
        let new_year = Holiday {
            name: "new-year".into(),
            rule: "01-01".parse().unwrap(),
            dates: Vec::new(),
            days: 1,
            observed: None,
            from_year: i32::MIN,
            until_year: i32::MAX,
        };
        Calendar::new(
            zones[0].clone(),
            BTreeMap::new(),
            Holidays::new(vec![new_year], &[]),
            "test",
        )
        .with_zones(zones)
    }

    #[test]
    fn the_night_is_waited_for_to_end_and_the_day_is_not() {
        let berlin = place(&["Europe/Berlin"]);
        for (at, awake) in [
            (datetime!(2026-03-02 06:59 UTC), datetime!(2026-03-02 07:00 UTC)),
            (datetime!(2026-03-02 07:00 UTC), datetime!(2026-03-02 07:00 UTC)),
            (datetime!(2026-03-02 19:59 UTC), datetime!(2026-03-02 19:59 UTC)),
            (datetime!(2026-03-02 20:00 UTC), datetime!(2026-03-03 07:00 UTC)),
            // In the night of 29 March the clock is set forward, and eight o'clock comes an hour sooner.
            (datetime!(2026-03-28 22:00 UTC), datetime!(2026-03-29 06:00 UTC)),
            // The first of January is a holiday.
            (datetime!(2025-12-31 20:30 UTC), datetime!(2026-01-02 07:00 UTC)),
            (datetime!(2026-01-01 12:00 UTC), datetime!(2026-01-02 07:00 UTC)),
        ] {
            assert_eq!(berlin.awake_at_or_after(at, NIGHT, None), awake, "{at}");
        }
        let noisy = Quiet {
            on_holidays: false,
            ..NIGHT
        };
        let noon = datetime!(2026-01-01 12:00 UTC);
        assert_eq!(berlin.awake_at_or_after(noon, noisy, None), noon);
    }

    #[test]
    fn it_is_quiet_while_it_is_quiet_in_any_zone_of_the_country_or_in_the_customers_own() {
        let states = place(&["America/New_York", "America/Los_Angeles", "Pacific/Honolulu"]);
        // Nine in the morning in New York, four in Honolulu.
        let at = datetime!(2026-03-02 14:00 UTC);
        assert_eq!(
            states.awake_at_or_after(at, NIGHT, None),
            datetime!(2026-03-02 18:00 UTC)
        );
        assert_eq!(states.awake_at_or_after(at, NIGHT, Some("America/New_York")), at);
        assert_eq!(
            states.awake_at_or_after(at, NIGHT, Some("No/Where")),
            datetime!(2026-03-02 18:00 UTC)
        );
    }

    #[test]
    fn where_somebody_always_sleeps_the_first_zone_counts() {
        let all_round = place(&["Europe/Paris", "Pacific/Tahiti", "Pacific/Noumea"]);
        let at = datetime!(2026-03-02 05:00 UTC);
        assert_eq!(
            all_round.awake_at_or_after(at, NIGHT, None),
            datetime!(2026-03-02 07:00 UTC)
        );
    }
}
