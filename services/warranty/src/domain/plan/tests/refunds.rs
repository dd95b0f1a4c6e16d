//! What is paid back.

use proptest::prelude::*;
use time::Duration;
use time::macros::date;

use super::*;
use crate::domain::plan::refund::{Refund, refund};

fn euro() -> Currency {
    Currency::from_code("EUR").unwrap()
}

#[test]
fn all_of_it_and_then_the_days_that_are_left() {
    // 2026-03-01 to 2027-03-01: 366 days of 125.00.
    let periods = periods(date!(2026 - 03 - 01), &[12]);
    let on = |day| refund(&periods, day, euro()).unwrap();
    for (day, back, left, charge, full) in [
        (date!(2026 - 03 - 01), 12_500, 365, 0, true),
        // The last day of a full refund, and the day after it: 335 of 366 days are 114.42, less 10 %.
        (date!(2026 - 03 - 31), 12_500, 335, 0, true),
        (date!(2026 - 04 - 01), 11_408 - 1140, 334, 1140, false),
        (date!(2027 - 02 - 28), 35 - 3, 1, 3, false),
        (date!(2027 - 03 - 01), 0, 0, 0, false),
    ] {
        let found = on(day);
        let term = found.terms[0];
        assert_eq!(
            (found.refund.minor, term.days_left, term.charge.minor, term.full),
            (back, left, charge, full),
            "{day}"
        );
        assert_eq!((term.days, found.paid), (366, euros(12_500)));
        assert_eq!(found.kept, euros(12_500 - back));
        assert_eq!(found.full_until, full.then_some(date!(2026 - 03 - 31)));
    }
    // Over: there is nothing to pay back.
    let over = on(date!(2027 - 03 - 02));
    assert_eq!((over.paid, over.refund, over.terms.len()), (euros(0), euros(0), 0));
}

#[test]
fn a_term_that_has_not_begun_is_not_used() {
    let mut periods = periods(date!(2026 - 03 - 01), &[12, 12]);
    periods[1].paid_on = date!(2027 - 01 - 10);
    let found = refund(&periods, date!(2027 - 02 - 20), euro()).unwrap();
    assert_eq!(found.terms.len(), 2);
    assert!(!found.terms[1].full);
    assert_eq!(found.terms[1].days_left, found.terms[1].days);
    assert_eq!(found.terms[1].refund, euros(12_500 - 1250));
    assert_eq!(found.full_until, None);
}

#[test]
fn the_charge_has_a_limit_and_none_is_none() {
    let mut periods = periods(date!(2026 - 03 - 01), &[24]);
    periods[0].agreed.price = euros(100_000);
    let day = date!(2026 - 04 - 01);
    let found = refund(&periods, day, euro()).unwrap();
    assert_eq!(found.terms[0].charge, euros(2600));
    periods[0].agreed.cancellation.charge_at_most = None;
    let without = refund(&periods, day, euro()).unwrap();
    assert_eq!(without.refund.minor, found.refund.minor + 2600);
}

#[test]
fn what_cannot_be_reckoned_is_none() {
    let mut periods = periods(date!(2026 - 03 - 01), &[12, 12]);
    periods[1].agreed.price = Amount::new(Currency::from_code("JPY").unwrap(), 1);
    assert_eq!(refund(&periods, date!(2026 - 03 - 01), euro()), None);
    periods[1].agreed.price = euros(i64::MAX);
    assert_eq!(refund(&periods, date!(2026 - 03 - 01), euro()), None);
}

/// Terms of a plan with any terms of cancellation, paid on or before their first day.
fn paid() -> impl Strategy<Value = Vec<Period>> {
    let terms = (
        1..=36_u16,
        0..50_000_000_i64,
        0..=60_u16,
        0..=10_000_u16,
        prop::option::of(0..5000_i64),
        prop::sample::select(Rounding::ALL),
        0..40_i64,
    );
    (2_456_000..2_470_000_i32, prop::collection::vec(terms, 1..4)).prop_map(|(day, terms)| {
        let begins = Date::from_julian_day(day).unwrap();
        let months: Vec<u16> = terms.iter().map(|term| term.0).collect();
        let mut periods = periods(begins, &months);
        for (period, term) in periods.iter_mut().zip(terms) {
            period.agreed.price = euros(term.1);
            period.agreed.cancellation = Cancellation {
                full_refund_days: term.2,
                full_refund_source: String::new(),
                charge_basis_points: term.3,
                charge_at_most: term.4.map(euros),
                rounding: term.5,
            };
            period.paid_on = period.from - Duration::days(term.6);
        }
        periods
    })
}

proptest! {
    #[test]
    fn what_is_paid_back_and_what_is_kept_are_what_was_paid(periods in paid(), after in -40..4000_i64) {
        let day = periods[0].from + Duration::days(after);
        let Refund { paid, refund, kept, terms, .. } = refund(&periods, day, euro()).unwrap();
        prop_assert_eq!(refund.checked_add(kept).unwrap(), paid);
        prop_assert!(refund.minor >= 0 && refund <= paid && kept.minor >= 0);
        for term in terms {
            prop_assert!(term.refund.minor >= 0 && term.refund <= term.paid && term.charge.minor >= 0);
            prop_assert!(term.days_left <= term.days);
        }
    }

    #[test]
    fn a_later_day_never_pays_back_more(periods in paid(), after in -40..4000_i64) {
        let day = periods[0].from + Duration::days(after);
        let today = refund(&periods, day, euro()).unwrap();
        let tomorrow = refund(&periods, day.next_day().unwrap(), euro()).unwrap();
        prop_assert!(tomorrow.refund <= today.refund);
        // As long as all of it is paid back, the day that is told is the last one of that.
        if let Some(last) = today.full_until {
            prop_assert_eq!(today.refund, today.paid);
            let on_last = refund(&periods, last, euro()).unwrap();
            prop_assert!(on_last.terms.iter().all(|term| term.full));
        }
    }

    #[test]
    fn on_the_day_of_payment_all_of_it_is_paid_back(periods in paid()) {
        let first = &periods[..1];
        let found = refund(first, first[0].paid_on, euro()).unwrap();
        prop_assert_eq!(found.refund, first[0].agreed.price);
    }
}
