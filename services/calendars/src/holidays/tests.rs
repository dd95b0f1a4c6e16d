use time::macros::date;

use super::*;

fn holiday(name: &str, on: &str, observed: Option<&str>) -> Holiday {
    Holiday {
        name: name.into(),
        rule: on.parse().unwrap(),
        dates: Vec::new(),
        days: 1,
        observed: observed.map(|observed| observed.parse().unwrap()),
        from_year: i32::MIN,
        until_year: i32::MAX,
    }
}

fn kept(list: Vec<Holiday>, year: i32) -> Vec<(Date, String)> {
    Holidays::new(list, &[Weekday::Saturday, Weekday::Sunday])
        .year(year)
        .into_iter()
        .flat_map(|(day, names)| {
            names
                .into_iter()
                .map(move |kept| (day, format!("{}{}", kept.name, if kept.substitute { "*" } else { "" })))
        })
        .collect()
}

fn said(found: &[(Date, String)]) -> Vec<(Date, &str)> {
    found.iter().map(|(day, name)| (*day, name.as_str())).collect()
}

#[test]
fn two_that_fall_on_a_weekend_get_two_days() {
    let list = || {
        vec![
            holiday("christmas", "12-25", Some("sat sun next")),
            holiday("boxing", "12-26", Some("sat sun next")),
        ]
    };
    // Saturday and Sunday.
    assert_eq!(
        said(&kept(list(), 2027)),
        [
            (date!(2027 - 12 - 25), "christmas"),
            (date!(2027 - 12 - 26), "boxing"),
            (date!(2027 - 12 - 27), "christmas*"),
            (date!(2027 - 12 - 28), "boxing*"),
        ]
    );
    // Sunday and Monday: Monday is a holiday already.
    assert_eq!(
        said(&kept(list(), 2022)),
        [
            (date!(2022 - 12 - 25), "christmas"),
            (date!(2022 - 12 - 26), "boxing"),
            (date!(2022 - 12 - 27), "christmas*"),
        ]
    );
}

#[test]
fn the_stead_may_lie_in_the_year_before() {
    let list = || vec![holiday("new-year", "01-01", Some("sat -1, sun +1"))];
    // 1 January 2028 is a Saturday.
    assert_eq!(
        said(&kept(list(), 2027)),
        [
            (date!(2027 - 01 - 01), "new-year"),
            (date!(2027 - 12 - 31), "new-year*")
        ]
    );
    assert_eq!(said(&kept(list(), 2028)), [(date!(2028 - 01 - 01), "new-year")]);
}

#[test]
fn what_moves_is_not_kept_on_its_own_day() {
    let list = vec![holiday("kings-day", "04-27", Some("move sun -1"))];
    assert_eq!(said(&kept(list, 2025)), [(date!(2025 - 04 - 26), "kings-day*")]);
}

#[test]
fn falling_on_another_counts_once() {
    let list = vec![
        holiday("buddha", "05-05", Some("sat sun holiday next")),
        holiday("children", "05-05", Some("sat sun holiday next")),
    ];
    assert_eq!(
        said(&kept(list, 2025)),
        [
            (date!(2025 - 05 - 05), "buddha"),
            (date!(2025 - 05 - 05), "children"),
            (date!(2025 - 05 - 06), "children*"),
        ]
    );
}

#[test]
fn a_day_between_two_holidays_is_one() {
    let list = || {
        vec![
            holiday("aged", "mon 3 09", Some("sun following")),
            holiday("equinox", "september-equinox tokyo", Some("sun following")),
            holiday("between", "between", None),
        ]
    };
    assert_eq!(
        said(&kept(list(), 2026)),
        [
            (date!(2026 - 09 - 21), "aged"),
            (date!(2026 - 09 - 22), "between"),
            (date!(2026 - 09 - 23), "equinox"),
        ]
    );
    // In 2024 the equinox fell on a Sunday: a day kept in another's stead makes none.
    assert_eq!(
        said(&kept(list(), 2024)),
        [
            (date!(2024 - 09 - 16), "aged"),
            (date!(2024 - 09 - 22), "equinox"),
            (date!(2024 - 09 - 23), "equinox*"),
        ]
    );
}

#[test]
fn what_was_announced_holds_in_its_year_and_is_no_forecast() {
    let eid = Holiday {
        dates: vec![date!(2026 - 03 - 21)],
        days: 2,
        ..holiday("eid", "islamic 10-01", None)
    };
    let holidays = Holidays::new(vec![eid], &[]);
    let year: Vec<_> = holidays.year(2026).into_keys().collect();
    assert_eq!(year, [date!(2026 - 03 - 21), date!(2026 - 03 - 22)]);
    assert!(holidays.year(2026).values().flatten().all(|kept| !kept.provisional));
    assert!(holidays.year(2027).values().flatten().all(|kept| kept.provisional));
    assert_eq!(holidays.announced_until(), Some(2026));
}

#[test]
fn what_does_not_say_what_is_kept_is_refused() {
    for text in [
        "",
        "sun",
        "next",
        "sun 1",
        "sun +0",
        "sunday +1",
        "sat -1,sun +1",
        "move",
        "move next",
        "sat sun",
        "+1",
    ] {
        assert_eq!(text.parse::<Observed>(), Err(InvalidObserved), "{text:?}");
    }
}
