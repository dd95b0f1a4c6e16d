//! How the whole system is: every service is asked in the background, and the answer is kept at hand.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use http::{Response, StatusCode};
use serde_json::json;
use support_chassis::client::Peer;
use tokio::time::Instant;
use tonic::body::Body;
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus as Answered;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::server::HealthReporter;

use crate::json::respond;

/// How long a service may take to say how it is.
const ASK_LIMIT: Duration = Duration::from_secs(2);

/// The health of the system: of every service by its name, and of the whole, which serves when all do.
#[derive(Clone)]
pub(crate) struct Health {
    reporter: HealthReporter,
    services: Arc<RwLock<BTreeMap<&'static str, bool>>>,
}

impl Health {
    /// Of these services, none of which is known to serve before it was asked: neither is the whole.
    pub(crate) async fn new(services: impl Iterator<Item = &'static str>) -> Self {
        let health = Self {
            reporter: HealthReporter::new(),
            services: Arc::default(),
        };
        for name in services.chain([""]) {
            health.report(name, false).await;
        }
        health
    }

    pub(crate) fn reporter(&self) -> HealthReporter {
        self.reporter.clone()
    }

    /// Asks every service once, all at the same time.
    pub(crate) async fn ask(&self, peers: &[(&'static str, Peer)]) {
        let asked = peers
            .iter()
            .map(|(name, peer)| async move { (*name, serves(peer).await) });
        let found: BTreeMap<&'static str, bool> = futures_util::future::join_all(asked).await.into_iter().collect();
        for (name, serves) in &found {
            let before = self
                .services
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .get(name)
                .copied();
            if before != Some(*serves) {
                tracing::info!(service = name, serves, "a service's health changed");
            }
            self.report(name, *serves).await;
        }
        self.report("", found.values().all(|serves| *serves)).await;
        *self.services.write().unwrap_or_else(PoisonError::into_inner) = found;
    }

    /// Whether every service serves.
    pub(crate) fn complete(&self) -> bool {
        let services = self.services.read().unwrap_or_else(PoisonError::into_inner);
        !services.is_empty() && services.values().all(|serves| *serves)
    }

    /// Says that nothing is served here any more: the gateway stops.
    pub(crate) async fn stop(&self) {
        let services = std::mem::take(&mut *self.services.write().unwrap_or_else(PoisonError::into_inner));
        for name in services.into_keys().chain([""]) {
            self.report(name, false).await;
        }
    }

    async fn report(&self, name: &str, serves: bool) {
        let status = if serves {
            ServingStatus::Serving
        } else {
            ServingStatus::NotServing
        };
        self.reporter.set_service_status(name, status).await;
    }

    /// `GET /readyz`: 200 when every service serves, else 503, with each by name.
    pub(crate) fn ready(&self) -> Response<Body> {
        let ready = self.complete();
        let services = self.services.read().unwrap_or_else(PoisonError::into_inner).clone();
        let status = if ready {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        };
        respond(
            status,
            "application/json",
            &json!({ "ready": ready, "services": services }),
        )
    }
}

async fn serves(peer: &Peer) -> bool {
    let peer = peer.own().without_retries().by(Instant::now() + ASK_LIMIT);
    HealthClient::new(peer)
        .check(HealthCheckRequest { service: String::new() })
        .await
        .is_ok_and(|answer| answer.into_inner().status() == Answered::Serving)
}
