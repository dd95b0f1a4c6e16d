//! Which overlays a record lifts: where the standard above an overlay becomes stricter than it, its owner is told.

use std::collections::{BTreeMap, BTreeSet};

use support_proto::support::standard::v1::OverlayLifted;
use time::Date;

use super::effective::{Held, HeldOverlay};
use super::place::{Owner, Place};
use super::records::{PublicationId, Record};
use super::snapshot::{Registered, Snapshot};
use crate::day;
use crate::id::Region;

/// The most paths that an event names: it must fit into the outbox.
const MOST_PATHS: usize = 1000;

/// An overlay that a record lifts.
pub(super) struct Lifted {
    pub(super) overlay: PublicationId,
    pub(super) event: OverlayLifted,
}

/// The overlays owned by `region` that hold less on some day from `today` on by `after`, which is `before` with `record`: each
/// with the first such day. What was lifted before is not told again; what the record itself overlays its author was told
/// when it was checked.
pub(super) fn lifted(before: &Snapshot, after: &Snapshot, record: &Record, region: Region, today: Date) -> Vec<Lifted> {
    after
        .documents()
        .iter()
        .filter(|document| concerns(after, record, document))
        .flat_map(|document| of_document(before, after, record, document, region, today))
        .collect()
}

/// Whether what holds of the document may depend on the record.
fn concerns(after: &Snapshot, record: &Record, document: &Registered) -> bool {
    let published = match record {
        Record::Publication(publication) => Some(publication.document.as_str()),
        Record::Withdrawal(withdrawal) => after
            .records()
            .publication(withdrawal.publication)
            .map(|publication| publication.document.as_str()),
        // It makes publications void, of whatever document.
        Record::Tenure(_) => return true,
    };
    // The territories say what lies over what, in every document.
    let territories = after.documents().first().map(Registered::id);
    published.is_some_and(|published| published == document.id() || Some(published) == territories)
}

fn of_document(
    before: &Snapshot,
    after: &Snapshot,
    record: &Record,
    document: &Registered,
    region: Region,
    today: Date,
) -> Vec<Lifted> {
    let places: Vec<&Place> = after
        .records()
        .places(document.id())
        .filter(|place| **place != Place::Global)
        .collect();
    if places.is_empty() {
        return Vec::new();
    }
    let days: BTreeSet<Date> = std::iter::once(today)
        .chain(after.turning_days(document).range(today..).copied())
        .collect();
    let mut found: BTreeMap<PublicationId, OverlayLifted> = BTreeMap::new();
    for day in days {
        for place in &places {
            if !is_owner(after, place, region, day) {
                continue;
            }
            let Some((held, overlay)) = overlay_at(after, document, place, day) else {
                continue;
            };
            let id = overlay.publication.id;
            if found.contains_key(&id) || is_of(record, id) {
                continue;
            }
            let was = overlay_at(before, document, place, day)
                .map(|(_, was)| was)
                .filter(|was| was.publication.id == id);
            if let Some((paths, set_aside)) = news(was.as_ref(), &overlay) {
                let event = OverlayLifted {
                    publication_id: id.to_string(),
                    document: document.id().to_owned(),
                    place: place.to_string(),
                    lifted_by: lifted_by(record, &held),
                    from_day: Some(day::to_proto(day)),
                    paths,
                    set_aside,
                };
                found.insert(id, event);
            }
        }
    }
    found
        .into_iter()
        .map(|(overlay, event)| Lifted { overlay, event })
        .collect()
}

fn is_owner(snapshot: &Snapshot, place: &Place, region: Region, day: Date) -> bool {
    match place.owner(&snapshot.territories(day)) {
        Some(Owner::Region(owner)) => owner == region,
        Some(Owner::Authority) => snapshot.records().holder().region == region,
        None => false,
    }
}

/// The overlay of the place itself on a day, and what holds there with it.
fn overlay_at(snapshot: &Snapshot, document: &Registered, place: &Place, day: Date) -> Option<(Held, HeldOverlay)> {
    let held = snapshot.held(document, place, day)?;
    let overlay = held
        .overlays
        .last()
        .filter(|overlay| overlay.publication.place == *place)?;
    Some((held.clone(), overlay.clone()))
}

fn is_of(record: &Record, id: PublicationId) -> bool {
    matches!(record, Record::Publication(publication) if publication.id == id)
}

/// The paths where the overlay no longer has its say (the first of them, where they are too many), and whether it has none at all; none where nothing of it is new.
fn news(was: Option<&HeldOverlay>, is: &HeldOverlay) -> Option<(Vec<String>, bool)> {
    let paths = |overlay: &HeldOverlay| -> BTreeSet<String> {
        overlay.lifted.iter().map(|departed| departed.path.clone()).collect()
    };
    let old = was.map(paths).unwrap_or_default();
    let new = paths(is);
    let was_set_aside = was.is_some_and(|was| !was.set_aside.is_empty());
    let is_set_aside = !is.set_aside.is_empty();
    let is_news = new.difference(&old).next().is_some() || (is_set_aside && !was_set_aside);
    is_news.then(|| (new.into_iter().take(MOST_PATHS).collect(), is_set_aside))
}

/// The publication whose rules lift: the record itself, or what holds now that something else does not.
fn lifted_by(record: &Record, held: &Held) -> String {
    if let Record::Publication(publication) = record {
        return publication.id.to_string();
    }
    held.global
        .as_ref()
        .map(|global| global.id.to_string())
        .unwrap_or_default()
}
