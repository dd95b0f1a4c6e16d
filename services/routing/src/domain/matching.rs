//! Which task goes to whom.
//!
//! Tasks are taken in their order: the higher priority first, among equals the one that waits longer, then by id. Each
//! goes to the best of the available agents who fit it: who speaks the language, knows the product line and has room, as
//! well as its plan asks. A task that has waited takes somebody who fits only by a relaxing step where nobody fits without
//! it. The best is the one idle the longest: an agent with nothing in hand before one with something, the less in hand
//! the better, among equals the one idle since earlier, then by id. Whoever let this task go by before comes last, and
//! not at all until a while has passed.
//!
//! A task that nobody can take holds up none behind it.

use std::collections::{BTreeSet, HashSet};

use time::OffsetDateTime;

use super::{AgentId, Book, Language, ProductLine, Step, TaskId};

/// What a task demands of an agent. Tasks with the same need can be taken by the same agents, refusals aside.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Need {
    /// One of these languages, each at this level or better; the customer's own first.
    pub languages: Vec<(Language, i16)>,
    /// The product line, at this level or better; none where no skill is needed.
    pub product_line: Option<(ProductLine, i16)>,
    /// How much room it takes.
    pub weight: i32,
}

impl Need {
    /// What is still asked after a step. Whoever fulfilled this need fulfils that one.
    #[must_use]
    pub fn relaxed(&self, step: &Step) -> Self {
        let mut languages = self.languages.clone();
        if let Some((_, level)) = languages.first_mut() {
            *level = step.language_level.min(*level);
        }
        for also in &step.languages {
            match languages.iter_mut().find(|(language, _)| language == also) {
                Some((_, level)) => *level = step.language_level.min(*level),
                None => languages.push((also.clone(), step.language_level)),
            }
        }
        let product_line = self
            .product_line
            .map(|(line, level)| (line, level.min(step.skill_level)))
            .filter(|(_, level)| *level > 0);
        Self {
            languages,
            product_line,
            weight: self.weight,
        }
    }
}

/// An agent let the task go by: declined it, or did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The agent.
    pub agent: AgentId,
    /// Until when they are not to be asked again.
    pub until: OffsetDateTime,
}

/// A task that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The task.
    pub task: TaskId,
    /// Its version when it was looked at.
    pub version: i64,
    /// What it demands: at first, and after each step of its plan that it has reached. Never empty; whoever fulfils one
    /// fulfils those after it.
    pub needs: Vec<Need>,
    /// Its priority in line, 0 to 9.
    pub priority: i16,
    /// Where its place in line counts from.
    pub queue_time: OffsetDateTime,
    /// Who let it go by, at most one entry an agent.
    pub refusals: Vec<Refusal>,
    /// Which plan holds for it, as its place among those that the decision is made by.
    pub plan: usize,
}

impl Waiting {
    /// The most relaxed of what it demands.
    fn widest(&self) -> Option<&Need> {
        self.needs.last()
    }
}

/// An agent who is available and may have room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Who it is and how much they hold.
    pub book: Book,
    /// The languages, and how well each is spoken.
    pub languages: Vec<(Language, i16)>,
    /// The product lines, and how well each is known.
    pub skills: Vec<(ProductLine, i16)>,
}

impl Candidate {
    /// Whether the agent can take a task with this need now.
    #[must_use]
    pub fn fits(&self, need: &Need) -> bool {
        self.book.load + need.weight <= self.book.capacity
            && need
                .product_line
                .is_none_or(|(line, level)| self.skills.iter().any(|(known, how)| *known == line && *how >= level))
            && need.languages.iter().any(|(wanted, level)| {
                let is_spoken = |(spoken, how): &(Language, i16)| how >= level && spoken.serves(wanted);
                self.languages.iter().any(is_spoken)
            })
    }

    /// Lower goes first.
    fn rank(&self) -> (i32, OffsetDateTime, AgentId) {
        (self.book.load, self.book.idle_since, self.book.agent)
    }
}

/// A task and the agent it is to be offered to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pairing {
    /// The task.
    pub task: TaskId,
    /// Its version when it was looked at.
    pub version: i64,
    /// The agent.
    pub agent: AgentId,
    /// Which plan it was decided by, as its place among those that the decision was made by.
    pub plan: usize,
}

/// What was decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// The offers to make, in the order of the tasks.
    pub pairings: Vec<Pairing>,
    /// When an agent who let a task go by may be asked again, where nobody else could be; none where time alone
    /// changes nothing.
    pub look_again: Option<OffsetDateTime>,
    /// Needs, the most relaxed of their tasks, that an agent with room fits, while all tasks with this need that were looked
    /// at were let go by. Where there are more such tasks than were looked at, one of them may find its agent.
    pub let_go_by: BTreeSet<Need>,
}

/// Decides which of the waiting tasks are offered to which of the available agents.
#[must_use]
pub fn decide(now: OffsetDateTime, mut waiting: Vec<Waiting>, agents: &[Candidate]) -> Decision {
    waiting.sort_by(|one, other| {
        (other.priority, one.queue_time, one.task).cmp(&(one.priority, other.queue_time, other.task))
    });
    let mut agents: Vec<Candidate> = agents.to_vec();
    let mut row: BTreeSet<_> = agents
        .iter()
        .enumerate()
        .map(|(index, agent)| (agent.rank(), index))
        .collect();
    let mut decision = Decision::default();
    // Room only shrinks while we decide: a need that nobody fits now, nobody will.
    let mut hopeless: HashSet<Need> = HashSet::new();
    for task in waiting {
        let Some(widest) = task.widest().filter(|need| !hopeless.contains(need)) else {
            continue;
        };
        let mut fresh: Option<(usize, usize)> = None;
        let mut again = None;
        let mut let_go_until: Option<OffsetDateTime> = None;
        for &(_, index) in row.iter().filter(|(_, index)| agents[*index].fits(widest)) {
            let agent = &agents[index];
            match task.refusals.iter().find(|refusal| refusal.agent == agent.book.agent) {
                None => {
                    let step = task.needs.iter().position(|need| agent.fits(need)).unwrap_or_default();
                    if fresh.is_none_or(|(best, _)| step < best) {
                        fresh = Some((step, index));
                    }
                    if step == 0 {
                        break;
                    }
                }
                Some(refusal) if refusal.until <= now => again = again.or(Some(index)),
                Some(refusal) => let_go_until = Some(earliest(let_go_until, refusal.until)),
            }
        }
        if let Some(index) = fresh.map(|(_, index)| index).or(again) {
            let agent = &mut agents[index];
            row.remove(&(agent.rank(), index));
            agent.book.load += widest.weight;
            if agent.book.load < agent.book.capacity {
                row.insert((agent.rank(), index));
            }
            decision.pairings.push(Pairing {
                task: task.task,
                version: task.version,
                agent: agent.book.agent,
                plan: task.plan,
            });
        } else if let Some(until) = let_go_until {
            decision.look_again = Some(earliest(decision.look_again, until));
            decision.let_go_by.insert(widest.clone());
        } else {
            hopeless.insert(widest.clone());
        }
    }
    decision
}

fn earliest(one: Option<OffsetDateTime>, other: OffsetDateTime) -> OffsetDateTime {
    one.map_or(other, |one| one.min(other))
}

#[cfg(test)]
mod tests;
