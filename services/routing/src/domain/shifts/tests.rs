use time::macros::{date, datetime};

use super::*;

fn schedule(zone: &str, hours: &str) -> Schedule {
    let mut schedule = Schedule::new(zone);
    schedule.repeat(ShiftPattern::new(date!(2026 - 01 - 05), hours).unwrap());
    schedule
}

fn hours(spans: &[Span]) -> Vec<i64> {
    spans
        .iter()
        .map(|span| (span.until - span.from).whole_hours())
        .collect()
}

#[test]
fn a_week_follows_the_clock_where_the_agent_is() {
    let cork = schedule("Europe/Dublin", "mon-fri 09:00-17:00");
    // The last working day of winter time and the first of summer time.
    let friday = cork.shifts(date!(2026 - 03 - 27), 1);
    let monday = cork.shifts(date!(2026 - 03 - 30), 1);
    assert_eq!(
        friday,
        [Span {
            from: datetime!(2026-03-27 09:00 UTC),
            until: datetime!(2026-03-27 17:00 UTC)
        }]
    );
    assert_eq!(
        monday,
        [Span {
            from: datetime!(2026-03-30 08:00 UTC),
            until: datetime!(2026-03-30 16:00 UTC)
        }]
    );
    assert_eq!(cork.shifts(date!(2026 - 03 - 28), 2), []);
    assert_eq!(
        cork.shifts(date!(2026 - 01 - 02), 1),
        [],
        "before its day no week holds"
    );
    // In Auckland it is tomorrow already.
    let auckland = schedule("Pacific/Auckland", "tue 08:00-12:00");
    assert_eq!(auckland.day(datetime!(2026-06-01 20:00 UTC)), date!(2026 - 06 - 02));
    assert!(auckland.is_at_work(datetime!(2026-06-01 20:00 UTC)));
}

#[test]
fn a_night_is_one_shift_and_is_as_long_as_the_clock_makes_it() {
    let nights = schedule("Europe/Berlin", "sat 22:00-24:00, sun 00:00-06:00");
    assert_eq!(hours(&nights.shifts(date!(2026 - 03 - 21), 1)), [8]);
    assert_eq!(hours(&nights.shifts(date!(2026 - 03 - 28), 1)), [7], "set forward");
    assert_eq!(hours(&nights.shifts(date!(2026 - 10 - 24), 1)), [9], "set back");
    // It falls on either day, and is whole on both.
    assert_eq!(
        nights.shifts(date!(2026 - 03 - 22), 1),
        nights.shifts(date!(2026 - 03 - 21), 1)
    );
    assert!(nights.is_at_work(datetime!(2026-03-21 23:00 UTC)));
    // What the clock skips is no shift.
    let skipped = schedule("Europe/Berlin", "sun 02:00-03:00");
    assert_eq!(hours(&skipped.shifts(date!(2026 - 03 - 22), 14)), [1]);
}

#[test]
fn a_day_departs() {
    let mut cork = schedule("Europe/Dublin", "mon-fri 09:00-17:00");
    let monday = date!(2026 - 06 - 01);
    let day = |days| monday + Duration::days(days);
    for (days, departure, hours) in [
        (0, Departure::Off, ""),
        (1, Departure::Changed, "12:00-20:00"),
        (2, Departure::Extra, "17:00-19:00"),
        (5, Departure::Extra, "10:00-12:00"),
    ] {
        cork.depart(ShiftException::new(day(days), departure, hours).unwrap());
    }
    let lengths: Vec<_> = (0..7).map(|days| hours(&cork.shifts(day(days), 1))).collect();
    let expected: [&[i64]; 7] = [&[], &[8], &[10], &[8], &[8], &[2], &[]];
    assert_eq!(lengths, expected);
    assert_eq!(cork.exceptions(monday, 7).count(), 4);
    assert_eq!(cork.exceptions(day(1), 1).count(), 1);
    let faults = [
        ShiftException::new(monday, Departure::Off, "09:00-10:00"),
        ShiftException::new(monday, Departure::Extra, ""),
        ShiftException::new(monday, Departure::Changed, "10:00-09:00"),
    ];
    assert_eq!(
        faults.map(Result::unwrap_err),
        [
            InvalidDay::Off,
            InvalidDay::Missing,
            InvalidDay::Hours(InvalidHours::Spelling)
        ]
    );
}

#[test]
fn another_week_holds_from_its_day_on() {
    let mut cork = schedule("Europe/Dublin", "daily 09:00-17:00");
    cork.repeat(ShiftPattern::new(date!(2026 - 06 - 03), "daily 09:00-13:00").unwrap());
    cork.repeat(ShiftPattern::new(date!(2026 - 06 - 05), "").unwrap());
    assert_eq!(hours(&cork.shifts(date!(2026 - 06 - 01), 7)), [8, 8, 4, 4]);
    let from = |first, days| -> Vec<Date> { cork.patterns(first, days).map(|pattern| pattern.from).collect() };
    assert_eq!(from(date!(2026 - 06 - 01), 1), [date!(2026 - 01 - 05)]);
    assert_eq!(
        from(date!(2026 - 06 - 03), 3),
        [date!(2026 - 06 - 03), date!(2026 - 06 - 05)]
    );
}

#[test]
fn whoever_goes_has_gone_from_a_shift_or_from_none() {
    let cork = schedule("Europe/Dublin", "mon-fri 09:00-13:00 14:00-17:00");
    let of = |at| cork.end_of_shift(at);
    let five = Some(datetime!(2026-02-02 17:00 UTC));
    assert_eq!(of(datetime!(2026-02-02 10:00 UTC)), five);
    assert_eq!(of(datetime!(2026-02-02 13:30 UTC)), five, "at the meal");
    assert_eq!(of(datetime!(2026-02-02 17:10 UTC)), five, "a little late");
    assert_eq!(of(datetime!(2026-02-02 22:00 UTC)), None);
    assert_eq!(of(datetime!(2026-02-01 10:00 UTC)), None, "on Sunday");
    assert_eq!(
        Schedule::new("Europe/Dublin").end_of_shift(datetime!(2026-02-02 10:00 UTC)),
        None
    );
}
