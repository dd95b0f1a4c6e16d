//! Families of models.

use sqlx::PgConnection;
use support_chassis::db::{DbError, stored};
use time::OffsetDateTime;

use crate::domain::catalogue::{Family, FamilyId};
use crate::domain::product::ProductLine;

/// The constraint on the key.
pub const FAMILY_KEY: &str = "product_families_family_key";

const TABLE: &str = "product_families";

/// A row of `product_families`.
struct Row {
    id: FamilyId,
    family: String,
    name: String,
    product_line: String,
    created_at: OffsetDateTime,
}

impl TryFrom<Row> for Family {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        Ok(Self {
            id: row.id,
            family: row.family,
            name: row.name,
            product_line: stored(ProductLine::from_name(&row.product_line), TABLE, "product_line")?,
            created_at: row.created_at,
        })
    }
}

/// Adds families. Breaks [`FAMILY_KEY`] where a key is taken.
pub async fn insert(connection: &mut PgConnection, families: &[Family]) -> Result<(), DbError> {
    if families.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = families.iter().map(|one| one.id.uuid()).collect();
    let keys: Vec<_> = families.iter().map(|one| one.family.clone()).collect();
    let names: Vec<_> = families.iter().map(|one| one.name.clone()).collect();
    let lines: Vec<_> = families
        .iter()
        .map(|one| one.product_line.as_str().to_owned())
        .collect();
    let created: Vec<_> = families.iter().map(|one| one.created_at).collect();
    sqlx::query!(
        "insert into product_families (id, family, name, product_line, created_at)
         select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])",
        &ids,
        &keys,
        &names,
        &lines,
        &created,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Gives families, which are locked, another name or line.
pub async fn update(connection: &mut PgConnection, families: &[Family]) -> Result<(), DbError> {
    if families.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = families.iter().map(|one| one.id.uuid()).collect();
    let names: Vec<_> = families.iter().map(|one| one.name.clone()).collect();
    let lines: Vec<_> = families
        .iter()
        .map(|one| one.product_line.as_str().to_owned())
        .collect();
    sqlx::query!(
        "update product_families set name = given.name, product_line = given.product_line
         from unnest($1::uuid[], $2::text[], $3::text[]) as given (id, name, product_line)
         where product_families.id = given.id",
        &ids,
        &names,
        &lines,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The family with this key. It stays while the transaction lasts.
pub async fn find_shared(connection: &mut PgConnection, family: &str) -> Result<Option<Family>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: FamilyId", family, name, product_line, created_at
           from product_families where family = $1 for share"#,
        family,
    )
    .fetch_optional(connection)
    .await?
    .map(Family::try_from)
    .transpose()
}

/// The families with these keys, locked, in the order of their keys, each with whether models belong to it.
pub async fn lock_by_keys(connection: &mut PgConnection, keys: &[String]) -> Result<Vec<(Family, bool)>, DbError> {
    let rows = sqlx::query!(
        r#"select id as "id: FamilyId", family, name, product_line, created_at,
                  exists (select from products where family_id = product_families.id) as "has_models!"
           from product_families where family = any($1) order by family for update"#,
        keys,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let has_models = row.has_models;
            let family = Row {
                id: row.id,
                family: row.family,
                name: row.name,
                product_line: row.product_line,
                created_at: row.created_at,
            };
            Ok((family.try_into()?, has_models))
        })
        .collect()
}

/// Families by their keys, those of one line or all, after a key, `limit` at most.
pub async fn list(
    connection: &mut PgConnection,
    line: Option<ProductLine>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Family>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: FamilyId", family, name, product_line, created_at
           from product_families
           where ($1::text is null or product_line = $1) and ($2::text is null or family > $2)
           order by family limit $3"#,
        line.map(ProductLine::as_str),
        after,
        limit,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Family::try_from)
    .collect()
}
