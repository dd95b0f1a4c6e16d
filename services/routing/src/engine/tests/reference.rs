//! The rule, one sentence after the other, without any of the shortcuts.

use super::*;
use crate::domain::{Held, Lack, Need, Scope, Share, Shortlist, Standing, Stood};

/// A decision: task, agent, step, whether asked again, how many fitted as well, who stood for it.
pub(super) type Expected = (TaskId, AgentId, usize, bool, usize, Shortlist);

pub(super) fn expected(decision: &Decision) -> Expected {
    let Decision {
        pairing,
        reason,
        shortlist,
    } = *decision;
    let (step, candidates) = (reason.relaxed_steps, reason.candidates);
    (
        pairing.task,
        pairing.agent,
        usize::try_from(step).unwrap(),
        reason.asked_again,
        usize::try_from(candidates).unwrap(),
        shortlist,
    )
}

pub(super) fn is_good_enough(agent: &Candidate, need: &Need) -> bool {
    let Candidate { book, profile } = agent;
    let mut speaks = false;
    for (wanted, level) in &need.languages {
        for (spoken, how) in &profile.languages {
            speaks |= spoken.primary() == wanted.primary() && how >= level;
        }
    }
    let mut knows = true;
    for any in &need.skills {
        let mut knows_one = false;
        for (wanted, level) in any {
            for (known, how) in &profile.skills {
                knows_one |= known == wanted && how >= level;
            }
        }
        knows &= knows_one;
    }
    let mut is_certified = true;
    for wanted in &need.certifications {
        is_certified &= profile.certifications.contains(wanted);
    }
    let is_there = match &need.scope {
        Scope::Anywhere => true,
        Scope::Within { sites, regions } => sites.contains(&profile.site) || regions.contains(&profile.region),
    };
    let is_asked = need.agents.is_empty() || need.agents.contains(&book.agent);
    speaks && knows && is_certified && is_there && is_asked
}

/// How much of an agent's capacity a contact takes; none where they cannot take it now.
pub(super) fn weight(book: &Book, channel: Channel) -> Option<i32> {
    let weight = match book.sharing.share(channel)? {
        Share::Units(units) => i32::from(units),
        Share::Whole => book.capacity,
    };
    for other in Channel::ALL {
        if *other != channel && book.held.of(*other) > 0 && !book.sharing.mix(channel, *other) {
            return None;
        }
    }
    (weight <= book.capacity - book.load).then_some(weight)
}

fn take(book: &mut Book, channel: Channel) {
    let place = Channel::ALL.iter().position(|one| *one == channel).unwrap();
    book.load += weight(book, channel).unwrap();
    book.held = Held::unpacked(book.held.packed() + (1 << (8 * place)));
}

/// The priority in line.
pub(super) fn priority_in_line(task: &Queued, plan: &Plan, now: OffsetDateTime) -> i16 {
    let aged = plan.priorities.aged(task.priority, now - task.queue_time);
    let goes_before_all = plan.ruling(&task.attributes, &task.named).before_all;
    if goes_before_all { aged + 10 } else { aged }
}

/// Whether one task goes before another.
pub(super) fn goes_before(one: (&Queued, &Plan), other: (&Queued, &Plan), now: OffsetDateTime) -> bool {
    let (priority, others) = (
        priority_in_line(one.0, one.1, now),
        priority_in_line(other.0, other.1, now),
    );
    let (one, other) = (one.0, other.0);
    priority > others
        || priority == others
            && (one.queue_time < other.queue_time || one.queue_time == other.queue_time && one.task < other.task)
}

/// What a task demands by `now`.
pub(super) fn needs(task: &Queued, plan: &Plan, now: OffsetDateTime) -> Vec<Need> {
    let waited = now - task.queue_time;
    plan.ruling(&task.attributes, &task.named).needs(&task.named, waited)
}

/// Until when an agent is left alone with a task, if they ever let it go by.
pub(super) fn let_alone_until(task: &Queued, plan: &Plan, agent: AgentId) -> Option<OffsetDateTime> {
    let last = task.let_go_by.iter().find(|(who, _)| *who == agent);
    last.map(|(_, last)| *last + plan.refusal_delay)
}

/// Who stood for a task that goes to one of them.
fn stood_for(
    need: &Need,
    channel: Channel,
    agents: &[Candidate],
    is_passed_over: &dyn Fn(&Candidate) -> bool,
    taken: &Candidate,
) -> Shortlist {
    let mut list = Shortlist::alone(Stood::from(&taken.book));
    let mut next = Vec::new();
    for other in agents.iter().filter(|other| other.book.agent != taken.book.agent) {
        let is_asked = need.agents.is_empty() || need.agents.contains(&other.book.agent);
        let standing = if !is_asked {
            Standing::Lacks(Lack::Agent)
        } else if !is_good_enough(other, need) {
            // Which of the things that are wanting is told first, is said by one rule alone.
            Standing::Lacks(other.profile.lacks(need).unwrap())
        } else if is_passed_over(other) {
            Standing::LetItGoBy
        } else if weight(&other.book, channel).is_none() {
            Standing::NoRoom
        } else {
            next.push(other);
            Standing::Fits
        };
        list.counts[standing.number()] += 1;
    }
    next.sort_by_key(|other| (other.book.load, other.book.idle_since, other.book.agent));
    for (place, other) in list.next.iter_mut().zip(next) {
        *place = Some(Stood::from(&other.book));
    }
    list
}

pub(super) fn reference(
    now: OffsetDateTime,
    tasks: &[Queued],
    agents: &[Candidate],
    plan_of: &dyn Fn(Option<Country>) -> Plan,
) -> Vec<Expected> {
    let mut agents = agents.to_vec();
    let mut left: Vec<(&Queued, Plan)> = tasks
        .iter()
        .map(|task| (task, plan_of(task.attributes.country)))
        .collect();
    let mut decisions = Vec::new();
    while !left.is_empty() {
        let mut first = 0;
        for place in 1..left.len() {
            if goes_before((left[place].0, &left[place].1), (left[first].0, &left[first].1), now) {
                first = place;
            }
        }
        let (task, plan) = left.remove(first);
        let needs = needs(task, &plan, now);
        let channel = task.attributes.channel;
        let has_room = |agent: &Candidate| weight(&agent.book, channel).is_some();
        let step = |agent: &Candidate| needs.iter().position(|need| is_good_enough(agent, need));
        let let_go = |agent: &Candidate| let_alone_until(task, &plan, agent.book.agent);
        let fitting: Vec<Candidate> = agents
            .iter()
            .filter(|agent| has_room(agent) && step(agent).is_some())
            .cloned()
            .collect();
        let rank = |agent: &Candidate| (agent.book.load, agent.book.idle_since, agent.book.agent);
        let fresh = fitting
            .iter()
            .filter(|agent| let_go(agent).is_none())
            .min_by_key(|agent| (step(agent), rank(agent)));
        let again: Vec<_> = fitting
            .iter()
            .filter(|agent| let_go(agent).is_some_and(|until| until <= now))
            .collect();
        let decision = match fresh {
            Some(agent) => {
                let chosen = step(agent).unwrap();
                let as_well = fitting.iter().filter(|other| step(other).unwrap() <= chosen).count();
                let list = stood_for(
                    &needs[chosen],
                    channel,
                    &agents,
                    &|other| let_go(other).is_some(),
                    agent,
                );
                Some((task.task, agent.book.agent, chosen, false, as_well, list))
            }
            None => again.iter().min_by_key(|agent| rank(agent)).map(|agent| {
                let is_left_alone = |other: &Candidate| let_go(other).is_some_and(|until| until > now);
                let is_passed_over = |other: &Candidate| let_go(other).is_some() && is_left_alone(other);
                let list = stood_for(&needs[needs.len() - 1], channel, &agents, &is_passed_over, agent);
                (task.task, agent.book.agent, needs.len() - 1, true, again.len(), list)
            }),
        };
        if let Some(decision) = decision {
            let taken = agents.iter_mut().find(|agent| agent.book.agent == decision.1);
            take(&mut taken.unwrap().book, channel);
            decisions.push(decision);
        }
    }
    decisions
}
