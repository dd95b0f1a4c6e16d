//! What was noticed of a customer and what was done about it. Keyed hashes, which tell them nothing, are left out.

use serde_json::Value;
use sqlx::PgConnection;
use support_chassis::db::DbError;
use support_chassis::privacy::Record;

use crate::domain::ids::CustomerId;

/// Reads all of it.
pub(super) async fn all(connection: &mut PgConnection, customer: CustomerId) -> Result<Vec<Record>, DbError> {
    let mut records = Vec::new();
    records.extend(Record::all("customer_devices", devices(connection, customer).await?));
    records.extend(Record::all("customer_places", places(connection, customer).await?));
    records.extend(Record::all("risk_assessments", risk(connection, customer).await?));
    records.extend(Record::all("deliveries", deliveries(connection, customer).await?));
    records.extend(Record::all("happenings", happenings(connection, customer).await?));
    records.extend(Record::all("audit_entries", audit(connection, customer).await?));
    Ok(records)
}

async fn devices(connection: &mut PgConnection, customer: CustomerId) -> Result<Vec<Value>, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select jsonb_build_object('seen_at', seen_at) as "document!" from customer_devices
         where customer_id = $1 order by seen_at"#,
        customer.uuid(),
    )
    .fetch_all(connection)
    .await?)
}

async fn places(connection: &mut PgConnection, customer: CustomerId) -> Result<Vec<Value>, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select to_jsonb(held) - 'customer_id' as "document!" from customer_places as held where customer_id = $1"#,
        customer.uuid(),
    )
    .fetch_all(connection)
    .await?)
}

/// What spoke against their verifications, and what reviewers decided: not who of the staff.
async fn risk(connection: &mut PgConnection, customer: CustomerId) -> Result<Vec<Value>, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select to_jsonb(held) - 'device_key' - 'prefix_key' - 'country_key' - 'started_by' || jsonb_build_object('reviews', (
             select coalesce(jsonb_agg(jsonb_build_object(
                 'decision', decision, 'ground', ground, 'reviewed_at', reviewed_at) order by reviewed_at), '[]')
             from risk_reviews where risk_reviews.verification_id = held.verification_id)) as "document!"
         from risk_assessments as held join verifications on verifications.id = held.verification_id
         where verifications.customer_id = $1 order by held.verification_id"#,
        customer.uuid(),
    )
    .fetch_all(connection)
    .await?)
}

/// What was sent to their addresses: when, and by which words.
async fn deliveries(connection: &mut PgConnection, customer: CustomerId) -> Result<Vec<Value>, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select to_jsonb(held) as "document!" from deliveries as held
         where verification_id in (select id from verifications where customer_id = $1)
             or contact_point_id in (select id from contact_points where customer_id = $1)
         order by id"#,
        customer.uuid(),
    )
    .fetch_all(connection)
    .await?)
}

async fn happenings(connection: &mut PgConnection, customer: CustomerId) -> Result<Vec<Value>, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select to_jsonb(held) - 'customer_id' as "document!" from happenings as held where customer_id = $1 order by id"#,
        customer.uuid(),
    )
    .fetch_all(connection)
    .await?)
}

/// Who looked at them and who changed what: as what kind of caller, not as whom.
async fn audit(connection: &mut PgConnection, customer: CustomerId) -> Result<Vec<Value>, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select to_jsonb(held) - 'customer_id' - 'actor_id' as "document!" from audit_entries as held
         where customer_id = $1 order by number"#,
        customer.uuid(),
    )
    .fetch_all(connection)
    .await?)
}
