use proptest::prelude::*;
use time::macros::date;

use super::*;

fn days(rule: &str, year: i32) -> Vec<Date> {
    rule.parse::<Rule>().unwrap_or_else(|_| panic!("{rule}")).days_in(year)
}

#[test]
fn each_kind_of_rule_finds_its_days() {
    for (rule, year, expected) in [
        ("12-25", 2026, &[date!(2026 - 12 - 25)][..]),
        ("02-29", 2025, &[]),
        ("02-29", 2028, &[date!(2028 - 02 - 29)]),
        ("easter", 2024, &[date!(2024 - 03 - 31)]),
        ("easter -2", 2026, &[date!(2026 - 04 - 03)]),
        ("easter +60", 2025, &[date!(2025 - 06 - 19)]),
        ("orthodox", 2024, &[date!(2024 - 05 - 05)]),
        ("orthodox -48", 2027, &[date!(2027 - 03 - 15)]),
        ("mon 3 01", 2027, &[date!(2027 - 01 - 18)]),
        ("mon last 05", 2027, &[date!(2027 - 05 - 31)]),
        ("thu 4 11 +1", 2026, &[date!(2026 - 11 - 27)]),
        ("sat >= 06-20", 2026, &[date!(2026 - 06 - 20)]),
        ("sat >= 06-20", 2027, &[date!(2027 - 06 - 26)]),
        ("mon <= 05-24", 2026, &[date!(2026 - 05 - 18)]),
        ("hebrew tishri-10", 2026, &[date!(2026 - 09 - 21)]),
        ("chinese 01-01 -1", 2026, &[date!(2026 - 02 - 16)]),
        ("korean 08-15", 2025, &[date!(2025 - 10 - 06)]),
        ("qingming", 2024, &[date!(2024 - 04 - 04)]),
        ("qingming", 2026, &[date!(2026 - 04 - 05)]),
        ("march-equinox tokyo", 2026, &[date!(2026 - 03 - 20)]),
        ("march-equinox tokyo", 2027, &[date!(2027 - 03 - 21)]),
        ("september-equinox tokyo", 2024, &[date!(2024 - 09 - 22)]),
        ("september-equinox tokyo", 2026, &[date!(2026 - 09 - 23)]),
        ("march-equinox tokyo", 2100, &[]),
        ("announced", 2026, &[]),
        ("between", 2026, &[]),
    ] {
        assert_eq!(days(rule, year), expected, "{rule} {year}");
    }
}

#[test]
fn what_is_no_rule_is_refused() {
    for text in [
        "",
        "13-01",
        "02-30",
        "1-1",
        "easter2",
        "easter 2",
        "easter +101",
        "mon 5 01",
        "mon 0 01",
        "mon first 01",
        "day 1 01",
        "sat > 06-20",
        "islamic 13-01",
        "islamic 01-31",
        "hebrew adar-I",
        "hebrew tishri-31",
        "chinese",
        "12-25 +1",
        "announced +1",
        "equinox tokyo",
        "march-equinox",
        "12-25  ",
        "easter +",
    ] {
        assert_eq!(text.parse::<Rule>(), Err(InvalidRule), "{text:?}");
    }
}

/// Easter Sundays of the western and the eastern churches, as the World Council of Churches lists them.
#[test]
fn easter_is_as_the_churches_list_it() {
    for (year, western, eastern) in [
        (2021, date!(2021 - 04 - 04), date!(2021 - 05 - 02)),
        (2022, date!(2022 - 04 - 17), date!(2022 - 04 - 24)),
        (2023, date!(2023 - 04 - 09), date!(2023 - 04 - 16)),
        (2024, date!(2024 - 03 - 31), date!(2024 - 05 - 05)),
        (2025, date!(2025 - 04 - 20), date!(2025 - 04 - 20)),
        (2026, date!(2026 - 04 - 05), date!(2026 - 04 - 12)),
        (2027, date!(2027 - 03 - 28), date!(2027 - 05 - 02)),
        (2028, date!(2028 - 04 - 16), date!(2028 - 04 - 16)),
        (2029, date!(2029 - 04 - 01), date!(2029 - 04 - 08)),
        (2030, date!(2030 - 04 - 21), date!(2030 - 04 - 28)),
    ] {
        assert_eq!(days("easter", year), [western]);
        assert_eq!(days("orthodox", year), [eastern]);
    }
}

proptest! {
    #[test]
    fn easter_is_a_sunday_in_spring(year in 1900..2200_i32) {
        let western = days("easter", year)[0];
        prop_assert_eq!(western.weekday(), Weekday::Sunday);
        prop_assert!(western >= Date::from_calendar_date(year, Month::March, 22).unwrap());
        prop_assert!(western <= Date::from_calendar_date(year, Month::April, 25).unwrap());
        let eastern = days("orthodox", year)[0];
        prop_assert_eq!(eastern.weekday(), Weekday::Sunday);
        prop_assert!(eastern >= western);
        prop_assert!(eastern - western <= Duration::weeks(5));
    }

    #[test]
    fn an_nth_weekday_is_one_and_in_its_week(year in 1900..2200_i32, month in 1..=12_u8, nth in 1..=4_u8, weekday in 0..7_usize) {
        let (name, weekday) = crate::words::WEEKDAYS[weekday];
        let found = days(&format!("{name} {nth} {month:02}"), year);
        prop_assert_eq!(found.len(), 1);
        prop_assert_eq!(found[0].weekday(), weekday);
        prop_assert_eq!(u8::from(found[0].month()), month);
        prop_assert_eq!((found[0].day() - 1) / 7 + 1, nth);
        let last = days(&format!("{name} last {month:02}"), year)[0];
        prop_assert!(last >= found[0] && u8::from(last.month()) == month);
        prop_assert!(last.checked_add(Duration::WEEK).unwrap().month() != last.month());
    }

    #[test]
    fn days_of_a_year_lie_in_it(year in 1990..2090_i32, offset in -100..=100_i16) {
        for rule in ["easter", "orthodox", "islamic 12-29", "chinese 12-01", "hebrew tevet-10", "mon last 12"] {
            let found = days(&format!("{rule} {offset:+}"), year);
            prop_assert!(found.iter().all(|day| day.year() == year));
            prop_assert!(found.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", found);
        }
    }
}
