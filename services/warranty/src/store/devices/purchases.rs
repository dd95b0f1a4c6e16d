//! What is taken for a purchase, and what it was corrected from. Corrections are added and never changed.

use sqlx::PgConnection;
use support_chassis::db::DbError;
use time::{Date, OffsetDateTime};

use crate::domain::device::{Actor, CorrectionId, Device, DeviceId, ProofId, Purchase};

/// A correction to write down.
#[derive(Debug, Clone)]
pub struct Correction {
    /// Its id.
    pub id: CorrectionId,
    /// The device that it was found on.
    pub device_id: DeviceId,
    /// The proof it stands on; none where it was an activation.
    pub proof_id: Option<ProofId>,
    /// What was taken for the purchase.
    pub before: Purchase,
    /// What is now.
    pub after: Purchase,
    /// How many decisions were made from another.
    pub decisions_affected: i32,
}

/// Locks all units of which one replaced the other, in a fixed order.
pub async fn lock_chain(connection: &mut PgConnection, origin: DeviceId) -> Result<(), DbError> {
    sqlx::query!(
        "select 1 as one from devices where id = $1 or origin_id = $1 order by id for update",
        origin.uuid(),
    )
    .fetch_all(connection)
    .await?;
    Ok(())
}

/// Says when a device was first activated.
pub async fn set_activation(connection: &mut PgConnection, id: DeviceId, day: Date) -> Result<(), DbError> {
    sqlx::query!(
        "update devices set first_activated_on = $2 where id = $1",
        id.uuid(),
        day
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Gives all units of which one replaced the other another purchase, and their seller where that is known.
pub async fn correct(
    connection: &mut PgConnection,
    device: &Device,
    purchase: &Purchase,
    seller_reference: Option<&str>,
) -> Result<(), DbError> {
    sqlx::query!(
        "update devices
         set purchase_date = $2, purchase_country_code = $3, sold_used = $4, purchase_date_evidence = $5,
             seller_reference = coalesce($6, seller_reference)
         where id = $1 or origin_id = $1",
        device.origin().uuid(),
        purchase.day,
        purchase.country.code(),
        purchase.used,
        purchase.evidence.as_str(),
        seller_reference,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes a correction down.
pub async fn insert(
    connection: &mut PgConnection,
    correction: &Correction,
    actor: &Actor,
    now: OffsetDateTime,
) -> Result<(), DbError> {
    let (before, after) = (&correction.before, &correction.after);
    sqlx::query!(
        "insert into purchase_corrections (id, device_id, proof_id, date_before, date_after, country_before, country_after,
                                           sold_used_before, sold_used_after, evidence_before, evidence_after,
                                           decisions_affected, actor_kind, actor_id, at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        correction.id.uuid(),
        correction.device_id.uuid(),
        correction.proof_id.map(ProofId::uuid),
        before.day,
        after.day,
        before.country.code(),
        after.country.code(),
        before.used,
        after.used,
        before.evidence.as_str(),
        after.evidence.as_str(),
        correction.decisions_affected,
        actor.kind.as_str(),
        actor.id,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}
