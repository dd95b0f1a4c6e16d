//! Signs passports.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey as _;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use time::OffsetDateTime;

use super::{Kind, Passport, key_id};
use crate::call::Caller;

/// Signs passports in the name of one issuer. Prints nothing of its key.
pub struct Signer {
    issuer: String,
    header: Header,
    key: EncodingKey,
    public: ed25519_dalek::VerifyingKey,
    lifetime: Duration,
    own: Mutex<Option<(Arc<str>, OffsetDateTime)>>,
}

/// A passport could not be signed: a kind that is none, or a key that the library refuses.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the passport could not be signed")]
pub struct SignError(#[source] Option<jsonwebtoken::errors::Error>);

impl Signer {
    /// Signs as `issuer` with `key`; passports live for `lifetime`.
    ///
    /// # Errors
    ///
    /// Where the key cannot be encoded, which no key of the right type gives cause for.
    pub fn new(issuer: impl Into<String>, key: &SigningKey, lifetime: Duration) -> Result<Self, SignError> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(key_id(&key.verifying_key()));
        let der = key.to_pkcs8_der().map_err(|_| SignError(None))?;
        Ok(Self {
            issuer: issuer.into(),
            header,
            key: EncodingKey::from_ed_der(der.as_bytes()),
            public: key.verifying_key(),
            lifetime,
            own: Mutex::new(None),
        })
    }

    /// The name it signs in.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The key that verifies what it signs.
    #[must_use]
    pub fn public_key(&self) -> &ed25519_dalek::VerifyingKey {
        &self.public
    }

    /// A passport for `caller` from `now` on.
    ///
    /// # Errors
    ///
    /// Where the caller's kind is unspecified.
    pub fn sign(&self, caller: &Caller, now: OffsetDateTime) -> Result<String, SignError> {
        self.sign_until(caller, now, now + self.lifetime)
    }

    /// A passport for `caller` from `now` until `end`, for what must not outlive the session it stands on.
    ///
    /// # Errors
    ///
    /// Where the caller's kind is unspecified.
    pub fn sign_until(&self, caller: &Caller, now: OffsetDateTime, end: OffsetDateTime) -> Result<String, SignError> {
        let passport = Passport {
            iss: self.issuer.clone(),
            sub: caller.subject.clone(),
            kind: Kind::of(caller.kind).ok_or(SignError(None))?,
            org: caller.organisation.clone(),
            scopes: caller.scopes.clone(),
            aal: u8::try_from(i32::from(caller.assurance)).unwrap_or(0),
            region: caller.region.clone(),
            grant: caller.grant_id.clone(),
            amr: caller.bounds.methods.clone(),
            purpose: caller.bounds.purpose.clone(),
            case: caller.bounds.case_id.clone(),
            delegate: caller.bounds.delegate.clone(),
            locations: caller.bounds.locations.clone(),
            technician: caller.bounds.technician.clone(),
            cert: caller.bounds.certificate.clone(),
            shown: caller.bounds.shown.clone(),
            // Chance, not an argument: nothing decides by it, it only ties log lines to a passport.
            jti: hex::encode(rand::random::<[u8; 12]>()),
            iat: now.unix_timestamp(),
            exp: end.min(now + self.lifetime).unix_timestamp(),
        };
        self.sign_claims(&passport)
    }

    /// Signs claims as they are, whatever they say. For tests of who believes them.
    ///
    /// # Errors
    ///
    /// Where the library refuses the key.
    pub fn sign_claims(&self, passport: &Passport) -> Result<String, SignError> {
        jsonwebtoken::encode(&self.header, passport, &self.key).map_err(|error| SignError(Some(error)))
    }

    /// The service's own passport, the same one until half of its life is over.
    ///
    /// # Errors
    ///
    /// Where the library refuses the key.
    pub fn own(&self, now: OffsetDateTime) -> Result<Arc<str>, SignError> {
        // Nothing can panic while it is held that would leave it half changed.
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((token, renew_at)) = own.as_ref()
            && now < *renew_at
        {
            return Ok(Arc::clone(token));
        }
        let token: Arc<str> = self.sign(&Caller::service(self.issuer.as_str()), now)?.into();
        *own = Some((Arc::clone(&token), now + self.lifetime / 2));
        Ok(token)
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Signer")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}
