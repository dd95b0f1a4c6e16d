//! What holds, what was published, what will be.

use std::sync::Arc;

use time::Date;

use super::registered;
use crate::page::Page;
use crate::standard::basis::Basis;
use crate::standard::check::own;
use crate::standard::effective::{Held, HeldOverlay};
use crate::standard::error::Error;
use crate::standard::place::Place;
use crate::standard::records::{Publication, PublicationId};
use crate::standard::snapshot::{Registered, Snapshot};

/// How a document stands today.
#[derive(Debug, Clone)]
pub struct DocumentStatus {
    /// The document.
    pub document: Registered,
    /// The global publication that holds; none where what the program came with does.
    pub global: Option<Arc<Publication>>,
    /// The global publications that will hold on a later day, soonest first.
    pub scheduled: Vec<Arc<Publication>>,
    /// The overlays that hold, by place, those that are set aside too.
    pub overlays: Vec<HeldOverlay>,
}

/// All documents, by name.
#[must_use]
pub fn documents(known: &Snapshot, today: Date) -> Vec<DocumentStatus> {
    let mut documents: Vec<_> = known
        .documents()
        .iter()
        .map(|document| status(known, document, today))
        .collect();
    documents.sort_by(|one, other| one.document.id().cmp(other.document.id()));
    documents
}

fn status(known: &Snapshot, document: &Registered, today: Date) -> DocumentStatus {
    let records = known.records();
    let overlays = records
        .places(document.id())
        .filter(|place| **place != Place::Global)
        .filter_map(|place| own(&known.held(document, place, today)?, place).cloned());
    let scheduled = records
        .turning_days(document.id(), &Place::Global)
        .into_iter()
        .filter(|day| *day > today)
        .filter_map(|day| {
            records
                .holding(document.id(), &Place::Global, day)
                .filter(|next| next.effective_from == day)
        });
    DocumentStatus {
        global: known.held(document, &Place::Global, today).and_then(|held| held.global),
        scheduled: scheduled.cloned().collect(),
        overlays: overlays.collect(),
        document: document.clone(),
    }
}

/// What holds of a document at a place on a day. A place must be known on that day or today: one that came later had the rules
/// of everywhere then.
pub fn effective(known: &Snapshot, document: &str, place: &Place, day: Date, today: Date) -> Result<Held, Error> {
    let document = registered(known, document)?;
    let is_known = |day| place.layers(&known.territories(day)).is_some();
    if !is_known(day) && !is_known(today) {
        return Err(Error::PlaceNotFound { place: place.clone() });
    }
    known.held(document, place, day).ok_or_else(|| Error::VersionNotFound {
        document: document.id().to_owned(),
    })
}

/// What a decision was made by.
pub fn effective_by_basis(known: &Snapshot, document: &str, basis: &Basis) -> Result<Held, Error> {
    let document = registered(known, document)?;
    let not_found = || Error::VersionNotFound {
        document: document.id().to_owned(),
    };
    if basis.document() != document.id() {
        return Err(not_found());
    }
    known.by_basis(basis).ok_or_else(not_found)
}

/// What sorts publications: when they were published, in nanoseconds since 1970, and their id.
pub type PublicationKey = (i128, PublicationId);

/// What was published of a document, newest first, for one place or all, and the token of the next page.
pub fn publications(
    known: &Snapshot,
    document: &str,
    place: Option<&Place>,
    page: &Page<PublicationKey>,
) -> Result<(Vec<Arc<Publication>>, String), Error> {
    let document = registered(known, document)?;
    let key = |publication: &Publication| (publication.published_at.unix_timestamp_nanos(), publication.id);
    let mut found: Vec<_> = known
        .records()
        .publications(document.id())
        .filter(|publication| place.is_none_or(|place| publication.place == *place))
        .filter(|publication| page.after.is_none_or(|after| key(publication) < after))
        .cloned()
        .collect();
    found.sort_by_key(|publication| std::cmp::Reverse(key(publication)));
    Ok(page.cut(found, |last| key(last)))
}

/// One publication of a document.
pub fn publication(known: &Snapshot, document: &str, id: PublicationId) -> Result<Arc<Publication>, Error> {
    let document = registered(known, document)?;
    let publication = known
        .records()
        .publication(id)
        .filter(|publication| publication.document == document.id());
    publication.cloned().ok_or_else(|| Error::VersionNotFound {
        document: document.id().to_owned(),
    })
}
