//! How a service reads what holds.

use std::fmt;
use std::sync::Arc;

use support_proto::codec::StandardDocument;
use time::Date;
use tokio::sync::watch;

use super::basis::BasisLayer;
use super::{Basis, Document, Effective, Place, day_of};
use crate::clock::Clock;

/// What holds of one document, at any place on any day. Clones share it; reading it asks no database.
pub struct Standard<T> {
    shipped: Arc<Effective<T>>,
    clock: Clock,
    changes: Arc<watch::Sender<u64>>,
}

impl<T: StandardDocument> Standard<T> {
    /// What the build ships, for ever: for tests of what decides by it.
    ///
    /// # Panics
    ///
    /// Where that is no document.
    #[must_use]
    pub fn shipped(document: &Document<T>) -> Self {
        match document.parse_shipped() {
            Ok(shipped) => Self::fixed("shipped", shipped, Clock::system()),
            Err(error) => panic!("{error}"),
        }
    }

    /// What the build ships, by the service's clock. Where that is no document, an empty one: such a service does not start.
    pub(crate) fn of_shipped(service: &str, document: &Document<T>, clock: Clock) -> Self {
        Self::fixed(service, document.parse_shipped().unwrap_or_default(), clock)
    }

    fn fixed(service: &str, document: T, clock: Clock) -> Self {
        let basis = Basis::new(
            format!("{service}/{}", <T as StandardDocument>::NAME),
            vec![BasisLayer {
                place: Place::Global,
                version: 0,
                digest: None,
            }],
        );
        Self {
            shipped: Arc::new(Effective { document, basis }),
            clock,
            changes: Arc::new(watch::Sender::new(0)),
        }
    }
}

impl<T> Standard<T> {
    /// What holds at `place` on `day`, past or future. A place that the territories do not know has the rules of everywhere.
    /// Before the first version began, the first one is what holds.
    #[must_use]
    pub fn on(&self, place: &Place, day: Date) -> Arc<Effective<T>> {
        let _ = (place, day);
        Arc::clone(&self.shipped)
    }

    /// What holds at `place` today, by the service's clock (UTC).
    #[must_use]
    pub fn today(&self, place: &Place) -> Arc<Effective<T>> {
        self.on(place, day_of(self.clock.now()))
    }

    /// What a decision was made by; none where this region does not know all of the versions (yet), or the basis is of another
    /// document.
    #[must_use]
    pub fn by_basis(&self, basis: &Basis) -> Option<Arc<Effective<T>>> {
        (self.shipped.basis == *basis).then(|| Arc::clone(&self.shipped))
    }

    /// Changes whenever what holds may have changed: something was published or withdrawn, here or elsewhere, or a new day
    /// has begun.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

impl<T> Clone for Standard<T> {
    fn clone(&self) -> Self {
        Self {
            shipped: Arc::clone(&self.shipped),
            clock: self.clock.clone(),
            changes: Arc::clone(&self.changes),
        }
    }
}

impl<T> fmt::Debug for Standard<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("Standard")
            .field(&self.shipped.basis.document())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use support_proto::support::standard::v1::Territories;
    use time::macros::date;

    use super::*;

    static TERRITORIES: Document<Territories> =
        Document::new("countries: {DE: {region: eu}, NO: {region: eu}}\ngroups: {eea: {countries: [DE, NO]}}");

    #[test]
    fn what_is_shipped_holds_everywhere() {
        let standard = Standard::shipped(&TERRITORIES);
        let held = standard.on(&Place::country("DE"), date!(2026 - 03 - 01));
        assert_eq!(held.countries["NO"].region, "eu");
        assert_eq!(held.groups["eea"].countries, ["DE", "NO"]);
        assert!(standard.by_basis(&held.basis).is_some());
        assert_eq!(held.basis.document(), "shipped/territories");
    }

    #[test]
    fn what_is_wrong_with_the_shipped_is_named() {
        let error = Document::<Territories>::new("countries: {de: {region: europe}}")
            .parse_shipped()
            .unwrap_err();
        assert!(error.to_string().contains("countries"), "{error}");
        assert!(Document::<Territories>::new("land: {}").parse_shipped().is_err());
        let checked =
            Document::<Territories>::new("{}").checked_by(|_| vec![("sites".to_owned(), "are missing".to_owned())]);
        assert_eq!(
            checked.parse_shipped().unwrap_err().to_string(),
            "the shipped territories is no document: sites: are missing"
        );
    }
}
