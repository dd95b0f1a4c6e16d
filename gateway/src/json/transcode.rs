//! Between JSON and protobuf, by the compiled descriptors.

use prost::Message as _;
use prost_reflect::{DeserializeOptions, DynamicMessage, MessageDescriptor, SerializeOptions};
use support_chassis::error::{Answer, internal_status};
use support_proto::support::types::v1::CommonErrorReason;
use tonic::{Code, Status};

/// A request's JSON as protobuf bytes. An empty body is an empty message.
///
/// Nesting is bounded by the parser (128 levels), size by the caller.
pub(super) fn to_protobuf(kind: &MessageDescriptor, json: &[u8]) -> Result<Vec<u8>, Status> {
    if json.is_empty() {
        return Ok(Vec::new());
    }
    let mut parser = serde_json::Deserializer::from_slice(json);
    let options = DeserializeOptions::new().deny_unknown_fields(true);
    let message = DynamicMessage::deserialize_with_options(kind.clone(), &mut parser, &options)
        .and_then(|message| parser.end().map(|()| message))
        .map_err(|error| malformed(kind, &error))?;
    Ok(message.encode_to_vec())
}

/// The caller learns where its JSON is wrong, and not what stands there: the line may be logged on its side.
fn malformed(kind: &MessageDescriptor, error: &serde_json::Error) -> Status {
    let what = match error.classify() {
        serde_json::error::Category::Syntax | serde_json::error::Category::Eof => "the body is not JSON",
        _ => "the JSON does not fit the request's type",
    };
    Answer::common(Code::InvalidArgument, CommonErrorReason::MalformedMessage, what)
        .with("type", kind.full_name())
        .with("line", error.line().to_string())
        .with("column", error.column().to_string())
        .to_status()
}

/// An answer's protobuf bytes as JSON. Fields at their default are written, so that a reader sees what there is.
pub(super) fn to_json(kind: MessageDescriptor, bytes: &[u8]) -> Result<Vec<u8>, Status> {
    let name = kind.full_name().to_owned();
    let options = SerializeOptions::new().skip_default_fields(false);
    let mut json = Vec::with_capacity(bytes.len() * 3);
    DynamicMessage::decode(kind, bytes)
        .map_err(|error| error.to_string())
        .and_then(|message| {
            message
                .serialize_with_options(&mut serde_json::Serializer::new(&mut json), &options)
                .map_err(|error| error.to_string())
        })
        .map_err(|error| {
            tracing::error!(message.kind = name, error, "an answer could not be written as JSON");
            internal_status()
        })?;
    Ok(json)
}
