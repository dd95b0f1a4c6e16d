//! Names and addresses as they are stored: sealed with the customer's data key, and found by keyed hashes.

use std::collections::BTreeMap;

use sqlx::PgConnection;
use support_chassis::db::{Db, DbError, stored};
use support_chassis::vault::{self, DataKey, Field, Vault};
use uuid::Uuid;

use crate::domain::contact::{Contact, ContactKind};
use crate::domain::customer::Name;
use crate::domain::ids::{ContactPointId, CustomerId};

/// The given name.
pub const GIVEN_NAME: Field = Field::new("customers.given_name");
/// The family name.
pub const FAMILY_NAME: Field = Field::new("customers.family_name");
/// How the customer wants to be addressed.
pub const DISPLAY_NAME: Field = Field::new("customers.display_name");
const CONTACT: Field = Field::new("contact_points.value");

/// How many customers are sealed, and how many hashes are written, in one transaction.
const AT_ONCE: i64 = 200;

/// What an address is looked up by: its kind is part of it.
fn lookup_field(kind: ContactKind) -> Field {
    match kind {
        ContactKind::Email => Field::new("contact_points.email"),
        ContactKind::Phone => Field::new("contact_points.phone"),
    }
}

/// What a contact point is found by: the names of the look-up keys and the hashes, side by side.
pub(super) fn lookups(vault: &Vault, contact: &Contact) -> (Vec<String>, Vec<Vec<u8>>) {
    vault
        .lookups(lookup_field(contact.kind()), contact.comparable())
        .into_iter()
        .map(|lookup| (lookup.key, lookup.hash.to_vec()))
        .unzip()
}

/// Writes what contact points are found by, where it is missing.
///
/// # Errors
///
/// Constraint `contact_lookups_hash_key` where one belongs to somebody.
pub(super) async fn insert_lookups(
    connection: &mut PgConnection,
    vault: &Vault,
    contacts: &[(ContactPointId, &Contact)],
) -> Result<(), DbError> {
    let (mut points, mut keys, mut hashes) = (Vec::new(), Vec::new(), Vec::new());
    for (point, contact) in contacts {
        let (names, found) = lookups(vault, contact);
        points.extend(names.iter().map(|_| point.uuid()));
        keys.extend(names);
        hashes.extend(found);
    }
    sqlx::query!(
        "insert into contact_lookups (contact_point_id, key_id, hash)
         select * from unnest($1::uuid[], $2::text[], $3::bytea[])
         on conflict (contact_point_id, key_id) do nothing",
        &points,
        &keys,
        &hashes,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A name from its sealed parts: given, family, display.
pub(super) fn name(key: &DataKey, [given, family, display]: [Option<Vec<u8>>; 3]) -> Result<Name, DbError> {
    let open = |field, sealed: Option<Vec<u8>>, column| {
        Ok::<_, DbError>(key.open_text(field, &stored(sealed, "customers", column)?)?)
    };
    Ok(Name {
        given: open(GIVEN_NAME, given, "sealed_given_name")?,
        family: open(FAMILY_NAME, family, "sealed_family_name")?,
        display: open(DISPLAY_NAME, display, "sealed_display_name")?,
    })
}

/// An address, sealed for its row.
pub(super) fn seal_contact(key: &DataKey, id: ContactPointId, contact: &Contact) -> Result<Vec<u8>, DbError> {
    Ok(key.seal(CONTACT.of(id.uuid()), contact.value().as_bytes())?)
}

/// An address as it is stored.
pub(super) fn contact(
    key: &DataKey,
    id: ContactPointId,
    kind: &str,
    sealed: Option<Vec<u8>>,
) -> Result<Contact, DbError> {
    let sealed = stored(sealed, "contact_points", "sealed_value")?;
    parse(kind, &key.open_text(CONTACT.of(id.uuid()), &sealed)?)
}

/// An address of somebody of many, whose data keys were read together; none where the customer was erased.
pub(super) fn contact_of(
    keys: &BTreeMap<Uuid, DataKey>,
    customer: CustomerId,
    id: ContactPointId,
    kind: &str,
    sealed: Option<Vec<u8>>,
) -> Result<Option<Contact>, DbError> {
    keys.get(&customer.uuid())
        .map(|key| contact(key, id, kind, sealed))
        .transpose()
}

fn parse(kind: &str, value: &str) -> Result<Contact, DbError> {
    let kind = stored(ContactKind::from_name(kind), "contact_points", "kind")?;
    stored(Contact::parse(kind, value).ok(), "contact_points", "value")
}

/// Seals what is still stored in the clear, and says how many customers that were. Several processes may do it at once: they wait
/// for each other.
///
/// # Errors
///
/// Those of the database.
pub async fn seal_clear(db: &Db, vault: &Vault) -> Result<usize, DbError> {
    let mut count = 0;
    loop {
        let mut tx = db.begin().await?;
        let now = tx.now();
        let customers = sqlx::query!(
            r#"select id as "id: CustomerId", given_name as "given!", family_name as "family!", display_name as "display!"
             from customers where display_name is not null order by id limit $1 for update"#,
            AT_ONCE,
        )
        .fetch_all(tx.conn())
        .await?;
        if customers.is_empty() {
            return Ok(count);
        }
        for customer in &customers {
            let id = customer.id;
            let key = vault.make(tx.conn(), id.uuid(), now).await?;
            sqlx::query!(
                "update customers set given_name = null, family_name = null, display_name = null, sealed_given_name = $2,
                     sealed_family_name = $3, sealed_display_name = $4
                 where id = $1",
                id.uuid(),
                key.seal(GIVEN_NAME, customer.given.as_bytes())?,
                key.seal(FAMILY_NAME, customer.family.as_bytes())?,
                key.seal(DISPLAY_NAME, customer.display.as_bytes())?,
            )
            .execute(tx.conn())
            .await?;
            seal_contacts(tx.conn(), vault, &key, id).await?;
        }
        tx.commit().await?;
        count += customers.len();
    }
}

async fn seal_contacts(
    connection: &mut PgConnection,
    vault: &Vault,
    key: &DataKey,
    customer: CustomerId,
) -> Result<(), DbError> {
    let rows = sqlx::query!(
        r#"select id as "id: ContactPointId", kind, value as "value!" from contact_points
         where customer_id = $1 and value is not null"#,
        customer.uuid(),
    )
    .fetch_all(&mut *connection)
    .await?;
    for row in rows {
        let contact = parse(&row.kind, &row.value)?;
        sqlx::query!(
            "update contact_points set value = null, comparable = null, sealed_value = $2 where id = $1",
            row.id.uuid(),
            seal_contact(key, row.id, &contact)?,
        )
        .execute(&mut *connection)
        .await?;
        insert_lookups(connection, vault, &[(row.id, &contact)]).await?;
    }
    Ok(())
}

/// Makes up to a few hundred contact points found by look-up keys that they are not found by yet, and says how many: after a look-up
/// key was added, or the table was lost.
///
/// # Errors
///
/// Those of the database.
pub async fn add_lookups(db: &Db, vault: &Vault) -> Result<usize, DbError> {
    let mut tx = db.begin().await?;
    let names = vault.lookup_key_names();
    let rows = sqlx::query!(
        r#"select point.id as "id: ContactPointId", point.customer_id as "customer_id: CustomerId", point.kind,
             point.sealed_value
         from contact_points as point
         join customer_keys as held on held.customer_id = point.customer_id and held.erased_at is null
         where point.removed_at is null and exists (
             select from unnest($1::text[]) as wanted (key_id)
             where not exists (
                 select from contact_lookups as looked
                 where looked.contact_point_id = point.id and looked.key_id = wanted.key_id))
         limit $2 for update of point skip locked"#,
        &names,
        AT_ONCE,
    )
    .fetch_all(tx.conn())
    .await?;
    let customers: Vec<_> = rows.iter().map(|row| row.customer_id.uuid()).collect();
    let keys = vault.held_by(tx.conn(), &customers).await?;
    let mut contacts = Vec::with_capacity(rows.len());
    for row in rows {
        if let Some(contact) = contact_of(&keys, row.customer_id, row.id, &row.kind, row.sealed_value)? {
            contacts.push((row.id, contact));
        }
    }
    let borrowed: Vec<_> = contacts.iter().map(|(id, contact)| (*id, contact)).collect();
    insert_lookups(tx.conn(), vault, &borrowed).await?;
    tx.commit().await?;
    Ok(borrowed.len())
}

/// Removes what was made with look-up keys that neither this process nor another one of this service has any more, and says how much.
///
/// # Errors
///
/// Those of the database.
pub async fn forget_lookups(db: &Db, vault: &Vault) -> Result<u64, DbError> {
    let removed = sqlx::query!(
        "delete from contact_lookups where key_id <> all($1)
             and not exists (select from vault_processes where contact_lookups.key_id = any(vault_processes.lookup_keys))",
        &vault.lookup_key_names(),
    )
    .execute(db.pool())
    .await?;
    Ok(removed.rows_affected())
}

/// Erases what is personal in a customer's record: destroys the data key and what the contact points are found by. Says whether
/// there was anything to erase.
///
/// # Errors
///
/// Those of the database.
pub async fn erase(
    connection: &mut PgConnection,
    customer: CustomerId,
    now: time::OffsetDateTime,
) -> Result<bool, DbError> {
    // Whoever adds a contact point, or what one is found by, holds one of these: nothing is added behind the back of this.
    sqlx::query!("select from customers where id = $1 for update", customer.uuid(),)
        .execute(&mut *connection)
        .await?;
    sqlx::query!(
        "select from contact_points where customer_id = $1 order by id for update",
        customer.uuid(),
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "delete from contact_lookups using contact_points
         where contact_points.id = contact_lookups.contact_point_id and contact_points.customer_id = $1",
        customer.uuid(),
    )
    .execute(&mut *connection)
    .await?;
    vault::destroy(connection, customer.uuid(), now).await
}
