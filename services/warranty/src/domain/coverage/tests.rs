//! Table and property tests of the decision.

use proptest::prelude::*;
use time::macros::date;

use super::*;
use crate::domain::terms::{CURRENT, Reach};

fn country(code: &str) -> Country {
    Country::from_code(code).unwrap()
}

fn decided(code: &str, sold: Date, months: u8, day: Date, damage: Damage) -> (Outcome, Option<String>, Option<Date>) {
    let sale = Sale {
        day: sold,
        country: country(code),
        warranty_months: months,
    };
    let decision = decide(&CURRENT, sale, day, damage).unwrap();
    let rule = decision
        .chain
        .iter()
        .find(|weighed| weighed.decided)
        .map(|weighed| weighed.rule_id.to_string());
    (decision.outcome, rule, decision.covered_until)
}

fn date_of(text: &str) -> Date {
    Date::parse(text, &time::format_description::well_known::Iso8601::DATE).unwrap()
}

/// Around each end: the last day, and the day after. Sold where, when; on which day; which rule decides.
#[test]
fn ends_of_periods() {
    let table = [
        // 12 months of the maker, then the law.
        ("DE", "2024-05-31", "2024-05-31", "limited-warranty"),
        ("DE", "2024-05-31", "2025-05-31", "limited-warranty"),
        ("DE", "2024-05-31", "2025-06-01", "statutory-eu"),
        ("DE", "2024-05-31", "2026-05-31", "statutory-eu"),
        ("DE", "2024-05-31", "2026-06-01", "repair-at-price"),
        // Born on a leap day.
        ("FR", "2024-02-29", "2025-02-28", "limited-warranty"),
        ("FR", "2024-02-29", "2025-03-01", "statutory-eu"),
        ("FR", "2024-02-29", "2026-02-28", "statutory-eu"),
        ("FR", "2024-02-29", "2026-03-01", "repair-at-price"),
        // Three years in Spain, for sales from 2022 on.
        ("ES", "2022-01-01", "2025-01-01", "statutory-es"),
        ("ES", "2022-01-01", "2025-01-02", "repair-at-price"),
        ("ES", "2021-12-31", "2023-12-31", "statutory-eu-1999"),
        ("ES", "2021-12-31", "2024-01-01", "repair-at-price"),
        ("PT", "2023-08-31", "2026-08-31", "statutory-pt"),
        ("PT", "2023-08-31", "2026-09-01", "repair-at-price"),
        ("PT", "2021-12-31", "2024-01-01", "repair-at-price"),
        // Three years in Sweden, before and after the new act.
        ("SE", "2022-04-30", "2025-04-30", "statutory-se-1990"),
        ("SE", "2022-05-01", "2025-05-01", "statutory-se"),
        ("SE", "2022-05-01", "2025-05-02", "repair-at-price"),
        ("NO", "2024-01-10", "2026-01-10", "statutory-eea"),
        ("NO", "2024-01-10", "2026-01-11", "repair-at-price"),
        // No consumer law in the terms.
        ("US", "2024-01-10", "2025-01-10", "limited-warranty"),
        ("US", "2024-01-10", "2025-01-11", "repair-at-price"),
        ("GB", "2024-01-10", "2025-01-11", "repair-at-price"),
    ];
    for (code, sold, day, rule) in table {
        let expected = CURRENT.rules.iter().find(|known| known.id == rule).unwrap();
        let (outcome, by, until) = decided(code, date_of(sold), 12, date_of(day), Damage::None);
        assert_eq!(by.as_deref(), Some(rule), "{code}, sold {sold}, on {day}");
        assert_eq!(outcome, expected.outcome);
        assert!(until.is_none_or(|until| date_of(day) <= until));
        assert_eq!(until.is_some(), outcome.is_covered());
    }
}

#[test]
fn damage_is_weighed_by_each_rule_on_its_own() {
    let (sold, day) = (date!(2025 - 06 - 01), date!(2025 - 07 - 01));
    let outcome = |code, months, damage| decided(code, sold, months, day, damage).0;
    for code in ["DE", "ES", "US"] {
        assert_eq!(outcome(code, 12, Damage::Accidental), Outcome::OutOfWarranty);
        assert_eq!(outcome(code, 12, Damage::Liquid), Outcome::OutOfWarranty);
    }
    // The maker's terms refuse what was changed; the law does not know that.
    assert_eq!(outcome("DE", 12, Damage::UnauthorisedChange), Outcome::StatutoryRight);
    assert_eq!(outcome("US", 12, Damage::UnauthorisedChange), Outcome::Refused);
    let late = decided("DE", sold, 12, date!(2027 - 06 - 02), Damage::UnauthorisedChange);
    assert_eq!(late, (Outcome::Refused, Some("unauthorised-change".to_owned()), None));
    // No warranty of the maker: the law alone.
    assert_eq!(outcome("DE", 0, Damage::None), Outcome::StatutoryRight);
    assert_eq!(outcome("US", 0, Damage::None), Outcome::OutOfWarranty);
}

#[test]
fn the_chain_says_what_became_of_every_rule() {
    let sale = Sale {
        day: date!(2024 - 03 - 15),
        country: country("ES"),
        warranty_months: 12,
    };
    let decision = decide(&CURRENT, sale, date!(2026 - 06 - 01), Damage::None).unwrap();
    let shown: Vec<_> = decision
        .chain
        .iter()
        .map(|weighed| {
            (
                &*weighed.rule_id,
                weighed.applies,
                weighed.decided,
                weighed.until,
                &*weighed.reason_key,
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            (
                "limited-warranty",
                false,
                false,
                Some(date!(2025 - 03 - 15)),
                "coverage.reason.period_over"
            ),
            (
                "statutory-eu-1999",
                false,
                false,
                None,
                "coverage.reason.not_in_force_at_sale"
            ),
            (
                "statutory-eu",
                false,
                false,
                Some(date!(2026 - 03 - 15)),
                "coverage.reason.period_over"
            ),
            (
                "statutory-es",
                true,
                true,
                Some(date!(2027 - 03 - 15)),
                "coverage.reason.within_period"
            ),
            ("repair-at-price", true, false, None, "coverage.reason.repair_at_price"),
            (
                "unauthorised-change",
                false,
                false,
                None,
                "coverage.reason.no_unauthorised_change"
            ),
        ]
    );
    assert_eq!(decision.days_remaining(), 287);
    assert_eq!(decision.terms_version, CURRENT.version);

    let sale = Sale {
        country: country("GB"),
        ..sale
    };
    let decision = decide(&CURRENT, sale, date!(2026 - 06 - 01), Damage::None).unwrap();
    let law = decision
        .chain
        .iter()
        .find(|weighed| weighed.rule_id == "statutory-elsewhere")
        .unwrap();
    assert_eq!(
        (law.applies, &*law.reason_key),
        (false, "coverage.reason.law_not_in_terms")
    );
    assert_eq!(decision.days_remaining(), 0);
}

#[test]
fn of_two_rules_that_give_the_same_the_first_decides() {
    let sale = Sale {
        day: date!(2024 - 03 - 15),
        country: country("DE"),
        warranty_months: 12,
    };
    let mut twice = CURRENT.clone();
    let another = Rule {
        id: "added",
        ..twice.rules[0].clone()
    };
    twice.rules.to_mut().push(another);
    let made = decide(&twice, sale, date!(2024 - 03 - 16), Damage::None).unwrap();
    let winners: Vec<_> = made.chain.iter().filter(|weighed| weighed.decided).collect();
    assert_eq!(
        winners.iter().map(|weighed| &*weighed.rule_id).collect::<Vec<_>>(),
        ["limited-warranty"]
    );
}

#[test]
fn nothing_is_decided_for_a_day_before_the_sale() {
    let sale = Sale {
        day: date!(2024 - 03 - 15),
        country: country("DE"),
        warranty_months: 12,
    };
    assert_eq!(
        decide(&CURRENT, sale, date!(2024 - 03 - 14), Damage::None),
        Err(DayBeforePurchase)
    );
    assert!(decide(&CURRENT, sale, date!(2024 - 03 - 15), Damage::None).is_ok());
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

fn sales() -> impl Strategy<Value = Sale> {
    let codes = prop::sample::select(vec!["DE", "ES", "PT", "SE", "NO", "GB", "US", "JP"]);
    (2_456_000..2_462_000_i32, codes, 0..=120_u8).prop_map(|(day, code, warranty_months)| Sale {
        day: Date::from_julian_day(day).unwrap(),
        country: country(code),
        warranty_months,
    })
}

fn damages() -> impl Strategy<Value = Damage> {
    prop::sample::select(Damage::ALL)
}

fn rules() -> impl Strategy<Value = Rule> {
    let lengths = prop_oneof![
        (0..200_u16).prop_map(Length::Months),
        Just(Length::OfProduct),
        Just(Length::Open),
        Just(Length::NotInTerms),
    ];
    let excludes: Vec<&'static [(Damage, Reason)]> = vec![
        &[],
        &[(Damage::Liquid, Reason::LiquidDamage)],
        &[
            (Damage::None, Reason::NoUnauthorisedChange),
            (Damage::Accidental, Reason::AccidentalDamage),
        ],
    ];
    let reaches = vec![Reach::Everywhere, Reach::Elsewhere, Reach::Countries(&["DE", "US"])];
    (
        prop::sample::select(Outcome::ALL),
        prop::sample::select(reaches),
        lengths,
        prop::sample::select(excludes),
        prop::option::of(2_456_000..2_462_000_i32),
    )
        .prop_map(|(outcome, reach, length, excludes, sold_from)| Rule {
            id: "added",
            outcome,
            reach,
            sold_from: sold_from.map(|day| Date::from_julian_day(day).unwrap()),
            sold_until: None,
            length,
            excludes,
            granted: Reason::WithinPeriod,
            source: "a test",
        })
}

proptest! {
    #[test]
    fn exactly_one_rule_decides_and_it_applies(sale in sales(), after in 0..5000_i64, damage in damages()) {
        let day = sale.day + time::Duration::days(after);
        let decision = decide(&CURRENT, sale, day, damage).unwrap();
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
    fn a_later_day_never_gives_more(sale in sales(), after in 0..5000_i64, damage in damages()) {
        let day = sale.day + time::Duration::days(after);
        let today = decide(&CURRENT, sale, day, damage).unwrap();
        let tomorrow = decide(&CURRENT, sale, day.next_day().unwrap(), damage).unwrap();
        prop_assert!(tomorrow.outcome.benefit() <= today.outcome.benefit());
        // No gap: what is owed changes only on the day after the last one that was promised.
        if today.covered_until.is_some_and(|until| day < until) {
            prop_assert_eq!(tomorrow.outcome, today.outcome);
            prop_assert_eq!(tomorrow.covered_until, today.covered_until);
            prop_assert_eq!(tomorrow.days_remaining() + 1, today.days_remaining());
        }
    }

    #[test]
    fn another_right_never_takes_anything_away(
        sale in sales(), after in 0..5000_i64, damage in damages(), rule in rules(), place in 0..12_usize,
    ) {
        let day = sale.day + time::Duration::days(after);
        let before = decide(&CURRENT, sale, day, damage).unwrap();
        let mut more = CURRENT.clone();
        let place = place.min(more.rules.len());
        more.rules.to_mut().insert(place, rule);
        let with = decide(&more, sale, day, damage).unwrap();
        prop_assert!(with.outcome.benefit() >= before.outcome.benefit());
        if with.outcome == before.outcome {
            prop_assert!(with.covered_until.unwrap_or(Date::MAX) >= before.covered_until.unwrap_or(Date::MAX));
        }
    }
}
