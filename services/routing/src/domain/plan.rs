//! The routing plan: who goes first, what is asked of an agent and how that is relaxed while the customer waits, how long an
//! offer stands.

mod condition;
mod demand;
mod rule;

use std::collections::BTreeMap;

use time::Duration;

pub use condition::{Condition, Facts, Mentioned, NotACondition};
pub use demand::{Acquaintance, Demand, Demanded, Ruling, Stage};
pub use rule::{GENERAL, Queue, Rule};

use super::{Area, Attributes, CertifiedProduct, Country, Language, Named, Severity, Skill, required_certifications};

/// Who goes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Priorities {
    /// By the severity: low, normal, high, critical. 0 to 9 each.
    pub by_severity: [i16; 4],
    /// The least that a task about the security of an account has.
    pub account_security: i16,
    /// How long a task waits for each priority that it goes up.
    pub ageing_step: Duration,
    /// Waiting raises a task no further than this.
    pub ageing_limit: i16,
}

impl Priorities {
    /// The priority with which a task is queued, 0 to 9.
    #[must_use]
    pub fn of(&self, severity: Severity, area: Option<Area>) -> i16 {
        let index = match severity {
            Severity::Low => 0,
            Severity::Normal => 1,
            Severity::High => 2,
            Severity::Critical => 3,
        };
        let by_severity = self.by_severity[index];
        match area {
            Some(Area::AccountSecurity) => by_severity.max(self.account_security),
            Some(Area::Device) | None => by_severity,
        }
    }

    /// The priority in line, which waiting raises; a task that goes before all comes before every one that does not.
    #[must_use]
    pub fn in_line(&self, priority: i16, waited: Duration, before_all: bool) -> i16 {
        let first = if before_all { 10 } else { 0 };
        self.aged(priority, waited).saturating_add(first)
    }

    /// The priority in line of a task that was queued with `priority` and has waited for `waited`.
    #[must_use]
    pub fn aged(&self, priority: i16, waited: Duration) -> i16 {
        if priority >= self.ageing_limit {
            return priority;
        }
        let steps = waited.whole_microseconds() / self.ageing_step.whole_microseconds().max(1);
        let raised = i128::from(priority).saturating_add(steps.max(0));
        i16::try_from(raised).map_or(self.ageing_limit, |raised| raised.min(self.ageing_limit))
    }
}

/// What is asked no longer once a task has waited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// How long it must have waited.
    pub after: Duration,
    /// How well the language must then be spoken, 1 to 5.
    pub language_level: i16,
    /// How well what is asked for must then be known, 1 to 5; 0 for not at all. What a rule keeps stays asked for.
    pub skill_level: i16,
    /// Languages that then serve besides the customer's own, to be spoken as well.
    pub languages: Vec<Language>,
    /// Whether the customer's further languages then serve too.
    pub further_languages: bool,
    /// Whether neighbouring skills then serve.
    pub neighbours: bool,
    /// Sites whose agents then serve too.
    pub sites: Vec<String>,
    /// Regions whose agents then serve too.
    pub regions: Vec<String>,
    /// Whether it does not matter then where an agent is.
    pub anywhere: bool,
}

/// What holds at a place. By default nothing goes before anything, and nothing is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The versions it comes from.
    pub basis: String,
    /// Who goes first.
    pub priorities: Priorities,
    /// How well the customer's language must be spoken as long as nothing is relaxed, 1 to 5.
    pub language_level: i16,
    /// How well the product line must be known, 1 to 5.
    pub skill_level: i16,
    /// What is relaxed, in the order in which it is reached.
    pub steps: Vec<Step>,
    /// What more is asked for which tasks, in the order in which it is looked at.
    pub rules: Vec<Rule>,
    /// The queues, by name.
    pub queues: BTreeMap<String, Queue>,
    /// The skills that serve in place of another, at these levels, once a step says so.
    pub neighbours: BTreeMap<Skill, Vec<(Skill, i16)>>,
    /// The products whose tasks go only to those who are certified for them.
    pub products: Vec<CertifiedProduct>,
    /// How long an offer stands.
    pub offer_timeout: Duration,
    /// How long an agent who let a task go by is not asked again for it.
    pub refusal_delay: Duration,
    /// How long an agent may be out of sight.
    pub presence_timeout: Duration,
    /// Whether a task begins to wait when its channel opens.
    pub waits_from_opening: bool,
}

impl Plan {
    /// Whether tasks are ruled alike by both: the same is asked of agents, after the same times.
    #[must_use]
    pub fn rules_like(&self, other: &Self) -> bool {
        let asks = |plan: &Self| (plan.language_level, plan.skill_level);
        asks(self) == asks(other)
            && self.steps == other.steps
            && self.rules == other.rules
            && self.queues == other.queues
            && self.neighbours == other.neighbours
            && self.products == other.products
    }

    /// The priority with which a task is queued, 0 to 9: what is at stake, or more where a rule says so.
    #[must_use]
    pub fn priority(&self, attributes: &Attributes, named: &Named) -> i16 {
        let at_stake = self.priorities.of(attributes.severity, attributes.area);
        at_stake.max(self.ruling(attributes, named).priority)
    }

    /// The rules that apply to a task of which this is known, in their order.
    pub fn rules_for<'p, 'f>(&'p self, facts: &'f Facts) -> impl Iterator<Item = &'p Rule> + use<'p, 'f> {
        let last = self
            .rules
            .iter()
            .position(|rule| rule.is_last && rule.when.holds(facts));
        let looked_at = self.rules.iter().take(last.map_or(self.rules.len(), |last| last + 1));
        looked_at.filter(|rule| rule.when.holds(facts))
    }

    /// Whether tasks may be passed on to a queue of this name.
    #[must_use]
    pub fn has_queue(&self, name: &str) -> bool {
        name == GENERAL || self.queues.contains_key(name)
    }

    /// The queue that a task was passed on to, where the plan has it.
    fn queue_by_hand<'a>(&self, attributes: &'a Attributes) -> Option<&'a String> {
        attributes.queue.as_ref().filter(|name| self.has_queue(name))
    }

    /// The rules that apply to a task, in their order: those whose condition it fulfils; and where it was passed on to a queue to which
    /// none of these leads, the first rule that does.
    fn applying(&self, attributes: &Attributes, named: &Named) -> Vec<&Rule> {
        if self.rules.is_empty() {
            return Vec::new();
        }
        let mut rules: Vec<&Rule> = self.rules_for(&Facts::of(attributes, named)).collect();
        if let Some(queue) = self.queue_by_hand(attributes) {
            let leads_there = |rule: &Rule| rule.queue.as_ref() == Some(queue);
            if !rules.iter().any(|rule| leads_there(rule)) {
                rules.extend(self.rules.iter().find(|rule| leads_there(rule)));
            }
        }
        rules
    }

    fn queue_among(&self, rules: &[&Rule], attributes: &Attributes) -> String {
        let by_rules = || rules.iter().find_map(|rule| rule.queue.as_ref());
        let queue = self.queue_by_hand(attributes).or_else(by_rules);
        queue.cloned().unwrap_or_else(|| GENERAL.to_owned())
    }

    /// The queue that a task waits in.
    #[must_use]
    pub fn queue_of(&self, attributes: &Attributes, named: &Named) -> String {
        self.queue_among(&self.applying(attributes, named), attributes)
    }

    /// What the plan says of a task: where it waits, what is asked, from the first and as it waits. Of the agents whom it names it
    /// matters which there are, not who they are.
    #[must_use]
    pub fn ruling(&self, attributes: &Attributes, named: &Named) -> Ruling {
        let own = attributes.product_line.map(|line| Demanded {
            skill: Skill::product(line),
            level: self.skill_level,
            kept: 0,
        });
        let mut demand = Demand {
            language_level: self.language_level,
            skills: own.into_iter().collect(),
            ..Demand::default()
        };
        let rules = self.applying(attributes, named);
        for rule in &rules {
            demand.add(&rule.demand);
        }
        demand
            .certifications
            .extend(required_certifications(&self.products, attributes));
        let queue = self.queue_among(&rules, attributes);
        Ruling {
            priority: rules.iter().map(|rule| rule.priority).max().unwrap_or_default(),
            rules: rules.into_iter().map(|rule| rule.name.clone()).collect(),
            before_all: self.queues.get(&queue).is_some_and(|queue| queue.before_all),
            queue,
            stages: demand.stages(self, attributes, named),
        }
    }
}

/// What holds for the tasks of one country.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruled {
    /// The country; none for tasks of which none is known.
    pub country: Option<Country>,
    /// The plan.
    pub plan: Plan,
}

#[cfg(test)]
mod tests;
