//! Customers are called back instead of waiting.

use support_chassis::db::Tx;
use support_chassis::error::Violation;
use time::OffsetDateTime;

use super::desk::{Desk, change, dismiss, own};
use super::settle;
use crate::domain::{CaseId, Change, Channel, Task, TaskId, apply};
use crate::error::Error;
use crate::store;
use crate::store::waits::Callback;

/// When a customer would like to be called; none for whenever.
#[derive(Clone, Copy, Debug, Default)]
pub struct Window {
    /// Not before this.
    pub earliest: Option<OffsetDateTime>,
    /// Best before this.
    pub latest: Option<OffsetDateTime>,
}

/// What came of a try.
#[derive(Clone, Debug)]
pub struct Tried {
    /// The task.
    pub task: Task,
    /// How often it was tried.
    pub attempts: i32,
    /// When it is tried again; none where it was given up.
    pub again: Option<OffsetDateTime>,
}

impl Desk {
    /// The customer of a case is to be called back: its task keeps its place in line, and does not stand there before the time asked
    /// for. Asking again changes that time.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] where the time is too far ahead, or over; [`Error::TaskNotFound`] where the case has no task that has not
    /// ended; [`Error::TaskState`] where somebody has it, or has it offered.
    pub async fn request_callback(
        &self,
        tx: &mut Tx,
        case: CaseId,
        window: Window,
        now: OffsetDateTime,
    ) -> Result<(Task, Callback), Error> {
        let seen = store::waits::oldest_open(tx.conn(), case)
            .await?
            .ok_or(Error::TaskNotFound)?;
        let rules = self.rules.of_tasks(seen.country, now);
        check(window, now, now + rules.callback_horizon).map_err(|violation| Error::Invalid(violation.into()))?;
        let task = store::tasks::lock(tx.conn(), seen.id)
            .await?
            .ok_or(Error::TaskNotFound)?;
        let before = store::waits::callback(tx.conn(), task.id).await?;
        let mut changed =
            apply(&task, None, Change::CallbackRequested, now).map_err(|refused| Error::refused(task.id, refused))?;
        settle(tx, std::slice::from_ref(&changed), &[]).await?;
        // It takes an agent on the telephone, whatever it was before.
        changed.task.channel = Channel::Phone;
        let callback = Callback {
            earliest: window.earliest,
            latest: window.latest,
            attempts: before.map_or(0, |before| before.attempts),
        };
        store::waits::put_callback(tx.conn(), task.id, &callback, now).await?;
        let until = window.earliest.filter(|earliest| *earliest > now);
        store::waits::hold(tx.conn(), &changed.task, until).await?;
        Ok((changed.task, callback))
    }

    /// The agent who calls with `subject` called a customer back and did not reach them.
    ///
    /// # Errors
    ///
    /// As [`Desk::end_contact`]; [`Error::CallbackNotFound`] where nobody asked for one.
    pub async fn not_reached(
        &self,
        tx: &mut Tx,
        subject: &str,
        id: TaskId,
        now: OffsetDateTime,
    ) -> Result<Tried, Error> {
        let (agent, task) = own(tx, subject, id).await?;
        let mut callback = store::waits::callback(tx.conn(), id)
            .await?
            .ok_or(Error::CallbackNotFound)?;
        let rules = self.rules.of_tasks(task.country, now);
        callback.attempts += 1;
        let task = dismiss(tx, task, now).await?;
        let is_last = callback.attempts >= rules.callback_attempts;
        let what = if is_last { Change::GivenUp } else { Change::NotReached };
        let task = change(tx, &task, Some(&agent.book), what, None, now).await?;
        store::waits::put_callback(tx.conn(), id, &callback, now).await?;
        let again = (!is_last).then_some(now + rules.callback_retry);
        store::waits::hold(tx.conn(), &task, again).await?;
        Ok(Tried {
            task,
            attempts: callback.attempts,
            again,
        })
    }
}

/// Lets tasks into line whose time has come, at most `limit` of them. Waits for nobody: what somebody is just changing is left for the
/// next time. Gives how many.
///
/// # Errors
///
/// The database's.
pub async fn release(tx: &mut Tx, limit: i64, now: OffsetDateTime) -> Result<usize, Error> {
    let due = store::waits::due(tx.conn(), now, limit).await?;
    if due.is_empty() {
        return Ok(0);
    }
    let mut released = Vec::new();
    for task in store::tasks::lock_free(tx.conn(), &due).await? {
        // Under the lock: it may have come into somebody's hands, or have been put off.
        let is_due = store::waits::held_until(tx.conn(), task.id)
            .await?
            .is_some_and(|until| until <= now);
        if !is_due {
            continue;
        }
        let Ok(changed) = apply(&task, None, Change::CallbackDue, now) else {
            continue;
        };
        store::waits::hold(tx.conn(), &changed.task, None).await?;
        released.push(changed);
    }
    settle(tx, &released, &[]).await?;
    Ok(released.len())
}

fn check(window: Window, now: OffsetDateTime, horizon: OffsetDateTime) -> Result<(), Violation> {
    let Window { earliest, latest } = window;
    if earliest.is_some_and(|earliest| earliest > horizon) {
        return Err(Violation::new("earliest_time", "must not be that far ahead"));
    }
    if latest.is_some_and(|latest| latest <= earliest.unwrap_or(now).max(now)) {
        return Err(Violation::new(
            "latest_time",
            "must be after `earliest_time`, and still to come",
        ));
    }
    Ok(())
}
