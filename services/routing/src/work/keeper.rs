//! Keeps the engine, and carries out what it decides.
//!
//! One process of a region decides, the one that holds an advisory lock on a connection of its own (its *seat*); the
//! others ask for the seat every second and take it when that connection is gone. Whoever takes it reads all agents who are
//! available and all tasks that wait, and from then on only what has changed. What is read, is read on the seat's own connection, so that
//! nobody goes on deciding who has lost it.
//!
//! The seat saves work and makes the order fair. It keeps nothing from going wrong: every offer is written under the locks
//! of its task and agent, where they still are what the decision saw, so that two deciders would do no harm. What could
//! not be written leaves the engine, and is read again.

mod hands;
mod mind;

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgConnection;
use support_chassis::clock::Clock;
use support_chassis::db::{Db, DbError};
use support_chassis::id::{Ids, Region};
use time::OffsetDateTime;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use hands::Hands;
pub use mind::Mind;

use crate::domain::{Decision, Ruled};
use crate::error::Error;
use crate::live::Live;
use crate::ops;
use crate::ops::offers::Made;
use crate::plan::Book;

/// The first half of the advisory lock's key; the region is the second.
const SEAT: i32 = 0x726f_7574;
/// How long to wait for those who are just changing what was decided about.
const SOON: Duration = Duration::from_millis(10);

/// Keeps the engine, and carries out what it decides. Clones share the seat.
#[derive(Clone, Debug)]
pub struct Keeper {
    db: Db,
    ids: Ids,
    clock: Clock,
    book: Book,
    live: Live,
    place: Arc<Mutex<Option<Place>>>,
}

/// Where a keeper stands.
#[derive(Debug)]
struct Place {
    /// What the seat is asked for by, and held by: a connection out of the pool.
    connection: PgConnection,
    /// What is decided by; none while another has the seat.
    mind: Option<Mind>,
}

impl Keeper {
    /// A keeper without a seat.
    #[must_use]
    pub fn new(db: Db, ids: Ids, clock: Clock, book: Book, live: Live) -> Self {
        Self {
            db,
            ids,
            clock,
            book,
            live,
            place: Arc::default(),
        }
    }

    /// One round: takes the seat if it is free, and if we have it, makes all offers that can be made.
    ///
    /// # Errors
    ///
    /// What the database says. The seat is given up then.
    pub async fn round(&self) -> Result<(), Error> {
        let mut place = self.place.lock().await;
        // Out of its place while it is used: a round that fails or is cut off leaves none behind.
        let (mut connection, mind) = match place.take() {
            Some(Place { connection, mind }) => (connection, mind),
            None => (connection(&self.db).await?, None),
        };
        let mind = match mind {
            Some(mind) => Some(mind),
            None if lock_seat(&mut connection, self.ids.region()).await? => {
                tracing::info!(region = %self.ids.region(), "matching tasks for this region");
                Some(self.read_all(&mut connection).await?)
            }
            None => None,
        };
        let mind = match mind {
            Some(mut mind) => {
                let look_again = self.offer_all(&mut connection, &mut mind).await?;
                self.live.keeper.set(look_again);
                Some(mind)
            }
            None => None,
        };
        *place = Some(Place { connection, mind });
        Ok(())
    }

    /// Reads everything there is to decide about.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub async fn read_all(&self, connection: &mut PgConnection) -> Result<Mind, Error> {
        Ok(Mind::read(connection, self.book.clone(), &self.clock).await?)
    }

    /// Makes all offers that can be made, as of what `connection` reads. Gives when to look again, where time alone
    /// will change something.
    ///
    /// # Errors
    ///
    /// What the database says; offers made so far stand.
    pub async fn offer_all(
        &self,
        connection: &mut PgConnection,
        mind: &mut Mind,
    ) -> Result<Option<OffsetDateTime>, Error> {
        let mut hands = Hands::default();
        // They write while we read and decide. Where this is cut off, so are they, and what they had begun is rolled back.
        let mut under_way = JoinSet::new();
        let wake = self.live.keeper.wake();
        loop {
            mind.catch_up(connection, &self.clock).await?;
            let decisions = mind.decide(self.clock.now(), hands.room());
            for decision in decisions {
                hands.take(decision);
            }
            for (hand, batch) in hands.begin() {
                let (keeper, plans) = (self.clone(), mind.plans());
                under_way.spawn(async move {
                    let made = keeper.make(&batch, &plans).await?;
                    Ok::<_, Error>((hand, batch, made))
                });
            }
            let mut ended = tokio::select! {
                ended = under_way.join_next() => ended,
                // What comes meanwhile need not wait for those who write, as long as one of them has nothing to do.
                () = wake.notified(), if hands.has_free() && !under_way.is_empty() => continue,
            };
            if ended.is_none() {
                return Ok(mind.engine.next_due());
            }
            let mut has_made = false;
            while let Some(one) = ended {
                let (hand, batch, made) = one??;
                hands.end(hand);
                has_made |= !made.offers.is_empty();
                mind.note(&batch, made);
                ended = under_way.try_join_next();
            }
            if !has_made && hands.is_idle() {
                // Somebody is at work on all of it; their commit wakes us, their rollback does not.
                return Ok(Some(self.clock.now() + SOON));
            }
        }
    }

    async fn make(&self, batch: &[Decision], plans: &[Ruled]) -> Result<Made, Error> {
        let telling = self.live.streams.telling(batch);
        let mut tx = self.db.begin().await?;
        let made = ops::offers::make(&mut tx, &self.ids, batch, plans, self.clock.now()).await?;
        tx.commit().await?;
        if telling.tell(&made.offers) {
            self.live.reader.notify_one();
        }
        self.live.expiry.ring();
        Ok(made)
    }
}

/// A connection for the seat. Out of the pool: the lock must not end with a transaction, nor pass to whoever gets the
/// connection next.
async fn connection(db: &Db) -> Result<PgConnection, DbError> {
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
    Ok(connection)
}

/// Takes the seat's lock; false where another process has it.
async fn lock_seat(connection: &mut PgConnection, region: Region) -> Result<bool, DbError> {
    let key = region
        .as_str()
        .bytes()
        .fold(0, |key, letter| key << 8 | i32::from(letter));
    let is_ours = sqlx::query_scalar!(r#"select pg_try_advisory_lock($1, $2) as "is_ours!""#, SEAT, key);
    Ok(is_ours.fetch_one(connection).await?)
}
