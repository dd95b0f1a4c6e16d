//! What is kept, and what goes.

use std::time::Duration;

use support_proto::policy::kept_events;
use time::OffsetDateTime;

use crate::clock::Clock;
use crate::db::{Db, DbError};

/// The most events pruned in one transaction, so that it stays short.
const PRUNE_AT_ONCE: i64 = 5_000;

/// Deletes events older than `retention` that every registered consumer has acknowledged, and says how many. Only from
/// the beginning, and never above what is final; those that the contract says are kept stay. Safe to run anywhere at any time.
pub async fn prune(db: &Db, clock: &Clock, retention: Duration) -> Result<u64, DbError> {
    let before = clock.now() - retention;
    let kept: Vec<String> = kept_events().iter().cloned().collect();
    warn_of_absent_consumers(db, before).await?;
    let mut pruned = 0;
    loop {
        let deleted = prune_once(db, before, &kept).await?;
        pruned += deleted;
        if deleted == 0 {
            return Ok(pruned);
        }
    }
}

async fn prune_once(db: &Db, before: OffsetDateTime, kept: &[String]) -> Result<u64, DbError> {
    let safe = db.wake().safe();
    let mut tx = db.begin().await?;
    // Before the consumers are looked at, and in a statement of its own: whoever registers waits, and whoever has
    // registered is seen by the next statement.
    sqlx::query!("select pruned_up_to from feed_state for update")
        .fetch_one(tx.conn())
        .await?;
    let deleted = sqlx::query_scalar!(
        r#"with bound as (
               -- `least` passes over the null of no consumers.
               select least((select min(position) from feed_consumers), $1::bigint) as position
           ), oldest as (
               select position, occurred_at from outbox
               where position <= (select position from bound) and event_type <> all ($4)
               order by position limit $3
           ), cut as (
               -- Up to the first event that is too young; all of them where none is.
               select coalesce((select min(position) - 1 from oldest where occurred_at >= $2),
                               (select max(position) from oldest)) as position
           ), deleted as (
               delete from outbox
               where position <= (select position from cut) and event_type <> all ($4)
               returning position
           ), noted as (
               update feed_state set pruned_up_to = (select max(position) from deleted)
               where exists (select from deleted)
           )
           select count(*) as "deleted!" from deleted"#,
        safe,
        before,
        PRUNE_AT_ONCE,
        kept,
    )
    .fetch_one(tx.conn())
    .await?;
    tx.commit().await?;
    Ok(deleted.unsigned_abs())
}

/// Warns of consumers that have not been heard of for as long as events are kept:
/// they hold everything back.
async fn warn_of_absent_consumers(db: &Db, before: OffsetDateTime) -> Result<(), DbError> {
    let safe = db.wake().safe();
    let consumers = sqlx::query!("select name, position, seen_at from feed_consumers")
        .fetch_all(db.pool())
        .await?;
    for consumer in consumers {
        if consumer.position < safe && consumer.seen_at < before {
            tracing::warn!(
                consumer = consumer.name,
                position = consumer.position,
                "a consumer that is gone keeps events from being pruned; if it is gone for good, delete it from feed_consumers"
            );
        }
    }
    Ok(())
}
