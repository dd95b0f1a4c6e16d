//! Which task goes to whom.
//!
//! Tasks are taken in their order: the higher priority first, among equals the one that waits longer, then by id. Each
//! goes to the best of the available agents who fit it: who speaks the language, knows the product line and has room.
//! The best is the one idle the longest: an agent with nothing in hand before one with something, the less in hand
//! the better, among equals the one idle since earlier, then by id. Whoever let this task go by before comes last, and
//! not at all until a while has passed.
//!
//! A task that nobody can take holds up none behind it.

use std::collections::{BTreeSet, HashSet};

use time::OffsetDateTime;

use super::{AgentId, Book, Language, ProductLine, TaskId};

/// What a task demands of an agent. Tasks with the same need can be taken by the same agents, refusals aside.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Need {
    /// The language.
    pub language: Language,
    /// The product line; none where no skill is needed.
    pub product_line: Option<ProductLine>,
    /// How much room it takes.
    pub weight: i32,
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
    /// What it demands.
    pub need: Need,
    /// Its priority, 0 to 9.
    pub priority: i16,
    /// Where its place in line counts from.
    pub queue_time: OffsetDateTime,
    /// Who let it go by, at most one entry an agent.
    pub refusals: Vec<Refusal>,
}

/// An agent who is available and may have room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Who it is and how much they hold.
    pub book: Book,
    /// The languages.
    pub languages: Vec<Language>,
    /// The product lines.
    pub skills: Vec<ProductLine>,
}

impl Candidate {
    /// Whether the agent can take a task with this need now.
    #[must_use]
    pub fn fits(&self, need: &Need) -> bool {
        self.book.load + need.weight <= self.book.capacity
            && need.product_line.is_none_or(|line| self.skills.contains(&line))
            && self.languages.iter().any(|language| language.serves(&need.language))
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
}

/// What was decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// The offers to make, in the order of the tasks.
    pub pairings: Vec<Pairing>,
    /// When an agent who let a task go by may be asked again, where nobody else could be; none where time alone
    /// changes nothing.
    pub look_again: Option<OffsetDateTime>,
    /// Needs that an agent with room fits, while all tasks with this need that were looked at were let go by. Where
    /// there are more such tasks than were looked at, one of them may find its agent.
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
        if hopeless.contains(&task.need) {
            continue;
        }
        let mut fresh = None;
        let mut again = None;
        let mut let_go_until: Option<OffsetDateTime> = None;
        for &(_, index) in row.iter().filter(|(_, index)| agents[*index].fits(&task.need)) {
            let agent = agents[index].book.agent;
            match task.refusals.iter().find(|refusal| refusal.agent == agent) {
                None => {
                    fresh = Some(index);
                    break;
                }
                Some(refusal) if refusal.until <= now => again = again.or(Some(index)),
                Some(refusal) => let_go_until = Some(earliest(let_go_until, refusal.until)),
            }
        }
        if let Some(index) = fresh.or(again) {
            let agent = &mut agents[index];
            row.remove(&(agent.rank(), index));
            agent.book.load += task.need.weight;
            if agent.book.load < agent.book.capacity {
                row.insert((agent.rank(), index));
            }
            decision.pairings.push(Pairing {
                task: task.task,
                version: task.version,
                agent: agent.book.agent,
            });
        } else if let Some(until) = let_go_until {
            decision.look_again = Some(earliest(decision.look_again, until));
            decision.let_go_by.insert(task.need);
        } else {
            hopeless.insert(task.need);
        }
    }
    decision
}

fn earliest(one: Option<OffsetDateTime>, other: OffsetDateTime) -> OffsetDateTime {
    one.map_or(other, |one| one.min(other))
}

#[cfg(test)]
mod tests;
