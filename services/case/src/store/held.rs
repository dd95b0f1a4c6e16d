//! What is held on a customer here: their cases, what was said in them, and their histories.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use sqlx::PgConnection;
use support_chassis::db::{DbError, Tx};
use support_chassis::privacy::{PersonalData, Record};
use uuid::Uuid;

/// Stands where words were that are erased.
const ERASED: &str = "[erased]";

/// What is held on customers.
#[derive(Debug, Clone, Copy)]
pub struct Held;

impl PersonalData for Held {
    fn export<'t>(
        &'t self,
        connection: &'t mut PgConnection,
        customer: Uuid,
    ) -> BoxFuture<'t, Result<Vec<Record>, DbError>> {
        all(connection, customer).boxed()
    }

    fn erase<'t>(&'t self, tx: &'t mut Tx, customer: Uuid) -> BoxFuture<'t, Result<u64, DbError>> {
        erase(tx, customer).boxed()
    }
}

async fn all(connection: &mut PgConnection, customer: Uuid) -> Result<Vec<Record>, DbError> {
    let cases = sqlx::query_scalar!(
        r#"select to_jsonb(held) - 'customer_id' as "document!" from cases as held where customer_id = $1 order by id"#,
        customer,
    )
    .fetch_all(&mut *connection)
    .await?;
    let messages = sqlx::query_scalar!(
        r#"select to_jsonb(held) as "document!" from messages as held
         join cases on cases.id = held.case_id where cases.customer_id = $1 order by held.case_id, held.sequence"#,
        customer,
    )
    .fetch_all(&mut *connection)
    .await?;
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
    Ok(Record::all("cases", cases)
        .chain(Record::all("messages", messages))
        .chain(Record::all("timeline_entries", timeline))
        .chain(Record::all("playbook_marks", marks))
        .collect())
}

/// The words go, those of staff as well, which may repeat the customer's. That there was a case, and what became of it, stays.
async fn erase(tx: &mut Tx, customer: Uuid) -> Result<u64, DbError> {
    let cases = sqlx::query!(
        "update cases set subject = $2, description = '', version = version + 1
         where customer_id = $1 and (subject <> $2 or description <> '')",
        customer,
        ERASED,
    )
    .execute(tx.conn())
    .await?;
    let messages = sqlx::query!(
        "update messages set body = $2 from cases
         where cases.id = messages.case_id and cases.customer_id = $1 and messages.body <> $2",
        customer,
        ERASED,
    )
    .execute(tx.conn())
    .await?;
    Ok(cases.rows_affected() + messages.rows_affected())
}
