//! What holds for every sale, day and damage.

use std::sync::Arc;

use proptest::prelude::*;
use time::Date;

use super::{SHIPPED, country, decide, shipped};
use crate::domain::coverage::{Damage, Outcome, Reason};
use crate::domain::product::ProductLine;
use crate::domain::sale::{PastRepair, Repairs, Sale};
use crate::domain::terms::{Certain, Law, Length, Remedy, Rule, Scope, Start, Terms};

/// Every country whose law is shipped, and one whose law is not.
fn codes() -> impl Strategy<Value = &'static str> {
    let mut codes: Vec<_> = SHIPPED.countries.keys().map(String::as_str).chain(["AQ"]).collect();
    codes.sort_unstable();
    prop::sample::select(codes)
}

/// A sale, the days from it to the decision, and the repairs between.
fn sales() -> impl Strategy<Value = (Sale, i64)> {
    let repairs = prop::collection::vec((0..1500_i64, 0..40_i64), 0..6);
    let lines = prop::sample::select(ProductLine::ALL);
    (
        2_456_000..2_462_000_i32,
        lines,
        0..=120_u8,
        any::<bool>(),
        repairs,
        0..5000_i64,
    )
        .prop_map(|(day, line, warranty_months, used, repairs, after)| {
            let day = Date::from_julian_day(day).unwrap();
            let later = |days| day + time::Duration::days(days);
            let repairs = repairs
                .into_iter()
                .filter(|(received, away)| received + away <= after)
                .map(|(received, away)| PastRepair {
                    received: later(received),
                    returned: later(received + away),
                    components: Vec::new(),
                });
            let sale = Sale {
                day,
                line,
                warranty_months,
                used,
                repairs: Repairs::new(repairs.collect()),
            };
            (sale, after)
        })
}

fn damages() -> impl Strategy<Value = Damage> {
    prop::sample::select(Damage::ALL)
}

fn laws() -> impl Strategy<Value = Law> {
    (
        any::<bool>(),
        prop::option::of(1..200_u16),
        any::<bool>(),
        0..12_u16,
        0..5_u16,
    )
        .prop_map(
            |(length_open, limitation_months, suspended_during_repair, repair_adds_months, repair_adds_times)| Law {
                starts: Start::Delivery,
                length_open,
                limitation_months,
                burden_of_proof_months: None,
                used_burden_of_proof_months: None,
                notice_months: 0,
                remedies: vec![vec![Remedy::Repair]],
                refusal_days: 0,
                suspended_during_repair,
                repair_adds_months,
                repair_adds_times,
                note: String::new(),
            },
        )
}

fn rules() -> impl Strategy<Value = Rule> {
    let of_law = (0..200_u16, 0..100_u16, prop::option::of(0..30_u16));
    let lengths = prop_oneof![
        of_law.prop_map(|(months, days, used_months)| Length::OfLaw(Certain {
            months,
            days,
            used_months
        })),
        (0..100_u16).prop_map(Length::OfProduct),
        (0..200_u16).prop_map(Length::AfterRepair),
        Just(Length::Open),
        Just(Length::NotInTerms),
    ];
    let excludes = vec![
        vec![],
        vec![(Damage::Liquid, Reason::LiquidDamage)],
        vec![
            (Damage::None, Reason::NoUnauthorisedChange),
            (Damage::Accidental, Reason::AccidentalDamage),
        ],
    ];
    (
        prop::sample::select(vec![
            Outcome::LimitedWarranty,
            Outcome::StatutoryRight,
            Outcome::RepairWarranty,
            Outcome::OutOfWarranty,
            Outcome::Refused,
        ]),
        prop::sample::select(vec![vec![], vec![ProductLine::Phone, ProductLine::Watch]]),
        lengths,
        prop::sample::select(excludes),
        prop::option::of(2_456_000..2_462_000_i32),
        prop::option::of(laws()),
    )
        .prop_map(|(outcome, lines, length, excludes, sold_from, law)| Rule {
            id: "added".into(),
            outcome,
            scope: Scope {
                from: sold_from.map(|day| Date::from_julian_day(day).unwrap()),
                until: None,
                lines,
            },
            length,
            excludes,
            granted: Reason::WithinPeriod,
            source: "a test".into(),
            places: None,
            wearing_part_months: None,
            cosmetic_parts: true,
            law: law.map(Arc::new),
        })
}

/// As good or better: what is owed, and for how long.
fn is_no_worse(terms: &Terms, than: &Terms, sale: &Sale, day: Date, damage: Damage) -> Result<(), TestCaseError> {
    let (after, before) = (
        decide(terms, sale, day, damage).unwrap(),
        decide(than, sale, day, damage).unwrap(),
    );
    prop_assert!(after.outcome.benefit() >= before.outcome.benefit());
    if after.outcome == before.outcome {
        prop_assert!(after.covered_until.unwrap_or(Date::MAX) >= before.covered_until.unwrap_or(Date::MAX));
    }
    Ok(())
}

proptest! {
    #[test]
    fn exactly_one_rule_decides_and_it_applies(code in codes(), (sale, after) in sales(), damage in damages()) {
        let day = sale.day + time::Duration::days(after);
        let decision = decide(&shipped(country(code)), &sale, day, damage).unwrap();
        let decided: Vec<_> = decision.chain.iter().filter(|weighed| weighed.decided).collect();
        prop_assert_eq!(decided.len(), 1);
        prop_assert!(decided[0].applies);
        prop_assert_eq!(decided[0].outcome, decision.outcome);
        prop_assert!(
            decision.chain.iter().all(|weighed| !weighed.applies || weighed.outcome.benefit() <= decision.outcome.benefit())
        );
        for weighed in &decision.chain {
            let holds = weighed.from.is_some_and(|from| from <= day) && weighed.until.is_none_or(|until| day <= until);
            prop_assert_eq!(weighed.applies, holds, "{}", weighed.rule_id);
        }
    }

    #[test]
    fn a_later_day_never_gives_more(code in codes(), (sale, after) in sales(), damage in damages()) {
        let terms = shipped(country(code));
        let day = sale.day + time::Duration::days(after);
        let today = decide(&terms, &sale, day, damage).unwrap();
        let tomorrow = decide(&terms, &sale, day.next_day().unwrap(), damage).unwrap();
        // But for the first day of a law that obliges to repair.
        let begins = |rule: &Rule| matches!(rule.length, Length::InForceFrom(first) if day.next_day() == Some(first));
        let a_duty_begins = terms.rules.iter().any(begins);
        prop_assert!(a_duty_begins || tomorrow.outcome.benefit() <= today.outcome.benefit());
        // No gap: what is owed changes only on the day after the last one that was promised.
        if today.covered_until.is_some_and(|until| day < until) {
            prop_assert_eq!(tomorrow.outcome, today.outcome);
            prop_assert_eq!(tomorrow.covered_until, today.covered_until);
            prop_assert_eq!(tomorrow.days_remaining() + 1, today.days_remaining());
        }
    }

    #[test]
    fn another_right_never_takes_anything_away(
        code in codes(), (sale, after) in sales(), damage in damages(), rule in rules(), place in 0..12_usize,
    ) {
        let day = sale.day + time::Duration::days(after);
        let before = shipped(country(code));
        let mut more = before.clone();
        let place = place.min(more.rules.len());
        more.rules.insert(place, rule);
        is_no_worse(&more, &before, &sale, day, damage)?;
    }

    #[test]
    fn another_repair_never_takes_anything_away(
        code in codes(), (sale, after) in sales(), damage in damages(), received in 0..1500_i64, away in 0..40_i64,
    ) {
        prop_assume!(received + away <= after);
        let terms = shipped(country(code));
        let day = sale.day + time::Duration::days(after);
        let another = PastRepair {
            received: sale.day + time::Duration::days(received),
            returned: sale.day + time::Duration::days(received + away),
            components: Vec::new(),
        };
        let repairs = sale.repairs.iter().cloned().chain([another]);
        let more = Sale { repairs: Repairs::new(repairs.collect()), ..sale.clone() };
        let before = decide(&terms, &sale, day, damage).unwrap();
        let after = decide(&terms, &more, day, damage).unwrap();
        prop_assert!(after.outcome.benefit() >= before.outcome.benefit());
    }

    #[test]
    fn what_is_sold_new_has_no_less_than_what_is_sold_used(code in codes(), (sale, after) in sales(), damage in damages()) {
        let terms = shipped(country(code));
        let day = sale.day + time::Duration::days(after);
        let of = |used| decide(&terms, &Sale { used, ..sale.clone() }, day, damage).unwrap().outcome.benefit();
        prop_assert!(of(false) >= of(true));
    }
}
