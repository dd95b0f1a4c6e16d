//! Which task goes to whom.
//!
//! Tasks are taken in their order: the higher priority first, among equals the one that waits longer, then by id. Each
//! goes to the best of the available agents who fit it: who speaks the language, knows the product line and has room, as
//! well as its plan asks. A task that has waited takes somebody who fits only by a relaxing step where nobody fits without
//! it. The best is the one idle the longest: an agent with nothing in hand before one with something, the less in hand
//! the better, among equals the one idle since earlier, then by id. Whoever let this task go by before comes last, and
//! not at all until a while has passed. A task that nobody can take holds up none behind it.
//!
//! # How it is quick
//!
//! The engine is told of agents who are available and of tasks that wait, and of nothing else. After a decision no task fits
//! an agent who has room (else it would have been given them). So only what has changed since needs to be looked at:
//! each task that came, came back or reached a step, and for each agent who came or was freed the first task that they
//! fit; all of them in the order of the line. That is the rule above, over the whole line, to the letter.
//!
//! Agents of the same profile are a *group*. What tasks demand has a bit for each group; the groups' agents with
//! room stand in their order, the first of each in a flat list. Tasks that demand the same, steps reached included, are a
//! *class*. Each group has a bit for each class it fits; the tasks of a class that came with the same priority stand in the order
//! in which they came, the first of each in a flat list. Waiting raises all of them alike, so it is reckoned only when the
//! firsts are held against each other.
//!
//! # Pure
//!
//! No I/O, no thread, no clock: what time it is, is said with each call. What is simulated runs the same code as what is live.
//! Nothing is kept that is not told: an engine told of all agents and tasks anew decides the same.

mod bits;
mod decide;
mod index;
mod line;
mod plans;
mod podium;
mod row;
mod slab;

use std::fmt;
use std::sync::Arc;

use time::OffsetDateTime;

use index::{ClassKey, Index};
use line::{Filed, Line};
use plans::Plans;
use row::Row;

use crate::domain::{AgentId, Attributes, Candidate, Country, Named, Plan, Ruled, TaskId};

/// A task that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queued {
    /// The task.
    pub task: TaskId,
    /// Its version when it was looked at.
    pub version: i64,
    /// What it says of itself.
    pub attributes: Arc<Attributes>,
    /// The agents whom it names.
    pub named: Named,
    /// The priority it was queued with, 0 to 9.
    pub priority: i16,
    /// Where its place in line counts from.
    pub queue_time: OffsetDateTime,
    /// Who let it go by (declined it, or did not answer) and when they last did, at most one entry an agent.
    pub let_go_by: Vec<(AgentId, OffsetDateTime)>,
}

/// The agents who are available, the tasks that wait, and the plans by which these find those.
#[derive(Default)]
pub struct Engine {
    plans: Plans,
    index: Index,
    row: Row,
    line: Line,
}

impl fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Engine")
            .field("agents", &self.agents())
            .field("tasks", &self.tasks())
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// Nobody is there and nothing waits.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many agents are available, with room or without.
    #[must_use]
    pub fn agents(&self) -> usize {
        self.row.len()
    }

    /// How many tasks wait.
    #[must_use]
    pub fn tasks(&self) -> usize {
        self.line.len()
    }

    /// The plans that tasks were told with, each at its place for ever.
    #[must_use]
    pub fn plans(&self) -> &[Ruled] {
        self.plans.all()
    }

    /// Says what holds for the tasks of a country from now on.
    pub fn put_plan(&mut self, ruled: Ruled, now: OffsetDateTime) {
        if !self.plans.put(ruled) {
            return;
        }
        // Rare, and all that was worked out may be wrong.
        self.index.forget_classes();
        self.row.forget_classes();
        self.plans.forget_rules();
        for task in self.line.clear() {
            self.put(task, micros(now));
        }
    }

    /// An agent is available, or what has become of one who is.
    pub fn put_agent(&mut self, agent: &Candidate) {
        let Candidate { book, profile } = agent;
        let before = self.row.find(book.agent).map(|(_, before)| before.group);
        let same = before.filter(|group| self.index.is_of(*group, profile));
        let group = same.unwrap_or_else(|| {
            if let Some(before) = before {
                self.index.leave(before);
            }
            self.index.join(profile)
        });
        self.row.put(*book, group, same.is_none());
    }

    /// An agent is not available any more.
    pub fn remove_agent(&mut self, agent: AgentId) {
        if let Some(group) = self.row.remove(agent) {
            self.index.leave(group);
        }
    }

    /// A task waits, or what has become of one that does. Where no plan of its country is known yet, `plan` says it.
    pub fn put_task(&mut self, task: Queued, now: OffsetDateTime, plan: impl FnOnce(Option<Country>) -> Plan) {
        if self.line.find(task.task).is_some_and(|before| before.task == task) {
            return;
        }
        let country = task.attributes.country;
        if self.plans.place(country).is_none() {
            let plan = plan(country);
            self.plans.put(Ruled { country, plan });
        }
        self.line.remove(task.task);
        self.put(task, micros(now));
    }

    /// A task does not wait any more.
    pub fn remove_task(&mut self, task: TaskId) {
        self.line.remove(task);
    }

    /// When time alone changes something next: a task reaches a step of its plan, or somebody may be asked again.
    #[must_use]
    pub fn next_due(&self) -> Option<OffsetDateTime> {
        self.line.due()
    }

    /// Whether there is something to decide that was not looked at yet.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.line.has_changed() || self.row.has_gained()
    }

    fn put(&mut self, mut task: Queued, now: i64) {
        if let Some(filed) = self.file(&mut task, now) {
            self.line.put(task, filed);
        }
    }

    /// Where a task stands `now`. What it says of itself is held in common with all that say the same.
    fn file(&mut self, task: &mut Queued, now: i64) -> Option<Filed> {
        let place = self.plans.place(task.attributes.country)?;
        let number = self.plans.ruling(place, task);
        let plan = &self.plans.all().get(place)?.plan;
        let ruling = self.plans.ruled_as(number);
        let since = micros(task.queue_time);
        let waited = time::Duration::microseconds(now.saturating_sub(since));
        let reached = ruling.reached(waited);
        let key = ClassKey {
            ruling: number,
            channel: task.attributes.channel,
            stages: slab::number(reached),
        };
        let known = self.index.classes.len();
        let class = self.index.class(key, || ruling.stages.iter().take(reached));
        if self.index.classes.len() > known {
            self.row.add_class(class, task.attributes.channel);
        }
        let next = ruling.stages.get(reached);
        let next = next.map(|stage| since.saturating_add(length(stage.after)));
        let asked_again = task
            .let_go_by
            .iter()
            .map(|(_, last)| micros(*last + plan.refusal_delay));
        Some(Filed {
            plan: place,
            class,
            lane: self.line.lane(&plan.priorities, task.priority, ruling.before_all),
            is_kept: self.index.classes[class as usize].is_kept(),
            due: next.into_iter().chain(asked_again).filter(|at| *at > now).min(),
        })
    }
}

/// A time in microseconds since 1970, as exact as the database keeps it.
fn micros(time: OffsetDateTime) -> i64 {
    time.unix_timestamp() * 1_000_000 + i64::from(time.microsecond())
}

fn length(duration: time::Duration) -> i64 {
    i64::try_from(duration.whole_microseconds()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
