//! What may be corrected, for how long a model is repaired, and what is of its form.

use proptest::prelude::*;
use support_chassis::clock::Clock;
use support_chassis::id::Ids;
use time::macros::{date, datetime};

use super::*;
use crate::domain::calendar::last_day;
use crate::domain::terms::{Scope, SparePartRule};

fn details() -> Details {
    Details {
        name: "Phone".to_owned(),
        product_line: ProductLine::Phone,
        limited_warranty_months: 12,
        release_date: date!(2020 - 01 - 15),
        family: None,
        price_group: "phone".to_owned(),
        last_sold: None,
        vintage_from: None,
        obsolete_from: None,
        configurations: Vec::new(),
        components: vec![Component {
            component: "battery".to_owned(),
            parts: vec![Part {
                part_number: "661-00001".to_owned(),
                name: "battery".to_owned(),
                wears: true,
                cosmetic: false,
            }],
        }],
    }
}

fn model() -> Model {
    Model {
        id: Ids::new("eu".parse().unwrap(), Clock::system()).next(),
        model_code: "PHN-1".to_owned(),
        details: details(),
        revision: 3,
        created_at: datetime!(2026-01-01 00:00 UTC),
    }
}

#[test]
fn what_is_wanted_is_so_and_counted() {
    let held = model();
    assert_eq!(correct(&held, details(), Use::default()), Ok(None));
    let wanted = Details {
        name: "Phone 1".to_owned(),
        ..details()
    };
    let corrected = correct(&held, wanted.clone(), Use::default()).unwrap().unwrap();
    assert_eq!((corrected.revision, corrected.etag()), (4, "4".to_owned()));
    assert_eq!(
        (corrected.id, &corrected.model_code, &corrected.details),
        (held.id, &held.model_code, &wanted)
    );
    assert_eq!(
        changes(&held.details.to_json(), &wanted.to_json()),
        [("name".to_owned(), "\"Phone\"".to_owned(), "\"Phone 1\"".to_owned())]
    );
    assert_eq!(changes(&wanted.to_json(), &wanted.to_json()), []);
}

/// A change of the details, and whether those who have a device of the model lose by it.
type Taking = (&'static str, fn(&mut Details), bool);

#[test]
fn nothing_is_taken_from_those_who_have_one() {
    let table: &[Taking] = &[
        ("limited_warranty_months", |of| of.limited_warranty_months = 11, true),
        ("limited_warranty_months", |of| of.limited_warranty_months = 13, false),
        ("product_line", |of| of.product_line = ProductLine::Tablet, true),
        ("release_date", |of| of.release_date = date!(2021 - 03 - 02), true),
        ("release_date", |of| of.release_date = date!(2021 - 03 - 01), false),
        ("release_date", |of| of.release_date = date!(2019 - 01 - 01), false),
        ("name", |of| of.name = "another".to_owned(), false),
        ("price_group", |of| of.price_group.clear(), false),
        ("last_sold_date", |of| of.last_sold = Some(date!(2020 - 06 - 01)), false),
        ("components", |of| of.components.clear(), false),
    ];
    let held = model();
    let used = Use {
        first_purchase: Some(date!(2021 - 03 - 01)),
    };
    for (field, change, takes) in table {
        let mut wanted = details();
        change(&mut wanted);
        assert!(
            correct(&held, wanted.clone(), Use::default()).is_ok(),
            "{field}, of nobody"
        );
        let found = correct(&held, wanted, used);
        let expected = takes.then(|| InUse { fields: vec![*field] });
        assert_eq!(found.err(), expected, "{field}");
    }
}

/// What is put wrong, and the fields that are found at fault.
type Row = (fn(&mut Details), &'static [&'static str]);

#[test]
fn days_follow_each_other_and_nothing_is_there_twice() {
    assert_eq!(details().faults(""), []);
    let table: &[Row] = &[
        (|of| of.last_sold = Some(date!(2020 - 01 - 15)), &[]),
        (|of| of.last_sold = Some(date!(2020 - 01 - 14)), &["last_sold_date"]),
        (|of| of.vintage_from = Some(date!(2020 - 01 - 15)), &["vintage_date"]),
        (|of| of.vintage_from = Some(date!(2020 - 01 - 16)), &[]),
        (
            |of| {
                of.last_sold = Some(date!(2022 - 01 - 01));
                of.vintage_from = Some(date!(2022 - 01 - 01));
            },
            &["vintage_date"],
        ),
        (
            |of| {
                of.vintage_from = Some(date!(2026 - 01 - 02));
                of.obsolete_from = Some(date!(2026 - 01 - 01));
            },
            &["obsolete_date"],
        ),
        (
            |of| {
                of.vintage_from = Some(date!(2026 - 01 - 01));
                of.obsolete_from = Some(date!(2026 - 01 - 01));
            },
            &[],
        ),
        (
            |of| {
                let again = of.components[0].clone();
                of.components.push(again);
            },
            &["components[1].component", "components[1].parts[0].part_number"],
        ),
        (
            |of| {
                let one = Configuration {
                    configuration: "128".to_owned(),
                    name: "128 GB".to_owned(),
                };
                of.configurations = vec![one.clone(), one];
            },
            &["configurations[1].configuration"],
        ),
    ];
    for (number, (change, fields)) in table.iter().enumerate() {
        let mut of = details();
        change(&mut of);
        let found: Vec<_> = of.faults("").into_iter().map(|fault| fault.field).collect();
        assert_eq!(found, *fields, "{number}");
    }
}

#[test]
fn what_is_of_its_form() {
    for (text, key, number, code) in [
        ("battery", true, false, false),
        ("a", true, false, false),
        ("whole-unit", true, false, false),
        ("", false, false, false),
        ("Battery", false, false, false),
        ("1a", false, false, false),
        ("661-00001", false, true, true),
        ("-61", false, false, false),
        ("661-", false, true, false),
        ("AB", false, false, false),
        ("ABCDEFGHIJABCDEFGHIJABCDEFGHIJABCDEFGHIJ", false, true, true),
        ("ABCDEFGHIJABCDEFGHIJABCDEFGHIJABCDEFGHIJK", false, false, false),
    ] {
        assert_eq!(
            (is_key(text), is_number(text, 3), is_model_code(text)),
            (key, number, code),
            "{text}"
        );
    }
    assert!(is_number("A", 1) && !is_component("whole-unit") && is_component("battery"));
    assert!(is_name("é".repeat(100).as_str()) && !is_name("é".repeat(101).as_str()) && !is_name(" \t"));
}

fn rule() -> LifeRule {
    LifeRule {
        vintage_after_years: 5,
        obsolete_after_years: 7,
        source: "terms".to_owned(),
        version: "v".to_owned(),
    }
}

fn duty(years: u16, from: Date) -> SparePartRule {
    SparePartRule {
        id: "parts".into(),
        scope: Scope {
            from: Some(from),
            until: None,
            lines: vec![ProductLine::Phone],
        },
        years,
        source: "act".into(),
    }
}

fn sold(last: Option<Date>) -> Sold {
    Sold {
        line: ProductLine::Phone,
        last,
        vintage_from: None,
        obsolete_from: None,
    }
}

#[test]
fn a_model_is_repaired_for_years_after_it_was_sold_last() {
    let of = |sold, duties: &[SparePartRule]| Life::of(sold, &rule(), duties);
    let ended = of(sold(Some(date!(2020 - 02 - 29))), &[]);
    assert_eq!(ended.vintage_from, Some(date!(2025 - 03 - 01)));
    assert_eq!(ended.obsolete_from, Some(date!(2027 - 03 - 01)));
    for (day, state) in [
        (date!(2025 - 02 - 28), ServiceState::Current),
        (date!(2025 - 03 - 01), ServiceState::Vintage),
        (date!(2027 - 02 - 28), ServiceState::Vintage),
        (date!(2027 - 03 - 01), ServiceState::Obsolete),
    ] {
        assert_eq!(ended.state_on(day), state, "{day}");
    }
    assert_eq!(ended.repaired_until(), Some(date!(2027 - 02 - 28)));
    assert_eq!(ended.not_repaired_from(), Some(date!(2027 - 03 - 01)));

    // A law that asks for parts for longer has its way, where it holds for what was sold last.
    let longer = of(sold(Some(date!(2020 - 02 - 29))), &[duty(10, date!(2020 - 01 - 01))]);
    assert_eq!(longer.repaired_until(), Some(date!(2030 - 02 - 28)));
    assert_eq!(longer.obsolete_from, ended.obsolete_from);
    let later = of(sold(Some(date!(2020 - 02 - 29))), &[duty(10, date!(2020 - 03 - 01))]);
    assert_eq!(
        (later.duties.len(), later.repaired_until()),
        (0, Some(date!(2027 - 02 - 28)))
    );

    // What is sold has no end yet, whatever an operator says while a law asks for parts of it.
    let still = of(sold(None), &[duty(10, date!(2020 - 01 - 01))]);
    assert_eq!((still.vintage_from, still.repaired_until()), (None, None));
    assert_eq!(still.duties[0].until, None);
    let set = Sold {
        obsolete_from: Some(date!(2024 - 01 - 01)),
        ..sold(None)
    };
    assert_eq!(of(set, &[]).repaired_until(), Some(date!(2023 - 12 - 31)));
    assert_eq!(of(set, &[duty(10, date!(2020 - 01 - 01))]).repaired_until(), None);
    // Of two days of which one was set, the other does not lie on the wrong side.
    let late = Sold {
        vintage_from: Some(date!(2035 - 01 - 01)),
        ..sold(Some(date!(2020 - 02 - 29)))
    };
    assert_eq!(of(late, &[]).obsolete_from, Some(date!(2035 - 01 - 01)));
}

proptest! {
    #[test]
    fn states_only_go_forward_and_nothing_ends_before_the_law_lets_it(
        last in prop::option::of(2_455_000..2_462_000_i32), vintage in prop::option::of(1..5000_i32),
        obsolete in prop::option::of(1..5000_i32), years in 1..20_u16, first in 0..6000_i32,
    ) {
        let day = |julian: i32| Date::from_julian_day(julian).unwrap();
        let base = last.unwrap_or(2_455_000);
        let sold = Sold {
            line: ProductLine::Phone,
            last: last.map(day),
            vintage_from: vintage.map(|after| day(base + after)),
            obsolete_from: obsolete.map(|after| day(base + after)),
        };
        let life = Life::of(sold, &rule(), &[duty(years, day(2_455_000))]);
        let states: Vec<_> = (first..first + 400).map(|after| life.state_on(day(base + after))).collect();
        prop_assert!(states.is_sorted());
        if let (Some(vintage), Some(obsolete)) = (life.vintage_from, life.obsolete_from) {
            prop_assert!(vintage <= obsolete);
        }
        match (life.repaired_until(), sold.last) {
            (None, _) => prop_assert!(sold.last.is_none()),
            (Some(until), Some(last)) => prop_assert!(until >= last_day(last, years * 12)),
            (Some(_), None) => prop_assert!(false, "it is still sold, and parts are a duty"),
        }
    }
}
