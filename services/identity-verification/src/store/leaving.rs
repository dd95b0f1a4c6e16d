//! What ends and goes when a customer is erased, besides what is sealed.

use sqlx::PgConnection;
use support_chassis::db::DbError;
use time::OffsetDateTime;

use crate::domain::ids::{AuthenticatorId, CaseId, CustomerId, GrantId, VerificationId};

/// Ends the grants of a customer that last, and names them.
pub async fn end_grants(
    connection: &mut PgConnection,
    customer: CustomerId,
    now: OffsetDateTime,
) -> Result<Vec<GrantId>, DbError> {
    Ok(sqlx::query_scalar!(
        r#"update grants set revoked_at = greatest($2, granted_at)
         where customer_id = $1 and revoked_at is null and expires_at > $2 returning id as "id: GrantId""#,
        customer.uuid(),
        now,
    )
    .fetch_all(connection)
    .await?)
}

/// Ends the authenticators of a customer and removes all that was secret in them and what their owner called them. Gives those that
/// lasted, with their methods.
pub async fn end_authenticators(
    connection: &mut PgConnection,
    customer: CustomerId,
    now: OffsetDateTime,
) -> Result<Vec<(AuthenticatorId, String)>, DbError> {
    sqlx::query!(
        "delete from recovery_codes using authenticators
         where authenticators.id = recovery_codes.authenticator_id and authenticators.customer_id = $1",
        customer.uuid(),
    )
    .execute(&mut *connection)
    .await?;
    let ended = sqlx::query!(
        r#"with before as (select id, state from authenticators where customer_id = $1 order by id for update)
         update authenticators as changed
         set state = 'ended', display_name = '', sealed_display_name = null, secret = null, credential_id = null, ceremony = null, dynamic_state = null,
             ended_at = coalesce(changed.ended_at, $2)
         from before where changed.id = before.id
         returning changed.id as "id: AuthenticatorId", changed.method, before.state as was"#,
        customer.uuid(),
        now,
    )
    .fetch_all(connection)
    .await?;
    Ok(ended
        .into_iter()
        .filter(|row| row.was == "active")
        .map(|row| (row.id, row.method))
        .collect())
}

/// Gives the customer's open verifications up, and removes from all of theirs what they could be recognised by. Gives those that were
/// open, with the cases they were for.
pub async fn end_verifications(
    connection: &mut PgConnection,
    customer: CustomerId,
    now: OffsetDateTime,
) -> Result<Vec<(VerificationId, Option<CaseId>)>, DbError> {
    sqlx::query!(
        "delete from factor_challenges using verifications
         where verifications.id = factor_challenges.verification_id and verifications.customer_id = $1",
        customer.uuid(),
    )
    .execute(&mut *connection)
    .await?;
    let open = sqlx::query!(
        r#"update verifications set state = 'canceled', ended_at = $2, sealed_code = null
         where customer_id = $1 and state in ('created', 'challenged') 
         returning id as "id: VerificationId", case_id as "case_id: CaseId""#,
        customer.uuid(),
        now,
    )
    .fetch_all(&mut *connection)
    .await?;
    // A keyed hash of an address tells, to whoever has the key, that somebody with this address was here.
    sqlx::query!(
        "with cleared as (
             update risk_reviews set contact_key = decode(repeat('00', 32), 'hex')
             where contact_key is not null
                 and verification_id in (select id from verifications where customer_id = $1)
         ),
         weighed as (
             update risk_assessments set device_key = null, prefix_key = null, country_key = null
             where verification_id in (select id from verifications where customer_id = $1)
         )
         update verifications set contact_key = decode(repeat('00', 32), 'hex') where customer_id = $1",
        customer.uuid(),
    )
    .execute(connection)
    .await?;
    Ok(open.into_iter().map(|row| (row.id, row.case_id)).collect())
}

/// The keyed hashes of the addresses by which a customer was ever verified.
pub async fn contact_keys(connection: &mut PgConnection, customer: CustomerId) -> Result<Vec<[u8; 32]>, DbError> {
    let keys = sqlx::query_scalar!(
        "select distinct contact_key from verifications where customer_id = $1",
        customer.uuid()
    )
    .fetch_all(connection)
    .await?;
    let digests = keys
        .iter()
        .map(|key| super::digest("verifications", "contact_key", key));
    digests.collect()
}

/// Removes what was counted and reported of an address, by these keyed hashes.
pub async fn forget_contact(connection: &mut PgConnection, keys: &[Vec<u8>]) -> Result<(), DbError> {
    sqlx::query!(
        "with windows as (delete from send_windows where contact_key = any($1))
         delete from number_reports where contact_key = any($1)",
        keys,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes what is known of a customer besides name and address, and ends where they belong. Says how many records that were.
pub async fn end_profile(
    connection: &mut PgConnection,
    customer: CustomerId,
    now: OffsetDateTime,
) -> Result<u64, DbError> {
    let needs = sqlx::query!(
        "delete from accessibility_needs where customer_id = $1",
        customer.uuid()
    )
    .execute(&mut *connection)
    .await?;
    let consents = sqlx::query!("delete from consents where customer_id = $1", customer.uuid())
        .execute(&mut *connection)
        .await?;
    let memberships = sqlx::query!(
        "update memberships set ended_at = greatest($2, started_at) where customer_id = $1 and ended_at is null",
        customer.uuid(),
        now,
    )
    .execute(&mut *connection)
    .await?;
    let devices = sqlx::query!("delete from customer_devices where customer_id = $1", customer.uuid())
        .execute(&mut *connection)
        .await?;
    let places = sqlx::query!("delete from customer_places where customer_id = $1", customer.uuid())
        .execute(connection)
        .await?;
    Ok([needs, consents, memberships, devices, places]
        .iter()
        .map(sqlx::postgres::PgQueryResult::rows_affected)
        .sum())
}

/// Drops what was still to be sent to a customer, and removes how they want to be told and what a local system would have sent.
/// Says how many records that were.
pub async fn end_messages(
    connection: &mut PgConnection,
    customer: CustomerId,
    now: OffsetDateTime,
) -> Result<u64, DbError> {
    // Before what says which are theirs is touched.
    let local = sqlx::query!(
        "delete from local_outbox_messages where customer_id = $1
             or verification_id in (select id from verifications where customer_id = $1)
             or delivery_id in (
                 select deliveries.id from deliveries
                 join contact_points on contact_points.id = deliveries.contact_point_id
                 where contact_points.customer_id = $1)",
        customer.uuid(),
    )
    .execute(&mut *connection)
    .await?;
    let waiting = sqlx::query!(
        "update deliveries set state = 'dropped', reason = 'erased', ended_at = $2
         where state = 'pending' and (
             verification_id in (select id from verifications where customer_id = $1)
             or contact_point_id in (select id from contact_points where customer_id = $1))",
        customer.uuid(),
        now,
    )
    .execute(&mut *connection)
    .await?;
    let told = sqlx::query!(
        "update notifications set state = 'dropped', reason = 'erased', ended_at = $2
         where state = 'pending' and customer_id = $1",
        customer.uuid(),
        now,
    )
    .execute(&mut *connection)
    .await?;
    let preferences = sqlx::query!(
        "delete from contact_preferences where customer_id = $1",
        customer.uuid()
    )
    .execute(connection)
    .await?;
    Ok([local, waiting, told, preferences]
        .iter()
        .map(sqlx::postgres::PgQueryResult::rows_affected)
        .sum())
}
