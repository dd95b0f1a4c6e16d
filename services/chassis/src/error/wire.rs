//! A status in the headers of an answer.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::{HeaderMap, HeaderValue};
use tonic::Status;

const GRPC_STATUS: &str = "grpc-status";
const GRPC_MESSAGE: &str = "grpc-message";
const GRPC_DETAILS: &str = "grpc-status-details-bin";

/// Base64 as gRPC asks to accept it: padded or not.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Whether the headers or trailers say that the call failed. Cheap: most have not.
#[must_use]
pub fn failed(headers: &HeaderMap) -> bool {
    headers.get(GRPC_STATUS).is_some_and(|code| code.as_bytes() != b"0")
}

/// The status in headers or trailers, without their other entries. Details that are not base64 count as none: tonic's
/// own reader panics on them, and they may come from anywhere.
#[must_use]
pub fn read_status(headers: &HeaderMap) -> Option<Status> {
    let mut own = HeaderMap::with_capacity(3);
    own.insert(GRPC_STATUS, headers.get(GRPC_STATUS)?.clone());
    if let Some(message) = headers.get(GRPC_MESSAGE) {
        own.insert(GRPC_MESSAGE, message.clone());
    }
    if let Some(details) = headers.get(GRPC_DETAILS)
        && LENIENT.decode(details.as_bytes()).is_ok()
    {
        own.insert(GRPC_DETAILS, details.clone());
    }
    Status::from_header_map(&own)
}

/// Puts a status in place of the one that headers or trailers hold.
pub fn write_status(status: &Status, headers: &mut HeaderMap) {
    for name in [GRPC_STATUS, GRPC_MESSAGE, GRPC_DETAILS] {
        headers.remove(name);
    }
    if status.add_header(headers).is_err() {
        // The message percent-encodes and the details are base64, so nothing can be left that a header refuses; were it
        // so, the code alone must still arrive.
        headers.insert(GRPC_STATUS, HeaderValue::from(status.code() as i32));
    }
}
