//! The tokens with which customers and partners call the gateway.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::pkcs8::EncodePrivateKey as _;
use ed25519_dalek::{SigningKey, VerifyingKey};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;
use serde_json::json;
use support_chassis::passport::key_id;
use time::OffsetDateTime;

use crate::chance::Chance;
use crate::domain::grant::Grant;
use crate::ops::authenticate_client::Admitted;

/// Signs session and access tokens (JWT, `EdDSA` over Ed25519, RFC 8037). Prints nothing of its key.
///
/// The next key is published from the start and signs from a moment on that all processes know: those who check tokens have
/// it long before they see it, and no process signs by it before the others publish it.
pub struct TokenKeys {
    issuer: String,
    audience: String,
    current: Pen,
    next: Option<(Pen, OffsetDateTime)>,
    key_set: String,
}

/// The key that will sign, and from when on.
pub struct NextKey<'a> {
    /// The key.
    pub key: &'a SigningKey,
    /// From when on it signs.
    pub from: OffsetDateTime,
}

/// A key and how its tokens name it.
struct Pen {
    header: Header,
    key: EncodingKey,
}

impl Pen {
    fn new(key: &SigningKey) -> Result<Self, TokenError> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(key_id(&key.verifying_key()));
        let der = key.to_pkcs8_der().map_err(|_| TokenError(None))?;
        Ok(Self {
            header,
            key: EncodingKey::from_ed_der(der.as_bytes()),
        })
    }
}

/// A token could not be signed: a key that the library refuses.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the token could not be signed")]
pub struct TokenError(#[source] Option<jsonwebtoken::errors::Error>);

/// The claims. The names are those of the passport that the gateway makes of them.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: String,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    org: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    scopes: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    aal: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grant: Option<String>,
    /// When an assurance above AAL1 decays to it, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    aal_exp: Option<i64>,
    /// How it was reached (as in RFC 8176, section 1, with our own names).
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    amr: &'a [&'static str],
    /// What the verification was for.
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<&'static str>,
    /// The case it is bound to.
    #[serde(skip_serializing_if = "Option::is_none")]
    case: Option<String>,
    /// The member of staff it was given to.
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<&'a str>,
    /// Who acts in the customer's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    delegate: Option<String>,
    /// The locations that a partner calls for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<String>,
    /// The person who calls for a partner.
    #[serde(skip_serializing_if = "Option::is_none")]
    technician: Option<&'a str>,
    /// The certificate it is bound to (RFC 8705, section 3.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<Confirmation<'a>>,
    region: String,
    jti: String,
    iat: i64,
    exp: i64,
}

#[derive(Serialize)]
struct Confirmation<'a> {
    #[serde(rename = "x5t#S256")]
    thumbprint: &'a str,
}

impl TokenKeys {
    /// Signs as `issuer` for `audience` with `key`, and from its time on with the `next` one. `previous` are the public keys
    /// of tokens that may still be about: they stay in the key set until the last of those has run out.
    ///
    /// # Errors
    ///
    /// Where a key cannot be encoded, which no key of the right type gives cause for.
    pub fn new(
        issuer: impl Into<String>,
        audience: impl Into<String>,
        key: &SigningKey,
        next: Option<NextKey<'_>>,
        previous: &[VerifyingKey],
    ) -> Result<Self, TokenError> {
        let mut all = vec![key.verifying_key()];
        let others = next
            .iter()
            .map(|next| next.key.verifying_key())
            .chain(previous.iter().copied());
        for other in others {
            if !all.contains(&other) {
                all.push(other);
            }
        }
        let keys: Vec<_> = all
            .iter()
            .map(|key| {
                json!({
                    "kty": "OKP",
                    "crv": "Ed25519",
                    "use": "sig",
                    "alg": "EdDSA",
                    "kid": key_id(key),
                    "x": URL_SAFE_NO_PAD.encode(key.as_bytes()),
                })
            })
            .collect();
        Ok(Self {
            issuer: issuer.into(),
            audience: audience.into(),
            current: Pen::new(key)?,
            next: next.map(|next| Ok((Pen::new(next.key)?, next.from))).transpose()?,
            key_set: json!({ "keys": keys }).to_string(),
        })
    }

    /// The issuer that the tokens name.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The public keys as a JSON Web Key Set (RFC 7517), the current one first, then the next.
    #[must_use]
    pub fn key_set(&self) -> &str {
        &self.key_set
    }

    /// A session token for the customer of `grant`, good as long as the grant.
    ///
    /// # Errors
    ///
    /// Where the library refuses the key.
    pub fn session_token(&self, grant: &Grant, now: OffsetDateTime, chance: &Chance) -> Result<String, TokenError> {
        self.of_grant(grant, "customer", None, now, chance)
    }

    /// A token by which a member of staff shows the customer's grant, good as long as the grant and in their hands alone. It is no
    /// caller's: nobody calls by it.
    ///
    /// # Errors
    ///
    /// Where the library refuses the key.
    pub fn grant_token(
        &self,
        grant: &Grant,
        agent: &str,
        now: OffsetDateTime,
        chance: &Chance,
    ) -> Result<String, TokenError> {
        self.of_grant(grant, "grant", Some(agent), now, chance)
    }

    fn of_grant(
        &self,
        grant: &Grant,
        kind: &'static str,
        agent: Option<&str>,
        now: OffsetDateTime,
        chance: &Chance,
    ) -> Result<String, TokenError> {
        let methods: Vec<_> = grant.methods.iter().map(|method| method.as_str()).collect();
        let held = grant.assurance_at(now);
        self.sign(&Claims {
            iss: &self.issuer,
            aud: &self.audience,
            sub: grant.customer_id.to_string(),
            kind,
            agent,
            org: None,
            scopes: &[],
            aal: Some(held.level()),
            grant: Some(grant.id.to_string()),
            aal_exp: grant
                .decay
                .filter(|_| held == grant.assurance)
                .map(|decay| decay.ends_at().unix_timestamp()),
            amr: &methods,
            purpose: Some(grant.purpose.as_str()),
            case: grant.case_id.map(|id| id.to_string()),
            delegate: grant.delegation.map(|(delegate, _)| delegate.to_string()),
            locations: Vec::new(),
            technician: None,
            cnf: None,
            region: grant.customer_id.region().to_string(),
            jti: token_id(chance),
            iat: now.unix_timestamp(),
            exp: grant.expires_at.unix_timestamp(),
        })
    }

    /// An access token for a client that was let in, good for `lifetime`.
    ///
    /// # Errors
    ///
    /// Where the library refuses the key.
    pub fn partner_token(
        &self,
        admitted: &Admitted,
        now: OffsetDateTime,
        lifetime: Duration,
        chance: &Chance,
    ) -> Result<String, TokenError> {
        let client = &admitted.client;
        self.sign(&Claims {
            iss: &self.issuer,
            aud: &self.audience,
            sub: client.id.to_string(),
            kind: "partner",
            org: Some(&client.organisation_id),
            scopes: &admitted.scopes,
            aal: None,
            grant: None,
            aal_exp: None,
            amr: &[],
            purpose: None,
            case: None,
            agent: None,
            delegate: None,
            locations: admitted.locations.iter().map(ToString::to_string).collect(),
            technician: admitted.technician.as_deref(),
            cnf: admitted
                .certificate
                .as_deref()
                .map(|thumbprint| Confirmation { thumbprint }),
            region: client.id.region().to_string(),
            jti: token_id(chance),
            iat: now.unix_timestamp(),
            exp: (now + lifetime).unix_timestamp(),
        })
    }

    fn sign(&self, claims: &Claims<'_>) -> Result<String, TokenError> {
        let pen = match &self.next {
            Some((next, from)) if claims.iat >= from.unix_timestamp() => next,
            Some(_) | None => &self.current,
        };
        jsonwebtoken::encode(&pen.header, claims, &pen.key).map_err(|error| TokenError(Some(error)))
    }
}

fn token_id(chance: &Chance) -> String {
    URL_SAFE_NO_PAD.encode(chance.bytes::<12>())
}

impl fmt::Debug for TokenKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TokenKeys")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}
