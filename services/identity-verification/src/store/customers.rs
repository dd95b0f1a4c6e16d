//! Customers and their contact points.

use sqlx::PgConnection;
use support_chassis::db::{DbError, stored};
use time::OffsetDateTime;

use crate::domain::contact::{Contact, ContactKind};
use crate::domain::customer::{ContactPoint, Customer, Name};
use crate::domain::ids::{ContactPointId, CustomerId};

struct CustomerRow {
    id: CustomerId,
    given_name: String,
    family_name: String,
    display_name: String,
    languages: Vec<String>,
    country_code: String,
    created_at: OffsetDateTime,
    version: i64,
}

impl CustomerRow {
    fn with(self, contact_points: Vec<ContactPoint>) -> Customer {
        Customer {
            id: self.id,
            name: Name {
                given: self.given_name,
                family: self.family_name,
                display: self.display_name,
            },
            languages: self.languages,
            country_code: self.country_code,
            created_at: self.created_at,
            version: self.version,
            contact_points,
        }
    }
}

/// Writes a new customer with their contact points: two statements.
///
/// # Errors
///
/// Constraint `contact_points_comparable_key` where a contact point belongs to somebody.
pub async fn insert(connection: &mut PgConnection, customer: &Customer) -> Result<(), DbError> {
    sqlx::query!(
        "insert into customers (id, given_name, family_name, display_name, languages, country_code, created_at, version)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        customer.id.uuid(),
        customer.name.given,
        customer.name.family,
        customer.name.display,
        &customer.languages,
        customer.country_code,
        customer.created_at,
        customer.version,
    )
    .execute(&mut *connection)
    .await?;
    let points = &customer.contact_points;
    let ids: Vec<_> = points.iter().map(|point| point.id.uuid()).collect();
    let kinds: Vec<_> = points
        .iter()
        .map(|point| point.contact.kind().as_str().to_owned())
        .collect();
    let values: Vec<_> = points.iter().map(|point| point.contact.value().to_owned()).collect();
    let comparables: Vec<_> = points
        .iter()
        .map(|point| point.contact.comparable().to_owned())
        .collect();
    let vouched: Vec<_> = points.iter().map(|point| point.vouched).collect();
    sqlx::query!(
        "insert into contact_points (id, customer_id, ordinal, kind, value, comparable, created_at, vouched)
         select given.id, $1, given.place, given.kind, given.value, given.comparable, $2, given.vouched
         from unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::boolean[])
             with ordinality as given (id, kind, value, comparable, vouched, place)",
        customer.id.uuid(),
        customer.created_at,
        &ids,
        &kinds,
        &values,
        &comparables,
        &vouched,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Reads a customer.
pub async fn get(connection: &mut PgConnection, id: CustomerId) -> Result<Option<Customer>, DbError> {
    let row = sqlx::query_as!(
        CustomerRow,
        r#"select id as "id: CustomerId", given_name, family_name, display_name, languages, country_code, created_at, version
         from customers where id = $1"#,
        id.uuid(),
    )
    .fetch_optional(&mut *connection)
    .await?;
    match row {
        Some(row) => Ok(Some(row.with(contact_points(connection, id).await?))),
        None => Ok(None),
    }
}

/// Reads a customer and keeps others from changing them until the transaction ends.
pub async fn lock(connection: &mut PgConnection, id: CustomerId) -> Result<Option<Customer>, DbError> {
    let row = sqlx::query_as!(
        CustomerRow,
        r#"select id as "id: CustomerId", given_name, family_name, display_name, languages, country_code, created_at, version
         from customers where id = $1 for update"#,
        id.uuid(),
    )
    .fetch_optional(&mut *connection)
    .await?;
    match row {
        Some(row) => Ok(Some(row.with(contact_points(connection, id).await?))),
        None => Ok(None),
    }
}

/// Finds whose contact point this is.
pub async fn find_by_contact(
    connection: &mut PgConnection,
    contact: &Contact,
) -> Result<Option<(CustomerId, ContactPointId)>, DbError> {
    let row = sqlx::query!(
        r#"select id as "id: ContactPointId", customer_id as "customer_id: CustomerId"
         from contact_points where kind = $1 and comparable = $2"#,
        contact.kind().as_str(),
        contact.comparable(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| (row.customer_id, row.id)))
}

/// Whose a contact point is.
#[derive(Debug)]
pub struct Owner {
    /// The customer.
    pub customer_id: CustomerId,
    /// The contact point.
    pub contact_point_id: ContactPointId,
    /// The customer's country of residence.
    pub country_code: String,
}

/// Finds who is proven to be whom by holding this contact point: its customer, where it came with their record or was
/// verified, or where that customer (`own`) asks.
pub async fn find_subject(
    connection: &mut PgConnection,
    contact: &Contact,
    own: Option<CustomerId>,
) -> Result<Option<Owner>, DbError> {
    let owner = sqlx::query_as!(
        Owner,
        r#"select contact_points.id as "contact_point_id: ContactPointId", customers.id as "customer_id: CustomerId",
             customers.country_code
         from contact_points join customers on customers.id = contact_points.customer_id
         where kind = $1 and comparable = $2 and (vouched or verified_at is not null or customer_id = $3)"#,
        contact.kind().as_str(),
        contact.comparable(),
        own.map(CustomerId::uuid),
    )
    .fetch_optional(connection)
    .await?;
    Ok(owner)
}

/// Reads in which country a customer lives.
pub async fn country_of(connection: &mut PgConnection, id: CustomerId) -> Result<Option<String>, DbError> {
    Ok(
        sqlx::query_scalar!("select country_code from customers where id = $1", id.uuid())
            .fetch_optional(connection)
            .await?,
    )
}

/// Reads one contact point and the languages of its customer.
pub async fn contact_point(
    connection: &mut PgConnection,
    id: ContactPointId,
) -> Result<Option<(Contact, Vec<String>)>, DbError> {
    let row = sqlx::query!(
        "select contact_points.kind, contact_points.value, customers.languages
         from contact_points join customers on customers.id = contact_points.customer_id
         where contact_points.id = $1",
        id.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| Ok((contact(&row.kind, &row.value)?, row.languages)))
        .transpose()
}

/// Adds a contact point, not vouched for, at a place of the customer's list, and raises the customer's version.
///
/// # Errors
///
/// Constraint `contact_points_comparable_key` where it belongs to somebody.
pub async fn add_contact_point(
    connection: &mut PgConnection,
    customer: CustomerId,
    id: ContactPointId,
    ordinal: i16,
    contact: &Contact,
    now: OffsetDateTime,
) -> Result<(), DbError> {
    sqlx::query!(
        "with changed as (update customers set version = version + 1 where id = $1 returning id)
         insert into contact_points (id, customer_id, ordinal, kind, value, comparable, created_at, vouched)
         select $2, changed.id, $3, $4, $5, $6, $7, false from changed",
        customer.uuid(),
        id.uuid(),
        ordinal,
        contact.kind().as_str(),
        contact.value(),
        contact.comparable(),
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes down that the customer has proven to hold a contact point, and raises the customer's version. Says whether it proved
/// who they are before.
pub async fn set_verified(
    connection: &mut PgConnection,
    id: ContactPointId,
    now: OffsetDateTime,
) -> Result<bool, DbError> {
    // The customer first, as in every other change: who takes locks in one order never deadlocks.
    let proved = sqlx::query_scalar!(
        r#"with changed as (
             update customers set version = version + 1
             where id = (select customer_id from contact_points where id = $1)
             returning id
         ),
         before as (select id, vouched or verified_at is not null as proved from contact_points where id = $1)
         update contact_points set verified_at = $2 from changed, before
         where contact_points.id = before.id and contact_points.customer_id = changed.id
         returning before.proved as "proved!""#,
        id.uuid(),
        now,
    )
    .fetch_optional(connection)
    .await?;
    Ok(proved.unwrap_or(true))
}

async fn contact_points(connection: &mut PgConnection, customer: CustomerId) -> Result<Vec<ContactPoint>, DbError> {
    let rows = sqlx::query!(
        r#"select id as "id: ContactPointId", kind, value, verified_at, vouched
         from contact_points where customer_id = $1 order by ordinal"#,
        customer.uuid(),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(ContactPoint {
                id: row.id,
                contact: contact(&row.kind, &row.value)?,
                verified_at: row.verified_at,
                vouched: row.vouched,
            })
        })
        .collect()
}

/// An address as it is stored.
pub(super) fn contact(kind: &str, value: &str) -> Result<Contact, DbError> {
    let kind = stored(ContactKind::from_name(kind), "contact_points", "kind")?;
    stored(Contact::parse(kind, value).ok(), "contact_points", "value")
}
