//! The routing plan of the standard, as the rules of routing read it.

use std::collections::BTreeMap;

use support_calendars::Calendars;
use support_chassis::clock::from_duration;
use support_chassis::standard::{Document, Effective, Place, Standard, day_of};
use support_proto::support::routing::v1 as pb;
use time::OffsetDateTime;
use tokio::sync::watch;

use crate::domain::{Channel, Country, Plan, Priorities, Severity, Step};

/// The routing plan: who goes first, what is asked of an agent, how long an offer stands.
pub static ROUTING_PLAN: Document<pb::RoutingPlan> =
    Document::new(include_str!("../standard/routing-plan.yaml")).checked_by(check);

/// The plans that hold, by place and day.
#[derive(Clone, Debug)]
pub struct Book {
    standard: Standard<pb::RoutingPlan>,
    calendars: Calendars,
}

impl Book {
    /// Reads them from the standard; channels are open by these calendars.
    #[must_use]
    pub fn new(standard: Standard<pb::RoutingPlan>, calendars: Calendars) -> Self {
        Self { standard, calendars }
    }

    /// Changes whenever what holds may have changed.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.standard.changes()
    }

    /// When a task begins to wait that was asked for at `asked`, by a plan of its country.
    #[must_use]
    pub fn waits_since(
        &self,
        plan: &Plan,
        country: Option<Country>,
        channel: Channel,
        asked: OffsetDateTime,
    ) -> OffsetDateTime {
        match self.calendars.country(country).filter(|_| plan.waits_from_opening) {
            Some(calendar) => calendar.open_at_or_after(channel.as_str(), asked),
            None => asked,
        }
    }

    /// What holds at a moment for tasks of a country; where none is known, what holds everywhere.
    #[must_use]
    pub fn of_tasks(&self, country: Option<Country>, now: OffsetDateTime) -> Plan {
        let place = country.map_or(Place::Global, |country| Place::country(country.as_str()));
        self.on(&place, now)
    }

    /// What holds at a moment for agents of a site; where it is none of the standard's, what holds everywhere.
    #[must_use]
    pub fn of_agents(&self, site: &str, now: OffsetDateTime) -> Plan {
        let place = format!("site/{site}").parse().unwrap_or(Place::Global);
        self.on(&place, now)
    }

    fn on(&self, place: &Place, now: OffsetDateTime) -> Plan {
        read(&self.standard.on(place, day_of(now)))
    }
}

/// The document as the domain has it. The field rules of the contract hold already, so nothing is missing.
fn read(held: &Effective<pb::RoutingPlan>) -> Plan {
    let document = &held.document;
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
            ..Step::default()
        })
        .collect();
    steps.sort_by(|one, other| {
        let key = |step: &Step| (step.after, -step.language_level, -step.skill_level);
        key(one)
            .cmp(&key(other))
            .then_with(|| one.languages.cmp(&other.languages))
    });
    Plan {
        basis: held.basis.to_string(),
        priorities: Priorities {
            by_severity: [priorities.low, priorities.normal, priorities.high, priorities.critical].map(small),
            account_security: small(priorities.account_security),
            ageing_step: from_duration(priorities.ageing_step.as_ref()),
            ageing_limit: small(priorities.ageing_limit),
        },
        language_level: small(requirements.language_level),
        skill_level: small(requirements.skill_level),
        steps,
        neighbours: BTreeMap::new(),
        offer_timeout: from_duration(offers.timeout.as_ref()),
        refusal_delay: from_duration(offers.refusal_delay.as_ref()),
        presence_timeout: from_duration(presence.timeout.as_ref()),
        waits_from_opening: document.waits_from_opening,
    }
}

/// A priority or a level, 0 to 9.
fn small(number: i32) -> i16 {
    i16::try_from(number).unwrap_or(i16::MAX)
}

/// What the field rules cannot say: the more is at stake, the higher the priority.
fn check(document: &pb::RoutingPlan) -> Vec<(String, String)> {
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
    faults
}

#[cfg(test)]
mod tests;
