//! The public keys that tokens are checked with: those of the settings, and those of identity-verification, which are
//! fetched, kept while it is away, and fetched again when a token names one we do not know.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey};
use support_chassis::client::Peer;
use support_chassis::passport::PassportError;
use support_proto::support::identity::v1::GetKeySetRequest;
use support_proto::support::identity::v1::credential_service_client::CredentialServiceClient;
use support_proto::support::options::v1::CallerKind;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::Refused;
use crate::settings::IssuerSettings;

/// Keys are not fetched more often than this, however many tokens name keys we do not know.
const FETCH_FLOOR: Duration = Duration::from_secs(2);
/// Nor tried again sooner than this after a try that failed: tokens wait for a try one after the other.
const RETRY_FLOOR: Duration = Duration::from_millis(500);
/// How long a token waits for a fetch.
const FETCH_LIMIT: Duration = Duration::from_secs(3);

/// A key, and what its owner may say with it.
#[derive(Clone)]
pub(super) struct Signatory {
    pub(super) issuer: String,
    pub(super) audience: String,
    pub(super) kinds: Vec<CallerKind>,
    pub(super) key: DecodingKey,
    pub(super) algorithm: Algorithm,
}

/// An issuer's keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeySetError {
    /// The file of `jwks_file` cannot be read.
    #[error("the key set of {issuer} cannot be read from its file")]
    File {
        /// The issuer.
        issuer: String,
        /// What went wrong.
        #[source]
        source: std::io::Error,
    },
    /// The text is no JSON Web Key Set.
    #[error("the key set of {issuer} is not a JSON Web Key Set")]
    NotASet {
        /// The issuer.
        issuer: String,
        /// What went wrong.
        #[source]
        source: serde_json::Error,
    },
    /// A kind that no identity provider can vouch for.
    #[error("{issuer} cannot vouch for callers of kind {kind}: only for staff and operator")]
    Kind {
        /// The issuer.
        issuer: String,
        /// The kind.
        kind: String,
    },
}

/// All keys.
pub(crate) struct Keys {
    audience: String,
    /// By key id.
    configured: HashMap<String, Arc<Signatory>>,
    fetched: RwLock<HashMap<String, Arc<Signatory>>>,
    identity: Peer,
    /// When keys may be fetched again.
    next_fetch: Mutex<Option<Instant>>,
}

impl Keys {
    /// The keys of `issuers`, and those that `identity` gives.
    pub(crate) fn new(issuers: &[IssuerSettings], audience: &str, identity: Peer) -> Result<Self, KeySetError> {
        let mut configured = HashMap::new();
        for issuer in issuers {
            let named = || issuer.issuer.clone();
            let kinds = issuer
                .kinds
                .iter()
                .map(|kind| match kind.as_str() {
                    "staff" => Ok(CallerKind::Staff),
                    "operator" => Ok(CallerKind::Operator),
                    _ => Err(KeySetError::Kind {
                        issuer: named(),
                        kind: kind.clone(),
                    }),
                })
                .collect::<Result<Vec<_>, _>>()?;
            let text = if issuer.jwks.is_empty() {
                std::fs::read_to_string(&issuer.jwks_file).map_err(|source| KeySetError::File {
                    issuer: named(),
                    source,
                })?
            } else {
                issuer.jwks.clone()
            };
            configured.extend(signatories(&text, &issuer.issuer, audience, &kinds).map_err(|source| {
                KeySetError::NotASet {
                    issuer: named(),
                    source,
                }
            })?);
        }
        Ok(Self {
            audience: audience.to_owned(),
            configured,
            fetched: RwLock::default(),
            identity,
            next_fetch: Mutex::new(None),
        })
    }

    /// The key that a token names.
    pub(super) async fn signatory(&self, token: &str) -> Result<Arc<Signatory>, Refused> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| PassportError::Invalid("not a token"))?;
        let id = header.kid.ok_or(PassportError::Invalid("names no key"))?;
        if let Some(known) = self.known(&id) {
            return Ok(known);
        }
        self.fetch().await;
        match self.known(&id) {
            Some(known) => Ok(known),
            None if self.complete() => Err(PassportError::Invalid("signed by a key that is not trusted").into()),
            None => Err(Refused::NoKeys {
                service: "identity-verification",
            }),
        }
    }

    fn known(&self, id: &str) -> Option<Arc<Signatory>> {
        let fetched = || {
            self.fetched
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .get(id)
                .cloned()
        };
        self.configured.get(id).cloned().or_else(fetched)
    }

    /// Fetches the keys of identity-verification, unless somebody just did or tried. Where that fails, those at hand
    /// stay.
    pub(crate) async fn fetch(&self) {
        // Held while fetching: whoever waits here finds the new keys.
        let mut next = self.next_fetch.lock().await;
        if next.is_some_and(|at| Instant::now() < at) {
            return;
        }
        let peer = self.identity.own().by(Instant::now() + FETCH_LIMIT);
        let fetched = CredentialServiceClient::new(peer)
            .get_key_set(GetKeySetRequest {})
            .await;
        let floor = if fetched.is_ok() { FETCH_FLOOR } else { RETRY_FLOOR };
        *next = Some(Instant::now() + floor);
        match fetched {
            Ok(answer) => {
                let answer = answer.into_inner();
                let kinds = [CallerKind::Customer, CallerKind::Partner];
                match signatories(&answer.jwks_json, &answer.issuer, &self.audience, &kinds) {
                    Ok(keys) => *self.fetched.write().unwrap_or_else(PoisonError::into_inner) = keys,
                    Err(error) => tracing::error!(%error, "identity-verification gave a key set that is none"),
                }
            }
            Err(status) => {
                tracing::debug!(code = ?status.code(), "the keys of identity-verification were not to be had");
            }
        }
    }

    /// Whether the keys of identity-verification have been fetched.
    pub(crate) fn complete(&self) -> bool {
        !self.fetched.read().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

fn signatories(
    text: &str,
    issuer: &str,
    audience: &str,
    kinds: &[CallerKind],
) -> Result<HashMap<String, Arc<Signatory>>, serde_json::Error> {
    let set: JwkSet = serde_json::from_str(text)?;
    let usable = set.keys.iter().filter_map(|jwk| {
        let signatory = Signatory {
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            kinds: kinds.to_vec(),
            key: DecodingKey::from_jwk(jwk).ok()?,
            algorithm: algorithm(jwk)?,
        };
        // A key without an id cannot be named by a token, one for encryption signs nothing.
        Some((jwk.common.key_id.clone()?, Arc::new(signatory)))
    });
    Ok(usable.collect())
}

/// The one algorithm a key is used with; none for keys that have no place in a public key set.
fn algorithm(jwk: &Jwk) -> Option<Algorithm> {
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
        AlgorithmParameters::RSA(_) => match stated() {
            None => Some(Algorithm::RS256),
            Some(
                rsa @ (Algorithm::RS256
                | Algorithm::RS384
                | Algorithm::RS512
                | Algorithm::PS256
                | Algorithm::PS384
                | Algorithm::PS512),
            ) => Some(rsa),
            Some(_) => None,
        },
        // Symmetric, or of a kind that is not known here.
        _ => None,
    }
}
