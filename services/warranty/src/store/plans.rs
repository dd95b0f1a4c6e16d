//! Plans with their terms.

mod alike;
mod held;
mod payments;
mod quotes;

use std::collections::HashMap;

use sqlx::PgConnection;
use sqlx::types::{Json, Uuid};
use support_chassis::db::{DbError, stored};
use time::Date;

pub use alike::{Alike, living};
pub use held::{held, insert_move};
pub use payments::{Payment, REFERENCE_KEY, insert_payment, payment};
pub use quotes::{Quote, insert_quote, quote};

use crate::domain::country::Country;
use crate::domain::device::{CustomerId, DeviceId};
use crate::domain::money::{Amount, Currency};
use crate::domain::plan::life::{State, next};
use crate::domain::plan::{Agreed, Buyer, Canceled, Cause, PaymentId, Period, Plan, PlanId, QuoteId, Renewal};

/// The index that lets one plan of a kind live on a device.
pub const ONE_OF_A_KIND: &str = "plans_one_of_a_kind";
/// The constraint that lets a quote be bought once.
pub const QUOTE_KEY: &str = "plans_quote_key";

const TABLE: &str = "plans";

/// Adds a plan, which has no terms yet. Breaks [`ONE_OF_A_KIND`] where the device has one, [`QUOTE_KEY`] where the quote is used.
pub async fn insert(connection: &mut PgConnection, plan: &Plan) -> Result<(), DbError> {
    sqlx::query!(
        "insert into plans (id, quote_id, device_id, holder_customer_id, sold_by_organisation, kind, country_code,
                            currency_code, state, renews, enrolled_on, enrolled_at, state_changed_at, act_on)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        plan.id.uuid(),
        plan.quote_id.uuid(),
        plan.device_id.uuid(),
        plan.holder.map(CustomerId::uuid),
        plan.sold_by,
        plan.kind(),
        plan.country.code(),
        plan.first.price.currency.code(),
        plan.state.as_str(),
        plan.renews,
        plan.enrolled_on,
        plan.enrolled_at,
        plan.state_changed_at,
        next(plan).map(|(day, _)| day),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes what can change of a plan. Breaks [`ONE_OF_A_KIND`] where it came to a device that has one.
pub async fn update(connection: &mut PgConnection, plan: &Plan) -> Result<(), DbError> {
    let renewal = plan.renewal.as_ref().map(Json);
    sqlx::query!(
        "update plans
         set device_id = $2, holder_customer_id = $3, state = $4, renews = $5, state_changed_at = $6, first_failed = $7,
             renewal = $8, act_on = $9, ended_on = $10, canceled_cause = $11, refund_minor = $12
         where id = $1",
        plan.id.uuid(),
        plan.device_id.uuid(),
        plan.holder.map(CustomerId::uuid),
        plan.state.as_str(),
        plan.renews,
        plan.state_changed_at,
        plan.first_failed,
        renewal as _,
        next(plan).map(|(day, _)| day),
        plan.ended_on,
        plan.canceled.map(|canceled| canceled.cause.as_str()),
        plan.canceled.map(|canceled| canceled.refund.minor),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Adds the last term of a plan, which a payment has paid.
pub async fn insert_period(
    connection: &mut PgConnection,
    plan_id: PlanId,
    period: &Period,
    payment: PaymentId,
) -> Result<(), DbError> {
    let follows = (period.number > 1).then(|| period.from.previous_day()).flatten();
    sqlx::query!(
        "insert into plan_periods (plan_id, number, from_day, until_day, follows_day, paid_on, payment_id, agreed)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        plan_id.uuid(),
        i16::try_from(period.number).unwrap_or(i16::MAX),
        period.from,
        period.until,
        follows,
        period.paid_on,
        payment.uuid(),
        Json(&period.agreed) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The plan with this id.
pub async fn get(connection: &mut PgConnection, id: PlanId) -> Result<Option<Plan>, DbError> {
    Ok(load(connection, &[id.uuid()]).await?.pop())
}

/// The plan with this id, locked until the transaction ends.
pub async fn lock(connection: &mut PgConnection, id: PlanId) -> Result<Option<Plan>, DbError> {
    let found = sqlx::query_scalar!("select id from plans where id = $1 for update", id.uuid())
        .fetch_optional(&mut *connection)
        .await?;
    match found {
        Some(_) => get(connection, id).await,
        None => Ok(None),
    }
}

/// The same, unless somebody else has it locked.
pub async fn lock_free(connection: &mut PgConnection, id: PlanId) -> Result<Option<Plan>, DbError> {
    let found = sqlx::query_scalar!("select id from plans where id = $1 for update skip locked", id.uuid())
        .fetch_optional(&mut *connection)
        .await?;
    match found {
        Some(_) => get(connection, id).await,
        None => Ok(None),
    }
}

/// Keeps a device with its owner until the transaction ends.
pub async fn hold_device(connection: &mut PgConnection, device: DeviceId) -> Result<(), DbError> {
    sqlx::query!("select from devices where id = $1 for share", device.uuid())
        .fetch_optional(connection)
        .await?;
    Ok(())
}

/// The plans that live on a device, locked until the transaction ends.
pub async fn lock_of_device(connection: &mut PgConnection, device: DeviceId) -> Result<Vec<Plan>, DbError> {
    let ids = sqlx::query_scalar!(
        "select id from plans
         where device_id = $1 and state in ('pending_payment', 'active', 'in_grace')
         order by id for update",
        device.uuid(),
    )
    .fetch_all(&mut *connection)
    .await?;
    load(connection, &ids).await
}

/// The kinds of the plans that live on a device.
pub async fn kinds_living(connection: &mut PgConnection, device: DeviceId) -> Result<Vec<String>, DbError> {
    Ok(sqlx::query_scalar!(
        "select kind from plans where device_id = $1 and state in ('pending_payment', 'active', 'in_grace')",
        device.uuid(),
    )
    .fetch_all(connection)
    .await?)
}

/// What a list of plans is restricted to; none for no restriction.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// The device.
    pub device: Option<DeviceId>,
    /// Who has it.
    pub holder: Option<CustomerId>,
    /// The organisation that sold it.
    pub sold_by: Option<String>,
    /// How it stands.
    pub state: Option<State>,
}

/// Plans, newest first, after one, `limit` at most. What narrows the list most has a statement of its own, which is read along
/// its index; what else is asked for is filtered.
pub async fn list(
    connection: &mut PgConnection,
    filter: &Filter,
    after: Option<PlanId>,
    limit: i64,
) -> Result<Vec<Plan>, DbError> {
    let holder = filter.holder.map(CustomerId::uuid);
    let (sold_by, state) = (filter.sold_by.as_deref(), filter.state.map(State::as_str));
    let after = after.map(PlanId::uuid);
    let ids = match (filter.device, holder, sold_by) {
        (Some(device), _, _) => {
            sqlx::query_scalar!(
                "select id from plans
                 where device_id = $1 and ($2::uuid is null or holder_customer_id = $2)
                   and ($3::text is null or sold_by_organisation = $3) and ($4::text is null or state = $4)
                   and ($5::uuid is null or id < $5)
                 order by id desc limit $6",
                device.uuid(),
                holder,
                sold_by,
                state,
                after,
                limit,
            )
            .fetch_all(&mut *connection)
            .await?
        }
        (None, Some(holder), _) => {
            sqlx::query_scalar!(
                "select id from plans
                 where holder_customer_id = $1 and ($2::text is null or sold_by_organisation = $2)
                   and ($3::text is null or state = $3) and ($4::uuid is null or id < $4)
                 order by id desc limit $5",
                holder,
                sold_by,
                state,
                after,
                limit,
            )
            .fetch_all(&mut *connection)
            .await?
        }
        (None, None, Some(sold_by)) => {
            sqlx::query_scalar!(
                "select id from plans
                 where sold_by_organisation = $1 and ($2::text is null or state = $2)
                   and ($3::uuid is null or id < $3)
                 order by id desc limit $4",
                sold_by,
                state,
                after,
                limit,
            )
            .fetch_all(&mut *connection)
            .await?
        }
        (None, None, None) => {
            sqlx::query_scalar!(
                "select id from plans
                 where ($1::text is null or state = $1) and ($2::uuid is null or id < $2)
                 order by id desc limit $3",
                state,
                after,
                limit,
            )
            .fetch_all(&mut *connection)
            .await?
        }
    };
    load(connection, &ids).await
}

/// The plans for which time is to bring something about by the day it is in their country, with that day, in order, after
/// one, `limit` at most.
pub async fn due(
    connection: &mut PgConnection,
    today: &[(Country, Date)],
    after: Option<(Date, PlanId)>,
    limit: i64,
) -> Result<Vec<(Date, PlanId)>, DbError> {
    let (countries, days): (Vec<String>, Vec<Date>) = today
        .iter()
        .map(|(country, day)| (country.code().to_owned(), *day))
        .unzip();
    let rows = sqlx::query!(
        r#"select act_on as "act_on!", id as "id!: PlanId"
           from unnest($1::text[], $2::date[]) as place (country, day)
           cross join lateral (
               select act_on, id from plans
               where country_code = country and act_on <= day and ($3::date is null or (act_on, id) > ($3, $4))
               order by act_on, id limit $5
           ) as of_country
           order by act_on, id limit $5"#,
        &countries,
        &days,
        after.map(|(day, _)| day),
        after.map(|(_, id)| id.uuid()),
        limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.act_on, row.id)).collect())
}

/// The plans with these ids, newest first.
async fn load(connection: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Plan>, DbError> {
    let mut periods = periods(&mut *connection, ids).await?;
    let rows = sqlx::query!(
        r#"select plans.id as "id: PlanId", quote_id as "quote_id: QuoteId", plans.device_id as "device_id: DeviceId",
                  holder_customer_id as "holder: CustomerId", sold_by_organisation, country_code, currency_code, buyer,
                  state, renews, enrolled_on, enrolled_at, state_changed_at, first_failed,
                  renewal as "renewal: Json<Renewal>", ended_on, canceled_cause, refund_minor,
                  agreed as "agreed: Json<Agreed>"
           from plans join plan_quotes on plan_quotes.id = plans.quote_id
           where plans.id = any($1)
           order by plans.id desc"#,
        ids,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let currency = stored(Currency::from_code(&row.currency_code), TABLE, "currency_code")?;
            let cause = row
                .canceled_cause
                .map(|cause| stored(Cause::from_name(&cause), TABLE, "canceled_cause"))
                .transpose()?;
            Ok(Plan {
                id: row.id,
                quote_id: row.quote_id,
                device_id: row.device_id,
                holder: row.holder,
                sold_by: row.sold_by_organisation,
                country: stored(Country::from_code(&row.country_code), TABLE, "country_code")?,
                buyer: stored(Buyer::from_name(&row.buyer), "plan_quotes", "buyer")?,
                state: stored(State::from_name(&row.state), TABLE, "state")?,
                renews: row.renews,
                enrolled_on: row.enrolled_on,
                enrolled_at: row.enrolled_at,
                state_changed_at: row.state_changed_at,
                first: row.agreed.0,
                first_failed: row.first_failed,
                periods: periods.remove(&row.id).unwrap_or_default(),
                renewal: row.renewal.map(|renewal| renewal.0),
                ended_on: row.ended_on,
                canceled: cause.zip(row.refund_minor).map(|(cause, minor)| Canceled {
                    cause,
                    refund: Amount::new(currency, minor),
                }),
            })
        })
        .collect()
}

/// The terms of plans, in order.
async fn periods(connection: &mut PgConnection, plans: &[Uuid]) -> Result<HashMap<PlanId, Vec<Period>>, DbError> {
    let rows = sqlx::query!(
        r#"select plan_id as "plan_id: PlanId", number, from_day, until_day, paid_on, agreed as "agreed: Json<Agreed>"
           from plan_periods where plan_id = any($1) order by plan_id, number"#,
        plans,
    )
    .fetch_all(connection)
    .await?;
    let mut found: HashMap<PlanId, Vec<Period>> = HashMap::new();
    for row in rows {
        found.entry(row.plan_id).or_default().push(Period {
            number: stored(u16::try_from(row.number).ok(), "plan_periods", "number")?,
            from: row.from_day,
            until: row.until_day,
            paid_on: row.paid_on,
            agreed: row.agreed.0,
        });
    }
    Ok(found)
}
