//! What turns out differently, in words and numbers.

use std::sync::Arc;

use support_chassis::clock::Clock;
use support_chassis::standard::{Document, Effective, Others, Place, Standard};
use support_proto::codec::StandardDocument;
use support_proto::support::warranty::v1::CoverageTerms;
use time::macros::date;

use super::tally::{Whose, because, words};
use super::*;
use crate::domain::country::Country;
use crate::domain::coverage::{Decision, Fare, Outcome, Pays, difference};
use crate::domain::facts::{Facts, Question};
use crate::domain::money::{Amount, Currency};
use crate::domain::product::ProductLine;
use crate::domain::sale::{Repairs, Sale};
use crate::standard::plans::PLAN_TERMS;
use crate::standard::{COVERAGE_TERMS, REPAIR_PRICES};

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

fn shipped<T: StandardDocument + 'static>(document: &Document<T>) -> Arc<Effective<T>> {
    Standard::shipped(document).today(&Place::Global)
}

fn other<T: Clone>(held: &Arc<Effective<T>>, change: impl FnOnce(&mut T)) -> Arc<Effective<T>> {
    let mut proposed = Effective::clone(held);
    change(&mut proposed.document);
    Arc::new(proposed)
}

fn by_terms(change: impl FnOnce(&mut CoverageTerms)) -> Worlds {
    let held = shipped(&COVERAGE_TERMS);
    let proposed = other(&held, change);
    Worlds::of_terms(&Others::shipped(), &Clock::system(), &held, &proposed)
}

fn two_years(terms: &mut CoverageTerms) {
    terms.limited_warranties.get_mut("limited-warranty").unwrap().months = 24;
}

/// What it was, what it would be, how that is, which rule and what of it.
type Told = (String, String, Fare, String, String);

fn told(worlds: &Worlds, facts: &Facts, question: &Question) -> Option<Told> {
    let (before, after) = worlds.again(country("US"), facts, question)?;
    let difference = difference(&before, &after)?;
    let (before, after) = words(&difference);
    let rule = difference.turned.as_ref().unwrap().rule_id.to_string();
    Some((before, after, difference.fare, rule, because(&difference)))
}

fn line(before: &str, after: &str, fare: Fare, rule: &str, because: &str) -> Told {
    (
        before.to_owned(),
        after.to_owned(),
        fare,
        rule.to_owned(),
        because.to_owned(),
    )
}

#[test]
fn what_turns_out_differently_is_told_by_what_becomes_of_it() {
    let worlds = by_terms(two_years);
    let of = |day, damage| told(&worlds, &phone(), &Question::of(day, damage, country("US")));
    assert_eq!(
        of(date!(2024 - 06 - 01), Damage::None),
        Some(line(
            "limited warranty",
            "limited warranty, for longer",
            Fare::Better,
            "limited-warranty",
            "within period"
        ))
    );
    assert_eq!(
        of(date!(2025 - 06 - 01), Damage::None),
        Some(line(
            "out of warranty",
            "limited warranty",
            Fare::Better,
            "limited-warranty",
            "period over -> within period"
        ))
    );
    assert_eq!(of(date!(2024 - 06 - 01), Damage::Liquid), None);
    assert_eq!(of(date!(2027 - 06 - 01), Damage::None), None);

    let less = by_terms(|terms| terms.limited_warranties.get_mut("limited-warranty").unwrap().months = 6);
    let question = Question::of(date!(2024 - 11 - 01), Damage::None, country("US"));
    // What the catalogue promises would stay.
    let mut unpromised = phone();
    unpromised.sale.warranty_months = 0;
    assert_eq!(
        told(&less, &unpromised, &question),
        Some(line(
            "limited warranty",
            "out of warranty",
            Fare::Worse,
            "limited-warranty",
            "within period -> period over"
        ))
    );
}

#[test]
fn what_is_paid_is_weighed_by_the_prices_that_hold() {
    let worlds = by_terms(two_years);
    let question = Question::of(date!(2025 - 06 - 01), Damage::None, country("US"));
    let mut priced = phone();
    priced.unit.price_group = "phone-2022".to_owned();
    let (before, after) = worlds.again(country("US"), &priced, &question).unwrap();
    let Pays::Amount(price) = before.pays else {
        panic!("{before:?}")
    };
    assert_eq!((price.currency.code(), after.pays), ("USD", Pays::Nothing));
    assert!(!before.plans_would_have.is_empty(), "{before:?}");
    let difference = difference(&before, &after).unwrap();
    assert_eq!(difference.money(&before, &after), [(price.currency, -price.minor)]);

    // What the price of a repair is depends on where it is.
    let in_germany = Question {
        place: country("DE"),
        ..question
    };
    let (before, _) = worlds.again(country("US"), &priced, &in_germany).unwrap();
    assert!(matches!(before.pays, Pays::Amount(price) if price.currency.code() == "EUR"));
}

#[test]
fn other_prices_change_what_is_paid_and_not_what_is_covered() {
    let held = shipped(&REPAIR_PRICES);
    let proposed = other(&held, |prices| {
        let groups = &mut prices.currencies.get_mut("USD").unwrap().groups;
        for price in groups.get_mut("phone-2022").unwrap().components.values_mut() {
            price.minor_units -= 1_000;
        }
    });
    let worlds = Worlds::of_prices(&Others::shipped(), &Clock::system(), &held, &proposed);
    assert!(worlds.concerns(country("US")) && !worlds.concerns(country("DE")));
    let mut priced = phone();
    priced.unit.price_group = "phone-2022".to_owned();
    let of = |day| told(&worlds, &priced, &Question::of(day, Damage::None, country("US")));
    assert_eq!(
        of(date!(2025 - 06 - 01)),
        Some(line(
            "out of warranty",
            "out of warranty, for less money",
            Fare::Better,
            "repair-at-price",
            "repair at price"
        ))
    );
    assert_eq!(of(date!(2024 - 06 - 01)), None, "is free of charge");
}

#[test]
fn other_plans_change_what_they_would_have_helped() {
    let held = shipped(&PLAN_TERMS);
    let proposed = other(&held, |plans| {
        for plan in plans.plans.values_mut() {
            plan.sold_from = "2025-01-01".to_owned();
        }
    });
    let worlds = Worlds::of_plans(&Others::shipped(), &Clock::system(), &held, &proposed);
    let mut priced = phone();
    priced.unit.price_group = "phone-2022".to_owned();
    let question = Question::of(date!(2024 - 06 - 01), Damage::Accidental, country("US"));
    let (before, after) = worlds.again(country("US"), &priced, &question).unwrap();
    let best = before.plans_would_have.first().unwrap();
    let difference = difference(&before, &after).unwrap();
    assert_eq!(words(&difference).1, "out of warranty, a plan would have helped less");
    assert_eq!(difference.fare, Fare::Worse);
    assert_eq!(
        *difference.turned.as_ref().unwrap().rule_id,
        format!("plan-{}", best.kind)
    );
    let saved = best.saves.unwrap();
    assert_eq!(difference.money(&before, &after), [(saved.currency, saved.minor)]);
}

#[test]
fn a_country_whose_terms_stay_is_not_decided() {
    let worlds = by_terms(|terms| {
        let germany = terms.countries.get_mut("DE").unwrap();
        germany.editions.get_mut("statutory-de-2022").unwrap().months = 36;
    });
    assert!(worlds.concerns(country("DE")));
    assert!(!worlds.concerns(country("FR")));
    assert!(worlds.concerns(country("DE")), "as it was said");
}

#[test]
fn money_is_told_apart() {
    let question = Question::of(date!(2024 - 06 - 01), Damage::Liquid, country("US"));
    let (decision, _) = by_terms(two_years).again(country("US"), &phone(), &question).unwrap();
    let currency = |code| Currency::from_code(code).unwrap();
    let amount = |code, minor| Pays::Amount(Amount::new(currency(code), minor));
    let (better, worse, otherwise) = (Fare::Better, Fare::Worse, Fare::Otherwise);
    let less = |code, minor: i64| vec![(currency(code), -minor)];
    for (before, after, told) in [
        (
            amount("USD", 100),
            amount("USD", 250),
            Some(("for more money", worse, less("USD", -150))),
        ),
        (
            amount("USD", 200),
            amount("USD", 100),
            Some(("for less money", better, less("USD", 100))),
        ),
        (
            amount("USD", 200),
            Pays::Nothing,
            Some(("for less money", better, less("USD", 200))),
        ),
        (
            Pays::Nothing,
            amount("USD", 1),
            Some(("for more money", worse, less("USD", -1))),
        ),
        (
            amount("USD", 1),
            amount("EUR", 2),
            Some((
                "in another currency",
                otherwise,
                [less("USD", 1), less("EUR", -2)].concat(),
            )),
        ),
        (
            Pays::Unknown,
            amount("USD", 1),
            Some(("at a price that is known", otherwise, vec![])),
        ),
        (
            amount("USD", 1),
            Pays::Unknown,
            Some(("at a price that is not known", otherwise, vec![])),
        ),
        (amount("USD", 1), amount("USD", 1), None),
    ] {
        let of = |pays| Decision {
            pays,
            plans_would_have: Vec::new(),
            ..decision.clone()
        };
        let (was, would_be) = (of(before), of(after));
        let found = difference(&was, &would_be);
        let found = found.map(|found| (words(&found).1, found.fare, found.money(&was, &would_be)));
        let told = told.map(|(aspect, fare, money)| (format!("out of warranty, {aspect}"), fare, money));
        assert_eq!(found, told, "{before:?} {after:?}");
    }
}

#[test]
fn what_was_not_tried_is_said() {
    assert_eq!(whom(1200, 1200, "devices"), "of all 1200 devices");
    assert_eq!(
        whom(90_000, 100_000, "devices"),
        "of the latest 90000 of 100000 devices, the others not tried in the time of the call"
    );
}

fn whose(code: &str) -> Whose {
    Whose {
        country: country(code),
        line: ProductLine::Phone,
    }
}

/// So many of the decisions by which a warranty of one year ends, and would not.
fn tally(code: &str, number: usize, ids: &str) -> Tally {
    let question = Question::of(date!(2025 - 06 - 01), Damage::None, country("US"));
    let mut priced = phone();
    priced.unit.price_group = "phone-2022".to_owned();
    let both = by_terms(two_years).again(country("US"), &priced, &question).unwrap();
    let same = (both.0.clone(), both.0.clone());
    let mut tally = Tally::default();
    for number in 0..number {
        tally.note(Case::Asked, whose(code), Some(&both), || format!("{ids}{number}"));
        tally.note(Case::Asked, whose(code), Some(&same), || "same".to_owned());
        tally.note(Case::Asked, whose(code), None, || "undecided".to_owned());
    }
    tally
}

#[test]
fn what_is_counted_side_by_side_is_counted_together() {
    let mut all = tally("US", 6, "a");
    all.add(tally("CA", 7, "b"));
    all.add(Tally::untouched([Case::Asked], 100));
    let (consequences, farings) = all.told("of all 139 coverage decisions");
    let [told] = consequences.as_slice() else {
        panic!("{consequences:?}")
    };
    assert_eq!(
        (told.count, told.fare),
        (13, Some(support_chassis::standard::Fare::Better))
    );
    let examples: Vec<_> = (0..6)
        .map(|n| format!("a{n}"))
        .chain((0..4).map(|n| format!("b{n}")))
        .collect();
    assert_eq!(told.examples, examples, "the first ones, and no more than ten");
    let shares: Vec<_> = (told.shares.iter())
        .map(|share| (share.country.as_str(), share.product.as_str(), share.count))
        .collect();
    assert_eq!(shares, [("CA", "phone", 7), ("US", "phone", 6)]);
    let money = &told.money[0];
    assert_eq!((money.currency.as_str(), money.more, money.less % 13), ("USD", 0, 0));
    assert!(money.less > 0);

    let shown: Vec<_> = (farings.iter())
        .map(|one| (one.country.as_str(), one.better, one.worse, one.otherwise, one.same))
        .collect();
    assert_eq!(shown, [("", 13, 0, 0, 126), ("CA", 7, 0, 0, 14), ("US", 6, 0, 0, 12)]);
    assert_eq!(farings[0].money, told.money);
}

#[test]
fn of_too_many_ways_the_most_frequent_are_told() {
    let question = Question::of(date!(2025 - 06 - 01), Damage::None, country("US"));
    let (before, _) = by_terms(two_years).again(country("US"), &phone(), &question).unwrap();
    let mut tally = Tally::default();
    for number in 0..400 {
        let mut after = before.clone();
        after.outcome = Outcome::Refused;
        after.chain.iter_mut().for_each(|weighed| weighed.decided = false);
        after.chain[0].decided = true;
        after.chain[0].rule_id = format!("rule-{number:03}").into();
        for _ in 0..=usize::from(number == 399) {
            tally.note(
                Case::Asked,
                whose("US"),
                Some(&(before.clone(), after.clone())),
                String::new,
            );
        }
    }
    let (consequences, farings) = tally.told("of all");
    assert_eq!(consequences.len(), 301);
    assert!(consequences.iter().any(|one| one.rule == "rule-399" && one.count == 2));
    assert_eq!(consequences.iter().map(|one| one.count).sum::<i64>(), 401);
    assert_eq!(farings[0].worse + farings[0].otherwise, 401);
}
