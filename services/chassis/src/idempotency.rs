//! Stored answers: what makes a change safe to send again.
//!
//! The answer of a change is stored in the change's own transaction under (caller, method, request id), with a hash of
//! the request. [`Db::write`](crate::db::Db::write) looks there first. The same id with another body is a mistake of the
//! caller and refused; the same id from another caller is another request. After the retention (seven days by default)
//! answers are pruned ([`prune`]), and a request id that old would take effect once more.

use std::time::Duration;

use prost::Message;
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;
use support_proto::codec::Change;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::call::Call;
use crate::clock::Clock;
use crate::db::{Db, DbError};
use crate::vault::{Vault, VaultError};

/// The most answers pruned by one statement, so that it stays short.
const PRUNE_AT_ONCE: i64 = 5_000;

/// Names one change.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    caller: String,
    method: String,
    request_id: Uuid,
    hash: [u8; 32],
}

impl Key {
    pub(crate) fn of<Q: Change>(call: &Call, request: &Q) -> Result<Self, DbError> {
        Ok(Self {
            caller: call.idempotency_scope(),
            method: call.method().to_owned(),
            request_id: Uuid::try_parse(request.request_id()).map_err(|_| DbError::RequestIdMalformed)?,
            hash: Sha256::digest(request.encode_to_vec()).into(),
        })
    }

    /// Where the answer stands, for its seal.
    fn place(&self) -> Vec<u8> {
        place(self.request_id, &self.method, &self.caller)
    }

    /// The stored answer, if there is one.
    pub(crate) async fn stored<R: Message + Default>(&self, db: &Db) -> Result<Option<R>, DbError> {
        let row = sqlx::query!(
            "select request_hash, sealed_by, response from idempotency_keys
             where caller = $1 and method = $2 and request_id = $3",
            self.caller,
            self.method,
            self.request_id,
        )
        .fetch_optional(db.pool())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let corrupt = || DbError::Corrupt {
            table: "idempotency_keys",
            column: "response",
        };
        let (hash, response) = match row.sealed_by {
            None => (row.request_hash.unwrap_or_default(), row.response),
            Some(by) => {
                let vault = db.vault().ok_or(VaultError::UnknownKey(by.clone()))?;
                let opened = vault.open_answer(&by, &self.place(), &row.response)?;
                let (hash, response) = opened.split_at_checked(self.hash.len()).ok_or_else(corrupt)?;
                (hash.to_vec(), response.to_vec())
            }
        };
        if hash != self.hash {
            return Err(DbError::RequestIdReused);
        }
        R::decode(response.as_slice()).map(Some).map_err(|_| corrupt())
    }

    /// Stores the answer; false where another transaction has stored one. Waits for one that is about to.
    pub(crate) async fn store<R: Message>(
        &self,
        connection: &mut PgConnection,
        vault: Option<&Vault>,
        answer: &R,
        now: OffsetDateTime,
    ) -> Result<bool, DbError> {
        let answer = answer.encode_to_vec();
        // The hash of a request that is guessed is a way to check the guess: it is sealed along with the answer.
        let (hash, by, answer) = match vault {
            None => (Some(self.hash.as_slice()), None, answer),
            Some(vault) => {
                let (by, sealed) = vault.seal_answer(&self.place(), &[self.hash.as_slice(), &answer].concat())?;
                (None, Some(by), sealed)
            }
        };
        let stored = sqlx::query!(
            "insert into idempotency_keys (caller, method, request_id, request_hash, sealed_by, response, created_at)
             values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing",
            self.caller,
            self.method,
            self.request_id,
            hash,
            by,
            answer,
            now,
        )
        .execute(connection)
        .await?;
        Ok(stored.rows_affected() == 1)
    }
}

/// Seals by the first key of the vault what is sealed by another, and says of how many answers, and how many do not open.
pub(crate) async fn reseal(db: &Db, vault: &Vault, at_once: i64) -> Result<(u64, u64), DbError> {
    let first = vault.key_names().into_iter().next().unwrap_or_default();
    let (mut moved, mut stuck) = (0, 0);
    let mut after: Option<(String, String, Uuid)> = None;
    loop {
        let mut tx = db.begin().await?;
        let (caller, method, request_id) = after
            .clone()
            .map_or((None, None, None), |(a, b, c)| (Some(a), Some(b), Some(c)));
        let rows = sqlx::query!(
            r#"select caller, method, request_id, sealed_by as "by!", response from idempotency_keys
             where sealed_by <> $1 and ($2::text is null or (caller, method, request_id) > ($2, $3, $4::uuid))
             order by caller, method, request_id limit $5 for update skip locked"#,
            first,
            caller,
            method,
            request_id,
            at_once,
        )
        .fetch_all(tx.conn())
        .await?;
        let Some(last) = rows.last() else {
            return Ok((moved, stuck));
        };
        after = Some((last.caller.clone(), last.method.clone(), last.request_id));
        let (mut callers, mut methods, mut ids) = (Vec::new(), Vec::new(), Vec::new());
        let (mut names, mut answers) = (Vec::new(), Vec::new());
        for row in rows {
            let place = place(row.request_id, &row.method, &row.caller);
            let sealed = vault
                .open_answer(&row.by, &place, &row.response)
                .and_then(|plain| vault.seal_answer(&place, &plain));
            if let Ok((name, answer)) = sealed {
                callers.push(row.caller);
                methods.push(row.method);
                ids.push(row.request_id);
                names.push(name);
                answers.push(answer);
            } else {
                stuck += 1;
            }
        }
        moved += sqlx::query!(
            "update idempotency_keys as old set sealed_by = new.by, response = new.answer
             from unnest($1::text[], $2::text[], $3::uuid[], $4::text[], $5::bytea[])
                 as new (caller, method, request_id, by, answer)
             where old.caller = new.caller and old.method = new.method and old.request_id = new.request_id",
            &callers,
            &methods,
            &ids,
            &names,
            &answers,
        )
        .execute(tx.conn())
        .await?
        .rows_affected();
        tx.commit().await?;
    }
}

/// Where an answer stands, for its seal.
fn place(request_id: Uuid, method: &str, caller: &str) -> Vec<u8> {
    [
        request_id.as_bytes().as_slice(),
        method.as_bytes(),
        &[0],
        caller.as_bytes(),
    ]
    .concat()
}

/// Deletes the answers older than `retention`, and says how many. Safe to run anywhere at any time.
pub async fn prune(db: &Db, clock: &Clock, retention: Duration) -> Result<u64, DbError> {
    let before = clock.now() - retention;
    let mut pruned = 0;
    loop {
        let deleted = sqlx::query!(
            "delete from idempotency_keys where (caller, method, request_id) in (
                 select caller, method, request_id from idempotency_keys where created_at < $1
                 order by created_at limit $2 for update skip locked)",
            before,
            PRUNE_AT_ONCE,
        )
        .execute(db.pool())
        .await?
        .rows_affected();
        pruned += deleted;
        if deleted < PRUNE_AT_ONCE.unsigned_abs() {
            return Ok(pruned);
        }
    }
}
