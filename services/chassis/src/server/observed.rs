//! A body that tells how the call ended.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Response;
use http_body::{Frame, SizeHint};
use tonic::body::Body;
use tonic::{Code, Status};
use tracing::Span;

type Ended = Box<dyn FnOnce(Code) + Send>;

/// Watches an answer to its end: the status may stand in the headers, in the trailers, or never come because the
/// caller went away (CANCELLED).
pub struct Observed {
    inner: Body,
    span: Span,
    ended: Option<Ended>,
}

impl Observed {
    /// Calls `ended` once with the code of the call. The body is polled within `span`.
    #[must_use]
    pub fn watch(response: Response<Body>, span: Span, ended: impl FnOnce(Code) + Send + 'static) -> Response<Body> {
        if let Some(code) = response.headers().get("grpc-status") {
            ended(Code::from_bytes(code.as_bytes()));
            return response;
        }
        response.map(|inner| {
            Body::new(Self {
                inner,
                span,
                ended: Some(Box::new(ended)),
            })
        })
    }

    fn end(&mut self, code: Code) {
        if let Some(ended) = self.ended.take() {
            let _entered = self.span.enter();
            ended(code);
        }
    }
}

impl http_body::Body for Observed {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let polled = {
            let this = &mut *self;
            let _entered = this.span.enter();
            Pin::new(&mut this.inner).poll_frame(context)
        };
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(trailers) = frame.trailers_ref() {
                    let code = trailers
                        .get("grpc-status")
                        .map_or(Code::Unknown, |code| Code::from_bytes(code.as_bytes()));
                    self.end(code);
                }
            }
            Poll::Ready(Some(Err(status))) => self.end(status.code()),
            // Without trailers there is no status, which a caller reads as UNKNOWN.
            Poll::Ready(None) => self.end(Code::Unknown),
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        self.end(Code::Cancelled);
    }
}
