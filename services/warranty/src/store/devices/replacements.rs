//! Replacements. Rows are added and never changed.

use sqlx::PgConnection;
use support_chassis::db::DbError;
use support_chassis::id::Id;
use time::{Date, OffsetDateTime};

use crate::domain::device::{Actor, Device, DeviceId, ReplacementId, ReplacementReason};

/// The constraints that a unit is replaced once, and comes once in the place of another.
pub const ONCE: [&str; 3] = [
    "device_replacements_old_key",
    "device_replacements_new_key",
    "devices_by_chain",
];

/// A replacement to write down.
#[derive(Debug, Clone)]
pub struct NewReplacement {
    /// Its id.
    pub id: ReplacementId,
    /// When the old unit was handed in.
    pub received: Date,
    /// When the other one was handed over.
    pub replaced: Date,
    /// Why.
    pub reason: ReplacementReason,
    /// The repair it was a result of.
    pub repair_id: Option<Id>,
}

/// Retires a locked unit, as the first of its chain where it has none. Before the other one is added.
pub async fn retire(connection: &mut PgConnection, id: DeviceId, now: OffsetDateTime) -> Result<(), DbError> {
    sqlx::query!(
        "update devices
         set retired_at = $2, origin_id = coalesce(origin_id, id), chain_place = coalesce(chain_place, 0)
         where id = $1",
        id.uuid(),
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes down that `new` came in the place of `old`.
pub async fn insert(
    connection: &mut PgConnection,
    (old, new): (&Device, &Device),
    replacement: &NewReplacement,
    actor: &Actor,
    now: OffsetDateTime,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into device_replacements (id, old_device_id, new_device_id, received_on, replaced_on, reason, repair_id,
                                          actor_kind, actor_id, at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        replacement.id.uuid(),
        old.id.uuid(),
        new.id.uuid(),
        replacement.received,
        replacement.replaced,
        replacement.reason.as_str(),
        replacement.repair_id.map(Id::uuid),
        actor.kind.as_str(),
        actor.id,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// When this unit was handed over in the place of another; none where it was not.
pub async fn came_on(connection: &mut PgConnection, id: DeviceId) -> Result<Option<Date>, DbError> {
    Ok(sqlx::query_scalar!(
        "select replaced_on from device_replacements where new_device_id = $1",
        id.uuid()
    )
    .fetch_optional(connection)
    .await?)
}

/// When the first unit of a chain was handed in to be replaced; none where it was not.
pub async fn handed_in_on(connection: &mut PgConnection, origin: DeviceId) -> Result<Option<Date>, DbError> {
    Ok(sqlx::query_scalar!(
        "select received_on from device_replacements where old_device_id = $1",
        origin.uuid()
    )
    .fetch_optional(connection)
    .await?)
}
