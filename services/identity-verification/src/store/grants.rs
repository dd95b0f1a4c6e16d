//! Grants.

use std::time::Duration;

use sqlx::PgConnection;
use support_chassis::db::{DbError, stored};
use support_chassis::page::Page;
use time::OffsetDateTime;

use super::{methods, names};
use crate::domain::grant::{Assurance, Decay, Grant};
use crate::domain::ids::{CaseId, ContactPointId, CustomerId, DelegationId, GrantId, VerificationId};
use crate::domain::verification::Purpose;

const TABLE: &str = "grants";

/// The sort key of a list of grants: when it was made, in microseconds since 1970, and the id.
pub type SortKey = (i64, GrantId);

struct Row {
    id: GrantId,
    customer_id: CustomerId,
    verification_id: VerificationId,
    assurance: i16,
    methods: Vec<String>,
    purpose: String,
    case_id: Option<CaseId>,
    delegate_id: Option<CustomerId>,
    delegation_id: Option<DelegationId>,
    agent: Option<String>,
    standard_basis: String,
    granted_at: OffsetDateTime,
    expires_at: OffsetDateTime,
    revoked_at: Option<OffsetDateTime>,
    assured_until: Option<OffsetDateTime>,
    idle_seconds: Option<i32>,
    renewed_at: Option<OffsetDateTime>,
}

impl Row {
    /// How long the assurance lasts. Its columns are all there, or none of them is.
    fn decay(&self) -> Result<Option<Decay>, DbError> {
        let (Some(assured_until), Some(seconds), Some(renewed_at)) =
            (self.assured_until, self.idle_seconds, self.renewed_at)
        else {
            return Ok(None);
        };
        let seconds = stored(u64::try_from(seconds).ok(), TABLE, "idle_seconds")?;
        Ok(Some(Decay {
            assured_until,
            idle: Duration::from_secs(seconds),
            renewed_at,
        }))
    }
}

impl TryFrom<Row> for Grant {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        Ok(Self {
            decay: row.decay()?,
            id: row.id,
            customer_id: row.customer_id,
            verification_id: row.verification_id,
            assurance: stored(Assurance::from_stored(row.assurance), TABLE, "assurance")?,
            methods: methods(TABLE, "methods", &row.methods)?,
            purpose: stored(Purpose::from_name(&row.purpose), TABLE, "purpose")?,
            case_id: row.case_id,
            delegation: row.delegate_id.zip(row.delegation_id),
            agent: row.agent,
            standard_basis: row.standard_basis,
            granted_at: row.granted_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
        })
    }
}

/// Writes a new grant.
///
/// # Errors
///
/// Constraint `grants_verification_key` where the verification has given one already.
pub async fn insert(connection: &mut PgConnection, new: &Grant) -> Result<(), DbError> {
    sqlx::query!(
        "insert into grants (
             id, customer_id, verification_id, assurance, methods, purpose, case_id, standard_basis, granted_at,
             expires_at, revoked_at, assured_until, idle_seconds, renewed_at, delegate_id, delegation_id, agent
         )
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
        new.id.uuid(),
        new.customer_id.uuid(),
        new.verification_id.uuid(),
        i16::from(new.assurance.level()),
        &names(&new.methods),
        new.purpose.as_str(),
        new.case_id.map(CaseId::uuid),
        new.standard_basis,
        new.granted_at,
        new.expires_at,
        new.revoked_at,
        new.decay.map(|decay| decay.assured_until),
        new.decay
            .map(|decay| i32::try_from(decay.idle.as_secs()).unwrap_or(i32::MAX)),
        new.decay.map(|decay| decay.renewed_at),
        new.delegation.map(|(delegate, _)| delegate.uuid()),
        new.delegation.map(|(_, delegation)| delegation.uuid()),
        new.agent.as_deref(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Reads a grant.
pub async fn get(connection: &mut PgConnection, id: GrantId) -> Result<Option<Grant>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: GrantId", customer_id as "customer_id: CustomerId",
             verification_id as "verification_id: VerificationId", assurance, methods, purpose, case_id as "case_id: CaseId",
             delegate_id as "delegate_id: CustomerId", delegation_id as "delegation_id: DelegationId", agent, standard_basis,
             granted_at, expires_at, revoked_at, assured_until, idle_seconds, renewed_at
         from grants where id = $1"#,
        id.uuid(),
    )
    .fetch_optional(connection)
    .await?
    .map(Grant::try_from)
    .transpose()
}

/// Reads a grant and keeps others from changing it until the transaction ends.
pub async fn lock(connection: &mut PgConnection, id: GrantId) -> Result<Option<Grant>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: GrantId", customer_id as "customer_id: CustomerId",
             verification_id as "verification_id: VerificationId", assurance, methods, purpose, case_id as "case_id: CaseId",
             delegate_id as "delegate_id: CustomerId", delegation_id as "delegation_id: DelegationId", agent, standard_basis,
             granted_at, expires_at, revoked_at, assured_until, idle_seconds, renewed_at
         from grants where id = $1 for update"#,
        id.uuid(),
    )
    .fetch_optional(connection)
    .await?
    .map(Grant::try_from)
    .transpose()
}

/// Ends the grants that were made by a delegation and last, and names them.
pub async fn end_of_delegation(
    connection: &mut PgConnection,
    delegation: DelegationId,
    now: OffsetDateTime,
) -> Result<Vec<GrantId>, DbError> {
    Ok(sqlx::query_scalar!(
        r#"update grants set revoked_at = greatest($2, granted_at)
         where delegation_id = $1 and revoked_at is null and expires_at > $2 returning id as "id: GrantId""#,
        delegation.uuid(),
        now,
    )
    .fetch_all(connection)
    .await?)
}

/// Ends the grants of verifications by a contact point that last, but for `kept`, and names them.
pub async fn end_of_contact_point(
    connection: &mut PgConnection,
    point: ContactPointId,
    kept: Option<GrantId>,
    now: OffsetDateTime,
) -> Result<Vec<GrantId>, DbError> {
    Ok(sqlx::query_scalar!(
        r#"update grants set revoked_at = greatest($3, granted_at)
         where verification_id in (select id from verifications where contact_point_id = $1)
             and id is distinct from $2 and revoked_at is null and expires_at > $3
         returning id as "id: GrantId""#,
        point.uuid(),
        kept.map(GrantId::uuid),
        now,
    )
    .fetch_all(connection)
    .await?)
}

/// The grants by which a customer was verified in person for a case and that live at `now`, newest first, twenty at most.
pub async fn live_for_case(
    connection: &mut PgConnection,
    customer: CustomerId,
    case: CaseId,
    now: OffsetDateTime,
) -> Result<Vec<Grant>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: GrantId", customer_id as "customer_id: CustomerId",
             verification_id as "verification_id: VerificationId", assurance, methods, purpose, case_id as "case_id: CaseId",
             delegate_id as "delegate_id: CustomerId", delegation_id as "delegation_id: DelegationId", agent, standard_basis,
             granted_at, expires_at, revoked_at, assured_until, idle_seconds, renewed_at
         from grants
         where customer_id = $1 and case_id = $2 and expires_at > $3 and revoked_at is null and delegate_id is null
         order by granted_at desc, id desc limit 20"#,
        customer.uuid(),
        case.uuid(),
        now,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Grant::try_from)
    .collect()
}

/// Writes that a locked grant was revoked.
pub async fn set_revoked(connection: &mut PgConnection, grant: &Grant) -> Result<(), DbError> {
    sqlx::query!(
        "update grants set revoked_at = $2 where id = $1",
        grant.id.uuid(),
        grant.revoked_at
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes that the session of a locked grant was renewed.
pub async fn set_renewed(connection: &mut PgConnection, grant: &Grant) -> Result<(), DbError> {
    sqlx::query!(
        "update grants set renewed_at = $2 where id = $1",
        grant.id.uuid(),
        grant.decay.map(|decay| decay.renewed_at),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A grant that was revoked: its id, when, and when it would have ended.
pub type Revoked = (GrantId, OffsetDateTime, OffsetDateTime);

/// The grants that were revoked at `since` or later and whose tokens have not run out at `now`, in the order of revocation.
pub async fn revoked(
    connection: &mut PgConnection,
    since: OffsetDateTime,
    now: OffsetDateTime,
    limit: i64,
) -> Result<Vec<Revoked>, DbError> {
    let rows = sqlx::query!(
        r#"select id as "id: GrantId", revoked_at as "revoked_at!", expires_at from grants
         where revoked_at >= $1 and expires_at > $2
         order by revoked_at, id limit $3"#,
        since,
        now,
        limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id, row.revoked_at, row.expires_at))
        .collect())
}

/// The grants of a customer, newest first: one more than the page holds.
pub async fn list(
    connection: &mut PgConnection,
    customer: CustomerId,
    page: &Page<SortKey>,
) -> Result<Vec<Grant>, DbError> {
    let (after_at, after_id) = match &page.after {
        Some((at, id)) => (Some(super::from_microseconds(*at)), Some(id.uuid())),
        None => (None, None),
    };
    sqlx::query_as!(
        Row,
        r#"select id as "id: GrantId", customer_id as "customer_id: CustomerId",
             verification_id as "verification_id: VerificationId", assurance, methods, purpose, case_id as "case_id: CaseId",
             delegate_id as "delegate_id: CustomerId", delegation_id as "delegation_id: DelegationId", agent, standard_basis,
             granted_at, expires_at, revoked_at, assured_until, idle_seconds, renewed_at
         from grants
         where customer_id = $1 and ($2::timestamptz is null or (granted_at, id) < ($2, $3))
         order by granted_at desc, id desc limit $4"#,
        customer.uuid(),
        after_at,
        after_id,
        page.limit(),
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Grant::try_from)
    .collect()
}

/// The sort key of a grant.
#[must_use]
pub fn sort_key(grant: &Grant) -> SortKey {
    (super::microseconds(grant.granted_at), grant.id)
}
