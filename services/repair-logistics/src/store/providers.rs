//! Providers.

use sqlx::PgConnection;
use support_chassis::db::{DbError, stored};
use time::OffsetDateTime;

use crate::domain::provider::{House, Kind, ProductLine, Provider, ProviderId};

/// The constraint on the code.
pub const CODE_KEY: &str = "providers_code_key";

const TABLE: &str = "providers";

struct Row {
    id: ProviderId,
    code: String,
    name: String,
    kind: String,
    organisation_id: Option<String>,
    country_code: String,
    product_lines: Vec<String>,
    created_at: OffsetDateTime,
}

impl TryFrom<Row> for Provider {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        let kind = stored(Kind::from_name(&row.kind), TABLE, "kind")?;
        let lines = row
            .product_lines
            .iter()
            .map(|line| stored(ProductLine::from_name(line), TABLE, "product_lines"));
        Ok(Self {
            id: row.id,
            code: row.code,
            name: row.name,
            house: stored(House::new(kind, row.organisation_id).ok(), TABLE, "organisation_id")?,
            country_code: row.country_code,
            product_lines: lines.collect::<Result<_, _>>()?,
            created_at: row.created_at,
        })
    }
}

/// Adds a provider. Breaks [`CODE_KEY`] where its code is taken.
pub async fn insert(connection: &mut PgConnection, provider: &Provider) -> Result<(), DbError> {
    let lines: Vec<String> = provider
        .product_lines
        .iter()
        .map(|line| line.as_str().to_owned())
        .collect();
    sqlx::query!(
        "insert into providers (id, code, name, kind, organisation_id, country_code, product_lines, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        provider.id.uuid(),
        provider.code,
        provider.name,
        provider.house.kind().as_str(),
        provider.house.organisation(),
        provider.country_code,
        &lines,
        provider.created_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The provider with this id.
pub async fn get(connection: &mut PgConnection, id: ProviderId) -> Result<Option<Provider>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: ProviderId", code, name, kind, organisation_id, country_code, product_lines, created_at
           from providers where id = $1"#,
        id.uuid(),
    )
    .fetch_optional(connection)
    .await?
    .map(Provider::try_from)
    .transpose()
}

/// The provider with this code.
pub async fn find(connection: &mut PgConnection, code: &str) -> Result<Option<Provider>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: ProviderId", code, name, kind, organisation_id, country_code, product_lines, created_at
           from providers where code = $1"#,
        code,
    )
    .fetch_optional(connection)
    .await?
    .map(Provider::try_from)
    .transpose()
}

/// Providers by code: of one organisation or all, of one country or all, after a code, `limit` at most. There are
/// thousands at most, so one statement serves all four.
pub async fn list(
    connection: &mut PgConnection,
    organisation: Option<&str>,
    country_code: Option<&str>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Provider>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: ProviderId", code, name, kind, organisation_id, country_code, product_lines, created_at
           from providers
           where ($1::text is null or organisation_id = $1)
             and ($2::text is null or country_code = $2)
             and ($3::text is null or code > $3)
           order by code limit $4"#,
        organisation,
        country_code,
        after,
        limit,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Provider::try_from)
    .collect()
}
