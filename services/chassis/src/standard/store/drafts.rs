//! The drafts. They are this region's own: no other hears of them.

use sqlx::PgConnection;
use time::{Date, OffsetDateTime};

use crate::db::{DbError, stored};
use crate::standard::ops::draft::{Draft, DraftId, DraftState, Intent};
use crate::standard::records::PublicationId;

const TABLE: &str = "standard_drafts";

/// A row of `standard_drafts`.
struct Row {
    id: DraftId,
    document: String,
    place: String,
    state: String,
    content: Option<String>,
    withdraws: Option<PublicationId>,
    effective_from: Option<Date>,
    reason: String,
    author: String,
    approver: Option<String>,
    publication_id: Option<PublicationId>,
    revision: i64,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

impl TryFrom<Row> for Draft {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        let intent = match (row.content, row.withdraws) {
            (Some(content), None) => Some(Intent::Publish(content)),
            (None, Some(publication)) => Some(Intent::Withdraw(publication)),
            _ => None,
        };
        Ok(Self {
            id: row.id,
            document: row.document,
            place: stored(row.place.parse().ok(), TABLE, "place")?,
            state: stored(DraftState::from_name(&row.state), TABLE, "state")?,
            intent: stored(intent, TABLE, "content")?,
            effective_from: row.effective_from,
            reason: row.reason,
            author: row.author,
            approver: row.approver,
            publication: row.publication_id,
            revision: row.revision,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// Which drafts a list shows.
#[derive(Debug, Clone, Copy)]
pub struct Filter<'f> {
    /// Only of this document.
    pub document: Option<&'f str>,
    /// Only in these states; all where there is none.
    pub states: &'f [DraftState],
}

/// Keeps a new draft.
pub(in crate::standard) async fn insert(connection: &mut PgConnection, draft: &Draft) -> Result<(), DbError> {
    let (content, withdraws) = columns(&draft.intent);
    sqlx::query!(
        "insert into standard_drafts (id, document, place, state, content, withdraws, effective_from, reason, author,
                                      approver, publication_id, revision, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        draft.id.uuid(),
        draft.document,
        draft.place.to_string(),
        draft.state.as_str(),
        content,
        withdraws.map(PublicationId::uuid),
        draft.effective_from,
        draft.reason,
        draft.author,
        draft.approver,
        draft.publication.map(PublicationId::uuid),
        draft.revision,
        draft.created_at,
        draft.updated_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes what can change of a draft. The caller holds its row ([`lock`]).
pub(in crate::standard) async fn update(connection: &mut PgConnection, draft: &Draft) -> Result<(), DbError> {
    let (content, _) = columns(&draft.intent);
    sqlx::query!(
        "update standard_drafts
         set state = $2, content = $3, effective_from = $4, reason = $5, author = $6, approver = $7,
             publication_id = $8, revision = $9, updated_at = $10
         where id = $1",
        draft.id.uuid(),
        draft.state.as_str(),
        content,
        draft.effective_from,
        draft.reason,
        draft.author,
        draft.approver,
        draft.publication.map(PublicationId::uuid),
        draft.revision,
        draft.updated_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

fn columns(intent: &Intent) -> (Option<&str>, Option<PublicationId>) {
    match intent {
        Intent::Publish(content) => (Some(content), None),
        Intent::Withdraw(publication) => (None, Some(*publication)),
    }
}

/// The draft with this id.
pub(in crate::standard) async fn get(connection: &mut PgConnection, id: DraftId) -> Result<Option<Draft>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: DraftId", document, place, state, content, withdraws as "withdraws: PublicationId",
                  effective_from, reason, author, approver, publication_id as "publication_id: PublicationId",
                  revision, created_at, updated_at
           from standard_drafts where id = $1"#,
        id.uuid(),
    )
    .fetch_optional(connection)
    .await?
    .map(Draft::try_from)
    .transpose()
}

/// The draft with this id, its row locked until the transaction ends.
pub(in crate::standard) async fn lock(connection: &mut PgConnection, id: DraftId) -> Result<Option<Draft>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: DraftId", document, place, state, content, withdraws as "withdraws: PublicationId",
                  effective_from, reason, author, approver, publication_id as "publication_id: PublicationId",
                  revision, created_at, updated_at
           from standard_drafts where id = $1 for update"#,
        id.uuid(),
    )
    .fetch_optional(connection)
    .await?
    .map(Draft::try_from)
    .transpose()
}

/// Drafts, newest first, after the one begun at `after`, `limit` at most. Without their content, which may be long: an
/// empty one stands for it.
pub(in crate::standard) async fn list(
    connection: &mut PgConnection,
    filter: Filter<'_>,
    after: Option<(OffsetDateTime, DraftId)>,
    limit: i64,
) -> Result<Vec<Draft>, DbError> {
    let states: Vec<String> = filter.states.iter().map(|state| state.as_str().to_owned()).collect();
    sqlx::query_as!(
        Row,
        r#"select id as "id: DraftId", document, place, state,
                  case when content is null then null else '' end as "content", withdraws as "withdraws: PublicationId",
                  effective_from, reason, author, approver, publication_id as "publication_id: PublicationId",
                  revision, created_at, updated_at
           from standard_drafts
           where ($1::text is null or document = $1)
             and (cardinality($2::text[]) = 0 or state = any ($2))
             and ($3::timestamptz is null or (created_at, id) < ($3, $4::uuid))
           order by created_at desc, id desc
           limit $5"#,
        filter.document,
        &states,
        after.map(|(created_at, _)| created_at),
        after.map(|(_, id)| id.uuid()),
        limit,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Draft::try_from)
    .collect()
}
