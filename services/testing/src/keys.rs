//! A signing key for every name.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::SigningKey;
use support_chassis::call::Caller;
use support_chassis::passport::Signer;
use support_chassis::settings::{TrustRole, TrustSettings};
use time::OffsetDateTime;

fn key(issuer: &str) -> SigningKey {
    let mut seed = [7; 32];
    seed[..issuer.len()].copy_from_slice(issuer.as_bytes());
    SigningKey::from_bytes(&seed)
}

/// The signing key of `issuer`, a name of at most 32 bytes, as settings spell it.
#[must_use]
pub fn signing_key(issuer: &str) -> String {
    STANDARD.encode(key(issuer).to_bytes())
}

/// Signs as `issuer`; passports live for five minutes.
#[must_use]
pub fn signer(issuer: &str) -> Signer {
    Signer::new(issuer, &key(issuer), Duration::from_mins(5)).unwrap()
}

/// An entry of `passport.trust` that trusts `issuer` in this role.
#[must_use]
pub fn trust(issuer: &str, role: TrustRole) -> TrustSettings {
    TrustSettings {
        issuer: issuer.to_owned(),
        role,
        public_key: STANDARD.encode(key(issuer).verifying_key().as_bytes()),
    }
}

/// A passport for `caller` that `issuer` signs at `now`.
#[must_use]
pub fn sign(issuer: &str, caller: &Caller, now: OffsetDateTime) -> String {
    signer(issuer).sign(caller, now).unwrap()
}
