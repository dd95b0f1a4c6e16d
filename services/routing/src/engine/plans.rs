//! The plans that hold, by country, and which of them ask the same.

use std::collections::HashMap;

use crate::domain::{Country, Plan, Ruled};

/// The plans, each at its place for ever.
#[derive(Debug, Default)]
pub(super) struct Plans {
    ruled: Vec<Ruled>,
    place_of: HashMap<Option<Country>, usize>,
    /// For each place the number of what its plan asks.
    rules: Vec<u32>,
    /// One plan for each number.
    distinct: Vec<Plan>,
}

impl Plans {
    pub(super) fn all(&self) -> &[Ruled] {
        &self.ruled
    }

    pub(super) fn place(&self, country: Option<Country>) -> Option<usize> {
        self.place_of.get(&country).copied()
    }

    /// Plans with the same number ask the same of agents, after the same times.
    pub(super) fn rules(&self, place: usize) -> u32 {
        self.rules[place]
    }

    /// Takes in what holds for a country. True where another plan held before, so that tasks may stand wrong.
    pub(super) fn put(&mut self, ruled: Ruled) -> bool {
        if let Some(place) = self.place(ruled.country) {
            let is_new = self.ruled[place].plan != ruled.plan;
            if is_new {
                self.ruled[place] = ruled;
            }
            return is_new;
        }
        let asks = self.number(&ruled.plan);
        self.place_of.insert(ruled.country, self.ruled.len());
        self.rules.push(asks);
        self.ruled.push(ruled);
        false
    }

    /// Numbers them anew.
    pub(super) fn forget_rules(&mut self) {
        self.distinct.clear();
        self.rules = Vec::new();
        for place in 0..self.ruled.len() {
            let plan = self.ruled[place].plan.clone();
            let rules = self.number(&plan);
            self.rules.push(rules);
        }
    }

    fn number(&mut self, plan: &Plan) -> u32 {
        let asks = |plan: &Plan| (plan.language_level, plan.skill_level);
        let known = self
            .distinct
            .iter()
            .position(|known| asks(known) == asks(plan) && known.steps == plan.steps);
        let place = known.unwrap_or_else(|| {
            self.distinct.push(plan.clone());
            self.distinct.len() - 1
        });
        super::number(place)
    }
}
