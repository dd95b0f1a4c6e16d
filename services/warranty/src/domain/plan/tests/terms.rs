//! The days of terms.

use proptest::prelude::*;
use time::macros::date;

use super::*;
use crate::domain::plan::held::held;

#[test]
fn terms_end_on_the_date_of_the_first_day() {
    let ends =
        |begins, months: &[u16]| -> Vec<Date> { periods(begins, months).iter().map(|period| period.until).collect() };
    assert_eq!(
        ends(date!(2026 - 03 - 15), &[24, 24]),
        [date!(2028 - 03 - 15), date!(2030 - 03 - 15)]
    );
    // Month by month from the 31st: February is short, March is not.
    assert_eq!(
        ends(date!(2026 - 01 - 31), &[1, 1, 1, 1]),
        [
            date!(2026 - 02 - 28),
            date!(2026 - 03 - 31),
            date!(2026 - 04 - 30),
            date!(2026 - 05 - 31),
        ]
    );
    // Bought on the leap day.
    assert_eq!(
        ends(date!(2024 - 02 - 29), &[12, 12, 12, 12]),
        [
            date!(2025 - 02 - 28),
            date!(2026 - 02 - 28),
            date!(2027 - 02 - 28),
            date!(2028 - 02 - 29),
        ]
    );
    assert_eq!(
        term::first(date!(2026 - 12 - 30), 3, 1),
        (date!(2027 - 01 - 02), date!(2027 - 02 - 02))
    );
}

#[test]
fn incidents_are_counted_in_twelve_months_from_the_first_day() {
    let begins = date!(2024 - 02 - 29);
    let of = |day| term::twelve_months(begins, day);
    assert_eq!(of(date!(2024 - 02 - 28)), None);
    assert_eq!(of(begins), Some((0, begins, date!(2025 - 02 - 28))));
    assert_eq!(of(date!(2025 - 02 - 28)), Some((0, begins, date!(2025 - 02 - 28))));
    assert_eq!(
        of(date!(2025 - 03 - 01)),
        Some((1, date!(2025 - 03 - 01), date!(2026 - 02 - 28)))
    );
    assert_eq!(
        of(date!(2028 - 02 - 29)),
        Some((3, date!(2027 - 03 - 01), date!(2028 - 02 - 29)))
    );
}

#[test]
fn what_covers_the_same_is_held_as_one_and_what_does_not_is_not() {
    let mut plan = plan(State::Active, periods(date!(2026 - 01 - 01), &[1, 1, 1]));
    plan.periods[2].agreed.version = "v2".to_owned();
    let spans = |plan: &Plan, leaves| -> Vec<(Date, Date)> {
        held(plan, leaves)
            .iter()
            .map(|held| {
                assert_eq!(held.begins, date!(2026 - 01 - 01));
                (held.from, held.until.unwrap())
            })
            .collect()
    };
    let (first, second) = (
        (date!(2026 - 01 - 01), date!(2026 - 03 - 01)),
        (date!(2026 - 03 - 02), date!(2026 - 04 - 01)),
    );
    assert_eq!(spans(&plan, None), [first, second]);
    // It left the device while the first still ran, or was canceled then.
    assert_eq!(
        spans(&plan, Some(date!(2026 - 02 - 10))),
        [(first.0, date!(2026 - 02 - 10))]
    );
    plan.state = State::Canceled;
    plan.ended_on = Some(date!(2026 - 03 - 10));
    assert_eq!(spans(&plan, None), [first, (second.0, date!(2026 - 03 - 10))]);
    // Of a term that was paid back as a whole nobody has paid a day; the ones before it were used.
    let canceled = |refund| {
        let refund = Amount::new(plan.first.price.currency, refund);
        let cause = Cause::Requested;
        Plan {
            canceled: Some(Canceled { cause, refund }),
            ..plan.clone()
        }
    };
    let price = plan.periods[2].agreed.price.minor;
    assert_eq!(spans(&canceled(price), None), [first]);
    assert_eq!(
        spans(&canceled(price - 1), None),
        [first, (second.0, date!(2026 - 03 - 10))]
    );
    let mut at_once = canceled(3 * price);
    at_once.ended_on = Some(date!(2026 - 01 - 10));
    assert_eq!(spans(&at_once, None), []);
    // In its grace it covers on.
    plan.state = State::InGrace;
    plan.ended_on = None;
    assert_eq!(spans(&plan, None), [first, (second.0, date!(2026 - 04 - 15))]);
    plan.state = State::Active;
    plan.renewal = Some(Renewal {
        agreed: agreed(1),
        failed: false,
    });
    assert_eq!(spans(&plan, None), [first, (second.0, date!(2026 - 04 - 15))]);
    assert!(held(&super::plan(State::PendingPayment, Vec::new()), None).is_empty());
}

fn days() -> impl Strategy<Value = Date> {
    (2_456_000..2_470_000_i32).prop_map(|day| Date::from_julian_day(day).unwrap())
}

proptest! {
    #[test]
    fn terms_follow_each_other_without_gap_or_overlap(
        begins in days(), months in prop::collection::vec(1..=36_u16, 1..30),
    ) {
        let periods = periods(begins, &months);
        prop_assert_eq!(periods[0].from, begins);
        for pair in periods.windows(2) {
            prop_assert_eq!(pair[0].until.next_day().unwrap(), pair[1].from);
        }
        prop_assert!(periods.iter().all(|period| period.from <= period.until));
        // However it was cut into terms, it ends on the same day.
        let whole: u16 = months.iter().sum();
        let last = periods.last().unwrap().until;
        prop_assert_eq!(last, crate::domain::calendar::last_day(begins, whole));
        let wanted = begins.day().min(last.month().length(last.year()));
        prop_assert_eq!(last.day(), wanted);
    }

    #[test]
    fn every_day_lies_in_one_span_of_twelve_months(begins in days(), after in 0..8000_i64) {
        let day = begins + time::Duration::days(after);
        let (number, from, until) = term::twelve_months(begins, day).unwrap();
        prop_assert!(from <= day && day <= until);
        let tomorrow = term::twelve_months(begins, day.next_day().unwrap()).unwrap();
        if day == until {
            prop_assert_eq!(tomorrow, (number + 1, day.next_day().unwrap(), tomorrow.2));
        } else {
            prop_assert_eq!(tomorrow, (number, from, until));
        }
    }

    #[test]
    fn every_day_of_a_plan_is_held_once(begins in days(), months in prop::collection::vec(1..=24_u16, 1..8), changes in any::<u8>()) {
        let mut plan = plan(State::Active, periods(begins, &months));
        for (period, bit) in plan.periods.iter_mut().zip(0..) {
            period.agreed.version = format!("v{}", (changes >> bit) & 1);
        }
        let spans = held(&plan, None);
        prop_assert_eq!(spans.first().unwrap().from, begins);
        prop_assert_eq!(spans.last().unwrap().until, plan.paid_until());
        for pair in spans.windows(2) {
            prop_assert_eq!(pair[0].until.unwrap().next_day().unwrap(), pair[1].from);
            prop_assert_ne!(&pair[0].version, &pair[1].version);
        }
    }
}
