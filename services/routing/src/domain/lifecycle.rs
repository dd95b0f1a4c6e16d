//! What may happen to a task, and what that does to the agent who holds it.
//!
//! The table is the only list of allowed changes; the diagram in the README is printed from it.

use std::fmt::Write as _;

use time::OffsetDateTime;

use super::words::words;
use super::{AgentId, Book, Change, Opening, Plan, Reason, Shortlist, Task, TaskId, TaskState};

mod party;

pub use party::{Participant, Party};

/// From, change, to. No state before a task is made.
const TABLE: &[(Option<TaskState>, Change, TaskState)] = &[
    (None, Change::Queued, TaskState::Queued),
    (Some(TaskState::Queued), Change::Offered, TaskState::Offered),
    (Some(TaskState::Queued), Change::Canceled, TaskState::Canceled),
    (Some(TaskState::Offered), Change::Accepted, TaskState::Accepted),
    (Some(TaskState::Offered), Change::Rejected, TaskState::Queued),
    (Some(TaskState::Offered), Change::TimedOut, TaskState::Queued),
    (Some(TaskState::Offered), Change::Withdrawn, TaskState::Queued),
    (Some(TaskState::Offered), Change::Canceled, TaskState::Canceled),
    (Some(TaskState::Accepted), Change::Completed, TaskState::Completed),
    (Some(TaskState::Accepted), Change::Canceled, TaskState::Canceled),
    (Some(TaskState::Wrapping), Change::Completed, TaskState::Completed),
    (Some(TaskState::Wrapping), Change::Canceled, TaskState::Canceled),
    // By hand.
    (Some(TaskState::Queued), Change::Assigned, TaskState::Offered),
    (Some(TaskState::Queued), Change::TakenOver, TaskState::Accepted),
    (Some(TaskState::Offered), Change::PulledBack, TaskState::Queued),
    (Some(TaskState::Accepted), Change::PulledBack, TaskState::Queued),
    (Some(TaskState::Accepted), Change::ContactEnded, TaskState::Wrapping),
    (Some(TaskState::Accepted), Change::Transferred, TaskState::Queued),
    (Some(TaskState::Accepted), Change::Joined, TaskState::Accepted),
    (Some(TaskState::Accepted), Change::Left, TaskState::Accepted),
    (Some(TaskState::Accepted), Change::HandedOver, TaskState::Accepted),
    // Its agent has gone.
    (Some(TaskState::Accepted), Change::Lapsed, TaskState::Queued),
    // The customer is called back instead of waiting.
    (Some(TaskState::Queued), Change::CallbackRequested, TaskState::Queued),
    (Some(TaskState::Queued), Change::CallbackDue, TaskState::Queued),
    (Some(TaskState::Accepted), Change::NotReached, TaskState::Queued),
    (Some(TaskState::Accepted), Change::GivenUp, TaskState::Canceled),
];

/// The state after `change`; none where it cannot happen.
#[must_use]
pub fn transition(from: Option<TaskState>, change: Change) -> Option<TaskState> {
    TABLE
        .iter()
        .find(|(state, event, _)| *state == from && *event == change)
        .map(|(_, _, to)| *to)
}

/// The table as a Mermaid state diagram.
#[must_use]
pub fn diagram() -> String {
    let mut diagram = String::from("stateDiagram-v2\n");
    for (from, change, to) in TABLE {
        let from = from.map_or("[*]", TaskState::as_str);
        let _ = writeln!(diagram, "    {from} --> {to}: {change}");
    }
    for state in TaskState::ALL.iter().filter(|state| state.is_ended()) {
        let _ = writeln!(diagram, "    {state} --> [*]");
    }
    diagram
}

words! {
    /// How an offer ended.
    OfferEnd {
        /// The agent took the task.
        Accepted = "accepted",
        /// The agent declined.
        Rejected = "rejected",
        /// The agent did not answer in time.
        TimedOut = "timed_out",
        /// The agent went away, or it was taken back.
        Withdrawn = "withdrawn",
        /// The task ended, because its case did.
        Canceled = "canceled",
    }
}

/// One line of a task's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The task.
    pub task: TaskId,
    /// Its place: 1, 2, 3 and so on.
    pub sequence: i64,
    /// What happened.
    pub change: Change,
    /// The agent concerned, just after it.
    pub book: Option<(AgentId, i32, i32)>,
    /// When.
    pub at: OffsetDateTime,
    /// The versions of the routing plan by which it was decided; none where no plan decides, or there was none yet.
    pub basis: Option<String>,
    /// Why it was offered to this agent; none where it was not offered, or no reason was kept yet.
    pub reason: Option<Reason>,
}

/// What a change did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The task after it.
    pub task: Task,
    /// What to write into the history.
    pub entry: Entry,
    /// The book of the agent concerned, after it.
    pub book: Option<Book>,
    /// How the task's open offer ends, where it has one.
    pub offer_end: Option<OfferEnd>,
    /// Who stood for it, where it was offered by a decision.
    pub shortlist: Option<Shortlist>,
}

/// Why something cannot happen to a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Its state does not allow it.
    #[error("a task that is {state} cannot be {change}")]
    State {
        /// The state.
        state: TaskState,
        /// What was to happen.
        change: Change,
    },
    /// The agent would hold more than they can, or what they do not hold side by side.
    #[error("the agent has no room for the task")]
    NoRoom,
    /// The book given is not that of the agent who holds the task.
    #[error("the agent does not hold the task")]
    NotTheHolder,
    /// The agent has no part in the contact.
    #[error("the agent has not joined the contact")]
    NotJoined,
    /// The agent has the task, or has joined its contact.
    #[error("the agent is in the contact already")]
    JoinedAlready,
    /// As many agents have joined as may.
    #[error("no more agents may join the contact")]
    Full,
}

impl Changed {
    /// The same, decided by these versions of the routing plan.
    #[must_use]
    pub fn decided_by(mut self, basis: &str) -> Self {
        self.task.basis = Some(basis.to_owned());
        self.entry.basis = Some(basis.to_owned());
        self
    }

    /// The same, for this reason, where these stood for it.
    #[must_use]
    pub fn because(mut self, reason: Reason, shortlist: Shortlist) -> Self {
        self.entry.reason = Some(reason);
        self.shortlist = Some(shortlist);
        self
    }
}

/// A new task, waiting, with the priority that `plan` gives it. Its place in line counts from `since`.
#[must_use]
pub fn open(id: TaskId, opening: Opening, plan: &Plan, since: OffsetDateTime, at: OffsetDateTime) -> Changed {
    let priority = plan.priority(&opening.attributes, &opening.named);
    let Opening {
        case_id, attributes, ..
    } = opening;
    let task = Task {
        id,
        version: 1,
        case_id,
        state: TaskState::Queued,
        channel: attributes.channel,
        language: attributes.language,
        product_line: attributes.product_line,
        priority,
        weight: 0,
        agent: None,
        offer_count: 0,
        queue_time: since,
        accept_time: None,
        end_time: None,
        country: attributes.country,
        basis: None,
    };
    let entry = Entry {
        task: id,
        sequence: 1,
        change: Change::Queued,
        book: None,
        at,
        basis: None,
        reason: None,
    };
    let opened = Changed {
        task,
        entry,
        book: None,
        offer_end: None,
        shortlist: None,
    };
    opened.decided_by(&plan.basis)
}

/// Lets `change` happen to `task` at `at`. `book` is that of the agent to whom it is given or who holds it, and none
/// where nobody does. What happens to who has joined its contact goes by [`Party`].
///
/// # Errors
///
/// [`Refused`]; nothing has happened then.
pub fn apply(task: &Task, book: Option<&Book>, change: Change, at: OffsetDateTime) -> Result<Changed, Refused> {
    let refused = Refused::State {
        state: task.state,
        change,
    };
    let state = transition(Some(task.state), change).ok_or(refused)?;
    let is_holder_right = match (task.state.is_held(), book) {
        (true, book) => book.map(|book| book.agent) == task.agent,
        (false, Some(_)) => change.gives(),
        (false, None) => !change.gives(),
    };
    if !is_holder_right || change.is_of_participants() {
        return Err(Refused::NotTheHolder);
    }
    let mut after = task.clone();
    let book = book.map(|book| weigh(book, &mut after, state, at)).transpose()?;
    after.state = state;
    after.version += 1;
    match state {
        TaskState::Queued => {
            after.agent = None;
            after.accept_time = None;
        }
        TaskState::Offered => {
            after.agent = book.map(|book| book.agent);
            after.offer_count += 1;
        }
        TaskState::Accepted => {
            after.agent = book.map(|book| book.agent);
            after.accept_time = Some(at);
        }
        TaskState::Wrapping => {}
        TaskState::Completed | TaskState::Canceled => after.end_time = Some(at),
    }
    let entry = entry(&after, change, book.as_ref(), at);
    let offer_end = if task.state == TaskState::Offered {
        offer_end(change)
    } else {
        None
    };
    Ok(Changed {
        task: after,
        entry,
        book,
        offer_end,
        shortlist: None,
    })
}

/// What the history says of a change that left the task like this.
fn entry(after: &Task, change: Change, book: Option<&Book>, at: OffsetDateTime) -> Entry {
    Entry {
        task: after.id,
        sequence: after.version,
        change,
        book: book.map(|book| (book.agent, book.load, book.capacity)),
        at,
        basis: None,
        reason: None,
    }
}

/// The book once the task, still as it was, is in `state`. A task that somebody gets takes from then on what it takes of
/// them.
fn weigh(book: &Book, task: &mut Task, state: TaskState, at: OffsetDateTime) -> Result<Book, Refused> {
    match (task.state.is_held(), state.is_held()) {
        (false, true) => {
            let (after, weight) = book.taking(task.channel).ok_or(Refused::NoRoom)?;
            task.weight = weight;
            Ok(after)
        }
        (true, false) => Ok(book.giving_back(task.channel, task.weight, at)),
        (true, true) | (false, false) => Ok(*book),
    }
}

/// How `change` ends the offer of a task that is offered.
fn offer_end(change: Change) -> Option<OfferEnd> {
    match change {
        Change::Accepted => Some(OfferEnd::Accepted),
        Change::Rejected => Some(OfferEnd::Rejected),
        Change::TimedOut => Some(OfferEnd::TimedOut),
        Change::Withdrawn | Change::PulledBack => Some(OfferEnd::Withdrawn),
        Change::Canceled => Some(OfferEnd::Canceled),
        Change::Queued
        | Change::Offered
        | Change::Completed
        | Change::Assigned
        | Change::TakenOver
        | Change::ContactEnded
        | Change::Transferred
        | Change::Joined
        | Change::Left
        | Change::HandedOver
        | Change::Lapsed
        | Change::CallbackRequested
        | Change::CallbackDue
        | Change::NotReached
        | Change::GivenUp => None,
    }
}

#[cfg(test)]
mod tests;
