//! What agents and supervisors do with work by hand.
//!
//! Locks are taken as everywhere: one agent, waiting; then tasks. Further agents only where nobody else has them locked, else the call
//! ends as [`Error::Race`] and may be sent again.

use sqlx::Connection as _;
use support_chassis::db::{DbError, Tx};
use support_chassis::error::Violation;
use support_chassis::id::Ids;
use time::OffsetDateTime;

use super::settle;
use crate::desk::RuleBook;
use crate::domain::{
    Agent, AgentId, Book, ByHand, Change, Changed, Language, Offer, Party, Presence, ProductLine, Refused, Task,
    TaskId, TaskState, apply,
};
use crate::error::Error;
use crate::{plan, store};

/// What the use cases of the desk go by.
#[derive(Clone, Debug)]
pub struct Desk {
    /// Where ids of offers come from.
    pub ids: Ids,
    /// The routing plans: how long what is assigned stands.
    pub plans: plan::Book,
    /// The desk rules.
    pub rules: RuleBook,
}

/// What a task that is passed on asks for from then on; none for what it asked before.
#[derive(Clone, Debug, Default)]
pub struct Onward {
    /// To whom it is held out; none for whoever the plan finds.
    pub agent: Option<AgentId>,
    /// In which language it goes on.
    pub language: Option<Language>,
    /// What it turned out to be about.
    pub product_line: Option<ProductLine>,
    /// The queue in which it goes on, one of its plan's.
    pub queue: Option<String>,
}

impl Desk {
    /// The contact of a task is over. Gives the task, and until when it should be written up.
    ///
    /// # Errors
    ///
    /// [`Error::AgentNotFound`]; [`Error::TaskNotFound`] where the task is not the caller's; [`Error::TaskState`].
    pub async fn end_contact(
        &self,
        tx: &mut Tx,
        subject: &str,
        id: TaskId,
        now: OffsetDateTime,
    ) -> Result<(Task, OffsetDateTime), Error> {
        let (agent, task) = own(tx, subject, id).await?;
        require(&task, Change::ContactEnded)?;
        let task = dismiss(tx, task, now).await?;
        let task = change(tx, &task, Some(&agent.book), Change::ContactEnded, None, now).await?;
        Ok((task, now + self.rules.of_agents(&agent.site, now).wrap_up_limit))
    }

    /// Passes a task on, without a word with whoever takes it next.
    ///
    /// # Errors
    ///
    /// As [`end_contact`](Self::end_contact); [`Error::AgentAway`], [`Error::AgentBusy`] of the agent named; [`Error::Invalid`] where the
    /// plan does not have the queue.
    pub async fn transfer(
        &self,
        tx: &mut Tx,
        id: TaskId,
        onward: Onward,
        hand: &ByHand,
        now: OffsetDateTime,
    ) -> Result<Task, Error> {
        let (agent, task) = own(tx, &hand.actor, id).await?;
        require(&task, Change::Transferred)?;
        if let Some(queue) = &onward.queue
            && !self.plans.of_tasks(task.country, now).has_queue(queue)
        {
            return Err(Error::Invalid(
                Violation::new("queue", "is none of the plan's that holds for the task").into(),
            ));
        }
        let task = dismiss(tx, task, now).await?;
        let mut task = change(tx, &task, Some(&agent.book), Change::Transferred, Some(hand), now).await?;
        task.language = onward.language.unwrap_or(task.language);
        task.product_line = onward.product_line.or(task.product_line);
        if !self.rules.of_tasks(task.country, now).transfer_keeps_place {
            task.queue_time = now;
        }
        store::desk::refile(tx.conn(), &task, onward.queue.as_deref()).await?;
        if onward.queue.is_some()
            && let Some(queued) = store::line::of_task(tx.conn(), id).await?
        {
            // What it was worth in the line that it has left is of no account in another.
            let plan = self.plans.of_tasks(task.country, now);
            task.priority = plan.priority(&queued.attributes, &queued.named);
            store::desk::refile(tx.conn(), &task, None).await?;
        }
        match onward.agent {
            Some(named) if named == agent.id() => Err(Error::AgentBusy),
            Some(named) => {
                let book = self.other(tx, named).await?;
                self.hold_out(tx, &task, &book, hand, now).await
            }
            None => Ok(task),
        }
    }

    /// Brings another agent into a contact.
    ///
    /// # Errors
    ///
    /// As [`transfer`](Self::transfer); [`Error::ParticipantExists`], [`Error::ConferenceFull`].
    pub async fn add_participant(
        &self,
        tx: &mut Tx,
        id: TaskId,
        agent: AgentId,
        hand: &ByHand,
        now: OffsetDateTime,
    ) -> Result<Party, Error> {
        let (caller, task) = own(tx, &hand.actor, id).await?;
        require(&task, Change::Joined)?;
        if caller.id() == agent {
            return Err(Error::ParticipantExists);
        }
        let mut party = party(tx, task).await?;
        let book = self.other(tx, agent).await?;
        let most = self.rules.of_tasks(party.task.country, now).participants;
        let changed = party
            .join(&book, most, now)
            .map_err(|refused| Error::refused_by_hand(id, refused))?;
        write(tx, &party, &changed, Some(hand), now).await?;
        Ok(party)
    }

    /// Ends the part of an agent who has joined a contact: the caller's own where no `agent` is named.
    ///
    /// # Errors
    ///
    /// As [`end_contact`](Self::end_contact); [`Error::ParticipantNotFound`].
    pub async fn remove_participant(
        &self,
        tx: &mut Tx,
        id: TaskId,
        agent: Option<AgentId>,
        hand: &ByHand,
        now: OffsetDateTime,
    ) -> Result<Party, Error> {
        let caller = store::agents::lock_by_subject(tx.conn(), &hand.actor)
            .await?
            .ok_or(Error::AgentNotFound)?;
        let agent = agent.unwrap_or(caller.id());
        let seen = store::tasks::find(tx.conn(), id).await?.ok_or(Error::TaskNotFound)?;
        let joined = store::desk::participants(tx.conn(), id).await?;
        let is_in = seen.agent == Some(caller.id()) || joined.iter().any(|one| one.agent == caller.id());
        if !is_in {
            return Err(Error::TaskNotFound);
        }
        let is_own = agent == caller.id();
        if !joined.iter().any(|one| one.agent == agent) || !is_own && seen.agent != Some(caller.id()) {
            return Err(Error::ParticipantNotFound);
        }
        let book = if is_own {
            caller.book
        } else {
            lock_others(tx, &[agent]).await?.pop().ok_or(Error::Race)?
        };
        let task = store::tasks::lock(tx.conn(), id).await?.ok_or(Error::TaskNotFound)?;
        let mut party = party(tx, task).await?;
        let changed = party.leave(&book, now).map_err(|refused| Error::refused(id, refused))?;
        write(tx, &party, &changed, Some(hand), now).await?;
        Ok(party)
    }

    /// Hands a task to an agent who has joined its contact.
    ///
    /// # Errors
    ///
    /// As [`end_contact`](Self::end_contact); [`Error::ParticipantNotFound`].
    pub async fn hand_over(
        &self,
        tx: &mut Tx,
        id: TaskId,
        agent: AgentId,
        stay: bool,
        hand: &ByHand,
        now: OffsetDateTime,
    ) -> Result<Task, Error> {
        let (caller, task) = own(tx, &hand.actor, id).await?;
        require(&task, Change::HandedOver)?;
        let mut party = party(tx, task).await?;
        if !party.joined.iter().any(|one| one.agent == agent) {
            return Err(Error::ParticipantNotFound);
        }
        let book = lock_others(tx, &[agent]).await?.pop().ok_or(Error::Race)?;
        let changed = party
            .hand_over(&book, now)
            .map_err(|refused| Error::refused(id, refused))?;
        write(tx, &party, &changed, Some(hand), now).await?;
        if !stay {
            let changed = party
                .leave(&caller.book, now)
                .map_err(|refused| Error::refused(id, refused))?;
            write(tx, &party, &changed, Some(hand), now).await?;
        }
        Ok(party.task)
    }

    /// Holds a task that waits out to an agent.
    ///
    /// # Errors
    ///
    /// [`Error::TaskNotFound`], [`Error::TaskState`], [`Error::AgentNotFound`], [`Error::AgentAway`], [`Error::AgentBusy`].
    pub async fn assign(
        &self,
        tx: &mut Tx,
        id: TaskId,
        agent: AgentId,
        hand: &ByHand,
        now: OffsetDateTime,
    ) -> Result<Task, Error> {
        let book = store::agents::lock_book(tx.conn(), agent)
            .await?
            .ok_or(Error::AgentNotFound)?;
        let task = store::tasks::lock(tx.conn(), id).await?.ok_or(Error::TaskNotFound)?;
        require(&task, Change::Assigned)?;
        available(tx, agent).await?;
        self.hold_out(tx, &task, &book, hand, now).await
    }

    /// The caller, who must be an agent, has the task at once.
    ///
    /// # Errors
    ///
    /// [`Error::AgentNotFound`], [`Error::TaskNotFound`], [`Error::TaskState`], [`Error::AgentBusy`].
    pub async fn take_over(&self, tx: &mut Tx, id: TaskId, hand: &ByHand, now: OffsetDateTime) -> Result<Task, Error> {
        let taker = store::agents::lock_by_subject(tx.conn(), &hand.actor)
            .await?
            .ok_or(Error::AgentNotFound)?;
        let seen = store::tasks::find(tx.conn(), id).await?.ok_or(Error::TaskNotFound)?;
        let holder = holder(&seen);
        if holder == Some(taker.id()) {
            return Err(refused(&seen, Change::TakenOver));
        }
        let book = match holder {
            Some(holder) => Some(lock_others(tx, &[holder]).await?.pop().ok_or(Error::Race)?),
            None => None,
        };
        let mut task = store::tasks::lock(tx.conn(), id).await?.ok_or(Error::TaskNotFound)?;
        if self::holder(&task) != book.map(|book| book.agent) {
            return Err(Error::Race);
        }
        let mut own = taker.book;
        if book.is_some() {
            require(&task, Change::PulledBack)?;
            task = dismiss_but(tx, task, Some(&mut own), now).await?;
            task = change(tx, &task, book.as_ref(), Change::PulledBack, Some(hand), now).await?;
        }
        change(tx, &task, Some(&own), Change::TakenOver, Some(hand), now).await
    }

    /// Takes a task from whoever has it or has it offered.
    ///
    /// # Errors
    ///
    /// [`Error::TaskNotFound`], [`Error::TaskState`].
    pub async fn pull_back(&self, tx: &mut Tx, id: TaskId, hand: &ByHand, now: OffsetDateTime) -> Result<Task, Error> {
        let seized = seize(tx, id).await?.ok_or(Error::TaskNotFound)?;
        require(&seized.task, Change::PulledBack)?;
        let task = dismiss(tx, seized.task, now).await?;
        let task = change(tx, &task, seized.book.as_ref(), Change::PulledBack, Some(hand), now).await?;
        store::desk::refile(tx.conn(), &task, None).await?;
        Ok(task)
    }

    /// What an agent holds who has been gone for too long goes back into line, to its front, or ends where only the writing up was
    /// left; what they had joined, goes on without them. False where that is not so any more, or somebody is just changing it.
    ///
    /// # Errors
    ///
    /// The database's.
    pub async fn lapse(
        &self,
        tx: &mut Tx,
        id: TaskId,
        agent: AgentId,
        bounds: &store::desk::Bounds,
        now: OffsetDateTime,
    ) -> Result<bool, Error> {
        let Some(gone) = store::agents::lock_if_free(tx.conn(), agent).await? else {
            return Ok(false);
        };
        let Some(task) = store::tasks::lock_free(tx.conn(), &[id.uuid()]).await?.pop() else {
            return Ok(false);
        };
        let since = |bound| gone.presence == Presence::Offline && gone.presence_since <= bound;
        let shift_end = store::roster::shift_end(tx.conn(), agent).await?;
        let is_due = match shift_end {
            _ if task.channel.is_live() => since(bounds.live),
            // Letters are theirs until the shift ends; where none was planned, for as long as the rules say.
            Some(end) => since(bounds.live) && end <= bounds.live,
            None => since(bounds.written),
        };
        if task.agent != Some(agent) {
            let mut party = party(tx, task).await?;
            let is_in = party.joined.iter().any(|joined| joined.agent == agent);
            if is_in && since(bounds.live) {
                let changed = party
                    .leave(&gone.book, now)
                    .map_err(|refused| Error::refused(id, refused))?;
                write(tx, &party, &changed, None, now).await?;
                return Ok(true);
            }
            return Ok(false);
        }
        match task.state {
            TaskState::Wrapping if since(bounds.live) => {
                change(tx, &task, Some(&gone.book), Change::Completed, None, now).await?;
            }
            TaskState::Accepted if is_due => {
                let task = match dismiss(tx, task, now).await {
                    Err(Error::Race) => return Ok(false),
                    dismissed => dismissed?,
                };
                let mut task = change(tx, &task, Some(&gone.book), Change::Lapsed, None, now).await?;
                task.priority = task
                    .priority
                    .max(self.rules.of_tasks(task.country, now).lapsed_priority);
                store::desk::refile(tx.conn(), &task, None).await?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    async fn hold_out(
        &self,
        tx: &mut Tx,
        task: &Task,
        book: &Book,
        hand: &ByHand,
        now: OffsetDateTime,
    ) -> Result<Task, Error> {
        let plan = self.plans.of_tasks(task.country, now);
        let changed = apply(task, Some(book), Change::Assigned, now)
            .map_err(|refused| Error::refused_by_hand(task.id, refused))?;
        let offer = Offer {
            id: self.ids.next(),
            task: task.id,
            agent: book.agent,
            offered_at: now,
            expires_at: now + plan.offer_timeout,
            basis: Some(plan.basis),
        };
        settle(tx, std::slice::from_ref(&changed), &[offer]).await?;
        store::desk::insert_hand(tx.conn(), task.id, changed.entry.sequence, hand).await?;
        Ok(changed.task)
    }

    /// The book of another agent than the one who is locked already, who must take work.
    async fn other(&self, tx: &mut Tx, agent: AgentId) -> Result<Book, Error> {
        available(tx, agent).await?;
        let book = lock_others(tx, &[agent]).await?.pop().ok_or(Error::Race)?;
        // Under the lock: they may have gone since.
        available(tx, agent).await?;
        Ok(book)
    }
}

/// A task, locked, and the book of whoever holds it, locked too.
pub(super) struct Seized {
    pub(super) task: Task,
    pub(super) book: Option<Book>,
}

/// Locks a task and whoever holds it, in this order's reverse. None where there is no such task.
///
/// # Errors
///
/// [`Error::Race`] where it came into other hands meanwhile; nothing is locked then.
pub(super) async fn seize(tx: &mut Tx, id: TaskId) -> Result<Option<Seized>, Error> {
    let Some(seen) = store::tasks::find(tx.conn(), id).await? else {
        return Ok(None);
    };
    // A savepoint: going back to it gives the locks back, which must be taken in their order.
    let mut point = tx.conn().begin().await.map_err(DbError::from)?;
    let book = match holder(&seen) {
        Some(agent) => store::agents::lock_book(&mut point, agent).await?,
        None => None,
    };
    let Some(task) = store::tasks::lock(&mut point, id).await? else {
        return Ok(None);
    };
    if holder(&task) != book.map(|book| book.agent) {
        point.rollback().await.map_err(DbError::from)?;
        return Err(Error::Race);
    }
    point.commit().await.map_err(DbError::from)?;
    Ok(Some(Seized { task, book }))
}

/// Whoever has joined the contact of a locked task leaves it. Gives the task after that.
///
/// # Errors
///
/// [`Error::Race`] where somebody else is just changing one of them.
pub(super) async fn dismiss(tx: &mut Tx, task: Task, now: OffsetDateTime) -> Result<Task, Error> {
    dismiss_but(tx, task, None, now).await
}

/// The same, where the book of one who may have joined is locked already and known.
async fn dismiss_but(tx: &mut Tx, task: Task, mut own: Option<&mut Book>, now: OffsetDateTime) -> Result<Task, Error> {
    if task.state != TaskState::Accepted {
        return Ok(task);
    }
    let mut party = party(tx, task).await?;
    let others: Vec<AgentId> = party.joined.iter().map(|joined| joined.agent).collect();
    let others: Vec<AgentId> = others
        .into_iter()
        .filter(|agent| own.as_ref().is_none_or(|own| own.agent != *agent))
        .collect();
    let mut books = lock_others(tx, &others).await?;
    if let Some(own) = own
        .as_ref()
        .filter(|own| party.joined.iter().any(|joined| joined.agent == own.agent))
    {
        books.push(**own);
    }
    for book in books {
        let changed = party
            .leave(&book, now)
            .map_err(|refused| Error::refused(party.task.id, refused))?;
        write(tx, &party, &changed, None, now).await?;
        if let (Some(own), Some(after)) = (own.as_deref_mut(), changed.book)
            && own.agent == after.agent
        {
            *own = after;
        }
    }
    Ok(party.task)
}

/// The task and those who have joined it.
async fn party(tx: &mut Tx, task: Task) -> Result<Party, Error> {
    let joined = store::desk::participants(tx.conn(), task.id).await?;
    Ok(Party { task, joined })
}

/// Writes what happened to those in a contact.
async fn write(
    tx: &mut Tx,
    party: &Party,
    changed: &Changed,
    hand: Option<&ByHand>,
    now: OffsetDateTime,
) -> Result<(), Error> {
    settle(tx, std::slice::from_ref(changed), &[]).await?;
    store::desk::set_participants(tx.conn(), party, now).await?;
    if let Some(hand) = hand {
        store::desk::insert_hand(tx.conn(), party.task.id, changed.entry.sequence, hand).await?;
    }
    Ok(())
}

/// Lets something happen to a locked task whose holder is locked, and writes it.
pub(super) async fn change(
    tx: &mut Tx,
    task: &Task,
    book: Option<&Book>,
    change: Change,
    hand: Option<&ByHand>,
    now: OffsetDateTime,
) -> Result<Task, Error> {
    let changed = apply(task, book, change, now).map_err(|refused| Error::refused_by_hand(task.id, refused))?;
    settle(tx, std::slice::from_ref(&changed), &[]).await?;
    if let Some(hand) = hand {
        store::desk::insert_hand(tx.conn(), task.id, changed.entry.sequence, hand).await?;
    }
    Ok(changed.task)
}

/// The agent who calls with `subject` and a task that they have, both locked.
pub(super) async fn own(tx: &mut Tx, subject: &str, id: TaskId) -> Result<(Agent, Task), Error> {
    let agent = store::agents::lock_by_subject(tx.conn(), subject)
        .await?
        .ok_or(Error::AgentNotFound)?;
    // Not locked before it is known to be theirs: a task of somebody else may be locked by one who waits for this agent.
    let task = store::tasks::find(tx.conn(), id).await?;
    if task.is_none_or(|task| task.agent != Some(agent.id())) {
        return Err(Error::TaskNotFound);
    }
    let task = store::tasks::lock(tx.conn(), id).await?.ok_or(Error::TaskNotFound)?;
    // Under the agent's lock nobody takes it from them, but it may have been taken before that.
    if task.agent != Some(agent.id()) {
        return Err(Error::TaskNotFound);
    }
    Ok((agent, task))
}

/// Locks the books of agents beside the one who is locked already, all or none.
async fn lock_others(tx: &mut Tx, agents: &[AgentId]) -> Result<Vec<Book>, Error> {
    if agents.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<_> = agents.iter().map(|agent| agent.uuid()).collect();
    let books = store::agents::lock_free_books(tx.conn(), &ids).await?;
    if books.len() < agents.len() {
        return Err(Error::Race);
    }
    Ok(books.into_iter().map(|(book, _)| book).collect())
}

async fn available(tx: &mut Tx, agent: AgentId) -> Result<(), Error> {
    match store::desk::standing(tx.conn(), agent).await? {
        None => Err(Error::AgentNotFound),
        Some((Presence::Available, _)) => Ok(()),
        Some(_) => Err(Error::AgentAway),
    }
}

/// Whoever holds a task: has it, or has it offered.
fn holder(task: &Task) -> Option<AgentId> {
    task.agent.filter(|_| task.state.is_held())
}

/// That something may happen to a task in its state.
fn require(task: &Task, change: Change) -> Result<(), Error> {
    match crate::domain::transition(Some(task.state), change) {
        Some(_) => Ok(()),
        None => Err(refused(task, change)),
    }
}

fn refused(task: &Task, change: Change) -> Error {
    let state = task.state;
    Error::refused(task.id, Refused::State { state, change })
}
