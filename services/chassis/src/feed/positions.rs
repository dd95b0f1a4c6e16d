//! How far this service has applied the feeds of others, and what it set aside.

use std::time::Duration;

use sqlx::PgConnection;
use time::OffsetDateTime;
use tokio::time::Instant;

use super::Received;
use crate::db::{Db, DbError};

/// How often [`wait_until_caught_up`] looks.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// The position up to which the events of `source` have been applied here; 0 for none.
pub async fn held_position(db: &Db, source: &str) -> Result<i64, DbError> {
    let held = sqlx::query_scalar!("select position from feed_positions where source = $1", source)
        .fetch_optional(db.pool())
        .await?;
    Ok(held.unwrap_or(0))
}

/// The same, and no other consumer moves it until the transaction ends.
pub(super) async fn lock(connection: &mut PgConnection, source: &str) -> Result<i64, DbError> {
    let held = sqlx::query_scalar!(
        "select position from feed_positions where source = $1 for update",
        source
    )
    .fetch_optional(connection)
    .await?;
    held.ok_or(DbError::Corrupt {
        table: "feed_positions",
        column: "source",
    })
}

/// Makes the row that [`lock`] locks.
pub(super) async fn ensure(db: &Db, source: &str, now: OffsetDateTime) -> Result<(), DbError> {
    sqlx::query!(
        "insert into feed_positions (source, position, updated_at) values ($1, 0, $2) on conflict do nothing",
        source,
        now,
    )
    .execute(db.pool())
    .await?;
    Ok(())
}

pub(super) async fn store(
    connection: &mut PgConnection,
    source: &str,
    position: i64,
    now: OffsetDateTime,
) -> Result<(), DbError> {
    sqlx::query!(
        "update feed_positions set position = $2, updated_at = $3 where source = $1",
        source,
        position,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Sets an event aside.
pub(super) async fn park(
    connection: &mut PgConnection,
    event: &Received,
    reason: &str,
    now: OffsetDateTime,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into feed_parked
             (source, position, event_id, event_type, subject_id, occurred_at, trace_parent, payload, reason, parked_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        event.source,
        event.position,
        event.event_id.uuid(),
        event.event_type,
        event.subject.uuid(),
        event.occurred_at,
        event.trace_parent,
        event.payload.as_ref(),
        reason,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Waits until `consumer` has applied everything that `source` (named `name` there) had committed when this was called;
/// for tests. False where that took longer than `limit`.
///
/// Looks only at what is committed: call it after the writes whose effects you wait for.
pub async fn wait_until_caught_up(consumer: &Db, name: &str, source: &Db, limit: Duration) -> Result<bool, DbError> {
    let ends_at = Instant::now() + limit;
    let target = sqlx::query_scalar!(
        r#"select greatest((select max(position) from outbox), (select pruned_up_to from feed_state), 0) as "top!""#
    )
    .fetch_one(source.pool())
    .await?;
    while held_position(consumer, name).await? < target {
        if Instant::now() >= ends_at {
            return Ok(false);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(true)
}

/// Moves on to `position` without the events up to it, which the source has pruned.
pub(super) async fn skip_to(db: &Db, source: &str, position: i64, now: OffsetDateTime) -> Result<(), DbError> {
    sqlx::query!(
        "update feed_positions set position = $2, updated_at = $3 where source = $1 and position < $2",
        source,
        position,
        now,
    )
    .execute(db.pool())
    .await?;
    Ok(())
}

/// Moves back to the beginning.
pub(super) async fn begin_again(db: &Db, source: &str, now: OffsetDateTime) -> Result<(), DbError> {
    sqlx::query!(
        "update feed_positions set position = 0, updated_at = $2 where source = $1",
        source,
        now,
    )
    .execute(db.pool())
    .await?;
    Ok(())
}
