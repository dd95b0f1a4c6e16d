//! The proof of conservation: nothing was lost, nothing happened twice. All of it is fetched back from the system when the
//! day is over, and held against what was played.

mod fetch;

use std::collections::{BTreeMap, HashMap};

use support_proto::support::case::v1::{Case, CaseState, CloseReason, TimelineEntry, TimelineEntryKind};
use support_proto::support::repair::v1::{Repair, RepairOutcome, RepairState};
use support_proto::support::routing::v1::{Task, TaskChange, TaskHistoryEntry, TaskState};

use super::contact::{Contact, End};

pub use fetch::{cases, prove};

/// What the system knows of one case.
#[derive(Debug, Clone)]
pub struct Record {
    /// The case.
    pub case: Case,
    /// Its history.
    pub timeline: Vec<TimelineEntry>,
    /// Its tasks, each with its history.
    pub tasks: Vec<(Task, Vec<TaskHistoryEntry>)>,
    /// Its repairs.
    pub repairs: Vec<Repair>,
}

/// The laws.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Law {
    /// Every contact of the trace has exactly one case, which is its customer's, and there is no other.
    OneCase,
    /// Every case ended as its contact did.
    SameEnd,
    /// Every case has one history, from its opening on, without gaps, in which nothing is missing or stands twice.
    OneHistory,
    /// Every contact has one task, which ended once, as the contact did.
    OneEnd,
    /// No agent ever held more than they may: neither by the system's own books nor by the times of their tasks.
    NeverOver,
    /// Every repair is at its outcome, and its device back.
    RepairsDone,
}

impl Law {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::OneCase,
        Self::SameEnd,
        Self::OneHistory,
        Self::OneEnd,
        Self::NeverOver,
        Self::RepairsDone,
    ];

    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::OneCase => "every contact has exactly one case",
            Self::SameEnd => "every case ended as its contact did",
            Self::OneHistory => "every case has one history without gaps",
            Self::OneEnd => "every task ended exactly once",
            Self::NeverOver => "no agent was ever over capacity",
            Self::RepairsDone => "every repair is at its outcome",
        }
    }
}

/// A law was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub law: Law,
    /// By what: a call's key or an agent's id, and how.
    pub what: String,
}

/// What the proof came to.
#[derive(Debug, Clone, Default)]
pub struct Proof {
    /// What was broken; empty where all holds.
    pub violations: Vec<Violation>,
    /// How many cases, tasks, repairs were looked at.
    pub cases: usize,
    /// How many tasks.
    pub tasks: usize,
    /// How many repairs.
    pub repairs: usize,
    /// How many entries the histories of the cases have.
    pub timeline_entries: usize,
    /// How many of them came from other services than the case's own, by the service.
    pub delivered: BTreeMap<String, usize>,
    /// How many entries the histories of the tasks have.
    pub task_entries: usize,
}

impl Proof {
    /// How often a law was broken.
    #[must_use]
    pub fn broken(&self, law: Law) -> usize {
        self.violations.iter().filter(|violation| violation.law == law).count()
    }
}

/// Holds the system's cases against the contacts of the run: one each. `key_of` gives the call of a source reference.
#[must_use]
pub fn one_case_each(contacts: &[Contact], cases: &[Case], key_of: impl Fn(&Case) -> Option<String>) -> Vec<Violation> {
    let mut by_key: HashMap<String, Vec<&Case>> = HashMap::new();
    let mut violations = Vec::new();
    let mut broken = |what: String| {
        violations.push(Violation {
            law: Law::OneCase,
            what,
        });
    };
    for case in cases {
        match key_of(case) {
            Some(key) => by_key.entry(key).or_default().push(case),
            None => broken(format!("case {} belongs to no call", case.case_id)),
        }
    }
    for contact in contacts {
        match by_key.remove(&contact.key).unwrap_or_default().as_slice() {
            [case] if contact.customer_id.is_empty() || case.customer_id == contact.customer_id => {}
            [_] => broken(format!("{}: its case is somebody else's", contact.key)),
            cases => broken(format!("{}: {} cases", contact.key, cases.len())),
        }
    }
    let mut rest: Vec<_> = by_key.into_keys().collect();
    rest.sort_unstable();
    for key in rest {
        broken(format!("{key}: a case of a contact that did not end"));
    }
    violations
}

/// Holds what the system knows of one case against what its contact went through.
#[must_use]
pub fn one_contact(contact: &Contact, record: &Record) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut broken = |law: Law, what: String| {
        violations.push(Violation {
            law,
            what: format!("{}: {what}", contact.key),
        });
    };
    let case = &record.case;
    let ended = match contact.end {
        End::Answered => case.state() == CaseState::Resolved,
        End::GaveUp => case.state() == CaseState::Closed && case.close_reason() == CloseReason::Withdrawn,
    };
    if !ended {
        broken(
            Law::SameEnd,
            format!("{:?}, but the case is {}", contact.end, case.state().as_str_name()),
        );
    }
    for what in history(contact, record) {
        broken(Law::OneHistory, what);
    }
    match record.tasks.as_slice() {
        [(task, entries)] => {
            if let Err(what) = task_end(contact.end, task, entries) {
                broken(Law::OneEnd, what);
            }
        }
        tasks => broken(Law::OneEnd, format!("{} tasks", tasks.len())),
    }
    for (task, entries) in &record.tasks {
        for entry in entries.iter().filter(|entry| entry.agent_load > entry.agent_capacity) {
            let (load, capacity) = (entry.agent_load, entry.agent_capacity);
            broken(
                Law::NeverOver,
                format!("an agent of task {} held {load} of {capacity}", task.task_id),
            );
        }
    }
    match (contact.repair, record.repairs.as_slice()) {
        (None, []) => {}
        (Some(outcome), [repair]) if repair.outcome() == outcome && repair.state() == RepairState::Returned => {}
        (Some(outcome), [repair]) => broken(
            Law::RepairsDone,
            format!(
                "{} and {}, not {}",
                repair.state().as_str_name(),
                repair.outcome().as_str_name(),
                outcome.as_str_name()
            ),
        ),
        (_, repairs) => broken(Law::RepairsDone, format!("{} repairs", repairs.len())),
    }
    violations
}

/// What is wrong with a case's history.
fn history(contact: &Contact, record: &Record) -> Vec<String> {
    use TimelineEntryKind as Kind;

    let mut wrong = Vec::new();
    let timeline = &record.timeline;
    if !timeline
        .iter()
        .map(|entry| entry.sequence)
        .eq(1..=i64::try_from(timeline.len()).unwrap_or(i64::MAX))
    {
        wrong.push("its history does not count 1, 2, 3".to_owned());
    }
    if timeline.first().is_none_or(|entry| entry.kind() != Kind::CaseOpened) {
        wrong.push("its history does not begin with its opening".to_owned());
    }
    let (answered, gave_up) = match contact.end {
        End::Answered => (1, 0),
        End::GaveUp => (0, 1),
    };
    // Submitted, received, diagnosed, finished, returned; and in between in repair where somebody tried.
    let moves = match contact.repair {
        None => 0,
        Some(RepairOutcome::Repaired | RepairOutcome::Repairable) => 5,
        Some(_) => 4,
    };
    for (kind, expected) in [
        (Kind::CaseOpened, 1),
        (Kind::TaskQueued, 1),
        (Kind::TaskCompleted, answered),
        (Kind::TaskCanceled, gave_up),
        (Kind::CaseResolved, answered),
        (Kind::CaseClosed, gave_up),
        (Kind::CaseReopened, 0),
        (Kind::RepairSubmitted, usize::from(contact.repair.is_some())),
        (Kind::RepairStateChanged, moves),
    ] {
        let stands = timeline.iter().filter(|entry| entry.kind() == kind).count();
        if stands != expected {
            wrong.push(format!(
                "{} stands {stands} times in its history, not {expected}",
                kind.as_str_name()
            ));
        }
    }
    wrong
}

/// Whether a task ended once, and as its contact did.
fn task_end(end: End, task: &Task, entries: &[TaskHistoryEntry]) -> Result<(), String> {
    if !entries
        .iter()
        .map(|entry| entry.sequence)
        .eq(1..=i64::try_from(entries.len()).unwrap_or(i64::MAX))
    {
        return Err("its task's history does not count 1, 2, 3".to_owned());
    }
    let ends: Vec<TaskChange> = entries
        .iter()
        .map(TaskHistoryEntry::change)
        .filter(|change| matches!(change, TaskChange::Completed | TaskChange::Canceled))
        .collect();
    let (change, state) = match end {
        End::Answered => (TaskChange::Completed, TaskState::Completed),
        End::GaveUp => (TaskChange::Canceled, TaskState::Canceled),
    };
    if ends != [change] || entries.last().map(TaskHistoryEntry::change) != Some(change) {
        return Err(format!(
            "its task ended {} times, or otherwise than {}",
            ends.len(),
            change.as_str_name()
        ));
    }
    if task.state() != state {
        return Err(format!(
            "its task is {}, not {}",
            task.state().as_str_name(),
            state.as_str_name()
        ));
    }
    let accepted = entries
        .iter()
        .filter(|entry| entry.change() == TaskChange::Accepted)
        .count();
    match end {
        End::Answered if accepted != 1 => Err(format!("its task was accepted {accepted} times")),
        End::Answered | End::GaveUp => Ok(()),
    }
}

/// When an agent took (or, negative, gave back) how much weight; the time in seconds and nanoseconds.
type Step = ((i64, i32), i32);

/// Holds the times of all tasks against each other: what an agent held at each moment, from offer to end, may never weigh
/// more than `capacity`. The system keeps the same book; this one is ours.
#[must_use]
pub fn never_over(records: &[Record], capacity: i32) -> Vec<Violation> {
    let mut steps: BTreeMap<&str, Vec<Step>> = BTreeMap::new();
    for (task, entries) in records.iter().flat_map(|record| &record.tasks) {
        let mut holder: Option<&str> = None;
        for entry in entries {
            let time = entry.occur_time.map_or((0, 0), |time| (time.seconds, time.nanos));
            match entry.change() {
                TaskChange::Offered | TaskChange::Assigned | TaskChange::TakenOver => {
                    if let Some(before) = holder.replace(&entry.agent_id) {
                        steps.entry(before).or_default().push((time, -task.weight));
                    }
                    steps.entry(&entry.agent_id).or_default().push((time, task.weight));
                }
                // Nobody joins a contact of a replayed day.
                TaskChange::Accepted
                | TaskChange::ContactEnded
                | TaskChange::Joined
                | TaskChange::Left
                | TaskChange::HandedOver
                | TaskChange::CallbackRequested
                | TaskChange::CallbackDue
                | TaskChange::Queued
                | TaskChange::Unspecified => {}
                TaskChange::Rejected
                | TaskChange::TimedOut
                | TaskChange::Withdrawn
                | TaskChange::PulledBack
                | TaskChange::Transferred
                | TaskChange::Lapsed
                | TaskChange::NotReached
                | TaskChange::GivenUp
                | TaskChange::Completed
                | TaskChange::Canceled => {
                    if let Some(agent) = holder.take() {
                        steps.entry(agent).or_default().push((time, -task.weight));
                    }
                }
            }
        }
    }
    let mut violations = Vec::new();
    for (agent, mut steps) in steps {
        // At the same moment, what is given back is given back first.
        steps.sort_unstable();
        let mut held = 0;
        for (_, weight) in steps {
            held += weight;
            if held > capacity {
                let what = format!("agent {agent} held {held} of {capacity} by the times of their tasks");
                violations.push(Violation {
                    law: Law::NeverOver,
                    what,
                });
                break;
            }
        }
    }
    violations
}

#[cfg(test)]
mod tests;
