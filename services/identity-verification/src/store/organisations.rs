//! Businesses and schools, and who belongs to them.

use sqlx::PgConnection;
use support_chassis::db::{DbError, stored};
use support_chassis::page::Page;
use time::OffsetDateTime;

use crate::domain::ids::{CustomerId, MembershipId, OrganisationId};
use crate::domain::profile::{Membership, Organisation, OrganisationKind, Role};

/// Writes a new organisation.
pub async fn insert(connection: &mut PgConnection, new: &Organisation) -> Result<(), DbError> {
    sqlx::query!(
        "insert into organisations (id, kind, display_name, country_code, created_at) values ($1, $2, $3, $4, $5)",
        new.id.uuid(),
        new.kind.as_str(),
        new.display_name,
        new.country_code,
        new.created_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Reads an organisation.
pub async fn get(connection: &mut PgConnection, id: OrganisationId) -> Result<Option<Organisation>, DbError> {
    let row = sqlx::query!(
        "select kind, display_name, country_code, created_at from organisations where id = $1",
        id.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        Ok(Organisation {
            id,
            kind: stored(OrganisationKind::from_name(&row.kind), "organisations", "kind")?,
            display_name: row.display_name,
            country_code: row.country_code,
            created_at: row.created_at,
        })
    })
    .transpose()
}

struct Row {
    id: MembershipId,
    organisation_id: OrganisationId,
    customer_id: CustomerId,
    role: String,
    started_at: OffsetDateTime,
    ended_at: Option<OffsetDateTime>,
}

impl TryFrom<Row> for Membership {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        Ok(Self {
            id: row.id,
            organisation_id: row.organisation_id,
            customer_id: row.customer_id,
            role: stored(Role::from_name(&row.role), "memberships", "role")?,
            started_at: row.started_at,
            ended_at: row.ended_at,
        })
    }
}

/// The latest membership of a customer in an organisation, whether it has ended or not.
pub async fn membership(
    connection: &mut PgConnection,
    organisation: OrganisationId,
    customer: CustomerId,
) -> Result<Option<Membership>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: MembershipId", organisation_id as "organisation_id: OrganisationId",
             customer_id as "customer_id: CustomerId", role, started_at, ended_at
         from memberships where organisation_id = $1 and customer_id = $2 order by id desc limit 1"#,
        organisation.uuid(),
        customer.uuid(),
    )
    .fetch_optional(connection)
    .await?
    .map(Membership::try_from)
    .transpose()
}

/// Writes a new membership.
pub async fn insert_membership(connection: &mut PgConnection, new: &Membership) -> Result<(), DbError> {
    sqlx::query!(
        "insert into memberships (id, organisation_id, customer_id, role, started_at, ended_at)
         values ($1, $2, $3, $4, $5, $6)",
        new.id.uuid(),
        new.organisation_id.uuid(),
        new.customer_id.uuid(),
        new.role.as_str(),
        new.started_at,
        new.ended_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes that a membership has ended.
pub async fn end_membership(
    connection: &mut PgConnection,
    id: MembershipId,
    now: OffsetDateTime,
) -> Result<(), DbError> {
    sqlx::query!(
        "update memberships set ended_at = $2 where id = $1 and ended_at is null",
        id.uuid(),
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Where a customer belongs today.
pub async fn of_customer(connection: &mut PgConnection, customer: CustomerId) -> Result<Vec<Membership>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: MembershipId", organisation_id as "organisation_id: OrganisationId",
             customer_id as "customer_id: CustomerId", role, started_at, ended_at
         from memberships where customer_id = $1 and ended_at is null order by id"#,
        customer.uuid(),
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Membership::try_from)
    .collect()
}

/// Who belongs to an organisation today: one more than the page holds. The sort key is the membership's id.
pub async fn members(
    connection: &mut PgConnection,
    organisation: OrganisationId,
    page: &Page<MembershipId>,
) -> Result<Vec<Membership>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: MembershipId", organisation_id as "organisation_id: OrganisationId",
             customer_id as "customer_id: CustomerId", role, started_at, ended_at
         from memberships
         where organisation_id = $1 and ended_at is null and ($2::uuid is null or id > $2)
         order by id limit $3"#,
        organisation.uuid(),
        page.after.map(MembershipId::uuid),
        page.limit(),
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Membership::try_from)
    .collect()
}
