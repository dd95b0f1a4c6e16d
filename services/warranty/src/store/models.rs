//! Models with all that the catalogue says of them.
//!
//! Every function takes many at once: an import writes thousands in as many statements as one model takes.

mod write;

use std::collections::HashMap;

use sqlx::PgConnection;
use sqlx::types::Uuid;
use support_chassis::db::{DbError, stored};
use time::{Date, OffsetDateTime};

pub use write::{insert, update};

use crate::domain::catalogue::{Component, Configuration, Details, Model, Part, Use};
use crate::domain::product::{ProductId, ProductLine};

const TABLE: &str = "products";

/// A row of `products` with the key of its family.
struct Row {
    id: ProductId,
    model_code: String,
    name: String,
    product_line: String,
    limited_warranty_months: i16,
    release_date: Date,
    family: Option<String>,
    price_group: String,
    last_sold: Option<Date>,
    vintage_from: Option<Date>,
    obsolete_from: Option<Date>,
    revision: i32,
    created_at: OffsetDateTime,
}

impl TryFrom<Row> for Model {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        let months = u8::try_from(row.limited_warranty_months).ok();
        Ok(Self {
            id: row.id,
            model_code: row.model_code,
            details: Details {
                name: row.name,
                product_line: stored(ProductLine::from_name(&row.product_line), TABLE, "product_line")?,
                limited_warranty_months: stored(months, TABLE, "limited_warranty_months")?,
                release_date: row.release_date,
                family: row.family,
                price_group: row.price_group,
                last_sold: row.last_sold,
                vintage_from: row.vintage_from,
                obsolete_from: row.obsolete_from,
                configurations: Vec::new(),
                components: Vec::new(),
            },
            revision: row.revision,
            created_at: row.created_at,
        })
    }
}

/// Which models a list holds; what is none holds for all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Their product line.
    pub line: Option<ProductLine>,
    /// The key of their family.
    pub family: Option<String>,
    /// What their code begins with or their name holds, whatever the case of its letters.
    pub query: Option<String>,
    /// A part that they have, by its number.
    pub part_number: Option<String>,
    /// A day on which they were sold.
    pub sold_on: Option<Date>,
}

/// The model with this id, whole.
pub async fn get(connection: &mut PgConnection, id: ProductId) -> Result<Option<Model>, DbError> {
    let row = sqlx::query_as!(
        Row,
        r#"select products.id as "id: ProductId", model_code, products.name, products.product_line,
                  limited_warranty_months, release_date, family as "family?", price_group, last_sold, vintage_from,
                  obsolete_from, revision, products.created_at
           from products left join product_families on product_families.id = family_id
           where products.id = $1"#,
        id.uuid(),
    )
    .fetch_optional(&mut *connection)
    .await?;
    one(connection, row).await
}

/// The model with this id, whole and locked.
pub async fn lock(connection: &mut PgConnection, id: ProductId) -> Result<Option<Model>, DbError> {
    let row = sqlx::query_as!(
        Row,
        r#"select products.id as "id: ProductId", model_code, products.name, products.product_line,
                  limited_warranty_months, release_date, family as "family?", price_group, last_sold, vintage_from,
                  obsolete_from, revision, products.created_at
           from products left join product_families on product_families.id = family_id
           where products.id = $1
           for update of products"#,
        id.uuid(),
    )
    .fetch_optional(&mut *connection)
    .await?;
    one(connection, row).await
}

/// The model with this code, whole.
pub async fn find(connection: &mut PgConnection, model_code: &str) -> Result<Option<Model>, DbError> {
    let row = sqlx::query_as!(
        Row,
        r#"select products.id as "id: ProductId", model_code, products.name, products.product_line,
                  limited_warranty_months, release_date, family as "family?", price_group, last_sold, vintage_from,
                  obsolete_from, revision, products.created_at
           from products left join product_families on product_families.id = family_id
           where model_code = $1"#,
        model_code,
    )
    .fetch_optional(&mut *connection)
    .await?;
    one(connection, row).await
}

/// The models with these codes, whole and locked, by code: always in the same order, so that two imports wait for each other
/// and do not block each other.
pub async fn lock_by_codes(connection: &mut PgConnection, codes: &[String]) -> Result<Vec<Model>, DbError> {
    let rows = sqlx::query_as!(
        Row,
        r#"select products.id as "id: ProductId", model_code, products.name, products.product_line,
                  limited_warranty_months, release_date, family as "family?", price_group, last_sold, vintage_from,
                  obsolete_from, revision, products.created_at
           from products left join product_families on product_families.id = family_id
           where model_code = any($1)
           order by model_code
           for update of products"#,
        codes,
    )
    .fetch_all(&mut *connection)
    .await?;
    whole(connection, models(rows)?).await
}

/// Models by code, after a code, `limit` at most; whole where `is_whole`.
pub async fn list(
    connection: &mut PgConnection,
    filter: &Filter,
    is_whole: bool,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Model>, DbError> {
    let rows = sqlx::query_as!(
        Row,
        r#"select products.id as "id: ProductId", model_code, products.name, products.product_line,
                  limited_warranty_months, release_date, family as "family?", price_group, last_sold, vintage_from,
                  obsolete_from, revision, products.created_at
           from products left join product_families on product_families.id = family_id
           where ($1::text is null or products.product_line = $1)
             and ($2::text is null or family = $2)
             and ($3::text is null or starts_with(model_code, upper($3)) or position(lower($3) in lower(products.name)) > 0)
             and ($4::text is null or exists (
                     select from product_parts where product_parts.product_id = products.id and part_number = $4
                 ))
             and ($5::date is null or $5 between release_date and coalesce(last_sold, 'infinity'))
             and ($6::text is null or model_code > $6)
           order by model_code limit $7"#,
        filter.line.map(ProductLine::as_str),
        filter.family,
        filter.query,
        filter.part_number,
        filter.sold_on,
        after,
        limit,
    )
    .fetch_all(&mut *connection)
    .await?;
    let models = models(rows)?;
    if is_whole {
        whole(connection, models).await
    } else {
        Ok(models)
    }
}

/// What there is of these models in people's hands; of one without a device, nothing is there.
pub async fn in_use(connection: &mut PgConnection, ids: &[ProductId]) -> Result<HashMap<ProductId, Use>, DbError> {
    let rows = sqlx::query!(
        r#"select product_id as "product_id: ProductId", min(purchase_date) as first_purchase
           from devices where product_id = any($1) group by product_id"#,
        &uuids(ids),
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let first_purchase = row.first_purchase;
            (row.product_id, Use { first_purchase })
        })
        .collect())
}

fn models(rows: Vec<Row>) -> Result<Vec<Model>, DbError> {
    rows.into_iter().map(Model::try_from).collect()
}

async fn one(connection: &mut PgConnection, row: Option<Row>) -> Result<Option<Model>, DbError> {
    match row {
        Some(row) => Ok(whole(connection, vec![row.try_into()?]).await?.pop()),
        None => Ok(None),
    }
}

/// The models with their configurations and components.
async fn whole(connection: &mut PgConnection, mut models: Vec<Model>) -> Result<Vec<Model>, DbError> {
    let ids: Vec<_> = models.iter().map(|model| model.id).collect();
    let ids = uuids(&ids);
    let places: HashMap<ProductId, usize> = models.iter().enumerate().map(|(at, model)| (model.id, at)).collect();
    let configurations = sqlx::query!(
        r#"select product_id as "product_id: ProductId", configuration, name
           from product_configurations where product_id = any($1) order by product_id, place"#,
        &ids,
    )
    .fetch_all(&mut *connection)
    .await?;
    for row in configurations {
        if let Some(model) = places.get(&row.product_id).and_then(|at| models.get_mut(*at)) {
            model.details.configurations.push(Configuration {
                configuration: row.configuration,
                name: row.name,
            });
        }
    }
    let components = sqlx::query!(
        r#"select product_id as "product_id: ProductId", component, part_number as "part_number?", name as "name?",
                  wears as "wears?", cosmetic as "cosmetic?"
           from product_components left join product_parts using (product_id, component)
           where product_id = any($1) order by product_id, product_components.place, product_parts.place"#,
        &ids,
    )
    .fetch_all(connection)
    .await?;
    for row in components {
        let Some(model) = places.get(&row.product_id).and_then(|at| models.get_mut(*at)) else {
            continue;
        };
        let components = &mut model.details.components;
        if components.last().is_none_or(|last| last.component != row.component) {
            components.push(Component {
                component: row.component,
                parts: Vec::new(),
            });
        }
        if let (Some(part_number), Some(name), Some(wears), Some(cosmetic)) =
            (row.part_number, row.name, row.wears, row.cosmetic)
            && let Some(component) = components.last_mut()
        {
            component.parts.push(Part {
                part_number,
                name,
                wears,
                cosmetic,
            });
        }
    }
    Ok(models)
}

fn uuids(ids: &[ProductId]) -> Vec<Uuid> {
    ids.iter().map(|id| id.uuid()).collect()
}
