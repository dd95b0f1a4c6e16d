//! What a check is made against.

use std::collections::{BTreeMap, BTreeSet};

use support_proto::support::standard::v1::Territories;
use time::Date;

use crate::standard::effective::{Held, Source};
use crate::standard::place::Place;
use crate::standard::records::Records;

/// The documents of a service under one set of records.
#[derive(Clone, Debug)]
pub struct Ground<'g> {
    records: &'g Records,
    sources: BTreeMap<&'g str, Source<'g>>,
    territories: &'g str,
}

impl<'g> Ground<'g> {
    /// The documents under these records. `territories` is the name of the one that says which place lies in which.
    #[must_use]
    pub fn new(records: &'g Records, sources: impl IntoIterator<Item = Source<'g>>, territories: &'g str) -> Self {
        Self {
            records,
            sources: sources
                .into_iter()
                .map(|source| (source.document, Source { records, ..source }))
                .collect(),
            territories,
        }
    }

    /// The same documents under other records.
    #[must_use]
    pub fn under(&self, records: &'g Records) -> Self {
        Self::new(records, self.sources.values().copied(), self.territories)
    }

    /// The records.
    #[must_use]
    pub fn records(&self) -> &'g Records {
        self.records
    }

    /// The names of the documents, `<service>/<name>`.
    pub fn documents(&self) -> impl Iterator<Item = &'g str> {
        self.sources.keys().copied()
    }

    /// Whether this is the name of the territories' document.
    #[must_use]
    pub fn is_territories(&self, document: &str) -> bool {
        document == self.territories
    }

    /// A document; none where the service has none of that name.
    #[must_use]
    pub fn source(&self, document: &str) -> Option<Source<'g>> {
        self.sources.get(document).copied()
    }

    /// What holds of a document at a place on a day.
    #[must_use]
    pub fn on(&self, source: Source<'_>, place: &Place, day: Date) -> Option<Held> {
        source.on(&self.territories_on(day), place, day)
    }

    /// What holds above a place on a day: what an overlay for it lies over.
    #[must_use]
    pub fn above(&self, source: Source<'_>, place: &Place, day: Date) -> Option<Held> {
        let territories = self.territories_on(day);
        let layers = place.layers(&territories).unwrap_or_default();
        let above = layers
            .iter()
            .rev()
            .find(|layer| *layer != place)
            .unwrap_or(&Place::Global);
        source.on(&territories, above, day)
    }

    /// The territories of a day; none of them where nothing is known.
    #[must_use]
    pub fn territories_on(&self, day: Date) -> Territories {
        self.held_territories(day)
            .and_then(|held| held.content.decode())
            .unwrap_or_default()
    }

    /// What the territories of a day are called: it names their content for ever.
    #[must_use]
    pub fn territories_name(&self, day: Date) -> String {
        self.held_territories(day)
            .map(|held| {
                held.global
                    .as_ref()
                    .map_or_else(|| held.basis.to_string(), |global| global.id.to_string())
            })
            .unwrap_or_default()
    }

    /// The days from `day` on, itself first, on which the territories may become others, as far as is known by now.
    #[must_use]
    pub fn territory_days(&self, day: Date) -> BTreeSet<Date> {
        let mut days = self
            .records
            .turning_days(self.territories, &Place::Global)
            .split_off(&day);
        days.insert(day);
        days
    }

    fn held_territories(&self, day: Date) -> Option<Held> {
        // The territories have no overlays, so they hold alike everywhere.
        self.source(self.territories)?
            .on(&Territories::default(), &Place::Global, day)
    }
}
