//! Tasks come from cases and end with them, or by the agent's hand.

use support_chassis::db::Tx;
use support_chassis::id::Ids;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{desk, events};
use crate::domain::{CaseId, Cause, Change, Opening, Task, TaskId, TaskState, open as opened};
use crate::error::Error;
use crate::{plan, store};

/// How often a task may change under the hand that wants to end it before the whole transaction is begun anew.
const TRIES: usize = 10;

/// More tasks of one case never wait: each opening makes one, and its end cancels them.
const MOST_WAITING: i64 = 10;

/// Makes the task that the event `source` asks for, by the plan that holds for it now. Its place in line counts from when
/// that event occurred: the customer does not wait behind others because this service was away. Where the channel was closed
/// then, it counts from when that opens, if the plan says so. None where the task is
/// there already.
pub async fn open(
    tx: &mut Tx,
    ids: &Ids,
    book: &plan::Book,
    mut opening: Opening,
    source: Uuid,
    occurred_at: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<Option<Task>, Error> {
    opening.attributes.region = ids.region().to_string();
    // Nobody has helped yet with a case that has just been opened.
    if opening.attributes.cause != Cause::Opened {
        opening.named.last_agent = store::tasks::last_agent(tx.conn(), opening.case_id).await?;
    }
    let Opening { attributes, named, .. } = opening.clone();
    let plan = book.of_tasks(attributes.country, now);
    let since = book.waits_since(&plan, &attributes, &named, occurred_at.min(now));
    let opened = opened(ids.next(), opening, &plan, since, now);
    let event = events::entry(&opened);
    let is_new = store::tasks::insert(tx, &opened, &attributes, &named, source, &event).await?;
    Ok(is_new.then_some(opened.task))
}

/// A case is held in another language: a task of it that nobody has taken yet, offered or not, ends, and another that the
/// event `source` asks for waits in its place, from when it has waited. Whoever works on the case goes on. None where no task
/// waits for another language.
///
/// # Errors
///
/// As for [`cancel_of_case`].
pub async fn queue_for_language(
    tx: &mut Tx,
    ids: &Ids,
    book: &plan::Book,
    opening: Opening,
    source: Uuid,
    now: OffsetDateTime,
) -> Result<Option<Task>, Error> {
    let filter = store::tasks::Filter {
        states: vec![TaskState::Queued, TaskState::Offered],
        case: Some(opening.case_id),
        agent: None,
    };
    let waiting = store::tasks::list(tx.conn(), &filter, None, MOST_WAITING).await?;
    let Some(since) = waiting
        .iter()
        .filter(|task| task.language != opening.attributes.language)
        .map(|task| task.queue_time)
        .min()
    else {
        return Ok(None);
    };
    if cancel_of_case(tx, opening.case_id, CaseEnd::Resolved, now).await? == 0 {
        return Ok(None);
    }
    open(tx, ids, book, opening, source, since, now).await
}

/// The agent who calls with `subject` ends a task that is accepted or written up. Whoever had joined its contact is free.
///
/// # Errors
///
/// [`Error::AgentNotFound`]; [`Error::TaskNotFound`] where the task is not theirs; [`Error::TaskState`].
pub async fn complete(tx: &mut Tx, subject: &str, id: TaskId, now: OffsetDateTime) -> Result<Task, Error> {
    let (agent, task) = desk::own(tx, subject, id).await?;
    let task = desk::dismiss(tx, task, now).await?;
    let book = task.state.is_held().then_some(&agent.book);
    desk::change(tx, &task, book, Change::Completed, None, now).await
}

/// What becomes of the tasks of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaseEnd {
    /// The case is settled. Who is at work on it finishes; nobody else needs to begin.
    Resolved,
    /// The case is over. Nobody works on it any more.
    Closed,
}

/// Cancels the tasks of a case that its end makes needless. An open offer ends with its task, and whoever holds one is
/// freed of it. Gives how many it canceled.
pub async fn cancel_of_case(tx: &mut Tx, case: CaseId, end: CaseEnd, now: OffsetDateTime) -> Result<usize, Error> {
    let mut canceled = 0;
    for id in store::tasks::open_of_case(tx.conn(), case).await? {
        let mut tries = 0;
        loop {
            match cancel(tx, id, end, now).await? {
                Outcome::Canceled => canceled += 1,
                Outcome::LeftAlone => {}
                Outcome::Moved if tries == TRIES => return Err(Error::Race),
                Outcome::Moved => {
                    tries += 1;
                    continue;
                }
            }
            break;
        }
    }
    Ok(canceled)
}

enum Outcome {
    Canceled,
    LeftAlone,
    /// It has come into other hands between the look at it and its lock.
    Moved,
}

async fn cancel(tx: &mut Tx, id: TaskId, end: CaseEnd, now: OffsetDateTime) -> Result<Outcome, Error> {
    let Some(seen) = store::tasks::find(tx.conn(), id).await? else {
        return Ok(Outcome::LeftAlone);
    };
    if is_spared(&seen, end) {
        return Ok(Outcome::LeftAlone);
    }
    let seized = match desk::seize(tx, id).await {
        Err(Error::Race) => return Ok(Outcome::Moved),
        seized => seized?,
    };
    let Some(desk::Seized { task, book }) = seized else {
        return Ok(Outcome::LeftAlone);
    };
    if is_spared(&task, end) {
        return Ok(Outcome::LeftAlone);
    }
    let task = match desk::dismiss(tx, task, now).await {
        Err(Error::Race) => return Ok(Outcome::Moved),
        dismissed => dismissed?,
    };
    desk::change(tx, &task, book.as_ref(), Change::Canceled, None, now).await?;
    Ok(Outcome::Canceled)
}

fn is_spared(task: &Task, end: CaseEnd) -> bool {
    task.state.is_ended() || end == CaseEnd::Resolved && matches!(task.state, TaskState::Accepted | TaskState::Wrapping)
}
