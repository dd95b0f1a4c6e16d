//! What came of articles: votes, cases they were used in, and answers that were offered.

use sqlx::PgConnection;
use support_chassis::db::DbError;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::ids::{ArticleId, CaseId, CustomerId, OfferId};
use support_words::tag::Tag;

/// Notes whether a text was helpful to a reader, in place of what they said before.
pub async fn vote(
    connection: &mut PgConnection,
    article: ArticleId,
    language: &Tag,
    voter: &[u8; 32],
    is_helpful: bool,
    at: OffsetDateTime,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into article_votes (article_id, language, voter, is_helpful, voted_at) values ($1, $2, $3, $4, $5)
         on conflict (article_id, language, voter) do update
             set is_helpful = excluded.is_helpful, voted_at = excluded.voted_at",
        article.uuid(),
        language.as_str(),
        &voter[..],
        is_helpful,
        at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// An article was used in a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// The case.
    pub case: CaseId,
    /// The language of the text.
    pub language: String,
    /// When.
    pub used_at: OffsetDateTime,
    /// When the case was resolved, as far as it still is.
    pub resolved_at: Option<OffsetDateTime>,
}

/// Notes that an article was used in a case. `resolved_at` is when the case was resolved, where it is already.
pub async fn used(connection: &mut PgConnection, article: ArticleId, used: &Use, by: &str) -> Result<(), DbError> {
    sqlx::query!(
        "insert into article_uses (article_id, case_id, language, used_by, used_at, resolved_at)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (article_id, case_id) do nothing",
        article.uuid(),
        used.case.uuid(),
        used.language,
        by,
        used.used_at,
        used.resolved_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes when a case was resolved; none where it is open again.
pub async fn resolved(connection: &mut PgConnection, case: CaseId, at: Option<OffsetDateTime>) -> Result<(), DbError> {
    sqlx::query!(
        "update article_uses set resolved_at = $2 where case_id = $1",
        case.uuid(),
        at
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The cases an article was used in, newest first: `limit` of them behind `after`.
pub async fn uses(
    connection: &mut PgConnection,
    article: ArticleId,
    resolved_only: bool,
    after: Option<(OffsetDateTime, Uuid)>,
    limit: i64,
) -> Result<Vec<Use>, DbError> {
    let (at, case) = after.unzip();
    Ok(sqlx::query_as!(
        Use,
        r#"select case_id as "case: CaseId", language, used_at, resolved_at from article_uses
           where article_id = $1 and (not $2 or resolved_at is not null)
             and ($3::timestamptz is null or (used_at, case_id) < ($3, $4::uuid))
           order by used_at desc, case_id desc limit $5"#,
        article.uuid(),
        resolved_only,
        at,
        case,
        limit,
    )
    .fetch_all(connection)
    .await?)
}

/// Answers that are offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The id.
    pub id: OfferId,
    /// The language that the customer reads best.
    pub language: Tag,
    /// The product line; 0 where it is not known.
    pub product_line: i16,
    /// Who is offered them; none for a visitor.
    pub customer: Option<CustomerId>,
    /// The digest of the caller.
    pub owner: [u8; 32],
    /// When.
    pub at: OffsetDateTime,
    /// The articles, best first, each with the language and version of its text.
    pub articles: Vec<(ArticleId, Tag, i64)>,
}

/// Notes what is offered.
pub async fn offer(connection: &mut PgConnection, offer: &Offer) -> Result<(), DbError> {
    sqlx::query!(
        "insert into answer_offers (id, language, product_line, customer_id, owner, offered_at)
         values ($1, $2, $3, $4, $5, $6)",
        offer.id.uuid(),
        offer.language.as_str(),
        offer.product_line,
        offer.customer.map(CustomerId::uuid),
        &offer.owner[..],
        offer.at,
    )
    .execute(&mut *connection)
    .await?;
    let articles: Vec<Uuid> = offer.articles.iter().map(|(article, _, _)| article.uuid()).collect();
    let languages: Vec<String> = offer
        .articles
        .iter()
        .map(|(_, language, _)| language.to_string())
        .collect();
    let versions: Vec<i64> = offer.articles.iter().map(|(_, _, version)| *version).collect();
    sqlx::query!(
        "insert into answer_offer_articles (offer_id, article_id, language, version, place)
         select $1, given.article, given.language, given.version, given.place
         from unnest($2::uuid[], $3::text[], $4::bigint[]) with ordinality
             as given (article, language, version, place)",
        offer.id.uuid(),
        &articles,
        &languages,
        &versions,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The articles of an offer; none where there is no such offer of this owner.
pub async fn offered(
    connection: &mut PgConnection,
    offer: OfferId,
    owner: &[u8; 32],
) -> Result<Option<Vec<ArticleId>>, DbError> {
    let found = sqlx::query_scalar!(
        "select id from answer_offers where id = $1 and owner = $2 for update",
        offer.uuid(),
        &owner[..]
    )
    .fetch_optional(&mut *connection)
    .await?;
    if found.is_none() {
        return Ok(None);
    }
    Ok(Some(
        sqlx::query_scalar!(
            r#"select article_id as "article: ArticleId" from answer_offer_articles where offer_id = $1"#,
            offer.uuid()
        )
        .fetch_all(connection)
        .await?,
    ))
}

/// Notes what came of an offer, in place of what was said before.
pub async fn outcome(
    connection: &mut PgConnection,
    offer: OfferId,
    ended: bool,
    ended_by: Option<ArticleId>,
    at: OffsetDateTime,
) -> Result<(), DbError> {
    sqlx::query!(
        "update answer_offers set outcome = $2, ended_by = $3, told_at = $4 where id = $1",
        offer.uuid(),
        if ended { 1_i16 } else { 2 },
        ended_by.map(ArticleId::uuid),
        at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes that a customer has opened a case, for each offer they were made since `since` about the same product line, or
/// about one that is not known, that no case has followed yet.
pub async fn came_back(
    connection: &mut PgConnection,
    customer: CustomerId,
    case: CaseId,
    product_line: i16,
    since: OffsetDateTime,
) -> Result<(), DbError> {
    sqlx::query!(
        "update answer_offers set case_id = $2
         where customer_id = $1 and case_id is null and offered_at >= $4
           and (product_line = $3 or product_line = 0 or $3 = 0)",
        customer.uuid(),
        case.uuid(),
        product_line,
        since,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets whose offers were, where no case of theirs can say any more that they were in vain.
pub async fn forget(connection: &mut PgConnection, now: OffsetDateTime, after: Duration) -> Result<u64, DbError> {
    let before = now - after;
    Ok(sqlx::query!(
        "update answer_offers set customer_id = null where customer_id is not null and offered_at < $1",
        before
    )
    .execute(connection)
    .await?
    .rows_affected())
}

/// What came of an article in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// The slug.
    pub slug: String,
    /// The language.
    pub language: String,
    /// Votes that it was helpful.
    pub helpful_votes: i64,
    /// Votes that it was not.
    pub unhelpful_votes: i64,
    /// How often it was offered.
    pub offers: i64,
    /// Offers that ended the matter by it.
    pub ended: i64,
    /// Offers that were said to have ended it, and a case followed.
    pub ended_but_came_back: i64,
    /// Offers that did not end it.
    pub not_ended: i64,
    /// Offers of which nobody heard again.
    pub unknown: i64,
    /// Cases it was used in.
    pub uses: i64,
    /// Those of them that are resolved.
    pub resolved_uses: i64,
}

/// What came of articles, a row a language, by slug and language: `limit` of them behind `after`.
pub async fn figures(
    connection: &mut PgConnection,
    slug: Option<&str>,
    after: Option<&(String, String)>,
    limit: i64,
) -> Result<Vec<Figures>, DbError> {
    let (after_slug, after_language) = after.map(|(slug, language)| (slug.as_str(), language.as_str())).unzip();
    Ok(sqlx::query_as!(
        Figures,
        r#"with texts as (
               select distinct article.id, article.slug, text.language
               from articles as article join article_texts as text on text.article_id = article.id
               where ($1::text is null or article.slug = $1)
                 and ($2::text is null or (article.slug, text.language) > ($2::text collate "C", $3::text))
               order by article.slug, text.language limit $4
           )
           select texts.slug as "slug!", texts.language as "language!",
                  votes.helpful as "helpful_votes!", votes.unhelpful as "unhelpful_votes!",
                  offers.all_of_them as "offers!", offers.ended as "ended!", offers.came_back as "ended_but_came_back!",
                  offers.not_ended as "not_ended!", offers.unknown as "unknown!",
                  uses.all_of_them as "uses!", uses.resolved as "resolved_uses!"
           from texts
           cross join lateral (
               select count(*) filter (where is_helpful) as helpful, count(*) filter (where not is_helpful) as unhelpful
               from article_votes where article_id = texts.id and language = texts.language
           ) as votes
           cross join lateral (
               select count(*) as all_of_them,
                      count(*) filter (where outcome = 1 and case_id is null
                                       and (ended_by is null or ended_by = texts.id)) as ended,
                      count(*) filter (where outcome = 1 and case_id is not null) as came_back,
                      count(*) filter (where outcome = 2 or (outcome is null and case_id is not null)) as not_ended,
                      count(*) filter (where outcome is null and case_id is null) as unknown
               from answer_offer_articles as offered join answer_offers as offer on offer.id = offered.offer_id
               where offered.article_id = texts.id and offered.language = texts.language
           ) as offers
           cross join lateral (
               select count(*) as all_of_them, count(*) filter (where resolved_at is not null) as resolved
               from article_uses where article_id = texts.id and language = texts.language
           ) as uses
           order by texts.slug, texts.language"#,
        slug,
        after_slug,
        after_language,
        limit,
    )
    .fetch_all(connection)
    .await?)
}
