//! The cases that this service has heard of.

use sqlx::PgConnection;
use support_chassis::db::DbError;

use crate::domain::repair::{CaseId, CustomerId};

/// Notes a case and whose concern it is.
pub async fn put(connection: &mut PgConnection, case: CaseId, customer: CustomerId) -> Result<(), DbError> {
    sqlx::query!(
        "insert into known_cases (case_id, customer_id) values ($1, $2)
         on conflict (case_id) do update set customer_id = excluded.customer_id
         where known_cases.customer_id <> excluded.customer_id",
        case.uuid(),
        customer.uuid(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whose concern a case is; none where it is not known.
pub async fn customer(connection: &mut PgConnection, case: CaseId) -> Result<Option<CustomerId>, DbError> {
    let row = sqlx::query!(
        r#"select customer_id as "customer_id: CustomerId" from known_cases where case_id = $1"#,
        case.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| row.customer_id))
}
