//! Table and property tests of the decision.

mod beyond;
mod fares;
mod laws;
mod midnights;
mod promises;
mod properties;
mod reference;
mod world;

use time::Duration;
use time::macros::date;

use super::*;
use crate::domain::country::Country;
use crate::domain::prices::Prices;
use crate::domain::product::ProductLine;
use crate::domain::sale::{PastRepair, Repairs};
use crate::domain::terms::{Remedy, Rule, Start};
use crate::standard::terms;
use crate::standard::tests::SHIPPED;

fn country(code: &str) -> Country {
    Country::from_code(code).unwrap()
}

fn date_of(text: &str) -> Date {
    Date::parse(text, &time::format_description::well_known::Iso8601::DATE).unwrap()
}

/// The shipped terms for a country.
fn shipped(country: Country) -> Terms {
    terms(&SHIPPED, "shipped", country)
}

/// A new device of which the catalogue names no warranty.
fn sale_of(line: ProductLine, day: Date) -> Sale {
    Sale {
        day,
        line,
        warranty_months: 0,
        used: false,
        repairs: Repairs::default(),
    }
}

fn phone(day: Date) -> Sale {
    sale_of(ProductLine::Phone, day)
}

/// Decides about a device of which nothing but its sale is known, repaired where it was sold, at prices that are not known.
fn decide(terms: &Terms, sale: &Sale, day: Date, damage: Damage) -> Result<Decision, Undecided> {
    let rules = Rules {
        terms,
        prices: &Prices::default(),
        offers: &[],
    };
    let facts = Facts::of(sale.clone(), "PHN-12-128", "AAAA0001");
    let only_there = terms
        .rules
        .iter()
        .find_map(|rule| rule.places.as_ref()?.first().copied());
    let place = only_there.unwrap_or(country("DE"));
    super::decide(&rules, &facts, &Question::of(day, damage, place))
}

/// What is owed, by which rule, until when.
fn decided(code: &str, sale: &Sale, day: Date, damage: Damage) -> (Outcome, Option<String>, Option<Date>) {
    let decision = decide(&shipped(country(code)), sale, day, damage).unwrap();
    let rule = decision.chain.iter().find(|weighed| weighed.decided);
    (
        decision.outcome,
        rule.map(|weighed| weighed.rule_id.to_string()),
        decision.covered_until,
    )
}

/// Around each end: the last day, and the day after. Sold where, when; on which day; which rule decides. Telephones of which
/// the catalogue names no warranty, so that the terms' own twelve months count.
#[test]
fn ends_of_periods() {
    let table = [
        // 12 months of the maker, then the law.
        ("DE", "2024-05-31", "2024-05-31", "limited-warranty"),
        ("DE", "2024-05-31", "2025-05-31", "limited-warranty"),
        ("DE", "2024-05-31", "2025-06-01", "statutory-de-2022"),
        ("DE", "2024-05-31", "2026-05-31", "statutory-de-2022"),
        ("DE", "2024-05-31", "2026-06-01", "repair-at-price"),
        // Born on a leap day.
        ("FR", "2024-02-29", "2025-02-28", "limited-warranty"),
        ("FR", "2024-02-29", "2025-03-01", "statutory-fr-2022"),
        ("FR", "2024-02-29", "2026-02-28", "statutory-fr-2022"),
        ("FR", "2024-02-29", "2026-03-01", "repair-at-price"),
        // Three years in Spain, for sales from 2022 on.
        ("ES", "2022-01-01", "2025-01-01", "statutory-es-2022"),
        ("ES", "2022-01-01", "2025-01-02", "repair-at-price"),
        ("ES", "2021-12-31", "2023-12-31", "statutory-es-2007"),
        ("ES", "2021-12-31", "2024-01-01", "repair-at-price"),
        // Three years in Sweden, before and after the new act.
        ("SE", "2022-04-30", "2025-04-30", "statutory-se-1990"),
        ("SE", "2022-05-01", "2025-05-01", "statutory-se-2022"),
        ("SE", "2022-05-01", "2025-05-02", "repair-at-price"),
        // Five years on telephones in Norway.
        ("NO", "2024-01-10", "2029-01-10", "statutory-no-phone"),
        ("NO", "2024-01-10", "2029-01-11", "repair-at-price"),
        // What a law leaves open is not given, nor where there is no law in the terms.
        ("GB", "2024-01-10", "2025-01-10", "limited-warranty"),
        ("GB", "2024-01-10", "2025-01-11", "repair-at-price"),
        ("US", "2024-01-10", "2025-01-11", "repair-at-price"),
        ("AQ", "2024-01-10", "2025-01-11", "repair-at-price"),
    ];
    for (code, sold, day, rule) in table {
        let (outcome, by, until) = decided(code, &phone(date_of(sold)), date_of(day), Damage::None);
        assert_eq!(by.as_deref(), Some(rule), "{code}, sold {sold}, on {day}");
        assert!(until.is_none_or(|until| date_of(day) <= until));
        assert_eq!(until.is_some(), outcome.is_covered());
    }
}

#[test]
fn a_product_has_what_the_catalogue_says_or_the_terms_whatever_is_more() {
    let sold = date!(2024 - 05 - 31);
    let until = |line, warranty_months| {
        let sale = Sale {
            warranty_months,
            ..sale_of(line, sold)
        };
        decided("US", &sale, sold, Damage::None).2
    };
    assert_eq!(until(ProductLine::Watch, 6), Some(date!(2025 - 05 - 31)));
    assert_eq!(until(ProductLine::Watch, 24), Some(date!(2026 - 05 - 31)));
    assert_eq!(until(ProductLine::Accessory, 24), Some(date!(2026 - 05 - 31)));
    let bare = decide(
        &shipped(country("US")),
        &sale_of(ProductLine::Accessory, sold),
        sold,
        Damage::None,
    )
    .unwrap();
    assert_eq!(bare.outcome, Outcome::OutOfWarranty);
    assert_eq!(
        (&*bare.chain[0].rule_id, bare.chain[0].reason),
        ("limited-warranty-accessory", Reason::NoWarrantyGiven)
    );
}

#[test]
fn damage_is_weighed_by_each_rule_on_its_own() {
    let (sold, day) = (date!(2025 - 06 - 01), date!(2025 - 07 - 01));
    let outcome = |code, damage| decided(code, &phone(sold), day, damage).0;
    for code in ["DE", "ES", "US"] {
        assert_eq!(outcome(code, Damage::Accidental), Outcome::OutOfWarranty);
        assert_eq!(outcome(code, Damage::Liquid), Outcome::OutOfWarranty);
    }
    // The maker's terms refuse what was changed; the law does not know that.
    assert_eq!(outcome("DE", Damage::UnauthorisedChange), Outcome::StatutoryRight);
    assert_eq!(outcome("US", Damage::UnauthorisedChange), Outcome::Refused);
    let late = decided("DE", &phone(sold), date!(2027 - 06 - 02), Damage::UnauthorisedChange);
    assert_eq!(late, (Outcome::Refused, Some("unauthorised-change".to_owned()), None));
}

#[test]
fn the_chain_says_what_became_of_every_rule() {
    let sale = phone(date!(2024 - 03 - 15));
    let decision = decide(&shipped(country("ES")), &sale, date!(2026 - 06 - 01), Damage::None).unwrap();
    let shown: Vec<_> = decision
        .chain
        .iter()
        .map(|weighed| {
            let key = weighed.reason.as_str().strip_prefix("coverage.reason.").unwrap();
            (&*weighed.rule_id, weighed.applies, weighed.decided, weighed.until, key)
        })
        .collect();
    let (warranty_end, law_end) = (Some(date!(2025 - 03 - 15)), Some(date!(2027 - 03 - 15)));
    assert_eq!(
        shown,
        [
            ("limited-warranty", false, false, warranty_end, "period_over"),
            ("statutory-es-2007", false, false, None, "not_in_force_at_sale"),
            ("statutory-es-2022", true, true, law_end, "within_period"),
            ("repair-warranty", false, false, None, "no_repair_before"),
            ("goodwill", false, false, None, "price_not_known"),
            ("repair-at-price", true, false, None, "repair_at_price"),
            ("unauthorised-change", false, false, None, "no_unauthorised_change"),
            ("nothing-to-repair", false, false, None, "device_at_hand"),
            ("repair-duty-eu-2026", false, false, None, "not_in_force_at_sale"),
        ]
    );
    assert_eq!(decision.days_remaining(), 287);
    assert_eq!(&*decision.terms_version, "shipped");

    let decision = decide(&shipped(country("AQ")), &sale, date!(2026 - 06 - 01), Damage::None).unwrap();
    let law = decision
        .chain
        .iter()
        .find(|weighed| &*weighed.rule_id == "statutory-elsewhere")
        .unwrap();
    assert_eq!((law.applies, law.reason), (false, Reason::LawNotInTerms));
    assert_eq!((decision.days_remaining(), &law.law), (0, &None));
}

#[test]
fn a_law_is_told_with_all_that_it_says() {
    let mut sale = phone(date!(2025 - 07 - 01));
    let told = |code: &str, sale: &Sale, day| {
        let decision = decide(&shipped(country(code)), sale, day, Damage::None).unwrap();
        let law = decision
            .chain
            .iter()
            .filter_map(|weighed| weighed.law.clone())
            .next_back();
        (decision, law.unwrap())
    };
    let (decision, law) = told("PT", &sale, date!(2025 - 07 - 15));
    assert_eq!(law.law.starts, Start::Delivery);
    assert_eq!(law.burden_of_proof_until, Some(date!(2027 - 07 - 01)));
    assert_eq!(law.refusal_until, Some(date!(2025 - 07 - 31)));
    let order = [
        vec![Remedy::Repair, Remedy::Replacement],
        vec![Remedy::PriceReduction, Remedy::Refund],
    ];
    assert_eq!(law.law.remedies, order);
    let parts: Vec<_> = decision
        .spare_parts
        .iter()
        .map(|right| (&*right.rule_id, right.years))
        .collect();
    assert_eq!(parts, [("spare-parts-pt-2022", 10), ("spare-parts-pt-2025", 7)]);
    let returns = |decision: &Decision| -> Vec<_> {
        let shown = |right: &ReturnRight| {
            (
                right.rule_id.to_string(),
                right.until,
                right.applies,
                right.distance_only,
            )
        };
        decision.returns.iter().map(shown).collect()
    };
    let last = date!(2025 - 07 - 15);
    assert_eq!(
        returns(&decision),
        [
            ("voluntary-return".to_owned(), last, true, false),
            ("withdrawal-pt".to_owned(), last, true, true),
        ]
    );
    let (decision, _) = told("PT", &sale, date!(2025 - 07 - 16));
    assert!(returns(&decision).iter().all(|(_, _, applies, _)| !applies));

    sale.line = ProductLine::Audio;
    let (decision, _) = told("PT", &sale, date!(2025 - 07 - 15));
    assert_eq!(decision.spare_parts.len(), 1, "the duty of telephones is theirs alone");
    let (decision, law) = told("JP", &sale, date!(2025 - 07 - 15));
    assert_eq!(
        (law.law.notice_months, law.limitation_until),
        (12, Some(date!(2035 - 07 - 01)))
    );
    assert!(decision.spare_parts.is_empty());
    let (_, law) = told("CN", &phone(date!(2025 - 07 - 01)), date!(2025 - 07 - 15));
    assert_eq!(law.law.starts, Start::Invoice);
    assert_eq!(law.law.remedies[0], [Remedy::Repair]);
    assert!(told("GB", &sale, date!(2025 - 07 - 15)).1.law.note.contains("Scotland"));
}

fn repaired(sale: &Sale, repairs: &[(Date, Date)]) -> Sale {
    let repairs = repairs.iter().map(|(received, returned)| PastRepair {
        received: *received,
        returned: *returned,
        components: Vec::new(),
    });
    Sale {
        repairs: Repairs::new(repairs.collect()),
        ..sale.clone()
    }
}

#[test]
fn a_repair_is_warranted_for_ninety_days_or_the_rest() {
    let sale = repaired(
        &phone(date!(2024 - 03 - 15)),
        &[
            (date!(2024 - 06 - 01), date!(2024 - 06 - 05)),
            (date!(2025 - 03 - 01), date!(2025 - 03 - 10)),
        ],
    );
    for (day, rule) in [
        // The rest is longer.
        (date!(2025 - 03 - 15), "limited-warranty"),
        (date!(2025 - 03 - 16), "repair-warranty"),
        (date!(2025 - 06 - 08), "repair-warranty"),
        (date!(2025 - 06 - 09), "repair-at-price"),
    ] {
        let (outcome, by, until) = decided("US", &sale, day, Damage::None);
        assert_eq!(by.as_deref(), Some(rule), "{day}");
        if rule == "repair-warranty" {
            assert_eq!((outcome, until), (Outcome::RepairWarranty, Some(date!(2025 - 06 - 08))));
        }
    }
    let dropped = decided("US", &sale, date!(2025 - 04 - 01), Damage::Accidental);
    assert_eq!(dropped.0, Outcome::OutOfWarranty);
    // The law is better than the warranty on one repair.
    assert_eq!(
        decided("DE", &sale, date!(2025 - 04 - 01), Damage::None).0,
        Outcome::StatutoryRight
    );
}

#[test]
fn some_laws_stand_still_or_grow_while_a_device_is_repaired() {
    let sold = date!(2024 - 03 - 15);
    let end = |code: &str, repairs: &[(Date, Date)]| {
        let sale = repaired(&phone(sold), repairs);
        let decision = decide(&shipped(country(code)), &sale, date!(2026 - 06 - 01), Damage::None).unwrap();
        let law = decision
            .chain
            .into_iter()
            .rfind(|weighed| weighed.law.is_some())
            .unwrap();
        let facts = law.law.unwrap();
        (law.until.unwrap(), facts.days_added, facts.months_added)
    };
    let ten_days = (date!(2024 - 07 - 01), date!(2024 - 07 - 10));
    assert_eq!(
        end("DE", &[ten_days]),
        (date!(2026 - 03 - 15), 0, 0),
        "it does not in Germany"
    );
    assert_eq!(end("ES", &[ten_days]), (date!(2027 - 03 - 25), 10, 0));
    assert_eq!(end("FR", &[ten_days]), (date!(2026 - 09 - 25), 10, 6));
    // A day of two repairs counts once.
    let overlapping = [ten_days, (date!(2024 - 07 - 10), date!(2024 - 07 - 12))];
    assert_eq!(end("ES", &overlapping), (date!(2027 - 03 - 27), 12, 0));
    // On the last day it still does, on the day after it does not.
    let on_the_last = (date!(2027 - 03 - 15), date!(2027 - 03 - 16));
    assert_eq!(end("ES", &[on_the_last]), (date!(2027 - 03 - 17), 2, 0));
    let too_late = (date!(2027 - 03 - 16), date!(2027 - 03 - 17));
    assert_eq!(end("ES", &[too_late]), (date!(2027 - 03 - 15), 0, 0));
    // Four times six months in Portugal, and not a fifth time.
    let days = [1, 3, 5, 7, 9].map(|day| {
        let day = date!(2024 - 07 - 01).replace_day(day).unwrap();
        (day, day)
    });
    assert_eq!(end("PT", &days), (date!(2029 - 03 - 20), 5, 24));
    // The days of all repairs go before the months of all.
    let twenty_days = (date!(2024 - 08 - 01), date!(2024 - 08 - 20));
    assert_eq!(end("FR", &[ten_days, twenty_days]), (date!(2027 - 04 - 14), 30, 12));
}

#[test]
fn a_repair_more_never_ends_a_law_earlier() {
    let law = country("PT");
    for sold in (0..366).map(|days| date!(2024 - 01 - 01) + Duration::days(days)) {
        let away = |first: i64, last: i64| (sold + Duration::days(first), sold + Duration::days(last));
        let four = [away(3, 33), away(34, 52), away(60, 63), away(70, 99)];
        // Portugal prolongs four times: this one takes the place of the last.
        let five = [four[0], away(34, 34), four[1], four[2], four[3]];
        let until = |repairs: &[(Date, Date)]| {
            let sale = repaired(&phone(sold), repairs);
            let decision = decide(&shipped(law), &sale, date!(2026 - 06 - 01), Damage::None).unwrap();
            let law = decision.chain.into_iter().rfind(|weighed| weighed.law.is_some());
            law.and_then(|law| law.until).unwrap()
        };
        assert!(until(&four) <= until(&five), "sold on {sold}");
    }
}

#[test]
fn of_two_rules_that_give_the_same_the_first_decides() {
    let mut twice = shipped(country("DE"));
    let another = Rule {
        id: "added".into(),
        ..twice.rules[0].clone()
    };
    twice.rules.push(another);
    let made = decide(
        &twice,
        &phone(date!(2024 - 03 - 15)),
        date!(2024 - 03 - 16),
        Damage::None,
    )
    .unwrap();
    let winners: Vec<_> = made.chain.iter().filter(|weighed| weighed.decided).collect();
    assert_eq!(
        winners.iter().map(|weighed| &*weighed.rule_id).collect::<Vec<_>>(),
        ["limited-warranty"]
    );
}

#[test]
fn nothing_is_decided_for_a_day_before_the_sale() {
    let (terms, sale) = (shipped(country("DE")), phone(date!(2024 - 03 - 15)));
    assert_eq!(
        decide(&terms, &sale, date!(2024 - 03 - 14), Damage::None),
        Err(Undecided::DayBeforePurchase)
    );
    assert!(decide(&terms, &sale, date!(2024 - 03 - 15), Damage::None).is_ok());
}

#[test]
fn what_was_decided_is_explained_again_as_it_was() {
    let terms = shipped(country("FR"));
    let sale = repaired(
        &phone(date!(2024 - 03 - 15)),
        &[(date!(2024 - 07 - 01), date!(2024 - 07 - 10))],
    );
    let made = decide(&terms, &sale, date!(2025 - 03 - 16), Damage::None).unwrap();
    let mut read = made.clone();
    read.returns.clear();
    read.spare_parts.clear();
    for weighed in &mut read.chain {
        weighed.law = None;
    }
    assert_ne!(read, made);
    explain(&mut read, &terms, &sale);
    assert_eq!(read, made);
}

#[test]
fn reasons_are_keys_of_the_catalogue() {
    assert_eq!(REASON_KEYS.len(), Reason::ALL.len());
    for key in REASON_KEYS {
        let name = key.strip_prefix("coverage.reason.").unwrap();
        assert!(
            name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
            "{key}"
        );
    }
}
