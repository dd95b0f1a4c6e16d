//! Answers.

use support_proto::support::routing::v1 as pb;
use time::Duration;

use super::super::confidence::Estimate;
use super::super::measured::{Faring, Measured};
use super::super::scenario::Scenario;
use crate::staffing::{Staffed, Staffing};

/// How everybody fared.
#[must_use]
pub fn measured(scenario: &Scenario, measured: &Measured) -> pb::SimulateResponse {
    let plans = &scenario.plans;
    let held = plans.by_country.iter().map(|(_, plan)| plan).chain([&plans.everywhere]);
    let mut basis: Vec<String> = held
        .map(|plan| plan.basis.clone())
        .filter(|basis| !basis.is_empty())
        .collect();
    basis.sort();
    basis.dedup();
    let intervals = measured.intervals.iter().zip(0_i32..).map(|(fared, number)| {
        let teams = fared.agents.iter().zip(&fared.occupancy);
        pb::SimulatedInterval {
            from: Some(duration(scenario.interval * number)),
            faring: Some(faring(&fared.faring)),
            teams: teams
                .map(|(agents, occupancy)| pb::SimulatedOccupancy {
                    agents: agents.map(figure),
                    occupancy: occupancy.map(figure),
                })
                .collect(),
        }
    });
    pb::SimulateResponse {
        all: Some(faring(&measured.all)),
        works: measured
            .works
            .iter()
            .map(|work| pb::SimulatedWorkFaring {
                name: work.name.clone(),
                faring: Some(faring(&work.faring)),
            })
            .collect(),
        intervals: intervals.collect(),
        teams: measured
            .groups
            .iter()
            .map(|group| pb::SimulatedTeamFaring {
                name: group.name.clone(),
                answered: group.answered.map(figure),
                hours: group.hours.map(figure),
                occupancy: group.occupancy.map(figure),
            })
            .collect(),
        events: i64::try_from(measured.events).unwrap_or(i64::MAX),
        standard_basis: basis,
    }
}

/// The roster that was found.
#[must_use]
pub fn staffed(staffing: &Staffing, staffed: &Staffed) -> pb::StaffResponse {
    let signed = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    let floor = staffing.floor(&staffed.roster);
    let intervals = staffed.closed_form.iter().zip(&staffed.meets).zip(0_i32..);
    pb::StaffResponse {
        rosters: staffing
            .pools
            .iter()
            .zip(&staffed.roster)
            .map(|(pool, agents)| pb::StaffRoster {
                name: pool.group.name.clone(),
                site: pool.group.site.clone(),
                agents: agents.iter().copied().map(signed).collect(),
            })
            .collect(),
        intervals: intervals
            .map(|((closed_form, meets), number)| {
                let from = staffing.scenario.interval * number;
                pb::StaffInterval {
                    from: Some(duration(from)),
                    closed_form: i32::try_from(*closed_form).unwrap_or(i32::MAX),
                    agents: floor.groups.iter().map(|group| signed(group.at_hand(from))).collect(),
                    meets_targets: *meets,
                }
            })
            .collect(),
        cost: staffed.cost,
        least_cost: staffed.least_cost,
        meets_targets: staffed.meets_targets,
        is_tight: staffed.is_tight,
        outcome: Some(measured(&floor, &staffed.measured)),
        simulated: i32::try_from(staffed.simulated).unwrap_or(i32::MAX),
    }
}

fn faring(faring: &Faring) -> pb::SimulatedFaring {
    let [p50, p90, p99] = faring.wait_percentiles;
    pb::SimulatedFaring {
        contacts: faring.contacts.map(figure),
        service_level: faring.service_level.map(figure),
        delayed: faring.delayed.map(figure),
        abandonment: faring.abandonment.map(figure),
        unserved: faring.unserved.map(figure),
        wait_seconds: faring.wait.map(figure),
        wait_of_all_seconds: faring.wait_of_all.map(figure),
        wait_p50_seconds: p50.map(figure),
        wait_p90_seconds: p90.map(figure),
        wait_p99_seconds: p99.map(figure),
        called_back: faring.called_back.map(figure),
        callback_seconds: faring.until_called_back.map(figure),
        transferred: faring.transferred.map(figure),
    }
}

fn figure(estimate: Estimate) -> pb::SimulatedFigure {
    pb::SimulatedFigure {
        mean: estimate.mean,
        half_width: estimate.half_width.is_finite().then_some(estimate.half_width),
        number: i32::try_from(estimate.number).unwrap_or(i32::MAX),
    }
}

fn duration(time: Duration) -> prost_types::Duration {
    prost_types::Duration {
        seconds: time.whole_seconds(),
        nanos: time.subsec_nanoseconds(),
    }
}
