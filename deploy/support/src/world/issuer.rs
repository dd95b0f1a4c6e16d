//! The development issuer: vouches for staff and operators where there is no identity provider. Whoever can read the data
//! directory can be anyone; a production gateway is given the operator's own issuers instead,
//! and does not start with this one.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey as _;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::json;
use support_chassis::passport::key_id;
use time::OffsetDateTime;

/// The issuer's name in its tokens: no production gateway believes it.
const NAME: &str = support_gateway::DEVELOPMENT_ISSUER;

/// The subject of the operator whom nobody named.
pub const OPERATOR: &str = "operator";

/// What an agent may do.
pub const AGENT_SCOPES: [&str; 29] = [
    "agents.read",
    "articles.approve",
    "articles.publish",
    "articles.read",
    "articles.write",
    "cases.assign",
    "cases.read",
    "cases.write",
    "coverage.decide",
    "coverage.fleet",
    "customers.read",
    "customers.reveal",
    "customers.write",
    "devices.approve",
    "devices.read",
    "devices.write",
    "documents.witness",
    "entitlements.read",
    "entitlements.write",
    "messages.read",
    "plans.read",
    "plans.write",
    "playbooks.read",
    "products.read",
    "providers.read",
    "repairs.read",
    "repairs.write",
    "tasks.work",
    "verifications.start",
];

/// What an operator may do: set the system up and look at all of it. Not a customer's concern in its words.
pub const OPERATOR_SCOPES: [&str; 45] = [
    "agents.read",
    "agents.write",
    "articles.approve",
    "articles.publish",
    "articles.read",
    "articles.write",
    "audit.read",
    "cases.read",
    "coverage.decide",
    "coverage.fleet",
    "customers.erase",
    "customers.export",
    "customers.read",
    "customers.write",
    "devices.approve",
    "devices.read",
    "devices.write",
    "entitlements.read",
    "grants.revoke",
    "messages.publish",
    "messages.read",
    "outbox.read",
    "partners.write",
    "plans.read",
    "plans.settle",
    "plans.write",
    "playbooks.read",
    "products.read",
    "products.write",
    "providers.read",
    "providers.write",
    "repairs.read",
    "risk.report",
    "risk.review",
    "simulations.run",
    "standard.approve",
    "standard.govern",
    "standard.publish",
    "standard.read",
    "standard.write",
    "tasks.read",
    "tasks.supervise",
    "translations.approve",
    "translations.read",
    "translations.write",
];

/// What a partner's client is given.
pub const PARTNER_SCOPES: [&str; 11] = [
    "coverage.decide",
    "coverage.fleet",
    "devices.read",
    "devices.write",
    "entitlements.read",
    "plans.read",
    "plans.write",
    "playbooks.read",
    "providers.read",
    "repairs.read",
    "repairs.write",
];

/// Signs tokens for staff and operators.
#[derive(Clone)]
pub struct Issuer {
    key: EncodingKey,
    key_id: String,
    public: [u8; 32],
}

impl Issuer {
    pub(super) fn new(key: &SigningKey) -> Self {
        // PKCS#8 of a 32-byte seed cannot fail to encode.
        let der = key
            .to_pkcs8_der()
            .map(|document| document.as_bytes().to_vec())
            .unwrap_or_default();
        Self {
            key: EncodingKey::from_ed_der(&der),
            key_id: key_id(&key.verifying_key()),
            public: key.verifying_key().to_bytes(),
        }
    }

    /// The issuer's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        NAME
    }

    /// Its public key as a JSON Web Key Set.
    #[must_use]
    pub fn jwks(&self) -> String {
        json!({ "keys": [{
            "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig",
            "kid": self.key_id, "x": URL_SAFE_NO_PAD.encode(self.public),
        }] })
        .to_string()
    }

    /// A token for the operator whom nobody named, good for `lifetime`.
    #[must_use]
    pub fn operator_token(&self, lifetime: Duration) -> String {
        self.operator_token_of(OPERATOR, lifetime)
    }

    /// A token for the operator whose subject is `subject`, good for `lifetime`. Where two people are asked for, two
    /// subjects are two people.
    #[must_use]
    pub fn operator_token_of(&self, subject: &str, lifetime: Duration) -> String {
        self.token("operator", subject, &OPERATOR_SCOPES, lifetime)
    }

    /// A token for the agent whose subject is `subject`, good for `lifetime`.
    #[must_use]
    pub fn agent_token(&self, subject: &str, lifetime: Duration) -> String {
        self.token("staff", subject, &AGENT_SCOPES, lifetime)
    }

    /// A token for a member of staff or an operator with chosen scopes; `kind` is `staff` or `operator`.
    #[must_use]
    pub fn token(&self, kind: &str, subject: &str, scopes: &[&str], lifetime: Duration) -> String {
        #[expect(clippy::disallowed_methods, reason = "a token is made for the real world's now")]
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let lifetime = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX / 2);
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.key_id.clone());
        let claims = json!({
            "iss": NAME, "aud": "support-gateway", "sub": subject, "kind": kind,
            "scope": scopes.join(" "), "iat": now, "exp": now.saturating_add(lifetime),
        });
        // Claims of plain text and numbers, and a key of the right kind: there is nothing to fail.
        jsonwebtoken::encode(&header, &claims, &self.key).unwrap_or_default()
    }
}

impl std::fmt::Debug for Issuer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Issuer")
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}
