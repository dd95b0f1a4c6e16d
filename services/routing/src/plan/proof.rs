//! What can be told of a plan before it is published: whether each of its rules ever applies, and whether there is somebody for every
//! task.
//!
//! Conditions tell apart only as many kinds of tasks as there are combinations of what they mention, so that all of these can be
//! looked at, one after the other.

use std::collections::{BTreeMap, BTreeSet};

use support_chassis::id::Id;
use time::OffsetDateTime;

use crate::domain::{Language, Mentioned, Need, Plan, Profile, Quarters, Queue, Ruling};

/// The most kinds of tasks that are looked at. Where there are more, nothing is told.
pub const MOST_KINDS: usize = 20_000;

/// What is wrong with a plan, or at least odd.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// How many kinds of tasks the conditions can tell apart.
    pub kinds: usize,
    /// Whether they are too many to look at all of them: nothing else is told then.
    pub is_beyond: bool,
    /// The rules that never apply, in their order.
    pub unreachable: Vec<String>,
    /// The ways for which somebody is wanting.
    pub unserved: Vec<Unserved>,
    /// The ways for which there is somebody, but not at every hour.
    pub gaps: Vec<Gap>,
    /// The queues that are asked for, in whose tasks there is none that anybody can take at any hour at which they are open.
    pub deserted: Vec<String>,
    /// The rules of whose tasks there is none that anybody can ever take.
    pub hopeless: Vec<String>,
}

/// Agents who can do the same at the same hours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staffed {
    /// What they can do.
    pub profile: Profile,
    /// When one of them is planned to be at work; all hours where nothing is planned for one.
    pub hours: Quarters,
}

/// Tasks that nobody can take at some hours of the week, however much is relaxed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The queue they wait in.
    pub queue: String,
    /// The rules that apply to them.
    pub rules: Vec<String>,
    /// The hours.
    pub hours: Quarters,
}

/// Tasks that nobody can take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unserved {
    /// The queue they wait in.
    pub queue: String,
    /// The rules that apply to them.
    pub rules: Vec<String>,
    /// Whether nobody ever can, however long they wait; else nobody until something is relaxed.
    pub is_for_ever: bool,
    /// How many kinds of tasks these are.
    pub kinds: i64,
}

/// Looks at one task of each kind. The agents are all there are, whether or not they are at work; a queue is to be served when `open`
/// says.
#[must_use]
pub fn prove(plan: &Plan, agents: &[Staffed], open: impl Fn(Option<&Queue>) -> Quarters) -> Proof {
    let mut mentioned = Mentioned::default();
    for rule in &plan.rules {
        mentioned.add(rule.when.mentioned());
    }
    let kinds = mentioned.kinds();
    if kinds > MOST_KINDS {
        return Proof {
            kinds,
            is_beyond: true,
            ..Proof::default()
        };
    }
    // Whom a task names does not matter, only that it names somebody.
    let region = "aa".parse().ok();
    let somebody = region.map(|region| Id::from_parts(region, OffsetDateTime::UNIX_EPOCH, 0).into());
    let everything: Vec<(Language, i16)> = {
        let spoken = agents.iter().flat_map(|agents| &agents.profile.languages);
        let each: BTreeSet<_> = spoken.map(|(language, _)| language.clone()).collect();
        each.into_iter().map(|language| (language, 1)).collect()
    };
    let mut applied: BTreeSet<&str> = BTreeSet::new();
    let mut served: BTreeMap<Vec<Need>, (bool, bool, Quarters)> = BTreeMap::new();
    let mut unserved: BTreeMap<(String, Vec<String>, bool), i64> = BTreeMap::new();
    let mut opened: BTreeMap<String, Quarters> = BTreeMap::new();
    let mut gaps: BTreeMap<(String, Vec<String>), Quarters> = BTreeMap::new();
    let mut tended: BTreeMap<String, bool> = BTreeMap::new();
    let mut hopeful: BTreeSet<String> = BTreeSet::new();
    for facts in mentioned.each_kind() {
        applied.extend(plan.rules_for(&facts).map(|rule| rule.name.as_str()));
        let (attributes, named) = facts.task(somebody);
        let is_any_language = attributes.language == Language::any();
        let Ruling {
            stages, queue, rules, ..
        } = plan.ruling(&attributes, &named);
        let needs = stages.into_iter().map(|stage| stage.need);
        let needs: Vec<Need> = if is_any_language {
            needs.map(|need| in_any_of(need, &everything)).collect()
        } else {
            needs.collect()
        };
        let (at_first, at_last, hours) = *served.entry(needs).or_insert_with_key(|needs| {
            let who = |need: Option<&Need>| {
                let need = need.cloned();
                let fits = move |one: &&Staffed| need.as_ref().is_some_and(|need| one.profile.fulfils(need));
                agents.iter().filter(fits)
            };
            let hours = who(needs.last()).map(|one| one.hours);
            let hours = hours.reduce(|all, hours| all.or(&hours));
            (
                who(needs.first()).next().is_some(),
                hours.is_some(),
                hours.unwrap_or_default(),
            )
        });
        let is_tended = tended.entry(queue.clone()).or_default();
        if at_last {
            hopeful.extend(rules.iter().cloned());
            let of_queue = opened
                .entry(queue.clone())
                .or_insert_with(|| open(plan.queues.get(&queue)));
            let gap = of_queue.without(&hours);
            *is_tended |= of_queue.is_empty() || gap != *of_queue;
            if !gap.is_empty() {
                let all = gaps.entry((queue.clone(), rules.clone())).or_default();
                *all = all.or(&gap);
            }
        }
        if !at_first {
            *unserved.entry((queue, rules, !at_last)).or_default() += 1;
        }
    }
    let never = plan.rules.iter().filter(|rule| !applied.contains(rule.name.as_str()));
    Proof {
        kinds,
        is_beyond: false,
        unreachable: never.map(|rule| rule.name.clone()).collect(),
        unserved: unserved
            .into_iter()
            .map(|((queue, rules, is_for_ever), kinds)| Unserved {
                queue,
                rules,
                is_for_ever,
                kinds,
            })
            .collect(),
        gaps: gaps
            .into_iter()
            .map(|((queue, rules), hours)| Gap { queue, rules, hours })
            .collect(),
        deserted: tended
            .into_iter()
            .filter(|(_, is)| !is)
            .map(|(queue, _)| queue)
            .collect(),
        hopeless: {
            let rules = plan.rules.iter().map(|rule| &rule.name);
            let hopeless = rules.filter(|name| applied.contains(name.as_str()) && !hopeful.contains(*name));
            hopeless.cloned().collect()
        },
    }
}

/// The need in whichever language: somebody speaks it well enough, or it is no matter of the plan.
fn in_any_of(mut need: Need, everything: &[(Language, i16)]) -> Need {
    let level = need.languages.first().map_or(1, |(_, level)| *level);
    let spoken = everything.iter().map(|(language, _)| (language.clone(), level));
    need.languages = spoken.collect();
    need
}
