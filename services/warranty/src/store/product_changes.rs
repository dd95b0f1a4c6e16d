//! How products came to be as they are: all of a product at every change.

use serde_json::Value;
use sqlx::PgConnection;
use support_chassis::db::DbError;
use time::OffsetDateTime;

use crate::domain::catalogue::Model;
use crate::domain::product::ProductId;

/// A change, with what the product was before.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Its number, 1 for the first.
    pub revision: i32,
    /// When.
    pub changed_at: OffsetDateTime,
    /// Who: kind and subject.
    pub changed_by: String,
    /// Why, as they said.
    pub reason: String,
    /// What the catalogue said before; none where the product was added.
    pub before: Option<Value>,
    /// What it said from then on.
    pub details: Value,
}

/// Notes what models are from now on.
pub async fn insert(
    connection: &mut PgConnection,
    models: &[Model],
    by: &str,
    reason: &str,
    at: OffsetDateTime,
) -> Result<(), DbError> {
    if models.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = models.iter().map(|model| model.id.uuid()).collect();
    let revisions: Vec<_> = models.iter().map(|model| model.revision).collect();
    let details: Vec<_> = models.iter().map(|model| model.details.to_json()).collect();
    sqlx::query!(
        "insert into product_changes (product_id, revision, changed_at, changed_by, reason, details)
         select given.product_id, given.revision, $4, $5, $6, given.details
         from unnest($1::uuid[], $2::int[], $3::jsonb[]) as given (product_id, revision, details)",
        &ids,
        &revisions,
        &details,
        at,
        by,
        reason,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The changes of a product before a revision, the latest first, `limit` at most.
pub async fn list(
    connection: &mut PgConnection,
    product: ProductId,
    before: Option<i32>,
    limit: i64,
) -> Result<Vec<Change>, DbError> {
    Ok(sqlx::query_as!(
        Change,
        r#"select revision, changed_at, changed_by, reason, details,
                  (select earlier.details from product_changes as earlier
                   where earlier.product_id = product_changes.product_id
                     and earlier.revision = product_changes.revision - 1) as before
           from product_changes
           where product_id = $1 and ($2::int is null or revision < $2)
           order by revision desc limit $3"#,
        product.uuid(),
        before,
        limit,
    )
    .fetch_all(connection)
    .await?)
}
