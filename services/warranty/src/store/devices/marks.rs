//! Locks and flags. Rows are added and never changed; a trigger makes the device's own row follow from them.

use sqlx::PgConnection;
use support_chassis::db::DbError;
use support_chassis::id::Id;
use time::OffsetDateTime;

use crate::domain::device::{Actor, DeviceId, Flag, Lock, LockReason};

/// A lock set or lifted.
pub async fn insert_lock(
    connection: &mut PgConnection,
    id: Id,
    device_id: DeviceId,
    (lock, sets, reason): (Lock, bool, LockReason),
    actor: &Actor,
    now: OffsetDateTime,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into device_marks (id, device_id, kind, mark, is_set, reason, actor_kind, actor_id, at)
         values ($1, $2, 'lock', $3, $4, $5, $6, $7, $8)",
        id.uuid(),
        device_id.uuid(),
        lock.as_str(),
        sets,
        reason.as_str(),
        actor.kind.as_str(),
        actor.id,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A flag set or cleared.
pub async fn insert_flag(
    connection: &mut PgConnection,
    id: Id,
    device_id: DeviceId,
    (flag, sets, reference): (Flag, bool, &str),
    actor: &Actor,
    now: OffsetDateTime,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into device_marks (id, device_id, kind, mark, is_set, reference, actor_kind, actor_id, at)
         values ($1, $2, 'flag', $3, $4, $5, $6, $7, $8)",
        id.uuid(),
        device_id.uuid(),
        flag.as_str(),
        sets,
        reference,
        actor.kind.as_str(),
        actor.id,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}
