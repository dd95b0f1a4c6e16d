//! What people wrote of a repair, as it is stored: sealed with the data key of the customer whose case it is.

use support_chassis::db::{Db, DbError};
use support_chassis::vault::{DataKey, Field, Held, Vault, VaultError};
use uuid::Uuid;

use crate::domain::repair::RepairId;

const PROBLEM: Field = Field::new("repairs.problem");
const NOTE: Field = Field::new("repairs.note");

/// How many repairs are sealed in one transaction.
const AT_ONCE: i64 = 200;

/// What the customer says is wrong.
pub(super) fn seal_problem(key: &DataKey, id: RepairId, problem: &str) -> Result<Vec<u8>, DbError> {
    Ok(key.seal(PROBLEM.of(id.uuid()), problem.as_bytes())?)
}

/// What [`seal_problem`] sealed, or what stands in the clear; none where the customer was erased.
pub(super) fn open_problem(
    held: &Held,
    id: RepairId,
    sealed: Option<&[u8]>,
    clear: &str,
) -> Result<Option<String>, DbError> {
    Ok(held.words(PROBLEM.of(id.uuid()), sealed, clear)?)
}

/// What was noted.
pub(super) fn seal_note(key: &DataKey, id: RepairId, note: &str) -> Result<Vec<u8>, DbError> {
    Ok(key.seal(NOTE.of(id.uuid()), note.as_bytes())?)
}

/// What [`seal_note`] sealed. What stands in the clear was written later, by a build that does not seal yet.
pub(super) fn open_note(
    held: &Held,
    id: RepairId,
    sealed: Option<&[u8]>,
    clear: Option<&str>,
) -> Result<Option<String>, DbError> {
    let field = NOTE.of(id.uuid());
    match (sealed, clear) {
        (_, Some(clear)) => Ok(held.words(field, None, clear)?),
        (Some(_), None) => Ok(held.words(field, sealed, "")?),
        (None, None) => Ok(None),
    }
}

/// Seals what builds before this one have written in the clear, and says of how many repairs. Safe to run anywhere at any time, also by
/// several at once: it takes what nobody else is at, and what is read is read in either form.
///
/// # Errors
///
/// Those of the database.
pub async fn seal_clear(db: &Db, vault: &Vault) -> Result<usize, DbError> {
    let mut count = 0;
    loop {
        let sealed = seal_some(db, vault).await?;
        if sealed == 0 {
            return Ok(count);
        }
        count += sealed;
    }
}

async fn seal_some(db: &Db, vault: &Vault) -> Result<usize, DbError> {
    let mut tx = db.begin().await?;
    let now = tx.now();
    let rows = sqlx::query!(
        "select id, customer_id, problem, sealed_problem, note, sealed_note
         from repairs join known_cases on known_cases.case_id = repairs.case_id
         where sealed_problem is null or note is not null
         order by customer_id, id limit $1 for no key update of repairs skip locked",
        AT_ONCE,
    )
    .fetch_all(tx.conn())
    .await?;
    for row in &rows {
        let seal = |key: &DataKey, field: Field, text: &str| key.seal(field.of(row.id), text.as_bytes());
        // Of whoever was erased meanwhile nothing is left to seal.
        let (problem, note) = match vault.make(tx.conn(), row.customer_id, now).await {
            Ok(key) => (
                match &row.sealed_problem {
                    Some(sealed) => sealed.clone(),
                    None => seal(&key, PROBLEM, &row.problem)?,
                },
                match &row.note {
                    Some(note) => Some(seal(&key, NOTE, note)?),
                    None => row.sealed_note.clone(),
                },
            ),
            Err(DbError::Vault(VaultError::Erased)) => (Vec::new(), None),
            Err(error) => return Err(error),
        };
        write(&mut tx, row.id, &problem, note.as_deref()).await?;
    }
    tx.commit().await?;
    Ok(rows.len())
}

async fn write(
    connection: &mut sqlx::PgConnection,
    id: Uuid,
    problem: &[u8],
    note: Option<&[u8]>,
) -> Result<(), DbError> {
    sqlx::query!(
        "update repairs set problem = default, note = null, sealed_problem = $2, sealed_note = $3 where id = $1",
        id,
        problem,
        note,
    )
    .execute(connection)
    .await?;
    Ok(())
}
