//! Who reads the feed, and how far they are.

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::db::{Db, DbError};

/// What became of a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Registration {
    /// Nothing above the position will be pruned before it is acknowledged.
    Done,
    /// The position is below what was pruned.
    Pruned {
        /// The first position that may still be there.
        earliest: i64,
    },
    /// The feed never got to the position: the consumer remembers another feed, or this one was restored from a backup.
    BeyondEnd,
}

/// Registers a consumer that holds everything up to `position`. One that comes back with less than it had acknowledged
/// (its database was restored) is believed: it needs those events again.
pub(super) async fn register(
    db: &Db,
    consumer: &str,
    position: i64,
    now: OffsetDateTime,
) -> Result<Registration, DbError> {
    let mut tx = db.begin().await?;
    // Shared with other registrations, not with pruning: what is found here holds until the row below is written.
    let state = sqlx::query!(
        r#"select pruned_up_to, (select last_value from outbox_positions) as "last!" from feed_state for share"#
    )
    .fetch_one(tx.conn())
    .await?;
    if position < state.pruned_up_to {
        return Ok(Registration::Pruned {
            earliest: state.pruned_up_to + 1,
        });
    }
    if position > state.last {
        return Ok(Registration::BeyondEnd);
    }
    sqlx::query!(
        "insert into feed_consumers (name, position, registered_at, seen_at) values ($1, $2, $3, $3)
         on conflict (name) do update
         set position = least(feed_consumers.position, excluded.position), seen_at = excluded.seen_at",
        consumer,
        position,
        now,
    )
    .execute(tx.conn())
    .await?;
    tx.commit().await?;
    Ok(Registration::Done)
}

/// Whether the feed ever got to `position`.
pub(super) async fn is_within(db: &Db, position: i64) -> Result<bool, DbError> {
    let last = sqlx::query_scalar!("select last_value from outbox_positions")
        .fetch_one(db.pool())
        .await?;
    Ok(position <= last)
}

/// Notes that a consumer holds everything up to `position`; a lower one than before changes nothing. False where the feed
/// never got to that position.
pub(super) async fn acknowledge(
    connection: &mut PgConnection,
    consumer: &str,
    position: i64,
    now: OffsetDateTime,
) -> Result<bool, DbError> {
    let noted = sqlx::query!(
        "insert into feed_consumers (name, position, registered_at, seen_at)
         select $1, $2, $3, $3 where $2 <= (select last_value from outbox_positions)
         on conflict (name) do update
         set position = greatest(feed_consumers.position, excluded.position), seen_at = excluded.seen_at",
        consumer,
        position,
        now,
    )
    .execute(connection)
    .await?;
    Ok(noted.rows_affected() == 1)
}
