//! What is searched: articles that have changed, their current texts, and how helpful they have been.

use std::collections::HashMap;

use sqlx::PgConnection;
use support_chassis::db::DbError;
use support_proto::support::localisation::v1::ArticleKind;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::domain::article::{Audience, Profile};
use crate::ids::ArticleId;
use support_words::tag::Tag;

/// An article that has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The id.
    pub id: ArticleId,
    /// The slug.
    pub slug: String,
    /// What it is and is about.
    pub profile: Profile,
    /// The language that the others are translated from.
    pub source: Tag,
    /// Whether it was taken out.
    pub is_retired: bool,
    /// The number of its last change.
    pub change: i64,
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
    is_retired: bool,
    change: i64,
}

impl TryFrom<Row> for Changed {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        let corrupt = |column| DbError::Corrupt {
            table: "articles",
            column,
        };
        Ok(Self {
            id: row.id,
            slug: row.slug,
            profile: Profile {
                kind: ArticleKind::try_from(i32::from(row.kind)).map_err(|_| corrupt("kind"))?,
                audience: Audience::from_rank(row.audience).ok_or(corrupt("audience"))?,
                product_lines: row.product_lines,
                products: row.products,
                symptoms: row.symptoms,
                owner: row.owner,
                review_on: row.review_on,
            },
            source: Tag::parse(&row.source_language).ok_or(corrupt("source_language"))?,
            is_retired: row.is_retired,
            change: row.change,
        })
    }
}

/// The articles that have changed after the change with this number.
pub async fn changed(connection: &mut PgConnection, after: i64) -> Result<Vec<Changed>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: ArticleId", slug, audience, product_lines, kind, products, symptoms, owner, review_on,
                  source_language, retired_at is not null as "is_retired!", change
           from articles where change > $1 order by change, id"#,
        after,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Changed::try_from)
    .collect()
}

/// The current text of an article in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurrentText {
    /// The article.
    pub article: ArticleId,
    /// The language.
    pub language: Tag,
    /// The version.
    pub version: i64,
    /// The title.
    pub title: String,
    /// When it was published.
    pub published_at: OffsetDateTime,
    /// The version of the source that it was translated from.
    pub source_version: Option<i64>,
    /// Whether the source says something else by now.
    pub is_stale: bool,
}

struct TextRow {
    article: ArticleId,
    language: String,
    version: i64,
    title: String,
    published_at: OffsetDateTime,
    source_version: Option<i64>,
    is_stale: bool,
}

/// The current texts of articles in all of their languages, without their words.
pub async fn texts(connection: &mut PgConnection, articles: &[ArticleId]) -> Result<Vec<CurrentText>, DbError> {
    let ids: Vec<Uuid> = articles.iter().map(|article| article.uuid()).collect();
    sqlx::query_as!(
        TextRow,
        r#"with current as (
               select distinct on (article_id, language)
                      article_id, language, version, title, published_at, source_version, source_hash, content_hash
               from article_texts where article_id = any ($1)
               order by article_id, language, version desc
           )
           select current.article_id as "article: ArticleId", current.language, current.version, current.title,
                  current.published_at, current.source_version,
                  (current.language <> article.source_language
                   and current.source_hash is distinct from source.content_hash) as "is_stale!"
           from current
           join articles as article on article.id = current.article_id
           left join current as source
               on source.article_id = current.article_id and source.language = article.source_language"#,
        &ids,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(|row| {
        Ok(CurrentText {
            article: row.article,
            language: Tag::parse(&row.language).ok_or(DbError::Corrupt {
                table: "article_texts",
                column: "language",
            })?,
            version: row.version,
            title: row.title,
            published_at: row.published_at,
            source_version: row.source_version,
            is_stale: row.is_stale,
        })
    })
    .collect()
}

/// Which text of an article: its language and version.
pub type TextKey = (ArticleId, Tag, i64);

/// The words of all blocks of texts, a line each; of those that have any.
pub async fn bodies(
    connection: &mut PgConnection,
    texts: &[TextKey],
) -> Result<HashMap<(ArticleId, Tag), String>, DbError> {
    let articles: Vec<Uuid> = texts.iter().map(|(article, _, _)| article.uuid()).collect();
    let languages: Vec<String> = texts.iter().map(|(_, language, _)| language.to_string()).collect();
    let versions: Vec<i64> = texts.iter().map(|(_, _, version)| *version).collect();
    sqlx::query!(
        r#"select block.article_id as "article: ArticleId", block.language,
                  string_agg(block.body, E'\n' order by block.place) as "body!"
           from unnest($1::uuid[], $2::text[], $3::bigint[]) as wanted (article_id, language, version)
           join article_blocks as block using (article_id, language, version)
           group by block.article_id, block.language"#,
        &articles,
        &languages,
        &versions,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(|row| {
        let language = Tag::parse(&row.language).ok_or(DbError::Corrupt {
            table: "article_blocks",
            column: "language",
        })?;
        Ok(((row.article, language), row.body))
    })
    .collect()
}

/// How often an article has helped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Helpful {
    /// The article.
    pub article: ArticleId,
    /// Votes that it helped, offers that it ended, cases that were resolved with it.
    pub good: i64,
    /// Votes that it did not help, offers that it did not end.
    pub bad: i64,
}

/// How often articles have helped; those of which nothing is known are left out.
pub async fn helpful(connection: &mut PgConnection) -> Result<Vec<Helpful>, DbError> {
    Ok(sqlx::query_as!(
        Helpful,
        r#"select article_id as "article!: ArticleId", sum(good)::bigint as "good!", sum(bad)::bigint as "bad!"
           from (
               select article_id, count(*) filter (where is_helpful) as good,
                      count(*) filter (where not is_helpful) as bad
               from article_votes group by article_id
               union all
               select article_id, count(*), 0 from article_uses where resolved_at is not null group by article_id
               union all
               select offered.article_id,
                      count(*) filter (where outcome = 1 and case_id is null
                                       and (ended_by is null or ended_by = offered.article_id)),
                      count(*) filter (where outcome = 2 or case_id is not null)
               from answer_offer_articles as offered join answer_offers as offer on offer.id = offered.offer_id
               group by offered.article_id
           ) as told
           group by article_id"#
    )
    .fetch_all(connection)
    .await?)
}
