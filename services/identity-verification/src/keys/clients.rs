//! What partners' clients have signed to show who they are (RFC 7523, section 3).

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use support_chassis::keyset::{
    AddressRefused, Fetcher, InvalidToken, KeyLookup, KeySet, PublicKey, RemoteKeys, Source, key_of,
};
use time::OffsetDateTime;

use crate::domain::partner::{ClientKeys, PartnerClient};
use crate::error::IdentityError;

/// How far clocks may differ.
const CLOCK_SKEW: time::Duration = time::Duration::seconds(30);
/// The longest that an assertion may be good for: until then its id is remembered.
const LONGEST_LIFE: time::Duration = time::Duration::hours(1);
/// The longest id of an assertion, in bytes.
const ID_LIMIT: usize = 200;
/// The most published key sets that are remembered.
const REMEMBERED: u64 = 10_000;

/// Why what a client signed is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AssertionRefused {
    /// It is no token, or its claims are not of the form.
    #[error("malformed")]
    Malformed,
    /// It was signed with another algorithm than the key is for.
    #[error("algorithm")]
    Algorithm,
    /// It names no key, or none that the client has.
    #[error("key")]
    Key,
    /// The signature is wrong.
    #[error("signature")]
    Signature,
    /// `iss` or `sub` is not the client.
    #[error("issuer")]
    Issuer,
    /// It is for somebody else.
    #[error("audience")]
    Audience,
    /// It has run out.
    #[error("expired")]
    Expired,
    /// It is good for too long.
    #[error("lifetime")]
    Lifetime,
    /// It is not good yet.
    #[error("not_yet")]
    NotYet,
    /// It has no id, or too long a one.
    #[error("id")]
    Id,
    /// It was brought before.
    #[error("replayed")]
    Replayed,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: OneOrMany,
    exp: i64,
    #[serde(default)]
    nbf: Option<i64>,
    #[serde(default)]
    iat: Option<i64>,
    #[serde(default)]
    jti: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn any(&self, wanted: &[String]) -> bool {
        match self {
            Self::One(one) => wanted.contains(one),
            Self::Many(many) => many.iter().any(|one| wanted.contains(one)),
        }
    }
}

/// An assertion whose signature and claims are good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brought {
    /// SHA-256 of its id, by which it is known again.
    pub jti_hash: [u8; 32],
    /// How long it must be known again.
    pub kept_until: OffsetDateTime,
}

/// Checks what clients have signed, with keys that they registered here or publish somewhere.
#[derive(Debug)]
pub struct ClientKeyRing {
    audiences: Vec<String>,
    fetcher: Fetcher,
    published: Cache<String, Arc<RemoteKeys>>,
}

impl ClientKeyRing {
    /// Takes assertions that name one of `audiences`.
    #[must_use]
    pub fn new(audiences: Vec<String>, fetcher: Fetcher) -> Self {
        Self {
            audiences,
            fetcher,
            published: Cache::builder()
                .max_capacity(REMEMBERED)
                .time_to_idle(Duration::from_hours(24))
                .build(),
        }
    }

    /// That keys can be fetched from `url`, as far as the address itself says.
    ///
    /// # Errors
    ///
    /// [`AddressRefused`].
    pub fn check_address(&self, url: &str) -> Result<(), AddressRefused> {
        self.fetcher.check(url)
    }

    /// Checks what `client` has signed. Whether it was brought before, the caller must know.
    ///
    /// # Errors
    ///
    /// [`IdentityError::AssertionRefused`], [`IdentityError::ClientKeysUnreachable`].
    pub async fn check(
        &self,
        client: &PartnerClient,
        assertion: &str,
        now: OffsetDateTime,
    ) -> Result<Brought, IdentityError> {
        let key = self.key(client, assertion).await?;
        claims(&key, client, assertion, &self.audiences, now).map_err(IdentityError::AssertionRefused)
    }

    async fn key(&self, client: &PartnerClient, assertion: &str) -> Result<Arc<PublicKey>, IdentityError> {
        let refuse = IdentityError::AssertionRefused;
        let id = key_of(assertion).ok_or(refuse(AssertionRefused::Key))?;
        match &client.keys {
            ClientKeys::None => Err(refuse(AssertionRefused::Key)),
            ClientKeys::Here(text) => KeySet::parse(text)
                .ok()
                .and_then(|set| set.get(&id))
                .ok_or(refuse(AssertionRefused::Key)),
            ClientKeys::At(url) => {
                let keys = self.published.get_with_by_ref(url, || {
                    Arc::new(RemoteKeys::new(Source::Keys(url.clone()), self.fetcher.clone()))
                });
                keys.key(&id).await.map_err(|error| match error {
                    KeyLookup::Unknown => refuse(AssertionRefused::Key),
                    KeyLookup::Unreachable => IdentityError::ClientKeysUnreachable,
                })
            }
        }
    }
}

fn claims(
    key: &PublicKey,
    client: &PartnerClient,
    assertion: &str,
    audiences: &[String],
    now: OffsetDateTime,
) -> Result<Brought, AssertionRefused> {
    let claims: Claims = key.claims(assertion).map_err(|error| match error {
        InvalidToken::Signature => AssertionRefused::Signature,
        InvalidToken::Algorithm => AssertionRefused::Algorithm,
        InvalidToken::Claims => AssertionRefused::Malformed,
    })?;
    let id = client.id.to_string();
    if claims.iss != id || claims.sub != id {
        return Err(AssertionRefused::Issuer);
    }
    if !claims.aud.any(audiences) {
        return Err(AssertionRefused::Audience);
    }
    let kept_until = OffsetDateTime::from_unix_timestamp(claims.exp)
        .ok()
        .filter(|end| *end <= now + LONGEST_LIFE + CLOCK_SKEW)
        .ok_or(AssertionRefused::Lifetime)?
        + CLOCK_SKEW;
    if kept_until <= now {
        return Err(AssertionRefused::Expired);
    }
    let latest = (now + CLOCK_SKEW).unix_timestamp();
    if claims.nbf.is_some_and(|at| at > latest) || claims.iat.is_some_and(|at| at > latest) {
        return Err(AssertionRefused::NotYet);
    }
    if claims.jti.is_empty() || claims.jti.len() > ID_LIMIT {
        return Err(AssertionRefused::Id);
    }
    Ok(Brought {
        jti_hash: Sha256::digest(claims.jti.as_bytes()).into(),
        kept_until,
    })
}
