//! What holds by one set of records.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use support_proto::support::standard::v1::Territories;
use time::Date;

use super::basis::Basis;
use super::content::Content;
use super::document::{DocumentType, ShippedError, TERRITORIES};
use super::effective::{Held, Source};
use super::place::Place;
use super::records::{Record, Records};
use super::schema::Schema;
use super::store::Known;
use crate::id::Region;

/// A document of a service.
#[derive(Clone)]
pub struct Registered {
    id: String,
    declared: &'static dyn DocumentType,
    schema: Schema,
    shipped: Content,
}

impl Registered {
    pub(super) fn new(service: &str, declared: &'static dyn DocumentType) -> Result<Self, ShippedError> {
        let shipped = declared.read_shipped()?;
        Ok(Self {
            id: format!("{service}/{}", declared.name()),
            declared,
            schema: declared
                .schema()
                .map_err(|error| ShippedError::of_schema(declared.name(), &error))?,
            shipped,
        })
    }

    /// Its id, `<service>/<name>`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its declaration.
    #[must_use]
    pub fn declared(&self) -> &'static dyn DocumentType {
        self.declared
    }

    /// Its schema.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// What this build ships of it.
    #[must_use]
    pub fn shipped(&self) -> &Content {
        &self.shipped
    }
}

impl fmt::Debug for Registered {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Registered").field(&self.id).finish()
    }
}

/// A service's documents, and what holds of them by the records known at one moment. It never changes.
#[derive(Debug)]
pub struct Snapshot {
    documents: Arc<[Registered]>,
    records: Records,
    known: Known,
    generation: u64,
    /// By the first of the days on which they hold.
    territories: Mutex<BTreeMap<Date, Arc<Territories>>>,
}

impl Snapshot {
    /// Without records.
    pub(super) fn new(documents: Arc<[Registered]>, authority: Region) -> Self {
        Self {
            documents,
            records: Records::new(authority),
            known: Known::default(),
            generation: 0,
            territories: Mutex::default(),
        }
    }

    /// The next snapshot, with more records.
    pub(super) fn with(&self, more: impl IntoIterator<Item = Record>) -> Self {
        let (mut records, mut known) = (self.records.clone(), self.known.clone());
        for record in more {
            known.add(&record);
            records.add(record);
        }
        Self {
            documents: Arc::clone(&self.documents),
            records,
            known,
            generation: self.generation + 1,
            territories: Mutex::default(),
        }
    }

    pub(super) fn known(&self) -> &Known {
        &self.known
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    /// The records.
    #[must_use]
    pub fn records(&self) -> &Records {
        &self.records
    }

    /// The service's documents, the territories first.
    #[must_use]
    pub fn documents(&self) -> &[Registered] {
        &self.documents
    }

    /// The document of this id (`<service>/<name>`); none where the service has none.
    #[must_use]
    pub fn document(&self, id: &str) -> Option<&Registered> {
        self.documents.iter().find(|document| document.id == id)
    }

    /// What holds of a document at a place on a day. A place that the territories of that day do not know has the rules of
    /// everywhere.
    #[must_use]
    pub fn held(&self, document: &Registered, place: &Place, day: Date) -> Option<Held> {
        self.source(document).on(&self.territories(day), place, day)
    }

    /// Whether there holds at a place on a day what holds everywhere.
    #[must_use]
    pub fn is_as_everywhere(&self, document: &Registered, place: &Place, day: Date) -> bool {
        self.source(document)
            .is_as_everywhere(&self.territories(day), place, day)
    }

    /// What a basis names; none where some of it is not known here, or it is of no document of this service.
    #[must_use]
    pub fn by_basis(&self, basis: &Basis) -> Option<Held> {
        self.source(self.document(basis.document())?).by_basis(basis)
    }

    /// What a document is computed from.
    #[must_use]
    pub fn source<'s>(&'s self, document: &'s Registered) -> Source<'s> {
        Source {
            document: &document.id,
            schema: &document.schema,
            shipped: Some(&document.shipped),
            records: &self.records,
        }
    }

    /// The territories of a day; none at all in a service without documents.
    #[must_use]
    pub fn territories(&self, day: Date) -> Arc<Territories> {
        let Some(document) = self.territories_document() else {
            return Arc::default();
        };
        let begun = self
            .records
            .turning_days(&document.id, &Place::Global)
            .range(..=day)
            .next_back()
            .copied()
            .unwrap_or(Date::MIN);
        let mut known = self.territories.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(territories) = known.get(&begun) {
            return Arc::clone(territories);
        }
        let territories: Territories = self
            .source(document)
            .on(&Territories::default(), &Place::Global, day)
            .and_then(|held| held.content.decode())
            .unwrap_or_default();
        Arc::clone(known.entry(begun).or_insert(Arc::new(territories)))
    }

    fn territories_document(&self) -> Option<&Registered> {
        self.documents
            .iter()
            .find(|document| document.declared.name() == TERRITORIES.name())
    }

    /// The days on which what holds of a document somewhere may begin to be something else: what was published of it or of
    /// the territories begins or ends.
    #[must_use]
    pub fn turning_days(&self, document: &Registered) -> BTreeSet<Date> {
        let of = |document: &Registered| {
            let places: Vec<Place> = self.records.places(&document.id).cloned().collect();
            places
                .into_iter()
                .flat_map(|place| self.records.turning_days(&document.id, &place))
                .collect::<Vec<_>>()
        };
        let territories = self.territories_document().map(of).unwrap_or_default();
        of(document).into_iter().chain(territories).collect()
    }
}
