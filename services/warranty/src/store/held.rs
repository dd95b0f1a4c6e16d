//! What is held on a customer here: their devices, plans and what was claimed on them.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use sqlx::PgConnection;
use support_chassis::db::{DbError, Tx};
use support_chassis::privacy::{PersonalData, Record};
use uuid::Uuid;

/// What is held on customers.
#[derive(Debug, Clone, Copy)]
pub struct Held;

impl PersonalData for Held {
    fn export<'t>(
        &'t self,
        connection: &'t mut PgConnection,
        customer: Uuid,
    ) -> BoxFuture<'t, Result<Vec<Record>, DbError>> {
        all(connection, customer).boxed()
    }

    /// No word of a customer is here, nor anything by which they could be found: devices and plans are owned by an id that names nobody
    /// any more. They stay, since what was promised for a device, and what was decided and paid, holds whoever had it, and has to be
    /// kept as the law of bookkeeping says.
    fn erase<'t>(&'t self, _: &'t mut Tx, _: Uuid) -> BoxFuture<'t, Result<u64, DbError>> {
        std::future::ready(Ok(0)).boxed()
    }
}

async fn all(connection: &mut PgConnection, customer: Uuid) -> Result<Vec<Record>, DbError> {
    let devices = sqlx::query_scalar!(
        r#"select to_jsonb(held) - 'owner_customer_id' as "document!" from devices as held
         where owner_customer_id = $1 order by id"#,
        customer,
    )
    .fetch_all(&mut *connection)
    .await?;
    let ownerships = sqlx::query_scalar!(
        r#"select to_jsonb(held) - 'customer_id' as "document!" from device_owners as held
         where customer_id = $1 order by device_id, place"#,
        customer,
    )
    .fetch_all(&mut *connection)
    .await?;
    let transfers = sqlx::query_scalar!(
        r#"select to_jsonb(held) - 'code_hash' as "document!" from device_transfers as held
         where from_customer_id = $1 or to_customer_id = $1 order by id"#,
        customer,
    )
    .fetch_all(&mut *connection)
    .await?;
    let records = Record::all("devices", devices)
        .chain(Record::all("device_owners", ownerships))
        .chain(Record::all("device_transfers", transfers));
    Ok(records.chain(of_devices(connection, customer).await?).collect())
}

/// What hangs on the devices a customer has, and on their plans.
async fn of_devices(connection: &mut PgConnection, customer: Uuid) -> Result<Vec<Record>, DbError> {
    let proofs = sqlx::query_scalar!(
        r#"select to_jsonb(held) as "document!" from purchase_proofs as held
         join devices on devices.id = held.device_id where devices.owner_customer_id = $1 order by held.id"#,
        customer,
    )
    .fetch_all(&mut *connection)
    .await?;
    let decisions = sqlx::query_scalar!(
        r#"select to_jsonb(held) as "document!" from (
             select decided.id, decided.device_id, decided.day, decided.outcome, decided.covered_until, decided.terms_version,
                 decided.decided_at, decided.purchase_country_code
             from coverage_decisions as decided join devices on devices.id = decided.device_id
             where devices.owner_customer_id = $1 order by decided.id
         ) as held"#,
        customer,
    )
    .fetch_all(&mut *connection)
    .await?;
    let history = sqlx::query_scalar!(
        r#"select jsonb_build_object(
             'id', devices.id,
             'identifiers', (select coalesce(jsonb_agg(value order by value), '[]')
                 from device_identifiers as held where held.device_id = devices.id),
             'marks', (select coalesce(jsonb_agg(to_jsonb(held) - 'actor_id' order by held.at), '[]')
                 from device_marks as held where held.device_id = devices.id),
             'replacements', (select coalesce(jsonb_agg(to_jsonb(held) - 'actor_id' order by held.at), '[]')
                 from device_replacements as held where devices.id in (held.old_device_id, held.new_device_id)),
             'corrections', (select coalesce(jsonb_agg(to_jsonb(held) - 'actor_id' order by held.at), '[]')
                 from purchase_corrections as held where held.device_id = devices.id),
             'quotes', (select coalesce(jsonb_agg(to_jsonb(held) order by held.quoted_at), '[]')
                 from plan_quotes as held where held.device_id = devices.id)
         ) as "document!"
         from devices where owner_customer_id = $1 order by devices.id"#,
        customer,
    )
    .fetch_all(&mut *connection)
    .await?;
    let claims = sqlx::query_scalar!(
        r#"select to_jsonb(held) as "document!" from claims as held
         join devices on devices.id = held.device_id where devices.owner_customer_id = $1 order by held.id"#,
        customer,
    )
    .fetch_all(&mut *connection)
    .await?;
    let plans = sqlx::query_scalar!(
        r#"select to_jsonb(held) - 'holder_customer_id' as "document!" from (
             select plans.*,
                 (select coalesce(jsonb_agg(to_jsonb(paid) - 'plan_id'), '[]')
                  from plan_payments as paid where paid.plan_id = plans.id) as payments,
                 (select coalesce(jsonb_agg(to_jsonb(period) - 'plan_id'), '[]')
                  from plan_periods as period where period.plan_id = plans.id) as periods,
                 (select coalesce(jsonb_agg(to_jsonb(moved) - 'plan_id'), '[]')
                  from plan_moves as moved where moved.plan_id = plans.id) as moves
             from plans where holder_customer_id = $1 order by id
         ) as held"#,
        customer,
    )
    .fetch_all(connection)
    .await?;
    Ok(Record::all("purchase_proofs", proofs)
        .chain(Record::all("device_histories", history))
        .chain(Record::all("coverage_decisions", decisions))
        .chain(Record::all("claims", claims))
        .chain(Record::all("plans", plans))
        .collect())
}
