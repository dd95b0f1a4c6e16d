//! What a record would change, were it written now.
//!
//! There is no second way to compute what holds: the records with the proposed one among them are folded by the code that
//! always folds them, and what comes out is compared with what holds without it. Nothing is written and nobody is asked. So the
//! same comparison serves who asks beforehand, and who publishes, under the lock and against the records of that moment.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};
use time::Date;

use super::compare::{self, Departed, ValueChange, looser};
use super::content::{self, ContentError, Fault};
use super::effective::{Held, HeldOverlay};
use super::error::Error;
use super::patch::Patch;
use super::place::Place;
use super::reach::Reach;
use super::snapshot::{Registered, Snapshot};

/// A text that is to become a version.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// Its canonical form: what would be published. Empty where the text cannot be read.
    pub canonical: String,
    /// What keeps it from being a document, or the place from having one with it.
    pub faults: Vec<Fault>,
    /// Where it loosens the standard above it.
    pub loosened: Vec<Departed>,
}

impl Reading {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_acceptable(&self) -> bool {
        self.faults.is_empty() && self.loosened.is_empty()
    }

    /// The canonical form, where nothing is wrong.
    ///
    /// # Errors
    ///
    /// [`Error::ContentInvalid`], else [`Error::OverlayLoosens`], each with all there is.
    pub fn accept(self) -> Result<String, Error> {
        if !self.faults.is_empty() {
            return Err(Error::ContentInvalid(self.faults));
        }
        if !self.loosened.is_empty() {
            return Err(Error::OverlayLoosens(self.loosened));
        }
        Ok(self.canonical)
    }
}

/// Reads a text that is to hold at a place from a day on: of the world the whole document, of another place a merge patch,
/// which is held against what holds above it on that day.
///
/// # Errors
///
/// [`Error::ContentTooLarge`]; [`Error::VersionNotFound`] where an overlay has nothing to lie over.
pub fn read(known: &Snapshot, document: &Registered, place: &Place, day: Date, text: &str) -> Result<Reading, Error> {
    let schema = document.schema();
    let unread = |faults| Reading {
        canonical: String::new(),
        faults,
        loosened: Vec::new(),
    };
    if *place == Place::Global {
        return match content::from_json(schema, text) {
            Ok(whole) => Ok(Reading {
                canonical: whole.print(),
                faults: schema.faults(&whole),
                loosened: Vec::new(),
            }),
            Err(ContentError::TooLarge { .. }) => Err(Error::ContentTooLarge),
            Err(ContentError::Invalid(faults)) => Ok(unread(faults)),
        };
    }
    let patch = match Patch::from_json(schema, text) {
        Ok(patch) => patch,
        Err(ContentError::TooLarge { .. }) => return Err(Error::ContentTooLarge),
        Err(ContentError::Invalid(faults)) => return Ok(unread(faults)),
    };
    let above = known
        .held(document, &place_above(known, place, day), day)
        .ok_or_else(|| Error::VersionNotFound {
            document: document.id().to_owned(),
        })?;
    let candidate = patch.apply(&above.content);
    let mut faults = schema.faults(&candidate);
    if !faults.is_empty() {
        // A fault that the standard above has already is not the overlay's.
        let old = schema.faults(&above.content);
        faults.retain(|fault| !old.contains(fault));
    }
    Ok(Reading {
        canonical: patch.print().unwrap_or_default(),
        faults,
        loosened: looser(&above.content, &candidate),
    })
}

/// The place whose rules an overlay for a place lies over.
fn place_above(known: &Snapshot, place: &Place, day: Date) -> Place {
    let layers = place.layers(&known.territories(day)).unwrap_or_default();
    let above = layers.into_iter().rev().find(|layer| layer != place);
    above.unwrap_or(Place::Global)
}

/// What changes at a place.
#[derive(Clone, Debug, PartialEq)]
pub struct PlaceChange {
    /// The place.
    pub place: Place,
    /// What held there on the first day.
    pub before: Held,
    /// What would hold there on the first day.
    pub after: Held,
    /// The countries in which its rules are the ones that hold.
    pub reach: Reach,
    /// The values that differ on the first day.
    pub values: Vec<ValueChange>,
    /// Where the place's own overlay would be lifted as it is not without the record, on the first day or on a later one
    /// that is known by now.
    pub lifted: Vec<Departed>,
    /// Whether the place's own overlay would be set aside, on the first day or a later one, where it is not without the
    /// record.
    pub set_aside: bool,
}

/// What a record changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison {
    /// The places where something changes, the widest first.
    pub changes: Vec<PlaceChange>,
    /// Everything that the comparison rests on, one line for each place and day.
    pub rests_on: Vec<String>,
}

/// Compares what holds of a document from `day` on, at a place and wherever within it something was published.
#[must_use]
pub fn compare(before: &Snapshot, after: &Snapshot, document: &Registered, place: &Place, day: Date) -> Comparison {
    let mut comparison = Comparison::default();
    for within in places_within(before, after, document, place, day) {
        let mut change = None;
        for on in days(before, after, document, &within, day) {
            let (Some(held), Some(then)) = (before.held(document, &within, on), after.held(document, &within, on))
            else {
                continue;
            };
            comparison.rests_on.push(format!("{within} {on} {}", names(&held)));
            let known = change.get_or_insert_with(|| PlaceChange {
                values: compare::changes(&held.content, &then.content),
                reach: reach(before, after, document, &within, on),
                lifted: Vec::new(),
                set_aside: false,
                place: within.clone(),
                before: held.clone(),
                after: then.clone(),
            });
            note_fate(known, &held, &then);
        }
        let is_news = |change: &PlaceChange| !change.values.is_empty() || !change.lifted.is_empty() || change.set_aside;
        comparison.changes.extend(change.filter(is_news));
    }
    comparison
}

/// Notes how the place's own overlay fares where it fares worse than before.
fn note_fate(change: &mut PlaceChange, held: &Held, then: &Held) {
    let Some(fate) = own(then, &change.place) else {
        return;
    };
    let past = own(held, &change.place).filter(|past| past.publication.id == fate.publication.id);
    let was_lifted = |departed: &Departed| past.is_some_and(|past| past.lifted.contains(departed));
    for departed in &fate.lifted {
        if !was_lifted(departed) && !change.lifted.contains(departed) {
            change.lifted.push(departed.clone());
        }
    }
    let was_set_aside = past.is_some_and(|past| !past.set_aside.is_empty());
    change.set_aside |= !fate.set_aside.is_empty() && !was_set_aside;
}

/// How the overlay of the place itself fares.
#[must_use]
pub fn own<'h>(held: &'h Held, place: &Place) -> Option<&'h HeldOverlay> {
    held.overlays.iter().find(|overlay| overlay.publication.place == *place)
}

/// The place itself, and the places within it that something was published for.
fn places_within(
    before: &Snapshot,
    after: &Snapshot,
    document: &Registered,
    place: &Place,
    day: Date,
) -> BTreeSet<Place> {
    let mut places = BTreeSet::from([place.clone()]);
    for known in [before, after] {
        for on in territory_days(known, day) {
            let territories = known.territories(on);
            let is_within = |other: &&Place| {
                let layers = other.layers(&territories);
                layers.is_some_and(|layers| *place == Place::Global || layers.contains(place))
            };
            places.extend(known.records().places(document.id()).filter(is_within).cloned());
        }
    }
    places
}

/// How far the rules of a place reach on a day: not into places that have rules of their own, with the record or without.
fn reach(before: &Snapshot, after: &Snapshot, document: &Registered, place: &Place, day: Date) -> Reach {
    let has_rules = |other: &&Place| {
        let holds = |known: &Snapshot| known.records().holding(document.id(), other, day).is_some();
        holds(before) || holds(after)
    };
    let ruled: Vec<&Place> = after.records().places(document.id()).filter(has_rules).collect();
    Reach::of(place, ruled.iter().copied(), &after.territories(day))
}

/// The days from `day` on, itself first, on which what holds of a document at a place may become another, as far as is
/// known by now.
fn days(before: &Snapshot, after: &Snapshot, document: &Registered, place: &Place, day: Date) -> BTreeSet<Date> {
    let mut days = BTreeSet::from([day]);
    for known in [before, after] {
        for on in territory_days(known, day) {
            days.insert(on);
            let layers = place.layers(&known.territories(on)).unwrap_or_default();
            for layer in layers.iter().chain([&Place::Global]) {
                days.extend(known.records().turning_days(document.id(), layer).range(day..));
            }
        }
    }
    days
}

/// The days from `day` on, itself first, on which the territories may become others, as far as is known by now.
fn territory_days(known: &Snapshot, day: Date) -> BTreeSet<Date> {
    let mut days = territories(known)
        .map(|territories| {
            known
                .records()
                .turning_days(territories.id(), &Place::Global)
                .split_off(&day)
        })
        .unwrap_or_default();
    days.insert(day);
    days
}

/// The document that says which place lies in which; every service with documents has it.
fn territories(known: &Snapshot) -> Option<&Registered> {
    known.documents().first()
}

/// The publications that something is made of, those that are set aside too: they would hold again in another standard.
fn names(held: &Held) -> String {
    let global = held
        .global
        .as_ref()
        .map_or_else(|| held.basis.to_string(), |global| global.id.to_string());
    let overlays = held
        .overlays
        .iter()
        .map(|overlay| format!("+{}", overlay.publication.id));
    std::iter::once(global).chain(overlays).collect()
}

/// What stands for a check: 64 hexadecimal digits over what was proposed and everything that the comparison rests on. Where the
/// standard moves on in a way that could change the outcome, the digest is another.
#[must_use]
pub fn digest(proposed: &[&str], known: &Snapshot, day: Date, comparison: &Comparison) -> String {
    let mut hash = Sha256::new();
    let mut line = |text: &str| {
        // Lengths keep two lists of lines apart that read the same one after the other.
        hash.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(text);
    };
    for text in proposed {
        line(text);
    }
    line(&day.to_string());
    for text in &comparison.rests_on {
        line(text);
    }
    for on in territory_days(known, day) {
        let held = territories(known).and_then(|territories| known.held(territories, &Place::Global, on));
        line(&format!(
            "territories {on} {}",
            held.as_ref().map(names).unwrap_or_default()
        ));
    }
    hex::encode(hash.finalize())
}
