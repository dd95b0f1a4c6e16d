//! The routing plan of the standard, as the rules of routing read it.

pub mod proof;
pub mod shadow;
mod simulate;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use sqlx::PgConnection;
use support_calendars::Calendars;
use support_chassis::clock::from_duration;
use support_chassis::db::DbError;
use support_chassis::id::Id;
use support_chassis::standard::{Document, Place, Standard, day_of};
use support_proto::support::routing::v1 as pb;
use time::OffsetDateTime;
use tokio::sync::watch;

use crate::domain::{
    Acquaintance, Attributes, Condition, Country, Demand, Demanded, GENERAL, Named, Plan, Priorities, Queue, Rule,
    Scope, Severity, Step, TrainingRules,
};
use crate::training::RuleBook;

/// The routing plan: who goes first, what is asked of an agent, how long an offer stands.
pub static ROUTING_PLAN: Document<pb::RoutingPlan> = Document::new(include_str!("../standard/routing-plan.yaml"))
    .checked_by(check)
    .simulated_by(simulate::simulate)
    .objected_by(simulate::object);

/// The plans that hold, by place and day.
#[derive(Clone, Debug)]
pub struct Book {
    standard: Standard<pb::RoutingPlan>,
    calendars: Calendars,
    /// What agents must be certified for; none for nothing.
    training: Option<RuleBook>,
    /// Plans that were read, by their basis: their conditions are not read each time.
    known: Arc<RwLock<HashMap<String, Arc<Plan>>>>,
}

/// The most plans that are kept.
const MOST_KNOWN: usize = 1024;

impl Book {
    /// Reads them from the standard; channels are open by these calendars.
    #[must_use]
    pub fn new(standard: Standard<pb::RoutingPlan>, calendars: Calendars) -> Self {
        Self {
            standard,
            calendars,
            training: None,
            known: Arc::default(),
        }
    }

    /// The same, where agents must be certified as these rules say.
    #[must_use]
    pub fn with_training(mut self, training: RuleBook) -> Self {
        self.training = Some(training);
        self
    }

    /// The content of a draft of the plan for everywhere; none where there is no such draft.
    ///
    /// # Errors
    ///
    /// The database's.
    pub async fn draft(&self, connection: &mut PgConnection, id: Id) -> Result<Option<String>, DbError> {
        self.standard.draft(connection, id).await
    }

    /// What agents must be certified for at a moment.
    #[must_use]
    pub fn training(&self, now: OffsetDateTime) -> TrainingRules {
        let rules = self.training.as_ref().map(|training| training.of_agents(now));
        rules.unwrap_or_default()
    }

    /// Changes whenever what holds may have changed.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.standard.changes()
    }

    /// When a task begins to wait that was asked for at `asked`, by a plan of its country: where the plan says so, when its
    /// queue is open, be it in one of the countries whose hours are the queue's.
    #[must_use]
    pub fn waits_since(
        &self,
        plan: &Plan,
        attributes: &Attributes,
        named: &Named,
        asked: OffsetDateTime,
    ) -> OffsetDateTime {
        if !plan.waits_from_opening {
            return asked;
        }
        let queue = plan.queues.get(&plan.queue_of(attributes, named));
        let of_queue = queue.map(|queue| queue.hours_of.as_slice()).unwrap_or_default();
        let own = attributes.country.as_slice();
        let countries = if of_queue.is_empty() { own } else { of_queue };
        let opens = countries
            .iter()
            .filter_map(|country| self.calendars.country(Some(*country)))
            .map(|calendar| calendar.open_at_or_after(attributes.channel.as_str(), asked));
        opens.min().unwrap_or(asked)
    }

    /// What holds at a moment for tasks of a country; where none is known, what holds everywhere.
    #[must_use]
    pub fn of_tasks(&self, country: Option<Country>, now: OffsetDateTime) -> Plan {
        let place = country.map_or(Place::Global, |country| Place::country(country.as_str()));
        let products = self.training.as_ref().map(|training| training.products(country, now));
        Plan {
            products: products.unwrap_or_default(),
            ..self.on(&place, now)
        }
    }

    /// What holds at a moment for agents of a site; where it is none of the standard's, what holds everywhere.
    #[must_use]
    pub fn of_agents(&self, site: &str, now: OffsetDateTime) -> Plan {
        let place = format!("site/{site}").parse().unwrap_or(Place::Global);
        self.on(&place, now)
    }

    fn on(&self, place: &Place, now: OffsetDateTime) -> Plan {
        let held = self.standard.on(place, day_of(now));
        let basis = held.basis.to_string();
        let known = self
            .known
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&basis)
            .cloned();
        let plan = known.unwrap_or_else(|| {
            let plan = Arc::new(plan_of(&held.document, basis.clone()));
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            if known.len() >= MOST_KNOWN {
                known.clear();
            }
            known.insert(basis, Arc::clone(&plan));
            plan
        });
        (*plan).clone()
    }
}

/// The document as the domain has it. The field rules of the contract hold already and the conditions have been checked, so nothing
/// is missing.
#[must_use]
pub fn plan_of(document: &pb::RoutingPlan, basis: String) -> Plan {
    let priorities = document.priorities.unwrap_or_default();
    let requirements = document.requirements.unwrap_or_default();
    let offers = document.offers.unwrap_or_default();
    let presence = document.presence.unwrap_or_default();
    let mut steps: Vec<Step> = document
        .relaxation
        .values()
        .map(|step| Step {
            after: from_duration(step.after.as_ref()),
            language_level: small(step.language_level),
            skill_level: small(step.skill_level),
            languages: step
                .languages
                .iter()
                .filter_map(|language| language.parse().ok())
                .collect(),
            further_languages: step.further_languages,
            neighbours: step.neighbours,
            sites: step.sites.clone(),
            regions: step.regions.clone(),
            anywhere: step.anywhere,
        })
        .collect();
    steps.sort_by(|one, other| {
        let key = |step: &Step| (step.after, -step.language_level, -step.skill_level);
        key(one)
            .cmp(&key(other))
            .then_with(|| one.languages.cmp(&other.languages))
    });
    Plan {
        products: Vec::new(),
        basis,
        priorities: Priorities {
            by_severity: [priorities.low, priorities.normal, priorities.high, priorities.critical].map(small),
            account_security: small(priorities.account_security),
            ageing_step: from_duration(priorities.ageing_step.as_ref()),
            ageing_limit: small(priorities.ageing_limit),
        },
        language_level: small(requirements.language_level),
        skill_level: small(requirements.skill_level),
        steps,
        rules: rules(document),
        queues: document
            .queues
            .iter()
            .map(|(name, queue)| (name.clone(), queue_of(queue)))
            .collect(),
        neighbours: document
            .neighbours
            .iter()
            .filter_map(|(skill, serve)| {
                let mut serve: Vec<_> = serve
                    .skills
                    .iter()
                    .filter_map(|(skill, level)| Some((skill.parse().ok()?, small(*level))))
                    .collect();
                serve.sort();
                Some((skill.parse().ok()?, serve))
            })
            .collect(),
        offer_timeout: from_duration(offers.timeout.as_ref()),
        refusal_delay: from_duration(offers.refusal_delay.as_ref()),
        presence_timeout: from_duration(presence.timeout.as_ref()),
        waits_from_opening: document.waits_from_opening,
    }
}

fn queue_of(queue: &pb::RoutingQueue) -> Queue {
    Queue {
        before_all: queue.before_all,
        hours_of: queue.hours_of.iter().filter_map(|code| code.parse().ok()).collect(),
    }
}

/// The rules in the order in which they are looked at.
fn rules(document: &pb::RoutingPlan) -> Vec<Rule> {
    let mut rules: Vec<_> = document.rules.iter().collect();
    rules.sort_by_key(|(name, rule)| (rule.order, *name));
    rules
        .into_iter()
        .filter_map(|(name, rule)| rule_of(name, rule))
        .collect()
}

fn rule_of(name: &str, rule: &pb::RoutingRule) -> Option<Rule> {
    let mut skills: Vec<_> = rule
        .skills
        .iter()
        .filter_map(|(skill, asked)| {
            Some(Demanded {
                skill: skill.parse().ok()?,
                level: small(asked.level),
                kept: small(asked.kept),
            })
        })
        .collect();
    skills.sort_by(|one, other| one.skill.cmp(&other.skill));
    let first = [
        (rule.last_agent_first, Acquaintance::LastAgent),
        (rule.account_manager_first, Acquaintance::AccountManager),
    ];
    Some(Rule {
        name: name.to_owned(),
        when: Condition::parse(&rule.when).ok()?,
        queue: (!rule.queue.is_empty()).then(|| rule.queue.clone()),
        priority: small(rule.priority),
        demand: Demand {
            language_level: small(rule.language_level),
            skills,
            certifications: rule
                .certifications
                .iter()
                .filter_map(|name| name.parse().ok())
                .collect(),
            scope: Scope::within(rule.sites.clone(), rule.regions.clone()),
            first: first.into_iter().filter_map(|(is, who)| is.then_some(who)).collect(),
            first_for: from_duration(rule.first_for.as_ref()),
        },
        is_last: rule.last,
    })
}

/// A priority or a level, 0 to 9.
fn small(number: i32) -> i16 {
    i16::try_from(number).unwrap_or(i16::MAX)
}

/// What the field rules cannot say: the more is at stake, the higher the priority; conditions are conditions, and queues that rules
/// name are there.
pub(crate) fn check(document: &pb::RoutingPlan) -> Vec<(String, String)> {
    let priorities = document.priorities.unwrap_or_default();
    let by_severity = [priorities.low, priorities.normal, priorities.high, priorities.critical];
    let mut faults = Vec::new();
    for (severities, values) in Severity::ALL.windows(2).zip(by_severity.windows(2)) {
        if let ([less, more], [of_less, of_more]) = (severities, values)
            && of_more < of_less
        {
            let fault = format!("must not be lower than `{less}`");
            faults.push((format!("priorities.{more}"), fault));
        }
    }
    let mut rules: Vec<_> = document.rules.iter().collect();
    rules.sort_by_key(|(name, _)| *name);
    for (name, rule) in rules {
        if let Err(fault) = Condition::parse(&rule.when) {
            faults.push((format!("rules[{name:?}].when"), fault.to_string()));
        }
        let is_there = rule.queue.is_empty() || rule.queue == GENERAL || document.queues.contains_key(&rule.queue);
        if !is_there {
            let fault = "is none of `queues`".to_owned();
            faults.push((format!("rules[{name:?}].queue"), fault));
        }
        for (skill, asked) in &rule.skills {
            if asked.kept > asked.level {
                let fault = "must not be more than `level`".to_owned();
                faults.push((format!("rules[{name:?}].skills[{skill:?}].kept"), fault));
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests;
