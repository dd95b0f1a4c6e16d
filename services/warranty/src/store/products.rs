//! Products.

use sqlx::PgConnection;
use support_chassis::db::{DbError, stored};
use time::{Date, OffsetDateTime};

use crate::domain::product::{Product, ProductId, ProductLine};

/// The constraint on the model code.
pub const MODEL_CODE_KEY: &str = "products_model_code_key";

const TABLE: &str = "products";

/// A row of `products`.
pub(super) struct Row {
    pub(super) id: ProductId,
    pub(super) model_code: String,
    pub(super) name: String,
    pub(super) product_line: String,
    pub(super) limited_warranty_months: i16,
    pub(super) release_date: Date,
    pub(super) created_at: OffsetDateTime,
}

impl TryFrom<Row> for Product {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        Ok(Self {
            id: row.id,
            model_code: row.model_code,
            name: row.name,
            product_line: stored(ProductLine::from_name(&row.product_line), TABLE, "product_line")?,
            limited_warranty_months: stored(
                u8::try_from(row.limited_warranty_months).ok(),
                TABLE,
                "limited_warranty_months",
            )?,
            release_date: row.release_date,
            created_at: row.created_at,
        })
    }
}

/// Adds a product. Breaks [`MODEL_CODE_KEY`] where its code is taken.
pub async fn insert(connection: &mut PgConnection, product: &Product) -> Result<(), DbError> {
    sqlx::query!(
        "insert into products (id, model_code, name, product_line, limited_warranty_months, release_date, created_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        product.id.uuid(),
        product.model_code,
        product.name,
        product.product_line.as_str(),
        i16::from(product.limited_warranty_months),
        product.release_date,
        product.created_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The product with this id.
pub async fn get(connection: &mut PgConnection, id: ProductId) -> Result<Option<Product>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: ProductId", model_code, name, product_line, limited_warranty_months, release_date,
                  created_at
           from products where id = $1"#,
        id.uuid(),
    )
    .fetch_optional(connection)
    .await?
    .map(Product::try_from)
    .transpose()
}

/// The product with this model code.
pub async fn find(connection: &mut PgConnection, model_code: &str) -> Result<Option<Product>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: ProductId", model_code, name, product_line, limited_warranty_months, release_date,
                  created_at
           from products where model_code = $1"#,
        model_code,
    )
    .fetch_optional(connection)
    .await?
    .map(Product::try_from)
    .transpose()
}

/// Products by model code, those of one line or all, after a model code, `limit` at most.
pub async fn list(
    connection: &mut PgConnection,
    line: Option<ProductLine>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Product>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: ProductId", model_code, name, product_line, limited_warranty_months, release_date,
                  created_at
           from products
           where ($1::text is null or product_line = $1) and ($2::text is null or model_code > $2)
           order by model_code limit $3"#,
        line.map(ProductLine::as_str),
        after,
        limit,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Product::try_from)
    .collect()
}
