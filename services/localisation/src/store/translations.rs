//! Words in the making.

use sqlx::PgConnection;
use support_chassis::db::DbError;
use time::OffsetDateTime;

use crate::domain::text::{SourceHash, stored_hash};
use support_words::tag::Tag;

/// How far a draft is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DraftState {
    /// Being written.
    Draft,
    /// Waiting for its review.
    Review,
    /// Approved.
    Approved,
}

impl DraftState {
    const ALL: [Self; 3] = [Self::Draft, Self::Review, Self::Approved];

    /// As it stands in the database and in the contract.
    #[must_use]
    pub fn number(self) -> i16 {
        match self {
            Self::Draft => 2,
            Self::Review => 3,
            Self::Approved => 4,
        }
    }
}

/// A draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The locale.
    pub locale: Tag,
    /// The key.
    pub key: String,
    /// How far it is.
    pub state: DraftState,
    /// Rises with every change.
    pub revision: i64,
    /// The text.
    pub pattern: String,
    /// The hash of the source text it was made from.
    pub source_hash: Option<SourceHash>,
    /// Who wrote it.
    pub author: String,
    /// Who approved it.
    pub approver: Option<String>,
    /// When it last changed.
    pub changed_at: OffsetDateTime,
    /// What its reviewer had to say.
    pub comment: String,
}

struct Row {
    locale: String,
    key: String,
    state: i16,
    revision: i64,
    pattern: String,
    source_hash: Option<Vec<u8>>,
    author: String,
    approver: Option<String>,
    changed_at: OffsetDateTime,
    comment: String,
}

impl TryFrom<Row> for Draft {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        let corrupt = |column| DbError::Corrupt {
            table: "message_drafts",
            column,
        };
        Ok(Self {
            locale: Tag::parse(&row.locale).ok_or(corrupt("locale"))?,
            key: row.key,
            state: DraftState::ALL
                .into_iter()
                .find(|state| state.number() == row.state)
                .ok_or(corrupt("state"))?,
            revision: row.revision,
            pattern: row.pattern,
            source_hash: stored_hash(row.source_hash).map_err(|()| corrupt("source_hash"))?,
            author: row.author,
            approver: row.approver,
            changed_at: row.changed_at,
            comment: row.comment,
        })
    }
}

/// Which drafts.
#[derive(Debug, Clone, Copy)]
pub struct Chosen<'c> {
    /// Those of these locales; empty for all.
    pub locales: &'c [String],
    /// Those whose key begins with this.
    pub key_prefix: &'c str,
    /// Only what is approved.
    pub only_approved: bool,
}

/// Drafts, by locale and key.
pub async fn list(connection: &mut PgConnection, chosen: Chosen<'_>) -> Result<Vec<Draft>, DbError> {
    sqlx::query_as!(
        Row,
        "select locale, key, state, revision, pattern, source_hash, author, approver, changed_at, comment
         from message_drafts
         where ($1 = '{}'::text[] or locale = any ($1)) and starts_with(key, $2) and (state = 4 or not $3)
         order by locale, key",
        chosen.locales,
        chosen.key_prefix,
        chosen.only_approved,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Draft::try_from)
    .collect()
}

/// The drafts of a locale with these keys, locked, by key.
pub async fn lock(connection: &mut PgConnection, locale: &Tag, keys: &[String]) -> Result<Vec<Draft>, DbError> {
    sqlx::query_as!(
        Row,
        "select locale, key, state, revision, pattern, source_hash, author, approver, changed_at, comment
         from message_drafts where locale = $1 and key = any ($2) order by key for update",
        locale.as_str(),
        keys,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Draft::try_from)
    .collect()
}

/// Writes drafts, in place of those that are there. All of one locale; gives how many were written: one is left out where
/// somebody else has made a draft of it, or changed it, since it was looked for.
pub async fn put(connection: &mut PgConnection, locale: &Tag, drafts: &[Draft]) -> Result<u64, DbError> {
    let keys: Vec<String> = drafts.iter().map(|draft| draft.key.clone()).collect();
    let states: Vec<i16> = drafts.iter().map(|draft| draft.state.number()).collect();
    let revisions: Vec<i64> = drafts.iter().map(|draft| draft.revision).collect();
    let patterns: Vec<String> = drafts.iter().map(|draft| draft.pattern.clone()).collect();
    let hashes: Vec<Option<Vec<u8>>> = drafts
        .iter()
        .map(|draft| draft.source_hash.map(|hash| hash.to_vec()))
        .collect();
    let authors: Vec<String> = drafts.iter().map(|draft| draft.author.clone()).collect();
    let approvers: Vec<Option<String>> = drafts.iter().map(|draft| draft.approver.clone()).collect();
    let changed: Vec<OffsetDateTime> = drafts.iter().map(|draft| draft.changed_at).collect();
    let comments: Vec<String> = drafts.iter().map(|draft| draft.comment.clone()).collect();
    let written = sqlx::query!(
        r#"insert into message_drafts
               (locale, key, state, revision, pattern, source_hash, author, approver, changed_at, comment)
           select $1, given.* from unnest($2::text[], $3::smallint[], $4::bigint[], $5::text[], $6::bytea[], $7::text[],
               $8::text[], $9::timestamptz[], $10::text[])
               as given (key, state, revision, pattern, source_hash, author, approver, changed_at, comment)
           on conflict (locale, key) do update set
               state = excluded.state, revision = excluded.revision, pattern = excluded.pattern,
               source_hash = excluded.source_hash, author = excluded.author, approver = excluded.approver,
               changed_at = excluded.changed_at, comment = excluded.comment
           where message_drafts.revision = excluded.revision - 1"#,
        locale.as_str(),
        &keys,
        &states,
        &revisions,
        &patterns,
        &hashes as &[Option<Vec<u8>>],
        &authors,
        &approvers as &[Option<String>],
        &changed,
        &comments,
    )
    .execute(connection)
    .await?;
    Ok(written.rows_affected())
}

/// Removes drafts, each at the revision it was seen at.
pub async fn remove(connection: &mut PgConnection, drafts: &[Draft]) -> Result<u64, DbError> {
    let locales: Vec<String> = drafts.iter().map(|draft| draft.locale.to_string()).collect();
    let keys: Vec<String> = drafts.iter().map(|draft| draft.key.clone()).collect();
    let revisions: Vec<i64> = drafts.iter().map(|draft| draft.revision).collect();
    let removed = sqlx::query!(
        "delete from message_drafts draft
         using unnest($1::text[], $2::text[], $3::bigint[]) as given (locale, key, revision)
         where draft.locale = given.locale and draft.key = given.key and draft.revision = given.revision",
        &locales,
        &keys,
        &revisions,
    )
    .execute(connection)
    .await?;
    Ok(removed.rows_affected())
}
