//! What devices hold of plans, also of those that have moved on.

use std::collections::HashMap;

use sqlx::PgConnection;
use sqlx::types::Uuid;
use support_chassis::db::DbError;
use time::{Date, OffsetDateTime};

use super::load;
use crate::domain::device::DeviceId;
use crate::domain::facts::PlanHeld;
use crate::domain::plan::PlanId;
use crate::domain::plan::held::held as held_by_plan;

/// Records that a plan left a device.
pub async fn insert_move(
    connection: &mut PgConnection,
    plan_id: PlanId,
    from: DeviceId,
    to: DeviceId,
    on: Date,
    at: OffsetDateTime,
) -> Result<(), DbError> {
    sqlx::query!(
        // After the move before it, whatever the clock says: two replacements may come at one moment.
        "insert into plan_moves (plan_id, from_device_id, to_device_id, moved_on, moved_at)
         select $1, $2, $3, $4, greatest($5::timestamptz, max(moved_at) + interval '1 microsecond')
         from plan_moves where plan_id = $1",
        plan_id.uuid(),
        from.uuid(),
        to.uuid(),
        on,
        at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What devices hold of plans on any day: those that ended too, and those that have gone to another device since. The days of
/// incidents are not filled in. Three statements, however many devices there are.
pub async fn held(
    connection: &mut PgConnection,
    devices: &[DeviceId],
) -> Result<HashMap<DeviceId, Vec<PlanHeld>>, DbError> {
    let mut found: HashMap<DeviceId, Vec<PlanHeld>> = HashMap::new();
    let devices: Vec<Uuid> = devices.iter().map(|device| device.uuid()).collect();
    // Those that it has, and those that have left it, with the day on which they last did.
    let rows = sqlx::query!(
        r#"select id as "plan_id!: PlanId", device_id as "device_id!: DeviceId", null::date as moved_on
           from plans where device_id in (select unnest($1::uuid[])) and state <> 'pending_payment'
           union all
           select plan_id, from_device_id, max(moved_on)
           from plan_moves where from_device_id in (select unnest($1::uuid[])) group by plan_id, from_device_id"#,
        &devices,
    )
    .fetch_all(&mut *connection)
    .await?;
    if rows.is_empty() {
        return Ok(found);
    }
    let mut ids: Vec<Uuid> = rows.iter().map(|row| row.plan_id.uuid()).collect();
    ids.sort_unstable();
    ids.dedup();
    let left = rows
        .iter()
        .filter_map(|row| Some((row.plan_id, row.device_id, row.moved_on?)));
    let plans = load(connection, &ids).await?;
    for plan in &plans {
        if devices.contains(&plan.device_id.uuid()) {
            found
                .entry(plan.device_id)
                .or_default()
                .extend(held_by_plan(plan, None));
        }
        // A plan that came back is told by where it is now.
        for (_, device, on) in left
            .clone()
            .filter(|(id, device, _)| *id == plan.id && *device != plan.device_id)
        {
            found.entry(device).or_default().extend(held_by_plan(plan, Some(on)));
        }
    }
    // The same order whatever the database says: a decision is to come out the same.
    for plans in found.values_mut() {
        plans.sort_by_key(|held| (held.begins, held.plan_id, held.from));
    }
    Ok(found)
}
