//! The service's secrets and what is done with them.
//!
//! [`CodeKeys`] come from the service key: codes are stored as keyed hashes, since a plain hash of one of a million codes is
//! found in a second, and encrypted for sending them again. [`TokenKeys`] sign what the gateway believes. [`ClientKeyRing`] checks what partners'
//! clients have signed.

mod clients;
mod codes;
mod tokens;

pub use clients::{AssertionRefused, Brought, ClientKeyRing};
pub use codes::{CodeKeys, Counted, InvalidKey, Kept, SealBroken};
pub use tokens::{NextKey, TokenError, TokenKeys};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::chance::Chance;

/// A new client secret: 256 random bits, base64url. Shown once, stored as its [`secret_hash`].
#[must_use]
pub fn client_secret(chance: &Chance) -> String {
    URL_SAFE_NO_PAD.encode(chance.bytes::<32>())
}

/// What is stored of a client secret: SHA-256. A slow hash (argon2) makes guesses of human passwords dear; 256 random bits
/// cannot be guessed, so here it would only make every token request dear to us, and easy to overload us with.
#[must_use]
pub fn secret_hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// Whether `secret` is the one that `hash` was made from, in a time that does not tell how much of it is right.
#[must_use]
pub fn is_secret(secret: &str, hash: &[u8; 32]) -> bool {
    secret_hash(secret).ct_eq(hash).into()
}
