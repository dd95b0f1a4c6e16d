//! Texts as they once stood.

use sqlx::PgConnection;
use support_chassis::db::DbError;
use time::OffsetDateTime;

/// A text and since when it stood there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stood {
    /// The key.
    pub key: String,
    /// The pattern; none where the message was taken away.
    pub pattern: Option<String>,
    /// The version in which it was published.
    pub version: i64,
    /// When that was.
    pub published_at: OffsetDateTime,
}

/// Whether a locale's catalogue ever had a version.
pub async fn had_version(connection: &mut PgConnection, locale: &str, version: i64) -> Result<bool, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from catalogue_versions where locale = $1 and version = $2) as "had!""#,
        locale,
        version,
    )
    .fetch_one(connection)
    .await?)
}

/// The texts of these messages as they stood at `version` of a locale's catalogue, by key.
pub async fn stood(
    connection: &mut PgConnection,
    locale: &str,
    version: i64,
    keys: &[String],
) -> Result<Vec<Stood>, DbError> {
    Ok(sqlx::query_as!(
        Stood,
        r#"select distinct on (text.key) text.key, text.pattern as "pattern?", text.version, publishing.published_at
           from messages as text
           join catalogue_versions as publishing on publishing.locale = text.locale and publishing.version = text.version
           where text.locale = $1 and text.version <= $2 and text.key = any($3)
           order by text.key, text.version desc"#,
        locale,
        version,
        keys,
    )
    .fetch_all(connection)
    .await?)
}
