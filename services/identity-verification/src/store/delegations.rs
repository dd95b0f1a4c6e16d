//! Delegations.

use sqlx::PgConnection;
use support_chassis::db::{DbError, stored};
use support_chassis::page::Page;
use time::OffsetDateTime;

use crate::domain::delegation::{AskedBy, DelegateKind, Delegation, End};
use crate::domain::ids::{CaseId, CustomerId, DelegationId, GrantId};
use crate::domain::verification::Purpose;

const TABLE: &str = "delegations";

struct Row {
    id: DelegationId,
    customer_id: CustomerId,
    delegate_id: CustomerId,
    kind: String,
    purposes: Vec<String>,
    started_at: OffsetDateTime,
    expires_at: OffsetDateTime,
    ended_at: Option<OffsetDateTime>,
    end_reason: Option<String>,
    asked_by: String,
    consent_grant_id: GrantId,
    case_id: Option<CaseId>,
    standard_basis: String,
}

impl TryFrom<Row> for Delegation {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        let end = row
            .end_reason
            .map(|reason| stored(End::from_name(&reason), TABLE, "end_reason"))
            .transpose()?;
        let purposes = row.purposes.iter();
        let purposes = purposes.map(|name| stored(Purpose::from_name(name), TABLE, "purposes"));
        Ok(Self {
            id: row.id,
            customer_id: row.customer_id,
            delegate_id: row.delegate_id,
            kind: stored(DelegateKind::from_name(&row.kind), TABLE, "kind")?,
            purposes: purposes.collect::<Result<_, _>>()?,
            started_at: row.started_at,
            expires_at: row.expires_at,
            ended: row.ended_at.zip(end),
            asked_by: stored(AskedBy::from_name(&row.asked_by), TABLE, "asked_by")?,
            consent_grant_id: row.consent_grant_id,
            case_id: row.case_id,
            standard_basis: row.standard_basis,
        })
    }
}

/// Writes a new delegation.
///
/// # Errors
///
/// Constraint `delegations_current_key` where one of the same two lasts.
pub async fn insert(connection: &mut PgConnection, new: &Delegation) -> Result<(), DbError> {
    let purposes: Vec<_> = new.purposes.iter().map(|purpose| purpose.as_str().to_owned()).collect();
    sqlx::query!(
        "insert into delegations (id, customer_id, delegate_id, kind, purposes, started_at, expires_at, ended_at, end_reason,
             asked_by, consent_grant_id, case_id, standard_basis)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        new.id.uuid(),
        new.customer_id.uuid(),
        new.delegate_id.uuid(),
        new.kind.as_str(),
        &purposes,
        new.started_at,
        new.expires_at,
        new.ended.map(|(at, _)| at),
        new.ended.map(|(_, end)| end.as_str()),
        new.asked_by.as_str(),
        new.consent_grant_id.uuid(),
        new.case_id.map(CaseId::uuid),
        new.standard_basis,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Reads a delegation.
pub async fn get(connection: &mut PgConnection, id: DelegationId) -> Result<Option<Delegation>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: DelegationId", customer_id as "customer_id: CustomerId", delegate_id as "delegate_id: CustomerId",
             kind, purposes, started_at, expires_at, ended_at, end_reason, asked_by,
             consent_grant_id as "consent_grant_id: GrantId", case_id as "case_id: CaseId", standard_basis
         from delegations where id = $1"#,
        id.uuid(),
    )
    .fetch_optional(connection)
    .await?
    .map(Delegation::try_from)
    .transpose()
}

/// Reads a delegation and keeps others from changing it, and from granting anything by it, until the transaction ends.
pub async fn lock(connection: &mut PgConnection, id: DelegationId) -> Result<Option<Delegation>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: DelegationId", customer_id as "customer_id: CustomerId", delegate_id as "delegate_id: CustomerId",
             kind, purposes, started_at, expires_at, ended_at, end_reason, asked_by,
             consent_grant_id as "consent_grant_id: GrantId", case_id as "case_id: CaseId", standard_basis
         from delegations where id = $1 for update"#,
        id.uuid(),
    )
    .fetch_optional(connection)
    .await?
    .map(Delegation::try_from)
    .transpose()
}

/// The latest delegation by which `delegate` acts for `customer`, ended or not: kept from ending until the transaction does, so that
/// whoever ends it finds what was granted by it.
pub async fn latest(
    connection: &mut PgConnection,
    customer: CustomerId,
    delegate: CustomerId,
) -> Result<Option<Delegation>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: DelegationId", customer_id as "customer_id: CustomerId", delegate_id as "delegate_id: CustomerId",
             kind, purposes, started_at, expires_at, ended_at, end_reason, asked_by,
             consent_grant_id as "consent_grant_id: GrantId", case_id as "case_id: CaseId", standard_basis
         from delegations where customer_id = $1 and delegate_id = $2
         order by (ended_at is null) desc, id desc limit 1 for share"#,
        customer.uuid(),
        delegate.uuid(),
    )
    .fetch_optional(connection)
    .await?
    .map(Delegation::try_from)
    .transpose()
}

/// Locks the delegations by which others act for a customer and that nobody has ended, in the order of their ids.
pub async fn lock_open(connection: &mut PgConnection, customer: CustomerId) -> Result<Vec<Delegation>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: DelegationId", customer_id as "customer_id: CustomerId", delegate_id as "delegate_id: CustomerId",
             kind, purposes, started_at, expires_at, ended_at, end_reason, asked_by,
             consent_grant_id as "consent_grant_id: GrantId", case_id as "case_id: CaseId", standard_basis
         from delegations where customer_id = $1 and ended_at is null order by id for update"#,
        customer.uuid(),
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Delegation::try_from)
    .collect()
}

/// Locks the delegations that a customer is either side of and that nobody has ended, in the order of their ids.
pub async fn lock_of_either(connection: &mut PgConnection, customer: CustomerId) -> Result<Vec<Delegation>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: DelegationId", customer_id as "customer_id: CustomerId", delegate_id as "delegate_id: CustomerId",
             kind, purposes, started_at, expires_at, ended_at, end_reason, asked_by,
             consent_grant_id as "consent_grant_id: GrantId", case_id as "case_id: CaseId", standard_basis
         from delegations where (customer_id = $1 or delegate_id = $1) and ended_at is null order by id for update"#,
        customer.uuid(),
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Delegation::try_from)
    .collect()
}

/// Locks delegations whose time is over at `now` and that are still open, the oldest first; those that somebody else is at are left
/// for the next round.
pub async fn lock_overdue(
    connection: &mut PgConnection,
    now: OffsetDateTime,
    limit: i64,
) -> Result<Vec<Delegation>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: DelegationId", customer_id as "customer_id: CustomerId", delegate_id as "delegate_id: CustomerId",
             kind, purposes, started_at, expires_at, ended_at, end_reason, asked_by,
             consent_grant_id as "consent_grant_id: GrantId", case_id as "case_id: CaseId", standard_basis
         from delegations where ended_at is null and expires_at <= $1
         order by expires_at limit $2 for update skip locked"#,
        now,
        limit,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Delegation::try_from)
    .collect()
}

/// Writes that a locked delegation has ended.
pub async fn set_ended(connection: &mut PgConnection, ended: &Delegation) -> Result<(), DbError> {
    sqlx::query!(
        "update delegations set ended_at = $2, end_reason = $3 where id = $1",
        ended.id.uuid(),
        ended.ended.map(|(at, _)| at),
        ended.ended.map(|(_, end)| end.as_str()),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whose delegations are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Those by which others act for this customer.
    For(CustomerId),
    /// Those by which this customer acts for others.
    By(CustomerId),
}

/// The delegations of one side, newest first: one more than the page holds. The sort key is the id.
pub async fn list(
    connection: &mut PgConnection,
    side: Side,
    page: &Page<DelegationId>,
) -> Result<Vec<Delegation>, DbError> {
    let (customer, delegate) = match side {
        Side::For(customer) => (Some(customer), None),
        Side::By(delegate) => (None, Some(delegate)),
    };
    sqlx::query_as!(
        Row,
        r#"select id as "id: DelegationId", customer_id as "customer_id: CustomerId", delegate_id as "delegate_id: CustomerId",
             kind, purposes, started_at, expires_at, ended_at, end_reason, asked_by,
             consent_grant_id as "consent_grant_id: GrantId", case_id as "case_id: CaseId", standard_basis
         from delegations
         where ($1::uuid is null or customer_id = $1) and ($2::uuid is null or delegate_id = $2)
             and ($3::uuid is null or id < $3)
         order by id desc limit $4"#,
        customer.map(CustomerId::uuid),
        delegate.map(CustomerId::uuid),
        page.after.map(DelegationId::uuid),
        page.limit(),
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Delegation::try_from)
    .collect()
}
