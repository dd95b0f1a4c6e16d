//! The endpoints of a peer, and the choice among them.

use std::convert::Infallible;
use std::error::Error;
use std::time::Duration;

use http::{Request, Response};
use support_proto::support::types::v1::CommonErrorReason;
use tokio::time::Instant;
use tonic::body::Body;
use tonic::transport::{ClientTlsConfig, Endpoint};
use tonic::{Code, TimeoutExpired};
use tower::util::BoxCloneSyncService;
use tower::{BoxError, Service, ServiceExt as _};

use super::breaker::{Breaker, Readiness, Ticket};
use crate::error::{chain, explain, failed, read_status};

/// How long a connection may take to come about: within a region it takes a millisecond or does not come.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(30);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(10);
const STREAM_WINDOW: u32 = 1024 * 1024;
const CONNECTION_WINDOW: u32 = 4 * 1024 * 1024;

type Connection = BoxCloneSyncService<Request<Body>, Response<Body>, BoxError>;

/// An endpoint in the settings that cannot be called.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// There is none.
    #[error("a peer needs at least one endpoint")]
    None,
    /// It is no URL of the form `http://host:port`.
    #[error("endpoint {endpoint} cannot be used")]
    Unusable {
        /// The endpoint as given.
        endpoint: String,
        /// What is wrong with it.
        #[source]
        source: tonic::transport::Error,
    },
}

/// Why a try gave no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// The circuits of all endpoints are open.
    AllOpen {
        /// When the first of them may be tried.
        retry_after: Duration,
    },
    /// The connection failed, before or during the call.
    Transport {
        /// Whose.
        endpoint: usize,
        /// The chain, for the log.
        error: String,
    },
    /// tonic's timer for our own `grpc-timeout` was faster than ours.
    Deadline,
}

/// All endpoints of a peer.
pub(super) struct Pool(Vec<One>);

struct One {
    connection: Connection,
    breaker: Breaker,
}

impl Pool {
    pub(super) fn connect(endpoints: &[impl AsRef<str>]) -> Result<Self, EndpointError> {
        if endpoints.is_empty() {
            return Err(EndpointError::None);
        }
        endpoints
            .iter()
            .map(|url| connect(url.as_ref()).map(One::new))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    pub(super) fn of<S>(services: impl IntoIterator<Item = S>) -> Self
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
    {
        let erase = |service: S| BoxCloneSyncService::new(service.map_err(|never: Infallible| match never {}));
        Self(services.into_iter().map(erase).map(One::new).collect())
    }

    /// Sends a request to the endpoint that seems best, `avoid` only where it is the last. Gives the answer, whatever
    /// its status, and which endpoint it came from.
    pub(super) async fn send(
        &self,
        request: Request<Body>,
        avoid: Option<usize>,
    ) -> Result<(Response<Body>, usize), Failure> {
        let (endpoint, ticket) = self.choose(avoid, Instant::now())?;
        // A clone of a channel is a handle to the one connection, made ready by `oneshot`.
        match self.0[endpoint].connection.clone().oneshot(request).await {
            Ok(response) => {
                if speaks_against_endpoint(&response) {
                    ticket.failed(Instant::now());
                } else {
                    ticket.succeeded();
                }
                Ok((response, endpoint))
            }
            Err(error) if is_timeout(error.as_ref()) => Err(Failure::Deadline),
            Err(error) => {
                ticket.failed(Instant::now());
                Err(Failure::Transport {
                    endpoint,
                    error: chain(error.as_ref()),
                })
            }
        }
    }

    /// Power of two choices (Mitzenmacher 1996): two endpoints by chance, of them the one with fewer calls in flight.
    /// Nearly as even as asking all, and it does not send everybody to the same one at once.
    fn choose(&self, avoid: Option<usize>, now: Instant) -> Result<(usize, Ticket), Failure> {
        let mut retry_after = Duration::MAX;
        let mut ready: Vec<(usize, usize)> = Vec::with_capacity(self.0.len());
        for (index, one) in self.0.iter().enumerate() {
            match one.breaker.readiness(now) {
                Readiness::Ready { in_flight } => ready.push((index, in_flight)),
                Readiness::Open { wait } => retry_after = retry_after.min(wait),
            }
        }
        if ready.len() > 1 {
            ready.retain(|(index, _)| Some(*index) != avoid);
        }
        while !ready.is_empty() {
            let first = rand::random_range(0..ready.len());
            // Another one, where there is another: drawing the same twice would choose it unseen.
            let second = (first + rand::random_range(1..ready.len().max(2))) % ready.len();
            let best = if ready[second].1 < ready[first].1 {
                second
            } else {
                first
            };
            let (index, _) = ready.swap_remove(best);
            // Another call may have taken the probe since.
            if let Some(ticket) = self.0[index].breaker.begin(now) {
                return Ok((index, ticket));
            }
        }
        let retry_after = if retry_after == Duration::MAX {
            Duration::ZERO
        } else {
            retry_after
        };
        Err(Failure::AllOpen { retry_after })
    }
}

impl One {
    fn new(connection: Connection) -> Self {
        Self {
            connection,
            breaker: Breaker::default(),
        }
    }
}

fn connect(url: &str) -> Result<Connection, EndpointError> {
    let unusable = |source| EndpointError::Unusable {
        endpoint: url.to_owned(),
        source,
    };
    let mut endpoint = Endpoint::from_shared(url.to_owned())
        .map_err(unusable)?
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(KEEP_ALIVE_INTERVAL)
        .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
        .keep_alive_while_idle(true)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW);
    if endpoint.uri().scheme_str() == Some("https") {
        endpoint = endpoint
            .tls_config(ClientTlsConfig::new().with_native_roots())
            .map_err(unusable)?;
    }
    Ok(BoxCloneSyncService::new(
        endpoint.connect_lazy().map_err(BoxError::from),
    ))
}

/// Whether the answer says that the endpoint itself is unwell: it is stopping or cannot serve. That something behind it
/// is down says nothing of it, and every other endpoint would say the same.
fn speaks_against_endpoint(response: &Response<Body>) -> bool {
    if !failed(response.headers()) {
        return false;
    }
    let Some(status) = read_status(response.headers()) else {
        return false;
    };
    status.code() == Code::Unavailable && explain(&status).common() != Some(CommonErrorReason::DependencyUnavailable)
}

fn is_timeout(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<TimeoutExpired>() {
            return true;
        }
        next = error.source();
    }
    false
}
