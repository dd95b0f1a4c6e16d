//! Drafts: written, changed, approved, thrown away.

use std::sync::Arc;

use sqlx::PgConnection;
use time::{Date, OffsetDateTime};

use super::draft::{Act, Draft, DraftId, DraftState, Intent, is_same_person};
use super::proposal::Proposal;
use super::{Desk, aside, day_of, registered, today};
use crate::db::Tx;
use crate::error::Violation;
use crate::page::Page;
use crate::standard::check;
use crate::standard::error::Error;
use crate::standard::place::Place;
use crate::standard::snapshot::Snapshot;
use crate::standard::store::drafts::{self, Filter};

/// A draft to be kept.
#[derive(Debug, Clone)]
pub struct NewDraft {
    /// The document, `<service>/<name>`.
    pub document: String,
    /// The place; of a withdrawal the publication's, where none is given.
    pub place: Option<Place>,
    /// What it would do.
    pub intent: Intent,
    /// The first day; none for the day on which it is published.
    pub effective_from: Option<Date>,
    /// Why.
    pub reason: String,
    /// Who wrote it.
    pub author: String,
}

/// Keeps a draft of what could be published today.
pub async fn create(tx: &mut Tx, desk: &Desk, new: NewDraft) -> Result<Draft, Error> {
    let known = desk.book.snapshot();
    registered(&known, &new.document)?;
    let now = tx.now();
    let place = match (new.place, &new.intent) {
        (Some(place), _) => place,
        (None, Intent::Withdraw(id)) => known
            .records()
            .publication(*id)
            .map_or(Place::Global, |withdrawn| withdrawn.place.clone()),
        (None, Intent::Publish(_)) => Place::Global,
    };
    let mut draft = Draft {
        id: desk.ids.next(),
        document: new.document,
        place,
        state: DraftState::Open,
        intent: new.intent,
        effective_from: new.effective_from,
        reason: new.reason,
        author: new.author,
        approver: None,
        publication: None,
        revision: 1,
        created_at: now,
        updated_at: now,
    };
    draft.intent = acceptable(desk, &known, &draft, now).await?;
    drafts::insert(tx, &draft).await?;
    Ok(draft)
}

/// What is to be changed in a draft; none leaves it.
#[derive(Debug, Clone)]
pub struct DraftChange {
    /// The document, `<service>/<name>`.
    pub document: String,
    /// The draft.
    pub draft: DraftId,
    /// Its etag, as last read.
    pub etag: String,
    /// The content.
    pub content: Option<String>,
    /// The first day.
    pub effective_from: Option<Date>,
    /// Why.
    pub reason: Option<String>,
    /// Who changes it.
    pub author: String,
}

/// Changes a draft, which then is open, and whose author is who changed it.
pub async fn change(tx: &mut Tx, desk: &Desk, change: DraftChange) -> Result<Draft, Error> {
    let known = desk.book.snapshot();
    registered(&known, &change.document)?;
    let mut draft = locked(tx, &change.document, change.draft).await?;
    let now = tx.now();
    draft.allows(Act::Change)?;
    draft.expect(&change.etag)?;
    draft.advance(Act::Change, now)?;
    if let Some(content) = change.content {
        if draft.is_withdrawal() {
            return Err(Violation::new("content", "a withdrawal has none").into());
        }
        draft.intent = Intent::Publish(content);
    }
    draft.effective_from = change.effective_from.or(draft.effective_from);
    draft.reason = change.reason.unwrap_or(draft.reason);
    draft.author = change.author;
    draft.intent = acceptable(desk, &known, &draft, now).await?;
    drafts::update(tx, &draft).await?;
    Ok(draft)
}

/// Approves a draft as it stands.
pub async fn approve(
    tx: &mut Tx,
    desk: &Desk,
    document: &str,
    id: DraftId,
    etag: &str,
    approver: String,
) -> Result<Draft, Error> {
    let known = desk.book.snapshot();
    let declared = registered(&known, document)?.clone();
    let mut draft = locked(tx, document, id).await?;
    let (now, today) = (tx.now(), today(tx));
    draft.allows(Act::Approve)?;
    draft.expect(etag)?;
    if is_same_person(&draft.author, &approver) {
        return Err(Error::ApproverIsAuthor);
    }
    if let Intent::Publish(content) = draft.intent.clone() {
        // A day that has passed is for who publishes to find; what is read here is what would hold from today.
        let day = draft.effective_from.unwrap_or(today).max(today);
        let place = draft.place.clone();
        aside(move || check::read(&known, &declared, &place, day, &content)?.accept()).await?;
    }
    draft.advance(Act::Approve, now)?;
    draft.approver = Some(approver);
    drafts::update(tx, &draft).await?;
    Ok(draft)
}

/// Throws a draft away.
pub async fn discard(tx: &mut Tx, desk: &Desk, document: &str, id: DraftId) -> Result<Draft, Error> {
    registered(&desk.book.snapshot(), document)?;
    let mut draft = locked(tx, document, id).await?;
    draft.advance(Act::Discard, tx.now())?;
    drafts::update(tx, &draft).await?;
    Ok(draft)
}

/// A draft of a document.
pub async fn draft(connection: &mut PgConnection, desk: &Desk, document: &str, id: DraftId) -> Result<Draft, Error> {
    registered(&desk.book.snapshot(), document)?;
    let draft = drafts::get(connection, id).await?;
    draft
        .filter(|draft| draft.document == document)
        .ok_or(Error::DraftNotFound)
}

/// A draft of a document, its row locked.
pub(super) async fn locked(tx: &mut Tx, document: &str, id: DraftId) -> Result<Draft, Error> {
    let draft = drafts::lock(tx, id).await?;
    draft
        .filter(|draft| draft.document == document)
        .ok_or(Error::DraftNotFound)
}

/// Drafts, newest first and without their content, and the token of the next page.
pub async fn list_drafts(
    connection: &mut PgConnection,
    filter: Filter<'_>,
    page: &Page<(i128, DraftId)>,
) -> Result<(Vec<Draft>, String), Error> {
    let after = match page.after {
        None => None,
        Some((at, id)) => Some((
            OffsetDateTime::from_unix_timestamp_nanos(at).map_err(|_| crate::page::PageError)?,
            id,
        )),
    };
    let drafts = drafts::list(connection, filter, after, page.limit()).await?;
    Ok(page.cut(drafts, |last| (last.created_at.unix_timestamp_nanos(), last.id)))
}

/// What the draft would do in canonical form, where it could be published today.
async fn acceptable(desk: &Desk, known: &Arc<Snapshot>, draft: &Draft, now: OffsetDateTime) -> Result<Intent, Error> {
    let today = day_of(now);
    let proposal: Proposal = draft.proposal(today);
    proposal.is_own(known, desk.book.region(), today)?;
    proposal.is_possible(known, today)?;
    let Intent::Publish(content) = proposal.intent else {
        return Ok(draft.intent.clone());
    };
    let (known, declared) = (Arc::clone(known), registered(known, &draft.document)?.clone());
    let canonical =
        aside(move || check::read(&known, &declared, &proposal.place, proposal.day, &content)?.accept()).await?;
    Ok(Intent::Publish(canonical))
}
