//! The body of a request that may have to be sent again.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body::Frame;
use http_body_util::{BodyExt as _, Full};
use tonic::Status;
use tonic::body::Body;

/// The most that is kept for a retry, in bytes.
const LIMIT: usize = 64 * 1024;

/// A request body, kept whole where it is small.
pub(super) enum Replay {
    /// Can be sent as often as need be.
    Kept(Bytes),
    /// Can be sent once.
    Once(Option<Body>),
}

impl Replay {
    /// Reads the body up to the limit.
    pub(super) async fn of(mut body: Body) -> Result<Self, Status> {
        let mut read = VecDeque::new();
        let mut length = 0;
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame?.into_data() else { continue };
            length += data.len();
            read.push_back(data);
            if length > LIMIT {
                return Ok(Self::Once(Some(Body::new(Resumed { read, rest: body }))));
            }
        }
        if read.len() == 1 {
            return Ok(Self::Kept(read.pop_front().unwrap_or_default()));
        }
        let mut whole = BytesMut::with_capacity(length);
        for data in &read {
            whole.extend_from_slice(data);
        }
        Ok(Self::Kept(whole.freeze()))
    }

    /// The body for the next try; empty where it has been used up, which [`is_left`](Self::is_left) tells before.
    pub(super) fn next(&mut self) -> Body {
        match self {
            Self::Kept(bytes) => Body::new(Full::new(bytes.clone())),
            Self::Once(body) => body.take().unwrap_or_default(),
        }
    }

    /// Whether there is a body for another try.
    pub(super) fn is_left(&self) -> bool {
        matches!(self, Self::Kept(_) | Self::Once(Some(_)))
    }
}

/// What was read of a body that turned out too long, and the rest of it.
struct Resumed {
    read: VecDeque<Bytes>,
    rest: Body,
}

impl http_body::Body for Resumed {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        match self.read.pop_front() {
            Some(data) => Poll::Ready(Some(Ok(Frame::data(data)))),
            None => Pin::new(&mut self.rest).poll_frame(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn collect(body: Body) -> Bytes {
        body.collect().await.unwrap().to_bytes()
    }

    #[tokio::test]
    async fn keeps_a_small_body_and_passes_a_large_one_on_whole() {
        let mut small = Replay::of(Body::new(Full::new(Bytes::from_static(b"words"))))
            .await
            .unwrap();
        for _ in 0..3 {
            assert!(small.is_left());
            assert_eq!(collect(small.next()).await, "words");
        }
        let long = Bytes::from(vec![7; LIMIT + 1]);
        let mut large = Replay::of(Body::new(Full::new(long.clone()))).await.unwrap();
        assert_eq!(collect(large.next()).await, long);
        assert!(!large.is_left());
    }
}
