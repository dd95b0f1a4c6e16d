//! The service's database: its pool, its migrations, its transactions.
//!
//! The write path of a service is one shape, and [`Db::write`] is its frame: the answer of an earlier call with the same
//! request id, if there is one; else begin, the work (lock, decide, update, append the event), the answer stored under
//! the request id, commit. Whatever ends the call before the commit (an error, a deadline, a caller who hung up) leaves
//! nothing behind.
//!
//! No call to a peer inside a transaction: it would hold locks, and the feed, for as long as the peer takes.

mod change;
mod error;
mod migrate;
mod settings;
mod transaction;

use std::sync::Arc;

use sqlx::postgres::PgPoolOptions;
use sqlx::{PgPool, Postgres};

pub use change::{Begun, OpenChange};
pub use error::DbError;
pub use migrate::PendingMigration;
pub use transaction::Tx;

pub use crate::settings::DatabaseSettings;

use crate::call::Call;
use crate::clock::Clock;
use crate::feed::Wake;
use crate::vault::Vault;

/// A connection from the pool.
pub type PoolConnection = sqlx::pool::PoolConnection<Postgres>;

/// Connections that the feed keeps for itself: for its fence, for listening and for telling other replicas.
const FEED_CONNECTIONS: u32 = 3;

/// The service's database. Clones share the pool.
#[derive(Clone, Debug)]
pub struct Db {
    shared: Arc<Shared>,
    clock: Clock,
    vault: Option<Vault>,
}

#[derive(Debug)]
struct Shared {
    pool: PgPool,
    /// Apart from the pool of the calls: while these use up all of theirs, the feed must still move.
    feed_pool: PgPool,
    wake: Wake,
    settings: DatabaseSettings,
}

/// A stored value, read into what it stands for.
///
/// # Errors
///
/// [`DbError::Corrupt`] with the table and column it was read from, where it stands for nothing.
pub fn stored<T>(value: Option<T>, table: &'static str, column: &'static str) -> Result<T, DbError> {
    value.ok_or(DbError::Corrupt { table, column })
}

impl Db {
    /// Connects, and sees that the database answers.
    ///
    /// # Errors
    ///
    /// [`DbError::Unavailable`] where it does not, [`DbError::Other`] where the URL is none or the role is refused.
    pub async fn connect(settings: &DatabaseSettings) -> Result<Self, DbError> {
        let options = settings.limited()?;
        let pool = PgPoolOptions::new()
            .max_connections(settings.max_connections)
            .acquire_timeout(settings.acquire_timeout())
            .connect_with(options.clone())
            .await?;
        let feed_pool = PgPoolOptions::new()
            .max_connections(FEED_CONNECTIONS)
            .acquire_timeout(settings.acquire_timeout())
            .connect_lazy_with(options);
        let shared = Shared {
            pool,
            feed_pool,
            wake: Wake::new(),
            settings: settings.clone(),
        };
        Ok(Self {
            shared: Arc::new(shared),
            clock: Clock::system(),
            vault: None,
        })
    }

    /// The same database with another clock for what its transactions record: when an event occurred, when an answer
    /// was stored.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// The same database with keys that the stored answers of changes are sealed by.
    #[must_use]
    pub fn with_vault(self, vault: Option<Vault>) -> Self {
        Self { vault, ..self }
    }

    pub(crate) fn vault(&self) -> Option<&Vault> {
        self.vault.as_ref()
    }

    /// The pool, for reads that need no transaction.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.shared.pool
    }

    /// A connection for several reads in a row, outside a transaction.
    pub async fn read(&self) -> Result<PoolConnection, DbError> {
        Ok(self.shared.pool.acquire().await?)
    }

    /// Begins a transaction (READ COMMITTED; take row locks for what a decision stands on).
    pub async fn begin(&self) -> Result<Tx, DbError> {
        Ok(Tx::new(
            self.shared.pool.begin().await?,
            self.shared.wake.clone(),
            self.clock.clone(),
        ))
    }

    /// The same for a call: what is written in it can say who did it ([`Tx::call`]).
    pub async fn begin_for(&self, call: &Call) -> Result<Tx, DbError> {
        Ok(self.begin().await?.of(call))
    }

    /// Changes whenever a transaction that appended to the outbox was committed by this process, and soon after one was
    /// by another replica: for work that follows from what this service itself has changed. A commit elsewhere may go
    /// unheard, so such work looks round by itself now and then as well.
    #[must_use]
    pub fn commits(&self) -> tokio::sync::watch::Receiver<u64> {
        self.shared.wake.commits()
    }

    /// Closes all connections, once those in use are given back.
    pub async fn close(&self) {
        tokio::join!(self.shared.pool.close(), self.shared.feed_pool.close());
    }

    /// What time it is to this database's service.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(crate) fn feed_pool(&self) -> &PgPool {
        &self.shared.feed_pool
    }

    pub(crate) fn wake(&self) -> &Wake {
        &self.shared.wake
    }
}
