//! Models are written: many at once, a statement a table.

use std::collections::BTreeMap;

use sqlx::PgConnection;
use sqlx::types::Uuid;
use support_chassis::db::DbError;
use time::Date;

use crate::domain::catalogue::{FamilyId, Model};

/// The rows of `products` as columns.
struct Columns {
    ids: Vec<Uuid>,
    names: Vec<String>,
    lines: Vec<String>,
    months: Vec<i16>,
    released: Vec<Date>,
    families: Vec<Option<Uuid>>,
    price_groups: Vec<String>,
    last_sold: Vec<Option<Date>>,
    vintage: Vec<Option<Date>>,
    obsolete: Vec<Option<Date>>,
    revisions: Vec<i32>,
}

impl Columns {
    fn of(models: &[Model], families: &BTreeMap<String, FamilyId>) -> Self {
        let all = || models.iter();
        let details = || models.iter().map(|model| &model.details);
        let family = |key: &String| families.get(key).map(|id| id.uuid());
        Self {
            ids: all().map(|model| model.id.uuid()).collect(),
            names: details().map(|of| of.name.clone()).collect(),
            lines: details().map(|of| of.product_line.as_str().to_owned()).collect(),
            months: details().map(|of| of.limited_warranty_months.into()).collect(),
            released: details().map(|of| of.release_date).collect(),
            families: details().map(|of| of.family.as_ref().and_then(family)).collect(),
            price_groups: details().map(|of| of.price_group.clone()).collect(),
            last_sold: details().map(|of| of.last_sold).collect(),
            vintage: details().map(|of| of.vintage_from).collect(),
            obsolete: details().map(|of| of.obsolete_from).collect(),
            revisions: all().map(|model| model.revision).collect(),
        }
    }
}

/// Adds models, whose families are among those given. Breaks [`crate::store::products::MODEL_CODE_KEY`] where a code is taken.
pub async fn insert(
    connection: &mut PgConnection,
    models: &[Model],
    families: &BTreeMap<String, FamilyId>,
) -> Result<(), DbError> {
    if models.is_empty() {
        return Ok(());
    }
    let columns = Columns::of(models, families);
    let codes: Vec<_> = models.iter().map(|model| model.model_code.clone()).collect();
    let created: Vec<_> = models.iter().map(|model| model.created_at).collect();
    sqlx::query!(
        "insert into products (id, model_code, name, product_line, limited_warranty_months, release_date, family_id,
                               price_group, last_sold, vintage_from, obsolete_from, revision, created_at)
         select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::date[], $7::uuid[],
                              $8::text[], $9::date[], $10::date[], $11::date[], $12::int[], $13::timestamptz[])",
        &columns.ids,
        &codes,
        &columns.names,
        &columns.lines,
        &columns.months,
        &columns.released,
        &columns.families as &[Option<Uuid>],
        &columns.price_groups,
        &columns.last_sold as &[Option<Date>],
        &columns.vintage as &[Option<Date>],
        &columns.obsolete as &[Option<Date>],
        &columns.revisions,
        &created,
    )
    .execute(&mut *connection)
    .await?;
    insert_contents(connection, models).await
}

/// Brings models, which are locked, to what they are from now on. Their families are among those given.
pub async fn update(
    connection: &mut PgConnection,
    models: &[Model],
    families: &BTreeMap<String, FamilyId>,
) -> Result<(), DbError> {
    if models.is_empty() {
        return Ok(());
    }
    let columns = Columns::of(models, families);
    sqlx::query!(
        "update products
         set name = given.name, product_line = given.product_line,
             limited_warranty_months = given.limited_warranty_months, release_date = given.release_date,
             family_id = given.family_id, price_group = given.price_group, last_sold = given.last_sold,
             vintage_from = given.vintage_from, obsolete_from = given.obsolete_from, revision = given.revision
         from unnest($1::uuid[], $2::text[], $3::text[], $4::smallint[], $5::date[], $6::uuid[], $7::text[], $8::date[],
                     $9::date[], $10::date[], $11::int[])
             as given (id, name, product_line, limited_warranty_months, release_date, family_id, price_group, last_sold,
                       vintage_from, obsolete_from, revision)
         where products.id = given.id",
        &columns.ids,
        &columns.names,
        &columns.lines,
        &columns.months,
        &columns.released,
        &columns.families as &[Option<Uuid>],
        &columns.price_groups,
        &columns.last_sold as &[Option<Date>],
        &columns.vintage as &[Option<Date>],
        &columns.obsolete as &[Option<Date>],
        &columns.revisions,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "delete from product_configurations where product_id = any($1)",
        &columns.ids
    )
    .execute(&mut *connection)
    .await?;
    // The parts go with their components.
    sqlx::query!(
        "delete from product_components where product_id = any($1)",
        &columns.ids
    )
    .execute(&mut *connection)
    .await?;
    insert_contents(connection, models).await
}

/// A place in a list. Lists are bounded far below.
fn place(place: usize) -> i16 {
    i16::try_from(place).unwrap_or(i16::MAX)
}

async fn insert_contents(connection: &mut PgConnection, models: &[Model]) -> Result<(), DbError> {
    let (mut ids, mut numbers, mut names, mut places) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for model in models {
        for (at, one) in model.details.configurations.iter().enumerate() {
            ids.push(model.id.uuid());
            numbers.push(one.configuration.clone());
            names.push(one.name.clone());
            places.push(place(at));
        }
    }
    if !ids.is_empty() {
        sqlx::query!(
            "insert into product_configurations (product_id, configuration, name, place)
             select * from unnest($1::uuid[], $2::text[], $3::text[], $4::smallint[])",
            &ids,
            &numbers,
            &names,
            &places,
        )
        .execute(&mut *connection)
        .await?;
    }
    insert_components(connection, models).await
}

/// The rows of `product_parts` as columns.
#[derive(Default)]
struct Parts {
    ids: Vec<Uuid>,
    components: Vec<String>,
    numbers: Vec<String>,
    names: Vec<String>,
    wear: Vec<bool>,
    cosmetic: Vec<bool>,
    places: Vec<i16>,
}

async fn insert_components(connection: &mut PgConnection, models: &[Model]) -> Result<(), DbError> {
    let (mut ids, mut components, mut places) = (Vec::new(), Vec::new(), Vec::new());
    let mut parts = Parts::default();
    for model in models {
        for (at, one) in model.details.components.iter().enumerate() {
            ids.push(model.id.uuid());
            components.push(one.component.clone());
            places.push(place(at));
            for (at, part) in one.parts.iter().enumerate() {
                parts.ids.push(model.id.uuid());
                parts.components.push(one.component.clone());
                parts.numbers.push(part.part_number.clone());
                parts.names.push(part.name.clone());
                parts.wear.push(part.wears);
                parts.cosmetic.push(part.cosmetic);
                parts.places.push(place(at));
            }
        }
    }
    if ids.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into product_components (product_id, component, place)
         select * from unnest($1::uuid[], $2::text[], $3::smallint[])",
        &ids,
        &components,
        &places,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "insert into product_parts (product_id, component, part_number, name, wears, cosmetic, place)
         select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::boolean[], $6::boolean[],
                              $7::smallint[])",
        &parts.ids,
        &parts.components,
        &parts.numbers,
        &parts.names,
        &parts.wear,
        &parts.cosmetic,
        &parts.places,
    )
    .execute(connection)
    .await?;
    Ok(())
}
