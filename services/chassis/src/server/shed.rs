//! Refuses what is more than the server takes, at once: a queue would only make everybody late.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Frame, SizeHint};
use opentelemetry::metrics::Counter;
use opentelemetry::{KeyValue, global};
use support_proto::support::types::v1::CommonErrorReason;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::body::Body;
use tonic::{Code, Status};

use super::around::{Around, Door, answer};
use super::labels::method_label;
use super::{is_health, is_reflection, is_stream};
use crate::error::Answer;

/// When a caller that was refused may come back. Long enough for the calls in flight to be done, short for a person.
const RETRY_AFTER: Duration = Duration::from_millis(250);

/// The most reflection streams at once. Whoever can connect may open them, so they must not take the places of others.
const DESCRIPTIONS: usize = 64;

/// How much the server takes on at once.
#[derive(Debug, Clone, Copy)]
pub struct ShedLimits {
    /// Calls that are at work. One that has its answer is not: whoever is slow to read it, or never does, keeps nobody
    /// else out.
    pub calls: usize,
    /// Streams that are open. They mostly wait, so there may be many; counted with the calls, a handful of subscribers
    /// would starve everyone else.
    pub streams: usize,
}

impl Default for ShedLimits {
    fn default() -> Self {
        Self {
            calls: 1024,
            streams: 10_000,
        }
    }
}

/// Takes as many calls and streams as its limits say. A health check is never refused: it would kill a healthy server
/// for being busy.
#[derive(Debug, Clone)]
pub struct Shed {
    calls: Arc<Semaphore>,
    streams: Arc<Semaphore>,
    descriptions: Arc<Semaphore>,
    refused: Counter<u64>,
}

impl Shed {
    /// Takes this much.
    #[must_use]
    pub fn new(limits: ShedLimits) -> Self {
        Self {
            calls: Arc::new(Semaphore::new(limits.calls.min(Semaphore::MAX_PERMITS))),
            streams: Arc::new(Semaphore::new(limits.streams.min(Semaphore::MAX_PERMITS))),
            descriptions: Arc::new(Semaphore::new(DESCRIPTIONS)),
            refused: global::meter("support-chassis")
                .u64_counter("support.server.shed")
                .with_description("Calls refused because the server was at its limit")
                .build(),
        }
    }

    fn refuse(&self, path: &str) -> Response<Body> {
        self.refused
            .add(1, &[KeyValue::new("rpc.method", method_label(path).to_owned())]);
        Answer::common(
            Code::ResourceExhausted,
            CommonErrorReason::Overloaded,
            "more calls than the server takes at once",
        )
        .retry_after(RETRY_AFTER)
        .to_status()
        .into_http()
    }
}

impl Around for Shed {
    async fn around<S: Door>(self, request: Request<Body>, inner: S) -> Response<Body> {
        let path = request.uri().path();
        if is_health(path) {
            return answer(inner, request).await;
        }
        let stream = is_stream(path);
        let permits = match (is_reflection(path), stream) {
            (true, _) => &self.descriptions,
            (false, true) => &self.streams,
            (false, false) => &self.calls,
        };
        let Ok(permit) = Arc::clone(permits).try_acquire_owned() else {
            return self.refuse(path);
        };
        let response = answer(inner, request).await;
        if stream {
            response.map(|inner| Body::new(Held { inner, _permit: permit }))
        } else {
            response
        }
    }
}

/// A stream that holds its permit until it has been sent.
struct Held {
    inner: Body,
    _permit: OwnedSemaphorePermit,
}

impl http_body::Body for Held {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Pin::new(&mut self.inner).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
