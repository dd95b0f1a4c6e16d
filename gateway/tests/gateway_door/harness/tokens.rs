//! Bearer tokens, good ones and others.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey as _;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use support_chassis::clock::Clock;
use time::OffsetDateTime;

pub(crate) const IDENTITY: &str = "identity-verification";
pub(crate) const PROVIDER: &str = "https://login.example.com";
pub(crate) const AUDIENCE: &str = "support-gateway";

/// Somebody who signs tokens.
#[derive(Clone)]
pub(crate) struct Issuer {
    pub(crate) name: &'static str,
    pub(crate) kid: &'static str,
    key: SigningKey,
}

impl Issuer {
    pub(crate) fn new(name: &'static str, kid: &'static str, seed: u8) -> Self {
        let key = SigningKey::from_bytes(&[seed; 32]);
        Self { name, kid, key }
    }

    /// Identity-verification, which vouches for customers and partners.
    pub(crate) fn identity() -> Self {
        Self::new(IDENTITY, "identity-1", 11)
    }

    /// The identity provider of staff and operators.
    pub(crate) fn provider() -> Self {
        Self::new(PROVIDER, "provider-1", 12)
    }

    pub(crate) fn public_key(&self) -> [u8; 32] {
        self.key.verifying_key().to_bytes()
    }

    pub(crate) fn jwk(&self) -> Value {
        json!({
            "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig",
            "kid": self.kid, "x": URL_SAFE_NO_PAD.encode(self.public_key()),
        })
    }

    pub(crate) fn jwks(&self) -> String {
        json!({ "keys": [self.jwk()] }).to_string()
    }

    /// A token with claims that win over the usual ones; null leaves one out.
    pub(crate) fn token(&self, claims: &Value) -> String {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.kid.to_owned());
        self.signed(&header, claims)
    }

    pub(crate) fn signed(&self, header: &Header, claims: &Value) -> String {
        let der = self.key.to_pkcs8_der().unwrap();
        let key = EncodingKey::from_ed_der(der.as_bytes());
        jsonwebtoken::encode(header, &self.claims(claims), &key).unwrap()
    }

    pub(crate) fn claims(&self, claims: &Value) -> Value {
        let mut all = json!({ "iss": self.name, "aud": AUDIENCE, "sub": "somebody", "iat": now(), "exp": now() + 600 });
        let fields = all.as_object_mut().unwrap();
        for (name, value) in claims.as_object().unwrap() {
            if value.is_null() {
                fields.remove(name);
            } else {
                fields.insert(name.clone(), value.clone());
            }
        }
        all
    }
}

/// The time by the clock that the gateway goes by.
pub(crate) fn at() -> OffsetDateTime {
    Clock::system().now()
}

pub(crate) fn now() -> i64 {
    at().unix_timestamp()
}

pub(crate) const CUSTOMER_ID: &str = "eu-0198f2c4-0000-7000-8000-000000000001";

pub(crate) fn customer() -> String {
    Issuer::identity().token(&json!({ "kind": "customer", "sub": CUSTOMER_ID, "aal": 1, "grant": "grant-7" }))
}

pub(crate) fn partner(scopes: &str) -> String {
    Issuer::identity().token(&json!({ "kind": "partner", "sub": "client-3", "org": "fixit", "scope": scopes }))
}

pub(crate) fn staff(scopes: &[&str]) -> String {
    Issuer::provider().token(&json!({ "kind": "staff", "sub": "agent-cork-01", "scopes": scopes }))
}

pub(crate) fn operator(scopes: &str) -> String {
    Issuer::provider().token(&json!({ "kind": "operator", "sub": "operator-1", "scope": scopes }))
}
