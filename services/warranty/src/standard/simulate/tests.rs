//! What turns out differently, in words and numbers.

use time::macros::date;

use super::terms::BothTerms;
use super::*;
use crate::domain::money::{Amount, Currency};
use crate::domain::product::ProductLine;
use crate::domain::sale::{Repairs, Sale};
use crate::standard::tests::SHIPPED;

fn country(code: &str) -> Country {
    Country::from_code(code).unwrap()
}

fn phone() -> Facts {
    let sale = Sale {
        day: date!(2024 - 03 - 01),
        line: ProductLine::Phone,
        warranty_months: 12,
        used: false,
        repairs: Repairs::default(),
    };
    Facts::of(sale, "PHN-1", "AAAA0001")
}

#[test]
fn what_turns_out_differently_is_told_by_what_becomes_of_it() {
    let held = SHIPPED.clone();
    let mut proposed = held.clone();
    proposed.limited_warranties.get_mut("limited-warranty").unwrap().months = 24;
    let told = |held, proposed, day, damage| {
        let us = country("US");
        let (before, after) = BothTerms::new(held, proposed).decide(us, &phone(), &Question::of(day, damage, us))?;
        difference(&before, &after)
    };
    let words = |before: &str, after: &str| Some((before.to_owned(), after.to_owned()));
    for (day, damage, expected) in [
        (
            date!(2024 - 06 - 01),
            Damage::None,
            words("limited warranty", "limited warranty, for longer"),
        ),
        (
            date!(2025 - 06 - 01),
            Damage::None,
            words("out of warranty", "limited warranty"),
        ),
        (date!(2024 - 06 - 01), Damage::Liquid, None),
        (date!(2027 - 06 - 01), Damage::None, None),
    ] {
        assert_eq!(told(&held, &proposed, day, damage), expected, "{day} {damage:?}");
    }
    assert_eq!(
        told(&proposed, &held, date!(2024 - 06 - 01), Damage::None),
        words("limited warranty", "limited warranty, for less long")
    );
}

#[test]
fn a_country_whose_terms_stay_is_not_decided() {
    let held = SHIPPED.clone();
    let mut proposed = held.clone();
    proposed
        .countries
        .get_mut("DE")
        .unwrap()
        .editions
        .get_mut("statutory-de-2022")
        .unwrap()
        .months = 36;
    let mut both = BothTerms::new(&held, &proposed);
    assert!(both.concerns(country("DE")));
    assert!(!both.concerns(country("FR")));
    let question = Question::of(date!(2026 - 01 - 01), Damage::None, country("FR"));
    assert!(both.decide(country("FR"), &phone(), &question).is_none());
}

#[test]
fn money_is_told_apart() {
    let held = SHIPPED.clone();
    let question = Question::of(date!(2024 - 06 - 01), Damage::Liquid, country("US"));
    let mut proposed = held.clone();
    proposed.limited_warranties.get_mut("limited-warranty").unwrap().months = 24;
    let (decision, _) = BothTerms::new(&held, &proposed)
        .decide(country("US"), &phone(), &question)
        .unwrap();
    let amount = |code, minor| Pays::Amount(Amount::new(Currency::from_code(code).unwrap(), minor));
    for (before, after, words) in [
        (amount("USD", 100), amount("USD", 200), Some("for more money")),
        (amount("USD", 200), amount("USD", 100), Some("for less money")),
        (amount("USD", 200), Pays::Nothing, Some("for less money")),
        (Pays::Nothing, amount("USD", 1), Some("for more money")),
        (amount("USD", 1), amount("EUR", 1), Some("in another currency")),
        (Pays::Unknown, amount("USD", 1), Some("at a price that is known")),
        (amount("USD", 1), Pays::Unknown, Some("at a price that is not known")),
        (amount("USD", 1), amount("USD", 1), None),
    ] {
        let of = |pays| Decision {
            pays,
            ..decision.clone()
        };
        let told = difference(&of(before), &of(after));
        assert_eq!(
            told.map(|(_, after)| after),
            words.map(|words| format!("out of warranty, {words}")),
            "{before:?} {after:?}"
        );
    }
}

#[test]
fn what_was_not_tried_is_said() {
    let tried = |number, cut| Tried { number, cut }.whom("devices");
    assert_eq!(tried(1200, None), "of all 1200 devices");
    assert_eq!(
        tried(90_000, Some(Duration::from_secs(12))),
        "of the latest 90000 devices, the others not tried in 12 s"
    );
}
