//! Turns a panic of a handler, or of the stream it gave, into INTERNAL. Without it a panic takes the connection with it,
//! and with the connection every other call on it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{HeaderMap, Request, Response};
use http_body::{Frame, SizeHint};
use tonic::Status;
use tonic::body::Body;

use super::around::{Around, Door, answer};
use crate::error::{internal_status, write_status};

/// Catches panics. Handlers are safe to drop at any await, and a panic leaves no more behind than that.
#[derive(Debug, Clone, Copy)]
pub struct CatchPanic;

impl Around for CatchPanic {
    async fn around<S: Door>(self, request: Request<Body>, inner: S) -> Response<Body> {
        let method = request.uri().path().to_owned();
        match AssertUnwindSafe(answer(inner, request)).catch_unwind().await {
            Ok(response) => response.map(|inner| {
                Body::new(PanicBody {
                    inner: Some(inner),
                    method,
                })
            }),
            Err(panic) => panicked(&method, panic).into_http(),
        }
    }
}

/// Logs that something panicked. The panic's words stay out: an `unwrap` prints the value it met. The panic hook has
/// said where it happened.
fn panicked(method: &str, panic: Box<dyn Any + Send>) -> Status {
    tracing::error!(rpc.method = method, "a handler panicked");
    // A payload could panic when dropped; it is small and this is rare.
    std::mem::forget(panic);
    internal_status()
}

struct PanicBody {
    inner: Option<Body>,
    method: String,
}

impl http_body::Body for PanicBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Some(inner) = &mut self.inner else {
            return Poll::Ready(None);
        };
        match catch_unwind(AssertUnwindSafe(|| Pin::new(inner).poll_frame(context))) {
            Ok(polled) => polled,
            Err(panic) => {
                // Not polled again: what panicked is in no state that means anything.
                self.inner = None;
                let mut trailers = HeaderMap::new();
                write_status(&panicked(&self.method, panic), &mut trailers);
                Poll::Ready(Some(Ok(Frame::trailers(trailers))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(http_body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.as_ref().map(http_body::Body::size_hint).unwrap_or_default()
    }
}
