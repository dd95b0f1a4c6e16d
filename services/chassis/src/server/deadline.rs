//! How long a call may take: the smaller of what the caller is willing to wait and what the method allows.

use std::time::Duration;

use http::{Request, Response};
use support_proto::policy::policy;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tonic::body::Body;

use super::around::{Around, Door, answer};
use super::ending::Ending;
use super::{is_reflection, is_stream};
use crate::call::timeout;
use crate::error::Answer;

/// How long a reflection stream lasts: whoever can connect may open one.
const DESCRIBING: Duration = Duration::from_mins(1);

/// When the call at hand must be answered, in the request's extensions.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(pub Instant);

/// Ends calls at their deadline with `DEADLINE_EXCEEDED`, by dropping their handler. A stream that has begun ends at the
/// caller's deadline with `DEADLINE_EXCEEDED`, at the method's with UNAVAILABLE and `SHUTTING_DOWN`, and so it does when the
/// server stops: both ask the client to come back where it was.
#[derive(Debug, Clone)]
pub struct Deadlines {
    draining: CancellationToken,
}

impl Deadlines {
    /// Ends streams when `draining` is cancelled.
    #[must_use]
    pub fn new(draining: CancellationToken) -> Self {
        Self { draining }
    }
}

impl Around for Deadlines {
    async fn around<S: Door>(self, mut request: Request<Body>, inner: S) -> Response<Body> {
        let now = Instant::now();
        let path = request.uri().path();
        // An instant too far away to be told is none.
        let callers = timeout::read(request.headers()).and_then(|wait| now.checked_add(wait));
        let methods = policy(path)
            .map(|policy| policy.deadline)
            .or_else(|| is_reflection(path).then_some(DESCRIBING))
            .and_then(|longest| now.checked_add(longest));
        let stream = is_stream(path);
        let earliest = callers.into_iter().chain(methods).min();
        let response = match earliest {
            None => answer(inner, request).await,
            Some(deadline) => {
                request.extensions_mut().insert(Deadline(deadline));
                match timeout_at(deadline, answer(inner, request)).await {
                    Ok(response) => response,
                    Err(_) => return Answer::deadline_exceeded().to_status().into_http(),
                }
            }
        };
        if stream {
            response.map(|inner| Ending::around(inner, callers, methods, self.draining))
        } else {
            response
        }
    }
}
