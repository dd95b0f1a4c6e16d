//! What the values of a document are, as far as a file of it goes.

use std::borrow::Cow;

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value};

/// What a value is, as far as writing it goes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shape {
    Message(MessageDescriptor),
    Map(Box<Shape>),
    List(Box<Shape>),
    /// `wide` where JSON writes a number as a string because it may have 64 bits.
    Leaf {
        wide: bool,
    },
}

impl Shape {
    /// A field's.
    pub(crate) fn of(field: &FieldDescriptor) -> Self {
        match field.kind() {
            Kind::Message(entry) if field.is_map() => {
                Self::Map(Box::new(Self::one(&entry.map_entry_value_field().kind())))
            }
            kind if field.is_list() => Self::List(Box::new(Self::one(&kind))),
            kind => Self::one(&kind),
        }
    }

    fn one(kind: &Kind) -> Self {
        match kind {
            Kind::Message(message) if !message.full_name().starts_with("google.protobuf.") => {
                Self::Message(message.clone())
            }
            Kind::Int64 | Kind::Uint64 | Kind::Sint64 | Kind::Fixed64 | Kind::Sfixed64 => Self::Leaf { wide: true },
            _ => Self::Leaf { wide: false },
        }
    }

    /// The shape of what stands under a key.
    pub(crate) fn under(&self, key: &str) -> Self {
        match self {
            Self::Message(message) => message
                .get_field_by_name(key)
                .map_or(Self::Leaf { wide: false }, |field| Self::of(&field)),
            Self::Map(inner) => (**inner).clone(),
            Self::List(_) | Self::Leaf { .. } => Self::Leaf { wide: false },
        }
    }

    /// The shape of a list's elements.
    pub(crate) fn within(&self) -> Self {
        match self {
            Self::List(inner) => (**inner).clone(),
            _ => Self::Leaf { wide: false },
        }
    }

    /// The name in the proto of what a file calls `key`.
    pub(crate) fn name<'k>(&self, key: &'k str) -> Cow<'k, str> {
        match self {
            Self::Message(message) => match message.get_field_by_json_name(key) {
                Some(field) if message.get_field_by_name(key).is_none() => field.name().to_owned().into(),
                _ => key.into(),
            },
            _ => key.into(),
        }
    }

    /// The keys of an object in the order in which they are written: fields as in the proto, entries sorted.
    pub(super) fn ordered<'o>(&self, object: &'o Map<String, Value>) -> Vec<&'o String> {
        let mut keys: Vec<&String> = object.keys().collect();
        match self {
            Self::Message(message) => {
                let place = |key: &str| message.fields().position(|field| field.name() == key);
                keys.sort_by_key(|key| place(key).unwrap_or(usize::MAX));
            }
            _ => keys.sort(),
        }
        keys
    }
}
