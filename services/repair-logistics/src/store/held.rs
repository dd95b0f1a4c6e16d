//! What is held on a customer here: the repairs of their cases.

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
    let repairs = sqlx::query_scalar!(
        r#"select to_jsonb(held) as "document!" from repairs as held
         join known_cases on known_cases.case_id = held.case_id where known_cases.customer_id = $1 order by held.id"#,
        customer,
    )
    .fetch_all(connection)
    .await?;
    Ok(Record::all("repairs", repairs).collect())
}

/// The words go: what the customer said is wrong, and what was noted. The repair stays.
async fn erase(tx: &mut Tx, customer: Uuid) -> Result<u64, DbError> {
    let repairs = sqlx::query!(
        "update repairs set problem = $2, note = null, version = version + 1 from known_cases
         where known_cases.case_id = repairs.case_id and known_cases.customer_id = $1
             and (repairs.problem <> $2 or repairs.note is not null)",
        customer,
        ERASED,
    )
    .execute(tx.conn())
    .await?;
    Ok(repairs.rows_affected())
}
