//! What another routing plan would mean, told before it is published: rules that never apply, queues that nobody can serve.

use std::collections::HashMap;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use support_calendars::{Calendars, Span};
use support_chassis::lifecycle::BoxError;
use support_chassis::standard::{Consequence, Fare, Findings, WhatIf};
use support_proto::support::routing::v1 as pb;
use time::{Date, Duration, OffsetDateTime, UtcOffset};

use super::plan_of;
use super::proof::{Gap, MOST_KINDS, Proof, Staffed, Unserved, prove};
use crate::domain::{AgentId, Candidate, Channel, Profile, Quarters, Queue, Schedule};
use crate::ops::roster::beside;
use crate::store;

/// Proves both plans, and tells what is odd about the proposed one, with what held before.
pub(super) fn simulate(what_if: WhatIf<pb::RoutingPlan>) -> BoxFuture<'static, Result<Findings, BoxError>> {
    async move {
        let Proofs {
            held, proposed, today, ..
        } = proofs(&what_if).await?;
        Ok(consequences(&held, &proposed, today).into())
    }
    .boxed()
}

/// Says what of the proposed plan can never do what it is there for. What was so before is not its doing; and where no agent is known
/// yet, nothing is held against them.
pub(super) fn object(what_if: WhatIf<pb::RoutingPlan>) -> BoxFuture<'static, Result<Vec<(String, String)>, BoxError>> {
    async move {
        let found = proofs(&what_if).await?;
        let objections = |proof: &Proof| objections(proof, found.is_staffed);
        let before = objections(&found.held);
        let mut faults = objections(&found.proposed);
        faults.retain(|fault| !before.contains(fault));
        Ok(faults)
    }
    .boxed()
}

/// What can be told of two plans, as agents and rosters are now.
struct Proofs {
    held: Proof,
    proposed: Proof,
    today: Date,
    /// Whether there is any agent.
    is_staffed: bool,
}

async fn proofs(what_if: &WhatIf<pb::RoutingPlan>) -> Result<Proofs, BoxError> {
    let now = what_if.db.clock().now();
    let today = now.to_offset(UtcOffset::UTC).date();
    let mut connection = what_if.db.read().await?;
    let agents = store::line::all_known(&mut connection, now).await?;
    let days = beside(beside(today..=today + Duration::days(7)));
    let schedules = store::roster::schedules(&mut connection, None, &days).await?;
    drop(connection);
    let plans = [&what_if.held, &what_if.proposed].map(|held| plan_of(&held.document, String::new()));
    let is_staffed = !agents.is_empty();
    // Thousands of kinds of tasks: not among the calls of others.
    let [held, proposed] = tokio::task::spawn_blocking(move || {
        let week = Week::of(&agents, &schedules, today);
        plans.map(|plan| prove(&plan, &week.agents, |queue| week.open(queue)))
    })
    .await?;
    Ok(Proofs {
        held,
        proposed,
        today,
        is_staffed,
    })
}

/// What keeps a plan from being published, by its path.
pub(super) fn objections(proof: &Proof, is_staffed: bool) -> Vec<(String, String)> {
    let never = proof.unreachable.iter().map(|rule| {
        let fault = "never applies: no task fulfils its condition that an earlier rule does not keep from it";
        (format!("rules[{rule:?}]"), fault.to_owned())
    });
    let deserted = proof.deserted.iter().map(|queue| {
        let fault = "nobody can serve it at any hour at which it is open: of all agents none who knows, speaks and is certified for what \
                     is asked is planned to be at work then";
        (format!("queues[{queue:?}]"), fault.to_owned())
    });
    let hopeless = proof.hopeless.iter().map(|rule| {
        let fault = "asks for what none of all agents knows, speaks or is certified for, however much is relaxed";
        (format!("rules[{rule:?}]"), fault.to_owned())
    });
    let by_agents = deserted.chain(hopeless).filter(|_| is_staffed);
    never.chain(by_agents).collect()
}

/// Who is planned in a week.
struct Week {
    first: Date,
    agents: Vec<Staffed>,
    /// When anybody is planned at all.
    planned: Quarters,
    calendars: Calendars,
}

impl Week {
    fn of(agents: &[Candidate], schedules: &HashMap<AgentId, Schedule>, first: Date) -> Self {
        let start = first.midnight().assume_utc();
        let mut hours: HashMap<&Profile, Quarters> = HashMap::new();
        let mut planned = Quarters::default();
        for agent in agents {
            let schedule = schedules
                .get(&agent.book.agent)
                .filter(|schedule| schedule.is_planned());
            let at_work = match schedule {
                Some(schedule) => {
                    // Where the agent is, it may be the day before or after.
                    let shifts = schedule.shifts(first - Duration::days(1), 9);
                    let at_work = Quarters::within(&shifts, start);
                    planned = planned.or(&at_work);
                    at_work
                }
                None => Quarters::ALL,
            };
            let all = hours.entry(&agent.profile).or_default();
            *all = all.or(&at_work);
        }
        let agents = hours.into_iter().map(|(profile, hours)| Staffed {
            profile: profile.clone(),
            hours,
        });
        Self {
            first,
            agents: agents.collect(),
            planned,
            calendars: Calendars::shipped(),
        }
    }

    /// When somebody should be there for a queue: when a channel of one of its countries is open, or where it has no hours of its
    /// own, whenever anybody works at all.
    fn open(&self, queue: Option<&Queue>) -> Quarters {
        let countries = queue.map(|queue| queue.hours_of.as_slice()).unwrap_or_default();
        let calendars = countries
            .iter()
            .filter_map(|country| self.calendars.country(Some(*country)));
        let spans: Vec<Span> = calendars
            .flat_map(|calendar| {
                let days = (-1..8).map(|day| self.first + Duration::days(day));
                let open = days.flat_map(|day| {
                    let channels = Channel::ALL.iter();
                    channels
                        .flat_map(|channel| calendar.open_on(channel.as_str(), day))
                        .collect::<Vec<_>>()
                });
                open.collect::<Vec<_>>()
            })
            .collect();
        if spans.is_empty() {
            return self.planned;
        }
        Quarters::within(&spans, self.first.midnight().assume_utc())
    }
}

/// What is told of a plan, where another held before, of the week that begins on a day.
pub(super) fn consequences(held: &Proof, proposed: &Proof, first: Date) -> Vec<Consequence> {
    if proposed.is_beyond {
        return vec![Consequence {
            whom: "all tasks".to_owned(),
            before: format!("{} kinds of tasks told apart", held.kinds),
            after: format!(
                "{} kinds of tasks told apart, more than {MOST_KINDS}: whether each rule applies is not known",
                proposed.kinds
            ),
            ..Consequence::default()
        }];
    }
    let unreachable = proposed.unreachable.iter().map(|rule| Consequence {
        whom: format!("tasks of the rule `{rule}`"),
        before: if held.unreachable.contains(rule) {
            "the rule never applies".to_owned()
        } else {
            String::new()
        },
        after: "the rule never applies".to_owned(),
        rule: rule.clone(),
        because: "no task fulfils its condition that an earlier rule does not keep from it".to_owned(),
        ..Consequence::default()
    });
    let unserved = proposed.unserved.iter().map(|unserved| {
        let before = held.unserved.iter().find(|known| {
            (&known.queue, &known.rules, known.is_for_ever) == (&unserved.queue, &unserved.rules, unserved.is_for_ever)
        });
        Consequence {
            whom: format!("tasks of the queue `{}`, {}", unserved.queue, ways(&unserved.rules)),
            before: before.map(in_words).unwrap_or_default(),
            after: in_words(unserved),
            fare: before.is_none().then_some(Fare::Worse),
            rule: unserved.rules.first().cloned().unwrap_or_default(),
            because: "of all agents, at work or not, none knows, speaks and is certified for what is asked".to_owned(),
            ..Consequence::default()
        }
    });
    let gaps = proposed.gaps.iter().map(|gap| {
        let before = held
            .gaps
            .iter()
            .find(|known| (&known.queue, &known.rules) == (&gap.queue, &gap.rules));
        let wider = gap.hours.without(&before.map(|known| known.hours).unwrap_or_default());
        Consequence {
            whom: format!("tasks of the queue `{}`, {}", gap.queue, ways(&gap.rules)),
            before: before.map(|known| hours_in_words(known, first)).unwrap_or_default(),
            after: hours_in_words(gap, first),
            fare: (!wider.is_empty()).then_some(Fare::Worse),
            rule: gap.rules.first().cloned().unwrap_or_default(),
            because:
                "of those who are planned to be at work then, none knows, speaks and is certified for what is asked"
                    .to_owned(),
            ..Consequence::default()
        }
    });
    unreachable.chain(unserved).chain(gaps).collect()
}

fn ways(rules: &[String]) -> String {
    if rules.is_empty() {
        "no rule".to_owned()
    } else {
        format!("rules {}", rules.join(" and "))
    }
}

fn hours_in_words(gap: &Gap, first: Date) -> String {
    let length = gap.hours.length();
    let start: OffsetDateTime = first.midnight().assume_utc() + gap.hours.first().unwrap_or_default();
    format!(
        "nobody is planned who can take them for {}:{:02} hours of the week from {first}, first on {} at {:02}:{:02} UTC",
        length.whole_hours(),
        length.whole_minutes() % 60,
        start.date(),
        start.hour(),
        start.minute(),
    )
}

fn in_words(unserved: &Unserved) -> String {
    if unserved.is_for_ever {
        "nobody can take them, however long they wait".to_owned()
    } else {
        "nobody can take them until something is relaxed".to_owned()
    }
}
