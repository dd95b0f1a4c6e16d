//! The plans that hold, by country, and which of them ask the same.

use std::collections::HashMap;
use std::sync::Arc;

use super::Queued;
use crate::domain::{Attributes, Country, Plan, Ruled, Ruling};

/// The plans, each at its place for ever.
#[derive(Debug, Default)]
pub(super) struct Plans {
    ruled: Vec<Ruled>,
    place_of: HashMap<Option<Country>, usize>,
    /// For each place the number of what its plan asks.
    rules: Vec<u32>,
    /// One plan for each number, and what it says of tasks.
    distinct: Vec<Said>,
    /// What plans say of tasks, each once.
    rulings: Vec<Ruling>,
    ruling_of: HashMap<Ruling, u32>,
}

/// How many different tasks a plan's word on is remembered for, until all are forgotten.
const MOST_REMEMBERED: usize = 50_000;

/// What a plan says of tasks, as far as it was asked.
#[derive(Debug)]
struct Said {
    plan: Plan,
    /// By which agents are named.
    of: HashMap<[bool; 2], HashMap<Arc<Attributes>, u32>>,
}

impl Plans {
    pub(super) fn all(&self) -> &[Ruled] {
        &self.ruled
    }

    pub(super) fn place(&self, country: Option<Country>) -> Option<usize> {
        self.place_of.get(&country).copied()
    }

    /// What the plan at a place says of a task, by its number. What the task says of itself is held in common with all that
    /// say the same.
    pub(super) fn ruling(&mut self, place: usize, task: &mut Queued) -> u32 {
        let Said { plan, of } = &mut self.distinct[self.rules[place] as usize];
        let names = [task.named.last_agent, task.named.account_manager].map(|agent| agent.is_some());
        let of = of.entry(names).or_default();
        if let Some((known, ruling)) = of.get_key_value(&task.attributes) {
            task.attributes = Arc::clone(known);
            return *ruling;
        }
        let said = plan.ruling(&task.attributes, &task.named);
        let new = super::slab::number(self.rulings.len());
        let ruling = *self.ruling_of.entry(said).or_insert_with_key(|said| {
            self.rulings.push(said.clone());
            new
        });
        if of.len() >= MOST_REMEMBERED {
            of.clear();
        }
        of.insert(Arc::clone(&task.attributes), ruling);
        ruling
    }

    /// What a plan said.
    pub(super) fn ruled_as(&self, ruling: u32) -> &Ruling {
        &self.rulings[ruling as usize]
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
        self.rulings.clear();
        self.ruling_of.clear();
        self.rules = Vec::new();
        for place in 0..self.ruled.len() {
            let plan = self.ruled[place].plan.clone();
            let rules = self.number(&plan);
            self.rules.push(rules);
        }
    }

    fn number(&mut self, plan: &Plan) -> u32 {
        let known = self.distinct.iter().position(|known| known.plan.rules_like(plan));
        let place = known.unwrap_or_else(|| {
            self.distinct.push(Said {
                plan: plan.clone(),
                of: HashMap::new(),
            });
            self.distinct.len() - 1
        });
        super::slab::number(place)
    }
}
