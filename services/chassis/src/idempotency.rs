//! Stored answers: what makes a change safe to send again.
//!
//! The answer of a change is stored in the change's own transaction under (caller, method, request id), with a hash of
//! the request. [`Db::write`](crate::db::Db::write) looks there first. The same id with another body is a mistake of the
//! caller and refused; the same id from another caller is another request. After the retention (seven days by default)
//! answers are pruned ([`prune`]), and a request id that old would take effect once more.

use std::time::Duration;

use prost::Message;
use sha2::{Digest as _, Sha256};
use sqlx::{PgConnection, PgPool};
use support_proto::codec::Change;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::call::Call;
use crate::clock::Clock;
use crate::db::{Db, DbError};

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

    /// The stored answer, if there is one.
    pub(crate) async fn stored<R: Message + Default>(&self, pool: &PgPool) -> Result<Option<R>, DbError> {
        let row = sqlx::query!(
            "select request_hash, response from idempotency_keys
             where caller = $1 and method = $2 and request_id = $3",
            self.caller,
            self.method,
            self.request_id,
        )
        .fetch_optional(pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        if row.request_hash != self.hash {
            return Err(DbError::RequestIdReused);
        }
        R::decode(row.response.as_slice())
            .map(Some)
            .map_err(|_| DbError::Corrupt {
                table: "idempotency_keys",
                column: "response",
            })
    }

    /// Stores the answer; false where another transaction has stored one. Waits for one that is about to.
    pub(crate) async fn store<R: Message>(
        &self,
        connection: &mut PgConnection,
        answer: &R,
        now: OffsetDateTime,
    ) -> Result<bool, DbError> {
        let stored = sqlx::query!(
            "insert into idempotency_keys (caller, method, request_id, request_hash, response, created_at)
             values ($1, $2, $3, $4, $5, $6) on conflict do nothing",
            self.caller,
            self.method,
            self.request_id,
            self.hash.as_slice(),
            answer.encode_to_vec(),
            now,
        )
        .execute(connection)
        .await?;
        Ok(stored.rows_affected() == 1)
    }
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
