//! What is held on a customer here: that cases are theirs, and the tasks of these.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use sqlx::PgConnection;
use support_chassis::db::{DbError, Tx};
use support_chassis::privacy::{PersonalData, Record};
use uuid::Uuid;

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
    let tasks = sqlx::query_scalar!(
        r#"select to_jsonb(held) as "document!" from (
             select tasks.*, (select to_jsonb(callbacks) - 'task_id' from callbacks where task_id = tasks.id) as callback
             from tasks join case_customers as cases on cases.case_id = tasks.case_id
             where cases.customer_id = $1 order by tasks.id
         ) as held"#,
        customer,
    )
    .fetch_all(connection)
    .await?;
    Ok(Record::all("tasks", tasks).collect())
}

/// No word of a customer is here; whose a case is, is forgotten.
async fn erase(tx: &mut Tx, customer: Uuid) -> Result<u64, DbError> {
    let forgotten = sqlx::query!("delete from case_customers where customer_id = $1", customer)
        .execute(tx.conn())
        .await?;
    Ok(forgotten.rows_affected())
}
