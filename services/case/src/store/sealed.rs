//! What people wrote, as it is stored: sealed with the data key of the case's customer.

use sqlx::PgConnection;
use support_chassis::db::{Db, DbError};
use support_chassis::vault::{DataKey, Field, Held, Vault, VaultError};
use uuid::Uuid;

use crate::domain::words::{Body, CaseWords, Description, Subject};
use crate::domain::{CaseId, MessageId};

const SUBJECT: Field = Field::new("cases.subject");
const DESCRIPTION: Field = Field::new("cases.description");
const BODY: Field = Field::new("messages.body");

/// How many rows are sealed in one transaction.
const AT_ONCE: i64 = 200;

/// What its customer wrote of a case: subject and description.
pub(super) fn seal_case(key: &DataKey, id: CaseId, words: &CaseWords) -> Result<(Vec<u8>, Vec<u8>), DbError> {
    seal_texts(key, id.uuid(), words.subject.as_str(), words.description.as_str())
}

fn seal_texts(key: &DataKey, id: Uuid, subject: &str, description: &str) -> Result<(Vec<u8>, Vec<u8>), DbError> {
    Ok((
        key.seal(SUBJECT.of(id), subject.as_bytes())?,
        key.seal(DESCRIPTION.of(id), description.as_bytes())?,
    ))
}

/// What [`seal_case`] sealed, or what stands in the clear; none where the customer was erased.
pub(super) fn open_case(
    held: &Held,
    id: CaseId,
    sealed: (Option<&[u8]>, Option<&[u8]>),
    clear: (&str, &str),
) -> Result<Option<CaseWords>, DbError> {
    let subject = held.words(SUBJECT.of(id.uuid()), sealed.0, clear.0)?;
    let description = held.words(DESCRIPTION.of(id.uuid()), sealed.1, clear.1)?;
    let Some((subject, description)) = subject.zip(description) else {
        return Ok(None);
    };
    let corrupt = |column| DbError::Corrupt { table: "cases", column };
    Ok(Some(CaseWords {
        subject: Subject::parse(subject).map_err(|_| corrupt("subject"))?,
        description: Description::parse(description).map_err(|_| corrupt("description"))?,
    }))
}

/// What was said.
pub(super) fn seal_body(key: &DataKey, id: MessageId, body: &Body) -> Result<Vec<u8>, DbError> {
    Ok(key.seal(BODY.of(id.uuid()), body.as_str().as_bytes())?)
}

/// What [`seal_body`] sealed, or what stands in the clear; none where the customer was erased.
pub(super) fn open_body(
    held: &Held,
    id: MessageId,
    sealed: Option<&[u8]>,
    clear: &str,
) -> Result<Option<Body>, DbError> {
    let corrupt = |_| DbError::Corrupt {
        table: "messages",
        column: "body",
    };
    held.words(BODY.of(id.uuid()), sealed, clear)?
        .map(|body| Body::parse(body).map_err(corrupt))
        .transpose()
}

/// The key to seal something of a customer with; none where they were erased.
async fn key(
    connection: &mut PgConnection,
    vault: &Vault,
    customer: Uuid,
    now: time::OffsetDateTime,
) -> Result<Option<DataKey>, DbError> {
    match vault.make(connection, customer, now).await {
        Ok(key) => Ok(Some(key)),
        Err(DbError::Vault(VaultError::Erased)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Seals what builds before this one have written in the clear, and says of how many cases and messages. Safe to run anywhere at any
/// time, also by several at once: it takes what nobody else is at, and what is read is read in either form.
///
/// # Errors
///
/// Those of the database.
pub async fn seal_clear(db: &Db, vault: &Vault) -> Result<usize, DbError> {
    let mut count = 0;
    loop {
        let sealed = seal_cases(db, vault).await? + seal_messages(db, vault).await?;
        if sealed == 0 {
            return Ok(count);
        }
        count += sealed;
    }
}

async fn seal_cases(db: &Db, vault: &Vault) -> Result<usize, DbError> {
    let mut tx = db.begin().await?;
    let now = tx.now();
    let rows = sqlx::query!(
        "select id, customer_id, subject, description from cases where sealed_subject is null
         order by customer_id, id limit $1 for no key update skip locked",
        AT_ONCE,
    )
    .fetch_all(tx.conn())
    .await?;
    for row in &rows {
        // Of whoever was erased meanwhile nothing is left to seal.
        let (subject, description) = match key(tx.conn(), vault, row.customer_id, now).await? {
            Some(key) => seal_texts(&key, row.id, &row.subject, &row.description)?,
            None => (Vec::new(), Vec::new()),
        };
        sqlx::query!(
            "update cases set subject = default, description = default, sealed_subject = $2, sealed_description = $3
             where id = $1",
            row.id,
            subject,
            description,
        )
        .execute(tx.conn())
        .await?;
    }
    tx.commit().await?;
    Ok(rows.len())
}

async fn seal_messages(db: &Db, vault: &Vault) -> Result<usize, DbError> {
    let mut tx = db.begin().await?;
    let now = tx.now();
    let rows = sqlx::query!(
        "select messages.id, customer_id, body from messages join cases on cases.id = case_id where sealed_body is null
         order by customer_id, messages.id limit $1 for no key update of messages skip locked",
        AT_ONCE,
    )
    .fetch_all(tx.conn())
    .await?;
    for row in &rows {
        let body = match key(tx.conn(), vault, row.customer_id, now).await? {
            Some(key) => key.seal(BODY.of(row.id), row.body.as_bytes())?,
            None => Vec::new(),
        };
        sqlx::query!(
            "update messages set body = default, sealed_body = $2 where id = $1",
            row.id,
            body,
        )
        .execute(tx.conn())
        .await?;
    }
    tx.commit().await?;
    Ok(rows.len())
}
