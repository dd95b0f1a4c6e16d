//! Articles, their texts and the blocks of these.

use sqlx::PgConnection;
use support_chassis::db::DbError;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::article::Audience;
use crate::ids::ArticleId;
use support_words::tag::Tag;

/// An article without its texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    /// The id.
    pub id: ArticleId,
    /// The slug.
    pub slug: String,
    /// Who may read it.
    pub audience: Audience,
    /// The product lines it is about, as numbers of the contract; empty for all.
    pub product_lines: Vec<i16>,
    /// The languages it has, by tag.
    pub languages: Vec<Tag>,
}

/// The current text of an article in one language, without its blocks.
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
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Its kind, as a number of the contract.
    pub kind: i16,
    /// The words.
    pub body: String,
}

/// Makes an article, or takes over the audience and product lines of the one that has this slug, and locks it. Gives its
/// id, which is `id` where it is new.
pub async fn upsert(
    connection: &mut PgConnection,
    id: ArticleId,
    slug: &str,
    audience: Audience,
    product_lines: &[i16],
) -> Result<ArticleId, DbError> {
    Ok(sqlx::query_scalar!(
        r#"insert into articles (id, slug, audience, product_lines) values ($1, $2, $3, $4)
           on conflict (slug) do update set audience = excluded.audience, product_lines = excluded.product_lines
           returning id as "id: ArticleId""#,
        id.uuid(),
        slug,
        audience.rank(),
        product_lines,
    )
    .fetch_one(connection)
    .await?)
}

/// Writes the next version of an article's text in one language and gives its number. The article must be locked.
pub async fn insert_text(
    connection: &mut PgConnection,
    article: ArticleId,
    language: &Tag,
    title: &str,
    blocks: &[Block],
    by: &str,
    at: OffsetDateTime,
) -> Result<i64, DbError> {
    let version = sqlx::query_scalar!(
        r#"insert into article_texts (article_id, language, version, title, published_at, published_by)
           select $1, $2, coalesce(max(version), 0) + 1, $3, $4, $5
           from article_texts where article_id = $1 and language = $2
           returning version"#,
        article.uuid(),
        language.as_str(),
        title,
        at,
        by,
    )
    .fetch_one(&mut *connection)
    .await?;
    let kinds: Vec<i16> = blocks.iter().map(|block| block.kind).collect();
    let bodies: Vec<String> = blocks.iter().map(|block| block.body.clone()).collect();
    sqlx::query!(
        "insert into article_blocks (article_id, language, version, place, kind, body)
         select $1, $2, $3, given.place, given.kind, given.body
         from unnest($4::smallint[], $5::text[]) with ordinality as given (kind, body, place)",
        article.uuid(),
        language.as_str(),
        version,
        &kinds,
        &bodies,
    )
    .execute(connection)
    .await?;
    Ok(version)
}

struct Row {
    id: ArticleId,
    slug: String,
    audience: i16,
    product_lines: Vec<i16>,
    languages: Vec<String>,
}

impl TryFrom<Row> for Article {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        let corrupt = |table, column| DbError::Corrupt { table, column };
        Ok(Self {
            id: row.id,
            slug: row.slug,
            audience: Audience::from_rank(row.audience).ok_or(corrupt("articles", "audience"))?,
            product_lines: row.product_lines,
            languages: row
                .languages
                .iter()
                .map(|tag| Tag::parse(tag).ok_or(corrupt("article_texts", "language")))
                .collect::<Result<_, _>>()?,
        })
    }
}

/// The article with this slug, if readers of `audience` may read it.
pub async fn find(connection: &mut PgConnection, slug: &str, audience: Audience) -> Result<Option<Article>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: ArticleId", slug, audience, product_lines,
                  array(select distinct language from article_texts where article_id = id order by language)
                      as "languages!"
           from articles where slug = $1 and audience <= $2"#,
        slug,
        audience.rank(),
    )
    .fetch_optional(connection)
    .await?
    .map(Article::try_from)
    .transpose()
}

/// The articles that readers of `audience` may read, about `product_line` or about all, by slug: `limit` of them behind
/// `after`.
pub async fn list(
    connection: &mut PgConnection,
    audience: Audience,
    product_line: Option<i16>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Article>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: ArticleId", slug, audience, product_lines,
                  array(select distinct language from article_texts where article_id = id order by language)
                      as "languages!"
           from articles
           where audience <= $1
             and ($2::smallint is null or product_lines = '{}' or $2 = any (product_lines))
             and ($3::text is null or slug > $3)
           order by slug
           limit $4"#,
        audience.rank(),
        product_line,
        after,
        limit,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Article::try_from)
    .collect()
}

/// The current texts of articles, each in the language beside it. One that does not exist is left out.
pub async fn texts(connection: &mut PgConnection, wanted: &[(ArticleId, &Tag)]) -> Result<Vec<Text>, DbError> {
    let articles: Vec<Uuid> = wanted.iter().map(|(article, _)| article.uuid()).collect();
    let languages: Vec<String> = wanted.iter().map(|(_, language)| language.to_string()).collect();
    Ok(sqlx::query_as!(
        Text,
        r#"select wanted.article as "article!", current.title, current.version, current.published_at
           from unnest($1::uuid[], $2::text[]) as wanted (article, language)
           cross join lateral (
               select title, version, published_at from article_texts
               where article_id = wanted.article and language = wanted.language
               order by version desc limit 1
           ) as current"#,
        &articles,
        &languages,
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
