//! The public keys that tokens are checked with: those of the identity providers in the settings, and those of
//! identity-verification, which are fetched, kept while it is away, and fetched again when a token names one we do not know.
//!
//! Whose keys a token is checked with, its issuer says: two issuers may name their keys alike.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use support_chassis::client::Peer;
use support_chassis::keyset::{Fetcher, KeyLookup, KeySet, NotAKeySet, PublicKey, key_of, unchecked_claim};
use support_chassis::passport::PassportError;
use support_proto::support::identity::v1::GetKeySetRequest;
use support_proto::support::identity::v1::credential_service_client::CredentialServiceClient;
use support_proto::support::options::v1::CallerKind;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::Refused;
use super::issuers::{self, Issuer, Issuers, Whereabouts};
use crate::settings::IssuerSettings;

/// Keys are not fetched more often than this, however many tokens name keys we do not know.
const FETCH_FLOOR: Duration = Duration::from_secs(2);
/// Nor tried again sooner than this after a try that failed: tokens wait for a try one after the other.
const RETRY_FLOOR: Duration = Duration::from_millis(500);
/// How long a token waits for a fetch.
const FETCH_LIMIT: Duration = Duration::from_secs(3);

const NOT_TRUSTED: PassportError = PassportError::Invalid("signed by a key that is not trusted");

/// A key, and whose it is.
#[derive(Debug)]
pub(super) struct Signatory {
    pub(super) issuer: Arc<Issuer>,
    pub(super) key: Arc<PublicKey>,
}

/// An issuer's keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeySetError {
    /// The file of `jwks_file` cannot be read.
    #[error("the key set of {issuer} cannot be read from its file")]
    File {
        /// The issuer.
        issuer: String,
        /// What went wrong.
        #[source]
        source: std::io::Error,
    },
    /// The text is no JSON Web Key Set.
    #[error("the key set of {issuer} is none")]
    NotASet {
        /// The issuer.
        issuer: String,
        /// What went wrong.
        #[source]
        source: NotAKeySet,
    },
    /// A kind that no identity provider can vouch for.
    #[error("{issuer} cannot vouch for callers of kind {kind}: only for staff and operator")]
    Kind {
        /// The issuer.
        issuer: String,
        /// The kind.
        kind: String,
    },
    /// The settings of an issuer contradict each other.
    #[error("the issuer {issuer} {what}")]
    Settings {
        /// The issuer.
        issuer: String,
        /// What is wrong.
        what: String,
    },
}

/// The keys of identity-verification.
struct Fetched {
    issuer: Arc<Issuer>,
    keys: KeySet,
}

/// All keys.
pub(crate) struct Keys {
    audience: String,
    issuers: Issuers,
    fetched: RwLock<Option<Arc<Fetched>>>,
    identity: Peer,
    /// When keys may be fetched again.
    next_fetch: Mutex<Option<Instant>>,
}

impl Keys {
    /// The keys of `settings`, those that they say where to fetch, and those that `identity` gives.
    pub(crate) fn new(
        settings: &[IssuerSettings],
        audience: &str,
        identity: Peer,
        fetcher: &Fetcher,
    ) -> Result<Self, KeySetError> {
        Ok(Self {
            audience: audience.to_owned(),
            issuers: issuers::read(settings, audience, fetcher)?,
            fetched: RwLock::default(),
            identity,
            next_fetch: Mutex::new(None),
        })
    }

    /// The key that a token names.
    pub(super) async fn signatory(&self, token: &str) -> Result<Signatory, Refused> {
        let id = key_of(token).ok_or(PassportError::Invalid("not a token, or names no key"))?;
        let named = unchecked_claim(token, "iss").ok_or(PassportError::Invalid("names no issuer"))?;
        if let Some((issuer, keys)) = self.issuers.get(&named) {
            let key = match keys {
                Whereabouts::Here(keys) => keys.get(&id).ok_or(NOT_TRUSTED)?,
                Whereabouts::There(keys) => keys.key(&id).await.map_err(|error| match error {
                    KeyLookup::Unknown => Refused::from(NOT_TRUSTED),
                    KeyLookup::Unreachable => Refused::NoKeys {
                        service: "identity-provider",
                    },
                })?,
            };
            return Ok(Signatory {
                issuer: Arc::clone(issuer),
                key,
            });
        }
        if let Some(known) = self.known(&named, &id) {
            return Ok(known);
        }
        self.fetch().await;
        match self.known(&named, &id) {
            Some(known) => Ok(known),
            None if self.complete() => Err(NOT_TRUSTED.into()),
            None => Err(Refused::NoKeys {
                service: "identity-verification",
            }),
        }
    }

    /// A key of identity-verification, where that is who is named.
    fn known(&self, issuer: &str, id: &str) -> Option<Signatory> {
        let fetched = self.fetched.read().unwrap_or_else(PoisonError::into_inner).clone()?;
        Some(Signatory {
            key: fetched.keys.get(id).filter(|_| fetched.issuer.name == issuer)?,
            issuer: Arc::clone(&fetched.issuer),
        })
    }

    /// Fetches the keys of the identity providers that publish them, so that nobody has to wait for them.
    pub(crate) async fn fetch_issuers(&self) {
        for (_, keys) in self.issuers.values() {
            if let Whereabouts::There(keys) = keys {
                keys.fetch().await;
            }
        }
    }

    /// Fetches the keys of identity-verification, unless somebody just did or tried. Where that fails, those at hand
    /// stay.
    pub(crate) async fn fetch(&self) {
        // Held while fetching: whoever waits here finds the new keys.
        let mut next = self.next_fetch.lock().await;
        if next.is_some_and(|at| Instant::now() < at) {
            return;
        }
        let peer = self.identity.own().by(Instant::now() + FETCH_LIMIT);
        let fetched = CredentialServiceClient::new(peer)
            .get_key_set(GetKeySetRequest {})
            .await;
        let floor = if fetched.is_ok() { FETCH_FLOOR } else { RETRY_FLOOR };
        *next = Some(Instant::now() + floor);
        match fetched {
            Ok(answer) => {
                let answer = answer.into_inner();
                match KeySet::parse(&answer.jwks_json) {
                    Ok(keys) => self.keep(answer.issuer, keys),
                    Err(error) => tracing::error!(%error, "identity-verification gave a key set that is none"),
                }
            }
            Err(status) => {
                tracing::debug!(code = ?status.code(), "the keys of identity-verification were not to be had");
            }
        }
    }

    fn keep(&self, name: String, keys: KeySet) {
        let issuer = Arc::new(Issuer {
            name,
            audience: self.audience.clone(),
            kinds: vec![CallerKind::Customer, CallerKind::Partner],
            prefix: String::new(),
            roles: None,
        });
        *self.fetched.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(Fetched { issuer, keys }));
    }

    /// Whether the keys of identity-verification have been fetched.
    pub(crate) fn complete(&self) -> bool {
        self.fetched
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
            .is_some_and(|fetched| !fetched.keys.is_empty())
    }

    /// Whether the keys of all identity providers are at hand.
    pub(crate) fn has_issuers(&self) -> bool {
        self.issuers.values().all(|(_, keys)| match keys {
            Whereabouts::Here(_) => true,
            Whereabouts::There(keys) => keys.has_keys(),
        })
    }
}
