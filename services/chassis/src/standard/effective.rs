//! What holds at a place on a day: the global version with the overlays of the place laid over it.

use std::ops::Deref;
use std::sync::Arc;

use support_proto::support::standard::v1::Territories;
use time::Date;

use super::basis::{Basis, BasisLayer};
use super::compare::Departed;
use super::content::{self, Content, Fault};
use super::lift::lift;
use super::patch::Patch;
use super::place::Place;
use super::records::{Publication, PublicationId, Records};
use super::schema::Schema;

/// What holds at a place on a day, as the service reads it.
#[derive(Debug, Clone, PartialEq)]
pub struct Effective<T> {
    /// The rules.
    pub document: T,
    /// The versions they come from: store it with the decision that is made by them.
    pub basis: Basis,
}

impl<T> Deref for Effective<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.document
    }
}

/// One overlay laid over what holds above it.
#[derive(Clone, Debug, PartialEq)]
pub struct Laid {
    /// What holds with it.
    pub content: Content,
    /// Where it is looser than what holds above it by now, and had to be lifted.
    pub lifted: Vec<Departed>,
    /// Why the overlay as a whole does not hold: what is wrong with the document that it would make. Empty where it does.
    pub set_aside: Vec<Fault>,
}

/// Lays an overlay over what holds above it: makes its changes, lifts what is looser, and sets it aside as a whole where
/// what remains makes no valid document.
///
/// Faults that the document above has already are not the overlay's. (A newer program may have stricter field rules than the
/// one that published the global version; that must not take the stricter rules of a place away.)
#[must_use]
pub fn lay(schema: &Schema, above: &Content, patch: &Patch) -> Laid {
    let (content, lifted) = lift(above, &patch.apply(above));
    let mut faults = schema.faults(&content);
    if !faults.is_empty() {
        let old = schema.faults(above);
        faults.retain(|fault| !old.contains(fault));
    }
    Laid {
        content: if faults.is_empty() { content } else { above.clone() },
        lifted,
        set_aside: faults,
    }
}

/// Lays overlays one over the other, the first over `global`. What holds in the end is what the last one gives, or where there are
/// none `global`.
#[must_use]
pub fn fold<'p>(schema: &Schema, global: &Content, overlays: impl IntoIterator<Item = &'p Patch>) -> Vec<Laid> {
    let mut folded: Vec<Laid> = Vec::new();
    for patch in overlays {
        let above = folded.last().map_or(global, |laid| &laid.content);
        folded.push(lay(schema, above, patch));
    }
    folded
}

/// What a document is computed from.
#[derive(Clone, Copy, Debug)]
pub struct Source<'s> {
    /// The document, `<service>/<name>`.
    pub document: &'s str,
    /// Its schema.
    pub schema: &'s Schema,
    /// What the program came with. It holds where no global version does, as version 0, and says what the fields have that an
    /// older program did not know when it published.
    pub shipped: Option<&'s Content>,
    /// What was published.
    pub records: &'s Records,
}

/// What holds at a place.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// The document.
    pub content: Content,
    /// What it is made of.
    pub basis: Basis,
    /// The global publication; none where what the program came with holds.
    pub global: Option<Arc<Publication>>,
    /// The overlays, in the order in which they were laid, those that are set aside too.
    pub overlays: Vec<HeldOverlay>,
    /// Publications that would come before the one that holds, were they documents to this program: a newer one wrote them.
    pub unreadable: Vec<PublicationId>,
}

/// An overlay, and how it fares under the standard above it.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldOverlay {
    /// Its publication.
    pub publication: Arc<Publication>,
    /// Where it had to be lifted.
    pub lifted: Vec<Departed>,
    /// Why it does not hold as a whole; empty where it does.
    pub set_aside: Vec<Fault>,
}

impl Source<'_> {
    /// What holds at a place on a day. `territories` are those of that day; a place that they do not know is ruled by the
    /// global version alone. None where nothing was published by that day and the program came with nothing.
    #[must_use]
    pub fn on(&self, territories: &Territories, place: &Place, day: Date) -> Option<Held> {
        let mut held = self.global_on(day)?;
        for place in place.layers(territories).unwrap_or_default() {
            if let Some(publication) = self.records.holding(self.document, &place, day) {
                self.lay(&mut held, publication);
            }
        }
        Some(held)
    }

    /// Whether no overlay is laid at a place on a day, so that there holds what holds everywhere.
    #[must_use]
    pub fn is_as_everywhere(&self, territories: &Territories, place: &Place, day: Date) -> bool {
        let layers = place.layers(territories).unwrap_or_default();
        let is_laid = |place: &Place| self.records.holding(self.document, place, day).is_some();
        !layers.iter().any(is_laid)
    }

    /// What a basis names, whatever holds by now; none where some of it is not known here.
    ///
    /// The overlays are lifted as they were then. None is set aside: one that was is not in the basis.
    #[must_use]
    pub fn by_basis(&self, basis: &Basis) -> Option<Held> {
        let (global, overlays) = basis.layers().split_first()?;
        if basis.document() != self.document || global.place != Place::Global {
            return None;
        }
        let mut held = if global.version == 0 {
            self.shipped().filter(|held| held.basis.layers() == [global.clone()])?
        } else {
            self.global(self.records.named(self.document, global)?)?
        };
        for layer in overlays {
            let publication = self.records.named(self.document, layer)?;
            let patch = Patch::from_published(self.schema, &publication.content).ok()?;
            let (content, lifted) = lift(&held.content, &patch.apply(&held.content));
            held.content = content;
            held.overlays.push(HeldOverlay {
                publication: Arc::clone(publication),
                lifted,
                set_aside: Vec::new(),
            });
        }
        held.basis = basis.clone();
        Some(held)
    }

    fn global_on(&self, day: Date) -> Option<Held> {
        let mut unreadable = Vec::new();
        for publication in self.records.ranked(self.document, &Place::Global, day) {
            if let Some(held) = self.global(publication) {
                return Some(Held { unreadable, ..held });
            }
            unreadable.push(publication.id);
        }
        self.shipped().map(|held| Held { unreadable, ..held })
    }

    fn global(&self, publication: &Arc<Publication>) -> Option<Held> {
        let content = content::from_published(self.schema, &publication.content, self.shipped).ok()?;
        Some(Held {
            content,
            basis: Basis::new(self.document, vec![publication.basis_layer()]),
            global: Some(Arc::clone(publication)),
            overlays: Vec::new(),
            unreadable: Vec::new(),
        })
    }

    fn shipped(&self) -> Option<Held> {
        let content = self.shipped?.clone();
        Some(Held {
            basis: Basis::new(self.document, vec![BasisLayer::shipped(&content.digest())]),
            content,
            global: None,
            overlays: Vec::new(),
            unreadable: Vec::new(),
        })
    }

    fn lay(&self, held: &mut Held, publication: &Arc<Publication>) {
        let overlay = match Patch::from_published(self.schema, &publication.content) {
            Ok(patch) => {
                let laid = lay(self.schema, &held.content, &patch);
                if laid.set_aside.is_empty() {
                    held.basis = held.basis.with(publication.basis_layer());
                }
                held.content = laid.content;
                (laid.lifted, laid.set_aside)
            }
            Err(error) => (Vec::new(), vec![Fault::whole(error.to_string())]),
        };
        held.overlays.push(HeldOverlay {
            publication: Arc::clone(publication),
            lifted: overlay.0,
            set_aside: overlay.1,
        });
    }
}
