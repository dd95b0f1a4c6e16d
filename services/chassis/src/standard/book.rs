//! What a process knows of the standard: all records, in memory, so that what holds is read without a database.
//!
//! Records are few (a document changes some times a month) and read for every decision, so all of them are kept, and what is
//! computed from them is computed once ([`Snapshot`], and the caches of [`Standard`]). A book is refreshed
//! when this process has committed a record, its own or another region's, when another replica says that it has, and every
//! second anyhow: three counts say whether there is anything to read.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use support_proto::codec::StandardDocument;
use time::{Date, OffsetDateTime};
use tokio::sync::{Mutex, watch};

use super::day_of;
use super::document::{Document, DocumentType, ShippedError, TERRITORIES};
use super::handle::Standard;
use super::heard::Heard;
use super::snapshot::{Registered, Snapshot};
use super::store;
use crate::clock::Clock;
use crate::db::{Db, DbError};
use crate::error::chain;
use crate::id::Region;
use crate::settings::StandardSettings;

/// The standard of a service, as this process knows it. Clones share it.
#[derive(Clone)]
pub struct Book(Arc<Inner>);

struct Inner {
    service: &'static str,
    region: Region,
    db: Db,
    clock: Clock,
    snapshot: RwLock<Arc<Snapshot>>,
    /// That of the snapshot, to be compared without taking it.
    generation: AtomicU64,
    /// One refresh at a time, or an older one could replace what a newer one read.
    refreshing: Mutex<()>,
    changes: watch::Sender<u64>,
    heard: Heard,
}

impl Book {
    /// The book of a service that declares `documents`, with nothing in it yet. A service with documents has the
    /// territories too.
    ///
    /// # Errors
    ///
    /// What the build ships of a document is none.
    pub(crate) fn new(
        service: &'static str,
        documents: &[&'static dyn DocumentType],
        region: Region,
        settings: &StandardSettings,
        db: Db,
    ) -> Result<Self, ShippedError> {
        let territories: Option<&'static dyn DocumentType> = (!documents.is_empty()).then_some(&TERRITORIES);
        let registered = territories
            .into_iter()
            .chain(documents.iter().copied())
            .map(|declared| Registered::new(service, declared))
            .collect::<Result<Vec<_>, _>>()?;
        let clock = db.clock().clone();
        Ok(Self(Arc::new(Inner {
            service,
            region,
            clock,
            snapshot: RwLock::new(Arc::new(Snapshot::new(registered.into(), settings.authority))),
            generation: AtomicU64::new(0),
            refreshing: Mutex::new(()),
            changes: watch::Sender::new(0),
            heard: Heard::new(settings.regions.keys().copied()),
            db,
        })))
    }

    /// The service's name.
    #[must_use]
    pub fn service(&self) -> &'static str {
        self.0.service
    }

    /// The region that this process serves.
    #[must_use]
    pub fn region(&self) -> Region {
        self.0.region
    }

    /// The database that the records are in.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.0.db
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> OffsetDateTime {
        self.0.clock.now()
    }

    /// The day it is, UTC.
    #[must_use]
    pub fn today(&self) -> Date {
        day_of(self.now())
    }

    /// What is known now.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.0.snapshot.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What holds of a document of the service; none where it is none of them.
    pub(crate) fn standard<T: StandardDocument + 'static>(&self, document: &Document<T>) -> Option<Standard<T>> {
        let snapshot = self.snapshot();
        let declared = snapshot.documents().iter().find(|registered| {
            registered.declared().name() == document.name()
                && registered.schema().message().full_name() == T::full_name()
        })?;
        Some(Standard::of_book(self, declared, self.0.clock.clone()))
    }

    /// Which snapshot there is: another number, another snapshot.
    pub(super) fn generation(&self) -> u64 {
        self.0.generation.load(Ordering::Acquire)
    }

    /// Changes whenever what holds may have changed.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }

    /// How far the other regions are known.
    #[must_use]
    pub fn heard(&self) -> &Heard {
        &self.0.heard
    }

    /// Reads the records that are not known yet. Call it after the commit of a record, so that whoever published it is
    /// answered by what they published; everybody else is woken.
    pub async fn refresh(&self) -> Result<(), DbError> {
        let _one = self.0.refreshing.lock().await;
        let before = self.snapshot();
        // Not the pool of the calls: when these use up all of theirs, what holds must still change.
        let mut connection = self.0.db.feed_pool().acquire().await?;
        let missing = store::missing(&mut connection, before.known()).await?;
        drop(connection);
        if !missing.is_empty() {
            let after = Arc::new(before.with(missing));
            let generation = after.generation();
            *self.0.snapshot.write().unwrap_or_else(PoisonError::into_inner) = after;
            self.0.generation.store(generation, Ordering::Release);
            self.tick();
        }
        Ok(())
    }

    fn tick(&self) {
        self.0.changes.send_modify(|ticks| *ticks = ticks.wrapping_add(1));
    }

    /// Reads what was published, and what was known of other regions before this process began.
    pub(crate) async fn open(&self) -> Result<(), DbError> {
        self.0.heard.read(&self.0.db).await?;
        self.refresh().await
    }

    /// Keeps the book up to date, for ever. Looks whenever it is woken, and at least every `poll`. Where the database does not
    /// answer, what is known holds on.
    pub(crate) async fn keep(self, poll: Duration) {
        let mut news = self.0.db.wake().standard();
        let mut day = self.today();
        let mut is_failing = false;
        loop {
            let refreshed = self.refresh().await;
            if let Err(error) = &refreshed
                && !is_failing
            {
                tracing::warn!(
                    error = chain(error),
                    "the standard cannot be read anew, what is known holds on"
                );
            }
            is_failing = refreshed.is_err();
            if let Err(error) = self.0.heard.store(&self.0.db).await {
                tracing::debug!(
                    error = chain(&error),
                    "what was heard of other regions was not written down"
                );
            }
            let today = self.today();
            if today != day {
                day = today;
                self.tick();
            }
            tokio::select! {
                // The sender lives in `db`.
                _ = news.changed() => {}
                () = tokio::time::sleep(poll) => {}
            }
        }
    }
}

impl fmt::Debug for Book {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Book")
            .field("service", &self.0.service)
            .field("generation", &self.generation())
            .finish_non_exhaustive()
    }
}
