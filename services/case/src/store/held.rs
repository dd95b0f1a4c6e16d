//! What is held on a customer here: their cases, what was said in them, and their histories.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::Value;
use sqlx::PgConnection;
use support_chassis::db::{DbError, Tx};
use support_chassis::privacy::{PersonalData, Record};
use support_chassis::vault::Vault;
use uuid::Uuid;

use super::sealed;
use crate::domain::words::Body;
use crate::domain::{CaseId, MessageId};

/// What is held on customers.
#[derive(Debug, Clone)]
pub struct Held {
    /// What it is sealed by.
    pub vault: Vault,
}

impl PersonalData for Held {
    fn export<'t>(
        &'t self,
        connection: &'t mut PgConnection,
        customer: Uuid,
    ) -> BoxFuture<'t, Result<Vec<Record>, DbError>> {
        all(connection, &self.vault, customer).boxed()
    }

    fn erase<'t>(&'t self, tx: &'t mut Tx, customer: Uuid) -> BoxFuture<'t, Result<u64, DbError>> {
        erase(tx, customer).boxed()
    }
}

async fn all(connection: &mut PgConnection, vault: &Vault, customer: Uuid) -> Result<Vec<Record>, DbError> {
    let said = said(connection, vault, customer).await?;
    let timeline = sqlx::query_scalar!(
        r#"select to_jsonb(held) - 'previous_sequence' as "document!" from timeline_entries as held
         join cases on cases.id = held.case_id where cases.customer_id = $1 order by held.case_id, held.sequence"#,
        customer,
    )
    .fetch_all(&mut *connection)
    .await?;
    let marks = sqlx::query_scalar!(
        r#"select to_jsonb(held) as "document!" from playbook_marks as held
         join cases on cases.id = held.case_id where cases.customer_id = $1 order by held.case_id, held.step"#,
        customer,
    )
    .fetch_all(connection)
    .await?;
    Ok(said
        .into_iter()
        .chain(Record::all("timeline_entries", timeline))
        .chain(Record::all("playbook_marks", marks))
        .collect())
}

/// The cases and the messages, with what was written in them.
async fn said(connection: &mut PgConnection, vault: &Vault, customer: Uuid) -> Result<Vec<Record>, DbError> {
    let held = vault.held(connection, customer).await?;
    let cases = sqlx::query!(
        r#"select id as "id: CaseId", subject, description, sealed_subject, sealed_description,
             to_jsonb(held) - array['customer_id', 'sealed_subject', 'sealed_description'] as "document!"
         from cases as held where customer_id = $1 order by id"#,
        customer,
    )
    .fetch_all(&mut *connection)
    .await?;
    let messages = sqlx::query!(
        r#"select held.id as "id: MessageId", body, sealed_body, to_jsonb(held) - 'sealed_body' as "document!"
         from messages as held join cases on cases.id = held.case_id
         where cases.customer_id = $1 order by held.case_id, held.sequence"#,
        customer,
    )
    .fetch_all(connection)
    .await?;
    let text = |words: Option<&str>| words.map_or(Value::Null, Value::from);
    let mut records = Vec::with_capacity(cases.len() + messages.len());
    for mut row in cases {
        let sealed = (row.sealed_subject.as_deref(), row.sealed_description.as_deref());
        let words = sealed::open_case(&held, row.id, sealed, (&row.subject, &row.description))?;
        row.document["subject"] = text(words.as_ref().map(|words| words.subject.as_str()));
        row.document["description"] = text(words.as_ref().map(|words| words.description.as_str()));
        records.extend(Record::all("cases", [row.document]));
    }
    for mut row in messages {
        let body = sealed::open_body(&held, row.id, row.sealed_body.as_deref(), &row.body)?;
        row.document["body"] = text(body.as_ref().map(Body::as_str));
        records.extend(Record::all("messages", [row.document]));
    }
    Ok(records)
}

/// The words go, those of staff as well, which may repeat the customer's. Without the data key they are noise already; nothing of it is
/// kept all the same, and nothing in the clear that a build before this one has written. A reference of another system goes too, since
/// it may lead to who it was. That there was a case, and what became of it, stays.
async fn erase(tx: &mut Tx, customer: Uuid) -> Result<u64, DbError> {
    let cases = sqlx::query!(
        "update cases set subject = default, description = default, sealed_subject = '', sealed_description = '',
             source_reference = null, version = version + 1
         where customer_id = $1 and (sealed_subject is null or sealed_subject <> '')",
        customer,
    )
    .execute(tx.conn())
    .await?;
    let messages = sqlx::query!(
        "update messages set body = default, sealed_body = '' from cases
         where cases.id = messages.case_id and cases.customer_id = $1 and (sealed_body is null or sealed_body <> '')",
        customer,
    )
    .execute(tx.conn())
    .await?;
    Ok(cases.rows_affected() + messages.rows_affected())
}
