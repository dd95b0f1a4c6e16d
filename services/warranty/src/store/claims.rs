//! Claims.

mod pool;

use std::collections::HashMap;

use sqlx::PgConnection;
use support_chassis::db::{DbError, stored};
use support_chassis::id::Id;
use time::{Date, OffsetDateTime};

pub use pool::{free_slot, lock as lock_pool, lock_over_of_pool};

use crate::domain::claim::{Claim, ClaimId, Grant, Pool, RepairId, State};
use crate::domain::coverage::{DecisionId, Outcome};
use crate::domain::device::{CustomerId, DeviceId};
use crate::domain::plan::PlanId;

/// The index by which the last use of a pool is never taken twice.
pub const SLOT_KEY: &str = "claims_slot_key";
/// The index by which what a decision grants is used once.
pub const DECISION_KEY: &str = "claims_decision_key";

const TABLE: &str = "claims";

struct Row {
    id: ClaimId,
    device_id: DeviceId,
    decision_id: Option<DecisionId>,
    outcome: String,
    state: String,
    plan_id: Option<PlanId>,
    rule_id: Option<String>,
    period_from: Option<Date>,
    period_until: Option<Date>,
    holder_id: Option<Id>,
    pool: Option<String>,
    slots: Option<i16>,
    slot: Option<i16>,
    over_limit: bool,
    day: Date,
    components: Vec<String>,
    reference: Option<String>,
    repair_id: Option<RepairId>,
    asked_by_organisation: Option<String>,
    reserved_at: OffsetDateTime,
    expires_at: Option<OffsetDateTime>,
    ended_at: Option<OffsetDateTime>,
    received_on: Option<Date>,
    returned_on: Option<Date>,
}

impl TryFrom<Row> for Claim {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        let pool = match (row.holder_id, row.pool, row.slots) {
            (Some(holder), Some(name), Some(slots)) => Some(Pool {
                holder,
                name,
                slots: number(slots, "slots")?,
            }),
            _ => None,
        };
        Ok(Self {
            id: row.id,
            device_id: row.device_id,
            decision_id: row.decision_id,
            grant: Grant {
                outcome: stored(Outcome::from_name(&row.outcome), TABLE, "outcome")?,
                plan: row.plan_id,
                rule_id: row.rule_id,
                period: row.period_from.zip(row.period_until),
                pool,
            },
            state: stored(State::from_name(&row.state), TABLE, "state")?,
            slot: row.slot.map(|slot| number(slot, "slot")).transpose()?,
            over_limit: row.over_limit,
            day: row.day,
            components: row.components,
            reference: row.reference,
            repair_id: row.repair_id,
            asked_by_organisation: row.asked_by_organisation,
            reserved_at: row.reserved_at,
            expires_at: row.expires_at,
            ended_at: row.ended_at,
            received_on: row.received_on,
            returned_on: row.returned_on,
        })
    }
}

fn number(value: i16, column: &'static str) -> Result<u16, DbError> {
    stored(u16::try_from(value).ok(), TABLE, column)
}

fn column(value: u16) -> i16 {
    i16::try_from(value).unwrap_or(i16::MAX)
}

/// Adds a claim. Breaks [`SLOT_KEY`] where its place in the pool is taken, [`DECISION_KEY`] where another has what its decision
/// grants.
pub async fn insert(connection: &mut PgConnection, claim: &Claim) -> Result<(), DbError> {
    let (grant, pool) = (&claim.grant, claim.grant.pool.as_ref());
    sqlx::query!(
        "insert into claims (id, device_id, decision_id, outcome, state, plan_id, rule_id, period_from, period_until,
                             holder_id, pool, slots, slot, over_limit, day, components, reference, repair_id,
                             asked_by_organisation, reserved_at, expires_at, ended_at, received_on, returned_on)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,
                 $24)",
        claim.id.uuid(),
        claim.device_id.uuid(),
        claim.decision_id.map(DecisionId::uuid),
        grant.outcome.as_str(),
        claim.state.as_str(),
        grant.plan.map(PlanId::uuid),
        grant.rule_id,
        grant.period.map(|(from, _)| from),
        grant.period.map(|(_, until)| until),
        pool.map(|pool| pool.holder.uuid()),
        pool.map(|pool| &pool.name),
        pool.map(|pool| column(pool.slots)),
        claim.slot.map(column),
        claim.over_limit,
        claim.day,
        &claim.components,
        claim.reference,
        claim.repair_id.map(RepairId::uuid),
        claim.asked_by_organisation,
        claim.reserved_at,
        claim.expires_at,
        claim.ended_at,
        claim.received_on,
        claim.returned_on,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes how far a locked claim is. Breaks [`SLOT_KEY`] and [`DECISION_KEY`] as above.
pub async fn update(connection: &mut PgConnection, claim: &Claim) -> Result<(), DbError> {
    sqlx::query!(
        "update claims
         set state = $2, slot = $3, over_limit = $4, repair_id = $5, expires_at = $6, ended_at = $7, received_on = $8,
             returned_on = $9
         where id = $1",
        claim.id.uuid(),
        claim.state.as_str(),
        claim.slot.map(column),
        claim.over_limit,
        claim.repair_id.map(RepairId::uuid),
        claim.expires_at,
        claim.ended_at,
        claim.received_on,
        claim.returned_on,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The claim with this id, and who has its device now.
pub async fn get(connection: &mut PgConnection, id: ClaimId) -> Result<Option<(Claim, Option<CustomerId>)>, DbError> {
    let owner = sqlx::query_scalar!(
        r#"select owner_customer_id as "owner: CustomerId" from claims join devices on devices.id = device_id
           where claims.id = $1"#,
        id.uuid(),
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(owner) = owner else { return Ok(None) };
    let claims = select(connection, &[id]).await?;
    Ok(claims.into_iter().next().map(|claim| (claim, owner)))
}

async fn select(connection: &mut PgConnection, ids: &[ClaimId]) -> Result<Vec<Claim>, DbError> {
    read(
        sqlx::query_as!(
            Row,
            r#"select id as "id: ClaimId", device_id as "device_id: DeviceId", decision_id as "decision_id: DecisionId",
                      outcome, state, plan_id as "plan_id: PlanId", rule_id, period_from, period_until,
                      holder_id as "holder_id: Id", pool, slots, slot, over_limit, day, components, reference,
                      repair_id as "repair_id: RepairId", asked_by_organisation, reserved_at, expires_at, ended_at,
                      received_on, returned_on
               from claims where id = any($1)"#,
            ids as &[ClaimId],
        )
        .fetch_all(connection)
        .await?,
    )
}

fn read(rows: Vec<Row>) -> Result<Vec<Claim>, DbError> {
    rows.into_iter().map(Claim::try_from).collect()
}

/// The claim with this id, locked until the transaction ends.
pub async fn lock(connection: &mut PgConnection, id: ClaimId) -> Result<Option<Claim>, DbError> {
    let locked = sqlx::query_scalar!("select id from claims where id = $1 for update", id.uuid())
        .fetch_optional(&mut *connection)
        .await?;
    // Read only then: what was read while waiting for the lock may be old.
    match locked {
        Some(_) => Ok(select(connection, &[id]).await?.pop()),
        None => Ok(None),
    }
}

/// The claim that belongs to this repair, locked until the transaction ends.
pub async fn lock_of_repair(connection: &mut PgConnection, repair: RepairId) -> Result<Option<Claim>, DbError> {
    let id = sqlx::query_scalar!(
        r#"select id as "id: ClaimId" from claims where repair_id = $1 for update"#,
        repair.uuid(),
    )
    .fetch_optional(&mut *connection)
    .await?;
    match id {
        Some(id) => Ok(select(connection, &[id]).await?.pop()),
        None => Ok(None),
    }
}

/// The reservations that are over at `now`, the oldest first, `limit` at most, locked until the transaction ends. Those that
/// somebody else has locked are left to them.
pub async fn lock_over(connection: &mut PgConnection, now: OffsetDateTime, limit: i64) -> Result<Vec<Claim>, DbError> {
    let ids = sqlx::query_scalar!(
        r#"select id as "id: ClaimId" from claims where expires_at <= $1 order by expires_at limit $2
           for update skip locked"#,
        now,
        limit,
    )
    .fetch_all(&mut *connection)
    .await?;
    select(connection, &ids).await
}

/// The claims of devices, each in the order of time, without those of the units that they came in the place of. A device without
/// any is not in it.
pub async fn of_devices(
    connection: &mut PgConnection,
    devices: &[DeviceId],
) -> Result<HashMap<DeviceId, Vec<Claim>>, DbError> {
    let rows = sqlx::query_as!(
        Row,
        r#"select id as "id: ClaimId", device_id as "device_id: DeviceId", decision_id as "decision_id: DecisionId",
                  outcome, state, plan_id as "plan_id: PlanId", rule_id, period_from, period_until,
                  holder_id as "holder_id: Id", pool, slots, slot, over_limit, day, components, reference,
                  repair_id as "repair_id: RepairId", asked_by_organisation, reserved_at, expires_at, ended_at,
                  received_on, returned_on
           from claims where device_id in (select unnest($1::uuid[])) order by id"#,
        devices as &[DeviceId],
    )
    .fetch_all(connection)
    .await?;
    let mut found: HashMap<DeviceId, Vec<Claim>> = HashMap::new();
    for claim in read(rows)? {
        found.entry(claim.device_id).or_default().push(claim);
    }
    Ok(found)
}

/// The days of the incidents of plans that are reserved or used, on whatever device, in order. A plan without any is not in it.
pub async fn incidents_of_plans(
    connection: &mut PgConnection,
    plans: &[PlanId],
) -> Result<HashMap<PlanId, Vec<Date>>, DbError> {
    let rows = sqlx::query!(
        r#"select plan_id as "plan_id!: PlanId", day from claims
           where plan_id = any($1) and state in ('reserved', 'committed') order by day"#,
        plans as &[PlanId],
    )
    .fetch_all(connection)
    .await?;
    let mut found: HashMap<PlanId, Vec<Date>> = HashMap::new();
    for row in rows {
        found.entry(row.plan_id).or_default().push(row.day);
    }
    Ok(found)
}

/// The claims of a device, newest first, those in some states (none for all) that an organisation asked for (none for all),
/// older than a claim, `limit` at most.
pub async fn list(
    connection: &mut PgConnection,
    device: DeviceId,
    states: &[State],
    organisation: Option<&str>,
    after: Option<ClaimId>,
    limit: i64,
) -> Result<Vec<Claim>, DbError> {
    let states: Vec<String> = states.iter().map(|state| state.as_str().to_owned()).collect();
    read(
        sqlx::query_as!(
            Row,
            r#"select id as "id: ClaimId", device_id as "device_id: DeviceId", decision_id as "decision_id: DecisionId",
                      outcome, state, plan_id as "plan_id: PlanId", rule_id, period_from, period_until,
                      holder_id as "holder_id: Id", pool, slots, slot, over_limit, day, components, reference,
                      repair_id as "repair_id: RepairId", asked_by_organisation, reserved_at, expires_at, ended_at,
                      received_on, returned_on
               from claims
               where device_id = $1 and (cardinality($2::text[]) = 0 or state = any($2))
                 and ($3::text is null or asked_by_organisation = $3) and ($4::uuid is null or id < $4)
               order by id desc limit $5"#,
            device.uuid(),
            &states,
            organisation,
            after.map(ClaimId::uuid),
            limit,
        )
        .fetch_all(connection)
        .await?,
    )
}

/// Whether a claim other than `but` uses what this decision grants.
pub async fn is_claimed(connection: &mut PgConnection, decision: DecisionId, but: ClaimId) -> Result<bool, DbError> {
    let found = sqlx::query_scalar!(
        r#"select exists (
               select from claims
               where decision_id = $1 and id <> $2 and state in ('reserved', 'committed') and not over_limit
           ) as "exists!""#,
        decision.uuid(),
        but.uuid(),
    )
    .fetch_one(connection)
    .await?;
    Ok(found)
}
