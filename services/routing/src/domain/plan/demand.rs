//! What is asked for a task, from the first and as it waits.

use std::collections::BTreeSet;

use time::Duration;

use super::{Plan, Step};
use crate::domain::{AgentId, Attributes, Certification, Language, Named, Need, Scope, Skill};

/// An agent whom a task may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Acquaintance {
    /// Who helped last.
    LastAgent,
    /// Who looks after the customer.
    AccountManager,
}

/// A skill that is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Demanded {
    /// The skill.
    pub skill: Skill,
    /// How well it must be known, 1 to 5.
    pub level: i16,
    /// However much is relaxed, this well; 0 for not at all.
    pub kept: i16,
}

/// What the rules ask of an agent, before anything is relaxed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Demand {
    /// How well the customer's language must be spoken, 1 to 5.
    pub language_level: i16,
    /// What must be known.
    pub skills: Vec<Demanded>,
    /// What the agent must be certified for; never relaxed.
    pub certifications: BTreeSet<Certification>,
    /// Where the agent must be.
    pub scope: Scope,
    /// Whom the task goes to before anybody else, where it names them.
    pub first: BTreeSet<Acquaintance>,
    /// How long it waits for these alone.
    pub first_for: Duration,
}

/// What is asked of an agent from a time on; whoever fulfils one fulfils those after it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Stage {
    /// How long the task must have waited.
    pub after: Duration,
    /// What is asked, the agents aside.
    pub need: Need,
    /// Only those of these whom the task names; empty for anybody.
    pub only: Vec<Acquaintance>,
}

/// What the plan says of a task.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ruling {
    /// The rules that apply, by name.
    pub rules: Vec<String>,
    /// The queue it waits in.
    pub queue: String,
    /// Whether that goes before all others.
    pub before_all: bool,
    /// The least priority, 0 to 9.
    pub priority: i16,
    /// What is asked, in the order in which it is reached. The first at once.
    pub stages: Vec<Stage>,
}

impl Ruling {
    /// How many of the stages a task has reached that has waited for `waited`; the first always.
    #[must_use]
    pub fn reached(&self, waited: Duration) -> usize {
        self.stages.partition_point(|stage| stage.after <= waited).max(1)
    }

    /// What is asked for a task that names these agents and has waited for `waited`: each stage that it has reached.
    #[must_use]
    pub fn needs(&self, named: &Named, waited: Duration) -> Vec<Need> {
        let reached = self.stages.iter().take(self.reached(waited));
        reached.map(|stage| stage.need_of(named)).collect()
    }
}

impl Stage {
    /// What is asked for a task that names these agents.
    #[must_use]
    pub fn need_of(&self, named: &Named) -> Need {
        Need {
            agents: named.of(&self.only),
            ..self.need.clone()
        }
    }
}

impl Named {
    /// Those who are asked for, each once, in the order of their ids.
    #[must_use]
    pub fn of(&self, who: &[Acquaintance]) -> Vec<AgentId> {
        let agents: BTreeSet<AgentId> = who.iter().filter_map(|one| self.get(*one)).collect();
        agents.into_iter().collect()
    }

    /// Whom it names.
    pub fn all(&self) -> impl Iterator<Item = AgentId> + use<> {
        self.last_agent.into_iter().chain(self.account_manager)
    }

    /// One of them; none where the task names none.
    #[must_use]
    pub fn get(&self, who: Acquaintance) -> Option<AgentId> {
        match who {
            Acquaintance::LastAgent => self.last_agent,
            Acquaintance::AccountManager => self.account_manager,
        }
    }
}

impl Demand {
    /// Asks what the other asks too: of each thing the more. Of places those of the one that names some first.
    pub(super) fn add(&mut self, other: &Self) {
        self.language_level = self.language_level.max(other.language_level);
        for asked in &other.skills {
            match self.skills.iter_mut().find(|known| known.skill == asked.skill) {
                Some(known) => {
                    known.level = known.level.max(asked.level);
                    known.kept = known.kept.max(asked.kept);
                }
                None => self.skills.push(asked.clone()),
            }
        }
        self.certifications.extend(other.certifications.iter().cloned());
        if self.scope == Scope::Anywhere {
            self.scope = other.scope.clone();
        }
        self.first.extend(&other.first);
        self.first_for = self.first_for.max(other.first_for);
    }

    /// What is asked, in the order in which it is reached: what is asked as long as nothing is relaxed, then what is left of it after
    /// each step of the plan. As long as the task waits for somebody alone, nothing is relaxed for anybody else.
    pub(super) fn stages(&self, plan: &Plan, attributes: &Attributes, named: &Named) -> Vec<Stage> {
        let mut need = self.need(attributes);
        let mut stages: Vec<Stage> = Vec::new();
        let only: Vec<_> = self
            .first
            .iter()
            .copied()
            .filter(|who| named.get(*who).is_some())
            .collect();
        let since = if only.is_empty() {
            Duration::ZERO
        } else {
            self.first_for
        };
        if !only.is_empty() {
            stages.push(Stage {
                after: Duration::ZERO,
                need: need.clone(),
                only,
            });
        }
        let mut put = |after: Duration, need: &Need| {
            if stages
                .last()
                .is_none_or(|last| last.need != *need || !last.only.is_empty())
            {
                stages.push(Stage {
                    after,
                    need: need.clone(),
                    only: Vec::new(),
                });
            }
        };
        put(since, &need);
        for step in &plan.steps {
            self.relax(&mut need, step, plan, attributes);
            put(step.after.max(since), &need);
        }
        stages
    }

    fn need(&self, attributes: &Attributes) -> Need {
        Need {
            languages: vec![(attributes.language.clone(), self.language_level)],
            skills: self
                .skills
                .iter()
                .map(|asked| vec![(asked.skill.clone(), asked.level)])
                .collect(),
            certifications: self.certifications.iter().cloned().collect(),
            scope: self.scope.clone(),
            agents: Vec::new(),
            channel: attributes.channel,
        }
    }

    /// Takes away what a step takes away. Whoever fulfilled the need still does.
    fn relax(&self, need: &mut Need, step: &Step, plan: &Plan, attributes: &Attributes) {
        if let Some((_, level)) = need.languages.first_mut() {
            *level = step.language_level.min(*level);
        }
        for also in &step.languages {
            serve_too(need, also, step.language_level);
        }
        for also in attributes.further_languages.iter().filter(|_| step.further_languages) {
            serve_too(need, also, step.language_level);
        }
        need.skills.retain_mut(|any| {
            let Some((skill, level)) = any.first_mut() else {
                return false;
            };
            let kept = self.skills.iter().find(|asked| asked.skill == *skill);
            *level = (*level).min(step.skill_level.max(kept.map_or(0, |asked| asked.kept)));
            if *level <= 0 {
                return false;
            }
            for also in plan.neighbours.get(&*skill).into_iter().flatten() {
                if step.neighbours && !any.contains(also) {
                    any.push(also.clone());
                }
            }
            true
        });
        let scope = std::mem::take(&mut need.scope);
        need.scope = if step.anywhere {
            Scope::Anywhere
        } else {
            scope.widened(&step.sites, &step.regions)
        };
    }
}

/// A language serves besides those that do.
fn serve_too(need: &mut Need, also: &Language, at: i16) {
    match need.languages.iter_mut().find(|(language, _)| language == also) {
        Some((_, level)) => *level = at.min(*level),
        None => need.languages.push((also.clone(), at)),
    }
}
