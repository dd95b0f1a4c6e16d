//! Publishing a draft.

use std::sync::Arc;

use super::draft::{Act, Draft, DraftId};
use super::proposal::{Outcome, Signed};
use super::{Desk, aside, registered, today};
use crate::db::Tx;
use crate::standard::error::Error;
use crate::standard::place::Place;
use crate::standard::records::Record;
use crate::standard::snapshot::Snapshot;
use crate::standard::store::drafts;

/// What is to be published.
#[derive(Debug, Clone)]
pub struct PublishDraft {
    /// The document, `<service>/<name>`.
    pub document: String,
    /// The draft.
    pub draft: DraftId,
    /// The digest of the check that the caller was shown.
    pub digest: String,
    /// Whether overlays may be set aside as a whole.
    pub may_set_aside: bool,
}

/// Publishes a draft, or withdraws what it withdraws. Gives the draft, and what is known once the transaction is committed.
///
/// Everything is checked again under the lock: what was true when the draft was written, checked or approved need not be
/// true any more.
pub async fn publish(tx: &mut Tx, desk: &Desk, order: PublishDraft) -> Result<(Draft, Arc<Snapshot>), Error> {
    let mut adding = desk.book.adding(tx).await?;
    let known = Arc::clone(adding.snapshot());
    let declared = registered(&known, &order.document)?.clone();
    let mut draft = super::drafts::locked(tx, &order.document, order.draft).await?;
    let (now, today) = (tx.now(), today(tx));
    let before = draft.clone();
    draft.advance(Act::Publish, now)?;
    if declared.declared().four_eyes() && before.approver.is_none() {
        return Err(Error::ApprovalMissing);
    }
    let proposal = before.proposal(today);
    proposal.is_own(&known, desk.book.region(), today)?;
    proposal.is_possible(&known, today)?;

    let signed = Signed {
        author: before.author,
        approver: before.approver.unwrap_or_default(),
        reason: before.reason,
    };
    let ids = desk.ids.clone();
    let outcome = aside(move || proposal.weigh(&known, &declared, signed, &ids, now)?.accept()).await?;
    if outcome.digest != order.digest {
        return Err(Error::CheckOutdated);
    }
    if !order.may_set_aside {
        refuse_setting_aside(&outcome)?;
    }
    draft.publication = match &outcome.record {
        Record::Publication(publication) => Some(publication.id),
        Record::Withdrawal(withdrawal) => Some(withdrawal.publication),
        Record::Tenure(_) => None,
    };
    adding.publish(tx, outcome.record).await?;
    drafts::update(tx, &draft).await?;
    Ok((draft, Arc::clone(adding.snapshot())))
}

fn refuse_setting_aside(outcome: &Outcome) -> Result<(), Error> {
    let places: Vec<Place> = outcome
        .comparison
        .changes
        .iter()
        .filter(|change| change.set_aside)
        .map(|change| change.place.clone())
        .collect();
    if places.is_empty() {
        Ok(())
    } else {
        Err(Error::OverlaysSetAside { places })
    }
}
