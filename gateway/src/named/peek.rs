//! Reads one field of a call's first message, and hands the body on as if nobody had.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf as _, Bytes, BytesMut};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt as _;
use support_chassis::error::Answer;
use support_proto::support::types::v1::CommonErrorReason;
use tokio::sync::OwnedSemaphorePermit;
use tonic::body::Body;
use tonic::{Code, Status};

use super::NamingField;
use super::scan::{Found, Malformed, Scan};
use crate::bodies::Bodies;

/// The bytes before a message in a gRPC body: a flag and the length.
const PREFIX: usize = 5;
/// The largest message that is looked into, in bytes: what services take.
const MESSAGE_LIMIT: usize = 4 * 1024 * 1024;

/// The text of the field in the first message, and the body with all its bytes. Reads no further than to the end of the
/// field, which for every common encoder is the first frame.
///
/// The services take messages as they are, so one that says it is compressed is answered as they would.
pub(crate) async fn peek(mut body: Body, field: &NamingField, bodies: &Bodies) -> Result<(String, Body), Status> {
    let mut seen = Seen::default();
    let mut scan = None;
    loop {
        if scan.is_none() {
            scan = seen.prefix()?.map(|length| Scan::new(field.number, length));
        }
        if let Some(scan) = &mut scan {
            let message = &seen.bytes()[PREFIX..];
            match scan.go_on(message).map_err(|Malformed| malformed())? {
                Found::More => {}
                Found::Absent => return Ok((String::new(), seen.before(body))),
                Found::At(place) => {
                    let text = std::str::from_utf8(&message[place])
                        .map_err(|_| malformed())?
                        .to_owned();
                    return Ok((text, seen.before(body)));
                }
            }
        }
        let frame = body.frame().await.ok_or_else(malformed)?.map_err(|_| malformed())?;
        if let Ok(data) = frame.into_data() {
            seen.add(data, bodies)?;
        }
    }
}

/// What was read of a body, in one piece.
#[derive(Default)]
struct Seen {
    first: Bytes,
    /// All of it once there was more than one frame.
    joined: BytesMut,
    room: Option<OwnedSemaphorePermit>,
}

impl Seen {
    fn bytes(&self) -> &[u8] {
        if self.joined.is_empty() {
            &self.first
        } else {
            &self.joined
        }
    }

    fn add(&mut self, data: Bytes, bodies: &Bodies) -> Result<(), Status> {
        if self.bytes().is_empty() {
            self.first = data;
            return Ok(());
        }
        // The first frame is held by the connection anyway; whoever makes us hold more takes of the room for bodies.
        let more = bodies.room(data.remaining())?;
        match &mut self.room {
            Some(room) => room.merge(more),
            None => self.room = Some(more),
        }
        if self.joined.is_empty() {
            self.joined.extend_from_slice(&self.first);
        }
        self.joined.extend_from_slice(&data);
        Ok(())
    }

    /// The length of the first message, once its prefix is there.
    fn prefix(&self) -> Result<Option<usize>, Status> {
        let mut bytes = self.bytes();
        if bytes.len() < PREFIX {
            return Ok(None);
        }
        match bytes.get_u8() {
            0 => {}
            1 => return Err(compressed()),
            _ => return Err(malformed()),
        }
        match usize::try_from(bytes.get_u32()) {
            Ok(length) if length <= MESSAGE_LIMIT => Ok(Some(length)),
            _ => Err(too_large()),
        }
    }

    fn before(self, rest: Body) -> Body {
        let bytes = if self.joined.is_empty() {
            self.first
        } else {
            self.joined.freeze()
        };
        Body::new(Rejoined {
            ahead: Some((bytes, self.room)),
            rest,
        })
    }
}

/// A body of which the beginning was read.
struct Rejoined {
    /// With the room it takes until it goes on.
    ahead: Option<(Bytes, Option<OwnedSemaphorePermit>)>,
    rest: Body,
}

impl http_body::Body for Rejoined {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        match self.ahead.take() {
            Some((bytes, _)) if !bytes.is_empty() => Poll::Ready(Some(Ok(Frame::data(bytes)))),
            _ => Pin::new(&mut self.rest).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ahead.is_none() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let ahead = self.ahead.as_ref().map_or(0, |(bytes, _)| bytes.len());
        let (ahead, rest) = (u64::try_from(ahead).unwrap_or(u64::MAX), self.rest.size_hint());
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(ahead));
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper.saturating_add(ahead));
        }
        hint
    }
}

fn malformed() -> Status {
    Answer::common(
        Code::InvalidArgument,
        CommonErrorReason::MalformedMessage,
        "the bytes are not a whole message of the request's type",
    )
    .to_status()
}

fn compressed() -> Status {
    Answer::common(
        Code::Unimplemented,
        CommonErrorReason::BadHttpRequest,
        "the request's compression is not supported",
    )
    .to_status()
}

fn too_large() -> Status {
    Answer::common(
        Code::ResourceExhausted,
        CommonErrorReason::MessageTooLarge,
        "the message is larger than the server takes",
    )
    .with("limit_bytes", MESSAGE_LIMIT.to_string())
    .to_status()
}

#[cfg(test)]
mod tests {
    use futures_util::{StreamExt as _, stream};
    use http_body_util::StreamBody;
    use support_chassis::error::explain;

    use super::*;

    fn field() -> NamingField {
        NamingField {
            number: 1,
            name: "document".to_owned(),
        }
    }

    fn body(parts: Vec<Bytes>, ends: bool) -> Body {
        let parts = stream::iter(parts.into_iter().map(|part| Ok::<_, Status>(Frame::data(part))));
        if ends {
            Body::new(StreamBody::new(parts))
        } else {
            Body::new(StreamBody::new(parts.chain(stream::pending())))
        }
    }

    /// A message whose field 1 says so, with `more` bytes after it.
    fn framed(text: &str, more: usize) -> Bytes {
        let text_length = u8::try_from(text.len()).unwrap();
        let mut message = [&[0x0a, text_length], text.as_bytes()].concat();
        for _ in 0..more {
            message.extend_from_slice(&[0x10, 0x01]);
        }
        let length = u32::try_from(message.len()).unwrap().to_be_bytes();
        Bytes::from([&[0], &length[..], &message].concat())
    }

    async fn whole(body: Body) -> Bytes {
        body.collect().await.unwrap().to_bytes()
    }

    #[tokio::test]
    async fn the_body_goes_on_as_it_came_however_it_is_cut() {
        let bytes = framed("warranty/coverage-terms", 20);
        for cut in 1..bytes.len() {
            for step in [cut, 1] {
                let parts: Vec<Bytes> = bytes.chunks(step).map(Bytes::copy_from_slice).collect();
                let bodies = Bodies::new();
                let (text, on) = peek(body(parts, true), &field(), &bodies).await.unwrap();
                assert_eq!(text, "warranty/coverage-terms");
                assert_eq!(whole(on).await, bytes);
            }
        }
    }

    #[tokio::test]
    async fn it_waits_for_no_more_than_the_field() {
        let bytes = framed("case/levels", 1000);
        let begun = vec![bytes.slice(..40)];
        let (text, _) = peek(body(begun, false), &field(), &Bodies::new()).await.unwrap();
        assert_eq!(text, "case/levels");
    }

    #[tokio::test]
    async fn what_is_held_takes_of_the_room_until_it_has_gone_on() {
        let bytes = framed("case/levels", 10);
        let parts = vec![bytes.slice(..5), bytes.slice(5..)];
        let bodies = Bodies::of(bytes.len() - 5);
        let (_, on) = peek(body(parts.clone(), true), &field(), &bodies).await.unwrap();
        let status = peek(body(parts.clone(), true), &field(), &bodies).await.unwrap_err();
        assert_eq!(explain(&status).common(), Some(CommonErrorReason::Overloaded));
        assert_eq!(whole(on).await, bytes);
        peek(body(parts, true), &field(), &bodies).await.unwrap();
    }

    #[tokio::test]
    async fn what_is_no_message_is_answered_as_a_service_answers() {
        let reason = async |bytes: &[u8]| {
            let body = body(vec![Bytes::copy_from_slice(bytes)], true);
            let status = peek(body, &field(), &Bodies::new()).await.unwrap_err();
            explain(&status).common().unwrap()
        };
        assert_eq!(reason(&[]).await, CommonErrorReason::MalformedMessage);
        assert_eq!(reason(&[0, 0, 0]).await, CommonErrorReason::MalformedMessage);
        assert_eq!(
            reason(&[0, 0, 0, 0, 9, 0x0a]).await,
            CommonErrorReason::MalformedMessage
        );
        assert_eq!(
            reason(&[0, 0, 0, 0, 3, 0x0a, 1, 0xff]).await,
            CommonErrorReason::MalformedMessage
        );
        assert_eq!(reason(&[7, 0, 0, 0, 0]).await, CommonErrorReason::MalformedMessage);
        assert_eq!(reason(&[1, 0, 0, 0, 1, 0]).await, CommonErrorReason::BadHttpRequest);
        assert_eq!(
            reason(&[0, 0xff, 0xff, 0xff, 0xff]).await,
            CommonErrorReason::MessageTooLarge
        );
        // A message of nothing names nobody; that is not for here to say.
        let empty = body(vec![Bytes::from_static(&[0; 5])], true);
        let (text, on) = peek(empty, &field(), &Bodies::new()).await.unwrap();
        assert_eq!((text.as_str(), whole(on).await), ("", Bytes::from_static(&[0; 5])));
    }
}
