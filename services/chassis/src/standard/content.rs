//! Whole documents as text, and back: reading says everything that is wrong at once, printing has one spelling only.
//!
//! The canonical text is JSON in the proto3 mapping, with the names of the proto, every field that cannot be absent written
//! out, keys sorted, no whitespace, no nulls. Two contents are the same exactly where their canonical texts are, so a digest of
//! the text stands for the content.
//!
//! JSON and YAML are first read into one loose tree (`raw`), which keeps what a stricter one would lose (keys that come
//! twice), and then held against the schema (`read`). So both give the same faults, each with its path.

mod duration;
mod raw;
mod read;

use std::fmt;
use std::sync::Arc;

use prost_reflect::DynamicMessage;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

pub(super) use duration::nanoseconds;
pub(super) use raw::Raw;
pub(super) use read::{Reader, Unknown};

use super::schema::{Field, Kind, Many, Schema, Shape};

/// The longest canonical content, and the longest JSON that is read, in bytes.
///
/// Events carry contents, an event travels in a batch of at most 1 MiB, and a message is refused from 4 MiB on.
pub const CONTENT_LIMIT: usize = 192 * 1024;

/// The longest YAML that is read, in bytes: more than its content, since it has comments.
pub const YAML_LIMIT: usize = 4 * CONTENT_LIMIT;

/// Something that keeps a content from being a document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The path of the field; empty where the content as a whole is at fault.
    pub path: String,
    /// What is wrong.
    pub fault: String,
}

impl Fault {
    /// A fault of the field at `path`.
    #[must_use]
    pub fn new(path: impl Into<String>, fault: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            fault: fault.into(),
        }
    }

    /// A fault of the content as a whole.
    #[must_use]
    pub fn whole(fault: impl Into<String>) -> Self {
        Self::new(String::new(), fault)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(formatter, "{}: ", self.path)?;
        }
        formatter.write_str(&self.fault)
    }
}

/// Why a text is no content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// The text, or its canonical form, is longer than it may be.
    #[error("content of {bytes} bytes is larger than {limit}")]
    TooLarge {
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        limit: usize,
    },
    /// Everything that is wrong with it. Never empty.
    #[error("content is no document: {}", listed(.0))]
    Invalid(Vec<Fault>),
}

fn listed(faults: &[Fault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl ContentError {
    /// Everything that is wrong, where it is the content and not its length.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        match self {
            Self::TooLarge { .. } => &[],
            Self::Invalid(faults) => faults,
        }
    }
}

/// A whole document in canonical form: every field of the right type, those that cannot be absent present.
///
/// That it keeps the document's rules is a question for [`Schema::faults`].
#[derive(Clone, PartialEq)]
pub struct Content {
    shape: Arc<Shape>,
    fields: Map<String, Value>,
}

/// Reads a whole document from JSON. Names may be those of the proto or lower camel case, fields that are not there have
/// their type's empty value.
///
/// # Errors
///
/// All faults at once, or that it is too large.
pub fn from_json(schema: &Schema, text: &str) -> Result<Content, ContentError> {
    whole(schema, &json(text)?, Unknown::Refused, None)
}

/// Reads a whole document from YAML 1.2, as [`from_json`]. Anchors, aliases, merge keys and tags of one's own are refused:
/// what a document says stands where it says it.
///
/// # Errors
///
/// All faults at once, or that it is too large.
pub fn from_yaml(schema: &Schema, text: &str) -> Result<Content, ContentError> {
    whole(schema, &yaml(text)?, Unknown::Refused, None)
}

/// Reads a published document, which another build may have written. Of a newer one's fields those that this build does not
/// know are left out: it cannot rule by them. Fields that an older one did not know are as in what this build ships, if
/// `shipped` says so, since their type's empty value may be no sensible rule; those that can be absent are absent.
///
/// # Errors
///
/// As [`from_json`].
pub fn from_published(schema: &Schema, text: &str, shipped: Option<&Content>) -> Result<Content, ContentError> {
    whole(schema, &json(text)?, Unknown::LeftOut, shipped)
}

fn whole(schema: &Schema, raw: &Raw, unknown: Unknown, like: Option<&Content>) -> Result<Content, ContentError> {
    let mut reader = Reader::new(unknown);
    let fields = reader.document(schema.shape(), raw, like.map(Content::fields));
    reader.finish()?;
    let content = Content {
        shape: Arc::clone(schema.shape()),
        fields,
    };
    within(content.print().len(), CONTENT_LIMIT)?;
    Ok(content)
}

pub(super) fn json(text: &str) -> Result<Raw, ContentError> {
    within(text.len(), CONTENT_LIMIT)?;
    raw::json(text).map_err(|why| ContentError::Invalid(vec![Fault::whole(why)]))
}

pub(super) fn yaml(text: &str) -> Result<Raw, ContentError> {
    within(text.len(), YAML_LIMIT)?;
    raw::yaml(text).map_err(|why| ContentError::Invalid(vec![Fault::whole(why)]))
}

pub(super) fn within(bytes: usize, limit: usize) -> Result<(), ContentError> {
    if bytes <= limit {
        Ok(())
    } else {
        Err(ContentError::TooLarge { bytes, limit })
    }
}

impl Content {
    pub(super) fn new(shape: Arc<Shape>, fields: Map<String, Value>) -> Self {
        Self { shape, fields }
    }

    pub(super) fn shape(&self) -> &Arc<Shape> {
        &self.shape
    }

    pub(super) fn fields(&self) -> &Map<String, Value> {
        &self.fields
    }

    /// The canonical text.
    #[must_use]
    pub fn print(&self) -> String {
        print(&self.fields)
    }

    /// SHA-256 of the canonical text, 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn digest(&self) -> String {
        digest(&self.print())
    }

    /// The content as a JSON value.
    #[must_use]
    pub fn to_value(&self) -> Value {
        Value::Object(self.fields.clone())
    }

    /// The content as a message; none only where the descriptors are not those that it was read by.
    #[must_use]
    pub fn message(&self) -> Option<DynamicMessage> {
        DynamicMessage::deserialize(self.shape.message.clone(), &Value::Object(self.fields.clone())).ok()
    }

    /// The content as a message of the generated type; none where that is not the schema's.
    #[must_use]
    pub fn decode<T: prost::Message + prost::Name + Default>(&self) -> Option<T> {
        if T::full_name() != self.shape.message.full_name() {
            return None;
        }
        self.message()?.transcode_to().ok()
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.print())
    }
}

/// SHA-256 of a text, 64 lower-case hexadecimal digits.
#[must_use]
pub fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

/// The canonical text of an object. Keys are sorted whether or not some crate of the build asks `serde_json` to keep the
/// order in which they came.
pub(super) fn print(fields: &Map<String, Value>) -> String {
    let mut sorted = Value::Object(fields.clone());
    sorted.sort_all_objects();
    sorted.to_string()
}

/// The canonical text of a value.
pub(super) fn print_value(value: &Value) -> String {
    let mut sorted = value.clone();
    sorted.sort_all_objects();
    sorted.to_string()
}

/// A message of which nothing is said: the fields that cannot be absent, empty.
pub(super) fn empty_message(shape: &Shape) -> Map<String, Value> {
    shape
        .fields
        .iter()
        .filter_map(|field| Some((field.name.clone(), empty(field)?)))
        .collect()
}

/// What a field has when nothing is said of it; none where it then is absent.
pub(super) fn empty(field: &Field) -> Option<Value> {
    match (field.many, &field.kind) {
        (Many::List, _) => Some(Value::Array(Vec::new())),
        (Many::Map, _) => Some(Value::Object(Map::new())),
        (Many::One, _) if field.may_be_absent => None,
        (Many::One, Kind::Bool) => Some(Value::Bool(false)),
        (Many::One, Kind::Integer { quoted: true, .. }) => Some(Value::from("0")),
        (Many::One, Kind::Integer { quoted: false, .. }) => Some(Value::from(0)),
        (Many::One, Kind::Text) => Some(Value::from("")),
        (Many::One, Kind::Enum(values)) => Some(Value::from(values.default_value().name())),
        (Many::One, Kind::Duration | Kind::Message(_)) => None,
    }
}
