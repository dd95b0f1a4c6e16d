//! Finds an agent for each waiting task.
//!
//! One process of a region decides, the one that holds an advisory lock on a connection of its own (its *seat*); the
//! others ask for the seat every second and take it when that connection is gone. The seat saves work and makes the
//! order fair. It keeps nothing from going wrong: every offer is written under the locks of its task and agent, where
//! they still are what the decision saw, so that two deciders would do no harm.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use sqlx::PgConnection;
use support_chassis::clock::Clock;
use support_chassis::db::{Db, DbError};
use support_chassis::id::{Ids, Region};
use time::OffsetDateTime;
use tokio::sync::Mutex;

use crate::domain::{Country, Need, Waiting, decide};
use crate::error::Error;
use crate::live::Live;
use crate::plan::Book;
use crate::store::line::Ruled;
use crate::{ops, store};

/// The first half of the advisory lock's key; the region is the second.
const SEAT: i32 = 0x726f_7574;
/// How many tasks of each need are looked at; more where all of them were let go by.
const FIRST_OF_EACH_NEED: i64 = 64;
/// How many offers are made in one transaction.
const BATCH: usize = 100;
/// How long to wait for those who are just changing what was decided about.
const SOON: Duration = Duration::from_millis(10);

/// Finds an agent for each waiting task. Clones share the seat.
#[derive(Clone, Debug)]
pub struct Matcher {
    db: Db,
    ids: Ids,
    clock: Clock,
    book: Book,
    live: Live,
    seat: Arc<Mutex<Option<PgConnection>>>,
}

impl Matcher {
    /// A matcher without a seat.
    #[must_use]
    pub fn new(db: Db, ids: Ids, clock: Clock, book: Book, live: Live) -> Self {
        Self {
            db,
            ids,
            clock,
            book,
            live,
            seat: Arc::default(),
        }
    }

    /// One round: takes the seat if it is free, and if we have it, makes all offers that can be made.
    ///
    /// # Errors
    ///
    /// What the database says. The seat is given up then.
    pub async fn round(&self) -> Result<(), Error> {
        let mut seat = self.seat.lock().await;
        // Out of its place while it is used: a round that fails or is cut off leaves none behind.
        let connection = match seat.take() {
            Some(connection) => Some(connection),
            None => take_seat(&self.db, self.ids.region()).await?,
        };
        let Some(mut connection) = connection else {
            return Ok(());
        };
        let look_again = self.offer_all(&mut connection).await?;
        self.live.matcher.set(look_again);
        *seat = Some(connection);
        Ok(())
    }

    /// Makes all offers that can be made, deciding by what `connection` reads. Gives when to look again, where time
    /// alone will change something.
    ///
    /// # Errors
    ///
    /// What the database says; offers made so far stand.
    pub async fn offer_all(&self, connection: &mut PgConnection) -> Result<Option<OffsetDateTime>, Error> {
        let mut depth = FIRST_OF_EACH_NEED;
        loop {
            let agents = store::line::candidates(connection).await?;
            if agents.is_empty() {
                return Ok(None);
            }
            let now = self.clock.now();
            let plans = self.plans(store::line::countries(connection).await?, now);
            let waiting = store::line::waiting(connection, depth, &plans, now).await?;
            if waiting.is_empty() {
                return Ok(None);
            }
            let cut_off = cut_off(&waiting, depth);
            let decision = decide(now, waiting, &agents);
            if decision.pairings.is_empty() {
                if decision.let_go_by.iter().any(|need| cut_off.contains(need)) {
                    depth *= 8;
                    continue;
                }
                return Ok(decision.look_again);
            }
            let mut made = ops::offers::Made::default();
            for pairings in decision.pairings.chunks(BATCH) {
                let mut tx = self.db.begin().await?;
                let batch = ops::offers::make(&mut tx, &self.ids, pairings, &plans, self.clock.now()).await?;
                tx.commit().await?;
                made.offers += batch.offers;
                made.skipped += batch.skipped;
                self.live.offered();
            }
            if made.skipped == 0 && cut_off.is_empty() {
                return Ok(decision.look_again);
            }
            if made.offers == 0 {
                // Somebody is at work on all of it; their commit wakes us, their rollback does not.
                return Ok(Some(self.clock.now() + SOON));
            }
        }
    }

    /// The plans that hold `now` for tasks of these countries.
    fn plans(&self, countries: Vec<Option<Country>>, now: OffsetDateTime) -> Vec<Ruled> {
        let ruled = |country| Ruled {
            country,
            plan: self.book.of_tasks(country, now),
        };
        countries.into_iter().map(ruled).collect()
    }
}

/// The needs of which there may be more tasks than were looked at.
fn cut_off(waiting: &[Waiting], depth: i64) -> Vec<Need> {
    let mut counts: BTreeMap<&Need, i64> = BTreeMap::new();
    for need in waiting.iter().filter_map(|task| task.needs.last()) {
        *counts.entry(need).or_default() += 1;
    }
    counts
        .into_iter()
        .filter(|(_, count)| *count >= depth)
        .map(|(need, _)| need.clone())
        .collect()
}

/// Takes the seat on a connection of its own; none where another process has it.
async fn take_seat(db: &Db, region: Region) -> Result<Option<PgConnection>, DbError> {
    // Out of the pool: the lock must not end with a transaction, nor pass to whoever gets the connection next.
    let mut connection = db.read().await?.detach();
    // A machine that vanished says no farewell. The server asks after it soon, so that another can take the seat.
    sqlx::query!(
        "select set_config('tcp_keepalives_idle', '2', false) as idle,
             set_config('tcp_keepalives_interval', '1', false) as interval,
             set_config('tcp_keepalives_count', '2', false) as count,
             set_config('tcp_user_timeout', '3000', false) as timeout"
    )
    .fetch_one(&mut connection)
    .await?;
    let key = region
        .as_str()
        .bytes()
        .fold(0, |key, letter| key << 8 | i32::from(letter));
    let is_ours = sqlx::query_scalar!(r#"select pg_try_advisory_lock($1, $2) as "is_ours!""#, SEAT, key)
        .fetch_one(&mut connection)
        .await?;
    if is_ours {
        tracing::info!(%region, "matching tasks for this region");
        return Ok(Some(connection));
    }
    let _ = sqlx::Connection::close(connection).await;
    Ok(None)
}
