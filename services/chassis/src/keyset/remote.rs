//! The keys of somebody who publishes them.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::Instant;

use super::{FetchError, Fetcher, KeySet, PublicKey};

/// Keys are not fetched more often than this, however many tokens name keys that we do not know.
const FETCH_FLOOR: Duration = Duration::from_secs(5);
/// Nor tried again sooner than this where there are none at hand: whoever needs them waits for a try, one after the other.
const RETRY_FLOOR: Duration = Duration::from_millis(500);
/// After how long keys are fetched anew although nothing is missing: what its owner has withdrawn must go here as well.
const FRESH: Duration = Duration::from_mins(10);
/// For how long keys are believed while they cannot be fetched anew. Else whoever keeps us from fetching them would keep a
/// withdrawn key alive for ever.
const BELIEVED: Duration = Duration::from_hours(24);

/// Where keys are published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// At this address.
    Keys(String),
    /// Where the issuer of this name says (`OpenID` Connect Discovery 1.0, RFC 8414): in the document
    /// `/.well-known/openid-configuration` below its name.
    Issuer(String),
}

/// A key was looked for and not found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyLookup {
    /// The owner has no such key.
    #[error("there is no such key")]
    Unknown,
    /// Nobody can say: the keys could not be fetched, and there are none at hand.
    #[error("the keys could not be fetched")]
    Unreachable,
}

struct Held {
    keys: KeySet,
    fetched_at: Instant,
}

/// The keys of somebody who publishes them.
pub struct RemoteKeys {
    source: Source,
    fetcher: Fetcher,
    held: RwLock<Option<Arc<Held>>>,
    /// When keys may be fetched again.
    next_fetch: Mutex<Option<Instant>>,
}

impl RemoteKeys {
    /// Fetches nothing yet.
    #[must_use]
    pub fn new(source: Source, fetcher: Fetcher) -> Self {
        Self {
            source,
            fetcher,
            held: RwLock::default(),
            next_fetch: Mutex::new(None),
        }
    }

    /// The key with this id: one at hand, else one that is there now.
    ///
    /// # Errors
    ///
    /// [`KeyLookup`].
    pub async fn key(&self, id: &str) -> Result<Arc<PublicKey>, KeyLookup> {
        let now = Instant::now();
        if let Some(held) = self.held().filter(|held| now < held.fetched_at + BELIEVED)
            && let Some(key) = held.keys.get(id)
        {
            // Only one of those who come waits for fresh keys: the others do with what there is.
            if now >= held.fetched_at + FRESH
                && let Ok(next) = self.next_fetch.try_lock()
            {
                self.fetch_at(next).await;
                return self.at_hand(id);
            }
            return Ok(key);
        }
        self.fetch().await;
        self.at_hand(id)
    }

    fn at_hand(&self, id: &str) -> Result<Arc<PublicKey>, KeyLookup> {
        let held = self
            .held()
            .filter(|held| Instant::now() < held.fetched_at + BELIEVED)
            .ok_or(KeyLookup::Unreachable)?;
        held.keys.get(id).ok_or(KeyLookup::Unknown)
    }

    /// Whether keys are at hand that are believed.
    #[must_use]
    pub fn has_keys(&self) -> bool {
        self.held()
            .is_some_and(|held| Instant::now() < held.fetched_at + BELIEVED)
    }

    /// Fetches the keys, unless somebody just did or tried. Where that fails, those at hand stay.
    pub async fn fetch(&self) {
        // Held while fetching: whoever waits here finds the new keys.
        self.fetch_at(self.next_fetch.lock().await).await;
    }

    async fn fetch_at(&self, mut next: MutexGuard<'_, Option<Instant>>) {
        if next.is_some_and(|at| Instant::now() < at) {
            return;
        }
        let fetched = self.fetched().await;
        let floor = if fetched.is_ok() || self.has_keys() {
            FETCH_FLOOR
        } else {
            RETRY_FLOOR
        };
        *next = Some(Instant::now() + floor);
        match fetched {
            Ok(keys) => {
                let held = Held {
                    keys,
                    fetched_at: Instant::now(),
                };
                *self.held.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(held));
            }
            Err(error) => tracing::warn!(source = ?self.source, %error, "keys could not be fetched"),
        }
    }

    async fn fetched(&self) -> Result<KeySet, FetchError> {
        #[derive(Deserialize)]
        struct Metadata {
            issuer: String,
            jwks_uri: String,
        }
        let text = match &self.source {
            Source::Keys(url) => self.fetcher.text(url).await?,
            Source::Issuer(issuer) => {
                let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
                let metadata: Metadata = serde_json::from_str(&self.fetcher.text(&url).await?)
                    .map_err(|_| FetchError::Content("the metadata of an issuer"))?;
                // Else one issuer could answer for another (OpenID Connect Discovery 1.0, 4.3).
                if metadata.issuer != *issuer {
                    return Err(FetchError::Content("that issuer's metadata"));
                }
                self.fetcher.text(&metadata.jwks_uri).await?
            }
        };
        let keys = KeySet::parse(&text).map_err(|_| FetchError::Content("a key set"))?;
        // An owner without keys has made a mistake, or is somebody else.
        if keys.is_empty() {
            return Err(FetchError::Content("a key set with keys in it"));
        }
        Ok(keys)
    }

    fn held(&self) -> Option<Arc<Held>> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl std::fmt::Debug for RemoteKeys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("RemoteKeys")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}
