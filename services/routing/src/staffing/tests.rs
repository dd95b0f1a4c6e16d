//! Rosters for small days.

use std::sync::Arc;

use time::Duration;

use super::*;
use crate::domain::{Attributes, Channel};
use crate::simulation::worlds::{agents, calls, scenario};
use crate::simulation::{Arrivals, Effort, Law, Work};

fn spans(from: i64, to: i64) -> Vec<Span> {
    vec![Span {
        from: Duration::hours(from),
        to: Duration::hours(to),
    }]
}

/// Four hours, of which the second two are busy; a call takes three minutes.
fn day(works: Vec<Work>) -> Scenario {
    let length = Duration::hours(4);
    Scenario {
        interval: Duration::hours(1),
        warm_up: Duration::ZERO,
        ..scenario(length, works, Vec::new())
    }
}

fn in_language(language: &str, name: &str, counts: [f64; 4]) -> Work {
    Work {
        name: name.to_owned(),
        asks: Arc::new(Attributes::new(Channel::Phone, language.parse().unwrap())),
        arrivals: Arrivals::Rates {
            every: Duration::hours(1),
            counts: counts.into(),
        },
        ..calls(
            1.0,
            None,
            Law::Exponential {
                mean: Duration::minutes(2),
            },
        )
    }
}

fn pool(name: &str, languages: &[&str], an_hour: f64) -> Pool {
    let mut group = agents(0, &[], Duration::ZERO);
    group.name = name.to_owned();
    group.languages = languages
        .iter()
        .map(|language| (language.parse().unwrap(), 4))
        .collect();
    group.shifts = Vec::new();
    let shift = |from: i64, to: i64| PoolShift {
        spans: spans(from, to),
        cost: an_hour * Duration::hours(to - from).as_seconds_f64() / 3600.0,
        most: 100,
    };
    Pool {
        group,
        shifts: vec![shift(0, 4), shift(0, 2), shift(2, 4)],
    }
}

const TARGETS: Targets = Targets {
    service_level: 0.8,
    abandonment: 0.1,
};

fn found(works: Vec<Work>, pools: Vec<Pool>) -> (Staffing, Staffed) {
    let staffing = Staffing {
        scenario: day(works),
        pools,
        targets: TARGETS,
        replications: 12,
    };
    let staffed = staff(&staffing, &Effort::free()).unwrap();
    (staffing, staffed)
}

#[test]
fn the_busy_hours_have_more_agents_and_nobody_can_be_spared() {
    let works = vec![in_language("en", "calls", [40.0, 40.0, 120.0, 120.0])];
    let (staffing, staffed) = found(works, vec![pool("cork", &["en"], 1.0)]);
    assert!(staffed.meets_targets && staffed.is_tight, "{staffed:?}");
    let [all, first, second] = staffed.roster[0][..] else {
        panic!()
    };
    assert!(all + second > all + first, "{:?}", staffed.roster);
    // Near what theory takes of it, hour by hour.
    assert!(staffed.closed_form[2] > staffed.closed_form[0]);
    let there = usize::try_from(all + second).unwrap();
    assert!(there.abs_diff(staffed.closed_form[2]) <= 1, "{staffed:?}");
    assert!(
        staffed.cost >= staffed.least_cost * 0.85 && staffed.least_cost > 0.0,
        "{staffed:?}"
    );
    for (pool, shift) in [(0, 0), (0, 1), (0, 2)] {
        let mut fewer = staffed.roster.clone();
        if fewer[pool][shift] > 0 {
            fewer[pool][shift] -= 1;
            let measured = crate::simulation::simulate(&staffing.floor(&fewer), 12, &Effort::free()).unwrap();
            let worst = measured
                .intervals
                .iter()
                .map(|fared| fared.faring.service_level.unwrap().mean);
            let worst = worst.fold(1.0, f64::min);
            let given_up = measured.works[0].faring.abandonment.unwrap().mean;
            assert!(worst < 0.8 || given_up > 0.1, "{fewer:?}: {worst}");
        }
    }
}

#[test]
fn whoever_speaks_both_languages_saves_agents() {
    let works = || {
        vec![
            in_language("en", "english", [30.0; 4]),
            in_language("fr", "french", [30.0; 4]),
        ]
    };
    let (_, apart) = found(
        works(),
        vec![pool("english", &["en"], 1.0), pool("french", &["fr"], 1.0)],
    );
    let (_, both) = found(
        works(),
        vec![
            pool("english", &["en"], 1.0),
            pool("french", &["fr"], 1.0),
            pool("both", &["en", "fr"], 1.05),
        ],
    );
    assert!(apart.meets_targets && both.meets_targets);
    assert!(both.cost < apart.cost, "{} for {}", both.cost, apart.cost);
    assert!(both.roster[2].iter().sum::<u32>() > 0, "{:?}", both.roster);
}

#[test]
fn who_is_often_away_is_hired_more_often() {
    let works = || vec![in_language("en", "calls", [80.0; 4])];
    let (_, all_there) = found(works(), vec![pool("cork", &["en"], 1.0)]);
    let mut away = pool("cork", &["en"], 1.0);
    away.group.absence = 0.3;
    let (_, some_away) = found(works(), vec![away]);
    assert!(some_away.meets_targets && all_there.meets_targets);
    assert!(
        some_away.cost > all_there.cost * 1.2,
        "{} for {}",
        some_away.cost,
        all_there.cost
    );
}

#[test]
fn what_nobody_can_do_is_told() {
    let works = vec![in_language("ja", "japanese", [10.0; 4])];
    let (_, staffed) = found(works, vec![pool("cork", &["en"], 1.0)]);
    assert!(!staffed.meets_targets && !staffed.is_tight);
    assert_eq!(staffed.meets, [false; 4]);
}
