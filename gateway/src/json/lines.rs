//! A stream of answers as lines of JSON.

use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, StreamExt as _};
use http::Response;
use http::header::{self, HeaderValue};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use prost_reflect::MessageDescriptor;
use support_chassis::error::{failed, read_status};
use tonic::Status;
use tonic::body::Body;

use super::problem::describe;
use super::{message, transcode};

/// What is left to send.
enum Rest {
    Open(Open),
    /// The last line has been sent.
    Ended,
}

struct Open {
    body: Body,
    kind: MessageDescriptor,
    pending: BytesMut,
}

/// Every message as a line, as it comes. A stream that fails ends with a line `{"error": problem}`.
pub(super) fn stream(kind: MessageDescriptor, body: Body) -> Response<Body> {
    let open = Open {
        body,
        kind,
        pending: BytesMut::new(),
    };
    let frames = stream::unfold(Rest::Open(open), |rest| async move {
        match rest {
            Rest::Ended => None,
            Rest::Open(open) => open.next().await,
        }
    })
    .map(|line| Ok::<_, Status>(Frame::data(line)));
    let mut response = Response::new(Body::new(StreamBody::new(frames)));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    response
}

impl Open {
    async fn next(mut self) -> Option<(Bytes, Rest)> {
        loop {
            let mut whole = self.pending.clone().freeze();
            if let Some(found) = message(&mut whole) {
                self.pending = BytesMut::from(whole.as_ref());
                return Some(match transcode::to_json(self.kind.clone(), &found) {
                    Ok(mut json) => {
                        json.push(b'\n');
                        (Bytes::from(json), Rest::Open(self))
                    }
                    Err(status) => (last(&status), Rest::Ended),
                });
            }
            match self.body.frame().await? {
                Ok(frame) => match frame.into_data() {
                    Ok(data) => self.pending.extend_from_slice(&data),
                    Err(frame) => {
                        let trailers = frame.into_trailers().ok()?;
                        let status = failed(&trailers).then(|| read_status(&trailers)).flatten()?;
                        return Some((last(&status), Rest::Ended));
                    }
                },
                Err(status) => return Some((last(&status), Rest::Ended)),
            }
        }
    }
}

fn last(status: &Status) -> Bytes {
    let line = serde_json::json!({ "error": describe(status) });
    Bytes::from(format!("{line}\n"))
}
