//! What the closed forms ask for: in each interval, of those who can do some of a set of works, so many agents.

use super::Staffing;
use super::cover::{Column, Covering};
use super::erlang::Queue;
use crate::simulation::{Abilities, Arrivals, Span, count};

/// Of so many works every set is looked at; of more, each alone and all together.
const ALL_SETS: usize = 6;
/// No interval takes more.
const MOST: usize = 20_000;

/// What is asked for, and what the shifts give.
pub(super) struct Requirement {
    pub(super) covering: Covering,
    /// By row of the covering: its interval, and the works of its set.
    pub(super) rows: Vec<(usize, Vec<usize>)>,
    /// By interval, what all works together take.
    pub(super) of_all: Vec<usize>,
    /// By column of the covering: pool and shift.
    pub(super) columns: Vec<(usize, usize)>,
}

impl Requirement {
    pub(super) fn of(staffing: &Staffing) -> Self {
        let scenario = &staffing.scenario;
        let intervals = scenario.intervals();
        let works = scenario.works.len();
        let sets: Vec<Vec<usize>> = if works <= ALL_SETS {
            (1..1_usize << works)
                .map(|bits| (0..works).filter(|work| bits >> work & 1 == 1).collect())
                .collect()
        } else {
            let alone = (0..works).map(|work| vec![work]);
            alone.chain([(0..works).collect()]).collect()
        };
        let able: Vec<Vec<Option<f64>>> = staffing
            .pools
            .iter()
            .map(|pool| Abilities::of(scenario, &pool.group).at_once)
            .collect();
        let mut found = Self {
            covering: Covering::default(),
            rows: Vec::new(),
            of_all: vec![0; intervals],
            columns: Vec::new(),
        };
        for interval in 0..intervals {
            for set in &sets {
                let needed = needed(staffing, &able, interval, set);
                if set.len() == works {
                    found.of_all[interval] = needed;
                }
                if needed > 0 {
                    found.covering.needs.push(count(needed));
                    found.rows.push((interval, set.clone()));
                }
            }
        }
        for (pool, of) in staffing.pools.iter().enumerate() {
            for (shift, hours) in of.shifts.iter().enumerate() {
                let gives = found.rows.iter().enumerate().filter_map(|(row, (interval, set))| {
                    let can = set.iter().any(|work| able[pool][*work].is_some());
                    let there = overlap(staffing, &hours.spans, *interval) * (1.0 - of.group.absence);
                    (can && there > 0.0).then_some((row, there))
                });
                found.covering.columns.push(Column {
                    cost: hours.cost,
                    most: hours.most,
                    gives: gives.collect(),
                });
                found.columns.push((pool, shift));
            }
        }
        found
    }

    /// A plan of the covering as agents by pool and shift.
    pub(super) fn roster(&self, staffing: &Staffing, counts: &[u32]) -> Vec<Vec<u32>> {
        let mut roster: Vec<Vec<u32>> = staffing.pools.iter().map(|pool| vec![0; pool.shifts.len()]).collect();
        for ((pool, shift), agents) in self.columns.iter().zip(counts) {
            roster[*pool][*shift] = *agents;
        }
        roster
    }
}

/// How many agents a set of works takes in an interval, if each of them could do all of it and did nothing else.
fn needed(staffing: &Staffing, able: &[Vec<Option<f64>>], interval: usize, set: &[usize]) -> usize {
    let scenario = &staffing.scenario;
    let length = scenario.interval.as_seconds_f64();
    let (mut arrivals, mut work_done, mut giving_up, mut are_all_impatient) = (0.0, 0.0, 0.0, true);
    for place in set {
        let work = &scenario.works[*place];
        let rate = work.arrivals.in_interval(interval, scenario.interval, scenario.length) / length;
        let takes = work.handling.mean().unwrap_or_default() + work.wrap_up.mean().unwrap_or_default();
        // Of contacts that are held side by side each takes only its part of an agent.
        let at_once = able.iter().filter_map(|pool| pool[*place]).fold(1.0, f64::max);
        arrivals += rate;
        work_done += rate * takes / at_once;
        match work.patience.mean() {
            Some(patience) => giving_up += rate / patience.max(1e-3),
            None => are_all_impatient = false,
        }
    }
    if arrivals <= 0.0 || work_done <= 0.0 {
        return 0;
    }
    let queue = Queue {
        arrivals,
        service: work_done / arrivals,
        patience: are_all_impatient.then(|| arrivals / giving_up),
    };
    let targets = staffing.targets;
    let target = scenario.target.as_seconds_f64();
    queue
        .agents(target, targets.service_level, targets.abandonment, MOST)
        .unwrap_or(MOST)
}

/// Which share of an interval these times cover.
fn overlap(staffing: &Staffing, spans: &[Span], interval: usize) -> f64 {
    let length = staffing.scenario.interval.as_seconds_f64();
    let from = length * count(interval);
    let until = (from + length).min(staffing.scenario.length.as_seconds_f64());
    let covered = spans.iter().map(|span| {
        let (begin, end) = (
            span.from.as_seconds_f64().max(from),
            span.to.as_seconds_f64().min(until),
        );
        (end - begin).max(0.0)
    });
    covered.sum::<f64>() / (until - from)
}

impl Arrivals {
    /// How many are expected in one interval.
    fn in_interval(&self, interval: usize, every: time::Duration, length: time::Duration) -> f64 {
        let until = |number: usize| {
            let seconds = every.as_seconds_f64() * count(number);
            self.expected(time::Duration::seconds_f64(seconds).min(length))
        };
        until(interval + 1) - until(interval)
    }
}
