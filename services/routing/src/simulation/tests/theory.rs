//! What is simulated agrees with what can be proved: the truth lies within the interval that the simulation itself gives.

use time::Duration;

use super::super::worlds::{SERVICE, agents, calls, scenario};
use super::super::*;
use crate::staffing::erlang::{Queue, Theory};

/// So many hours in each replication, of so many.
const HOURS: i64 = 30;
const REPLICATIONS: usize = 12;

/// Simulates a queue; gives also what theory says of it.
fn both(an_hour: f64, number: u32, patience: Option<Duration>) -> (Measured, Theory) {
    let length = Duration::hours(HOURS);
    let law = match patience {
        None => Law::Never,
        Some(mean) if mean.is_zero() => Law::Constant(Duration::ZERO),
        Some(mean) => Law::Exponential { mean },
    };
    let scenario = scenario(
        length,
        vec![calls(an_hour, None, law)],
        vec![agents(number, &[], length)],
    );
    let queue = Queue {
        arrivals: an_hour / 3600.0,
        service: SERVICE.as_seconds_f64(),
        patience: patience.map(Duration::as_seconds_f64),
    };
    let theory = queue.with(usize::try_from(number).unwrap(), 20.0);
    (simulate(&scenario, REPLICATIONS, &Effort::free()).unwrap(), theory)
}

/// The interval holds the truth, and is narrow enough to say something.
fn agrees(what: &str, estimate: Option<Estimate>, truth: f64, narrow: f64) {
    let estimate = estimate.unwrap();
    assert!(estimate.holds(truth), "{what}: {estimate:?} does not hold {truth}");
    assert!(
        estimate.half_width < narrow * truth,
        "{what}: {estimate:?} says too little"
    );
}

#[test]
fn erlang_b() {
    let (measured, theory) = both(160.0, 10, Some(Duration::ZERO));
    agrees("blocked", measured.all.abandonment, theory.abandonment, 0.1);
    agrees("served", measured.all.service_level, theory.service_level, 0.02);
    let carried = 8.0 * (1.0 - theory.abandonment) / 10.0;
    agrees("occupancy", measured.groups[0].occupancy, carried, 0.03);
}

#[test]
fn erlang_c() {
    let (measured, theory) = both(150.0, 10, None);
    agrees("delayed", measured.all.delayed, theory.delayed, 0.2);
    agrees("wait", measured.all.wait, theory.wait_of_all, 0.4);
    agrees("service level", measured.all.service_level, theory.service_level, 0.1);
    agrees("occupancy", measured.groups[0].occupancy, 0.75, 0.04);
    assert_eq!(measured.all.abandonment.unwrap().mean.to_bits(), 0.0_f64.to_bits());
}

#[test]
fn erlang_a() {
    let (measured, theory) = both(210.0, 10, Some(Duration::minutes(2)));
    agrees("delayed", measured.all.delayed, theory.delayed, 0.1);
    agrees("given up", measured.all.abandonment, theory.abandonment, 0.2);
    agrees("wait", measured.all.wait_of_all, theory.wait_of_all, 0.2);
    agrees("service level", measured.all.service_level, theory.service_level, 0.1);
}

#[test]
fn littles_law_holds_of_agents_too() {
    let (measured, _) = both(150.0, 10, None);
    let group = &measured.groups[0];
    let busy = group.occupancy.unwrap().mean * group.hours.unwrap().mean;
    let worked = group.answered.unwrap().mean * SERVICE.as_seconds_f64() / 3600.0;
    assert!((busy / worked - 1.0).abs() < 0.04, "{busy} hours for {worked}");
}

#[test]
fn the_same_seed_gives_the_same_whatever_the_number_of_threads() {
    let length = Duration::hours(10);
    let scenario = scenario(
        length,
        vec![calls(150.0, None, Law::Never)],
        vec![agents(9, &[], length)],
    );
    let on = |threads| {
        simulate(
            &scenario,
            6,
            &Effort::limited(threads, u64::MAX, std::sync::Arc::default()),
        )
        .unwrap()
    };
    assert_eq!(on(1), on(4));
    let other = Scenario {
        seed: 1,
        ..scenario.clone()
    };
    assert_ne!(on(1), simulate(&other, 6, &Effort::free()).unwrap());
}
