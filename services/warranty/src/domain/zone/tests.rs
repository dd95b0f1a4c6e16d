//! Days by the zones of the world: that every moment has one, that they follow each other, and the days that are odd.

use std::collections::BTreeSet;

use jiff::civil;
use proptest::prelude::*;
use time::Duration;
use time::macros::{date, datetime};

use super::*;

fn zone(name: &str) -> Zone {
    Zone::named(name).unwrap()
}

fn country(code: &str) -> Country {
    Country::from_code(code).unwrap()
}

/// All names of the database.
fn names() -> Vec<String> {
    DATABASE.available().map(|name| name.to_string()).collect()
}

/// The zones of a country.
pub(crate) fn zones_of(country: Country) -> &'static [Zone] {
    OF_COUNTRIES.get(&country).map(Vec::as_slice).unwrap_or_default()
}

/// The first moment of a day in a zone, as the database says.
pub(crate) fn begins(zone: &Zone, day: Date) -> OffsetDateTime {
    let day = civil::date(
        i16::try_from(day.year()).unwrap(),
        i8::try_from(u8::from(day.month())).unwrap(),
        i8::try_from(day.day()).unwrap(),
    );
    let first = day.to_zoned(zone.0.clone()).unwrap().start_of_day().unwrap();
    OffsetDateTime::from_unix_timestamp(first.timestamp().as_second()).unwrap()
}

#[test]
fn a_moment_is_another_day_elsewhere() {
    let moment = datetime!(2026-05-03 22:30 UTC);
    for (name, day) in [
        ("Europe/Berlin", date!(2026 - 05 - 04)),
        ("Europe/London", date!(2026 - 05 - 03)),
        ("America/New_York", date!(2026 - 05 - 03)),
        ("Asia/Tokyo", date!(2026 - 05 - 04)),
        ("Pacific/Kiritimati", date!(2026 - 05 - 04)),
        ("Etc/UTC", date!(2026 - 05 - 03)),
        ("Asia/Kolkata", date!(2026 - 05 - 04)),
    ] {
        assert_eq!(zone(name).day(moment), day, "{name}");
        // However the moment is written.
        let written = moment.to_offset(UtcOffset::from_hms(-11, 0, 0).unwrap());
        assert_eq!(zone(name).day(written), day, "{name}");
    }
}

#[test]
fn a_day_begins_at_midnight_and_not_a_moment_before() {
    for (name, day, hours) in [
        ("Europe/Berlin", date!(2026 - 05 - 04), 24),
        // The clock goes forward and back.
        ("Europe/Berlin", date!(2026 - 03 - 29), 23),
        ("Europe/Berlin", date!(2026 - 10 - 25), 25),
        ("America/New_York", date!(2026 - 03 - 08), 23),
        ("America/New_York", date!(2026 - 11 - 01), 25),
        ("Australia/Sydney", date!(2026 - 04 - 05), 25),
        ("Australia/Sydney", date!(2026 - 10 - 04), 23),
        // Midnight itself was skipped, and came twice.
        ("America/Sao_Paulo", date!(2018 - 11 - 04), 23),
        ("America/Sao_Paulo", date!(2018 - 02 - 17), 25),
        ("America/Havana", date!(2026 - 11 - 01), 25),
        // Leap days.
        ("Europe/Berlin", date!(2028 - 02 - 29), 24),
        ("Asia/Tokyo", date!(2000 - 02 - 29), 24),
        ("America/Los_Angeles", date!(2100 - 02 - 28), 24),
    ] {
        let zone = zone(name);
        let next = day.next_day().unwrap();
        let (first, end) = (begins(&zone, day), begins(&zone, next));
        assert_eq!((end - first).whole_hours(), hours, "{name} {day}");
        let moment = Duration::nanoseconds(1);
        assert_eq!(zone.day(first - moment), day.previous_day().unwrap(), "{name} {day}");
        assert_eq!(zone.day(first), day, "{name} {day}");
        assert_eq!(zone.day(end - moment), day, "{name} {day}");
        assert_eq!(zone.day(end), next, "{name} {day}");
    }
    // Half an hour more and less.
    let lord_howe = zone("Australia/Lord_Howe");
    let length = |day: Date| begins(&lord_howe, day.next_day().unwrap()) - begins(&lord_howe, day);
    assert_eq!(length(date!(2026 - 04 - 05)), Duration::minutes(24 * 60 + 30));
    assert_eq!(length(date!(2026 - 10 - 04)), Duration::minutes(24 * 60 - 30));
    // No 29 February in 2100.
    let last = begins(&lord_howe, date!(2100 - 03 - 01)) - Duration::nanoseconds(1);
    assert_eq!(lord_howe.day(last), date!(2100 - 02 - 28));
}

#[test]
fn a_day_that_was_skipped_is_none() {
    let samoa = zone("Pacific/Apia");
    let midnight = datetime!(2011-12-30 10:00 UTC);
    assert_eq!(samoa.day(midnight - Duration::nanoseconds(1)), date!(2011 - 12 - 29));
    assert_eq!(samoa.day(midnight), date!(2011 - 12 - 31));
    let mut moment = datetime!(2011-12-20 00:00 UTC);
    while moment < datetime!(2012-01-10 00:00 UTC) {
        assert_ne!(samoa.day(moment), date!(2011 - 12 - 30), "{moment}");
        moment += Duration::minutes(30);
    }
}

/// Between two changes of its clock a zone is as far from UTC throughout, so that its days follow each other there of themselves. So
/// what is left to see are the changes, and these are all.
#[test]
fn no_change_of_any_clock_repeats_a_day_or_leaves_one_out() {
    let (from, until) = (datetime!(1990-01-01 00:00 UTC), datetime!(2045-01-01 00:00 UTC));
    let mut skipped = BTreeSet::new();
    let mut went_back = BTreeSet::new();
    let mut changes = 0;
    for name in names() {
        let zone = zone(&name);
        let first = Timestamp::from_second(from.unix_timestamp()).unwrap();
        for change in zone.0.following(first) {
            let at = OffsetDateTime::from_unix_timestamp(change.timestamp().as_second()).unwrap();
            if at > until {
                break;
            }
            changes += 1;
            let before = zone.day(at - Duration::nanoseconds(1));
            match (zone.day(at) - before).whole_days() {
                0 | 1 => {}
                2 => {
                    skipped.insert((name.clone(), before.next_day().unwrap()));
                }
                _ => {
                    went_back.insert((name.clone(), at.year()));
                }
            }
        }
    }
    assert!(changes > 10_000, "{changes}");
    let skipped_since: BTreeSet<&str> = skipped
        .iter()
        .filter(|(_, day)| day.year() >= 2000)
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(skipped_since, BTreeSet::from(["Pacific/Apia", "Pacific/Fakaofo"]));
    assert!(
        skipped
            .iter()
            .all(|(name, _)| name.starts_with("Pacific/") || name == "Kwajalein"),
        "{skipped:?}"
    );
    // One minute past midnight, until 2011.
    assert!(went_back.iter().all(|(_, year)| *year <= 2011), "{went_back:?}");
}

#[test]
fn every_country_has_its_zones() {
    let mut seen = BTreeSet::new();
    for line in ZONES.lines() {
        let (code, zones) = line.split_once(' ').unwrap();
        assert!(seen.insert(code), "{code} twice");
        let country = country(code);
        let named: Vec<_> = zones.split(' ').collect();
        assert_eq!(
            OF_COUNTRIES[&country].len(),
            named.len(),
            "{code} has a zone that is none"
        );
    }
    let without: Vec<_> = Country::all()
        .filter(|country| !seen.contains(country.code()))
        .collect();
    // Nobody lives there: Bouvet Island, Heard Island and McDonald Islands.
    assert_eq!(without, [country("BV"), country("HM")]);
    for (code, count) in [("DE", 2), ("FR", 1), ("US", 29), ("JP", 1), ("XK", 1)] {
        assert_eq!(zones_of(country(code)).len(), count, "{code}");
    }
}

#[test]
fn a_country_of_many_zones_has_an_earliest_and_a_latest_day() {
    for (code, moment, earliest, latest) in [
        // Hawaii is behind until 10:00, the Aleutians likewise.
        (
            "US",
            datetime!(2026-05-04 09:59 UTC),
            date!(2026 - 05 - 03),
            date!(2026 - 05 - 04),
        ),
        (
            "US",
            datetime!(2026-05-04 10:00 UTC),
            date!(2026 - 05 - 04),
            date!(2026 - 05 - 04),
        ),
        (
            "RU",
            datetime!(2026-05-03 12:00 UTC),
            date!(2026 - 05 - 03),
            date!(2026 - 05 - 04),
        ),
        (
            "DE",
            datetime!(2026-05-03 22:00 UTC),
            date!(2026 - 05 - 04),
            date!(2026 - 05 - 04),
        ),
        // The Canaries have their midnight an hour later.
        (
            "ES",
            datetime!(2026-05-03 22:30 UTC),
            date!(2026 - 05 - 03),
            date!(2026 - 05 - 04),
        ),
        // Nobody lives there: wherever who asks may be.
        (
            "BV",
            datetime!(2026-05-03 11:59 UTC),
            date!(2026 - 05 - 02),
            date!(2026 - 05 - 04),
        ),
    ] {
        let country = country(code);
        assert_eq!(earliest_day(moment, country), earliest, "{code}");
        assert_eq!(latest_day(moment, country), latest, "{code}");
        assert_eq!(today(moment, None, country), earliest, "{code}");
        let new_york = zone("America/New_York");
        assert_eq!(today(moment, Some(&new_york), country), new_york.day(moment));
    }
}

#[test]
fn only_names_of_the_database_are_zones() {
    assert_eq!(format!("{:?}", zone("europe/berlin")), "Europe/Berlin");
    for none in [
        "",
        "Berlin",
        "Europe/Atlantis",
        "CEST",
        "+02:00",
        "UTC+2",
        "Etc/Unknown",
        "Europe/Berlin ",
        "../etc/passwd",
    ] {
        assert_eq!(Zone::named(none), None, "{none}");
    }
}

#[test]
fn the_ends_of_time_have_days_too() {
    for name in ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Etc/UTC"] {
        let _ = zone(name).day(Date::MIN.midnight().assume_utc());
        let _ = zone(name).day(Date::MAX.midnight().assume_utc() + Duration::hours(23));
    }
    assert_eq!(nowhere(Date::MIN.midnight().assume_utc(), -12), Date::MIN);
}

proptest! {
    #[test]
    fn every_moment_lies_in_its_day(
        name in prop::sample::select(names()), second in 1_325_376_000..2_500_000_000_i64, nanosecond in 0..1_000_000_000_u32,
    ) {
        let zone = zone(&name);
        let moment = OffsetDateTime::from_unix_timestamp(second).unwrap().replace_nanosecond(nanosecond).unwrap();
        let day = zone.day(moment);
        // Not before its day began, and before the next one does: so no moment has two days, and none has none.
        prop_assert!(begins(&zone, day) <= moment);
        prop_assert!(moment < begins(&zone, day.next_day().unwrap()));
        let hours = (begins(&zone, day.next_day().unwrap()) - begins(&zone, day)).whole_minutes();
        prop_assert!((21 * 60..=27 * 60).contains(&hours), "{name} {day}: {hours} minutes");
        // Within half a day of UTC on one side and 14 hours on the other.
        let utc = moment.date();
        prop_assert!((-1..=1).contains(&(day - utc).whole_days()));
    }

    #[test]
    fn a_later_moment_is_never_an_earlier_day(
        name in prop::sample::select(names()), second in 1_325_376_000..2_500_000_000_i64, later in 0..200_000_i64,
    ) {
        let zone = zone(&name);
        let moment = OffsetDateTime::from_unix_timestamp(second).unwrap();
        prop_assert!(zone.day(moment) <= zone.day(moment + Duration::seconds(later)));
    }

    #[test]
    fn a_country_lies_between_its_earliest_and_its_latest_day(
        second in 0..2_500_000_000_i64, country in prop::sample::select(Country::all().collect::<Vec<_>>()),
    ) {
        let moment = OffsetDateTime::from_unix_timestamp(second).unwrap();
        let (earliest, latest) = (earliest_day(moment, country), latest_day(moment, country));
        prop_assert!(earliest <= latest && (latest - earliest).whole_days() <= 2);
        for zone in zones_of(country) {
            prop_assert!((earliest..=latest).contains(&zone.day(moment)));
        }
    }
}
