//! The products.

use sqlx::PgConnection;
use support_chassis::db::Tx;
use support_chassis::id::Ids;
use support_chassis::page::Page;
use support_proto::support::warranty::v1::ProductCreated;
use time::Date;

use crate::domain::product::{Product, ProductId, ProductLine};
use crate::error::Error;
use crate::{store, wire};

/// A product to add.
#[derive(Debug, Clone)]
pub struct NewProduct {
    /// The model code.
    pub model_code: String,
    /// The model's name.
    pub name: String,
    /// The product line.
    pub product_line: ProductLine,
    /// The maker's limited warranty, in months, 0 to 120.
    pub limited_warranty_months: u8,
    /// The first day on which it was sold.
    pub release_date: Date,
}

/// Adds a product.
pub async fn create_product(tx: &mut Tx, ids: &Ids, new: NewProduct) -> Result<Product, Error> {
    let product = Product {
        id: ids.next(),
        model_code: new.model_code,
        name: new.name,
        product_line: new.product_line,
        limited_warranty_months: new.limited_warranty_months,
        release_date: new.release_date,
        created_at: tx.now(),
    };
    store::products::insert(tx, &product).await?;
    let event = ProductCreated {
        product_id: product.id.to_string(),
        product_line: wire::product_line(product.product_line).into(),
    };
    tx.append(product.id, &event).await?;
    Ok(product)
}

/// The product with this id.
pub async fn product(connection: &mut PgConnection, id: ProductId) -> Result<Product, Error> {
    store::products::get(connection, id)
        .await?
        .ok_or(Error::ProductNotFound)
}

/// Products by model code, and the token of the next page.
pub async fn list_products(
    connection: &mut PgConnection,
    line: Option<ProductLine>,
    page: &Page<String>,
) -> Result<(Vec<Product>, String), Error> {
    let products = store::products::list(connection, line, page.after.as_deref(), page.limit()).await?;
    Ok(page.cut(products, |last| last.model_code.clone()))
}
