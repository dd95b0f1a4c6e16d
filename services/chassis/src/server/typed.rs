//! Gives every status that leaves the server an `ErrorInfo`, and keeps it within what headers bear.
//!
//! Handlers answer typed statuses. tonic's own machinery does not: messages too large, bytes cut off, unknown
//! compression, unknown methods. They are known by their words, which is brittle; a test provokes each, so that a
//! version of tonic with other words is noticed.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::{Frame, SizeHint};
use support_proto::support::types::v1::CommonErrorReason;
use tonic::body::Body;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::around::{Around, Door, answer};
use super::labels::code_label;
use crate::error::{Answer, bound, failed, internal_status, read_status, write_status};

/// The domain of a status that came with nothing but a code: its reason is the code's name in `google.rpc.Code`.
const CODE_DOMAIN: &str = "google.rpc";

/// Completes statuses in headers and in trailers.
#[derive(Debug, Clone, Copy)]
pub struct Typed;

impl Around for Typed {
    async fn around<S: Door>(self, request: Request<Body>, inner: S) -> Response<Body> {
        let mut response = answer(inner, request).await;
        if failed(response.headers()) {
            complete_headers(response.headers_mut());
            return response;
        }
        response.map(|inner| Body::new(TypedBody { inner }))
    }
}

fn complete_headers(headers: &mut HeaderMap) {
    if let Some(status) = read_status(headers) {
        write_status(&complete(status), headers);
    }
}

/// The status with an `ErrorInfo`.
fn complete(status: Status) -> Status {
    if status.get_details_error_info().is_some() {
        return bound(status);
    }
    let message = status.message();
    let common = |code, reason, words: &'static str| Answer::common(code, reason, words).to_status();
    match status.code() {
        Code::OutOfRange | Code::ResourceExhausted
            if message.starts_with("Error, decoded message length too large") =>
        {
            too_large(message)
        }
        Code::ResourceExhausted if message.starts_with("Error decompressing: size limit") => too_large(message),
        Code::Internal if is_malformed(message) => common(
            Code::InvalidArgument,
            CommonErrorReason::MalformedMessage,
            "the bytes are not a whole message of the request's type",
        ),
        Code::Unimplemented if message.starts_with("Content is compressed with") => common(
            Code::Unimplemented,
            CommonErrorReason::BadHttpRequest,
            "the request's compression is not supported",
        ),
        Code::Unimplemented => common(Code::Unimplemented, CommonErrorReason::UnknownMethod, "no such method"),
        Code::DeadlineExceeded => Answer::deadline_exceeded().to_status(),
        Code::Internal | Code::Unknown | Code::DataLoss => {
            // Its words were not written for a caller.
            tracing::error!(code = code_label(status.code()), message, "answered without a reason");
            internal_status()
        }
        code => Answer::new(code, CODE_DOMAIN, code_label(code), message.to_owned()).to_status(),
    }
}

/// The words of tonic's decoder for requests that break off or are packed wrongly.
fn is_malformed(message: &str) -> bool {
    const WORDS: [&str; 4] = [
        "Unexpected EOF decoding stream",
        "Missing request message",
        "protocol error:",
        "Error decompressing:",
    ];
    WORDS.iter().any(|words| message.starts_with(words))
}

/// tonic names the limit in its words, as `... limit is: 4194304 bytes` or `... limit, of 4194304 bytes`.
fn too_large(message: &str) -> Status {
    let limit = message
        .rsplit_once("limit")
        .map(|(_, tail)| {
            tail.chars()
                .skip_while(|letter| !letter.is_ascii_digit())
                .take_while(char::is_ascii_digit)
        })
        .map(Iterator::collect::<String>)
        .unwrap_or_default();
    Answer::common(
        Code::ResourceExhausted,
        CommonErrorReason::MessageTooLarge,
        "the message is larger than the server takes",
    )
    .with("limit_bytes", limit)
    .to_status()
}

struct TypedBody {
    inner: Body,
}

impl http_body::Body for TypedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let mut polled = Pin::new(&mut self.inner).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &mut polled
            && let Some(trailers) = frame.trailers_mut()
            && failed(trailers)
        {
            complete_headers(trailers);
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
