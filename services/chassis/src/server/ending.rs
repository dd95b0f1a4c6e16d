//! Ends a stream that would go on for ever.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body as _, Frame, SizeHint};
use support_proto::support::types::v1::CommonErrorReason;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::{Code, Status};

use crate::error::{Answer, write_status};

/// A stream with an end. What is ready is still sent: the end comes in a pause of the stream.
pub(super) struct Ending {
    inner: Option<Body>,
    end: Pin<Box<dyn Future<Output = Status> + Send>>,
}

impl Ending {
    pub(super) fn around(
        inner: Body,
        callers: Option<Instant>,
        methods: Option<Instant>,
        draining: CancellationToken,
    ) -> Body {
        if inner.is_end_stream() {
            return inner;
        }
        let end = Box::pin(async move {
            tokio::select! {
                () = at(callers) => Answer::deadline_exceeded().to_status(),
                () = at(methods) => come_back(),
                () = draining.cancelled() => come_back(),
            }
        });
        Body::new(Self {
            inner: Some(inner),
            end,
        })
    }
}

async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => std::future::pending().await,
    }
}

fn come_back() -> Status {
    Answer::common(
        Code::Unavailable,
        CommonErrorReason::ShuttingDown,
        "the stream ends here; come back with the position you reached",
    )
    .to_status()
}

impl http_body::Body for Ending {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Some(inner) = &mut self.inner else {
            return Poll::Ready(None);
        };
        if let ready @ Poll::Ready(_) = Pin::new(inner).poll_frame(context) {
            return ready;
        }
        let Poll::Ready(status) = self.end.as_mut().poll(context) else {
            return Poll::Pending;
        };
        // Dropping it tells the handler's side of the stream.
        self.inner = None;
        let mut trailers = HeaderMap::new();
        write_status(&status, &mut trailers);
        Poll::Ready(Some(Ok(Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(http_body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}
