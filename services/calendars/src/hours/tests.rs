use proptest::prelude::*;

use super::*;

#[test]
fn hours_are_read_by_day() {
    let week: WeekHours = "mon-fri 09:00-13:00 14:00-18:30, sat 10:00-14:00, wed 00:00-24:00"
        .parse()
        .unwrap();
    assert_eq!(week.on(Weekday::Monday).stretches(), [(540, 780), (840, 1110)]);
    assert_eq!(week.on(Weekday::Wednesday).stretches(), [(0, 1440)]);
    assert_eq!(week.on(Weekday::Saturday).stretches(), [(600, 840)]);
    assert!(week.on(Weekday::Sunday).stretches().is_empty());
    let week: WeekHours = "sun-thu 08:00-20:00".parse().unwrap();
    assert!(week.on(Weekday::Friday).stretches().is_empty());
    assert_eq!(week.on(Weekday::Sunday), week.on(Weekday::Thursday));
}

#[test]
fn what_names_no_hours_is_refused() {
    for text in [
        "",
        "mon",
        "mon 9:00-10:00",
        "mon 09:00",
        "mon 10:00-09:00",
        "mon 09:00-24:01",
        "mon 09:60-10:00",
        "day 09:00-10:00",
        "mon 09:00-10:00,tue 09:00-10:00",
    ] {
        assert_eq!(text.parse::<WeekHours>(), Err(InvalidHours::Spelling), "{text:?}");
    }
    for text in ["mon 09:00-12:00 11:00-14:00", "daily 14:00-15:00 09:00-10:00"] {
        assert_eq!(text.parse::<WeekHours>(), Err(InvalidHours::Overlap), "{text:?}");
    }
    assert_eq!("".parse::<DayHours>(), Ok(DayHours::default()));
}

proptest! {
    #[test]
    fn stretches_of_a_day_never_overlap(times in proptest::collection::vec((0..1440_u16, 1..=1440_u16), 1..4)) {
        let words: Vec<String> = times
            .iter()
            .map(|(from, until)| format!("{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, until / 60, until % 60))
            .collect();
        if let Ok(hours) = words.join(" ").parse::<DayHours>() {
            let stretches = hours.stretches();
            prop_assert_eq!(stretches.len(), times.len());
            prop_assert!(stretches.iter().all(|(from, until)| from < until && *until <= MINUTES));
            prop_assert!(stretches.windows(2).all(|pair| pair[0].1 <= pair[1].0));
        }
    }
}
