//! What has become of a device, from all tables that keep a part of it.

use sqlx::PgConnection;
use support_chassis::db::{DbError, stored};
use support_chassis::id::Id;
use support_chassis::named;
use time::{Date, OffsetDateTime};

use crate::domain::device::{ActorKind, CustomerId, DeviceId, Flag, Lock, Owner};

const TABLE: &str = "device_marks";

named! {
    /// What happened to a device.
    Happening {
        /// Somebody has it from then on, or nobody.
        Owned = "owned",
        /// A lock was set.
        LockSet = "lock_set",
        /// A lock was lifted.
        LockLifted = "lock_lifted",
        /// A flag was set.
        FlagSet = "flag_set",
        /// A flag was cleared.
        FlagCleared = "flag_cleared",
        /// Its purchase was corrected.
        PurchaseCorrected = "purchase_corrected",
        /// Another unit came in its place.
        Replaced = "replaced",
        /// It came in the place of another unit.
        CameAsReplacement = "came_as_replacement",
    }
}

/// Something that happened to a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When it was written down.
    pub at: OffsetDateTime,
    /// The kind of caller who did it.
    pub actor_kind: ActorKind,
    /// Who did it.
    pub actor_id: String,
    /// What happened.
    pub happening: Happening,
    /// Who has it from then on.
    pub owner: Option<Owner>,
    /// The lock.
    pub lock: Option<Lock>,
    /// The flag.
    pub flag: Option<Flag>,
    /// Why.
    pub reason: Option<String>,
    /// What it stands on.
    pub reference: Option<Id>,
    /// What it stands on, as an operator names it.
    pub named_reference: Option<String>,
    /// The day of purchase before and since.
    pub purchase: Option<(Date, Date)>,
}

/// What has become of a device, the oldest first; of more than `limit`, the latest.
pub async fn of_device(connection: &mut PgConnection, id: DeviceId, limit: i64) -> Result<Vec<Entry>, DbError> {
    let rows = sqlx::query!(
        r#"select at as "at!", place as "place!", happening as "happening!", actor_kind as "actor_kind!",
                  actor_id as "actor_id!", customer_id as "customer_id: CustomerId", organisation, mark, reason,
                  reference as "reference: Id", named_reference, date_before, date_after
           from (
               select since as at, place, 'owned' as happening, actor_kind, actor_id, customer_id, organisation,
                      null as mark, reason, reference, null as named_reference, null::date as date_before,
                      null::date as date_after
               from device_owners where device_id = $1
               union all
               select at, 1, kind || case when is_set then '_set' when kind = 'lock' then '_lifted' else '_cleared' end,
                      actor_kind, actor_id, null, null, mark, reason, null, reference, null, null
               from device_marks where device_id = $1
               union all
               select at, 1, 'purchase_corrected', actor_kind, actor_id, null, null, null, evidence_after, proof_id, null,
                      date_before, date_after
               from purchase_corrections
               where device_id = $1
                  or device_id in (select id from devices where origin_id = (select origin_id from devices where id = $1))
               union all
               select at, 1, 'replaced', actor_kind, actor_id, null, null, null, reason, new_device_id, null, null, null
               from device_replacements where old_device_id = $1
               union all
               select at, 1, 'came_as_replacement', actor_kind, actor_id, null, null, null, reason, old_device_id, null,
                      null, null
               from device_replacements where new_device_id = $1
           ) as history
           order by at desc, place desc limit $2"#,
        id.uuid(),
        limit,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .rev()
        .map(|row| {
            let happening = stored(Happening::from_name(&row.happening), TABLE, "kind")?;
            let mark = row.mark.as_deref();
            let is_lock = matches!(happening, Happening::LockSet | Happening::LockLifted);
            let is_flag = matches!(happening, Happening::FlagSet | Happening::FlagCleared);
            Ok(Entry {
                at: row.at,
                actor_kind: stored(ActorKind::from_name(&row.actor_kind), TABLE, "actor_kind")?,
                actor_id: row.actor_id,
                happening,
                owner: Owner::of(row.customer_id, row.organisation),
                lock: mark.filter(|_| is_lock).and_then(Lock::from_name),
                flag: mark.filter(|_| is_flag).and_then(Flag::from_name),
                reason: row.reason,
                reference: row.reference,
                named_reference: row.named_reference,
                purchase: row.date_before.zip(row.date_after),
            })
        })
        .collect()
}
