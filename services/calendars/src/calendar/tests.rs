use std::collections::BTreeSet;

use proptest::prelude::*;
use time::Weekday;
use time::macros::{date, datetime};

use super::*;

fn place(zone_name: &str, hours: &str, on_holidays: &str) -> Calendar {
    let hours = Hours {
        week: hours.parse().unwrap(),
        holidays: on_holidays.parse().unwrap(),
        contact: String::new(),
    };
    let christmas = crate::holidays::Holiday {
        name: "christmas".into(),
        rule: "12-25".parse().unwrap(),
        dates: Vec::new(),
        days: 2,
        observed: None,
        from_year: i32::MIN,
        until_year: i32::MAX,
    };
    let holidays = Holidays::new(vec![christmas], &[Weekday::Saturday, Weekday::Sunday]);
    Calendar::new(
        zone(zone_name).unwrap(),
        BTreeMap::from([("phone".to_owned(), hours)]),
        holidays,
        "test",
    )
}

const OFFICE: &str = "mon-fri 09:00-17:00";

#[test]
fn hours_follow_the_clock_of_the_place() {
    let berlin = place("Europe/Berlin", OFFICE, "");
    for (day, from, until) in [
        (
            date!(2026 - 03 - 27),
            datetime!(2026-03-27 08:00 UTC),
            datetime!(2026-03-27 16:00 UTC),
        ),
        (
            date!(2026 - 03 - 30),
            datetime!(2026-03-30 07:00 UTC),
            datetime!(2026-03-30 15:00 UTC),
        ),
        (
            date!(2026 - 10 - 26),
            datetime!(2026-10-26 08:00 UTC),
            datetime!(2026-10-26 16:00 UTC),
        ),
    ] {
        assert_eq!(berlin.open_on("phone", day), [Span { from, until }]);
    }
    assert_eq!(berlin.open_on("phone", date!(2026 - 03 - 28)), []);
    assert_eq!(berlin.open_on("phone", date!(2026 - 12 - 25)), []);
    assert_eq!(berlin.open_on("chat", date!(2026 - 03 - 27)), [], "not offered");
    // The day at the place is not that of London.
    assert_eq!(
        place("Asia/Tokyo", OFFICE, "").day(datetime!(2026-05-01 16:00 UTC)),
        date!(2026 - 05 - 02)
    );
}

#[test]
fn where_the_clock_skips_or_repeats_an_hour_nothing_overlaps() {
    // 29 March 2026, two o'clock becomes three; 25 October, three becomes two.
    let night = place("Europe/Berlin", "daily 01:30-02:30 02:30-03:30", "");
    assert_eq!(
        night.open_on("phone", date!(2026 - 03 - 29)),
        [
            Span {
                from: datetime!(2026-03-29 00:30 UTC),
                until: datetime!(2026-03-29 01:00 UTC)
            },
            Span {
                from: datetime!(2026-03-29 01:00 UTC),
                until: datetime!(2026-03-29 01:30 UTC)
            },
        ]
    );
    assert_eq!(
        night.open_on("phone", date!(2026 - 10 - 25)),
        [
            Span {
                from: datetime!(2026-10-24 23:30 UTC),
                until: datetime!(2026-10-25 00:30 UTC)
            },
            Span {
                from: datetime!(2026-10-25 00:30 UTC),
                until: datetime!(2026-10-25 02:30 UTC)
            },
        ]
    );
    // Cairo sets its clock forward at midnight: the day begins at one.
    let cairo = place("Africa/Cairo", "daily 00:00-24:00", "");
    let day = cairo.open_on("phone", date!(2026 - 04 - 24));
    assert_eq!(
        day,
        [Span {
            from: datetime!(2026-04-23 22:00 UTC),
            until: datetime!(2026-04-24 21:00 UTC)
        }]
    );
    // Samoa skipped 30 December 2011 altogether.
    let apia = place("Pacific/Apia", "daily 09:00-17:00", "");
    assert_eq!(apia.open_on("phone", date!(2011 - 12 - 30)), []);
}

#[test]
fn it_is_told_when_a_channel_opens_and_closes() {
    let berlin = place("Europe/Berlin", OFFICE, "10:00-12:00");
    for (at, expected) in [
        (
            datetime!(2026-03-27 08:00 UTC),
            Opening::Open(Some(datetime!(2026-03-27 16:00 UTC))),
        ),
        (
            datetime!(2026-03-27 07:59:59 UTC),
            Opening::Closed(Some(datetime!(2026-03-27 08:00 UTC))),
        ),
        // The end is no part of it, and then comes a weekend in which the clock is changed.
        (
            datetime!(2026-03-27 16:00 UTC),
            Opening::Closed(Some(datetime!(2026-03-30 07:00 UTC))),
        ),
        (
            datetime!(2026-12-25 09:30 UTC),
            Opening::Open(Some(datetime!(2026-12-25 11:00 UTC))),
        ),
    ] {
        assert_eq!(berlin.opening("phone", at), expected, "{at}");
    }
    assert_eq!(
        berlin.opening("chat", datetime!(2026-03-27 08:00 UTC)),
        Opening::Closed(None)
    );
    let always = place("Europe/Berlin", "daily 00:00-24:00", "00:00-24:00");
    assert_eq!(
        always.opening("phone", datetime!(2026-03-29 01:30 UTC)),
        Opening::Open(None)
    );
}

#[test]
fn open_time_is_counted_over_nights_and_holidays() {
    let berlin = place("Europe/Berlin", OFFICE, "");
    let hours = Duration::hours;
    for (start, length, expected) in [
        // Thursday afternoon and four hours: Friday at noon, in winter.
        (
            datetime!(2026-03-26 15:00 UTC),
            hours(4),
            datetime!(2026-03-27 11:00 UTC),
        ),
        // Friday's last hour ends it to the minute.
        (
            datetime!(2026-03-27 15:00 UTC),
            hours(1),
            datetime!(2026-03-27 16:00 UTC),
        ),
        // Over a weekend with a change of the clock.
        (
            datetime!(2026-03-27 15:00 UTC),
            hours(2),
            datetime!(2026-03-30 08:00 UTC),
        ),
        // From a night: it begins in the morning.
        (
            datetime!(2026-03-26 02:00 UTC),
            hours(8),
            datetime!(2026-03-26 16:00 UTC),
        ),
        // Christmas falls on Friday and Saturday.
        (
            datetime!(2026-12-24 15:30 UTC),
            hours(1),
            datetime!(2026-12-28 08:30 UTC),
        ),
        (
            datetime!(2026-12-24 15:30 UTC),
            Duration::ZERO,
            datetime!(2026-12-24 15:30 UTC),
        ),
    ] {
        assert_eq!(berlin.after_open("phone", start, length), expected, "{start} {length}");
    }
    let start = datetime!(2026-03-26 02:00 UTC);
    assert_eq!(
        berlin.after_open("chat", start, hours(3)),
        start + hours(3),
        "where it is never open, by the clock"
    );
    assert_eq!(
        berlin.after_open("phone", start, hours(8 * 600)).year(),
        2028,
        "longer than a year"
    );
}

#[test]
fn working_days_end_with_the_day() {
    let berlin = place("Europe/Berlin", OFFICE, "");
    for (start, days, expected) in [
        (datetime!(2026-03-26 10:00 UTC), 1, datetime!(2026-03-27 23:00 UTC)),
        (datetime!(2026-03-26 10:00 UTC), 2, datetime!(2026-03-30 22:00 UTC)),
        (datetime!(2026-12-23 10:00 UTC), 2, datetime!(2026-12-28 23:00 UTC)),
        // After midnight at the place, while it is still the day before in London.
        (datetime!(2026-03-25 23:30 UTC), 1, datetime!(2026-03-27 23:00 UTC)),
    ] {
        assert_eq!(berlin.after_working_days(start, days), expected, "{start} {days}");
    }
    // Spain's fifteen working days are some three weeks.
    assert_eq!(
        berlin.after_working_days(datetime!(2026-06-01 10:00 UTC), 15),
        datetime!(2026-06-22 22:00 UTC)
    );
}

/// Zones whose clocks are changed at odd times, by odd amounts, over midnight, or never.
const ZONES_TRIED: [&str; 12] = [
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",
    "Africa/Cairo",
    "Asia/Jerusalem",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "America/St_Johns",
    "Africa/Casablanca",
    "Asia/Kolkata",
    "America/Sao_Paulo",
    "Asia/Beirut",
];

fn moments() -> impl Strategy<Value = OffsetDateTime> {
    (946_684_800..2_208_988_800_i64).prop_map(|second| OffsetDateTime::from_unix_timestamp(second).unwrap())
}

proptest! {
    #[test]
    fn who_is_always_there_has_no_gap(zone_index in 0..ZONES_TRIED.len(), start in moments()) {
        let calendar = place(ZONES_TRIED[zone_index], "daily 00:00-24:00", "00:00-24:00");
        let first = calendar.day(start);
        let days: Vec<Date> = std::iter::successors(Some(first), |day| day.next_day()).take(400).collect();
        let spans: Vec<Span> = days.iter().flat_map(|day| calendar.open_on("phone", *day)).collect();
        prop_assert!(spans.windows(2).all(|pair| pair[0].until == pair[1].from));
        prop_assert_eq!(calendar.opening("phone", start), Opening::Open(None));
        prop_assert_eq!(calendar.after_open("phone", start, Duration::hours(1000)), start + Duration::hours(1000));
    }

    #[test]
    fn stretches_are_in_order_and_never_overlap(
        zone_index in 0..ZONES_TRIED.len(), start in moments(), cuts in proptest::collection::btree_set(0..=1440_u16, 2..8),
    ) {
        let cuts: Vec<u16> = cuts.into_iter().collect();
        let words: Vec<String> = cuts
            .windows(2)
            .map(|pair| format!("{:02}:{:02}-{:02}:{:02}", pair[0] / 60, pair[0] % 60, pair[1] / 60, pair[1] % 60))
            .collect();
        let calendar = place(ZONES_TRIED[zone_index], &format!("daily {}", words.join(" ")), &words.join(" "));
        let first = calendar.day(start);
        let days: Vec<Date> = std::iter::successors(Some(first), |day| day.next_day()).take(400).collect();
        let spans: Vec<Span> = days.iter().flat_map(|day| calendar.open_on("phone", *day)).collect();
        prop_assert!(spans.iter().all(|span| span.from < span.until));
        prop_assert!(spans.windows(2).all(|pair| pair[0].until <= pair[1].from));
    }

    #[test]
    fn what_is_told_of_a_moment_agrees_with_the_stretches(zone_index in 0..ZONES_TRIED.len(), at in moments()) {
        let calendar = place(ZONES_TRIED[zone_index], OFFICE, "");
        let days = [calendar.day(at).previous_day(), Some(calendar.day(at)), calendar.day(at).next_day()];
        let is_open = days
            .into_iter()
            .flatten()
            .flat_map(|day| calendar.open_on("phone", day))
            .any(|span| span.from <= at && at < span.until);
        match calendar.opening("phone", at) {
            Opening::Open(Some(until)) => {
                prop_assert!(is_open && until > at && until - at <= Duration::hours(8));
                prop_assert!(matches!(calendar.opening("phone", until), Opening::Closed(_)));
            }
            Opening::Closed(Some(opens)) => {
                prop_assert!(!is_open && opens > at);
                prop_assert!(matches!(calendar.opening("phone", opens), Opening::Open(_)));
                prop_assert_eq!(calendar.open_at_or_after("phone", at), opens);
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn more_open_time_ends_later_and_never_before_the_clock(
        zone_index in 0..ZONES_TRIED.len(), start in moments(), minutes in 1..3_000_i64, more in 1..600_i64,
    ) {
        let calendar = place(ZONES_TRIED[zone_index], OFFICE, "");
        let first = calendar.after_open("phone", start, Duration::minutes(minutes));
        prop_assert!(first >= start + Duration::minutes(minutes));
        prop_assert!(calendar.after_open("phone", start, Duration::minutes(minutes + more)) > first);
        // In two goes it ends at the same moment.
        let onwards = calendar.after_open("phone", first, Duration::minutes(more));
        prop_assert_eq!(onwards, calendar.after_open("phone", start, Duration::minutes(minutes + more)));
    }

    #[test]
    fn each_working_day_ends_after_the_one_before(zone_index in 0..ZONES_TRIED.len(), start in moments()) {
        let calendar = place(ZONES_TRIED[zone_index], OFFICE, "");
        let ends: BTreeSet<OffsetDateTime> = (1..30).map(|days| calendar.after_working_days(start, days)).collect();
        prop_assert_eq!(ends.len(), 29);
        for end in ends {
            let last = calendar.day(end - Duration::SECOND);
            prop_assert!(calendar.is_working_day(last) && last > calendar.day(start));
        }
    }
}
