//! Erasures, how far every service is with them, and who was handed what is held on a customer.

use sqlx::PgConnection;
use support_chassis::db::{DbError, stored};
use support_chassis::page::Page;
use time::OffsetDateTime;

use crate::domain::erasure::{Erasure, ErasureState, Reason};
use crate::domain::ids::{CaseId, CustomerId, ErasureId, ExportId};

const TABLE: &str = "erasures";

/// The sort key of a list of erasures: when it was asked for, in microseconds since 1970, and the id.
pub type SortKey = (i64, ErasureId);

/// How far a service is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The service.
    pub service: String,
    /// When it had erased, and how many records that were; none where it has not yet.
    pub done: Option<(OffsetDateTime, i64)>,
}

/// That somebody is handed all that is held on a customer.
#[derive(Debug)]
pub struct Export {
    /// The id.
    pub id: ExportId,
    /// Whose.
    pub customer_id: CustomerId,
    /// Why.
    pub reason: Reason,
    /// In which case.
    pub case_id: Option<CaseId>,
    /// The subject of staff, or the customer's id.
    pub exported_by: String,
    /// When.
    pub exported_at: OffsetDateTime,
}

struct Row {
    id: ErasureId,
    customer_id: CustomerId,
    state: String,
    reason: String,
    case_id: Option<CaseId>,
    requested_by: String,
    requested_at: OffsetDateTime,
    decided_by: Option<String>,
    decided_at: Option<OffsetDateTime>,
    completed_at: Option<OffsetDateTime>,
}

impl TryFrom<Row> for Erasure {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        Ok(Self {
            id: row.id,
            customer_id: row.customer_id,
            state: stored(ErasureState::from_name(&row.state), TABLE, "state")?,
            reason: stored(Reason::from_name(&row.reason), TABLE, "reason")?,
            case_id: row.case_id,
            requested_by: row.requested_by,
            requested_at: row.requested_at,
            decided: row.decided_by.zip(row.decided_at),
            completed_at: row.completed_at,
        })
    }
}

/// Writes an erasure that is asked for.
///
/// # Errors
///
/// Constraint `erasures_customer_key` where there is one that was not taken back.
pub async fn insert(connection: &mut PgConnection, new: &Erasure) -> Result<(), DbError> {
    sqlx::query!(
        "insert into erasures (id, customer_id, state, reason, case_id, requested_by, requested_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        new.id.uuid(),
        new.customer_id.uuid(),
        new.state.as_str(),
        new.reason.as_str(),
        new.case_id.map(CaseId::uuid),
        new.requested_by,
        new.requested_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Reads an erasure.
pub async fn get(connection: &mut PgConnection, id: ErasureId) -> Result<Option<Erasure>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: ErasureId", customer_id as "customer_id: CustomerId", state, reason, case_id as "case_id: CaseId",
             requested_by, requested_at, decided_by, decided_at, completed_at
         from erasures where id = $1"#,
        id.uuid(),
    )
    .fetch_optional(connection)
    .await?
    .map(Erasure::try_from)
    .transpose()
}

/// Reads an erasure and keeps others from changing it until the transaction ends.
pub async fn lock(connection: &mut PgConnection, id: ErasureId) -> Result<Option<Erasure>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: ErasureId", customer_id as "customer_id: CustomerId", state, reason, case_id as "case_id: CaseId",
             requested_by, requested_at, decided_by, decided_at, completed_at
         from erasures where id = $1 for update"#,
        id.uuid(),
    )
    .fetch_optional(connection)
    .await?
    .map(Erasure::try_from)
    .transpose()
}

/// Reads the erasure of a customer that was not taken back.
pub async fn of_customer(connection: &mut PgConnection, customer: CustomerId) -> Result<Option<Erasure>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: ErasureId", customer_id as "customer_id: CustomerId", state, reason, case_id as "case_id: CaseId",
             requested_by, requested_at, decided_by, decided_at, completed_at
         from erasures where customer_id = $1 and state <> 'withdrawn'"#,
        customer.uuid(),
    )
    .fetch_optional(connection)
    .await?
    .map(Erasure::try_from)
    .transpose()
}

/// Writes how far a locked erasure is.
pub async fn save(connection: &mut PgConnection, erasure: &Erasure) -> Result<(), DbError> {
    let (by, at) = erasure.decided.clone().unzip();
    sqlx::query!(
        "update erasures set state = $2, decided_by = $3, decided_at = $4, completed_at = $5 where id = $1",
        erasure.id.uuid(),
        erasure.state.as_str(),
        by,
        at,
        erasure.completed_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Lists erasures, newest first: one more than the page holds.
pub async fn list(
    connection: &mut PgConnection,
    state: Option<ErasureState>,
    customer: Option<CustomerId>,
    page: &Page<SortKey>,
) -> Result<Vec<Erasure>, DbError> {
    let (after_at, after_id) = match &page.after {
        Some((at, id)) => (Some(super::from_microseconds(*at)), Some(id.uuid())),
        None => (None, None),
    };
    sqlx::query_as!(
        Row,
        r#"select id as "id: ErasureId", customer_id as "customer_id: CustomerId", state, reason, case_id as "case_id: CaseId",
             requested_by, requested_at, decided_by, decided_at, completed_at
         from erasures
         where ($1::text is null or state = $1) and ($2::uuid is null or customer_id = $2)
             and ($3::timestamptz is null or (requested_at, id) < ($3, $4))
         order by requested_at desc, id desc limit $5"#,
        state.map(ErasureState::as_str),
        customer.map(CustomerId::uuid),
        after_at,
        after_id,
        page.limit(),
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Erasure::try_from)
    .collect()
}

/// The sort key of an erasure.
#[must_use]
pub fn sort_key(erasure: &Erasure) -> SortKey {
    (super::microseconds(erasure.requested_at), erasure.id)
}

/// Writes which services are waited for.
pub async fn expect(connection: &mut PgConnection, id: ErasureId, services: &[&str]) -> Result<(), DbError> {
    let services: Vec<_> = services.iter().map(|service| (*service).to_owned()).collect();
    sqlx::query!(
        "insert into erasure_services (erasure_id, service) select $1, unnest($2::text[])",
        id.uuid(),
        &services,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes that a service has erased, unless it said so before, and says how many have not yet.
pub async fn done(
    connection: &mut PgConnection,
    id: ErasureId,
    service: &str,
    records: i64,
    at: OffsetDateTime,
) -> Result<i64, DbError> {
    sqlx::query!(
        "update erasure_services set erased_at = $3, records = $4 where erasure_id = $1 and service = $2 and erased_at is null",
        id.uuid(),
        service,
        at,
        records.max(0),
    )
    .execute(&mut *connection)
    .await?;
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from erasure_services where erasure_id = $1 and erased_at is null"#,
        id.uuid(),
    )
    .fetch_one(connection)
    .await?)
}

/// How far every service is with each of some erasures, by erasure and service.
pub async fn progress(connection: &mut PgConnection, ids: &[ErasureId]) -> Result<Vec<(ErasureId, Progress)>, DbError> {
    let ids: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!(
        r#"select erasure_id as "erasure_id: ErasureId", service, erased_at, records from erasure_services
         where erasure_id = any($1) order by erasure_id, service"#,
        &ids,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let progress = Progress {
                service: row.service,
                done: row.erased_at.zip(row.records),
            };
            (row.erasure_id, progress)
        })
        .collect())
}

/// Writes that somebody is handed all that is held on a customer.
pub async fn insert_export(connection: &mut PgConnection, export: &Export) -> Result<(), DbError> {
    sqlx::query!(
        "insert into personal_exports (id, customer_id, reason, case_id, exported_by, exported_at)
         values ($1, $2, $3, $4, $5, $6)",
        export.id.uuid(),
        export.customer_id.uuid(),
        export.reason.as_str(),
        export.case_id.map(CaseId::uuid),
        export.exported_by,
        export.exported_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}
