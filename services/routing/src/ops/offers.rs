//! Offers are made, answered, and end by themselves.

use std::collections::HashMap;

use support_chassis::db::Tx;
use support_chassis::id::Ids;
use time::OffsetDateTime;

use super::settle;
use crate::domain::{
    AgentId, Book, Change, Decision, Offer, OfferEnd, OfferId, Pairing, Presence, Ruled, Task, TaskId, apply,
};
use crate::error::Error;
use crate::store;

/// What came of decisions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// The offers, and the tasks as they are now.
    pub offers: Vec<(Offer, Task)>,
    /// What was not done: the task or the agent had changed since, or somebody is just changing them.
    pub refused: Vec<Pairing>,
}

impl Made {
    /// Both.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.offers.extend(other.offers);
        self.refused.extend(other.refused);
        self
    }
}

/// Offers tasks to agents as decided by `plans`, each where it still stands: the task waits at the version that was looked
/// at, the agent is available and has room. Waits for nobody.
pub async fn make(
    tx: &mut Tx,
    ids: &Ids,
    decisions: &[Decision],
    plans: &[Ruled],
    now: OffsetDateTime,
) -> Result<Made, Error> {
    let agents: Vec<_> = decisions.iter().map(|decision| decision.pairing.agent.uuid()).collect();
    let wanted: Vec<_> = decisions.iter().map(|decision| decision.pairing.task.uuid()).collect();
    let (mut books, mut tasks): (HashMap<AgentId, Book>, HashMap<TaskId, Task>) = Default::default();
    for (book, presence, task) in store::offers::lock_free_pairs(tx.conn(), &agents, &wanted).await? {
        if presence == Presence::Available {
            books.insert(book.agent, book);
        }
        tasks.insert(task.id, task);
    }
    let (mut settled, mut offers) = (Vec::new(), Vec::new());
    let mut made = Made::default();
    for Decision {
        pairing,
        reason,
        shortlist,
    } in decisions
    {
        let task = tasks.get(&pairing.task).filter(|task| task.version == pairing.version);
        let book = books.get_mut(&pairing.agent);
        let (Some(task), Some(book), Some(Ruled { plan, .. })) = (task, book, plans.get(pairing.plan)) else {
            made.refused.push(*pairing);
            continue;
        };
        let Ok(changed) = apply(task, Some(book), Change::Offered, now) else {
            made.refused.push(*pairing);
            continue;
        };
        *book = changed.book.unwrap_or(*book);
        settled.push(changed.decided_by(&plan.basis).because(*reason, *shortlist));
        offers.push(Offer {
            id: ids.next(),
            task: task.id,
            agent: pairing.agent,
            offered_at: now,
            expires_at: now + plan.offer_timeout,
            basis: Some(plan.basis.clone()),
        });
    }
    settle(tx, &settled, &offers).await?;
    let tasks = settled.into_iter().map(|changed| changed.task);
    made.offers = offers.into_iter().zip(tasks).collect();
    Ok(made)
}

/// The agent who calls with `subject` takes an offered task.
///
/// # Errors
///
/// [`Error::AgentNotFound`], [`Error::OfferNotFound`], [`Error::OfferEnded`].
pub async fn accept(tx: &mut Tx, subject: &str, offer: OfferId, now: OffsetDateTime) -> Result<Task, Error> {
    answer(tx, subject, offer, Change::Accepted, now).await
}

/// The agent who calls with `subject` declines an offered task.
///
/// # Errors
///
/// [`Error::AgentNotFound`], [`Error::OfferNotFound`], [`Error::OfferEnded`].
pub async fn reject(tx: &mut Tx, subject: &str, offer: OfferId, now: OffsetDateTime) -> Result<Task, Error> {
    answer(tx, subject, offer, Change::Rejected, now).await
}

async fn answer(
    tx: &mut Tx,
    subject: &str,
    offer: OfferId,
    change: Change,
    now: OffsetDateTime,
) -> Result<Task, Error> {
    let agent = store::agents::lock_by_subject(tx.conn(), subject)
        .await?
        .ok_or(Error::AgentNotFound)?;
    let (offer, end) = store::offers::find(tx.conn(), offer, agent.id())
        .await?
        .ok_or(Error::OfferNotFound)?;
    // An offer is over when its time is, whether or not the timer has come round to it.
    let end = end.or((offer.expires_at <= now).then_some(OfferEnd::TimedOut));
    if let Some(end) = end {
        return Err(Error::OfferEnded(end));
    }
    // The offer stands, and under the agent's lock nobody can end it.
    let task = store::tasks::lock(tx.conn(), offer.task)
        .await?
        .ok_or(Error::TaskNotFound)?;
    let changed = apply(&task, Some(&agent.book), change, now).map_err(|refused| Error::refused(task.id, refused))?;
    settle(tx, std::slice::from_ref(&changed), &[]).await?;
    Ok(changed.task)
}

/// Ends offers whose time is over, at most `limit` of them. Waits for nobody: what somebody is just changing is left
/// for the next time. Gives how many it ended.
pub async fn expire(tx: &mut Tx, limit: i64, now: OffsetDateTime) -> Result<usize, Error> {
    let due = store::offers::due(tx.conn(), now, limit).await?;
    if due.is_empty() {
        return Ok(0);
    }
    let agents: Vec<_> = due.iter().map(|(_, agent)| agent.uuid()).collect();
    let mut books: HashMap<AgentId, Book> = store::agents::lock_free_books(tx.conn(), &agents)
        .await?
        .into_iter()
        .map(|(book, _)| (book.agent, book))
        .collect();
    let wanted: Vec<_> = due.iter().map(|(task, _)| task.uuid()).collect();
    let tasks = store::tasks::lock_free(tx.conn(), &wanted).await?;
    // Under the locks: an offer may have been answered since.
    let overdue = store::offers::overdue(tx.conn(), &wanted, now).await?;
    let mut settled = Vec::new();
    for task in tasks.iter().filter(|task| overdue.contains(&task.id)) {
        let Some(book) = task.agent.and_then(|agent| books.get_mut(&agent)) else {
            continue;
        };
        let changed =
            apply(task, Some(book), Change::TimedOut, now).map_err(|refused| Error::refused(task.id, refused))?;
        *book = changed.book.unwrap_or(*book);
        settled.push(changed);
    }
    settle(tx, &settled, &[]).await?;
    Ok(settled.len())
}
