//! The codec of every generated client and server.
//!
//! It differs from tonic's own in two ways. A request that breaks the field rules of the proto never reaches a handler:
//! the answer names every violated field at once. And bytes that are no message at all are the caller's fault
//! (`INVALID_ARGUMENT`), where tonic says `INTERNAL`.

use std::marker::PhantomData;

use bytes::Buf as _;
use prost::Message;
use prost_protovalidate::ValidationError;
use tonic::Status;
use tonic::codec::{BufferSettings, Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt as _};

use crate::support::types::v1::CommonErrorReason;

/// The domain of [`CommonErrorReason`] in `google.rpc.ErrorInfo`.
pub const COMMON_DOMAIN: &str = "support.types.v1";

/// A message as it arrives. Implemented for every message of the contract by the build.
pub trait Inbound {
    /// Checks the field rules that the proto states for this message, where it is the request of a method.
    ///
    /// # Errors
    ///
    /// All violations at once.
    fn check(&self) -> Result<(), ValidationError>;
}

/// A request that changes something and can be sent again safely. Implemented by the build for every message with a
/// `request_id`.
pub trait Change: Message + prost::Name {
    /// The id, a UUID once the message has been checked.
    fn request_id(&self) -> &str;
}

/// A message that a service publishes on its feed. Implemented by the build for every message with the option `event`.
pub trait Event: Message + prost::Name + Default {}

/// A document of the standard. Implemented by the build for every message with the option `standard`. Its check is that of
/// [`Inbound`].
pub trait StandardDocument: Message + prost::Name + Default + Clone + Inbound {
    /// The document's name within its service: `coverage-terms`.
    const NAME: &'static str;
    /// Whether somebody other than the author must approve a version.
    const FOUR_EYES: bool;
}

/// Encodes `T`, decodes and checks `U`.
#[derive(Debug, Clone, Copy)]
pub struct CheckedCodec<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for CheckedCodec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T, U> Codec for CheckedCodec<T, U>
where
    T: Message + Send + 'static,
    U: Message + Default + Inbound + Send + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = PlainEncoder<T>;
    type Decoder = CheckedDecoder<U>;

    fn encoder(&mut self) -> Self::Encoder {
        PlainEncoder(PhantomData)
    }

    fn decoder(&mut self) -> Self::Decoder {
        CheckedDecoder(PhantomData)
    }
}

/// Encodes a message as it is.
#[derive(Debug)]
pub struct PlainEncoder<T>(PhantomData<T>);

impl<T: Message> Encoder for PlainEncoder<T> {
    type Item = T;
    type Error = Status;

    fn encode(&mut self, item: T, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        item.encode(buffer)
            .map_err(|error| Status::internal(format!("message does not fit its buffer: {error}")))
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::default()
    }
}

/// Decodes a message and checks its field rules.
#[derive(Debug)]
pub struct CheckedDecoder<U>(PhantomData<U>);

impl<U: Message + Default + Inbound> Decoder for CheckedDecoder<U> {
    type Item = U;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<U>, Status> {
        let message = U::decode(buffer.copy_to_bytes(buffer.remaining())).map_err(|error| malformed(&error))?;
        message.check().map_err(|error| invalid_fields(&error))?;
        Ok(Some(message))
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::default()
    }
}

/// The answer to bytes that are not a message of the type.
#[must_use]
pub fn malformed(error: &prost::DecodeError) -> Status {
    common_error(
        tonic::Code::InvalidArgument,
        CommonErrorReason::MalformedMessage,
        &format!("not a message of the request's type: {error}"),
        ErrorDetails::new(),
    )
}

/// The answer to a message whose fields break their rules: all of them, in `google.rpc.BadRequest`.
#[must_use]
pub fn invalid_fields(error: &ValidationError) -> Status {
    let violations: Vec<FieldViolation> = error
        .violations()
        .iter()
        .map(|violation| FieldViolation::new(violation.field_path(), describe(violation)))
        .collect();
    let mut details = ErrorDetails::new();
    details.set_bad_request(violations);
    common_error(
        tonic::Code::InvalidArgument,
        CommonErrorReason::InvalidFields,
        "fields break their rules",
        details,
    )
}

/// What is wrong with a field, without the value: it may be a person's. Well-known formats come without words of their
/// own and are named by their rule.
fn describe(violation: &prost_protovalidate::Violation) -> String {
    if violation.message().is_empty() {
        format!("breaks rule {}", violation.rule_id())
    } else {
        violation.message().to_owned()
    }
}

/// A status with a [`CommonErrorReason`] and further details.
#[must_use]
pub fn common_error(code: tonic::Code, reason: CommonErrorReason, message: &str, mut details: ErrorDetails) -> Status {
    let metadata = details
        .error_info()
        .map(|info| info.metadata.clone())
        .unwrap_or_default();
    details.set_error_info(reason.as_str_name(), COMMON_DOMAIN, metadata);
    Status::with_error_details(code, message, details)
}
