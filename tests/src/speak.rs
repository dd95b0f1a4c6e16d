//! The three ways of calling, by clients that are not ours: Python's grpcio, a browser-style gRPC-Web client, and curl.

pub mod curl;
pub mod python;
pub mod web;

use prost_reflect::{DynamicMessage, MessageDescriptor, SerializeOptions};
use serde_json::Value;

/// What came back, whichever way.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The answer in the JSON form of its message, without what is not set.
    Answer(Value),
    /// The error.
    Refusal(Refusal),
}

/// An error, as every way tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// The code's name, as `NOT_FOUND`.
    pub code: String,
    /// The line for developers.
    pub message: String,
    /// The reason.
    pub reason: String,
    /// The package of the reason.
    pub domain: String,
    /// Values, as an object of strings.
    pub metadata: Value,
    /// Fields that break their rules, as `[{field, description}]`.
    pub violations: Value,
    /// When to come back, in seconds.
    pub retry_after: Option<f64>,
    /// The sentence for people.
    pub words: Option<String>,
}

impl Outcome {
    /// The answer.
    ///
    /// # Panics
    ///
    /// Where it is none.
    #[must_use]
    pub fn answer(&self) -> &Value {
        match self {
            Self::Answer(answer) => answer,
            Self::Refusal(refusal) => panic!("refused: {refusal:?}"),
        }
    }

    /// The refusal.
    ///
    /// # Panics
    ///
    /// Where it is none.
    #[must_use]
    pub fn refusal(&self) -> &Refusal {
        match self {
            Self::Refusal(refusal) => refusal,
            Self::Answer(answer) => panic!("answered: {answer}"),
        }
    }
}

/// One call.
#[derive(Debug, Clone)]
pub struct Asked {
    /// `/package.Service/Method`.
    pub path: String,
    /// The bearer token; empty for none.
    pub token: String,
    /// The request in its JSON form.
    pub request: Value,
}

impl Asked {
    /// A call.
    #[must_use]
    pub fn new(path: &str, token: &str, request: Value) -> Self {
        Self {
            path: path.to_owned(),
            token: token.to_owned(),
            request,
        }
    }

    /// The request's and the answer's types.
    pub(crate) fn types(&self) -> (MessageDescriptor, MessageDescriptor) {
        match support_proto::policy::policy(&self.path) {
            Some(policy) => (policy.method.input(), policy.method.output()),
            None => panic!("no method {}", self.path),
        }
    }
}

/// The JSON form of a message's bytes, without what is not set.
pub(crate) fn to_json(kind: MessageDescriptor, bytes: &[u8]) -> Value {
    let message = match DynamicMessage::decode(kind, bytes) {
        Ok(message) => message,
        Err(error) => panic!("not the answer's message: {error}"),
    };
    let options = SerializeOptions::new().skip_default_fields(false);
    match message.serialize_with_options(serde_json::value::Serializer, &options) {
        Ok(json) => set_alone(json),
        Err(error) => panic!("{error}"),
    }
}

/// The bytes of a message in its JSON form.
pub(crate) fn to_bytes(kind: MessageDescriptor, json: &Value) -> Vec<u8> {
    use prost::Message as _;

    match DynamicMessage::deserialize(kind, json) {
        Ok(message) => message.encode_to_vec(),
        Err(error) => panic!("not the request's message: {error}"),
    }
}

/// Without the members that are null: messages that are not set, which some write and some leave out.
pub(crate) fn set_alone(json: Value) -> Value {
    match json {
        Value::Object(members) => members
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, set_alone(value)))
            .collect(),
        Value::Array(items) => items.into_iter().map(set_alone).collect(),
        other => other,
    }
}
