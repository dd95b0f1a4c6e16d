//! Preparing texts of articles: written, reviewed, approved, published.

use sqlx::PgConnection;
use support_chassis::db::{DbError, Tx};
use support_chassis::id::Ids;
use support_proto::support::localisation::v1::ArticleDraftState;

use crate::domain::article::{Act, Block, Profile, after};
use crate::error::Error;
use crate::ids::ArticleDraftId;
use crate::ops::articles::{self, NewText, Read};
use crate::standard::knowledge::Rules;
use crate::store;
use crate::store::drafts::{self, Draft};
use support_words::tag::Tag;

/// What somebody writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// What the article is to be; none where that stays as it is.
    pub profile: Option<Profile>,
    /// The title.
    pub title: String,
    /// The text.
    pub blocks: Vec<Block>,
    /// The version of the source that it was translated from; none for the current one.
    pub source_version: Option<i64>,
}

/// Begins a draft; `by` is who writes.
///
/// # Errors
///
/// There is a draft of this text already, no locale of that language, no source it could be translated from, or nothing
/// is said of what a new article is.
pub async fn create(
    tx: &mut Tx,
    ids: &Ids,
    slug: &str,
    language: &Tag,
    written: Written,
    by: &str,
) -> Result<Draft, Error> {
    let source_version = source_version(tx, slug, language, &written).await?;
    let now = tx.now();
    let draft = Draft {
        id: ids.next(),
        slug: slug.to_owned(),
        language: language.clone(),
        state: ArticleDraftState::Draft,
        revision: 1,
        title: written.title,
        blocks: written.blocks,
        profile: written.profile,
        source_version,
        writers: vec![by.to_owned()],
        approver: None,
        remark: String::new(),
        published_version: None,
        created_at: now,
        updated_at: now,
        is_stale: false,
    };
    drafts::insert(tx, &draft)
        .await
        .map_err(|error| match error.constraint() {
            Some("article_drafts_one_open") => Error::DraftExists,
            Some("article_drafts_language_exists") => Error::LocaleNotFound,
            _ => Error::Database(error),
        })?;
    read(tx, draft.id).await
}

/// The version of the source that a text is translated from; none where it is the source.
async fn source_version(
    connection: &mut PgConnection,
    slug: &str,
    language: &Tag,
    written: &Written,
) -> Result<Option<i64>, Error> {
    let Some(article) = store::articles::find_any(connection, slug).await? else {
        return match written.profile {
            Some(_) => Ok(None),
            None => Err(articles::profile_missing()),
        };
    };
    if article.source == *language {
        return Ok(None);
    }
    let (version, _) = store::articles::content_hash(connection, article.id, &article.source, written.source_version)
        .await?
        .ok_or(Error::SourceMissing)?;
    Ok(Some(version))
}

/// Writes in a draft. `etag` is what the writer has seen; none for any.
///
/// # Errors
///
/// No such draft, one that is over, or one that has changed since.
pub async fn change(
    tx: &mut Tx,
    id: ArticleDraftId,
    etag: Option<&str>,
    written: Written,
    by: &str,
) -> Result<Draft, Error> {
    let mut draft = moved(tx, id, etag, Act::Change).await?;
    draft.source_version = source_version(tx, &draft.slug, &draft.language, &written).await?;
    draft.title = written.title;
    draft.blocks = written.blocks;
    draft.profile = written.profile;
    draft.approver = None;
    if !draft.writers.iter().any(|writer| writer == by) {
        draft.writers.push(by.to_owned());
    }
    kept(tx, draft).await
}

/// Hands a draft over for review.
///
/// # Errors
///
/// As [`change`].
pub async fn submit(tx: &mut Tx, id: ArticleDraftId, etag: Option<&str>) -> Result<Draft, Error> {
    let mut draft = moved(tx, id, etag, Act::Submit).await?;
    draft.remark.clear();
    kept(tx, draft).await
}

/// Gives a draft back with what is to be done.
///
/// # Errors
///
/// As [`change`].
pub async fn give_back(tx: &mut Tx, id: ArticleDraftId, etag: Option<&str>, remark: &str) -> Result<Draft, Error> {
    let mut draft = moved(tx, id, etag, Act::Return).await?;
    remark.clone_into(&mut draft.remark);
    kept(tx, draft).await
}

/// Approves a draft.
///
/// # Errors
///
/// As [`change`]; and where `by` has written in it, whatever the rules ask for.
pub async fn approve(tx: &mut Tx, id: ArticleDraftId, etag: Option<&str>, by: &str) -> Result<Draft, Error> {
    let mut draft = moved(tx, id, etag, Act::Approve).await?;
    if draft.writers.iter().any(|writer| writer == by) {
        return Err(Error::ApproverIsAuthor);
    }
    draft.approver = Some(by.to_owned());
    kept(tx, draft).await
}

/// Throws a draft away.
///
/// # Errors
///
/// As [`change`].
pub async fn discard(tx: &mut Tx, id: ArticleDraftId, etag: Option<&str>) -> Result<Draft, Error> {
    let draft = moved(tx, id, etag, Act::Discard).await?;
    kept(tx, draft).await
}

/// Publishes a draft.
///
/// # Errors
///
/// As [`change`] and [`articles::publish`].
pub async fn publish(
    tx: &mut Tx,
    ids: &Ids,
    rules: &Rules,
    id: ArticleDraftId,
    etag: Option<&str>,
    by: &str,
) -> Result<(Draft, Read), Error> {
    let mut draft = moved(tx, id, etag, Act::Publish).await?;
    let new = NewText {
        slug: draft.slug.clone(),
        profile: draft.profile.clone(),
        language: draft.language.clone(),
        title: draft.title.clone(),
        blocks: draft.blocks.clone(),
        source_version: draft.source_version,
    };
    let read = articles::publish(tx, ids, rules, &new, by, draft.approver.as_deref()).await?;
    draft.published_version = Some(read.text.version);
    Ok((kept(tx, draft).await?, read))
}

/// Reads a draft.
///
/// # Errors
///
/// No such draft.
pub async fn read(connection: &mut PgConnection, id: ArticleDraftId) -> Result<Draft, Error> {
    drafts::find(connection, id).await?.ok_or(Error::DraftNotFound)
}

/// A draft, locked, in the state that the act leads to.
async fn moved(tx: &mut Tx, id: ArticleDraftId, etag: Option<&str>, act: Act) -> Result<Draft, Error> {
    let mut draft = drafts::lock(tx, id).await?.ok_or(Error::DraftNotFound)?;
    if etag.is_some_and(|etag| etag != draft.etag()) {
        return Err(Error::DraftChanged);
    }
    draft.state = after(draft.state, act).ok_or(Error::DraftState(draft.state))?;
    Ok(draft)
}

async fn kept(tx: &mut Tx, mut draft: Draft) -> Result<Draft, Error> {
    draft.revision += 1;
    draft.updated_at = tx.now();
    drafts::update(tx, &draft)
        .await
        .map_err(|error: DbError| Error::Database(error))?;
    read(tx, draft.id).await
}
