//! The public keys of others, as JSON Web Key Sets (RFC 7517): read, fetched from where they are published, and kept.
//!
//! [`KeySet`] checks who signed a token; the algorithm is the key's, whatever the token says. [`RemoteKeys`] holds the set of
//! somebody who publishes theirs: fetched when it is first needed and when a token names a key that is not in it, kept while
//! it cannot be had. What is fetched is bounded in size and time, and no address is asked more often than every few seconds,
//! however many tokens name keys that there are not. Where others than the operator have named the address, it is asked only
//! where it is public.

mod fetch;
mod reach;
mod remote;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde::de::DeserializeOwned;

pub use fetch::{AddressRefused, FetchError, Fetcher};
pub use remote::{KeyLookup, RemoteKeys, Source};

/// The most keys of a set that are read: identity providers have a handful.
const KEYS_LIMIT: usize = 100;
/// The least modulus of an RSA key, in bytes: 2048 bits.
const RSA_LEAST: usize = 256;

/// A public key, with the one algorithm it is used with.
pub struct PublicKey {
    key: DecodingKey,
    algorithm: Algorithm,
}

/// A token whose signature or claims are wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidToken {
    /// It was not signed with this key, or is no token at all.
    #[error("the signature is wrong")]
    Signature,
    /// It was, with another algorithm than the key is for.
    #[error("the algorithm is not the key's")]
    Algorithm,
    /// It was, and its claims are not of the form that is read.
    #[error("the claims cannot be read")]
    Claims,
}

impl PublicKey {
    /// The claims of `token`, where this key has signed it. Nothing else of it is checked: neither time nor issuer nor audience.
    ///
    /// # Errors
    ///
    /// [`InvalidToken`].
    pub fn claims<T: DeserializeOwned>(&self, token: &str) -> Result<T, InvalidToken> {
        use jsonwebtoken::errors::ErrorKind;
        let mut validation = Validation::new(self.algorithm);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        match jsonwebtoken::decode(token, &self.key, &validation) {
            Ok(decoded) => Ok(decoded.claims),
            Err(error) => Err(match error.kind() {
                ErrorKind::InvalidAlgorithm => InvalidToken::Algorithm,
                ErrorKind::Json(_) => InvalidToken::Claims,
                _ => InvalidToken::Signature,
            }),
        }
    }

    fn read(jwk: &Jwk) -> Option<Self> {
        Some(Self {
            key: DecodingKey::from_jwk(jwk).ok()?,
            algorithm: algorithm(jwk)?,
        })
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PublicKey")
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

/// A text that is no JSON Web Key Set.
#[derive(Debug, thiserror::Error)]
#[error("not a JSON Web Key Set")]
pub struct NotAKeySet(#[source] serde_json::Error);

/// Public keys by their ids.
#[derive(Debug, Default)]
pub struct KeySet(HashMap<String, Arc<PublicKey>>);

impl KeySet {
    /// Reads a set. Keys that have no id, are symmetric, for encryption, too short or of a kind that is not known are left
    /// out, since others may have use for them.
    ///
    /// # Errors
    ///
    /// Where the text is no set.
    pub fn parse(text: &str) -> Result<Self, NotAKeySet> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<serde_json::Value>,
        }
        let set: Set = serde_json::from_str(text).map_err(NotAKeySet)?;
        // One by one: a key that cannot be read must not take the others with it.
        let keys = set.keys.into_iter().take(KEYS_LIMIT).filter_map(|key| {
            let jwk: Jwk = serde_json::from_value(key).ok()?;
            Some((jwk.common.key_id.clone()?, Arc::new(PublicKey::read(&jwk)?)))
        });
        Ok(Self(keys.collect()))
    }

    /// The key with this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<Arc<PublicKey>> {
        self.0.get(id).cloned()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The id of the key that a token says it was signed with; none where it is no token or says nothing.
#[must_use]
pub fn key_of(token: &str) -> Option<String> {
    jsonwebtoken::decode_header(token).ok()?.kid
}

/// A claim of a token whose signature was not checked: to choose whose keys to check it with, and for nothing else.
#[must_use]
pub fn unchecked_claim(token: &str, name: &str) -> Option<String> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&claims).ok()?;
    claims.get(name)?.as_str().map(str::to_owned)
}

/// The one algorithm a key is used with; none for keys that have no place in a public key set.
fn algorithm(jwk: &Jwk) -> Option<Algorithm> {
    use jsonwebtoken::jwk::PublicKeyUse;
    if !matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature)) {
        return None;
    }
    let stated = || {
        jwk.common
            .key_algorithm
            .and_then(|named| named.to_string().parse::<Algorithm>().ok())
    };
    match &jwk.algorithm {
        AlgorithmParameters::OctetKeyPair(_) => Some(Algorithm::EdDSA),
        AlgorithmParameters::EllipticCurve(curve) => match curve.curve {
            EllipticCurve::P256 => Some(Algorithm::ES256),
            EllipticCurve::P384 => Some(Algorithm::ES384),
            _ => None,
        },
        AlgorithmParameters::RSA(rsa) => {
            let modulus = URL_SAFE_NO_PAD.decode(rsa.n.trim_end_matches('=')).ok()?;
            // What leads with zeros is shorter than it looks.
            let length = modulus.iter().skip_while(|byte| **byte == 0).count();
            if length < RSA_LEAST {
                return None;
            }
            match jwk.common.key_algorithm {
                None => Some(Algorithm::RS256),
                Some(_) => stated().filter(|stated| {
                    matches!(
                        stated,
                        Algorithm::RS256
                            | Algorithm::RS384
                            | Algorithm::RS512
                            | Algorithm::PS256
                            | Algorithm::PS384
                            | Algorithm::PS512
                    )
                }),
            }
        }
        // Symmetric, or of a kind that is not known here.
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_cannot_be_used_is_left_out_and_takes_nothing_with_it() {
        let good = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "good", "use": "sig",
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
        let mut nameless = good.clone();
        nameless.as_object_mut().unwrap().remove("kid");
        let mut encrypts = good.clone();
        encrypts["use"] = "enc".into();
        encrypts["kid"] = "encrypts".into();
        let short = json!({ "kty": "RSA", "kid": "short", "e": "AQAB", "n": URL_SAFE_NO_PAD.encode([255_u8; 128]) });
        let led = json!({ "kty": "RSA", "kid": "led", "e": "AQAB",
            "n": URL_SAFE_NO_PAD.encode([vec![0_u8; 200], vec![255; 100]].concat()) });
        let long = json!({ "kty": "RSA", "kid": "long", "e": "AQAB", "n": URL_SAFE_NO_PAD.encode([255_u8; 256]) });
        let shared = json!({ "kty": "oct", "kid": "shared", "k": "AAAA" });
        let strange = json!({ "kty": "new", "kid": "strange" });
        let set = json!({ "keys": [strange, nameless, encrypts, short, led, shared, good, long] });
        let set = KeySet::parse(&set.to_string()).unwrap();
        let mut ids: Vec<_> = set.0.keys().map(String::as_str).collect();
        ids.sort_unstable();
        assert_eq!(ids, ["good", "long"]);
        assert!(KeySet::parse("{}").is_err());
        assert!(KeySet::parse(r#"{"keys":[]}"#).unwrap().is_empty());
    }

    #[test]
    fn a_claim_is_read_from_what_is_a_token_alone() {
        let token = format!("e30.{}.x", URL_SAFE_NO_PAD.encode(r#"{"iss":"somebody","n":1}"#));
        assert_eq!(unchecked_claim(&token, "iss").as_deref(), Some("somebody"));
        for (token, name) in [
            (token.as_str(), "n"),
            (token.as_str(), "sub"),
            ("", "iss"),
            ("a.b.c", "iss"),
        ] {
            assert_eq!(unchecked_claim(token, name), None);
        }
    }
}
