//! Texts of articles that are being prepared.

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use sqlx::types::Json;
use support_chassis::db::DbError;
use support_proto::support::localisation::v1::{ArticleDraftState, ArticleKind};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::domain::article::{Audience, Block, Profile};
use crate::ids::ArticleDraftId;
use support_words::tag::Tag;

/// A text that is being prepared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The id.
    pub id: ArticleDraftId,
    /// The article's slug.
    pub slug: String,
    /// The language.
    pub language: Tag,
    /// How far it is.
    pub state: ArticleDraftState,
    /// Raised by every change.
    pub revision: i64,
    /// The title.
    pub title: String,
    /// The text.
    pub blocks: Vec<Block>,
    /// What the article is to be; none where that stays as it is.
    pub profile: Option<Profile>,
    /// The version of the source that it was translated from; none for the source itself.
    pub source_version: Option<i64>,
    /// Who has written in it, the subjects.
    pub writers: Vec<String>,
    /// Who approved it as it stands.
    pub approver: Option<String>,
    /// What is to be done.
    pub remark: String,
    /// The version it was published as.
    pub published_version: Option<i64>,
    /// When it was begun.
    pub created_at: OffsetDateTime,
    /// When it last changed.
    pub updated_at: OffsetDateTime,
    /// Whether the source says something else now than what it was translated from; computed, not stored.
    pub is_stale: bool,
}

impl Draft {
    /// Changes with every change.
    #[must_use]
    pub fn etag(&self) -> String {
        self.revision.to_string()
    }
}

/// A profile as it is stored.
#[derive(Debug, Serialize, Deserialize)]
struct StoredProfile {
    kind: i32,
    audience: i16,
    product_lines: Vec<i16>,
    products: Vec<String>,
    symptoms: Vec<String>,
    owner: String,
    /// Days of the Julian day count: a number needs no form to be agreed upon.
    review_on: Option<i32>,
}

impl From<&Profile> for StoredProfile {
    fn from(profile: &Profile) -> Self {
        Self {
            kind: profile.kind.into(),
            audience: profile.audience.rank(),
            product_lines: profile.product_lines.clone(),
            products: profile.products.clone(),
            symptoms: profile.symptoms.clone(),
            owner: profile.owner.clone(),
            review_on: profile.review_on.map(Date::to_julian_day),
        }
    }
}

impl StoredProfile {
    fn read(self) -> Option<Profile> {
        Some(Profile {
            kind: ArticleKind::try_from(self.kind).ok()?,
            audience: Audience::from_rank(self.audience)?,
            product_lines: self.product_lines,
            products: self.products,
            symptoms: self.symptoms,
            owner: self.owner,
            review_on: match self.review_on {
                Some(day) => Some(Date::from_julian_day(day).ok()?),
                None => None,
            },
        })
    }
}

struct Row {
    id: ArticleDraftId,
    slug: String,
    language: String,
    state: i16,
    revision: i64,
    title: String,
    block_kinds: Vec<i16>,
    block_bodies: Vec<String>,
    profile: Option<Json<StoredProfile>>,
    source_version: Option<i64>,
    writers: Vec<String>,
    approver: Option<String>,
    remark: String,
    published_version: Option<i64>,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
    is_stale: bool,
}

impl TryFrom<Row> for Draft {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        let corrupt = |column| DbError::Corrupt {
            table: "article_drafts",
            column,
        };
        let blocks = row
            .block_kinds
            .into_iter()
            .zip(row.block_bodies)
            .map(|(kind, body)| Block { kind, body })
            .collect();
        Ok(Self {
            id: row.id,
            slug: row.slug,
            language: Tag::parse(&row.language).ok_or(corrupt("language"))?,
            state: ArticleDraftState::try_from(i32::from(row.state)).map_err(|_| corrupt("state"))?,
            revision: row.revision,
            title: row.title,
            blocks,
            profile: match row.profile {
                Some(Json(stored)) => Some(stored.read().ok_or(corrupt("profile"))?),
                None => None,
            },
            source_version: row.source_version,
            writers: row.writers,
            approver: row.approver,
            remark: row.remark,
            published_version: row.published_version,
            created_at: row.created_at,
            updated_at: row.updated_at,
            is_stale: row.is_stale,
        })
    }
}

fn state_number(state: ArticleDraftState) -> i16 {
    i16::try_from(i32::from(state)).unwrap_or(1)
}

fn parts(draft: &Draft) -> (Vec<i16>, Vec<String>, Option<Json<StoredProfile>>) {
    let kinds = draft.blocks.iter().map(|block| block.kind).collect();
    let bodies = draft.blocks.iter().map(|block| block.body.clone()).collect();
    let profile = draft.profile.as_ref().map(|profile| Json(StoredProfile::from(profile)));
    (kinds, bodies, profile)
}

/// Keeps a new draft.
pub async fn insert(connection: &mut PgConnection, draft: &Draft) -> Result<(), DbError> {
    let (kinds, bodies, profile) = parts(draft);
    sqlx::query!(
        "insert into article_drafts (id, slug, language, state, revision, title, block_kinds, block_bodies, profile,
                                     source_version, writers, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        draft.id.uuid(),
        draft.slug,
        draft.language.as_str(),
        state_number(draft.state),
        draft.revision,
        draft.title,
        &kinds,
        &bodies,
        profile as _,
        draft.source_version,
        &draft.writers,
        draft.created_at,
        draft.updated_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes a draft that has changed.
pub async fn update(connection: &mut PgConnection, draft: &Draft) -> Result<(), DbError> {
    let (kinds, bodies, profile) = parts(draft);
    sqlx::query!(
        "update article_drafts set state = $2, revision = $3, title = $4, block_kinds = $5, block_bodies = $6,
                profile = $7, source_version = $8, writers = $9, approver = $10, remark = $11, published_version = $12,
                updated_at = $13
         where id = $1",
        draft.id.uuid(),
        state_number(draft.state),
        draft.revision,
        draft.title,
        &kinds,
        &bodies,
        profile as _,
        draft.source_version,
        &draft.writers,
        draft.approver,
        draft.remark,
        draft.published_version,
        draft.updated_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Reads a draft.
pub async fn find(connection: &mut PgConnection, id: ArticleDraftId) -> Result<Option<Draft>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: ArticleDraftId", slug, language, state, revision, title, block_kinds, block_bodies,
                  profile as "profile: Json<StoredProfile>", source_version, writers, approver, remark,
                  published_version, created_at, updated_at,
                  (exists (
                      select 1 from articles as article
                      where article.slug = draft.slug and article.source_language <> draft.language
                        and (select content_hash from article_texts
                             where article_id = article.id and language = article.source_language
                               and version = draft.source_version)
                            is distinct from
                            (select content_hash from article_texts
                             where article_id = article.id and language = article.source_language
                             order by version desc limit 1)
                  )) as "is_stale!"
           from article_drafts as draft where id = $1"#,
        id.uuid(),
    )
    .fetch_optional(connection)
    .await?
    .map(Draft::try_from)
    .transpose()
}

/// Locks a draft and reads it.
pub async fn lock(connection: &mut PgConnection, id: ArticleDraftId) -> Result<Option<Draft>, DbError> {
    let locked = sqlx::query_scalar!("select id from article_drafts where id = $1 for update", id.uuid())
        .fetch_optional(&mut *connection)
        .await?;
    match locked {
        Some(_) => find(connection, id).await,
        None => Ok(None),
    }
}

/// Drafts, newest first: `limit` of them behind `after`, in one state or, where there is none, in those that are open.
pub async fn list(
    connection: &mut PgConnection,
    state: Option<ArticleDraftState>,
    language: Option<&Tag>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Draft>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: ArticleDraftId", slug, language, state, revision, title, block_kinds, block_bodies,
                  profile as "profile: Json<StoredProfile>", source_version, writers, approver, remark,
                  published_version, created_at, updated_at,
                  (exists (
                      select 1 from articles as article
                      where article.slug = draft.slug and article.source_language <> draft.language
                        and (select content_hash from article_texts
                             where article_id = article.id and language = article.source_language
                               and version = draft.source_version)
                            is distinct from
                            (select content_hash from article_texts
                             where article_id = article.id and language = article.source_language
                             order by version desc limit 1)
                  )) as "is_stale!"
           from article_drafts as draft
           where (state = $1 or ($1::smallint is null and state in (1, 2, 3)))
             and ($2::text is null or language = $2)
             and ($3::uuid is null or id < $3)
           order by id desc limit $4"#,
        state.map(state_number),
        language.map(Tag::as_str),
        after,
        limit,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Draft::try_from)
    .collect()
}
