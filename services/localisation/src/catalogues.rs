//! The catalogues in memory: what messages and locales are answered from, without the database.
//!
//! A publishing is in memory of its own process before it is answered. Other replicas are woken by its commit, and look at
//! the locales' versions every second besides (`refresh_interval_ms`): one small statement, where consuming the own feed
//! would be a stream, a position and a registration that holds back its pruning, for every replica. A process whose
//! database is away keeps what it has.

use std::collections::BTreeMap;
use std::sync::Arc;

use support_chassis::db::Db;
use tokio::sync::{Mutex, watch};

use crate::error::Error;
use crate::store::catalogues::{self, StoredLocale};
use support_words::locale::{Locales, NoDefault};
use support_words::snapshot::{Published, Snapshot};
use support_words::tag::Tag;

/// The catalogues in memory. Clones share them.
#[derive(Debug, Clone)]
pub struct Catalogues(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    db: Db,
    current: watch::Sender<Arc<Snapshot>>,
    /// One refresh at a time: else a slow one could put an older state in place of a newer.
    refreshing: Mutex<()>,
}

impl Catalogues {
    /// Loads all catalogues.
    ///
    /// # Errors
    ///
    /// Where the database fails.
    pub async fn load(db: Db) -> Result<Self, Error> {
        let first = read(&db, None).await?;
        Ok(Self(Arc::new(Shared {
            db,
            current: watch::Sender::new(Arc::new(first)),
            refreshing: Mutex::new(()),
        })))
    }

    /// The catalogues as they are held now.
    #[must_use]
    pub fn current(&self) -> Arc<Snapshot> {
        Arc::clone(&self.0.current.borrow())
    }

    /// The catalogues as they are held now, and then whenever they have changed. Ends when all clones are gone.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.0.current.subscribe()
    }

    /// Takes over what has been published since.
    ///
    /// # Errors
    ///
    /// Where the database fails. What is held stays.
    pub async fn refresh(&self) -> Result<(), Error> {
        let _one = self.0.refreshing.lock().await;
        let held = self.current();
        let next = read(&self.0.db, Some(&held)).await?;
        if !next.is_same(&held) {
            self.0.current.send_replace(Arc::new(next));
        }
        Ok(())
    }
}

/// All catalogues, those taken from `held` whose version has not changed.
async fn read(db: &Db, held: Option<&Snapshot>) -> Result<Snapshot, Error> {
    let mut connection = db.read().await?;
    let stored = catalogues::locales(&mut connection).await?;
    let mut published = BTreeMap::new();
    // A locale in which nothing was ever published has its formats alone.
    for StoredLocale { locale, version, .. } in stored.iter().filter(|stored| stored.version > 0) {
        let tag = &locale.tag;
        let unchanged = held
            .and_then(|held| held.published(tag))
            .filter(|held| held.version == *version);
        let catalogue = if let Some(unchanged) = unchanged {
            Arc::clone(unchanged)
        } else {
            let texts = catalogues::texts(&mut connection, tag.as_str(), *version).await?;
            let patterns = texts.into_iter().map(|text| (text.key, text.pattern)).collect();
            Arc::new(compile(tag.clone(), *version, patterns).await?)
        };
        published.insert(tag.clone(), catalogue);
    }
    let default = stored
        .iter()
        .find(|stored| stored.is_default)
        .ok_or(NoDefault)?
        .locale
        .tag
        .clone();
    let locales = Locales::new(stored.into_iter().map(|stored| stored.locale), &default)?;
    Ok(Snapshot::new(locales, published))
}

async fn compile(tag: Tag, version: i64, patterns: BTreeMap<String, String>) -> Result<Published, Error> {
    // Thousands of messages are milliseconds of work, which no other call should wait for.
    tokio::task::spawn_blocking(move || {
        let (published, refused) = Published::compile(&tag, version, patterns)?;
        for key in refused {
            tracing::error!(locale = %tag, version, key, "a published message cannot be compiled and is passed over");
        }
        Ok(published)
    })
    .await?
}
