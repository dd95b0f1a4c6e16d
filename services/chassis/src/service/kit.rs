//! Everything a service stands on.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde::de::DeserializeOwned;
use support_proto::codec::StandardDocument;

use super::StartError;
use crate::client::{Account, Peer};
use crate::clock::Clock;
use crate::db::Db;
use crate::id::{Ids, Region};
use crate::lifecycle::Lifecycle;
use crate::passport::Signer;
use crate::settings::{Common, Resolved};
use crate::standard::{Book, Document, DocumentType as _, Standard};
use crate::vault::Vault;

/// Everything a service stands on. Clones share it.
#[derive(Clone)]
pub struct Kit {
    /// The service's name.
    pub name: &'static str,
    /// The region this process serves.
    pub region: Region,
    /// What time it is.
    pub clock: Clock,
    /// Where new ids come from.
    pub ids: Ids,
    /// The service's database.
    pub db: Db,
    /// How the service lives and ends.
    pub lifecycle: Lifecycle,
    /// The settings that every service has.
    pub common: Arc<Common>,
    /// What signs the service's own passports, and for identity-verification and the gateway those of callers; none where
    /// no key is set.
    pub signer: Option<Arc<Signer>>,
    pub(super) book: Book,
    /// Documents that were asked for and are none of the service's.
    pub(super) undeclared: Arc<Mutex<BTreeSet<&'static str>>>,
    pub(super) resolved: Arc<Resolved>,
    pub(super) peers: Arc<Mutex<BTreeMap<String, Peer>>>,
}

impl Kit {
    /// The service's own settings.
    ///
    /// # Errors
    ///
    /// All faults at once; only where `T` is not the type that the service's `setting_docs` name.
    pub fn section<T: DeserializeOwned>(&self) -> Result<T, StartError> {
        Ok(self.resolved.section()?)
    }

    /// Another service, on this service's own account; [`Peer::for_call`] makes it speak for a caller. Connects when it is
    /// first called. All who ask for the same one share its connections and what is known of their health.
    ///
    /// # Errors
    ///
    /// Where the settings name no endpoint of it, or no key to sign with.
    pub fn peer(&self, name: &str) -> Result<Peer, StartError> {
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(peer) = peers.get(name) {
            return Ok(peer.clone());
        }
        let setting = format!("peers.{name}");
        let Some(endpoints) = self.common.peers.endpoints(name) else {
            return Err(StartError::setting(
                self.name,
                &setting,
                "is not set, and this service calls it",
            ));
        };
        let signer = self.signer()?;
        let peer = Peer::connect(name, endpoints, Account::new(signer, self.clock.clone()))
            .map_err(|error| StartError::setting(self.name, &setting, error.to_string()))?;
        peers.insert(name.to_owned(), peer.clone());
        Ok(peer)
    }

    /// What personal data are sealed by.
    ///
    /// # Errors
    ///
    /// Where the settings have no keys for it.
    pub fn vault(&self) -> Result<Vault, StartError> {
        // The one that the stored answers are sealed by: its keys are read again while the service serves.
        self.db.vault().cloned().ok_or_else(|| {
            StartError::setting(
                self.name,
                "vault.keys",
                "is not set, and this service holds personal data",
            )
        })
    }

    /// What holds of a document, which must be one of the service's `standards`.
    ///
    /// Of one that is not it gives an empty document, and the service does not start.
    #[must_use]
    pub fn standard<T: StandardDocument + 'static>(&self, document: &Document<T>) -> Standard<T> {
        if let Some(standard) = self.book.standard(document) {
            return standard;
        }
        self.undeclared
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(document.name());
        Standard::empty(self.name, self.clock.clone())
    }

    /// All that is known of the service's documents.
    #[must_use]
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// The same service in another region that is followed, on this service's own account.
    pub(super) fn other_region(&self, region: Region, endpoints: &[String]) -> Result<Peer, StartError> {
        let name = format!("{}@{region}", self.name);
        Peer::connect(&name, endpoints, Account::new(self.signer()?, self.clock.clone()))
            .map_err(|error| StartError::setting(self.name, &format!("standard.regions.{region}"), error.to_string()))
    }

    /// What signs this service's passports, where there must be one.
    pub(super) fn signer(&self) -> Result<Arc<Signer>, StartError> {
        self.signer.clone().ok_or_else(|| {
            StartError::setting(
                self.name,
                "passport.signing_key",
                "is not set, and this service calls others",
            )
        })
    }
}

impl fmt::Debug for Kit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kit")
            .field("name", &self.name)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}
