//! Who had a device from when on. Rows are added and never changed; the last one is who has it, as the device's own row says.

use sqlx::PgConnection;
use support_chassis::db::DbError;
use support_chassis::id::Id;
use time::OffsetDateTime;

use crate::domain::device::{Actor, CustomerId, Device, DeviceId, OwnedReason, Owner};

/// Writes down who has devices that were just added, in one statement.
pub async fn insert_first(
    connection: &mut PgConnection,
    devices: &[&Device],
    reason: OwnedReason,
    reference: Option<Id>,
    actor: &Actor,
) -> Result<(), DbError> {
    let ids: Vec<_> = devices.iter().map(|device| device.id.uuid()).collect();
    sqlx::query!(
        "insert into device_owners (device_id, place, customer_id, organisation, since, reason, reference, actor_kind,
                                    actor_id)
         select id, 0, owner_customer_id, owner_organisation, registered_at, $2, $3, $4, $5
         from devices where id = any($1)",
        &ids,
        reason.as_str(),
        reference.map(Id::uuid),
        actor.kind.as_str(),
        actor.id,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Gives a locked device to somebody, or to nobody.
pub async fn change(
    connection: &mut PgConnection,
    device_id: DeviceId,
    to: Option<&Owner>,
    reason: OwnedReason,
    reference: Option<Id>,
    actor: &Actor,
    now: OffsetDateTime,
) -> Result<(), DbError> {
    sqlx::query!(
        "with device as (
             update devices set owner_customer_id = $2, owner_organisation = $3 where id = $1
         )
         insert into device_owners (device_id, place, customer_id, organisation, since, reason, reference, actor_kind,
                                    actor_id)
         select $1, coalesce(max(place) + 1, 0), $2, $3, $4, $5, $6, $7, $8 from device_owners where device_id = $1",
        device_id.uuid(),
        to.and_then(Owner::customer).map(CustomerId::uuid),
        to.and_then(Owner::organisation),
        now,
        reason.as_str(),
        reference.map(Id::uuid),
        actor.kind.as_str(),
        actor.id,
    )
    .execute(connection)
    .await?;
    Ok(())
}
