//! Articles, their texts and the blocks of these.

use sqlx::PgConnection;
use support_chassis::db::DbError;
use support_proto::support::localisation::v1::ArticleKind;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::domain::article::{Audience, Block, Profile};
use crate::ids::ArticleId;
use support_words::tag::Tag;

/// An article without its texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    /// The id.
    pub id: ArticleId,
    /// The slug.
    pub slug: String,
    /// What it is and is about.
    pub profile: Profile,
    /// The language that the others are translated from.
    pub source: Tag,
    /// The languages it has, by tag.
    pub languages: Vec<Tag>,
    /// Whether it was taken out.
    pub is_retired: bool,
}

/// The text of an article in one language, without its blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The article.
    pub article: Uuid,
    /// The title.
    pub title: String,
    /// The version, from 1.
    pub version: i64,
    /// When it was published.
    pub published_at: OffsetDateTime,
    /// The version of the source that it was translated from; none for the source itself, and where it is not known.
    pub source_version: Option<i64>,
    /// Whether the source says something else now than what it was translated from.
    pub is_stale: bool,
}

/// A text to be published.
#[derive(Debug, Clone, Copy)]
pub struct NewText<'t> {
    /// The article, which must be locked.
    pub article: ArticleId,
    /// The language.
    pub language: &'t Tag,
    /// The title.
    pub title: &'t str,
    /// The text.
    pub blocks: &'t [Block],
    /// The digest of title and text.
    pub content_hash: &'t [u8; 32],
    /// What it was translated from: the version and digest of the source. None for the source itself.
    pub source: Option<(i64, &'t [u8])>,
    /// Who publishes.
    pub by: &'t str,
    /// Who approved it; empty where nobody had to.
    pub approver: &'t str,
    /// When.
    pub at: OffsetDateTime,
}

/// Makes an article, or takes over the profile for the one that has this slug, and locks it; one that was taken out is back.
/// Gives its id, which is `id` where it is new. `source` is the source language of a new one.
pub async fn upsert(
    connection: &mut PgConnection,
    id: ArticleId,
    slug: &str,
    profile: &Profile,
    source: &Tag,
    change: i64,
) -> Result<ArticleId, DbError> {
    Ok(sqlx::query_scalar!(
        r#"insert into articles (id, slug, audience, product_lines, kind, products, symptoms, owner, review_on,
                                 source_language, change)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
           on conflict (slug) do update set
               audience = excluded.audience, product_lines = excluded.product_lines, kind = excluded.kind,
               products = excluded.products, symptoms = excluded.symptoms, owner = excluded.owner,
               review_on = excluded.review_on, change = excluded.change, retired_at = null
           returning id as "id: ArticleId""#,
        id.uuid(),
        slug,
        profile.audience.rank(),
        &profile.product_lines,
        kind_number(profile.kind),
        &profile.products,
        &profile.symptoms,
        profile.owner,
        profile.review_on,
        source.as_str(),
        change,
    )
    .fetch_one(connection)
    .await?)
}

/// A kind as it stands in the database.
pub(super) fn kind_number(kind: ArticleKind) -> i16 {
    i16::try_from(i32::from(kind)).unwrap_or(1)
}

/// Counts a change of what is read and found, and holds the count until the transaction ends, so that changes become
/// visible in the order of their numbers.
pub async fn next_change(connection: &mut PgConnection) -> Result<i64, DbError> {
    Ok(
        sqlx::query_scalar!("update knowledge_state set change = change + 1 returning change")
            .fetch_one(connection)
            .await?,
    )
}

/// Writes the next version of an article's text in one language and gives its number.
pub async fn insert_text(connection: &mut PgConnection, new: NewText<'_>) -> Result<i64, DbError> {
    let version = sqlx::query_scalar!(
        r#"insert into article_texts (article_id, language, version, title, published_at, published_by, content_hash,
                                      source_version, source_hash, approved_by)
           select $1, $2, coalesce(max(version), 0) + 1, $3, $4, $5, $6, $7, $8, $9
           from article_texts where article_id = $1 and language = $2
           returning version"#,
        new.article.uuid(),
        new.language.as_str(),
        new.title,
        new.at,
        new.by,
        &new.content_hash[..],
        new.source.map(|(version, _)| version),
        new.source.map(|(_, hash)| hash),
        new.approver,
    )
    .fetch_one(&mut *connection)
    .await?;
    let kinds: Vec<i16> = new.blocks.iter().map(|block| block.kind).collect();
    let bodies: Vec<String> = new.blocks.iter().map(|block| block.body.clone()).collect();
    sqlx::query!(
        "insert into article_blocks (article_id, language, version, place, kind, body)
         select $1, $2, $3, given.place, given.kind, given.body
         from unnest($4::smallint[], $5::text[]) with ordinality as given (kind, body, place)",
        new.article.uuid(),
        new.language.as_str(),
        version,
        &kinds,
        &bodies,
    )
    .execute(connection)
    .await?;
    Ok(version)
}

/// The digest of a version of an article's text; of the current one where `version` is none. Gives the version with it.
pub async fn content_hash(
    connection: &mut PgConnection,
    article: ArticleId,
    language: &Tag,
    version: Option<i64>,
) -> Result<Option<(i64, Vec<u8>)>, DbError> {
    let row = sqlx::query!(
        "select version, content_hash from article_texts
         where article_id = $1 and language = $2 and ($3::bigint is null or version = $3)
         order by version desc limit 1",
        article.uuid(),
        language.as_str(),
        version,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| (row.version, row.content_hash)))
}

struct Row {
    id: ArticleId,
    slug: String,
    audience: i16,
    product_lines: Vec<i16>,
    kind: i16,
    products: Vec<String>,
    symptoms: Vec<String>,
    owner: String,
    review_on: Option<Date>,
    source_language: String,
    languages: Vec<String>,
    is_retired: bool,
}

impl TryFrom<Row> for Article {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        let corrupt = |table, column| DbError::Corrupt { table, column };
        let profile = Profile {
            kind: ArticleKind::try_from(i32::from(row.kind)).map_err(|_| corrupt("articles", "kind"))?,
            audience: Audience::from_rank(row.audience).ok_or(corrupt("articles", "audience"))?,
            product_lines: row.product_lines,
            products: row.products,
            symptoms: row.symptoms,
            owner: row.owner,
            review_on: row.review_on,
        };
        Ok(Self {
            id: row.id,
            slug: row.slug,
            profile,
            source: Tag::parse(&row.source_language).ok_or(corrupt("articles", "source_language"))?,
            languages: row
                .languages
                .iter()
                .map(|tag| Tag::parse(tag).ok_or(corrupt("article_texts", "language")))
                .collect::<Result<_, _>>()?,
            is_retired: row.is_retired,
        })
    }
}

/// The article with this slug, if readers of `audience` may read it and it was not taken out.
pub async fn find(connection: &mut PgConnection, slug: &str, audience: Audience) -> Result<Option<Article>, DbError> {
    Ok(find_any(connection, slug)
        .await?
        .filter(|article| !article.is_retired && article.profile.audience <= audience))
}

/// The article with this slug, even if it was taken out.
pub async fn find_any(connection: &mut PgConnection, slug: &str) -> Result<Option<Article>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: ArticleId", slug, audience, product_lines, kind, products, symptoms, owner, review_on,
                  source_language, retired_at is not null as "is_retired!",
                  array(select distinct language from article_texts where article_id = id order by language)
                      as "languages!"
           from articles where slug = $1"#,
        slug,
    )
    .fetch_optional(connection)
    .await?
    .map(Article::try_from)
    .transpose()
}

/// Which articles are listed.
#[derive(Debug, Clone, Copy)]
pub struct Listed<'l> {
    /// For readers of this audience.
    pub audience: Audience,
    /// About this product line or about all.
    pub product_line: Option<i16>,
    /// Of this kind.
    pub kind: Option<i16>,
    /// Whose review was due by this day.
    pub due: Option<Date>,
    /// Whose text in this language is missing, or stale.
    pub to_be_translated: Option<&'l Tag>,
    /// Behind this slug.
    pub after: Option<&'l str>,
    /// This many at most.
    pub limit: i64,
}

/// Articles, by slug.
pub async fn list(connection: &mut PgConnection, listed: Listed<'_>) -> Result<Vec<Article>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: ArticleId", slug, audience, product_lines, kind, products, symptoms, owner, review_on,
                  source_language, false as "is_retired!",
                  array(select distinct language from article_texts where article_id = id order by language)
                      as "languages!"
           from articles
           where retired_at is null and audience <= $1
             and ($2::smallint is null or product_lines = '{}' or $2 = any (product_lines))
             and ($3::smallint is null or kind = $3)
             and ($4::date is null or review_on <= $4)
             and ($5::text is null or (source_language <> $5 and not exists (
                 select 1 from (
                     select source_hash from article_texts
                     where article_id = articles.id and language = $5 order by version desc limit 1
                 ) as translation, (
                     select content_hash from article_texts
                     where article_id = articles.id and language = articles.source_language
                     order by version desc limit 1
                 ) as source
                 where translation.source_hash = source.content_hash
             )))
             and ($6::text is null or slug > $6)
           order by slug
           limit $7"#,
        listed.audience.rank(),
        listed.product_line,
        listed.kind,
        listed.due,
        listed.to_be_translated.map(Tag::as_str),
        listed.after,
        listed.limit,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Article::try_from)
    .collect()
}

/// The texts of articles, each in the language beside it: the current ones, or those of one version. One that does not
/// exist is left out.
pub async fn texts(
    connection: &mut PgConnection,
    wanted: &[(ArticleId, &Tag)],
    version: Option<i64>,
) -> Result<Vec<Text>, DbError> {
    let articles: Vec<Uuid> = wanted.iter().map(|(article, _)| article.uuid()).collect();
    let languages: Vec<String> = wanted.iter().map(|(_, language)| language.to_string()).collect();
    Ok(sqlx::query_as!(
        Text,
        r#"select wanted.article as "article!", text.title, text.version, text.published_at, text.source_version,
                  (article.source_language <> wanted.language
                   and text.source_hash is distinct from source.content_hash) as "is_stale!"
           from unnest($1::uuid[], $2::text[]) as wanted (article, language)
           join articles as article on article.id = wanted.article
           cross join lateral (
               select title, version, published_at, source_version, source_hash from article_texts
               where article_id = wanted.article and language = wanted.language
                 and ($3::bigint is null or version = $3)
               order by version desc limit 1
           ) as text
           left join lateral (
               select content_hash from article_texts
               where article_id = article.id and language = article.source_language
               order by version desc limit 1
           ) as source on true"#,
        &articles,
        &languages,
        version,
    )
    .fetch_all(connection)
    .await?)
}

/// The blocks of one version of a text, in their order.
pub async fn blocks(
    connection: &mut PgConnection,
    article: ArticleId,
    language: &Tag,
    version: i64,
) -> Result<Vec<Block>, DbError> {
    Ok(sqlx::query_as!(
        Block,
        "select kind, body from article_blocks
         where article_id = $1 and language = $2 and version = $3 order by place",
        article.uuid(),
        language.as_str(),
        version,
    )
    .fetch_all(connection)
    .await?)
}

/// A version of a text as its history tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The version, from 1.
    pub version: i64,
    /// The title.
    pub title: String,
    /// When it was published.
    pub published_at: OffsetDateTime,
    /// Who published it.
    pub published_by: String,
    /// Who approved it; empty where nobody had to.
    pub approved_by: String,
    /// The version of the source that it was translated from.
    pub source_version: Option<i64>,
    /// The digest of what it says.
    pub content_hash: Vec<u8>,
}

/// The versions of a text, newest first: `limit` of them before `before`.
pub async fn versions(
    connection: &mut PgConnection,
    article: ArticleId,
    language: &Tag,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Version>, DbError> {
    Ok(sqlx::query_as!(
        Version,
        "select version, title, published_at, published_by, approved_by, source_version, content_hash
         from article_texts
         where article_id = $1 and language = $2 and ($3::bigint is null or version < $3)
         order by version desc limit $4",
        article.uuid(),
        language.as_str(),
        before,
        limit,
    )
    .fetch_all(connection)
    .await?)
}

/// Says when an article is to be looked at next.
pub async fn set_review(
    connection: &mut PgConnection,
    article: ArticleId,
    on: Date,
    change: i64,
) -> Result<(), DbError> {
    sqlx::query!(
        "update articles set review_on = $2, change = $3 where id = $1",
        article.uuid(),
        on,
        change
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes an article out.
pub async fn retire(
    connection: &mut PgConnection,
    article: ArticleId,
    at: OffsetDateTime,
    change: i64,
) -> Result<(), DbError> {
    sqlx::query!(
        "update articles set retired_at = $2, change = $3 where id = $1",
        article.uuid(),
        at,
        change
    )
    .execute(connection)
    .await?;
    Ok(())
}
