//! How customers stand in line: read for all who ask together, at most once a second.
//!
//! Each replica reads the line for itself when it is asked, and what was taken lately from the outbox, from where it last read. Nothing of it
//! is kept that the tables do not have. A position of the outbox that becomes visible late may be missed: one contact fewer is seen to have
//! been taken.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration as Time, Instant};

use support_chassis::clock::Clock;
use support_chassis::db::Db;
use time::{Duration, OffsetDateTime};
use tokio::sync::Mutex;

use crate::domain::waits::{Estimate, Kind, Turn, estimate};
use crate::domain::{Attributes, CaseId, Country, Plan, Priorities, Task, TaskState};
use crate::engine::Queued;
use crate::error::Error;
use crate::plan::Book;
use crate::store;
use crate::store::waits::Callback;

/// How long what was read is good for.
const FRESH: Time = Time::from_secs(1);
/// How much longer than reading takes it is good for at least: nobody keeps the database busy by asking.
const REST: u32 = 10;
/// How far back an estimate looks.
pub(crate) const WINDOW: Duration = Duration::minutes(30);
/// How many positions of the outbox are looked through at most, and how many of a kind are kept.
const MOST: i64 = 50_000;
pub(crate) const MOST_OF_A_KIND: usize = 1_000;

/// How customers stand in line. Clones read together.
#[derive(Clone, Debug)]
pub struct Waits {
    db: Db,
    clock: Clock,
    plans: Book,
    seen: Arc<Mutex<Seen>>,
}

/// What was read.
#[derive(Debug, Default)]
struct Seen {
    /// When, and how long it took.
    read: Option<(Instant, Time)>,
    line: HashMap<Kind, Vec<Turn>>,
    /// How far the outbox was read, and from when on what was taken is known.
    position: i64,
    known_since: Option<OffsetDateTime>,
    taken: HashMap<Kind, VecDeque<OffsetDateTime>>,
}

/// Why there is no estimate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// Too few who waited for the same were taken lately.
    TooFewTaken,
    /// The channel is closed.
    Closed,
    /// The task does not stand in line yet.
    Later,
}

/// How a task stands in line.
#[derive(Clone, Debug)]
pub struct Wait {
    /// The task.
    pub task: Task,
    /// Its place among those who wait for the same, 1 for the next; none where it does not stand in line.
    pub place: Option<u32>,
    /// How long it will likely take, and of how many that is known; or why that is not known. None where it does not wait.
    pub estimate: Option<Result<(Estimate, u32), Unknown>>,
    /// When its channel opens, where it is closed.
    pub opens: Option<OffsetDateTime>,
    /// How the customer is called back.
    pub callback: Option<Callback>,
    /// When this was read.
    pub at: OffsetDateTime,
}

impl Waits {
    /// Nothing was read yet.
    #[must_use]
    pub fn new(db: Db, clock: Clock, plans: Book) -> Self {
        Self {
            db,
            clock,
            plans,
            seen: Arc::default(),
        }
    }

    /// How a case stands in line, by its oldest task that has not ended.
    ///
    /// # Errors
    ///
    /// [`Error::TaskNotFound`] where it has none.
    pub async fn of_case(&self, case: CaseId) -> Result<Wait, Error> {
        let now = self.clock.now();
        let mut connection = self.db.read().await?;
        let task = store::waits::oldest_open(&mut connection, case)
            .await?
            .ok_or(Error::TaskNotFound)?;
        let callback = store::waits::callback(&mut connection, task.id).await?;
        let in_line = store::line::tasks(&mut connection, &[task.id.uuid()]).await?.pop();
        drop(connection);
        let mut wait = Wait {
            place: None,
            estimate: None,
            opens: None,
            callback,
            at: now,
            task,
        };
        if wait.task.state != TaskState::Queued {
            return Ok(wait);
        }
        let Some(Queued { attributes, named, .. }) = in_line else {
            wait.estimate = Some(Err(Unknown::Later));
            return Ok(wait);
        };
        let plan = self.plans.of_tasks(wait.task.country, now);
        let kind = Kind::of(&plan, &attributes, &named);
        let (place, guess) = self.stand(&wait.task, kind, now).await?;
        let opens = self.plans.waits_since(&plan, &attributes, &named, now);
        wait.place = Some(place);
        wait.opens = (opens > now).then_some(opens);
        wait.estimate = Some(if wait.opens.is_some() {
            Err(Unknown::Closed)
        } else {
            guess.ok_or(Unknown::TooFewTaken)
        });
        Ok(wait)
    }

    /// The place of a task that waits, and how long it will likely take.
    async fn stand(
        &self,
        task: &Task,
        kind: Kind,
        now: OffsetDateTime,
    ) -> Result<(u32, Option<(Estimate, u32)>), Error> {
        let mut seen = self.seen.lock().await;
        if seen.is_stale() {
            self.read(&mut seen, now).await?;
        }
        let own = Turn::of(
            &self.plans.of_tasks(task.country, now).priorities,
            task.priority,
            task.queue_time,
            task.id,
            now,
        );
        let ahead = seen
            .line
            .get(&kind)
            .map_or(0, |line| line.partition_point(|turn| *turn < own));
        let place = u32::try_from(ahead).unwrap_or(u32::MAX).saturating_add(1);
        let since = seen.known_since.unwrap_or(now).max(now - WINDOW);
        let taken = seen.taken.get(&kind);
        // Where more were taken than are kept, those say enough of the rate.
        let since = match taken {
            Some(taken) if taken.len() == MOST_OF_A_KIND => taken.front().copied().unwrap_or(since).max(since),
            _ => since,
        };
        let taken = taken.map_or(0, |taken| taken.iter().filter(|at| **at >= since).count());
        let taken = u32::try_from(taken).unwrap_or(u32::MAX);
        Ok((place, estimate(place, taken, now - since).map(|guess| (guess, taken))))
    }

    async fn read(&self, seen: &mut Seen, now: OffsetDateTime) -> Result<(), Error> {
        let begun = Instant::now();
        let mut connection = self.db.read().await?;
        let mut kinds = Kinds::new(&self.plans, now);
        let mut line: HashMap<Kind, Vec<Turn>> = HashMap::new();
        for waiting in store::line::standing(&mut connection).await? {
            let (kind, priorities) = kinds.of(&waiting);
            let turn = Turn::of(priorities, waiting.priority, waiting.queue_time, waiting.task, now);
            line.entry(kind).or_default().push(turn);
        }
        for turns in line.values_mut() {
            turns.sort_unstable();
        }
        seen.line = line;
        let news = store::waits::taken(&mut connection, seen.position, MOST).await?;
        if news.is_cut || seen.known_since.is_none() {
            seen.taken.clear();
            seen.known_since = Some(news.since.unwrap_or(now));
        }
        seen.position = news.position;
        for (task, at) in news.taken {
            let (kind, _) = kinds.of(&task);
            let taken = seen.taken.entry(kind).or_default();
            taken.push_back(at);
            if taken.len() > MOST_OF_A_KIND {
                taken.pop_front();
            }
        }
        seen.taken.retain(|_, taken| {
            while taken.front().is_some_and(|at| *at < now - WINDOW) {
                taken.pop_front();
            }
            !taken.is_empty()
        });
        seen.read = Some((Instant::now(), begun.elapsed()));
        Ok(())
    }
}

/// What tasks wait for, by the plans of a moment. What one said of a task is remembered for all that say the same of themselves.
struct Kinds<'b> {
    plans: &'b Book,
    now: OffsetDateTime,
    known: HashMap<Option<Country>, Plan>,
    said: HashMap<(Arc<Attributes>, [bool; 2]), Kind>,
}

impl<'b> Kinds<'b> {
    fn new(plans: &'b Book, now: OffsetDateTime) -> Self {
        Self {
            plans,
            now,
            known: HashMap::new(),
            said: HashMap::new(),
        }
    }

    fn of(&mut self, task: &Queued) -> (Kind, &Priorities) {
        let country = task.attributes.country;
        let plan = self.known.entry(country);
        let plan = &*plan.or_insert_with(|| self.plans.of_tasks(country, self.now));
        // Of the agents whom a task names, it matters which there are, not who they are.
        let names = [task.named.last_agent, task.named.account_manager].map(|agent| agent.is_some());
        let said = self.said.entry((Arc::clone(&task.attributes), names));
        let kind = said.or_insert_with(|| Kind::of(plan, &task.attributes, &task.named));
        (kind.clone(), &plan.priorities)
    }
}

impl Seen {
    fn is_stale(&self) -> bool {
        self.read
            .is_none_or(|(at, took)| at.elapsed() > FRESH.max(took.saturating_mul(REST)))
    }
}
