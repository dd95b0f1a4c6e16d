//! How records are added: one transaction at a time, each telling the owners of the overlays that it lifts.

use std::sync::Arc;

use support_proto::support::standard::v1::{AuthorityMoved, StandardPublished, StandardWithdrawn};

use super::book::Book;
use super::lifted::lifted;
use super::ops::aside;
use super::records::Record;
use super::snapshot::Snapshot;
use super::store::{self, Stored};
use crate::db::{DbError, Tx};
use crate::id::Id;
use crate::outbox::Entry;

/// A transaction that adds records. Until it ends, nobody else adds any: what [`Adding::snapshot`] shows is all there is.
#[derive(Debug)]
pub struct Adding<'b> {
    book: &'b Book,
    snapshot: Arc<Snapshot>,
}

/// Why a record was not added.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// Another record stands in its place: one of its id, or of its region with its version or number.
    #[error("another record stands in its place")]
    Contradicted,
}

impl Book {
    /// Begins to add records in `tx`, once whoever else does so has ended. Call [`Book::refresh`] after the commit.
    pub async fn adding(&self, tx: &mut Tx) -> Result<Adding<'_>, DbError> {
        store::lock(tx.conn()).await?;
        // In a statement after the lock, so that what was committed before is seen.
        let known = self.snapshot();
        let missing = store::missing(tx.conn(), known.known()).await?;
        let snapshot = if missing.is_empty() {
            known
        } else {
            Arc::new(known.with(missing))
        };
        Ok(Adding { book: self, snapshot })
    }
}

impl Adding<'_> {
    /// All that there is, with what was added in this transaction.
    #[must_use]
    pub fn snapshot(&self) -> &Arc<Snapshot> {
        &self.snapshot
    }

    /// Adds a record that this region makes, and tells the others.
    ///
    /// # Errors
    ///
    /// [`AddError::Contradicted`] where its version is taken: it was not made from [`Adding::snapshot`].
    pub async fn publish(&mut self, tx: &mut Tx, record: Record) -> Result<(), AddError> {
        let entry = match &record {
            Record::Publication(publication) => Entry::new(publication.id, &StandardPublished::from(publication)),
            Record::Withdrawal(withdrawal) => Entry::new(withdrawal.id, &StandardWithdrawn::from(withdrawal)),
            Record::Tenure(tenure) => Entry::new(tenure.id, &AuthorityMoved::from(tenure)),
        };
        if !self.add(tx, record).await? {
            return Err(AddError::Contradicted);
        }
        Ok(tx.append_all(&[entry]).await?)
    }

    /// Adds a record of any region. False where it was there already.
    ///
    /// # Errors
    ///
    /// [`AddError::Contradicted`].
    pub(super) async fn add(&mut self, tx: &mut Tx, record: Record) -> Result<bool, AddError> {
        match store::insert(tx.conn(), &record).await? {
            Stored::Before => return Ok(false),
            Stored::Contradicted => return Err(AddError::Contradicted),
            Stored::New => {}
        }
        tx.mark_added_to_standard();
        let before = Arc::clone(&self.snapshot);
        let after = Arc::new(before.with([record.clone()]));
        self.snapshot = Arc::clone(&after);
        let (region, today) = (self.book.region(), self.book.today());
        let lifted = aside(move || lifted(&before, &after, &record, region, today)).await;
        for lifted in &lifted {
            // The owner reads it in the report of the document as well; this is the line that somebody watches for.
            tracing::warn!(
                publication_id = lifted.event.publication_id,
                document = lifted.event.document,
                place = lifted.event.place,
                paths = lifted.event.paths.join(", "),
                set_aside = lifted.event.set_aside,
                "the standard became stricter than an overlay of this region"
            );
        }
        let entries: Vec<Entry> = lifted
            .iter()
            .map(|lifted| Entry::new(Id::from(lifted.overlay), &lifted.event))
            .collect();
        tx.append_all(&entries).await?;
        Ok(true)
    }
}
