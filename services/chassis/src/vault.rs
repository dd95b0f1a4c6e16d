//! Personal data at rest: every field is sealed with a key of the customer it is about.
//!
//! A customer has a *data key* in each service's own database (`customer_keys`), 32 random bytes, wrapped by a key of the
//! service. What is personal is stored as the sealed form of a [`Field`] alone. Destroying the data key
//! ([`destroy`]) makes all of it noise at once, in every table, replica and backup that the ciphertext went to; that
//! table alone must be backed up apart and not for long.
//!
//! - *Cipher*: XChaCha20-Poly1305. Its nonce of 192 bits may be random for ever. The associated data are the customer, the
//!   field and the row: a value that is moved to another customer, column or row does not open.
//! - *Keys of the service*: a [`KeyRing`] from the settings (`vault.keys`). The first wraps, all unwrap. The ring's file is read again
//!   every few seconds, and what is stored is brought up to it while the service serves; `support keys rotate` puts a new key in the
//!   place of an old one that way. What is sealed with data keys is never touched.
//! - *Look-up*: what has to be found by its value is found by a keyed hash ([`Vault::lookups`]) under `vault.lookup_keys`,
//!   which are other keys than those that wrap. A table of its own holds one row for each such key; what is derived from what
//!   is sealed needs no backup, and must have none, for it would tell of somebody who was erased.
//!
//! Data keys are not cached: to unwrap one costs about a microsecond, and a key in memory cannot be erased in a database.

mod cipher;
mod customer_keys;
mod ring;
mod rotation;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

pub use cipher::{DataKey, Field};
pub use customer_keys::{Held, KeyRow, Rewrapped, destroy};
pub use ring::{InvalidKeyRing, KeyRing, Lookup};
pub(crate) use rotation::{EVERY, Rotation};
pub use rotation::{Process, Rotated, needing, processes};

/// Why a sealed value cannot be opened, or nothing be sealed. Says nothing of the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The customer's data key was destroyed.
    #[error("data key was erased")]
    Erased,
    /// The customer has no data key.
    #[error("there is no data key")]
    NoKey,
    /// The data key is wrapped by a key that the settings do not have (any more).
    #[error("data key is wrapped by {0}, which is not in vault.keys")]
    UnknownKey(String),
    /// Another key, another customer, field or row, or tampered with.
    #[error("sealed value does not open")]
    Broken,
}

/// Seals, opens and finds. Clones share its keys, which may change at any time; prints nothing of them.
#[derive(Clone)]
pub struct Vault {
    rings: Arc<RwLock<Arc<Rings>>>,
}

/// The two rings of a service.
#[derive(Clone, PartialEq, Eq)]
pub struct Rings {
    keys: KeyRing,
    lookup_keys: KeyRing,
}

impl Rings {
    /// Of the keys that wrap data keys, and those of look-ups.
    #[must_use]
    pub fn new(keys: KeyRing, lookup_keys: KeyRing) -> Self {
        Self { keys, lookup_keys }
    }

    /// The names of the keys that wrap data keys, the one in use first.
    #[must_use]
    pub fn key_names(&self) -> Vec<String> {
        self.keys.names().map(str::to_owned).collect()
    }
}

impl Vault {
    /// Of the keys that wrap data keys, and those of look-ups.
    #[must_use]
    pub fn new(keys: KeyRing, lookup_keys: KeyRing) -> Self {
        Self::of(Rings::new(keys, lookup_keys))
    }

    /// Of two rings.
    #[must_use]
    pub fn of(rings: Rings) -> Self {
        Self {
            rings: Arc::new(RwLock::new(Arc::new(rings))),
        }
    }

    /// The rings as they are now. What is done at once is done with the same ones.
    fn rings(&self) -> Arc<Rings> {
        Arc::clone(&self.rings.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether these are its rings.
    pub(crate) fn has(&self, rings: &Rings) -> bool {
        *self.rings() == *rings
    }

    /// Takes other rings, for all clones.
    pub fn take(&self, rings: Rings) {
        *self.rings.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(rings);
    }

    /// Seals an answer that is stored for `place`: gives the name of the key and what is sealed.
    pub(crate) fn seal_answer(&self, place: &[u8], plain: &[u8]) -> Result<(String, Vec<u8>), VaultError> {
        self.rings().keys.seal_own(place, plain, rand::random())
    }

    /// What [`Vault::seal_answer`] sealed for the same place.
    pub(crate) fn open_answer(&self, by: &str, place: &[u8], sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        self.rings().keys.open_own(by, place, sealed)
    }

    /// What a value of `field` is found by: a keyed hash under every look-up key, the first key's first. `text` must be in the
    /// one form that values are compared in. The row of the field has no part in it.
    #[must_use]
    pub fn lookups(&self, field: Field, text: &str) -> Vec<Lookup> {
        self.rings().lookup_keys.lookups(field.name(), text)
    }

    /// The names of the keys that wrap data keys, the one in use first.
    #[must_use]
    pub fn key_names(&self) -> Vec<String> {
        self.rings().key_names()
    }

    /// The names of the look-up keys, the first key's first.
    #[must_use]
    pub fn lookup_key_names(&self) -> Vec<String> {
        self.rings().lookup_keys.names().map(str::to_owned).collect()
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Vault(..)")
    }
}
