//! Simulation settles what the closed forms began.

use super::requirement::Requirement;
use super::{Staffed, Staffing};
use crate::simulation::{Effort, Measured, Stopped, simulate};

/// So often more is asked for, where the targets are missed.
const ROUNDS: usize = 40;

/// A roster and how it fares.
struct Tried {
    roster: Vec<Vec<u32>>,
    measured: Measured,
}

/// Finds the cheapest roster that meets its targets. Where the effort is used up while agents are spared, the best so far is given.
///
/// # Errors
///
/// [`Stopped`], where not even one that meets them was found, or nobody waits any more.
pub fn staff(staffing: &Staffing, effort: &Effort) -> Result<Staffed, Stopped> {
    let mut required = Requirement::of(staffing);
    let least_cost = required.covering.bound();
    let mut simulated = 0;
    let mut play = |roster: Vec<Vec<u32>>| {
        simulated += 1;
        let measured = simulate(&staffing.floor(&roster), staffing.replications, effort)?;
        Ok(Tried { roster, measured })
    };
    let mut best = play(required.roster(staffing, &required.covering.cheapest()))?;
    for _ in 0..ROUNDS {
        let lacking = lacking(staffing, &best.measured);
        if lacking.is_empty() || !ask_for_more(&mut required, &lacking) {
            break;
        }
        let roster = required.roster(staffing, &required.covering.cheapest());
        if roster == best.roster {
            // What is asked for grows until it shows, as long as there is anybody left to be had.
            continue;
        }
        best = play(roster)?;
    }
    let meets_targets = lacking(staffing, &best.measured).is_empty();
    let is_tight = meets_targets && spare(staffing, &mut best, &mut play)?;
    let lacking = lacking(staffing, &best.measured);
    Ok(Staffed {
        meets: (0..staffing.scenario.intervals())
            .map(|interval| !lacking.iter().any(|lack| lack.interval == Some(interval)))
            .collect(),
        closed_form: required.of_all,
        meets_targets,
        is_tight,
        cost: staffing.cost(&best.roster),
        least_cost,
        roster: best.roster,
        measured: best.measured,
        simulated,
    })
}

/// Where a target is missed.
struct Lack {
    /// In this interval; in all where it is none.
    interval: Option<usize>,
    /// For this work; for all where it is none.
    work: Option<usize>,
}

fn lacking(staffing: &Staffing, measured: &Measured) -> Vec<Lack> {
    let targets = staffing.targets;
    let well =
        |figure: &Option<crate::simulation::Estimate>| figure.is_none_or(|level| level.mean >= targets.service_level);
    let intervals = measured.intervals.iter().enumerate();
    let intervals = intervals.filter(|(_, fared)| !well(&fared.faring.service_level));
    let works = measured.works.iter().enumerate().filter(|(_, fared)| {
        let faring = &fared.faring;
        let gave_up = faring.abandonment.map_or(0.0, |share| share.mean);
        !well(&faring.service_level) || gave_up > targets.abandonment
    });
    let intervals = intervals.map(|(interval, _)| Lack {
        interval: Some(interval),
        work: None,
    });
    let works = works.map(|(work, _)| Lack {
        interval: None,
        work: Some(work),
    });
    intervals.chain(works).collect()
}

/// Asks for one agent more wherever a target is missed. False where there is nothing to ask for.
fn ask_for_more(required: &mut Requirement, lacking: &[Lack]) -> bool {
    let mut has_more = false;
    for (need, (interval, set)) in required.covering.needs.iter_mut().zip(&required.rows) {
        let lacks = |lack: &Lack| {
            lack.interval.is_none_or(|at| at == *interval) && lack.work.is_none_or(|work| set.as_slice() == [work])
        };
        if lacking.iter().any(lacks) {
            *need += 1.0;
            has_more = true;
        }
    }
    has_more
}

/// Spares whom it can, the dearest shifts first, until each was tried in vain. False where the effort did not suffice for that.
fn spare(
    staffing: &Staffing,
    best: &mut Tried,
    play: &mut impl FnMut(Vec<Vec<u32>>) -> Result<Tried, Stopped>,
) -> Result<bool, Stopped> {
    let mut places: Vec<(usize, usize)> = (0..staffing.pools.len())
        .flat_map(|pool| (0..staffing.pools[pool].shifts.len()).map(move |shift| (pool, shift)))
        .collect();
    let cost = |(pool, shift): (usize, usize)| staffing.pools[pool].shifts[shift].cost;
    places.sort_by(|one, other| cost(*other).total_cmp(&cost(*one)));
    // Tried in vain since somebody was last spared.
    let mut in_vain = 0;
    for (pool, shift) in places.iter().copied().cycle() {
        if in_vain >= places.len() {
            break;
        }
        in_vain += 1;
        while best.roster[pool][shift] > 0 {
            let mut fewer = best.roster.clone();
            fewer[pool][shift] -= 1;
            match play(fewer) {
                Ok(tried) if lacking(staffing, &tried.measured).is_empty() => {
                    *best = tried;
                    in_vain = 0;
                }
                Ok(_) => break,
                Err(Stopped::TooMuch) => return Ok(false),
                Err(stopped) => return Err(stopped),
            }
        }
    }
    Ok(true)
}
