//! The tasks that wait, in their order.

use std::collections::{BTreeSet, HashMap};

use time::{Duration, OffsetDateTime};

use super::bits::Bits;
use super::slab::{Slab, number};
use super::{Queued, micros};
use crate::domain::{AgentId, Priorities, TaskId};

/// Later than any task.
const NOTHING: i64 = i64::MAX;

/// A task's place in line: lower goes first. The priority in line turned round, since when it waits, its id.
pub(super) type Place = (i16, i64, TaskId);

/// The tasks that wait.
#[derive(Debug, Default)]
pub(super) struct Line {
    tasks: Slab<Waiting>,
    number_of: HashMap<TaskId, u32>,
    pub(super) lanes: Vec<Lane>,
    lane_of: HashMap<(Duration, i16, i16, bool), u32>,
    /// When time alone changes something for a task: a step is reached, or somebody may be asked again.
    due: BTreeSet<(i64, u32)>,
    /// The tasks that wait for an agent alone, and maybe for another.
    kept: HashMap<AgentId, BTreeSet<u32>>,
    changed: Vec<u32>,
}

/// A task that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) task: Queued,
    /// When it began to wait.
    pub(super) since: i64,
    pub(super) filed: Filed,
    has_changed: bool,
}

/// Where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Filed {
    /// The place of its plan.
    pub(super) plan: usize,
    pub(super) class: u32,
    pub(super) lane: u32,
    /// Whether it waits for the agents alone whom it names.
    pub(super) is_kept: bool,
    /// When time alone changes something.
    pub(super) due: Option<i64>,
}

/// Tasks that came with the same priority and rise alike, by their classes: in each, whoever waits longer goes first, for
/// ever.
#[derive(Debug)]
pub(super) struct Lane {
    priorities: Priorities,
    priority: i16,
    /// Whether they go before all that do not.
    before_all: bool,
    /// Since when the first of each class waits.
    pub(super) heads: Vec<i64>,
    /// The classes of which there is a task.
    pub(super) classes: Bits,
    pub(super) queues: Vec<BTreeSet<(i64, TaskId, u32)>>,
}

impl Lane {
    /// The place of a task of this lane.
    pub(super) fn place(&self, since: i64, task: TaskId, now: i64) -> Place {
        let waited = Duration::microseconds(now.saturating_sub(since));
        let priority = self.priorities.in_line(self.priority, waited, self.before_all);
        (-priority, since, task)
    }

    fn put(&mut self, class: u32, entry: (i64, TaskId, u32)) {
        let place = class as usize;
        if place >= self.queues.len() {
            self.queues.resize_with(place + 1, BTreeSet::new);
            self.heads.resize(place + 1, NOTHING);
        }
        self.queues[place].insert(entry);
        self.heads[place] = entry.0.min(self.heads[place]);
        self.classes.set(class, true);
    }

    fn take(&mut self, class: u32, entry: &(i64, TaskId, u32)) {
        let queue = &mut self.queues[class as usize];
        queue.remove(entry);
        self.heads[class as usize] = queue.first().map_or(NOTHING, |(since, ..)| *since);
        self.classes.set(class, !queue.is_empty());
    }
}

impl Waiting {
    /// Whether an agent is left alone with it `now`.
    pub(super) fn is_let_alone(&self, agent: AgentId, delay: Duration, now: i64) -> bool {
        self.task
            .let_go_by
            .iter()
            .any(|(who, last)| *who == agent && micros(*last + delay) > now)
    }

    /// Whether an agent let it go by, lately or not.
    pub(super) fn was_let_go_by(&self, agent: AgentId) -> bool {
        self.task.let_go_by.iter().any(|(who, _)| *who == agent)
    }
}

impl Line {
    pub(super) fn len(&self) -> usize {
        self.tasks.len()
    }

    pub(super) fn get(&self, number: u32) -> Option<&Waiting> {
        self.tasks.get(number)
    }

    pub(super) fn find(&self, id: TaskId) -> Option<&Waiting> {
        self.tasks.get(*self.number_of.get(&id)?)
    }

    pub(super) fn place(&self, number: u32, now: i64) -> Option<Place> {
        let waiting = self.tasks.get(number)?;
        let lane = &self.lanes[waiting.filed.lane as usize];
        Some(lane.place(waiting.since, waiting.task.task, now))
    }

    /// The lane of tasks that came with a priority, where these are the priorities.
    pub(super) fn lane(&mut self, priorities: &Priorities, priority: i16, before_all: bool) -> u32 {
        let key = (priorities.ageing_step, priorities.ageing_limit, priority, before_all);
        *self.lane_of.entry(key).or_insert_with(|| {
            self.lanes.push(Lane {
                priorities: *priorities,
                priority,
                before_all,
                heads: Vec::new(),
                classes: Bits::default(),
                queues: Vec::new(),
            });
            number(self.lanes.len() - 1)
        })
    }

    /// Puts a task into line. One that stands there already must have been taken out.
    pub(super) fn put(&mut self, task: Queued, filed: Filed) {
        let since = micros(task.queue_time);
        let id = task.task;
        let number = self.tasks.add(Waiting {
            task,
            since,
            filed,
            has_changed: false,
        });
        self.number_of.insert(id, number);
        self.enter(number);
        self.mark(number);
    }

    /// Moves a task to where it stands now.
    pub(super) fn refile(&mut self, number: u32, filed: Filed) {
        self.leave(number);
        if let Some(waiting) = self.tasks.get_mut(number) {
            waiting.filed = filed;
        }
        self.enter(number);
        self.mark(number);
    }

    /// Takes a task out of line.
    pub(super) fn remove(&mut self, id: TaskId) -> Option<Queued> {
        let number = self.number_of.remove(&id)?;
        self.leave(number);
        self.tasks.take(number).map(|waiting| waiting.task)
    }

    /// Takes out all, and forgets the lanes.
    pub(super) fn clear(&mut self) -> Vec<Queued> {
        let before = std::mem::take(self);
        let mut tasks = before.tasks;
        let numbers = tasks.numbers();
        let taken = numbers.into_iter().filter_map(|number| tasks.take(number));
        taken.map(|waiting| waiting.task).collect()
    }

    /// A task is to be looked at for an agent.
    pub(super) fn mark(&mut self, number: u32) {
        if let Some(waiting) = self.tasks.get_mut(number)
            && !waiting.has_changed
        {
            waiting.has_changed = true;
            self.changed.push(number);
        }
    }

    /// What was marked since it was last asked.
    pub(super) fn take_changed(&mut self) -> Vec<u32> {
        let mut changed = std::mem::take(&mut self.changed);
        changed.retain(|number| {
            let waiting = self.tasks.get_mut(*number);
            waiting.is_some_and(|waiting| std::mem::take(&mut waiting.has_changed))
        });
        changed
    }

    pub(super) fn has_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    /// The next task for which time alone has changed something by `now`.
    pub(super) fn next_due(&self, now: i64) -> Option<u32> {
        let (at, number) = self.due.first()?;
        (*at <= now).then_some(*number)
    }

    /// When time alone changes something next.
    pub(super) fn due(&self) -> Option<OffsetDateTime> {
        let (at, _) = self.due.first()?;
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(*at) * 1000).ok()
    }

    /// The tasks that wait for an agent alone.
    pub(super) fn kept_for(&self, agent: AgentId) -> impl Iterator<Item = u32> + '_ {
        self.kept.get(&agent).into_iter().flatten().copied()
    }

    fn enter(&mut self, number: u32) {
        if let Some(waiting) = self.tasks.get(number) {
            if waiting.filed.is_kept {
                for agent in waiting.task.named.all() {
                    self.kept.entry(agent).or_default().insert(number);
                }
            } else {
                let entry = (waiting.since, waiting.task.task, number);
                self.lanes[waiting.filed.lane as usize].put(waiting.filed.class, entry);
            }
            if let Some(at) = waiting.filed.due {
                self.due.insert((at, number));
            }
        }
    }

    fn leave(&mut self, number: u32) {
        if let Some(waiting) = self.tasks.get(number) {
            if waiting.filed.is_kept {
                for agent in waiting.task.named.all() {
                    if let Some(kept) = self.kept.get_mut(&agent) {
                        kept.remove(&number);
                        if kept.is_empty() {
                            self.kept.remove(&agent);
                        }
                    }
                }
            } else {
                let entry = (waiting.since, waiting.task.task, number);
                self.lanes[waiting.filed.lane as usize].take(waiting.filed.class, &entry);
            }
            if let Some(at) = waiting.filed.due {
                self.due.remove(&(at, number));
            }
        }
    }
}
