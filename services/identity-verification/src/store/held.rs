//! All that is held on a customer here, for whoever has a right to see it. What proves who somebody is (secrets, keys, hashes of codes)
//! is left out.

mod noticed;

use serde_json::{Value, json};
use sqlx::PgConnection;
use support_chassis::db::DbError;
use support_chassis::privacy::Record;
use support_chassis::vault::Vault;

use super::authenticators::open_name;
use super::customers;
use crate::domain::ids::{AuthenticatorId, CustomerId};

/// Reads all of it.
///
/// # Errors
///
/// Those of the database.
pub async fn all(connection: &mut PgConnection, vault: &Vault, customer: CustomerId) -> Result<Vec<Record>, DbError> {
    let mut records = Vec::new();
    records.extend(Record::all("customers", person(connection, vault, customer).await?));
    records.extend(Record::all(
        "accessibility_needs",
        needs(connection, vault, customer).await?,
    ));
    records.extend(Record::all("consents", consents(connection, customer).await?));
    records.extend(Record::all("memberships", memberships(connection, customer).await?));
    records.extend(Record::all("delegations", delegations(connection, customer).await?));
    records.extend(noticed::all(connection, customer).await?);
    records.extend(Record::all(
        "authenticators",
        authenticators(connection, vault, customer).await?,
    ));
    records.extend(Record::all("verifications", verifications(connection, customer).await?));
    records.extend(Record::all("grants", grants(connection, customer).await?));
    records.extend(Record::all("notifications", notifications(connection, customer).await?));
    records.extend(Record::all("erasures", erasures(connection, customer).await?));
    records.extend(Record::all("personal_exports", exports(connection, customer).await?));
    Ok(records)
}

/// The record, with the contact points and how the customer wants to be told.
async fn person(connection: &mut PgConnection, vault: &Vault, customer: CustomerId) -> Result<Option<Value>, DbError> {
    let Some(held) = customers::get(connection, vault, customer).await? else {
        return Ok(None);
    };
    let dates = sqlx::query_scalar!(
        r#"select jsonb_build_object('created_at', created_at, 'points', (
             select jsonb_object_agg(id, jsonb_build_object('created_at', created_at, 'verified_at', verified_at))
             from contact_points where customer_id = $1)) as "dates!"
         from customers where id = $1"#,
        customer.uuid(),
    )
    .fetch_one(&mut *connection)
    .await?;
    let preferences = sqlx::query_scalar!(
        r#"select to_jsonb(held) - 'customer_id' as "document!" from contact_preferences as held where customer_id = $1"#,
        customer.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    let points: Vec<_> = held
        .contact_points
        .iter()
        .map(|point| {
            let dates = &dates["points"][point.id.uuid().to_string()];
            json!({
                "id": point.id.to_string(),
                "kind": point.contact.kind().as_str(),
                "value": point.contact.value(),
                "vouched": point.vouched,
                "created_at": dates["created_at"],
                "verified_at": dates["verified_at"],
            })
        })
        .collect();
    Ok(Some(json!({
        "id": held.id.to_string(),
        "given_name": held.name.given,
        "family_name": held.name.family,
        "display_name": held.name.display,
        "languages": held.languages,
        "country_code": held.country_code,
        "created_at": dates["created_at"],
        "contact_points": points,
        "contact_preferences": preferences,
    })))
}

async fn needs(connection: &mut PgConnection, vault: &Vault, customer: CustomerId) -> Result<Option<Value>, DbError> {
    let needs = super::profiles::needs(connection, vault, customer).await?;
    let names: Vec<_> = needs.iter().map(|need| need.as_str()).collect();
    Ok((!names.is_empty()).then(|| json!({ "needs": names })))
}

async fn consents(connection: &mut PgConnection, customer: CustomerId) -> Result<Vec<Value>, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select to_jsonb(held) - 'customer_id' as "document!" from consents as held where customer_id = $1 order by id"#,
        customer.uuid(),
    )
    .fetch_all(connection)
    .await?)
}

/// Where they belong and belonged, with the name of the organisation.
async fn memberships(connection: &mut PgConnection, customer: CustomerId) -> Result<Vec<Value>, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select to_jsonb(held) - 'customer_id' || jsonb_build_object('organisation', organisations.display_name) as "document!"
         from memberships as held join organisations on organisations.id = held.organisation_id
         where held.customer_id = $1 order by held.id"#,
        customer.uuid(),
    )
    .fetch_all(connection)
    .await?)
}

/// Who may act for them, and for whom they may: by ids, which name nobody to them.
async fn delegations(connection: &mut PgConnection, customer: CustomerId) -> Result<Vec<Value>, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select to_jsonb(held) as "document!" from delegations as held
         where customer_id = $1 or delegate_id = $1 order by id"#,
        customer.uuid(),
    )
    .fetch_all(connection)
    .await?)
}

async fn authenticators(
    connection: &mut PgConnection,
    vault: &Vault,
    customer: CustomerId,
) -> Result<Vec<Value>, DbError> {
    let held = vault.held(connection, customer.uuid()).await?;
    let rows = sqlx::query!(
        r#"select id as "id: AuthenticatorId", sealed_display_name, display_name,
             jsonb_build_object('id', id, 'method', method, 'state', state, 'failures', failures, 'created_at', created_at,
                 'used_at', used_at, 'expires_at', expires_at, 'ended_at', ended_at) as "document!"
         from authenticators where customer_id = $1 order by id"#,
        customer.uuid(),
    )
    .fetch_all(connection)
    .await?;
    let documents = rows.into_iter().map(|row| {
        let mut document = row.document;
        let name = open_name(&held, row.id, row.sealed_display_name.as_deref(), &row.display_name)?;
        document["display_name"] = name.into();
        Ok(document)
    });
    documents.collect()
}

/// Each with what was proven, and how.
async fn verifications(connection: &mut PgConnection, customer: CustomerId) -> Result<Vec<Value>, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select to_jsonb(held) as "document!" from (
             select id, contact_point_id, method, purpose, state, case_id, languages, sends, checks, created_at, expires_at,
                 ended_at, standard_basis, proven,
                 (select coalesce(jsonb_agg(to_jsonb(proofs) - 'verification_id' order by proven_at), '[]')
                  from proofs where proofs.verification_id = verifications.id) as proofs
             from verifications where customer_id = $1 order by id
         ) as held"#,
        customer.uuid(),
    )
    .fetch_all(connection)
    .await?)
}

async fn grants(connection: &mut PgConnection, customer: CustomerId) -> Result<Vec<Value>, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select to_jsonb(held) - 'agent' as "document!" from grants as held
         where customer_id = $1 or delegate_id = $1 order by id"#,
        customer.uuid(),
    )
    .fetch_all(connection)
    .await?)
}

/// What the customer was told, by the keys of the words they read.
async fn notifications(connection: &mut PgConnection, customer: CustomerId) -> Result<Vec<Value>, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select to_jsonb(held) - 'customer_id' as "document!" from notifications as held where customer_id = $1 order by id"#,
        customer.uuid(),
    )
    .fetch_all(connection)
    .await?)
}

async fn erasures(connection: &mut PgConnection, customer: CustomerId) -> Result<Vec<Value>, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select to_jsonb(held) - 'customer_id' as "document!" from erasures as held where customer_id = $1 order by id"#,
        customer.uuid(),
    )
    .fetch_all(connection)
    .await?)
}

async fn exports(connection: &mut PgConnection, customer: CustomerId) -> Result<Vec<Value>, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select to_jsonb(held) - 'customer_id' as "document!" from personal_exports as held
         where customer_id = $1 order by id"#,
        customer.uuid(),
    )
    .fetch_all(connection)
    .await?)
}
