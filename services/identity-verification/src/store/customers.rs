//! Customers and their contact points.

use sqlx::PgConnection;
use support_chassis::db::DbError;
use support_chassis::vault::{DataKey, Held, Vault};
use time::OffsetDateTime;

use super::sealed;
use crate::domain::contact::Contact;
use crate::domain::customer::{ContactPoint, Customer, Name};
use crate::domain::ids::{ContactPointId, CustomerId};

struct CustomerRow {
    id: CustomerId,
    sealed_given_name: Option<Vec<u8>>,
    sealed_family_name: Option<Vec<u8>>,
    sealed_display_name: Option<Vec<u8>>,
    languages: Vec<String>,
    country_code: String,
    created_at: OffsetDateTime,
    version: i64,
}

impl CustomerRow {
    fn with(self, key: &DataKey, contact_points: Vec<ContactPoint>) -> Result<Customer, DbError> {
        Ok(Customer {
            id: self.id,
            name: sealed::name(
                key,
                [
                    self.sealed_given_name,
                    self.sealed_family_name,
                    self.sealed_display_name,
                ],
            )?,
            languages: self.languages,
            country_code: self.country_code,
            created_at: self.created_at,
            version: self.version,
            contact_points,
        })
    }
}

/// Writes a new customer with their contact points and a data key of their own.
///
/// # Errors
///
/// Constraint `contact_lookups_hash_key` where a contact point belongs to somebody.
pub async fn insert(connection: &mut PgConnection, vault: &Vault, customer: &Customer) -> Result<(), DbError> {
    let key = vault.make(connection, customer.id.uuid(), customer.created_at).await?;
    let Name { given, family, display } = &customer.name;
    sqlx::query!(
        "insert into customers (id, sealed_given_name, sealed_family_name, sealed_display_name, languages, country_code,
             created_at, version)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        customer.id.uuid(),
        key.seal(sealed::GIVEN_NAME, given.as_bytes())?,
        key.seal(sealed::FAMILY_NAME, family.as_bytes())?,
        key.seal(sealed::DISPLAY_NAME, display.as_bytes())?,
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
    let values = points
        .iter()
        .map(|point| sealed::seal_contact(&key, point.id, &point.contact))
        .collect::<Result<Vec<_>, _>>()?;
    let vouched: Vec<_> = points.iter().map(|point| point.vouched).collect();
    sqlx::query!(
        "insert into contact_points (id, customer_id, ordinal, kind, sealed_value, created_at, vouched)
         select given.id, $1, given.place, given.kind, given.sealed_value, $2, given.vouched
         from unnest($3::uuid[], $4::text[], $5::bytea[], $6::boolean[])
             with ordinality as given (id, kind, sealed_value, vouched, place)",
        customer.id.uuid(),
        customer.created_at,
        &ids,
        &kinds,
        &values,
        &vouched,
    )
    .execute(&mut *connection)
    .await?;
    let contacts: Vec<_> = points.iter().map(|point| (point.id, &point.contact)).collect();
    sealed::insert_lookups(connection, vault, &contacts).await
}

/// Reads a customer; none where there is none or they were erased.
pub async fn get(connection: &mut PgConnection, vault: &Vault, id: CustomerId) -> Result<Option<Customer>, DbError> {
    let row = sqlx::query_as!(
        CustomerRow,
        r#"select id as "id: CustomerId", sealed_given_name, sealed_family_name, sealed_display_name, languages,
             country_code, created_at, version
         from customers where id = $1"#,
        id.uuid(),
    )
    .fetch_optional(&mut *connection)
    .await?;
    opened(connection, vault, row).await
}

/// Reads a customer and keeps others from changing them until the transaction ends.
pub async fn lock(connection: &mut PgConnection, vault: &Vault, id: CustomerId) -> Result<Option<Customer>, DbError> {
    let row = sqlx::query_as!(
        CustomerRow,
        r#"select id as "id: CustomerId", sealed_given_name, sealed_family_name, sealed_display_name, languages,
             country_code, created_at, version
         from customers where id = $1 for update"#,
        id.uuid(),
    )
    .fetch_optional(&mut *connection)
    .await?;
    opened(connection, vault, row).await
}

async fn opened(
    connection: &mut PgConnection,
    vault: &Vault,
    row: Option<CustomerRow>,
) -> Result<Option<Customer>, DbError> {
    let Some(row) = row else { return Ok(None) };
    let key = match vault.held(connection, row.id.uuid()).await? {
        Held::Erased => return Ok(None),
        held => held.key()?,
    };
    let points = contact_points(connection, &key, row.id).await?;
    row.with(&key, points).map(Some)
}

/// What is not personal in a customer's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// The country of residence.
    pub country_code: String,
    /// The version.
    pub version: i64,
}

/// Reads a customer's record without what is personal; none where there is none or they were erased.
pub async fn outline(connection: &mut PgConnection, id: CustomerId) -> Result<Option<Outline>, DbError> {
    Ok(sqlx::query_as!(
        Outline,
        "select country_code, version from customers
         where id = $1 and not exists (select from customer_keys where customer_id = $1 and erased_at is not null)",
        id.uuid(),
    )
    .fetch_optional(connection)
    .await?)
}

/// The same, and keeps others from changing the customer until the transaction ends.
pub async fn lock_outline(connection: &mut PgConnection, id: CustomerId) -> Result<Option<Outline>, DbError> {
    Ok(sqlx::query_as!(
        Outline,
        "select country_code, version from customers
         where id = $1 and not exists (select from customer_keys where customer_id = $1 and erased_at is not null)
         for update",
        id.uuid(),
    )
    .fetch_optional(connection)
    .await?)
}

/// Finds whose contact point this is.
pub async fn find_by_contact(
    connection: &mut PgConnection,
    vault: &Vault,
    contact: &Contact,
) -> Result<Option<(CustomerId, ContactPointId)>, DbError> {
    let (keys, hashes) = sealed::lookups(vault, contact);
    let row = sqlx::query!(
        r#"select point.id as "id: ContactPointId", point.customer_id as "customer_id: CustomerId"
         from unnest($1::text[], $2::bytea[]) as wanted (key_id, hash)
         join contact_lookups as looked on looked.key_id = wanted.key_id and looked.hash = wanted.hash
         join contact_points as point on point.id = looked.contact_point_id
         limit 1"#,
        &keys,
        &hashes,
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
    vault: &Vault,
    contact: &Contact,
    own: Option<CustomerId>,
) -> Result<Option<Owner>, DbError> {
    let (keys, hashes) = sealed::lookups(vault, contact);
    let owner = sqlx::query_as!(
        Owner,
        r#"select point.id as "contact_point_id: ContactPointId", customers.id as "customer_id: CustomerId",
             customers.country_code
         from unnest($1::text[], $2::bytea[]) as wanted (key_id, hash)
         join contact_lookups as looked on looked.key_id = wanted.key_id and looked.hash = wanted.hash
         join contact_points as point on point.id = looked.contact_point_id
         join customers on customers.id = point.customer_id
         where point.vouched or point.verified_at is not null or point.customer_id = $3
         limit 1"#,
        &keys,
        &hashes,
        own.map(CustomerId::uuid),
    )
    .fetch_optional(connection)
    .await?;
    Ok(owner)
}

/// Reads in which country a customer lives.
pub async fn country_of(connection: &mut PgConnection, id: CustomerId) -> Result<Option<String>, DbError> {
    Ok(outline(connection, id).await?.map(|outline| outline.country_code))
}

/// Reads one contact point and the languages of its customer; none where there is none or the customer was erased.
pub async fn contact_point(
    connection: &mut PgConnection,
    vault: &Vault,
    id: ContactPointId,
) -> Result<Option<(Contact, Vec<String>)>, DbError> {
    let row = sqlx::query!(
        r#"select point.kind, point.sealed_value, customers.id as "customer_id: CustomerId", customers.languages
         from contact_points as point join customers on customers.id = point.customer_id
         where point.id = $1"#,
        id.uuid(),
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let key = match vault.held(connection, row.customer_id.uuid()).await? {
        Held::Erased => return Ok(None),
        held => held.key()?,
    };
    let contact = sealed::contact(&key, id, &row.kind, row.sealed_value)?;
    Ok(Some((contact, row.languages)))
}

/// Adds a contact point, not vouched for, at a place of the customer's list, and raises the customer's version.
///
/// # Errors
///
/// Constraint `contact_lookups_hash_key` where it belongs to somebody.
pub async fn add_contact_point(
    connection: &mut PgConnection,
    vault: &Vault,
    (customer, id): (CustomerId, ContactPointId),
    ordinal: i16,
    contact: &Contact,
    now: OffsetDateTime,
) -> Result<(), DbError> {
    let key = vault.held(connection, customer.uuid()).await?.key()?;
    sqlx::query!(
        "with changed as (update customers set version = version + 1 where id = $1 returning id)
         insert into contact_points (id, customer_id, ordinal, kind, sealed_value, created_at, vouched)
         select $2, changed.id, $3, $4, $5, $6, false from changed",
        customer.uuid(),
        id.uuid(),
        ordinal,
        contact.kind().as_str(),
        sealed::seal_contact(&key, id, contact)?,
        now,
    )
    .execute(&mut *connection)
    .await?;
    sealed::insert_lookups(connection, vault, &[(id, contact)]).await
}

/// Removes a contact point of a locked customer: it leaves the list, finds nobody any more, and can become somebody else's. Raises the
/// customer's version.
pub async fn remove_contact_point(
    connection: &mut PgConnection,
    customer: CustomerId,
    id: ContactPointId,
    now: OffsetDateTime,
) -> Result<(), DbError> {
    let place = sqlx::query_scalar!(
        r#"with before as (select ordinal from contact_points where id = $2 and customer_id = $1),
         changed as (update customers set version = version + 1 where id = $1),
         forgotten as (delete from contact_lookups where contact_point_id = $2)
         update contact_points set removed_at = $3, ordinal = null from before
         where id = $2 and customer_id = $1 and removed_at is null
         returning before.ordinal as "place!""#,
        customer.uuid(),
        id.uuid(),
        now,
    )
    .fetch_one(&mut *connection)
    .await?;
    sqlx::query!(
        "update contact_points set ordinal = ordinal - 1 where customer_id = $1 and ordinal > $2",
        customer.uuid(),
        place,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A contact point that was removed, as it was; none where it was not, or its customer was erased.
pub async fn removed_contact_point(
    connection: &mut PgConnection,
    vault: &Vault,
    customer: CustomerId,
    id: ContactPointId,
) -> Result<Option<ContactPoint>, DbError> {
    let row = sqlx::query!(
        "select kind, sealed_value, verified_at, vouched from contact_points
         where id = $1 and customer_id = $2 and removed_at is not null",
        id.uuid(),
        customer.uuid(),
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let key = match vault.held(connection, customer.uuid()).await? {
        Held::Erased => return Ok(None),
        held => held.key()?,
    };
    Ok(Some(ContactPoint {
        id,
        contact: sealed::contact(&key, id, &row.kind, row.sealed_value)?,
        verified_at: row.verified_at,
        vouched: row.vouched,
    }))
}

/// Writes a locked customer's name and country of residence as they are now, and raises the version.
pub async fn update(connection: &mut PgConnection, vault: &Vault, customer: &Customer) -> Result<(), DbError> {
    let key = vault.held(&mut *connection, customer.id.uuid()).await?.key()?;
    let Name { given, family, display } = &customer.name;
    sqlx::query!(
        "update customers set sealed_given_name = $2, sealed_family_name = $3, sealed_display_name = $4, country_code = $5,
             version = version + 1
         where id = $1",
        customer.id.uuid(),
        key.seal(sealed::GIVEN_NAME, given.as_bytes())?,
        key.seal(sealed::FAMILY_NAME, family.as_bytes())?,
        key.seal(sealed::DISPLAY_NAME, display.as_bytes())?,
        customer.country_code,
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

async fn contact_points(
    connection: &mut PgConnection,
    key: &DataKey,
    customer: CustomerId,
) -> Result<Vec<ContactPoint>, DbError> {
    let rows = sqlx::query!(
        r#"select id as "id: ContactPointId", kind, sealed_value, verified_at, vouched
         from contact_points where customer_id = $1 and removed_at is null order by ordinal"#,
        customer.uuid(),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(ContactPoint {
                id: row.id,
                contact: sealed::contact(key, row.id, &row.kind, row.sealed_value)?,
                verified_at: row.verified_at,
                vouched: row.vouched,
            })
        })
        .collect()
}
