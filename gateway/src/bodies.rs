//! Reads the bodies of callers who speak no gRPC. They are read before anybody knows who calls, so what all of them
//! together may hold is bounded: else a few thousand strangers who send slowly would take all the memory there is. What
//! is held of gRPC calls takes of the same room.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf as _, Bytes, BytesMut};
use http_body_util::BodyExt as _;
use support_chassis::error::Answer;
use support_proto::support::types::v1::CommonErrorReason;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tonic::body::Body;
use tonic::{Code, Status};

use crate::json::bad_request;

/// How long a caller may take to send its body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// The most that all bodies together may hold while they are read, in bytes.
const TOGETHER: usize = 256 * 1024 * 1024;
/// When a caller may come back for whom there was no room.
const RETRY_AFTER: Duration = Duration::from_millis(250);

/// The room for bodies. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Bodies(Arc<Semaphore>);

/// A body, and the room it takes while it is kept.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) bytes: Bytes,
    _room: Option<OwnedSemaphorePermit>,
}

impl Bodies {
    pub(crate) fn new() -> Self {
        Self::of(TOGETHER)
    }

    /// Room for `bytes`.
    pub(crate) fn of(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes)))
    }

    /// Room for that many bytes more, until it is dropped. `RESOURCE_EXHAUSTED` where there is none.
    pub(crate) fn room(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Status> {
        u32::try_from(bytes)
            .ok()
            .and_then(|bytes| Arc::clone(&self.0).try_acquire_many_owned(bytes).ok())
            .ok_or_else(no_room)
    }

    /// The whole body of a caller, within the limit and in time.
    pub(crate) async fn collect(&self, body: Body, limit: usize) -> Result<Kept, Status> {
        // Where the length is announced nothing is read, and a caller that asks first (`expect: 100-continue`) sends
        // nothing.
        let announced = http_body::Body::size_hint(&body).lower();
        if usize::try_from(announced).map_or(true, |announced| announced > limit) {
            return Err(too_large(limit));
        }
        timeout(BODY_TIMEOUT, self.read(body, limit))
            .await
            .map_err(|_| bad_request("the body did not arrive in time"))?
    }

    async fn read(&self, mut body: Body, limit: usize) -> Result<Kept, Status> {
        let mut bytes = BytesMut::new();
        let mut room: Option<OwnedSemaphorePermit> = None;
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|_| bad_request("the body broke off"))?.into_data() else {
                continue;
            };
            if data.remaining() > limit - bytes.len() {
                return Err(too_large(limit));
            }
            // For what has come and not for what was announced: to announce costs a stranger nothing.
            let more = self.room(data.remaining())?;
            match &mut room {
                Some(room) => room.merge(more),
                None => room = Some(more),
            }
            bytes.extend_from_slice(&data);
        }
        Ok(Kept {
            bytes: bytes.freeze(),
            _room: room,
        })
    }
}

fn too_large(limit: usize) -> Status {
    Answer::common(
        Code::ResourceExhausted,
        CommonErrorReason::MessageTooLarge,
        "the body is larger than the door takes",
    )
    .with("limit_bytes", limit.to_string())
    .to_status()
}

fn no_room() -> Status {
    Answer::common(
        Code::ResourceExhausted,
        CommonErrorReason::Overloaded,
        "more bodies than the door takes at once",
    )
    .retry_after(RETRY_AFTER)
    .to_status()
}

#[cfg(test)]
mod tests {
    use futures_util::{StreamExt as _, stream};
    use http_body::Frame;
    use http_body_util::StreamBody;
    use support_chassis::error::explain;

    use super::*;

    /// A body of these parts, which then ends or never does.
    fn body(parts: &[&'static str], ends: bool) -> Body {
        let parts: Vec<_> = parts
            .iter()
            .map(|part| Ok::<_, Status>(Frame::data(Bytes::from_static(part.as_bytes()))))
            .collect();
        let parts = stream::iter(parts);
        if ends {
            Body::new(StreamBody::new(parts))
        } else {
            Body::new(StreamBody::new(parts.chain(stream::pending())))
        }
    }

    fn refused(answer: Result<Kept, Status>) -> Option<CommonErrorReason> {
        explain(&answer.unwrap_err()).common()
    }

    #[tokio::test]
    async fn all_bodies_together_hold_no_more_than_there_is_room_for() {
        let bodies = Bodies::of(10);
        let kept = bodies.collect(body(&["abc", "def"], true), 8).await.unwrap();
        assert_eq!(kept.bytes, "abcdef");
        let (slow, others) = (bodies.clone(), bodies.clone());
        let mut slow = Box::pin(slow.collect(body(&["abc"], false), 8));
        assert!(futures_util::poll!(&mut slow).is_pending(), "the rest has not come");
        assert_eq!(
            refused(others.collect(body(&["a", "b"], true), 8).await),
            Some(CommonErrorReason::Overloaded)
        );
        // What was refused, used or given up gives its room back.
        drop(kept);
        drop(slow);
        assert_eq!(bodies.0.available_permits(), 10);
    }

    #[tokio::test]
    async fn one_body_is_bounded_by_its_own_limit() {
        let bodies = Bodies::new();
        assert_eq!(
            bodies.collect(body(&["abcd", "efgh"], true), 8).await.unwrap().bytes,
            "abcdefgh"
        );
        assert_eq!(
            refused(bodies.collect(body(&["abcd", "efghi"], true), 8).await),
            Some(CommonErrorReason::MessageTooLarge)
        );
    }
}
