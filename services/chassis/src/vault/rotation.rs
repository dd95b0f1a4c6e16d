//! Rotates the keys of the settings while the service serves.
//!
//! A process reads its key rings again every few seconds. It then brings what is stored up to them, in small batches, and says in
//! `vault_processes` which keys it has and how much it found that is not up to them yet. `support keys rotate` goes by these rows:
//! it adds a key, waits until every process has it, puts it first, waits until nothing is left that needs the old one, and takes that
//! out.
//!
//! A ring that lacks a key which is still needed is not taken: what is stored would be lost with the old one at the next start. It is
//! said at ERROR, and the process goes on with what it has.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use opentelemetry::{KeyValue, global};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Vault;
use crate::db::{Db, DbError};
use crate::idempotency;
use crate::settings::VaultSettings;

/// How often rings are read.
pub(crate) const EVERY: Duration = Duration::from_secs(2);
/// How often what is stored is looked through where nothing has changed.
const LOOK_THROUGH_EVERY: Duration = Duration::from_mins(1);
/// How many records are brought up to the keys in one transaction.
const AT_ONCE: i64 = 1_000;
/// After so long a process that says nothing is gone.
const GONE_AFTER: Duration = Duration::from_mins(10);

/// What a service has to bring up to its keys besides data keys and stored answers: what is found by look-up keys.
pub trait Rotated: Send + Sync + 'static {
    /// Brings up to the vault's keys what is not, and forgets what is derived from keys that are no longer there. Says how many records
    /// it could not bring up.
    fn round<'r>(&'r self, db: &'r Db, vault: &'r Vault) -> BoxFuture<'r, Result<u64, DbError>>;
}

/// Keeps what is stored up to the keys of the settings.
pub(crate) struct Rotation {
    process: Uuid,
    db: Db,
    vault: Vault,
    settings: VaultSettings,
    more: Option<Arc<dyn Rotated>>,
    /// With which keys what is stored was last looked through, and when.
    looked: Mutex<Option<(Names, Instant)>>,
    /// By key: how many data keys it wraps.
    wrapped: Arc<Mutex<BTreeMap<String, u64>>>,
}

impl Rotation {
    pub(crate) fn new(db: &Db, vault: &Vault, settings: &VaultSettings, more: Option<Arc<dyn Rotated>>) -> Self {
        let wrapped = Arc::default();
        observe(&wrapped);
        Self {
            process: Uuid::from_u128(rand::random()),
            db: db.clone(),
            vault: vault.clone(),
            settings: settings.clone(),
            more,
            looked: Mutex::default(),
            wrapped,
        }
    }

    /// Reads the rings, brings up to them what is not, and says so.
    pub(crate) async fn round(&self) -> Result<(), DbError> {
        self.read_again().await?;
        // What is reported belongs to these keys, whatever is read meanwhile.
        let names = (self.vault.key_names(), self.vault.lookup_key_names());
        if self.is_done_with(&names) {
            return self.report_alive().await;
        }
        self.report(&names, None).await?;
        let began = sqlx::query_scalar!(r#"select now() as "now!""#)
            .fetch_one(self.db.pool())
            .await?;
        let mut behind = self.rewrap().await?;
        behind += self.reseal(names.0.len() > 1).await?;
        if let Some(more) = &self.more {
            behind += more.round(&self.db, &self.vault).await?;
        }
        self.count().await?;
        self.report(&names, Some((behind, began))).await?;
        *self.looked.lock().unwrap_or_else(PoisonError::into_inner) = Some((names, Instant::now()));
        Ok(())
    }

    /// Whether there is nothing to look for: all was looked through lately with these keys, and none is being replaced.
    fn is_done_with(&self, names: &Names) -> bool {
        let is_rotating = names.0.len() > 1 || names.1.len() > 1;
        let looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        !is_rotating
            && looked
                .as_ref()
                .is_some_and(|(with, at)| with == names && at.elapsed() < LOOK_THROUGH_EVERY)
    }

    /// Takes the rings of the settings, where they have changed and nothing needs a key that is gone.
    async fn read_again(&self) -> Result<(), DbError> {
        let read = match self.settings.rings() {
            Ok(Some(read)) if !self.vault.has(&read) => read,
            Ok(_) => return Ok(()),
            Err(faults) => {
                // A file that is just being replaced, or was broken by hand.
                let (setting, what) = faults.into_iter().next().unwrap_or_default();
                tracing::error!(setting, what, "the keys of personal data cannot be read again");
                return Ok(());
            }
        };
        let names = read.key_names();
        let needed = sqlx::query_scalar!(
            r#"select (exists (select from customer_keys where wrapped_by <> all($1))
                 or exists (select from idempotency_keys where sealed_by <> all($1))) as "needed!""#,
            &names,
        )
        .fetch_one(self.db.pool())
        .await?;
        if needed {
            tracing::error!(keys = ?names, "vault.keys lacks a key that is still needed: put it back");
            return Ok(());
        }
        self.vault.take(read);
        tracing::info!(keys = ?names, lookup_keys = ?self.vault.lookup_key_names(), "the keys of personal data were read again");
        Ok(())
    }

    /// Wraps data keys by the first key.
    async fn rewrap(&self) -> Result<u64, DbError> {
        let mut moved = 0;
        let stuck = loop {
            let round = self.vault.rewrap(&self.db, AT_ONCE).await?;
            moved += round.moved;
            if round.moved == 0 {
                break round.stuck;
            }
        };
        if moved > 0 {
            tracing::info!(
                data_keys = moved,
                "data keys are wrapped by the first key of vault.keys"
            );
        }
        if stuck > 0 {
            // Their customers cannot be read: a person must know.
            tracing::error!(data_keys = stuck, "data keys are wrapped by no key of vault.keys");
        }
        Ok(u64::try_from(stuck).unwrap_or(u64::MAX))
    }

    /// Seals stored answers by the first key. With one key alone there is nothing to look for.
    async fn reseal(&self, has_others: bool) -> Result<u64, DbError> {
        if !has_others {
            return Ok(0);
        }
        let (moved, stuck) = idempotency::reseal(&self.db, &self.vault, AT_ONCE).await?;
        if moved > 0 {
            tracing::info!(
                answers = moved,
                "stored answers are sealed by the first key of vault.keys"
            );
        }
        Ok(stuck)
    }

    async fn count(&self) -> Result<(), DbError> {
        let rows = sqlx::query!(
            r#"select wrapped_by as "by!", count(*) as "count!" from customer_keys
             where wrapped_by is not null group by wrapped_by"#
        )
        .fetch_all(self.db.pool())
        .await?;
        let counted = rows.into_iter().map(|row| (row.by, row.count.unsigned_abs())).collect();
        *self.wrapped.lock().unwrap_or_else(PoisonError::into_inner) = counted;
        Ok(())
    }

    /// Says that this process goes on as it said last.
    async fn report_alive(&self) -> Result<(), DbError> {
        let known = sqlx::query!(
            "update vault_processes set seen_at = now() where process_id = $1",
            self.process
        )
        .execute(self.db.pool())
        .await?;
        if known.rows_affected() == 0 {
            // Taken for gone: it says everything anew.
            *self.looked.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        Ok(())
    }

    /// Says which keys this process has, and what a whole round with them came to; before the round, only what is new of it.
    async fn report(&self, (keys, lookup_keys): &Names, checked: Option<(u64, OffsetDateTime)>) -> Result<(), DbError> {
        let (behind, checked_at) = checked.unzip();
        sqlx::query!(
            "with gone as (
                 delete from vault_processes where seen_at < now() - make_interval(secs => $6) and process_id <> $1
             )
             insert into vault_processes (process_id, keys, lookup_keys, behind, checked_at, seen_at)
             values ($1, $2, $3, $4, $5, now())
             on conflict (process_id) do update
             set keys = excluded.keys, lookup_keys = excluded.lookup_keys, behind = excluded.behind,
                 checked_at = excluded.checked_at, seen_at = excluded.seen_at
             where excluded.behind is not null or vault_processes.keys <> excluded.keys
                 or vault_processes.lookup_keys <> excluded.lookup_keys",
            self.process,
            keys,
            lookup_keys,
            behind.map(|behind| i64::try_from(behind).unwrap_or(i64::MAX)),
            checked_at,
            GONE_AFTER.as_secs_f64(),
        )
        .execute(self.db.pool())
        .await?;
        Ok(())
    }
}

/// The names of the keys, and of the look-up keys.
type Names = (Vec<String>, Vec<String>);

/// The gauge of data keys by the key that wraps them.
fn observe(wrapped: &Arc<Mutex<BTreeMap<String, u64>>>) {
    let reading = Arc::downgrade(wrapped);
    global::meter("support-chassis")
        .u64_observable_gauge("support.vault.data_keys")
        .with_unit("{key}")
        .with_description("Data keys of customers by the key that wraps them")
        .with_callback(move |observer| {
            let Some(wrapped) = reading.upgrade() else { return };
            for (key, count) in wrapped.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                observer.observe(*count, &[KeyValue::new("key", key.clone())]);
            }
        })
        .build();
}

/// What a process of the service has said last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// The names of the keys that it has, the one in use first.
    pub keys: Vec<String>,
    /// The same of the look-up keys.
    pub lookup_keys: Vec<String>,
    /// When it began to look through all that is stored, and how many records it could not bring up to its keys.
    pub checked: Option<(OffsetDateTime, u64)>,
}

/// What the processes have said that were heard of within `within`, and the time of the database.
///
/// # Errors
///
/// Those of the database.
pub async fn processes(db: &Db, within: Duration) -> Result<(OffsetDateTime, Vec<Process>), DbError> {
    let mut connection = db.read().await?;
    let rows = sqlx::query!(
        "select keys, lookup_keys, behind, checked_at from vault_processes
         where seen_at > now() - make_interval(secs => $1) order by process_id",
        within.as_secs_f64(),
    )
    .fetch_all(&mut *connection)
    .await?;
    let now = sqlx::query_scalar!(r#"select now() as "now!""#)
        .fetch_one(&mut *connection)
        .await?;
    let processes = rows
        .into_iter()
        .map(|row| Process {
            keys: row.keys,
            lookup_keys: row.lookup_keys,
            checked: row.checked_at.zip(row.behind.map(i64::unsigned_abs)),
        })
        .collect();
    Ok((now, processes))
}

/// How many data keys a key wraps, and how many stored answers it seals.
///
/// # Errors
///
/// Those of the database.
pub async fn needing(db: &Db, key: &str) -> Result<u64, DbError> {
    let count = sqlx::query_scalar!(
        r#"select (select count(*) from customer_keys where wrapped_by = $1)
             + (select count(*) from idempotency_keys where sealed_by = $1) as "count!""#,
        key,
    )
    .fetch_one(db.pool())
    .await?;
    Ok(count.unsigned_abs())
}
