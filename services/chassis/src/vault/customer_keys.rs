//! Data keys in the service's database.

use std::collections::BTreeMap;

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::ring::Wrapped;
use super::{DataKey, Field, Vault, VaultError};
use crate::db::{Db, DbError};

/// What there is of a customer's data key.
#[derive(Debug, Clone)]
pub enum Held {
    /// The key.
    Key(DataKey),
    /// It was destroyed.
    Erased,
    /// There never was one.
    Never,
}

impl Held {
    /// The key.
    ///
    /// # Errors
    ///
    /// [`VaultError::Erased`], [`VaultError::NoKey`].
    pub fn key(self) -> Result<DataKey, VaultError> {
        match self {
            Self::Key(key) => Ok(key),
            Self::Erased => Err(VaultError::Erased),
            Self::Never => Err(VaultError::NoKey),
        }
    }

    /// What somebody wrote, as a row holds it: `sealed`, or `clear` where a build that did not seal yet has written it. None where
    /// the customer was erased: the key is gone, or nothing is left that it would open (an empty value).
    ///
    /// # Errors
    ///
    /// [`VaultError::NoKey`] where it is sealed and there never was a key, [`VaultError::Broken`].
    pub fn words(&self, field: Field, sealed: Option<&[u8]>, clear: &str) -> Result<Option<String>, VaultError> {
        match (self, sealed) {
            (Self::Erased, _) | (_, Some([])) => Ok(None),
            (_, None) => Ok(Some(clear.to_owned())),
            (Self::Key(key), Some(sealed)) => key.open_text(field, sealed).map(Some),
            (Self::Never, Some(_)) => Err(VaultError::NoKey),
        }
    }
}

/// A row of `customer_keys` that was read along with what its key opens: nothing in it where there is none (a left join).
#[derive(Clone, Default)]
pub struct KeyRow {
    /// Column `wrapped_by`.
    pub wrapped_by: Option<String>,
    /// Column `wrapped`.
    pub wrapped: Option<Vec<u8>>,
    /// Column `erased_at`.
    pub erased_at: Option<OffsetDateTime>,
}

/// What a round of [`Vault::rewrap`] came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rewrapped {
    /// Data keys that are wrapped by the first key now.
    pub moved: usize,
    /// Those that were left as they are, since the settings do not have the key that they are wrapped by, or it does not open
    /// them.
    pub stuck: usize,
}

/// Destroys the data key of a customer, for good, and says whether there was one. What was sealed with it is noise from the
/// commit on. A customer without a key never gets one either.
pub async fn destroy(connection: &mut PgConnection, customer: Uuid, now: OffsetDateTime) -> Result<bool, DbError> {
    // One statement: were it two, a key made between them would live on.
    let had_one = sqlx::query_scalar!(
        r#"insert into customer_keys (customer_id, created_at, wrapped_at, erased_at) values ($1, $2, $2, $2)
         on conflict (customer_id) do update set wrapped_by = null, wrapped = null, erased_at = excluded.erased_at
         where customer_keys.erased_at is null
         returning xmax <> '0'::xid as "had_one!""#,
        customer,
        now,
    )
    .fetch_optional(connection)
    .await?;
    Ok(had_one.unwrap_or(false))
}

impl Vault {
    /// The data key of a customer, made where there is none yet. Who makes one at the same time in another transaction gets the
    /// same, after a wait.
    ///
    /// # Errors
    ///
    /// [`VaultError::Erased`] where it was destroyed.
    pub async fn make(
        &self,
        connection: &mut PgConnection,
        customer: Uuid,
        now: OffsetDateTime,
    ) -> Result<DataKey, DbError> {
        let rings = self.rings();
        let wrapped = rings.keys.wrap(customer, &rand::random(), rand::random())?;
        // One statement, for it stands before every write of something personal. What the insert adds is not seen by the second
        // part, which reads the table as it was before.
        let there = sqlx::query!(
            r#"with made as (
                 insert into customer_keys (customer_id, wrapped_by, wrapped, created_at, wrapped_at)
                 values ($1, $2, $3, $4, $4) on conflict do nothing returning 1
             )
             select exists (select from made) as "is_new!", wrapped_by, wrapped, erased_at
             from (select 1) as one left join customer_keys on customer_id = $1"#,
            customer,
            wrapped.by,
            wrapped.bytes,
            now,
        )
        .fetch_one(&mut *connection)
        .await?;
        if there.is_new {
            return Ok(rings.keys.unwrap(customer, &wrapped)?);
        }
        let row = KeyRow {
            wrapped_by: there.wrapped_by,
            wrapped: there.wrapped,
            erased_at: there.erased_at,
        };
        match self.held_in(customer, row)? {
            // Somebody else has made one since the statement began, and the insert has waited for them.
            Held::Never => Ok(self.held(connection, customer).await?.key()?),
            held => Ok(held.key()?),
        }
    }

    /// What there is of a customer's data key, by the row that was read along.
    ///
    /// # Errors
    ///
    /// As [`Vault::held`].
    pub fn held_in(&self, customer: Uuid, row: KeyRow) -> Result<Held, VaultError> {
        match (row.wrapped_by, row.wrapped) {
            _ if row.erased_at.is_some() => Ok(Held::Erased),
            (Some(by), Some(bytes)) => Ok(Held::Key(self.rings().keys.unwrap(customer, &Wrapped { by, bytes })?)),
            _ => Ok(Held::Never),
        }
    }

    /// What there is of a customer's data key.
    ///
    /// # Errors
    ///
    /// [`VaultError::UnknownKey`], [`VaultError::Broken`].
    pub async fn held(&self, connection: &mut PgConnection, customer: Uuid) -> Result<Held, DbError> {
        let row = sqlx::query!(
            "select wrapped_by, wrapped, erased_at from customer_keys where customer_id = $1",
            customer
        )
        .fetch_optional(connection)
        .await?;
        let row = row.map_or_else(KeyRow::default, |row| KeyRow {
            wrapped_by: row.wrapped_by,
            wrapped: row.wrapped,
            erased_at: row.erased_at,
        });
        Ok(self.held_in(customer, row)?)
    }

    /// The data keys of customers, by their ids, in one query: those that there are.
    ///
    /// # Errors
    ///
    /// As [`Vault::held`].
    pub async fn held_by(
        &self,
        connection: &mut PgConnection,
        customers: &[Uuid],
    ) -> Result<BTreeMap<Uuid, DataKey>, DbError> {
        let rows = sqlx::query!(
            r#"select customer_id, wrapped_by as "by!", wrapped as "bytes!" from customer_keys
             where customer_id = any($1) and wrapped is not null"#,
            customers,
        )
        .fetch_all(connection)
        .await?;
        let rings = self.rings();
        rows.into_iter()
            .map(|row| {
                let wrapped = Wrapped {
                    by: row.by,
                    bytes: row.bytes,
                };
                Ok((row.customer_id, rings.keys.unwrap(row.customer_id, &wrapped)?))
            })
            .collect()
    }

    /// Wraps up to `limit` data keys anew that another than the first key wraps. Safe to run anywhere at any time, also by several
    /// at once: it takes what nobody else is at, and reading goes on, for every key of the ring unwraps.
    pub async fn rewrap(&self, db: &Db, limit: i64) -> Result<Rewrapped, DbError> {
        let rings = self.rings();
        let (first, names) = (rings.keys.first(), rings.key_names());
        let mut tx = db.begin().await?;
        let rows = sqlx::query!(
            r#"select customer_id, wrapped_by as "by!", wrapped as "bytes!" from customer_keys
             where (wrapped_by < $1 or wrapped_by > $1) and wrapped_by = any($2) limit $3 for update skip locked"#,
            first,
            &names,
            limit,
        )
        .fetch_all(tx.conn())
        .await?;
        let (mut customers, mut wrapped, mut broken) = (Vec::new(), Vec::new(), 0);
        for row in rows {
            let old = Wrapped {
                by: row.by,
                bytes: row.bytes,
            };
            match rings.keys.rewrap(row.customer_id, &old, rand::random()) {
                Ok(new) => {
                    customers.push(row.customer_id);
                    wrapped.push(new.bytes);
                }
                Err(_) => broken += 1,
            }
        }
        let now = tx.now();
        sqlx::query!(
            "update customer_keys as old set wrapped_by = $1, wrapped = new.wrapped, wrapped_at = $2
             from unnest($3::uuid[], $4::bytea[]) as new (customer_id, wrapped)
             where old.customer_id = new.customer_id",
            first,
            now,
            &customers,
            &wrapped,
        )
        .execute(tx.conn())
        .await?;
        let unknown = sqlx::query_scalar!(
            r#"select count(*) as "count!" from customer_keys
             where (wrapped_by < $2 or wrapped_by > $2) and wrapped_by <> all($1)"#,
            &names,
            first,
        )
        .fetch_one(tx.conn())
        .await?;
        tx.commit().await?;
        Ok(Rewrapped {
            moved: customers.len(),
            stuck: usize::try_from(unknown).unwrap_or(usize::MAX).saturating_add(broken),
        })
    }
}
