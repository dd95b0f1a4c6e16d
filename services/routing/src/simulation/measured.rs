//! How everybody fared.

use super::chance::count;
use super::confidence::Estimate;
use super::foretold::{Foretelling, Truth};
use super::scenario::Scenario;
use super::tally::{Counts, Kept, Tally, Waits};

/// How customers fared. A figure is none where there was nothing to measure in any replication.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faring {
    /// How many contacts arrived.
    pub contacts: Option<Estimate>,
    /// The share of all contacts that was answered within the target, 0 to 1.
    pub service_level: Option<Estimate>,
    /// The share that was not answered at once, 0 to 1.
    pub delayed: Option<Estimate>,
    /// The share that gave up, 0 to 1.
    pub abandonment: Option<Estimate>,
    /// The share that nobody was left to answer, 0 to 1.
    pub unserved: Option<Estimate>,
    /// How long those waited who were answered, in seconds.
    pub wait: Option<Estimate>,
    /// How long all waited, those who gave up too, in seconds.
    pub wait_of_all: Option<Estimate>,
    /// The share that was called back instead of waiting, 0 to 1; the waits are those of the others.
    pub called_back: Option<Estimate>,
    /// How long it took until they were, in seconds.
    pub until_called_back: Option<Estimate>,
    /// The share that came by being passed on, 0 to 1.
    pub transferred: Option<Estimate>,
    /// The waits, in seconds, that 50, 90 and 99 of a hundred of those who were answered did not exceed.
    pub wait_percentiles: [Option<Estimate>; 3],
}

/// How the customers of a work fared.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkFaring {
    /// The work.
    pub name: String,
    /// How they fared.
    pub faring: Faring,
}

/// How all fared who came in an interval.
#[derive(Clone, Debug, PartialEq)]
pub struct IntervalFaring {
    /// How the customers fared; without percentiles.
    pub faring: Faring,
    /// By group in the scenario's order: how many agents were at work on average.
    pub agents: Vec<Option<Estimate>>,
    /// By group: the share of that time in which they had something in hand, 0 to 1.
    pub occupancy: Vec<Option<Estimate>>,
}

/// How the agents of a group fared.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupFaring {
    /// The group.
    pub name: String,
    /// How many contacts they answered.
    pub answered: Option<Estimate>,
    /// How many hours they were at work, all together.
    pub hours: Option<Estimate>,
    /// The share of that time in which they had something in hand, offers and notes included, 0 to 1.
    pub occupancy: Option<Estimate>,
}

/// How everybody fared.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// All customers.
    pub all: Faring,
    /// By work, in the scenario's order.
    pub works: Vec<WorkFaring>,
    /// By interval.
    pub intervals: Vec<IntervalFaring>,
    /// By group, in the scenario's order.
    pub groups: Vec<GroupFaring>,
    /// How true it was what customers were told of their wait; none where they were told nothing.
    pub foretold: Option<Foretelling>,
    /// How many things happened, in all replications.
    pub events: u64,
}

impl Faring {
    fn of(measured: &[(Counts, Waits)]) -> Self {
        let each = |figure: &dyn Fn(&Counts) -> Option<f64>| {
            let values: Vec<f64> = measured.iter().filter_map(|(counts, _)| figure(counts)).collect();
            Estimate::of(&values)
        };
        let of_all = |figure: fn(&Counts) -> usize| each(&|counts| ratio(count(figure(counts)), counts.contacts));
        let percentile = |share: f64| {
            let values: Vec<f64> = measured.iter().filter_map(|(_, waits)| waits.quantile(share)).collect();
            Estimate::of(&values)
        };
        Self {
            contacts: each(&|counts| Some(count(counts.contacts))),
            service_level: of_all(|counts| counts.in_target),
            delayed: of_all(|counts| counts.delayed),
            abandonment: of_all(|counts| counts.abandoned),
            unserved: of_all(|counts| counts.unserved),
            wait: each(&|counts| ratio(counts.waited_for_answer, counts.answered)),
            wait_of_all: each(&|counts| ratio(counts.waited, counts.contacts - counts.called_back)),
            called_back: of_all(|counts| counts.called_back),
            until_called_back: each(&|counts| ratio(counts.until_called_back, counts.called_back)),
            transferred: of_all(|counts| counts.transferred),
            wait_percentiles: [0.5, 0.9, 0.99].map(percentile),
        }
    }
}

impl Measured {
    pub(super) fn of(scenario: &Scenario, tallies: &[Tally]) -> Self {
        let (works, groups) = (scenario.works.len(), scenario.groups.len());
        let intervals = scenario.intervals();
        let sum_of_works = |tally: &Tally, of: &dyn Fn(usize) -> bool| {
            let mut sum = (Counts::default(), Waits::default());
            for work in (0..works).filter(|work| of(*work)) {
                for interval in 0..intervals {
                    sum.0.add(&tally.cells[interval * works + work]);
                }
                sum.1.add(&tally.waits[work]);
            }
            sum
        };
        let fared = |of: &dyn Fn(usize) -> bool| {
            let sums: Vec<_> = tallies.iter().map(|tally| sum_of_works(tally, of)).collect();
            Faring::of(&sums)
        };
        Self {
            all: fared(&|_| true),
            works: (0..works)
                .map(|work| WorkFaring {
                    name: scenario.works[work].name.clone(),
                    faring: fared(&|other| other == work),
                })
                .collect(),
            intervals: (0..intervals)
                .map(|interval| of_interval(scenario, tallies, interval))
                .collect(),
            groups: (0..groups).map(|group| of_group(scenario, tallies, group)).collect(),
            foretold: scenario.foretells.then(|| {
                let truths: Vec<Truth> = tallies.iter().map(|tally| tally.truth).collect();
                Foretelling::of(&truths)
            }),
            events: tallies.iter().map(|tally| tally.events).sum(),
        }
    }
}

fn of_interval(scenario: &Scenario, tallies: &[Tally], interval: usize) -> IntervalFaring {
    let (works, groups) = (scenario.works.len(), scenario.groups.len());
    let counts = tallies.iter().map(|tally| {
        let mut sum = Counts::default();
        for cell in &tally.cells[interval * works..(interval + 1) * works] {
            sum.add(cell);
        }
        (sum, Waits::default())
    });
    let each = |group: usize, figure: &dyn Fn(&Kept) -> Option<f64>| {
        let kept = tallies.iter().map(|tally| tally.kept[interval * groups + group]);
        let values: Vec<f64> = kept.filter_map(|kept| figure(&kept)).collect();
        Estimate::of(&values)
    };
    let length = scenario.interval.as_seconds_f64();
    IntervalFaring {
        faring: Faring::of(&counts.collect::<Vec<_>>()),
        agents: (0..groups)
            .map(|group| each(group, &|kept| Some(seconds(kept.staffed) / length)))
            .collect(),
        occupancy: (0..groups).map(|group| each(group, &occupancy)).collect(),
    }
}

fn of_group(scenario: &Scenario, tallies: &[Tally], group: usize) -> GroupFaring {
    let groups = scenario.groups.len();
    let kept: Vec<Kept> = tallies
        .iter()
        .map(|tally| {
            let mut sum = Kept::default();
            for kept in tally.kept.iter().skip(group).step_by(groups) {
                sum.staffed += kept.staffed;
                sum.busy += kept.busy;
            }
            sum
        })
        .collect();
    let each = |figure: &dyn Fn(&Kept) -> Option<f64>| {
        let values: Vec<f64> = kept.iter().filter_map(figure).collect();
        Estimate::of(&values)
    };
    let answered: Vec<f64> = tallies.iter().map(|tally| count(tally.answered_by[group])).collect();
    GroupFaring {
        name: scenario.groups[group].name.clone(),
        answered: Estimate::of(&answered),
        hours: each(&|kept| Some(seconds(kept.staffed) / 3600.0)),
        occupancy: each(&occupancy),
    }
}

fn occupancy(kept: &Kept) -> Option<f64> {
    (kept.staffed > 0).then(|| seconds(kept.busy) / seconds(kept.staffed))
}

fn seconds(micros: i64) -> f64 {
    time::Duration::microseconds(micros).as_seconds_f64()
}

fn ratio(sum: f64, number: usize) -> Option<f64> {
    (number > 0).then(|| sum / count(number))
}
