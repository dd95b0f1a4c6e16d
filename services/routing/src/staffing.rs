//! How many agents it takes: the cheapest roster that meets its targets.
//!
//! It begins with the closed forms ([`erlang`]): for each interval and each set of works, so many agents who can do some of them
//! must be there, as if they could do all of it and did nothing else. Whoever speaks two languages counts for both sets alike,
//! so that what overlaps is not hired twice. The shifts that cover all of that at the least cost are looked for
//! (`cover.rs`); then simulation settles it: where the targets are missed more is asked for, and where an agent can be
//! spared they are.
//!
//! What is proven and what is not: that the roster meets its targets is what the simulation says, for the seed it was given. That
//! no single agent can be spared is tried for each. What it costs at the least is proven of the closed forms' demands, by
//! a price on each of them that no shift can undercut (the dual of the covering), not of all rosters.

mod cover;
pub mod erlang;
mod requirement;
mod settle;

use crate::simulation::{Group, Measured, Scenario, Span};

pub use settle::staff;

/// Agents who can be had.
#[derive(Clone, Debug)]
pub struct Pool {
    /// What they can do; without shifts.
    pub group: Group,
    /// The shifts they may work.
    pub shifts: Vec<PoolShift>,
}

/// A shift that agents of a pool may work.
#[derive(Clone, Debug, PartialEq)]
pub struct PoolShift {
    /// When they take work.
    pub spans: Vec<Span>,
    /// What it costs for each of them, above 0.
    pub cost: f64,
    /// How many can be had.
    pub most: u32,
}

/// What is to be met.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Targets {
    /// The least share that is answered within the scenario's target: in each interval of all contacts, and of each work over the
    /// whole time.
    pub service_level: f64,
    /// The largest share of each work that may give up, over the whole time; 1 where it does not matter.
    pub abandonment: f64,
}

/// Asks for a roster.
#[derive(Clone, Debug)]
pub struct Staffing {
    /// What customers ask for; without groups.
    pub scenario: Scenario,
    /// Who can be had.
    pub pools: Vec<Pool>,
    /// What is to be met.
    pub targets: Targets,
    /// How often each roster is played.
    pub replications: usize,
}

impl Staffing {
    /// The floor with so many agents by pool and shift.
    #[must_use]
    pub fn floor(&self, roster: &[Vec<u32>]) -> Scenario {
        let mut scenario = self.scenario.clone();
        scenario.groups = self
            .pools
            .iter()
            .zip(roster)
            .map(|(pool, agents)| {
                let shifts = pool
                    .shifts
                    .iter()
                    .zip(agents)
                    .map(|(shift, agents)| crate::simulation::Shift {
                        agents: *agents,
                        spans: shift.spans.clone(),
                    });
                Group {
                    shifts: shifts.collect(),
                    ..pool.group.clone()
                }
            })
            .collect();
        scenario
    }

    /// What a roster costs.
    #[must_use]
    pub fn cost(&self, roster: &[Vec<u32>]) -> f64 {
        let shifts = self
            .pools
            .iter()
            .zip(roster)
            .flat_map(|(pool, agents)| pool.shifts.iter().zip(agents));
        shifts.map(|(shift, agents)| shift.cost * f64::from(*agents)).sum()
    }
}

/// The roster that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Staffed {
    /// How many agents, by pool and shift.
    pub roster: Vec<Vec<u32>>,
    /// By interval, how many it would take by the closed forms if all could do everything.
    pub closed_form: Vec<usize>,
    /// By interval, whether the targets are met there.
    pub meets: Vec<bool>,
    /// Whether all targets are met.
    pub meets_targets: bool,
    /// Whether no single agent can be spared.
    pub is_tight: bool,
    /// What it costs.
    pub cost: f64,
    /// What a roster that the closed forms allow costs at the least.
    pub least_cost: f64,
    /// How everybody fares.
    pub measured: Measured,
    /// How many rosters were simulated.
    pub simulated: usize,
}

#[cfg(test)]
mod tests;
