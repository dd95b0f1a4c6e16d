//! What is held on a customer here: the repairs of their cases.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::Value;
use sqlx::PgConnection;
use support_chassis::db::{DbError, Tx};
use support_chassis::privacy::{PersonalData, Record};
use support_chassis::vault::Vault;
use uuid::Uuid;

use super::sealed;
use crate::domain::repair::RepairId;

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
    let held = vault.held(connection, customer).await?;
    let repairs = sqlx::query!(
        r#"select repair.id as "id: RepairId", problem, note, sealed_problem, sealed_note,
             to_jsonb(repair) - array['sealed_problem', 'sealed_note'] as "document!"
         from repairs as repair join known_cases on known_cases.case_id = repair.case_id
         where known_cases.customer_id = $1 order by repair.id"#,
        customer,
    )
    .fetch_all(connection)
    .await?;
    let mut records = Vec::with_capacity(repairs.len());
    for mut row in repairs {
        let problem = sealed::open_problem(&held, row.id, row.sealed_problem.as_deref(), &row.problem)?;
        let note = sealed::open_note(&held, row.id, row.sealed_note.as_deref(), row.note.as_deref())?;
        row.document["problem"] = problem.map_or(Value::Null, Value::from);
        row.document["note"] = note.map_or(Value::Null, Value::from);
        records.extend(Record::all("repairs", [row.document]));
    }
    Ok(records)
}

/// The words go: what the customer said is wrong, and what was noted. Without the data key they are noise already; nothing of it is kept
/// all the same, and nothing in the clear that a build before this one has written. The repair stays.
async fn erase(tx: &mut Tx, customer: Uuid) -> Result<u64, DbError> {
    let repairs = sqlx::query!(
        "update repairs set problem = default, note = null, sealed_problem = '', sealed_note = null, version = version + 1
         from known_cases
         where known_cases.case_id = repairs.case_id and known_cases.customer_id = $1
             and (sealed_problem is null or sealed_problem <> '' or note is not null)",
        customer,
    )
    .execute(tx.conn())
    .await?;
    Ok(repairs.rows_affected())
}
