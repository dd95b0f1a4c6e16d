//! Locales, their catalogues and the texts in them.

use sqlx::PgConnection;
use support_chassis::db::DbError;
use time::OffsetDateTime;

use crate::domain::text::{SourceHash, stored_hash};
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

/// A text as it stands in a catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The key.
    pub key: String,
    /// The pattern.
    pub pattern: String,
    /// Whether it came with the software.
    pub is_shipped: bool,
    /// The version of the catalogue that brought it.
    pub version: i64,
    /// The hash of the source text it was made from; none in the source language.
    pub source_hash: Option<SourceHash>,
    /// Who wrote it, where that is known.
    pub author: Option<String>,
    /// Who approved it.
    pub approver: Option<String>,
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

/// The tag of the default locale, from which the others are translated.
pub async fn source(connection: &mut PgConnection) -> Result<Tag, DbError> {
    let tag = sqlx::query_scalar!("select tag from locales where is_default")
        .fetch_one(connection)
        .await?;
    Tag::parse(&tag).ok_or(DbError::Corrupt {
        table: "locales",
        column: "tag",
    })
}

/// Locks the default locale against publishing, shared with others who do; gives its version. Always locked before
/// another.
pub async fn hold_source(connection: &mut PgConnection) -> Result<i64, DbError> {
    Ok(
        sqlx::query_scalar!("select catalogue_version from locales where is_default for share")
            .fetch_one(connection)
            .await?,
    )
}

/// The version of a locale's catalogue; none where there is no such locale.
pub async fn version(connection: &mut PgConnection, tag: &Tag) -> Result<Option<i64>, DbError> {
    Ok(
        sqlx::query_scalar!("select catalogue_version from locales where tag = $1", tag.as_str())
            .fetch_optional(connection)
            .await?,
    )
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

/// The texts of a locale's catalogue as it stood at `version`, by key.
pub async fn texts(connection: &mut PgConnection, locale: &str, version: i64) -> Result<Vec<Text>, DbError> {
    let rows = sqlx::query!(
        r#"select key, version, pattern as "pattern!", is_shipped, source_hash, author, approver
           from (
               select distinct on (key) key, version, pattern, is_shipped, source_hash, author, approver
               from messages where locale = $1 and version <= $2
               order by key, version desc
           ) as current
           where pattern is not null
           order by key"#,
        locale,
        version,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Text {
                key: row.key,
                pattern: row.pattern,
                is_shipped: row.is_shipped,
                version: row.version,
                source_hash: stored_hash(row.source_hash).map_err(|()| CORRUPT_HASH)?,
                author: row.author,
                approver: row.approver,
            })
        })
        .collect()
}

const CORRUPT_HASH: DbError = DbError::Corrupt {
    table: "messages",
    column: "source_hash",
};

/// A text to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewText {
    /// The key.
    pub key: String,
    /// The pattern; none to take the message away.
    pub pattern: Option<String>,
    /// Whether it comes with the software.
    pub is_shipped: bool,
    /// The hash of the source text it was made from; none in the source language.
    pub source_hash: Option<SourceHash>,
    /// Who wrote it, where that is known.
    pub author: Option<String>,
    /// Who approved it.
    pub approver: Option<String>,
}

/// A publishing in one locale.
#[derive(Debug, Clone, Copy)]
pub struct NewVersion<'v> {
    /// The locale.
    pub locale: &'v Tag,
    /// The version that it makes.
    pub version: i64,
    /// The set that it belongs to.
    pub set_number: i64,
    /// What its event is about.
    pub id: CatalogueVersionId,
    /// Who publishes.
    pub by: &'v str,
    /// When.
    pub at: OffsetDateTime,
}

/// Writes a publishing and its texts, and raises the locale's version.
pub async fn insert_version(
    connection: &mut PgConnection,
    new: NewVersion<'_>,
    texts: &[NewText],
) -> Result<(), DbError> {
    sqlx::query!(
        "with published as (
             insert into catalogue_versions (locale, version, id, published_at, published_by, set_number)
             values ($1, $2, $3, $4, $5, $6)
             returning locale, version
         )
         update locales set catalogue_version = published.version
         from published where locales.tag = published.locale",
        new.locale.as_str(),
        new.version,
        new.id.uuid(),
        new.at,
        new.by,
        new.set_number,
    )
    .execute(&mut *connection)
    .await?;
    let keys: Vec<String> = texts.iter().map(|text| text.key.clone()).collect();
    let patterns: Vec<Option<String>> = texts.iter().map(|text| text.pattern.clone()).collect();
    let shipped: Vec<bool> = texts.iter().map(|text| text.is_shipped).collect();
    let hashes: Vec<Option<Vec<u8>>> = texts
        .iter()
        .map(|text| text.source_hash.map(|hash| hash.to_vec()))
        .collect();
    let authors: Vec<Option<String>> = texts.iter().map(|text| text.author.clone()).collect();
    let approvers: Vec<Option<String>> = texts.iter().map(|text| text.approver.clone()).collect();
    sqlx::query!(
        "insert into messages (locale, version, key, pattern, is_shipped, source_hash, author, approver)
         select $1, $2, given.* from unnest($3::text[], $4::text[], $5::boolean[], $6::bytea[], $7::text[], $8::text[])
             as given (key, pattern, is_shipped, source_hash, author, approver)",
        new.locale.as_str(),
        new.version,
        &keys,
        &patterns as &[Option<String>],
        &shipped,
        &hashes as &[Option<Vec<u8>>],
        &authors as &[Option<String>],
        &approvers as &[Option<String>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A text as it was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextVersion {
    /// The version of the catalogue.
    pub version: i64,
    /// The set.
    pub set_number: i64,
    /// The pattern; none where the message was taken away.
    pub pattern: Option<String>,
    /// The hash of the source text it was made from.
    pub source_hash: Option<SourceHash>,
    /// Who wrote it.
    pub author: Option<String>,
    /// Who approved it.
    pub approver: Option<String>,
    /// Who published it.
    pub published_by: String,
    /// When.
    pub published_at: OffsetDateTime,
}

/// Every text a message ever had in a locale, the newest first: `limit` of them below the version `before`.
pub async fn text_versions(
    connection: &mut PgConnection,
    locale: &Tag,
    key: &str,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<TextVersion>, DbError> {
    let rows = sqlx::query!(
        "select message.version, published.set_number, message.pattern, message.source_hash, message.author,
                message.approver, published.published_by, published.published_at
         from messages message
         join catalogue_versions published on published.locale = message.locale and published.version = message.version
         where message.locale = $1 and message.key = $2 and ($3::bigint is null or message.version < $3)
         order by message.version desc limit $4",
        locale.as_str(),
        key,
        before,
        limit,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(TextVersion {
                version: row.version,
                set_number: row.set_number,
                pattern: row.pattern,
                source_hash: stored_hash(row.source_hash).map_err(|()| CORRUPT_HASH)?,
                author: row.author,
                approver: row.approver,
                published_by: row.published_by,
                published_at: row.published_at,
            })
        })
        .collect()
}

/// How much of a locale is translated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// The locale.
    pub locale: String,
    /// How many messages the source language has.
    pub source: i64,
    /// How many of those are translated from the source text of now.
    pub translated: i64,
    /// How many are translated from another.
    pub stale: i64,
    /// Drafts that are being written, in review, and approved.
    pub drafts: i64,
    /// See `drafts`.
    pub in_review: i64,
    /// See `drafts`.
    pub approved: i64,
}

/// How much of each locale is translated, by tag.
pub async fn coverage(connection: &mut PgConnection) -> Result<Vec<Coverage>, DbError> {
    Ok(sqlx::query_as!(
        Coverage,
        r#"with current as (
               select distinct on (locale, key) locale, key, pattern, source_hash
               from messages order by locale, key, version desc
           ), source as (
               select current.locale, current.key, sha256(convert_to(current.pattern, 'UTF8')) as hash
               from current join locales on locales.tag = current.locale and locales.is_default
               where current.pattern is not null
           ), translated as (
               select current.locale,
                      count(*) filter (where current.locale = source.locale or current.source_hash = source.hash)
                          as translated,
                      count(*) filter (where current.locale <> source.locale
                                             and current.source_hash is distinct from source.hash) as stale
               from current join source on source.key = current.key
               where current.pattern is not null group by current.locale
           ), open as (
               select locale, count(*) filter (where state = 2) as drafts, count(*) filter (where state = 3) as in_review,
                      count(*) filter (where state = 4) as approved
               from message_drafts group by locale
           )
           select locales.tag as "locale!", (select count(*) from source) as "source!",
                  coalesce(translated.translated, 0) as "translated!", coalesce(translated.stale, 0) as "stale!",
                  coalesce(open.drafts, 0) as "drafts!", coalesce(open.in_review, 0) as "in_review!",
                  coalesce(open.approved, 0) as "approved!"
           from locales
           left join translated on translated.locale = locales.tag
           left join open on open.locale = locales.tag
           order by locales.tag"#
    )
    .fetch_all(connection)
    .await?)
}
