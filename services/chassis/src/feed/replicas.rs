//! Wakes between the replicas of a service: something is in the outbox, the standard has new records.

use std::convert::Infallible;
use std::time::Duration;

use sqlx::postgres::PgListener;

use super::wake::Told;
use crate::db::{Db, DbError};

/// The channel. It is the database's own: other services have theirs.
const CHANNEL: &str = "support_feed";
/// At most one wake in this time: each takes a lock of the whole server for a moment. What a replica does at a wake is for what
/// another has done to be seen by people, so that this is short.
const BETWEEN_WAKES: Duration = Duration::from_millis(5);
/// The pause after the database did not answer.
const PAUSE: Duration = Duration::from_secs(1);

/// Tells other replicas that something was committed here.
pub(super) async fn tell(db: &Db) -> Infallible {
    loop {
        db.wake().replicas_to_tell().await;
        let payload = db.wake().to_tell().to_payload();
        // A wake is not worth a flush, for which it would hold that lock: what it tells of was flushed before.
        let told = sqlx::query!(
            "select set_config('synchronous_commit', 'off', true), pg_notify($1, $2)",
            CHANNEL,
            payload
        )
        .fetch_one(db.feed_pool())
        .await;
        if let Err(error) = told {
            // They look every second anyhow.
            tracing::debug!(error = %DbError::from(error), "other replicas were not woken");
        }
        tokio::time::sleep(BETWEEN_WAKES).await;
    }
}

/// Hears what other replicas committed.
pub(super) async fn listen(db: &Db) -> Infallible {
    loop {
        let Err(error) = listen_once(db).await;
        tracing::debug!(%error, "not listening to other replicas");
        tokio::time::sleep(PAUSE).await;
    }
}

async fn listen_once(db: &Db) -> Result<Infallible, DbError> {
    let mut listener = PgListener::connect_with(db.feed_pool()).await?;
    listener.listen(CHANNEL).await?;
    // What was told before is unknown.
    db.wake().heard(None);
    loop {
        // None: the connection was lost and is back; what came in between is unknown.
        let told = listener.try_recv().await?;
        db.wake().heard(told.map(|wake| Told::from_payload(wake.payload())));
    }
}
