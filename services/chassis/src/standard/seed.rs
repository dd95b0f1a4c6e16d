//! Publishes what the build ships, where nothing was published before.

use time::Date;
use time::macros::date;

use super::adding::AddError;
use super::book::Book;
use super::place::Place;
use super::records::{Publication, Record};
use crate::id::Ids;

/// Who wrote and approved what is shipped: whoever released the build.
pub const SHIPPED: &str = "shipped";

/// The first day of what is shipped. It holds since ever, so that decisions about any day of the past have rules, which no
/// later build can change.
pub const SINCE_EVER: Date = date!(1970 - 01 - 01);

/// In the region that holds the authority, publishes each document that was never published as its version 1. Any number of
/// replicas may do so at once: one does.
pub(crate) async fn seed(book: &Book, ids: &Ids) -> Result<(), AddError> {
    let never_published = |snapshot: &super::snapshot::Snapshot| -> Vec<usize> {
        let documents = snapshot.documents().iter().enumerate();
        documents
            .filter(|(_, document)| snapshot.records().publications(document.id()).next().is_none())
            .map(|(index, _)| index)
            .collect()
    };
    let before = book.snapshot();
    if before.records().holder().region != book.region() || never_published(&before).is_empty() {
        return Ok(());
    }
    let mut tx = book.db().begin().await?;
    let mut adding = book.adding(&mut tx).await?;
    let holder = adding.snapshot().records().holder();
    if holder.region == book.region() {
        for index in never_published(adding.snapshot()) {
            let document = &adding.snapshot().documents()[index];
            let content = document.shipped();
            let publication = Publication {
                id: ids.next(),
                document: document.id().to_owned(),
                place: Place::Global,
                version: 1,
                effective_from: SINCE_EVER,
                published_at: tx.now(),
                author: SHIPPED.to_owned(),
                approver: SHIPPED.to_owned(),
                reason: "what this deployment began with".to_owned(),
                digest: content.digest(),
                content: content.print().into(),
                tenure: holder.tenure.as_ref().map(|tenure| tenure.id),
            };
            adding.publish(&mut tx, Record::Publication(publication)).await?;
        }
    }
    tx.commit().await?;
    Ok(book.refresh().await?)
}
