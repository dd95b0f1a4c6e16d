//! Verifications.

use std::time::Duration;

use sqlx::PgConnection;
use support_chassis::db::{DbError, stored};
use time::OffsetDateTime;

use super::{digest, methods, names};
use crate::domain::grant::Assurance;
use crate::domain::ids::{CaseId, ContactPointId, CustomerId, VerificationId};
use crate::domain::machine::State;
use crate::domain::rules::Limits;
use crate::domain::verification::{Method, Purpose, Subject, Verification};

const TABLE: &str = "verifications";

struct Row {
    id: VerificationId,
    customer_id: Option<CustomerId>,
    contact_point_id: Option<ContactPointId>,
    method: String,
    purpose: String,
    state: String,
    case_id: Option<CaseId>,
    acts_for: Option<CustomerId>,
    agent: Option<String>,
    languages: Vec<String>,
    contact_key: Vec<u8>,
    code_mac: Vec<u8>,
    sealed_code: Option<Vec<u8>>,
    standard_basis: String,
    sends_limit: i16,
    checks_limit: i16,
    hourly_sends_limit: i16,
    own_basis: Option<String>,
    own_sends_limit: Option<i16>,
    own_checks_limit: Option<i16>,
    own_hourly_sends_limit: Option<i16>,
    own_expires_at: Option<OffsetDateTime>,
    grant_seconds: Option<i32>,
    proven: Vec<String>,
    methods: Vec<String>,
    assurance: i16,
    rules_country: Option<String>,
    own_methods: Option<Vec<String>>,
    own_country: Option<String>,
    sends: i16,
    checks: i16,
    created_at: OffsetDateTime,
    expires_at: OffsetDateTime,
    ended_at: Option<OffsetDateTime>,
}

impl Row {
    fn assurance(&self) -> Result<Assurance, DbError> {
        stored(Assurance::from_stored(self.assurance), TABLE, "assurance")
    }

    /// The subject. Its columns are all there, or none of them is.
    fn subject(&self) -> Result<Option<Subject>, DbError> {
        let Some(customer_id) = self.customer_id else {
            return Ok(None);
        };
        let seconds = stored(self.grant_seconds, TABLE, "grant_seconds")?;
        let grant_seconds = stored(u64::try_from(seconds).ok(), TABLE, "grant_seconds")?;
        Ok(Some(Subject {
            customer_id,
            contact_point_id: stored(self.contact_point_id, TABLE, "contact_point_id")?,
            country_code: stored(self.own_country.clone(), TABLE, "own_country")?,
            limits: Limits {
                basis: stored(self.own_basis.clone(), TABLE, "own_basis")?,
                sends: stored(self.own_sends_limit, TABLE, "own_sends_limit")?,
                checks: stored(self.own_checks_limit, TABLE, "own_checks_limit")?,
                sends_per_hour: stored(self.own_hourly_sends_limit, TABLE, "own_hourly_sends_limit")?,
                expires_at: stored(self.own_expires_at, TABLE, "own_expires_at")?,
                assurance: self.assurance()?,
                methods: methods(
                    TABLE,
                    "own_methods",
                    &stored(self.own_methods.clone(), TABLE, "own_methods")?,
                )?,
            },
            grant_lifetime: Duration::from_secs(grant_seconds),
        }))
    }
}

impl TryFrom<Row> for Verification {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        let (subject, assurance) = (row.subject()?, row.assurance()?);
        Ok(Self {
            id: row.id,
            subject,
            proven: methods(TABLE, "proven", &row.proven)?,
            method: stored(Method::from_name(&row.method), TABLE, "method")?,
            purpose: stored(Purpose::from_name(&row.purpose), TABLE, "purpose")?,
            state: stored(State::from_name(&row.state), TABLE, "state")?,
            case_id: row.case_id,
            acts_for: row.acts_for,
            agent: row.agent,
            languages: row.languages,
            contact_key: digest(TABLE, "contact_key", &row.contact_key)?,
            code_mac: digest(TABLE, "code_mac", &row.code_mac)?,
            sealed_code: row.sealed_code,
            limits: Limits {
                assurance,
                methods: methods(TABLE, "methods", &row.methods)?,
                basis: row.standard_basis,
                sends: row.sends_limit,
                checks: row.checks_limit,
                sends_per_hour: row.hourly_sends_limit,
                expires_at: row.expires_at,
            },
            country_code: row.rules_country,
            sends: row.sends,
            checks: row.checks,
            created_at: row.created_at,
            ended_at: row.ended_at,
        })
    }
}

/// Writes a new verification.
pub async fn insert(connection: &mut PgConnection, new: &Verification) -> Result<(), DbError> {
    let subject = new.subject.as_ref();
    let own = subject.map(|subject| &subject.limits);
    let own_methods = own.map(|own| names(&own.methods));
    sqlx::query!(
        "insert into verifications (
             id, customer_id, contact_point_id, method, purpose, state, case_id, languages, contact_key, code_mac,
             sealed_code, standard_basis, sends_limit, checks_limit, hourly_sends_limit, own_basis, own_sends_limit,
             own_checks_limit, own_hourly_sends_limit, own_expires_at, grant_seconds, sends, checks, created_at,
             expires_at, ended_at, proven, methods, assurance, rules_country, own_methods, own_country,
             acts_for, agent
         )
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,
             $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34)",
        new.id.uuid(),
        subject.map(|subject| subject.customer_id.uuid()),
        subject.map(|subject| subject.contact_point_id.uuid()),
        new.method.as_str(),
        new.purpose.as_str(),
        new.state.as_str(),
        new.case_id.map(CaseId::uuid),
        &new.languages,
        &new.contact_key,
        &new.code_mac,
        new.sealed_code.as_deref(),
        new.limits.basis,
        new.limits.sends,
        new.limits.checks,
        new.limits.sends_per_hour,
        own.map(|own| own.basis.as_str()),
        own.map(|own| own.sends),
        own.map(|own| own.checks),
        own.map(|own| own.sends_per_hour),
        own.map(|own| own.expires_at),
        subject.map(|subject| i32::try_from(subject.grant_lifetime.as_secs()).unwrap_or(i32::MAX)),
        new.sends,
        new.checks,
        new.created_at,
        new.limits.expires_at,
        new.ended_at,
        &names(&new.proven),
        &names(&new.limits.methods),
        i16::from(new.limits.assurance.level()),
        new.country_code.as_deref(),
        own_methods.as_deref(),
        subject.map(|subject| subject.country_code.as_str()),
        new.acts_for.map(CustomerId::uuid),
        new.agent.as_deref(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Reads a verification.
pub async fn get(connection: &mut PgConnection, id: VerificationId) -> Result<Option<Verification>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: VerificationId", customer_id as "customer_id: CustomerId",
             contact_point_id as "contact_point_id: ContactPointId", method, purpose, state, case_id as "case_id: CaseId",
             languages, contact_key, code_mac, sealed_code, standard_basis, sends_limit, checks_limit, hourly_sends_limit,
             own_basis, own_sends_limit, own_checks_limit, own_hourly_sends_limit, own_expires_at, grant_seconds,
             proven, methods, assurance, rules_country, own_methods, own_country, sends, checks, created_at,
             expires_at, ended_at, acts_for as "acts_for: CustomerId", agent
         from verifications where id = $1"#,
        id.uuid(),
    )
    .fetch_optional(connection)
    .await?
    .map(Verification::try_from)
    .transpose()
}

/// Reads a verification and keeps others from changing it until the transaction ends.
pub async fn lock(connection: &mut PgConnection, id: VerificationId) -> Result<Option<Verification>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: VerificationId", customer_id as "customer_id: CustomerId",
             contact_point_id as "contact_point_id: ContactPointId", method, purpose, state, case_id as "case_id: CaseId",
             languages, contact_key, code_mac, sealed_code, standard_basis, sends_limit, checks_limit, hourly_sends_limit,
             own_basis, own_sends_limit, own_checks_limit, own_hourly_sends_limit, own_expires_at, grant_seconds,
             proven, methods, assurance, rules_country, own_methods, own_country, sends, checks, created_at,
             expires_at, ended_at, acts_for as "acts_for: CustomerId", agent
         from verifications where id = $1 for update"#,
        id.uuid(),
    )
    .fetch_optional(connection)
    .await?
    .map(Verification::try_from)
    .transpose()
}

/// The verifications that wait for a proof by a contact point.
pub async fn open_by(connection: &mut PgConnection, point: ContactPointId) -> Result<Vec<VerificationId>, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: VerificationId" from verifications
         where contact_point_id = $1 and state in ('created', 'challenged') order by id"#,
        point.uuid(),
    )
    .fetch_all(connection)
    .await?)
}

/// Locks verifications whose time is over at `now` and that are still open, the oldest first; those that somebody else
/// is at are left for the next round.
pub async fn lock_overdue(
    connection: &mut PgConnection,
    now: OffsetDateTime,
    limit: i64,
) -> Result<Vec<Verification>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: VerificationId", customer_id as "customer_id: CustomerId",
             contact_point_id as "contact_point_id: ContactPointId", method, purpose, state, case_id as "case_id: CaseId",
             languages, contact_key, code_mac, sealed_code, standard_basis, sends_limit, checks_limit, hourly_sends_limit,
             own_basis, own_sends_limit, own_checks_limit, own_hourly_sends_limit, own_expires_at, grant_seconds,
             proven, methods, assurance, rules_country, own_methods, own_country, sends, checks, created_at,
             expires_at, ended_at, acts_for as "acts_for: CustomerId", agent
         from verifications
         where state in ('created', 'challenged') and expires_at <= $1
         order by expires_at limit $2
         for update skip locked"#,
        now,
        limit,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Verification::try_from)
    .collect()
}

/// Writes what can change of a locked verification.
pub async fn update(connection: &mut PgConnection, changed: &Verification) -> Result<(), DbError> {
    sqlx::query!(
        "update verifications set state = $2, sealed_code = $3, sends = $4, checks = $5, ended_at = $6, proven = $7,
             assurance = $8
         where id = $1",
        changed.id.uuid(),
        changed.state.as_str(),
        changed.sealed_code.as_deref(),
        changed.sends,
        changed.checks,
        changed.ended_at,
        &names(&changed.proven),
        i16::from(changed.limits.assurance.level()),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes down that locked verifications have expired at `now`: one statement for all.
pub async fn expire(connection: &mut PgConnection, ids: &[VerificationId], now: OffsetDateTime) -> Result<(), DbError> {
    let ids: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
    sqlx::query!(
        "update verifications set state = 'expired', sealed_code = null, ended_at = $2 where id = any($1)",
        &ids,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}
