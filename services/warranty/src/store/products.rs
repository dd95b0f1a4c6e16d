//! Products, as devices know them; all of a product is in [`super::models`].

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

/// The product with this model code. It is not corrected while the transaction lasts: what is checked against it holds.
pub async fn find(connection: &mut PgConnection, model_code: &str) -> Result<Option<Product>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: ProductId", model_code, name, product_line, limited_warranty_months, release_date,
                  created_at
           from products where model_code = $1 for key share"#,
        model_code,
    )
    .fetch_optional(connection)
    .await?
    .map(Product::try_from)
    .transpose()
}
