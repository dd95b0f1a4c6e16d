//! What can be told of a plan before it is published: whether each of its rules ever applies, and whether there is somebody for every
//! task.
//!
//! Conditions tell apart only as many kinds of tasks as there are combinations of what they mention, so that all of these can be
//! looked at, one after the other.

use std::collections::{BTreeMap, BTreeSet};

use support_chassis::id::Id;
use time::OffsetDateTime;

use crate::domain::{Language, Mentioned, Need, Plan, Profile, Ruling};

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

/// Looks at one task of each kind. The profiles are those of all agents, whether or not they are at work.
#[must_use]
pub fn prove(plan: &Plan, profiles: &[(Profile, i64)]) -> Proof {
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
        let spoken = profiles.iter().flat_map(|(profile, _)| &profile.languages);
        let each: BTreeSet<_> = spoken.map(|(language, _)| language.clone()).collect();
        each.into_iter().map(|language| (language, 1)).collect()
    };
    let mut applied: BTreeSet<&str> = BTreeSet::new();
    let mut served: BTreeMap<Vec<Need>, (bool, bool)> = BTreeMap::new();
    let mut unserved: BTreeMap<(String, Vec<String>, bool), i64> = BTreeMap::new();
    for facts in mentioned.each_kind() {
        applied.extend(plan.rules_for(&facts).map(|rule| rule.name.as_str()));
        let (attributes, named) = facts.task(somebody);
        let is_any_language = attributes.language == Language::any();
        let Ruling {
            stages, queue, rules, ..
        } = plan.ruling(&attributes, &named);
        let needs: Vec<Need> = stages
            .into_iter()
            .map(|stage| {
                let mut need = stage.need;
                if is_any_language {
                    // Somebody speaks it well enough, or it is no matter of the plan.
                    let level = need.languages.first().map_or(1, |(_, level)| *level);
                    need.languages = everything
                        .iter()
                        .map(|(language, _)| (language.clone(), level))
                        .collect();
                }
                need
            })
            .collect();
        let (at_first, at_last) = *served.entry(needs).or_insert_with_key(|needs| {
            let is_served = |need: Option<&Need>| {
                need.is_some_and(|need| profiles.iter().any(|(profile, _)| profile.fulfils(need)))
            };
            (is_served(needs.first()), is_served(needs.last()))
        });
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
    }
}
