//! Decisions that were made from another purchase than is known now.

use sqlx::PgConnection;
use support_chassis::db::{DbError, stored};
use time::{Date, OffsetDateTime};

use crate::domain::country::Country;
use crate::domain::coverage::{DecisionId, Outcome};
use crate::domain::device::{DeviceId, Purchase};

const TABLE: &str = "coverage_decisions";

/// A decision that was made from another purchase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Affected {
    /// Its id.
    pub id: DecisionId,
    /// The device it is about.
    pub device_id: DeviceId,
    /// The day for which it was decided.
    pub day: Date,
    /// What was decided.
    pub outcome: Outcome,
    /// When.
    pub decided_at: OffsetDateTime,
    /// The day of purchase that it was made from.
    pub purchase_date: Date,
    /// The country of purchase that it was made from.
    pub purchase_country: Country,
}

/// Decisions about the units of a chain that were made from another purchase than `purchase`, newest first, after one, `limit` at
/// most.
pub async fn list(
    connection: &mut PgConnection,
    origin: DeviceId,
    purchase: &Purchase,
    after: Option<DecisionId>,
    limit: i64,
) -> Result<Vec<Affected>, DbError> {
    sqlx::query!(
        r#"select id as "id: DecisionId", device_id as "device_id: DeviceId", day, outcome, decided_at,
                  coalesce(purchase_date, (facts->'sale'->>'day')::date) as "purchase_date!", purchase_country_code
           from coverage_decisions
           where device_id in (select id from devices where id = $1 or origin_id = $1)
             and (coalesce(purchase_date, (facts->'sale'->>'day')::date), purchase_country_code,
                  coalesce(sold_used, (facts->'sale'->>'used')::boolean)) <> ($2, $3, $4)
             and ($5::uuid is null or id < $5)
           order by id desc limit $6"#,
        origin.uuid(),
        purchase.day,
        purchase.country.code(),
        purchase.used,
        after.map(DecisionId::uuid),
        limit,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(|row| {
        Ok(Affected {
            id: row.id,
            device_id: row.device_id,
            day: row.day,
            outcome: stored(Outcome::from_name(&row.outcome), TABLE, "outcome")?,
            decided_at: row.decided_at,
            purchase_date: row.purchase_date,
            purchase_country: stored(
                Country::from_code(&row.purchase_country_code),
                TABLE,
                "purchase_country_code",
            )?,
        })
    })
    .collect()
}

/// How many there are.
pub async fn count(connection: &mut PgConnection, origin: DeviceId, purchase: &Purchase) -> Result<i32, DbError> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from coverage_decisions
           where device_id in (select id from devices where id = $1 or origin_id = $1)
             and (coalesce(purchase_date, (facts->'sale'->>'day')::date), purchase_country_code,
                  coalesce(sold_used, (facts->'sale'->>'used')::boolean)) <> ($2, $3, $4)"#,
        origin.uuid(),
        purchase.day,
        purchase.country.code(),
        purchase.used,
    )
    .fetch_one(connection)
    .await?;
    Ok(i32::try_from(count).unwrap_or(i32::MAX))
}
