//! Prices: looked up, rounded, never below nothing, never more for a part than for the whole.

use proptest::prelude::*;

use super::*;

fn terms(basis_points: u16, treatment: TaxTreatment, rounding: Rounding, step: u32) -> PriceTerms {
    PriceTerms {
        currency: Currency::from_code("EUR").unwrap(),
        tax: Tax {
            name: "MwSt.".to_owned(),
            basis_points,
            treatment,
            source: "an act".to_owned(),
        },
        rounding,
        step,
        source: "a list".to_owned(),
    }
}

fn any(minor: i64) -> ListPrice {
    ListPrice {
        any: minor,
        by_damage: Vec::new(),
    }
}

/// A group with a battery, a display that costs more than the whole, and a whole with prices of its own after liquid and theft.
fn list() -> Prices {
    let whole = ListPrice {
        any: 20_000,
        by_damage: vec![(Damage::Liquid, 30_000), (Damage::Theft, 50_000)],
    };
    let battery = ListPrice {
        any: 5000,
        by_damage: vec![(Damage::Wear, 4000)],
    };
    Prices::new(
        "v".to_owned(),
        terms(0, TaxTreatment::Added, Rounding::HalfUp, 1),
        [
            ("phone", WHOLE_UNIT, whole),
            ("phone", "battery", battery),
            ("phone", "display", any(25_000)),
            ("buds", "battery", any(3000)),
        ],
    )
}

#[test]
fn a_price_is_that_of_the_component_or_of_the_whole() {
    let prices = list();
    let table = [
        // Component, damage, price, whose it is, whether it is that of the damage.
        (Some("battery"), Damage::None, Some((5000, Some("battery"), false))),
        (Some("battery"), Damage::Wear, Some((4000, Some("battery"), true))),
        (Some("battery"), Damage::Liquid, Some((5000, Some("battery"), false))),
        // Never more than the whole, after the same damage.
        (Some("display"), Damage::None, Some((20_000, None, false))),
        (Some("display"), Damage::Liquid, Some((25_000, Some("display"), false))),
        (Some("speaker"), Damage::Accidental, Some((20_000, None, false))),
        (None, Damage::None, Some((20_000, None, false))),
        (None, Damage::Liquid, Some((30_000, None, true))),
        // What is gone has a price only where there is one, and no part of it is left.
        (None, Damage::Theft, Some((50_000, None, true))),
        (Some("battery"), Damage::Theft, Some((50_000, None, true))),
        (None, Damage::Loss, None),
        (Some("battery"), Damage::Loss, None),
    ];
    for (component, damage, expected) in table {
        let quote = prices.quote("phone", component, damage);
        let found = quote
            .as_ref()
            .map(|quote| (quote.list.minor, quote.component, quote.is_of_damage));
        assert_eq!(found, expected, "{component:?} {damage:?}");
        assert_eq!(quote.map(|quote| quote.price), prices.of("phone", component, damage));
    }
}

#[test]
fn what_is_not_in_the_list_is_not_known() {
    let prices = list();
    assert_eq!(prices.of("buds", Some("battery"), Damage::None).unwrap().minor, 3000);
    assert_eq!(
        prices.of("buds", Some("case"), Damage::None),
        None,
        "there is no price of the whole"
    );
    assert_eq!(prices.of("", None, Damage::None), None);
    assert_eq!(prices.of("watch", None, Damage::None), None);
    assert_eq!(Prices::default().of("phone", None, Damage::None), None);
    assert_eq!(Prices::none("v2".to_owned()).version(), "v2");
}

#[test]
fn a_price_that_cannot_be_written_is_not_known() {
    let terms = terms(1900, TaxTreatment::Added, Rounding::Up, 100);
    assert_eq!(terms.paid(-1), None);
    assert_eq!(terms.paid(i64::MAX), None);
    assert_eq!(terms.paid(0), Some(0));
    let prices = Prices::new("v".to_owned(), terms, [("phone", WHOLE_UNIT, any(i64::MAX))]);
    assert_eq!(prices.of("phone", None, Damage::None), None);
}

#[test]
fn the_sum_is_rounded_once_and_as_named() {
    let table = [
        // List, rate, step, half up, half even, down, up.
        (8319, 1900, 100, [9900, 9900, 9800, 9900]),
        (1050, 0, 100, [1100, 1000, 1000, 1100]),
        (1150, 0, 100, [1200, 1200, 1100, 1200]),
        (1000, 0, 100, [1000, 1000, 1000, 1000]),
        (1, 0, 500, [0, 0, 0, 500]),
        // Tax and rounding in one: 100.50 × 1.10 = 110.55.
        (10_050, 1000, 5, [11_055, 11_055, 11_055, 11_055]),
        (10_050, 1000, 10, [11_060, 11_060, 11_050, 11_060]),
    ];
    for (list, rate, step, expected) in table {
        for (rounding, expected) in Rounding::ALL.iter().zip(expected) {
            let paid = terms(rate, TaxTreatment::Added, *rounding, step).paid(list);
            assert_eq!(paid, Some(expected), "{list} {rate} {step} {rounding:?}");
        }
    }
}

fn rounding() -> impl Strategy<Value = Rounding> {
    prop::sample::select(Rounding::ALL)
}

fn treatment() -> impl Strategy<Value = TaxTreatment> {
    prop::sample::select(vec![TaxTreatment::Added, TaxTreatment::InList, TaxTreatment::AtSale])
}

proptest! {
    #[test]
    fn what_is_paid_is_a_multiple_of_the_step_within_one_of_the_exact_sum(
        list in 0..1_000_000_000_i64, rate in 0..10_000_u16, step in 1..100_000_u32, rounding in rounding(),
        treatment in treatment(),
    ) {
        let terms = terms(rate, treatment, rounding, step);
        let paid = terms.paid(list).unwrap();
        prop_assert!(paid >= 0);
        prop_assert_eq!(paid % i64::from(step), 0);
        // In hundredths of a hundredth of a minor unit, exactly.
        let rate = if treatment == TaxTreatment::Added { i128::from(rate) } else { 0 };
        let off = i128::from(paid) * 10_000 - i128::from(list) * (10_000 + rate);
        let step = i128::from(step) * 10_000;
        let holds = match rounding {
            Rounding::HalfUp | Rounding::HalfEven => off.abs() * 2 <= step,
            Rounding::Down => off <= 0 && -off < step,
            Rounding::Up => off >= 0 && off < step,
        };
        prop_assert!(holds, "{off} of {step}");
    }

    #[test]
    fn a_higher_price_in_the_list_is_never_paid_with_less(
        list in 0..1_000_000_000_i64, more in 0..1_000_000_i64, rate in 0..10_000_u16, step in 1..100_000_u32,
        rounding in rounding(), treatment in treatment(),
    ) {
        let terms = terms(rate, treatment, rounding, step);
        prop_assert!(terms.paid(list) <= terms.paid(list + more));
    }

    #[test]
    fn the_tax_and_the_rest_are_the_price(
        list in 0..1_000_000_000_i64, rate in 0..10_000_u16, step in 1..10_000_u32, rounding in rounding(),
        treatment in treatment(),
    ) {
        let terms = terms(rate, treatment, rounding, step);
        let paid = Amount::new(terms.currency, terms.paid(list).unwrap());
        match terms.tax_in(paid) {
            None => prop_assert_eq!(treatment, TaxTreatment::InList),
            Some(tax) => {
                prop_assert!((0..=paid.minor).contains(&tax.minor));
                let net = paid.checked_sub(tax).unwrap().minor;
                let rate = if treatment == TaxTreatment::Added { i128::from(rate) } else { 0 };
                // The tax is that of the rest, to half a minor unit of it.
                let off = i128::from(net) * (10_000 + rate) - i128::from(paid.minor) * 10_000;
                prop_assert!(off.abs() * 2 <= 10_000 + rate, "{off}");
            }
        }
    }

    #[test]
    fn no_part_costs_more_than_the_whole(
        parts in prop::collection::vec(0..100_000_i64, 1..5), whole in 0..100_000_i64,
        damaged in prop::collection::vec((prop::sample::select(Damage::ALL), 0..100_000_i64), 0..3),
        rate in 0..5000_u16, rounding in rounding(), step in 1..1000_u32,
    ) {
        let names = ["a", "b", "c", "d"];
        let whole = ListPrice { any: whole, by_damage: damaged };
        let entries = parts.iter().zip(names).map(|(minor, name)| ("g", name, any(*minor)));
        let prices = Prices::new(
            String::new(),
            terms(rate, TaxTreatment::Added, rounding, step),
            entries.chain([("g", WHOLE_UNIT, whole)]),
        );
        for damage in Damage::ALL {
            let of_whole = prices.of("g", None, *damage);
            for name in names.into_iter().chain(["unheard-of"]) {
                let of_part = prices.of("g", Some(name), *damage);
                prop_assert_eq!(of_part.is_some(), of_whole.is_some());
                prop_assert!(of_part <= of_whole);
            }
        }
    }
}
