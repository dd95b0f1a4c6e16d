//! Personal data at rest: every field is sealed with a key of the customer it is about.
//!
//! A customer has a *data key* in each service's own database (`customer_keys`), 32 random bytes, wrapped by a key of the
//! service. What is personal is stored as the sealed form of a [`Field`] alone. Destroying the data key
//! ([`Vault::destroy`]) makes all of it noise at once, in every table, replica and backup that the ciphertext went to; that
//! table alone must be backed up apart and not for long.
//!
//! - *Cipher*: XChaCha20-Poly1305. Its nonce of 192 bits may be random for ever. The associated data are the customer, the
//!   field and the row: a value that is moved to another customer, column or row does not open.
//! - *Keys of the service*: a [`KeyRing`] from the settings (`vault.keys`). The first wraps, all unwrap. To rotate: add a new
//!   key behind the first, on every replica; put it first; [`Vault::rewrap`] moves the data keys over in small batches while
//!   the service serves; when nothing is wrapped by the old one any more and the answers that are stored under it have been
//!   pruned (`database.request_retention_days`), take it out. What is sealed with data keys is never touched.
//! - *Look-up*: what has to be found by its value is found by a keyed hash ([`Vault::lookups`]) under `vault.lookup_keys`,
//!   which are other keys than those that wrap. A table of its own holds one row for each such key; what is derived from what
//!   is sealed needs no backup, and must have none, for it would tell of somebody who was erased.
//!
//! Data keys are not cached: to unwrap one costs about a microsecond, and a key in memory cannot be erased in a database.

mod cipher;
mod customer_keys;
mod ring;

use std::fmt;
use std::sync::Arc;

pub use cipher::{DataKey, Field};
pub use customer_keys::{Held, Rewrapped};
pub use ring::{InvalidKeyRing, KeyRing, Lookup};

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

/// Seals, opens and finds. Clones share its keys; prints nothing of them.
#[derive(Clone)]
pub struct Vault {
    keys: Arc<KeyRing>,
    lookup_keys: Arc<KeyRing>,
}

impl Vault {
    /// Of the keys that wrap data keys, and those of look-ups.
    #[must_use]
    pub fn new(keys: KeyRing, lookup_keys: KeyRing) -> Self {
        Self {
            keys: Arc::new(keys),
            lookup_keys: Arc::new(lookup_keys),
        }
    }

    /// Seals an answer that is stored for `place`: gives the name of the key and what is sealed.
    pub(crate) fn seal_answer(&self, place: &[u8], plain: &[u8]) -> Result<(String, Vec<u8>), VaultError> {
        self.keys.seal_own(place, plain, rand::random())
    }

    /// What [`Vault::seal_answer`] sealed for the same place.
    pub(crate) fn open_answer(&self, by: &str, place: &[u8], sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        self.keys.open_own(by, place, sealed)
    }

    /// What a value of `field` is found by: a keyed hash under every look-up key, the first key's first. `text` must be in the
    /// one form that values are compared in. The row of the field has no part in it.
    #[must_use]
    pub fn lookups(&self, field: Field, text: &str) -> Vec<Lookup> {
        self.lookup_keys.lookups(field.name(), text)
    }

    /// The names of the look-up keys, the first key's first.
    #[must_use]
    pub fn lookup_key_names(&self) -> Vec<String> {
        self.lookup_keys.names().map(str::to_owned).collect()
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Vault(..)")
    }
}
