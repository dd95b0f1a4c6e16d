//! Follows what happens in the service, here and in other replicas, without losing any of it and without waiting.
//!
//! What happens stands in the outbox, written with the change itself. Positions become visible out of turn: 7 may be there
//! before 6. The feed waits for 6, as others must see events in their order. Whoever wants to know no more than
//! *what* has changed, and reads the rows anyway, need not wait: they go on behind 7 and look for the missing one each time
//! they read.
//!
//! A position that is missing for good, as its transaction was rolled back, is given up by a fence: P, the last position
//! that was given out, and after that X, the id of a new transaction. Whoever drew a position up to P had an id before
//! that, so one below X. Once all below X have ended, whatever is missing up to P stays missing.

use std::collections::{BTreeSet, HashSet};
use std::time::{Duration, Instant};

use sqlx::PgConnection;
use support_chassis::db::DbError;
use uuid::Uuid;

use crate::store::happened;

/// How many events are read at once.
const MOST: i64 = 5_000;
/// Between two questions whether something will stay missing. Each is a round trip that all that happens would wait for.
const PATIENCE: Duration = Duration::from_millis(100);

/// What something has happened to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// Tasks, other than by an offer.
    pub tasks: HashSet<Uuid>,
    /// Tasks that were offered.
    pub offered: HashSet<Uuid>,
    /// Agents, and those to whom the tasks were ever offered; whom those of `offered` were offered to says
    /// [`happened::offered_to`].
    pub agents: HashSet<Uuid>,
}

/// How far somebody has followed.
#[derive(Debug)]
pub struct Follower {
    /// The last position seen.
    seen: i64,
    /// Positions before it that were not there yet.
    missing: BTreeSet<i64>,
    fence: Option<Fence>,
    /// When the fence was last set or asked for.
    asked: Instant,
    /// Whether all that had been begun when this one did has ended.
    is_settled: bool,
}

#[derive(Clone, Copy, Debug)]
struct Fence {
    position: i64,
    transaction: u64,
}

impl Fence {
    async fn set(connection: &mut PgConnection) -> Result<Self, DbError> {
        let position = happened::last_position(connection).await?;
        let transaction = happened::transaction(connection).await?;
        Ok(Self { position, transaction })
    }

    async fn has_passed(&self, connection: &mut PgConnection) -> Result<bool, DbError> {
        Ok(happened::oldest_transaction(connection).await? >= self.transaction)
    }
}

impl Follower {
    /// Follows what happens from now on.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub async fn begin(connection: &mut PgConnection) -> Result<Self, DbError> {
        let fence = Fence::set(connection).await?;
        Ok(Self {
            seen: fence.position,
            missing: BTreeSet::new(),
            is_settled: fence.has_passed(connection).await?,
            fence: Some(fence),
            asked: Instant::now(),
        })
    }

    /// Whether all that had been begun when this one did has ended: what is read after that holds all of it, and what
    /// was read before may lack some.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub async fn settle(&mut self, connection: &mut PgConnection) -> Result<bool, DbError> {
        if !self.is_settled
            && let Some(fence) = self.fence
        {
            self.is_settled = fence.has_passed(connection).await?;
        }
        Ok(self.is_settled)
    }

    /// What something has happened to since the last time.
    ///
    /// # Errors
    ///
    /// What the database says; nothing is lost then.
    pub async fn read(&mut self, connection: &mut PgConnection) -> Result<Touched, DbError> {
        let given_up = self.given_up(connection).await?;
        let mut touched = Touched::default();
        loop {
            let missing: Vec<i64> = self.missing.iter().copied().collect();
            let happened = happened::since(connection, self.seen, &missing, MOST).await?;
            for event in &happened {
                touched.add(event);
                self.note(event.position);
            }
            if i64::try_from(happened.len()).is_ok_and(|count| count < MOST) {
                break;
            }
        }
        if let Some(position) = given_up {
            self.missing = self.missing.split_off(&(position + 1));
        }
        if !self.missing.is_empty() && self.fence.is_none() && self.asked.elapsed() >= PATIENCE {
            self.asked = Instant::now();
            self.fence = Some(Fence::set(connection).await?);
        }
        Ok(touched)
    }

    /// Up to where nothing can come any more. Asked before what is there is read.
    async fn given_up(&mut self, connection: &mut PgConnection) -> Result<Option<i64>, DbError> {
        let Some(fence) = self.fence.filter(|_| self.is_settled) else {
            return Ok(None);
        };
        if self.asked.elapsed() < PATIENCE {
            return Ok(None);
        }
        self.asked = Instant::now();
        if !fence.has_passed(connection).await? {
            return Ok(None);
        }
        self.fence = None;
        Ok(Some(fence.position))
    }

    fn note(&mut self, position: i64) {
        if position > self.seen {
            self.missing.extend(self.seen + 1..position);
            self.seen = position;
        } else {
            self.missing.remove(&position);
        }
    }
}

impl Touched {
    fn add(&mut self, event: &happened::Happened) {
        if event.is_offer {
            self.offered.insert(event.subject);
        } else if event.is_of_task {
            self.tasks.insert(event.subject);
            self.agents.extend(&event.agents);
        } else {
            self.agents.insert(event.subject);
        }
    }
}
