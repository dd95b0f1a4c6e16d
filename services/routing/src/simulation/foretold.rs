//! What customers in line are told of their wait, and how true it was.

use std::collections::VecDeque;

use time::{Duration, OffsetDateTime};

use super::chance::count;
use super::confidence::Estimate;
use super::scenario::Scenario;
use crate::domain::waits::{Estimate as Guess, Kind, Turn, estimate};
use crate::domain::{Named, Priorities, Task, TaskId};
use crate::waits::{MOST_OF_A_KIND, WINDOW};

/// How true it was what customers were told when they came into line. The share of waits that were shorter than was said should be
/// what was said: 0.1, 0.5 and 0.9. Of who gave up it is not known how long they would have waited: they are left out, so that
/// where many give up what is left was shorter than what was said.
#[derive(Clone, Debug, PartialEq)]
pub struct Foretelling {
    /// The share of those who had to wait and were answered who were told anything, 0 to 1.
    pub told: Option<Estimate>,
    /// Of those, the shares whose wait was shorter than the low, the likely and the high end of what they were told.
    pub shorter_than: [Option<Estimate>; 3],
}

/// What is counted of it in one replication.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Truth {
    waited: usize,
    told: usize,
    shorter: [usize; 3],
}

impl Truth {
    /// Somebody was answered who had to wait.
    pub(super) fn came_true(&mut self, told: Option<Guess>, wait: Duration) {
        self.waited += 1;
        let Some(told) = told else { return };
        self.told += 1;
        for (counted, bound) in self.shorter.iter_mut().zip([told.low, told.likely, told.high]) {
            *counted += usize::from(wait < bound);
        }
    }
}

impl Foretelling {
    pub(super) fn of(truths: &[Truth]) -> Self {
        let each = |figure: &dyn Fn(&Truth) -> (usize, usize)| {
            let shares = truths.iter().map(figure).filter(|(_, of)| *of > 0);
            Estimate::of(&shares.map(|(number, of)| count(number) / count(of)).collect::<Vec<_>>())
        };
        Self {
            told: each(&|truth| (truth.told, truth.waited)),
            shorter_than: [0, 1, 2].map(|bound| each(&|truth: &Truth| (truth.shorter[bound], truth.told))),
        }
    }
}

/// The lines as customers see them.
pub(super) struct Foretold {
    /// By work, the number of its kind.
    kind_of: Vec<usize>,
    lines: Vec<Line>,
    begin: OffsetDateTime,
}

#[derive(Default)]
struct Line {
    waiting: Vec<(TaskId, i16, OffsetDateTime, Priorities)>,
    taken: VecDeque<OffsetDateTime>,
}

impl Foretold {
    pub(super) fn new(scenario: &Scenario) -> Self {
        let mut kinds: Vec<Kind> = Vec::new();
        let kind_of = scenario.works.iter().map(|work| {
            let plan = scenario.plans.of(work.asks.country);
            let kind = Kind::of(plan, &work.asks, &Named::default());
            kinds.iter().position(|known| *known == kind).unwrap_or_else(|| {
                kinds.push(kind);
                kinds.len() - 1
            })
        });
        let kind_of = kind_of.collect();
        Self {
            kind_of,
            lines: kinds.iter().map(|_| Line::default()).collect(),
            begin: scenario.begin,
        }
    }

    /// Somebody came into line: what they are told.
    pub(super) fn came(
        &mut self,
        work: usize,
        task: &Task,
        priorities: &Priorities,
        now: OffsetDateTime,
    ) -> Option<Guess> {
        let line = &mut self.lines[self.kind_of[work]];
        let own = Turn::of(priorities, task.priority, task.queue_time, task.id, now);
        let ahead = line
            .waiting
            .iter()
            .filter(|(id, priority, since, priorities)| Turn::of(priorities, *priority, *since, *id, now) < own)
            .count();
        line.waiting
            .push((task.id, task.priority, task.queue_time, *priorities));
        while line.taken.len() > MOST_OF_A_KIND || line.taken.front().is_some_and(|at| *at < now - WINDOW) {
            line.taken.pop_front();
        }
        let since = (now - WINDOW).max(self.begin);
        let since = match line.taken.front() {
            Some(first) if line.taken.len() == MOST_OF_A_KIND => *first,
            _ => since,
        };
        let number = |many: usize| u32::try_from(many).unwrap_or(u32::MAX);
        estimate(number(ahead + 1), number(line.taken.len()), now - since)
    }

    /// Somebody is not in line any more, because they were taken or because they gave up.
    pub(super) fn left(&mut self, work: usize, task: TaskId, was_taken: bool, now: OffsetDateTime) {
        let line = &mut self.lines[self.kind_of[work]];
        line.waiting.retain(|(waiting, ..)| *waiting != task);
        if was_taken {
            line.taken.push_back(now);
        }
    }
}
