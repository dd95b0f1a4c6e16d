//! How a service reads what holds.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use sqlx::PgConnection;
use support_proto::codec::StandardDocument;
use time::Date;
use tokio::sync::watch;

use super::basis::{Basis, BasisLayer};
use super::book::Book;
use super::day_of;
use super::document::{Document, DocumentType, effective};
use super::effective::Effective;
use super::ops::draft::Intent;
use super::place::Place;
use super::snapshot::Registered;
use super::store;
use crate::clock::Clock;
use crate::db::DbError;
use crate::id::Id;

/// The most places that are remembered. What a service is asked for is bounded by its territories; names of places that do not
/// exist are not.
const MOST_PLACES: usize = 4096;
/// The most documents that are remembered, each of some ten kilobytes: those that hold, and those that decisions of late were
/// made by.
const MOST_SHARED: usize = 1024;

/// What holds of one document, at any place on any day. Clones share it; reading it asks no database, and what was read once
/// is read in some hundred nanoseconds until the standard changes.
pub struct Standard<T>(Arc<Inner<T>>);

struct Inner<T> {
    /// What the build ships: what holds where nothing is known.
    shipped: Arc<Effective<T>>,
    clock: Clock,
    /// None where what is shipped holds for ever.
    source: Option<(Book, Registered)>,
    /// Where there is no book, what never changes.
    still: watch::Sender<u64>,
    cache: RwLock<Cache<T>>,
}

/// What was read, of one generation of the book.
struct Cache<T> {
    generation: u64,
    /// The first day of each stretch of days on which the same holds; the first stretch begins before all of them.
    turning: Vec<Date>,
    /// By place, what holds in each stretch.
    places: HashMap<Place, Vec<Option<Arc<Effective<T>>>>>,
    /// By basis: places and stretches with the same rules share them. What is in use is kept from one generation to the
    /// next, as what a basis names never changes.
    shared: HashMap<Basis, Arc<Effective<T>>>,
}

impl<T> Cache<T> {
    fn new() -> Self {
        Self {
            // No book has this.
            generation: u64::MAX,
            turning: Vec::new(),
            places: HashMap::new(),
            shared: HashMap::new(),
        }
    }

    fn stretch(&self, day: Date) -> usize {
        self.turning.partition_point(|first| *first <= day)
    }

    fn get(&self, generation: u64, place: &Place, day: Date) -> Option<Arc<Effective<T>>> {
        if self.generation != generation {
            return None;
        }
        self.places.get(place)?.get(self.stretch(day))?.clone()
    }

    fn put(&mut self, place: &Place, day: Date, effective: &Arc<Effective<T>>) {
        if self.places.len() >= MOST_PLACES {
            self.places.clear();
        }
        let (stretch, stretches) = (self.stretch(day), self.turning.len() + 1);
        let places = self
            .places
            .entry(place.clone())
            .or_insert_with(|| vec![None; stretches]);
        if let Some(slot) = places.get_mut(stretch) {
            *slot = Some(Arc::clone(effective));
        }
    }

    fn share(&mut self, effective: &Arc<Effective<T>>) {
        if self.shared.len() >= MOST_SHARED {
            self.shared.clear();
        }
        self.shared.insert(effective.basis.clone(), Arc::clone(effective));
    }
}

impl<T: StandardDocument + 'static> Standard<T> {
    /// What the build ships, for ever: for tests of what decides by it.
    ///
    /// # Panics
    ///
    /// Where that is no document.
    #[must_use]
    pub fn shipped(document: &Document<T>) -> Self {
        match document.read_shipped() {
            Ok(content) => Self::new(
                "shipped",
                content.decode().unwrap_or_default(),
                &content.digest(),
                Clock::system(),
                None,
            ),
            Err(error) => panic!("{error}"),
        }
    }

    /// These rules everywhere, for ever: for what asks what would be if they held.
    #[must_use]
    pub fn still(effective: Arc<Effective<T>>, clock: Clock) -> Self {
        Self::with(effective, clock, None)
    }

    /// What holds of a document by the book.
    pub(crate) fn of_book(book: &Book, document: &Registered, clock: Clock) -> Self {
        let shipped = document.shipped();
        Self::new(
            book.service(),
            shipped.decode().unwrap_or_default(),
            &shipped.digest(),
            clock,
            Some((book.clone(), document.clone())),
        )
    }

    /// An empty document, for a service that will not start.
    pub(crate) fn empty(service: &str, clock: Clock) -> Self {
        Self::new(service, T::default(), "", clock, None)
    }

    fn new(service: &str, shipped: T, digest: &str, clock: Clock, source: Option<(Book, Registered)>) -> Self {
        let basis = Basis::new(
            format!("{service}/{}", <T as StandardDocument>::NAME),
            vec![BasisLayer::shipped(digest)],
        );
        let shipped = Arc::new(Effective {
            document: shipped,
            basis,
        });
        Self::with(shipped, clock, source)
    }

    fn with(shipped: Arc<Effective<T>>, clock: Clock, source: Option<(Book, Registered)>) -> Self {
        Self(Arc::new(Inner {
            shipped,
            clock,
            source,
            still: watch::Sender::new(0),
            cache: RwLock::new(Cache::new()),
        }))
    }

    /// The content of a draft of the document for everywhere, as JSON, whatever has become of it: for who tries it before it holds. None
    /// where there is no such draft.
    ///
    /// # Errors
    ///
    /// The database's.
    pub async fn draft(&self, connection: &mut PgConnection, id: Id) -> Result<Option<String>, DbError> {
        let Some((_, document)) = &self.0.source else {
            return Ok(None);
        };
        let draft = store::drafts::get(connection, id.into()).await?;
        let draft = draft.filter(|draft| draft.document == document.id() && draft.place == Place::Global);
        Ok(draft.and_then(|draft| match draft.intent {
            Intent::Publish(content) => Some(content),
            Intent::Withdraw(_) => None,
        }))
    }

    /// What holds at `place` on `day`, past or future. A place that the territories do not know has the rules of everywhere.
    /// Where nothing is known to be published, what the build ships holds.
    #[must_use]
    pub fn on(&self, place: &Place, day: Date) -> Arc<Effective<T>> {
        let Some((book, document)) = &self.0.source else {
            return Arc::clone(&self.0.shipped);
        };
        let cached = self.read().get(book.generation(), place, day);
        cached.unwrap_or_else(|| self.compute(book, document, place, day))
    }

    fn compute(&self, book: &Book, document: &Registered, place: &Place, day: Date) -> Arc<Effective<T>> {
        let snapshot = book.snapshot();
        if *place != Place::Global && snapshot.is_as_everywhere(document, place, day) {
            // Most places are: what holds there is read once for all of them.
            let everywhere = self.on(&Place::Global, day);
            let mut cache = self.write();
            if cache.generation == snapshot.generation() {
                cache.put(place, day, &everywhere);
            }
            return everywhere;
        }
        let held = snapshot.held(document, place, day);
        let mut cache = self.write();
        if cache.generation != snapshot.generation() {
            cache.generation = snapshot.generation();
            cache.turning = snapshot.turning_days(document).into_iter().collect();
            // Before the places are: what they show is likely to be asked for again.
            cache.shared.retain(|_, shared| Arc::strong_count(shared) > 1);
            cache.places.clear();
        }
        let effective = held.and_then(|held| match cache.shared.get(&held.basis) {
            Some(shared) => Some(Arc::clone(shared)),
            None => effective(&held).map(Arc::new),
        });
        let effective = effective.unwrap_or_else(|| Arc::clone(&self.0.shipped));
        cache.share(&effective);
        cache.put(place, day, &effective);
        effective
    }

    /// What holds at `place` today, by the service's clock (UTC).
    #[must_use]
    pub fn today(&self, place: &Place) -> Arc<Effective<T>> {
        self.on(place, day_of(self.0.clock.now()))
    }

    /// What a decision was made by; none where this region does not know all of the versions (yet), or the basis is of another
    /// document.
    #[must_use]
    pub fn by_basis(&self, basis: &Basis) -> Option<Arc<Effective<T>>> {
        if *basis == self.0.shipped.basis {
            return Some(Arc::clone(&self.0.shipped));
        }
        let (book, document) = self.0.source.as_ref()?;
        if basis.document() != document.id() {
            return None;
        }
        let cached = self.read().shared.get(basis).cloned();
        if cached.is_some() {
            return cached;
        }
        let held = book.snapshot().by_basis(basis)?;
        let effective = Arc::new(effective(&held)?);
        self.write().share(&effective);
        Some(effective)
    }

    fn read(&self) -> RwLockReadGuard<'_, Cache<T>> {
        self.0.cache.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Cache<T>> {
        self.0.cache.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Standard<T> {
    /// Changes whenever what holds may have changed: something was published or withdrawn, here or elsewhere, or a new day
    /// has begun. Of what is shipped for ever it never does.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        match &self.0.source {
            Some((book, _)) => book.changes(),
            None => self.0.still.subscribe(),
        }
    }
}

impl<T> Clone for Standard<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> fmt::Debug for Standard<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("Standard")
            .field(&self.0.shipped.basis.document())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut cache = Cache::new();
        cache.generation = 1;
        let day = date!(2026 - 03 - 01);
        for number in 0..20_000_i64 {
            let layer = BasisLayer {
                place: Place::Global,
                version: number,
                digest: None,
            };
            let effective = Arc::new(Effective {
                document: number,
                basis: Basis::new("ruler/policy", vec![layer]),
            });
            let place = Place::site(format!("made-up-{number}"));
            cache.share(&effective);
            cache.put(&place, day, &effective);
            assert_eq!(cache.get(1, &place, day).as_deref(), Some(&*effective));
            assert!(cache.places.len() <= MOST_PLACES && cache.shared.len() <= MOST_SHARED);
        }
        assert_eq!(
            cache.get(2, &Place::site("made-up-19999"), day),
            None,
            "of another generation"
        );
    }
}
