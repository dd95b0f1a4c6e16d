//! Which overlays a record lifts: what their owners are told.

use std::sync::Arc;

use support_proto::support::standard::v1::OverlayLifted;
use time::Date;

use super::{Ground, days, places_within};
use crate::id::Region;
use crate::outbox::Entry;
use crate::standard::day;
use crate::standard::effective::{Held, HeldOverlay};
use crate::standard::place::Place;
use crate::standard::records::{Publication, PublicationId};

/// The most paths that an event names: it travels in a batch with others.
const MOST_PATHS: usize = 1_000;

/// An overlay that is lifted from a day on as it was not before.
#[derive(Clone, Debug, PartialEq)]
pub struct LiftedOverlay {
    /// The overlay.
    pub overlay: Arc<Publication>,
    /// The publication above it that is the news, or where all are known the one next above; none where that is what the
    /// program came with.
    pub lifted_by: Option<PublicationId>,
    /// The first day.
    pub from: Date,
    /// The paths of all fields that no longer have the overlay's value on that day, those from before too.
    pub paths: Vec<String>,
    /// Whether the overlay as a whole no longer holds.
    pub set_aside: bool,
}

/// The overlays of a region that are lifted under the records of `after` as they are not under those of `before`, from `day`
/// on, each with the first day of it. `changed` is the document that a record was added for, at `place`; where it is the
/// territories', every document may be concerned.
#[must_use]
pub fn lifted_overlays(
    before: &Ground<'_>,
    after: &Ground<'_>,
    changed: &str,
    place: &Place,
    day: Date,
    region: Region,
) -> Vec<LiftedOverlay> {
    let is_concerned = |document: &&str| *document == changed || after.is_territories(changed);
    let mut found = Vec::new();
    for document in after.documents().filter(is_concerned) {
        for within in places_within(before, after, document, place, day) {
            let first = days(before, after, document, &within, day)
                .into_iter()
                .find_map(|on| lifted_on(before, after, document, &within, on, region));
            found.extend(first);
        }
    }
    found
}

/// The overlay of a place, where it is lifted on a day as it was not before.
fn lifted_on(
    before: &Ground<'_>,
    after: &Ground<'_>,
    document: &str,
    place: &Place,
    day: Date,
    region: Region,
) -> Option<LiftedOverlay> {
    let then = after.on(after.source(document)?, place, day)?;
    let fate = own(&then, place).filter(|fate| fate.publication.id.region() == region)?;
    let held = before.on(before.source(document)?, place, day);
    let past = held.as_ref().and_then(|held| own(held, place));
    if !fares_worse(fate, past) {
        return None;
    }
    let known = held.as_ref().map(|held| above(held, place)).unwrap_or_default();
    let now = above(&then, place);
    Some(LiftedOverlay {
        overlay: Arc::clone(&fate.publication),
        lifted_by: now.iter().find(|id| !known.contains(id)).or(now.last()).copied(),
        from: day,
        paths: fate.lifted.iter().map(|departed| departed.path.clone()).collect(),
        set_aside: !fate.set_aside.is_empty(),
    })
}

/// How the overlay of the place itself fares.
pub(super) fn own<'h>(held: &'h Held, place: &Place) -> Option<&'h HeldOverlay> {
    held.overlays.iter().find(|overlay| overlay.publication.place == *place)
}

/// Whether an overlay is lifted in a place or in a way in which it was not, or set aside where it was not.
fn fares_worse(fate: &HeldOverlay, past: Option<&HeldOverlay>) -> bool {
    let past = past.filter(|past| past.publication.id == fate.publication.id);
    let was_lifted = |departed| past.is_some_and(|past| past.lifted.contains(departed));
    let was_set_aside = past.is_some_and(|past| !past.set_aside.is_empty());
    !fate.set_aside.is_empty() && !was_set_aside || fate.lifted.iter().any(|departed| !was_lifted(departed))
}

/// The publications that hold above a place, the global one first.
fn above(held: &Held, place: &Place) -> Vec<PublicationId> {
    let overlays = held.overlays.iter().map(|overlay| &overlay.publication);
    let all = held.global.iter().chain(overlays);
    all.filter(|publication| publication.place != *place)
        .map(|publication| publication.id)
        .collect()
}

impl LiftedOverlay {
    /// The event that tells the overlay's owner, to be appended where the record that lifts it is stored.
    #[must_use]
    pub fn event(&self) -> Entry {
        let event = OverlayLifted {
            publication_id: self.overlay.id.to_string(),
            document: self.overlay.document.clone(),
            place: self.overlay.place.to_string(),
            lifted_by: self.lifted_by.map(|id| id.to_string()).unwrap_or_default(),
            from_day: Some(day::to_proto(self.from)),
            paths: self.paths.iter().take(MOST_PATHS).cloned().collect(),
            set_aside: self.set_aside,
        };
        Entry::new(self.overlay.id, &event)
    }
}
