//! Calls other services.
//!
//! A [`Peer`] stands where a generated client wants a channel: `CaseServiceClient::new(peer.for_call(&call))`. It is also
//! a plain [`tower::Service`] over HTTP bodies, so that the gateway passes bytes through it without decoding them.
//!
//! What a call goes through, outermost first:
//!
//! 1. a span and a metric for the whole call, retries included: what our caller waits for;
//! 2. the deadline, the smallest of the method's, of what is left of the call at hand and of what the request says;
//!    outside of retries, so that they share it;
//! 3. the passports: the caller's with our own beside it, or our own alone;
//! 4. retries, where the method allows them, within a budget;
//! 5. the choice of an endpoint, again for every try: of two drawn by chance the less busy one, and none whose circuit
//!    breaker is open;
//! 6. trace context and `grpc-timeout` for that try, and the connection.
//!
//! Every failure is a [`Status`] with a reason. tower's `Balance` is not used: it needs a queue and a task before it, and
//! while all endpoints are down calls wait in that queue, where here they fail at once.

mod account;
mod breaker;
mod endpoint;
mod replay;
mod retry;
mod telemetry;

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Request, Response, header};
use support_proto::policy::{Policy, policy};
use tokio::time::{Instant, timeout_at};
use tonic::Status;
use tonic::body::Body;
use tower::Service;
use tracing::Instrument as _;

pub use account::Account;
pub use endpoint::EndpointError;

use crate::call::{Call, timeout};
use crate::error::{Answer, failed, into_status, read_status};
use crate::passport::{ACTOR_HEADER, PASSPORT_HEADER};
use endpoint::{Failure, Pool};
use replay::Replay;
use retry::Retries;
use telemetry::Telemetry;

/// Another service, over all its endpoints. Cheap to clone; clones share connections, breakers and the retry budget.
#[derive(Clone)]
pub struct Peer {
    shared: Arc<Shared>,
    on_behalf: OnBehalf,
    deadline: Option<Instant>,
    languages: Option<HeaderValue>,
    retries: bool,
}

struct Shared {
    name: String,
    account: Account,
    pool: Pool,
    retries: Retries,
    telemetry: Telemetry,
}

/// In whose name a call goes out.
#[derive(Clone)]
enum OnBehalf {
    /// Ours alone.
    Own,
    /// The caller's, with us as actor.
    Caller(Arc<str>),
    /// The bearer's, and nobody acts: the gateway passes a call on.
    Bearer(Arc<str>),
}

impl Peer {
    /// The service called `name` at `endpoints` (`http://host:port` or `https://...`). Connects when it is called, so
    /// that services may start in any order. Calls go out in the name of `account`.
    ///
    /// # Errors
    ///
    /// Where there is no endpoint or one is no such URL.
    pub fn connect(name: &str, endpoints: &[impl AsRef<str>], account: Account) -> Result<Self, EndpointError> {
        Ok(Self::over(name, Pool::connect(endpoints)?, account))
    }

    /// The service called `name`, answered within the process by `services`, one for each endpoint: for tests with a
    /// fake peer.
    #[must_use]
    pub fn in_process<S>(name: &str, services: impl IntoIterator<Item = S>, account: Account) -> Self
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
    {
        Self::over(name, Pool::of(services), account)
    }

    fn over(name: &str, pool: Pool, account: Account) -> Self {
        let shared = Shared {
            name: name.to_owned(),
            account,
            pool,
            retries: Retries::default(),
            telemetry: Telemetry::new(name),
        };
        Self {
            shared: Arc::new(shared),
            on_behalf: OnBehalf::Own,
            deadline: None,
            languages: None,
            retries: true,
        }
    }

    /// The peer's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// The peer for what has to be asked to answer `call`: with the passport of its caller, within its deadline. For
    /// background work, which has no caller, on our own account.
    #[must_use]
    pub fn for_call(&self, call: &Call) -> Self {
        let mut peer = self.clone();
        peer.on_behalf = call
            .passport()
            .map_or(OnBehalf::Own, |token| OnBehalf::Caller(Arc::clone(token)));
        peer.deadline = call.deadline();
        // Tags of letters, digits and hyphens were let in, so this never fails.
        peer.languages = HeaderValue::from_str(&call.languages().join(", "))
            .ok()
            .filter(|value| !value.is_empty());
        peer
    }

    /// The peer on our own account, without the deadline of any call.
    #[must_use]
    pub fn own(&self) -> Self {
        let mut peer = self.clone();
        peer.on_behalf = OnBehalf::Own;
        peer.deadline = None;
        peer.languages = None;
        peer
    }

    /// The peer for a call that is passed on with the passport `token` and nobody acting. The gateway signs it.
    #[must_use]
    pub fn bearing(&self, token: impl Into<Arc<str>>) -> Self {
        let mut peer = self.clone();
        peer.on_behalf = OnBehalf::Bearer(token.into());
        peer
    }

    /// The peer with a deadline, where it is sooner than the one it has.
    #[must_use]
    pub fn by(&self, deadline: Instant) -> Self {
        let mut peer = self.clone();
        peer.deadline = Some(peer.deadline.map_or(deadline, |sooner| sooner.min(deadline)));
        peer
    }

    /// The peer without retries, for whoever passes calls on: only one tier may retry, or tries multiply.
    #[must_use]
    pub fn without_retries(&self) -> Self {
        let mut peer = self.clone();
        peer.retries = false;
        peer
    }

    async fn dispatch(self, request: Request<Body>) -> Result<Response<Body>, Status> {
        let policy = policy(request.uri().path());
        let deadline = self.deadline(policy, request.headers());
        match deadline.wait {
            None => self.attempts(request, policy, deadline).await,
            Some(wait) => timeout_at(wait, self.attempts(request, policy, deadline))
                .await
                .unwrap_or_else(|_| Err(Answer::deadline_exceeded().to_status())),
        }
    }

    async fn attempts(
        &self,
        mut request: Request<Body>,
        policy: Option<&'static Policy>,
        deadline: Bounds,
    ) -> Result<Response<Body>, Status> {
        self.identify(request.headers_mut())?;
        let replay = self.retries && policy.is_some_and(retry::allowed);
        let (head, body) = request.into_parts();
        let mut body = if replay {
            Replay::of(body).await?
        } else {
            Replay::Once(Some(body))
        };
        self.shared.retries.started();
        let mut tried = 0;
        let mut avoid = None;
        loop {
            tried += 1;
            let mut request = Request::from_parts(head.clone(), body.next());
            stamp(&mut request, deadline);
            let (failure, delay) = match self.shared.pool.send(request, avoid).await {
                Ok((response, endpoint)) => {
                    if !failed(response.headers()) {
                        return Ok(response);
                    }
                    let Some(status) = read_status(response.headers()) else {
                        return Ok(response);
                    };
                    let Some(delay) = retry::delay(&status, tried) else {
                        return Ok(response);
                    };
                    avoid = Some(endpoint);
                    (Err(response), delay)
                }
                Err(failure) => {
                    if let Failure::Transport { endpoint, .. } = &failure {
                        avoid = Some(*endpoint);
                    }
                    let status = self.unavailable(&failure);
                    let Some(delay) = retry::delay(&status, tried) else {
                        return Err(status);
                    };
                    (Ok(status), delay)
                }
            };
            let in_time = deadline.wait.is_none_or(|end| Instant::now() + delay < end);
            if !(body.is_left() && in_time && self.shared.retries.granted()) {
                return match failure {
                    Ok(status) => Err(status),
                    Err(response) => Ok(response),
                };
            }
            self.shared.telemetry.retried(head.uri.path());
            tokio::time::sleep(delay).await;
        }
    }

    /// The passports, in place of whatever the request carries.
    fn identify(&self, headers: &mut HeaderMap) -> Result<(), Status> {
        headers.remove(PASSPORT_HEADER);
        headers.remove(ACTOR_HEADER);
        let own = || self.shared.account.token().map_err(into_status);
        let (passport, actor) = match &self.on_behalf {
            OnBehalf::Own => (own()?, None),
            OnBehalf::Caller(token) => (Arc::clone(token), Some(own()?)),
            OnBehalf::Bearer(token) => (Arc::clone(token), None),
        };
        headers.insert(PASSPORT_HEADER, secret(&passport)?);
        if let Some(actor) = actor {
            headers.insert(ACTOR_HEADER, secret(&actor)?);
        }
        if let Some(languages) = &self.languages {
            headers
                .entry(header::ACCEPT_LANGUAGE)
                .or_insert_with(|| languages.clone());
        }
        Ok(())
    }

    fn deadline(&self, policy: Option<&'static Policy>, headers: &HeaderMap) -> Bounds {
        let now = Instant::now();
        let asked = timeout::read(headers).and_then(|wait| now.checked_add(wait));
        let callers = self.deadline.into_iter().chain(asked).min();
        let methods = policy.and_then(|policy| now.checked_add(policy.deadline));
        let wait = callers.into_iter().chain(methods).min();
        // The server ends a stream at the method's deadline with a status that asks us to come back; told of that
        // deadline as ours, it would answer DEADLINE_EXCEEDED instead.
        let tell = if policy.is_some_and(|policy| policy.server_streaming) {
            callers
        } else {
            wait
        };
        Bounds { wait, tell }
    }

    fn unavailable(&self, failure: &Failure) -> Status {
        let answer = Answer::dependency_unavailable(self.shared.name.as_str());
        match failure {
            Failure::Deadline => Answer::deadline_exceeded(),
            Failure::AllOpen { retry_after } => answer.retry_after((*retry_after).max(Duration::from_millis(1))),
            Failure::Transport { error, .. } => {
                tracing::debug!(peer.service = self.shared.name, error, "a peer was not reached");
                answer
            }
        }
        .to_status()
    }
}

/// How long an answer is waited for, and which deadline the peer is told.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    wait: Option<Instant>,
    tell: Option<Instant>,
}

/// What differs from try to try.
fn stamp(request: &mut Request<Body>, deadline: Bounds) {
    telemetry::inject_context(request.headers_mut());
    match deadline.tell {
        Some(end) => {
            let left = end.saturating_duration_since(Instant::now());
            request
                .headers_mut()
                .insert(timeout::GRPC_TIMEOUT, timeout::write(left));
        }
        None => {
            request.headers_mut().remove(timeout::GRPC_TIMEOUT);
        }
    }
}

/// A header value that no debug print shows.
fn secret(token: &str) -> Result<HeaderValue, Status> {
    let mut value = HeaderValue::from_str(token).map_err(|_| {
        tracing::error!("a passport is not fit for a header");
        crate::error::internal_status()
    })?;
    value.set_sensitive(true);
    Ok(value)
}

impl Service<Request<Body>> for Peer {
    type Response = Response<Body>;
    type Error = Status;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Status>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        // Whether an endpoint is ready is asked when one is chosen, for every try anew.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let peer = self.clone();
        Box::pin(async move {
            let shared = Arc::clone(&peer.shared);
            let span = shared.telemetry.open(request.uri().path());
            shared
                .telemetry
                .measure(
                    request.uri().path().to_owned(),
                    span.clone(),
                    peer.dispatch(request).instrument(span),
                )
                .await
        })
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Peer")
            .field("name", &self.shared.name)
            .finish_non_exhaustive()
    }
}
