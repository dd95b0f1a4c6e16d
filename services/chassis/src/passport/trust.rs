//! Verifies passports.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ed25519_dalek::VerifyingKey;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use moka::sync::Cache;
use time::OffsetDateTime;

use super::{Kind, Passport, PassportError, key_id};
use crate::call::Caller;

/// How far the clocks of two machines may be apart.
const CLOCK_SKEW: time::Duration = time::Duration::seconds(5);
/// The longest life a passport may claim, whoever signed it: what is stolen must soon be worth nothing.
const LONGEST_LIFE: time::Duration = time::Duration::hours(1);
/// A token beyond this many bytes is not looked at.
const TOKEN_LIMIT: usize = 8 * 1024;
/// How many verified passports are remembered; about a kilobyte each.
const REMEMBERED: u64 = 16 * 1024;

/// For whom a signer may speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// For any caller: it authenticated them.
    Gateway,
    /// For itself alone.
    Service,
    /// For itself alone, as the same service in another region. What it may call is little: regions share rules, not
    /// customers.
    Region,
}

/// A signer that is believed.
#[derive(Debug, Clone)]
pub struct Trusted {
    /// Its name, the `iss` of its passports.
    pub issuer: String,
    /// For whom it may speak.
    pub role: Role,
    /// Its key. A signer may stand here with two keys while one replaces the other.
    pub key: VerifyingKey,
}

/// Who calls, as far as verified passports say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The caller.
    pub caller: Caller,
    /// The service that acts for the caller; none where the caller came alone.
    pub actor: Option<String>,
    /// Whether the caller is the same service in another region.
    pub is_other_region: bool,
    /// Which of the trusted signers vouched for the caller.
    pub issuer: String,
    /// When the passport ends.
    pub expires_at: OffsetDateTime,
}

/// The signers that are believed, and the passports of theirs that were verified lately.
#[derive(Clone)]
pub struct Trust {
    signers: Arc<HashMap<String, Signatory>>,
    verified: Cache<String, Arc<Verified>>,
}

struct Signatory {
    issuer: String,
    role: Role,
    key: DecodingKey,
}

#[derive(Debug)]
struct Verified {
    passport: Passport,
    role: Role,
}

impl Trust {
    /// Believes these signers and nobody else.
    #[must_use]
    pub fn new(signers: impl IntoIterator<Item = Trusted>) -> Self {
        let signers = signers
            .into_iter()
            .map(|trusted| {
                let signatory = Signatory {
                    issuer: trusted.issuer,
                    role: trusted.role,
                    key: DecodingKey::from_ed_der(trusted.key.as_bytes()),
                };
                (key_id(&trusted.key), signatory)
            })
            .collect();
        Self {
            signers: Arc::new(signers),
            verified: Cache::builder()
                .max_capacity(REMEMBERED)
                // Only to free memory: whether a passport has run out is asked of the clock at every call.
                .time_to_idle(Duration::from_mins(2))
                .build(),
        }
    }

    /// Verifies a passport by itself.
    ///
    /// # Errors
    ///
    /// [`PassportError::Expired`], [`PassportError::Invalid`].
    pub fn verify(&self, token: &str, now: OffsetDateTime) -> Result<Passport, PassportError> {
        self.verified(token, now).map(|verified| verified.passport.clone())
    }

    /// Who calls, from the caller's passport and the acting service's.
    ///
    /// # Errors
    ///
    /// [`PassportError`].
    pub fn identify(&self, token: &str, actor: Option<&str>, now: OffsetDateTime) -> Result<Identity, PassportError> {
        let caller = self.verified(token, now)?;
        let actor = actor.map(|actor| self.verified(actor, now)).transpose()?;
        if actor.as_ref().is_some_and(|actor| actor.role != Role::Service) {
            return Err(PassportError::Invalid("only a service can act for a caller"));
        }
        let is_other_region = caller.role == Role::Region;
        if is_other_region && actor.is_some() {
            return Err(PassportError::Invalid("another region speaks for itself alone"));
        }
        Ok(Identity {
            is_other_region,
            caller: caller.passport.caller(),
            actor: actor.map(|actor| actor.passport.sub.clone()),
            issuer: caller.passport.iss.clone(),
            expires_at: OffsetDateTime::from_unix_timestamp(caller.passport.exp)
                .map_err(|_| PassportError::Invalid("ends outside the calendar"))?,
        })
    }

    fn verified(&self, token: &str, now: OffsetDateTime) -> Result<Arc<Verified>, PassportError> {
        let verified = if let Some(known) = self.verified.get(token) {
            known
        } else {
            let fresh = Arc::new(self.check(token)?);
            self.verified.insert(token.to_owned(), Arc::clone(&fresh));
            fresh
        };
        in_time(&verified.passport, now)?;
        Ok(verified)
    }

    /// All that does not depend on the time.
    fn check(&self, token: &str) -> Result<Verified, PassportError> {
        if token.len() > TOKEN_LIMIT {
            return Err(PassportError::Invalid("too long"));
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| PassportError::Invalid("not a token"))?;
        // The header only chooses among keys we know; the algorithm is fixed, whatever the header says.
        let signatory = header
            .kid
            .and_then(|kid| self.signers.get(&kid))
            .ok_or(PassportError::Invalid("signed by a key that is not trusted"))?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        let passport: Passport = jsonwebtoken::decode(token, &signatory.key, &validation)
            .map_err(|_| PassportError::Invalid("wrong signature or claims"))?
            .claims;
        if passport.iss != signatory.issuer {
            return Err(PassportError::Invalid("signed in another's name"));
        }
        if signatory.role != Role::Gateway && (passport.kind != Kind::Service || passport.sub != passport.iss) {
            return Err(PassportError::Invalid("a service can vouch for itself alone"));
        }
        if passport.aal > 3 || passport.shown.as_ref().is_some_and(|shown| shown.aal > 3) {
            return Err(PassportError::Invalid("no such assurance"));
        }
        if passport.exp.saturating_sub(passport.iat) > LONGEST_LIFE.whole_seconds() {
            return Err(PassportError::Invalid("lives too long"));
        }
        Ok(Verified {
            passport,
            role: signatory.role,
        })
    }
}

fn in_time(passport: &Passport, now: OffsetDateTime) -> Result<(), PassportError> {
    if passport.exp <= (now - CLOCK_SKEW).unix_timestamp() {
        return Err(PassportError::Expired);
    }
    if passport.iat > (now + CLOCK_SKEW).unix_timestamp() {
        return Err(PassportError::Invalid("from the future"));
    }
    Ok(())
}

impl fmt::Debug for Trust {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_list()
            .entries(
                self.signers
                    .values()
                    .map(|signatory| (&signatory.issuer, signatory.role)),
            )
            .finish()
    }
}
