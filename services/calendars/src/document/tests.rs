use std::collections::BTreeSet;

use support_chassis::country::Country;
use support_chassis::standard::DocumentType as _;
use support_proto::support::localisation::v1::ChannelHours;

use super::*;
use crate::Calendars;

fn shipped() -> RegionProfiles {
    REGION_PROFILES
        .parse_shipped()
        .unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn what_is_shipped_is_a_document_with_room_to_grow() {
    let size = REGION_PROFILES.read_shipped().unwrap().print().len();
    assert!(size < support_chassis::standard::CONTENT_LIMIT * 3 / 4, "{size}");
    assert!(shipped().countries.len() >= 44, "{}", shipped().countries.len());
}

/// The days of each country and year in `published.txt`.
fn published() -> Vec<(Country, i32, BTreeSet<Date>)> {
    let lines = include_str!("published.txt")
        .lines()
        .filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let mut words = line.split(' ');
            let country = words.next().unwrap().parse().unwrap();
            let year = words.next().unwrap();
            let days = words
                .map(|day| words::date(&format!("{year}-{day}")).unwrap())
                .collect();
            (country, year.parse().unwrap(), days)
        })
        .collect()
}

#[test]
fn holidays_are_as_they_were_published() {
    let calendars = Calendars::shipped();
    let mut wrong = Vec::new();
    let mut countries = BTreeSet::new();
    for (country, year, published) in published() {
        countries.insert(country);
        let calendar = calendars.country(Some(country)).unwrap();
        let first = Date::from_calendar_date(year, time::Month::January, 1).unwrap();
        let of_year = std::iter::successors(Some(first), |day| day.next_day()).take_while(|day| day.year() == year);
        let computed: BTreeSet<Date> = of_year
            .filter(|day| calendar.is_holiday(*day) && !calendar.is_weekend(*day))
            .collect();
        for day in computed.symmetric_difference(&published) {
            let names: Vec<String> = calendar
                .holidays(*day)
                .iter()
                .map(|kept| kept.name.to_string())
                .collect();
            wrong.push(format!("{country} {day} {}", names.join(", ")));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(countries.len() >= 44, "{} countries are compared", countries.len());
}

#[test]
fn what_is_wrong_with_a_profile_is_told_all_at_once() {
    let mut profiles = shipped();
    let german = profiles.countries.get_mut("DE").unwrap();
    german.zones.push("Europe/Bonn".to_owned());
    german.channels.get_mut("phone").unwrap().hours = "mon-fri 9-18".to_owned();
    german.channels.insert(
        "store".to_owned(),
        ChannelHours {
            hours: "mon 09:00-12:00 11:00-13:00".to_owned(),
            on_holidays: "noon".to_owned(),
            contact: String::new(),
        },
    );
    let unity = german.holidays.get_mut("unity-day").unwrap();
    unity.on = "10-32".to_owned();
    unity.observed = Some("sunday next".to_owned());
    unity.dates = vec!["2026-02-30".to_owned()];
    unity.from_year = Some(2030);
    unity.until_year = Some(2020);
    german.address = Some(AddressForm {
        fields: ["recipient", "street", "city"].map(str::to_owned).to_vec(),
        required: ["street", "city", "province"].map(str::to_owned).to_vec(),
        code_pattern: String::new(),
    });
    for (day, as_if) in [
        ("2026-02-30", "fri"),
        ("2026-03-02", "fri"),
        ("2026-03-07", "friday"),
        ("2026-03-08", "mon"),
    ] {
        german.worked_days.insert(day.to_owned(), as_if.to_owned());
    }
    let privacy = german.texts.get_mut("privacy").unwrap();
    let again = privacy.editions[0].clone();
    privacy.editions.push(again);
    let found: Vec<String> = check(&profiles).into_iter().map(|(path, _)| path).collect();
    let expected = [
        "zones[1]",
        r#"channels["phone"].hours"#,
        r#"channels["store"].hours"#,
        r#"channels["store"].on_holidays"#,
        r#"holidays["unity-day"].on"#,
        r#"holidays["unity-day"].dates[0]"#,
        r#"holidays["unity-day"].observed"#,
        r#"holidays["unity-day"].until_year"#,
        r#"worked_days["2026-02-30"]"#,
        r#"worked_days["2026-03-02"]"#,
        r#"worked_days["2026-03-07"]"#,
        "address.required[2]",
        r#"texts["privacy"].editions[1].from"#,
    ];
    let expected: Vec<String> = expected
        .iter()
        .map(|path| format!("countries[\"DE\"].{path}"))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn hotlines_are_of_ranges_kept_free_for_fiction() {
    let free = [
        "+120255501",
        "+141655501",
        "+44207946",
        "+6125550",
        "+493023125",
        "+331990",
        "+46846500",
        "+35320910",
    ];
    for (country, profile) in shipped().countries {
        let phone = &profile.channels["phone"].contact;
        assert!(free.iter().any(|range| phone.starts_with(range)), "{country} {phone}");
    }
}

#[test]
fn the_edition_of_a_text_is_that_of_the_day() {
    let text = &shipped().countries["GB"].texts["privacy"];
    let on = |text: &str| words::date(text).unwrap();
    assert_eq!(edition_on(text, on("2018-05-24")), None);
    assert_eq!(edition_on(text, on("2020-12-31")).unwrap().1, "legal.privacy.gdpr");
    assert_eq!(
        edition_on(text, on("2021-01-01")),
        Some((on("2021-01-01"), "legal.privacy.gb"))
    );
}

#[test]
fn a_saturday_that_is_worked_for_another_day_is_a_working_day_with_its_hours() {
    let profiles = shipped();
    let day = |text: &str| words::date(text).unwrap();
    for (country, worked, instead) in [("CN", "2026-10-10", "2026-10-07"), ("HU", "2026-12-12", "2026-12-24")] {
        let calendar = calendar(&profiles.countries[country], "").unwrap();
        let (worked, instead) = (day(worked), day(instead));
        assert!(
            calendar.is_weekend(worked) && calendar.is_working_day(worked),
            "{country}"
        );
        assert!(!calendar.is_working_day(instead), "{country}");
        assert_eq!(calendar.worked_as(worked), Some(instead.weekday()), "{country}");
        assert_eq!(calendar.worked_as(worked - time::Duration::weeks(1)), None, "{country}");
        // The hours are those of a Wednesday or a Thursday, not of a Saturday.
        let hours = |day: Date| {
            let open = calendar.open_on("email", day);
            open.first().map(|span| span.until - span.from)
        };
        assert_eq!(hours(worked), hours(instead - time::Duration::weeks(2)), "{country}");
        assert!(
            hours(worked).is_some() && hours(worked - time::Duration::weeks(1)).is_none(),
            "{country}"
        );
        // A period in working days counts it.
        let before = worked.previous_day().unwrap().midnight().assume_utc();
        assert_eq!(
            calendar.day(calendar.after_working_days(before, 1) - time::Duration::hours(1)),
            worked
        );
    }
}
