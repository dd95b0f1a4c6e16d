//! What becomes of plans.

use std::collections::BTreeSet;

use proptest::prelude::*;
use time::Duration;
use time::macros::date;

use super::*;
use crate::domain::plan::life::{Event, STEPS, State, Step, next, renewal_opens};

#[test]
fn every_state_is_reached_and_the_final_ones_are_left_by_nothing() {
    let mut reached: BTreeSet<State> = [State::PendingPayment].into();
    loop {
        let more: BTreeSet<State> = STEPS
            .iter()
            .filter(|(from, _, _)| reached.contains(from))
            .map(|(_, _, to)| *to)
            .collect();
        let before = reached.len();
        reached.extend(more);
        if reached.len() == before {
            break;
        }
    }
    assert_eq!(reached, State::ALL.iter().copied().collect());
    for state in State::ALL {
        let leaves = Step::ALL.iter().any(|step| state.after(*step).is_some());
        assert_eq!(leaves, !state.is_final(), "{state:?}");
        if !state.is_final() {
            assert_eq!(state.after(Step::Cancel), Some(State::Canceled));
            assert_eq!(state.after(Step::Pay), Some(State::Active));
        }
    }
    // Every step is of some use, and none is there twice.
    let pairs: BTreeSet<_> = STEPS.iter().map(|(from, step, _)| (*from, *step)).collect();
    assert_eq!(pairs.len(), STEPS.len());
    let steps: BTreeSet<_> = STEPS.iter().map(|(_, step, _)| *step).collect();
    assert_eq!(steps, Step::ALL.iter().copied().collect());
}

#[test]
fn the_picture_shows_every_step() {
    let source = include_str!("../life.rs");
    for (from, step, to) in STEPS {
        let shown = source.lines().any(|line| {
            let line = line.trim_start_matches("//! ");
            let arrow = format!("--{}--> {}", step.as_str(), to.as_str());
            line.contains(&arrow) && line.contains(from.as_str())
        });
        assert!(shown, "{from:?} {step:?} {to:?}");
    }
}

#[test]
fn time_brings_about_what_is_due_on_its_day() {
    let begins = date!(2026 - 01 - 01);
    let until = date!(2028 - 01 - 01);
    let mut pending = plan(State::PendingPayment, Vec::new());
    pending.enrolled_on = begins;
    assert_eq!(
        next(&pending),
        Some((date!(2026 - 01 - 16), Event::Step(Step::WaitOver)))
    );

    let mut active = plan(State::Active, periods(begins, &[24]));
    assert_eq!(
        next(&active),
        Some((date!(2028 - 01 - 02), Event::Step(Step::TermOver)))
    );
    active.renews = true;
    assert_eq!(next(&active), Some((until - Duration::days(45), Event::RenewalOpens)));
    active.renewal = Some(Renewal {
        agreed: agreed(24),
        failed: true,
    });
    assert_eq!(
        next(&active),
        Some((date!(2028 - 01 - 02), Event::Step(Step::TermOverUnpaid)))
    );
    active.state = State::InGrace;
    assert_eq!(
        next(&active),
        Some((date!(2028 - 01 - 16), Event::Step(Step::GraceOver)))
    );
    assert_eq!(active.due().map(|due| due.by), Some(date!(2028 - 01 - 15)));
    for state in [State::Lapsed, State::Canceled, State::Expired] {
        active.state = state;
        assert_eq!((next(&active), active.due()), (None, None));
    }
}

#[test]
fn a_renewal_opens_within_its_term() {
    let mut monthly = plan(State::Active, periods(date!(2026 - 01 - 01), &[1, 1]));
    for period in &mut monthly.periods {
        period.agreed.renewal_window_days = Some(120);
    }
    assert_eq!(renewal_opens(&monthly), Some(monthly.periods[1].from));
    monthly.periods[1].agreed.renewal_window_days = None;
    assert_eq!(renewal_opens(&monthly), None);
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(prop::sample::select(Step::ALL), 0..30)
}

proptest! {
    #[test]
    fn what_has_ended_stays_so_and_only_payment_makes_active(steps in steps()) {
        let mut state = State::PendingPayment;
        let mut ended = false;
        for step in steps {
            let after = state.after(step);
            prop_assert!(!(ended && after.is_some()));
            if let Some(after) = after {
                prop_assert_eq!(after == State::Active, step == Step::Pay);
                state = after;
            }
            ended |= state.is_final();
        }
    }

    /// Until the day that is told nothing happens, and what happens then can.
    #[test]
    fn what_time_brings_about_can_happen(
        begins in 2_456_000..2_470_000_i32, months in prop::collection::vec(1..=24_u16, 0..4),
        state in prop::sample::select(State::ALL), renews in any::<bool>(), renewal in any::<bool>(),
    ) {
        let paid = matches!(state, State::Active | State::InGrace);
        prop_assume!(paid != months.is_empty());
        let begins = Date::from_julian_day(begins).unwrap();
        let mut plan = plan(state, periods(begins, &months));
        plan.enrolled_on = begins;
        plan.renews = renews;
        if renewal && state == State::Active {
            plan.renewal = Some(Renewal { agreed: agreed(12), failed: false });
        }
        match next(&plan) {
            None => prop_assert!(state.is_final()),
            Some((day, Event::Step(step))) => {
                prop_assert!(state.after(step).is_some());
                prop_assert_ne!(step, Step::Pay);
                // A plan is never cut short.
                prop_assert!(plan.paid_until().is_none_or(|until| until < day));
                if let Some(due) = plan.due().filter(|_| state != State::Active) {
                    prop_assert_eq!(due.by.next_day(), Some(day));
                }
            }
            Some((day, Event::RenewalOpens)) => {
                prop_assert!(renews && plan.renewal.is_none());
                prop_assert!(plan.paid_until().is_some_and(|until| day <= until));
            }
        }
    }
}
