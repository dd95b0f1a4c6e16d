//! What decisions and prices need of models: their parts and prices, many models at once.

use std::collections::HashMap;

use sqlx::PgConnection;
use sqlx::types::Uuid;
use support_chassis::db::{DbError, stored};

use crate::domain::catalogue::Sold;
use crate::domain::facts::PartFacts;
use crate::domain::product::{ProductId, ProductLine};

/// What is known of a model beside what a device carries itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfModel {
    /// Whose prices of repair it has; empty where it has none.
    pub price_group: String,
    /// What says for how long it is repaired.
    pub sold: Sold,
    /// All its parts, by component and number.
    pub parts: Vec<PartFacts>,
}

impl OfModel {
    /// Its parts with these numbers, and those of a component.
    #[must_use]
    pub fn parts_asked_for(&self, numbers: &[String], component: Option<&str>) -> Vec<PartFacts> {
        if numbers.is_empty() && component.is_none() {
            return Vec::new();
        }
        let parts = self.parts.iter();
        parts
            .filter(|part| numbers.contains(&part.part_number) || component == Some(&*part.component))
            .cloned()
            .collect()
    }
}

/// What is known of these models, in one round trip. A model that is not there is not in the answer.
pub async fn of_models(
    connection: &mut PgConnection,
    ids: &[ProductId],
) -> Result<HashMap<ProductId, OfModel>, DbError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!(
        r#"select products.id as "id: ProductId", product_line, price_group, last_sold, vintage_from, obsolete_from,
                  component as "component?", part_number as "part_number?", wears as "wears?", cosmetic as "cosmetic?"
           from products left join product_parts on product_parts.product_id = products.id
           where products.id = any($1)
           order by products.id, component, part_number"#,
        &ids,
    )
    .fetch_all(connection)
    .await?;
    let mut models: HashMap<ProductId, OfModel> = HashMap::new();
    for row in rows {
        let line = stored(ProductLine::from_name(&row.product_line), "products", "product_line")?;
        let model = models.entry(row.id).or_insert_with(|| OfModel {
            price_group: row.price_group,
            sold: Sold {
                line,
                last: row.last_sold,
                vintage_from: row.vintage_from,
                obsolete_from: row.obsolete_from,
            },
            parts: Vec::new(),
        });
        if let (Some(component), Some(part_number), Some(wears), Some(cosmetic)) =
            (row.component, row.part_number, row.wears, row.cosmetic)
        {
            model.parts.push(PartFacts {
                part_number,
                component,
                wears,
                cosmetic,
            });
        }
    }
    Ok(models)
}

/// How much there is of what has prices.
#[derive(Debug, Clone, Default)]
pub struct Counted {
    /// Devices, by the group of models and the country of purchase.
    pub devices: HashMap<(String, String), i64>,
    /// The models of each group, the oldest first.
    pub models: HashMap<String, Vec<ProductId>>,
    /// How many models are not sold any more.
    pub ended: i64,
}

/// Counts what has prices.
pub async fn count(connection: &mut PgConnection) -> Result<Counted, DbError> {
    // By model first: there are few, and their groups are looked up once.
    let devices = sqlx::query!(
        r#"select price_group, purchase_country_code, sum(count)::bigint as "count!"
           from (
               select product_id, purchase_country_code, count(*) as count
               from devices group by product_id, purchase_country_code
           ) as counted
           join products on products.id = product_id
           where price_group <> ''
           group by price_group, purchase_country_code"#,
    )
    .fetch_all(&mut *connection)
    .await?;
    let models =
        sqlx::query!(r#"select id as "id: ProductId", price_group from products where price_group <> '' order by id"#,)
            .fetch_all(&mut *connection)
            .await?;
    let ended = sqlx::query_scalar!(r#"select count(*) as "count!" from products where last_sold is not null"#)
        .fetch_one(connection)
        .await?;
    let mut by_group: HashMap<String, Vec<ProductId>> = HashMap::new();
    for row in models {
        by_group.entry(row.price_group).or_default().push(row.id);
    }
    let devices = devices
        .into_iter()
        .map(|row| ((row.price_group, row.purchase_country_code), row.count))
        .collect();
    Ok(Counted {
        devices,
        models: by_group,
        ended,
    })
}
