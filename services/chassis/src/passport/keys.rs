//! Ed25519 keys as settings spell them.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, DecodePublicKey as _};
use ed25519_dalek::{SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};

/// A key in the settings that cannot be read. Says nothing of the key itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Neither base64 of 32 bytes nor PEM.
    #[error("an Ed25519 key is base64 of 32 bytes or PEM")]
    Format,
    /// 32 bytes that are no point of the curve, or one of the few weak ones.
    #[error("the bytes are not a usable Ed25519 public key")]
    NotAKey,
}

/// Reads a signing key: base64 of the 32-byte seed, or PKCS#8 PEM.
///
/// # Errors
///
/// [`KeyError::Format`].
pub fn signing_key(text: &str) -> Result<SigningKey, KeyError> {
    if text.contains("-----BEGIN") {
        return SigningKey::from_pkcs8_pem(text.trim()).map_err(|_| KeyError::Format);
    }
    bytes(text).map(|seed| SigningKey::from_bytes(&seed))
}

/// Reads a public key: base64 of the 32 bytes, or SPKI PEM.
///
/// # Errors
///
/// [`KeyError`].
pub fn public_key(text: &str) -> Result<VerifyingKey, KeyError> {
    let key = if text.contains("-----BEGIN") {
        VerifyingKey::from_public_key_pem(text.trim()).map_err(|_| KeyError::Format)?
    } else {
        VerifyingKey::from_bytes(&bytes(text)?).map_err(|_| KeyError::NotAKey)?
    };
    // Under a weak key some signatures hold for any message.
    if key.is_weak() { Err(KeyError::NotAKey) } else { Ok(key) }
}

/// The `kid` of a key: a digest of it, so that nobody has to hand out names.
#[must_use]
pub fn key_id(key: &VerifyingKey) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(key.as_bytes())[..12])
}

fn bytes(text: &str) -> Result<[u8; 32], KeyError> {
    let text = text.trim();
    let decoded = STANDARD
        .decode(text)
        .or_else(|_| URL_SAFE_NO_PAD.decode(text))
        .map_err(|_| KeyError::Format)?;
    decoded.try_into().map_err(|_| KeyError::Format)
}
