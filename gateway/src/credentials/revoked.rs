//! Grants that were revoked, and partners' clients that are suspended: their tokens are good by their signature and open
//! nothing.
//!
//! Tokens are checked without asking anybody, so that somebody must say which of them were called back. The gateway asks
//! identity-verification every second and keeps what it hears until the last token of the grant has run out. While
//! identity-verification is away what is known holds, and nobody is refused because of it.

use std::collections::{HashMap, HashSet};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use support_chassis::client::Peer;
use support_chassis::clock::{Clock, from_timestamp, timestamp};
use support_proto::support::identity::v1::factor_service_client::FactorServiceClient;
use support_proto::support::identity::v1::partner_client_service_client::PartnerClientServiceClient;
use support_proto::support::identity::v1::{ListRevokedGrantsRequest, ListSuspendedPartnerClientsRequest};
use time::OffsetDateTime;
use tokio::time::Instant;

/// How often is asked.
pub(crate) const ASK_EVERY: Duration = Duration::from_secs(1);
/// How long an answer may take.
const ASK_LIMIT: Duration = Duration::from_secs(3);
/// How much of what was heard is asked for again: a revocation is seen when it is committed, which may be after a later one.
const OVERLAP: time::Duration = time::Duration::seconds(30);

/// The revoked grants whose tokens may still be about.
pub(crate) struct Revoked {
    identity: Peer,
    clock: Clock,
    known: RwLock<HashMap<String, OffsetDateTime>>,
    /// When the last that was heard of was revoked.
    heard_until: RwLock<Option<OffsetDateTime>>,
    /// The clients that are suspended.
    suspended: RwLock<HashSet<String>>,
}

impl Revoked {
    /// Asks `identity`.
    pub(crate) fn new(identity: Peer, clock: Clock) -> Self {
        Self {
            identity,
            clock,
            known: RwLock::default(),
            heard_until: RwLock::default(),
            suspended: RwLock::default(),
        }
    }

    /// Whether a grant was revoked, as far as was heard.
    pub(super) fn has(&self, grant: &str) -> bool {
        self.known
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .contains_key(grant)
    }

    /// Whether a partner's client is suspended, as far as was heard.
    pub(super) fn is_suspended(&self, client: &str) -> bool {
        self.suspended
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(client)
    }

    /// Asks once which clients are suspended.
    pub(crate) async fn ask_suspended(&self) {
        let peer = self.identity.own().by(Instant::now() + ASK_LIMIT);
        match PartnerClientServiceClient::new(peer)
            .list_suspended_partner_clients(ListSuspendedPartnerClientsRequest {})
            .await
        {
            Ok(answer) => {
                let heard = answer.into_inner().client_ids.into_iter().collect();
                *self.suspended.write().unwrap_or_else(PoisonError::into_inner) = heard;
            }
            Err(status) => tracing::debug!(code = ?status.code(), "suspended clients were not to be had"),
        }
    }

    /// Asks once, and forgets what has run out.
    pub(crate) async fn ask(&self) {
        let heard_until = *self.heard_until.read().unwrap_or_else(PoisonError::into_inner);
        let request = ListRevokedGrantsRequest {
            since_time: heard_until.map(|until| timestamp(until - OVERLAP)),
        };
        let peer = self.identity.own().by(Instant::now() + ASK_LIMIT);
        let grants = match FactorServiceClient::new(peer).list_revoked_grants(request).await {
            Ok(answer) => answer.into_inner().grants,
            Err(status) => {
                tracing::debug!(code = ?status.code(), "revoked grants were not to be had");
                return;
            }
        };
        let now = self.clock.now();
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, end| *end > now);
        let mut last = heard_until;
        for grant in grants {
            let time = |at: Option<prost_types::Timestamp>| at.as_ref().and_then(from_timestamp);
            last = last.max(time(grant.revoke_time));
            known.insert(grant.grant_id, time(grant.expire_time).unwrap_or(now));
        }
        *self.heard_until.write().unwrap_or_else(PoisonError::into_inner) = last;
    }
}
