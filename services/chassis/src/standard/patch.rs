//! What an overlay changes: a JSON merge patch (RFC 7386), held against the schema.
//!
//! An object changes what it names and leaves the rest; null takes away; anything else, lists included, takes the place of
//! what is there. An entry or message that is not there is made from its type's empty values first, as the RFC has it.
//!
//! Patches compose: [`Patch::then`] is one patch that does what two do one after the other, and is associative. Merge patches
//! of the RFC are not closed under this (taking an entry away and then putting another under its key is none of them: it would
//! merge with what was there), so a composed patch can also say that something takes the place of a whole message or map.
//! Such a patch is never stored; what is stored was read from a text.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::content::{self, CONTENT_LIMIT, Content, ContentError, Raw, Reader, Unknown, empty_message};
use super::schema::{Field, Kind, Many, Schema, Shape};

/// What an overlay changes in a document.
#[derive(Clone, PartialEq)]
pub struct Patch {
    shape: Arc<Shape>,
    changes: BTreeMap<String, Change>,
}

/// What changes in a field or an entry.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Change {
    /// It is taken away.
    Away,
    /// It becomes this, whole.
    To(Value),
    /// Some of what is in it changes: of a message by field, of a map by key. A message that is not there is made.
    Within(BTreeMap<String, Change>),
}

impl Patch {
    /// Reads a patch from JSON.
    ///
    /// # Errors
    ///
    /// All faults at once, or that it is too large.
    pub fn from_json(schema: &Schema, text: &str) -> Result<Self, ContentError> {
        Self::read(schema, &content::json(text)?, Unknown::Refused)
    }

    /// Reads a patch from YAML 1.2; see [`content::from_yaml`].
    ///
    /// # Errors
    ///
    /// All faults at once, or that it is too large.
    pub fn from_yaml(schema: &Schema, text: &str) -> Result<Self, ContentError> {
        Self::read(schema, &content::yaml(text)?, Unknown::Refused)
    }

    /// Reads a published patch; see [`content::from_published`].
    ///
    /// # Errors
    ///
    /// All faults at once, or that it is too large.
    pub fn from_published(schema: &Schema, text: &str) -> Result<Self, ContentError> {
        Self::read(schema, &content::json(text)?, Unknown::LeftOut)
    }

    fn read(schema: &Schema, raw: &Raw, unknown: Unknown) -> Result<Self, ContentError> {
        let mut reader = Reader::new(unknown);
        let changes = reader.changes(schema.shape(), raw);
        reader.finish()?;
        let patch = Self {
            shape: Arc::clone(schema.shape()),
            changes,
        };
        content::within(patch.print().map_or(0, |text| text.len()), CONTENT_LIMIT)?;
        Ok(patch)
    }

    /// Whether it changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The canonical text; none for a composed patch that no merge patch can say.
    #[must_use]
    pub fn print(&self) -> Option<String> {
        print_message(&self.shape, &self.changes).map(|fields| content::print(&fields))
    }

    /// The document with the changes made.
    #[must_use]
    pub fn apply(&self, base: &Content) -> Content {
        let mut fields = base.fields().clone();
        apply_message(&self.shape, &self.changes, &mut fields);
        Content::new(Arc::clone(base.shape()), fields)
    }

    /// The patch that does what this one does, and then what `later` does.
    #[must_use]
    pub fn then(&self, later: &Self) -> Self {
        Self {
            shape: Arc::clone(&self.shape),
            changes: compose_message(&self.shape, &self.changes, &later.changes),
        }
    }
}

impl fmt::Debug for Patch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.print() {
            Some(text) => formatter.write_str(&text),
            None => fmt::Debug::fmt(&self.changes, formatter),
        }
    }
}

fn apply_message(shape: &Shape, changes: &BTreeMap<String, Change>, fields: &mut Map<String, Value>) {
    for (name, change) in changes {
        if let Some(field) = shape.field(name) {
            match (field.many, change) {
                (Many::Map, Change::Within(changes)) => {
                    if let Value::Object(entries) = fields.entry(name).or_insert_with(|| Value::Object(Map::new())) {
                        for (key, change) in changes {
                            apply_value(&field.kind, change, entries, key);
                        }
                    }
                }
                _ => apply_value(&field.kind, change, fields, name),
            }
        }
    }
}

/// Changes the value under a name or key.
fn apply_value(kind: &Kind, change: &Change, within: &mut Map<String, Value>, name: &str) {
    match (change, kind) {
        (Change::Away, _) => {
            within.remove(name);
        }
        (Change::To(value), _) => {
            within.insert(name.to_owned(), value.clone());
        }
        (Change::Within(changes), Kind::Message(shape)) => {
            let value = within
                .entry(name)
                .or_insert_with(|| Value::Object(empty_message(shape)));
            if let Value::Object(fields) = value {
                apply_message(shape, changes, fields);
            }
        }
        // Reading makes none of these.
        (Change::Within(_), _) => {}
    }
}

fn compose_message(
    shape: &Shape,
    first: &BTreeMap<String, Change>,
    later: &BTreeMap<String, Change>,
) -> BTreeMap<String, Change> {
    let mut composed = first.clone();
    for (name, change) in later {
        let Some(field) = shape.field(name) else { continue };
        let change = match composed.remove(name) {
            None => change.clone(),
            Some(before) => compose_field(field, before, change),
        };
        composed.insert(name.clone(), change);
    }
    composed
}

fn compose_field(field: &Field, first: Change, later: &Change) -> Change {
    match (field.many, first, later) {
        (Many::Map, Change::Within(mut first), Change::Within(later)) => {
            for (key, change) in later {
                let change = match first.remove(key) {
                    None => change.clone(),
                    Some(before) => compose_value(&field.kind, before, change),
                };
                first.insert(key.clone(), change);
            }
            Change::Within(first)
        }
        (Many::Map, Change::To(Value::Object(mut entries)), Change::Within(later)) => {
            for (key, change) in later {
                apply_value(&field.kind, change, &mut entries, key);
            }
            Change::To(Value::Object(entries))
        }
        (_, first, later) => compose_value(&field.kind, first, later),
    }
}

fn compose_value(kind: &Kind, first: Change, later: &Change) -> Change {
    match (kind, first, later) {
        (Kind::Message(shape), Change::Within(first), Change::Within(later)) => {
            Change::Within(compose_message(shape, &first, later))
        }
        (Kind::Message(shape), Change::To(Value::Object(mut fields)), Change::Within(later)) => {
            apply_message(shape, later, &mut fields);
            Change::To(Value::Object(fields))
        }
        (Kind::Message(shape), Change::Away, Change::Within(later)) => {
            let mut fields = empty_message(shape);
            apply_message(shape, later, &mut fields);
            Change::To(Value::Object(fields))
        }
        (_, _, later) => later.clone(),
    }
}

fn print_message(shape: &Shape, changes: &BTreeMap<String, Change>) -> Option<Map<String, Value>> {
    let mut printed = Map::new();
    for (name, change) in changes {
        let field = shape.field(name)?;
        let value = match (field.many, change) {
            (Many::Map, Change::Within(changes)) => {
                let mut entries = Map::new();
                for (key, change) in changes {
                    entries.insert(key.clone(), print_value(&field.kind, change)?);
                }
                Value::Object(entries)
            }
            (Many::Map, Change::To(Value::Object(entries))) if entries.is_empty() => Value::Null,
            (Many::Map, _) => return None,
            (Many::List, Change::To(list)) => list.clone(),
            (_, change) => print_value(&field.kind, change)?,
        };
        printed.insert(name.clone(), value);
    }
    Some(printed)
}

fn print_value(kind: &Kind, change: &Change) -> Option<Value> {
    match (kind, change) {
        (_, Change::Away) => Some(Value::Null),
        (Kind::Message(shape), Change::Within(changes)) => print_message(shape, changes).map(Value::Object),
        (Kind::Message(_), Change::To(_)) | (_, Change::Within(_)) => None,
        (_, Change::To(value)) => Some(value.clone()),
    }
}
