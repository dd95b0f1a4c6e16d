//! Locales, their catalogues and the texts in them.

use sqlx::PgConnection;
use support_chassis::db::DbError;
use time::OffsetDateTime;

use crate::ids::CatalogueVersionId;
use support_words::locale::{Direction, Locale};
use support_words::tag::Tag;

/// A locale as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLocale {
    /// The locale.
    pub locale: Locale,
    /// Whether it is the default.
    pub is_default: bool,
    /// The version of its catalogue; 0 where nothing was ever published.
    pub version: i64,
}

/// A text as it stands in the current catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The key.
    pub key: String,
    /// The pattern.
    pub pattern: String,
    /// Whether it came with the software.
    pub is_shipped: bool,
}

/// All locales, by tag.
pub async fn locales(connection: &mut PgConnection) -> Result<Vec<StoredLocale>, DbError> {
    let rows = sqlx::query!(
        "select tag, native_name, english_name, is_right_to_left, is_default, catalogue_version
         from locales order by tag"
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let tag = Tag::parse(&row.tag).ok_or(DbError::Corrupt {
                table: "locales",
                column: "tag",
            })?;
            let direction = if row.is_right_to_left {
                Direction::RightToLeft
            } else {
                Direction::LeftToRight
            };
            let locale = Locale {
                tag,
                native_name: row.native_name,
                english_name: row.english_name,
                direction,
            };
            Ok(StoredLocale {
                locale,
                is_default: row.is_default,
                version: row.catalogue_version,
            })
        })
        .collect()
}

/// Adds the locales that are not there yet, and renews the names and directions of the others. One that is not named
/// stays: a replica of other software may know it. Gives the number added.
pub async fn register(connection: &mut PgConnection, locales: &[Locale]) -> Result<u64, DbError> {
    let column =
        |of: fn(&Locale) -> &str| -> Vec<String> { locales.iter().map(|locale| of(locale).to_owned()).collect() };
    let right_to_left: Vec<bool> = locales
        .iter()
        .map(|locale| locale.direction == Direction::RightToLeft)
        .collect();
    let added = sqlx::query_scalar!(
        r#"insert into locales (tag, native_name, english_name, is_right_to_left)
         select * from unnest($1::text[], $2::text[], $3::text[], $4::boolean[])
         order by 1
         on conflict (tag) do update
         set native_name = excluded.native_name,
             english_name = excluded.english_name,
             is_right_to_left = excluded.is_right_to_left
         where (locales.native_name, locales.english_name, locales.is_right_to_left)
             is distinct from (excluded.native_name, excluded.english_name, excluded.is_right_to_left)
         returning xmax = 0 as "is_new!""#,
        &column(|locale| locale.tag.as_str()),
        &column(|locale| &locale.native_name),
        &column(|locale| &locale.english_name),
        &right_to_left,
    )
    .fetch_all(connection)
    .await?;
    Ok(added.into_iter().map(u64::from).sum())
}

/// Locks the default locale, from which the others are translated, against publishing; gives its tag and version. Always
/// locked before another.
pub async fn hold_source(connection: &mut PgConnection) -> Result<Option<(String, i64)>, DbError> {
    let row = sqlx::query!("select tag, catalogue_version from locales where is_default for share")
        .fetch_optional(connection)
        .await?;
    Ok(row.map(|row| (row.tag, row.catalogue_version)))
}

/// Locks a locale for publishing; gives its version. None where there is no such locale.
pub async fn lock(connection: &mut PgConnection, tag: &Tag) -> Result<Option<i64>, DbError> {
    Ok(sqlx::query_scalar!(
        "select catalogue_version from locales where tag = $1 for update",
        tag.as_str()
    )
    .fetch_optional(connection)
    .await?)
}

/// Whether a locale is the default; none where there is no such locale.
pub async fn is_default(connection: &mut PgConnection, tag: &Tag) -> Result<Option<bool>, DbError> {
    Ok(
        sqlx::query_scalar!("select is_default from locales where tag = $1", tag.as_str())
            .fetch_optional(connection)
            .await?,
    )
}

/// The texts of a locale's catalogue as it stood at `version`, by key.
pub async fn texts(connection: &mut PgConnection, locale: &str, version: i64) -> Result<Vec<Text>, DbError> {
    Ok(sqlx::query_as!(
        Text,
        "select distinct on (key) key, pattern, is_shipped
         from messages where locale = $1 and version <= $2
         order by key, version desc",
        locale,
        version,
    )
    .fetch_all(connection)
    .await?)
}

/// A publishing.
#[derive(Debug, Clone, Copy)]
pub struct NewVersion<'v> {
    /// The locale.
    pub locale: &'v Tag,
    /// The version that it makes.
    pub version: i64,
    /// What its event is about.
    pub id: CatalogueVersionId,
    /// Who publishes.
    pub by: &'v str,
    /// When.
    pub at: OffsetDateTime,
    /// Whether the texts come with the software.
    pub is_shipped: bool,
}

/// Writes a publishing and its texts, and raises the locale's version.
pub async fn insert_version(
    connection: &mut PgConnection,
    new: NewVersion<'_>,
    keys: &[String],
    patterns: &[String],
) -> Result<(), DbError> {
    sqlx::query!(
        "with published as (
             insert into catalogue_versions (locale, version, id, published_at, published_by)
             values ($1, $2, $3, $4, $5)
             returning locale, version
         )
         update locales set catalogue_version = published.version
         from published where locales.tag = published.locale",
        new.locale.as_str(),
        new.version,
        new.id.uuid(),
        new.at,
        new.by,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "insert into messages (locale, key, version, pattern, is_shipped)
         select $1, given.key, $2, given.pattern, $3 from unnest($4::text[], $5::text[]) as given (key, pattern)",
        new.locale.as_str(),
        new.version,
        new.is_shipped,
        keys,
        patterns,
    )
    .execute(connection)
    .await?;
    Ok(())
}
