//! What the core has to know of a document: its fields with their types and rules, and what makes a content valid.
//!
//! The descriptor is read once, into a tree that says of every field just what reading, merging and comparing ask. Options of
//! descriptors are decoded anew at every look, which would be the greater part of the work.

use std::fmt;
use std::sync::Arc;

use prost_reflect::{DynamicMessage, EnumDescriptor, FieldDescriptor, Kind as ProtoKind, MessageDescriptor};
use support_proto::codec::StandardDocument;

use super::content::{Content, Fault};
use super::departure::Rule;

/// A document's schema. Clones share it.
#[derive(Clone)]
pub struct Schema(Arc<Inner>);

struct Inner {
    shape: Arc<Shape>,
    field_rules: Check,
    own_rules: Check,
}

/// Says what is wrong with a document; nothing where it is valid.
type Check = Box<dyn Fn(&DynamicMessage) -> Vec<Fault> + Send + Sync>;

/// A message that cannot be a document. The build of the contract refuses these; a descriptor from elsewhere may be one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {why}")]
pub struct SchemaError {
    /// The full name of the field or message.
    pub field: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl Schema {
    /// The schema of the documents that are messages of this type, without any rules for valid contents.
    ///
    /// # Errors
    ///
    /// Where a field states no departure, or is of a type that documents do not have.
    pub fn new(message: &MessageDescriptor) -> Result<Self, SchemaError> {
        Self::with_checks(message, |_| Vec::new(), |_| Vec::new())
    }

    /// The schema of the documents that are messages of this type. `field_rules` are those of the proto, `own_rules` what
    /// the document says beyond them; these are asked only of documents that keep the field rules.
    ///
    /// # Errors
    ///
    /// As [`Schema::new`].
    pub fn with_checks(
        message: &MessageDescriptor,
        field_rules: impl Fn(&DynamicMessage) -> Vec<Fault> + Send + Sync + 'static,
        own_rules: impl Fn(&DynamicMessage) -> Vec<Fault> + Send + Sync + 'static,
    ) -> Result<Self, SchemaError> {
        Ok(Self(Arc::new(Inner {
            shape: Arc::new(Shape::of(message, &mut Vec::new())?),
            field_rules: Box::new(field_rules),
            own_rules: Box::new(own_rules),
        })))
    }

    /// The schema of a document of the contract. `own_rules` is what its field rules cannot say.
    ///
    /// # Errors
    ///
    /// As [`Schema::new`]: never for a document that the contract was built with.
    pub fn of<T: StandardDocument + 'static>(
        own_rules: impl Fn(&T) -> Vec<Fault> + Send + Sync + 'static,
    ) -> Result<Self, SchemaError> {
        let message = support_proto::descriptors()
            .get_message_by_name(&T::full_name())
            .ok_or_else(|| SchemaError {
                field: T::full_name(),
                why: "is not in the contract",
            })?;
        Self::with_checks(&message, field_rules::<T>, move |message| {
            message.transcode_to::<T>().map_or_else(
                |_| vec![Fault::whole("is not a message of its type")],
                |document| own_rules(&document),
            )
        })
    }

    /// What is wrong with a content: its broken field rules, or where there are none, its broken own rules.
    #[must_use]
    pub fn faults(&self, content: &Content) -> Vec<Fault> {
        let Some(message) = content.message() else {
            return vec![Fault::whole("is not a message of its type")];
        };
        let faults = (self.0.field_rules)(&message);
        if faults.is_empty() {
            (self.0.own_rules)(&message)
        } else {
            faults
        }
    }

    /// The document's message.
    #[must_use]
    pub fn message(&self) -> &MessageDescriptor {
        &self.0.shape.message
    }

    pub(super) fn shape(&self) -> &Arc<Shape> {
        &self.0.shape
    }
}

fn field_rules<T: StandardDocument>(message: &DynamicMessage) -> Vec<Fault> {
    let Ok(document) = message.transcode_to::<T>() else {
        return vec![Fault::whole("is not a message of its type")];
    };
    let Err(error) = document.check() else {
        return Vec::new();
    };
    error
        .violations()
        .iter()
        .map(|violation| Fault {
            path: violation.field_path(),
            fault: if violation.message().is_empty() {
                format!("breaks rule {}", violation.rule_id())
            } else {
                violation.message().to_owned()
            },
        })
        .collect()
}

impl fmt::Debug for Schema {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Schema").field(&self.0.shape).finish()
    }
}

/// A message of a document.
pub(super) struct Shape {
    pub(super) message: MessageDescriptor,
    /// By name.
    pub(super) fields: Vec<Field>,
}

/// A field of a document.
pub(super) struct Field {
    pub(super) name: String,
    pub(super) json_name: String,
    pub(super) rule: Rule,
    /// Whether it may be absent, which is not the same as having its type's empty value.
    pub(super) may_be_absent: bool,
    pub(super) many: Many,
    pub(super) kind: Kind,
}

/// How many values a field has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Many {
    One,
    List,
    Map,
}

/// What a value is: the field's, the list's elements' or the map's entries'.
#[derive(Clone)]
pub(super) enum Kind {
    Bool,
    /// From `least` to `most`; `quoted` where JSON writes it as a string, since its numbers have 53 bits.
    Integer {
        least: i128,
        most: i128,
        quoted: bool,
    },
    Text,
    Enum(EnumDescriptor),
    Duration,
    Message(Arc<Shape>),
}

impl Shape {
    fn of(message: &MessageDescriptor, above: &mut Vec<String>) -> Result<Self, SchemaError> {
        let fail = |why| SchemaError {
            field: message.full_name().to_owned(),
            why,
        };
        if above.iter().any(|name| name == message.full_name()) {
            return Err(fail("stands within itself"));
        }
        if message.oneofs().any(|oneof| !oneof.is_synthetic()) {
            return Err(fail("has a oneof"));
        }
        above.push(message.full_name().to_owned());
        let mut fields = message
            .fields()
            .map(|field| Field::of(&field, above))
            .collect::<Result<Vec<_>, _>>()?;
        above.pop();
        fields.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(Self {
            message: message.clone(),
            fields,
        })
    }

    /// The field that a content calls by this name: as in the proto, or in lower camel case.
    pub(super) fn named(&self, name: &str) -> Option<&Field> {
        self.field(name)
            .or_else(|| self.fields.iter().find(|field| field.json_name == name))
    }

    /// The field of this name in the proto.
    pub(super) fn field(&self, name: &str) -> Option<&Field> {
        let position = self
            .fields
            .binary_search_by(|field| field.name.as_str().cmp(name))
            .ok()?;
        self.fields.get(position)
    }
}

impl Field {
    fn of(field: &FieldDescriptor, above: &mut Vec<String>) -> Result<Self, SchemaError> {
        let fail = |why| SchemaError {
            field: field.full_name().to_owned(),
            why,
        };
        let rule = Rule::of(field).ok_or_else(|| fail("states no departure"))?;
        let (many, kind) = match field.kind() {
            ProtoKind::Message(entry) if field.is_map() => {
                if !matches!(entry.map_entry_key_field().kind(), ProtoKind::String) {
                    return Err(fail("is a map by something else than a string"));
                }
                (Many::Map, entry.map_entry_value_field().kind())
            }
            kind if field.is_list() => (Many::List, kind),
            kind => (Many::One, kind),
        };
        let kind = match kind {
            ProtoKind::Bool => Kind::Bool,
            ProtoKind::Int32 | ProtoKind::Sint32 | ProtoKind::Sfixed32 => integer(i32::MIN, i32::MAX, false),
            ProtoKind::Uint32 | ProtoKind::Fixed32 => integer(u32::MIN, u32::MAX, false),
            ProtoKind::Int64 | ProtoKind::Sint64 | ProtoKind::Sfixed64 => integer(i64::MIN, i64::MAX, true),
            ProtoKind::Uint64 | ProtoKind::Fixed64 => integer(u64::MIN, u64::MAX, true),
            ProtoKind::String => Kind::Text,
            ProtoKind::Enum(values) => Kind::Enum(values),
            ProtoKind::Message(message) if message.full_name() == "google.protobuf.Duration" => Kind::Duration,
            ProtoKind::Message(message) if message.full_name().starts_with("google.protobuf.") => {
                return Err(fail("is of a well-known type that documents do not have"));
            }
            ProtoKind::Message(message) => Kind::Message(Arc::new(Shape::of(&message, above)?)),
            ProtoKind::Double | ProtoKind::Float | ProtoKind::Bytes => {
                return Err(fail("is of a type that documents do not have"));
            }
        };
        Ok(Self {
            name: field.name().to_owned(),
            json_name: field.json_name().to_owned(),
            rule,
            may_be_absent: many == Many::One && field.supports_presence(),
            many,
            kind,
        })
    }
}

fn integer(least: impl Into<i128>, most: impl Into<i128>, quoted: bool) -> Kind {
    Kind::Integer {
        least: least.into(),
        most: most.into(),
        quoted,
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.message.full_name())
    }
}

/// The same message type, whoever read its descriptor.
impl PartialEq for Shape {
    fn eq(&self, other: &Self) -> bool {
        self.message == other.message
    }
}
