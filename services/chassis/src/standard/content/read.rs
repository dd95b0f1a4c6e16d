//! Holds what a text says against a schema.

use std::collections::BTreeMap;

use prost_reflect::EnumDescriptor;
use serde_json::{Map, Value};

use super::duration;
use super::raw::Raw;
use super::{ContentError, Fault, empty};
use crate::standard::patch::Change;
use crate::standard::path::Path;
use crate::standard::schema::{Field, Kind, Many, Shape};

/// The most faults that are told of one content, so that a hostile one does not make an answer much larger than itself.
const MOST_FAULTS: usize = 1000;

/// The longest key of a map, in bytes. Every path through an entry repeats its key.
const KEY_LIMIT: usize = 200;

/// From here on a floating-point number stands for several integers.
const INEXACT_FROM: f64 = 9_007_199_254_740_992.0;

/// What becomes of fields that the schema does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::standard) enum Unknown {
    /// They are faults: somebody wrote something that would not be ruled by.
    Refused,
    /// They are left out: a newer program wrote them.
    LeftOut,
}

/// Reads, and collects what is wrong.
pub(in crate::standard) struct Reader {
    unknown: Unknown,
    faults: Vec<Fault>,
    beyond: usize,
}

impl Reader {
    pub(in crate::standard) fn new(unknown: Unknown) -> Self {
        Self {
            unknown,
            faults: Vec::new(),
            beyond: 0,
        }
    }

    /// Everything that was wrong.
    pub(in crate::standard) fn finish(mut self) -> Result<(), ContentError> {
        if self.faults.is_empty() {
            return Ok(());
        }
        if self.beyond > 0 {
            self.faults
                .push(Fault::whole(format!("has {} more faults", self.beyond)));
        }
        Err(ContentError::Invalid(self.faults))
    }

    fn fault(&mut self, path: &Path, fault: impl Into<String>) {
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(Fault::new(path.to_string(), fault));
        } else {
            self.beyond += 1;
        }
    }

    /// A whole document. Fields of which it says nothing are as in `like`, where that has them, and else empty. What it
    /// gives is meaningless where something was wrong.
    pub(in crate::standard) fn document(
        &mut self,
        shape: &Shape,
        raw: &Raw,
        like: Option<&Map<String, Value>>,
    ) -> Map<String, Value> {
        self.message(shape, raw, like, &Path::root()).unwrap_or_default()
    }

    /// What changes in a document.
    pub(in crate::standard) fn changes(&mut self, shape: &Shape, raw: &Raw) -> BTreeMap<String, Change> {
        self.message_changes(shape, raw, &Path::root()).unwrap_or_default()
    }

    fn message(
        &mut self,
        shape: &Shape,
        raw: &Raw,
        like: Option<&Map<String, Value>>,
        path: &Path,
    ) -> Option<Map<String, Value>> {
        let said = self.fields(shape, raw, path)?;
        let mut fields = Map::new();
        for field in &shape.fields {
            let like = like.and_then(|fields| fields.get(&field.name));
            let value = match said.get(field.name.as_str()) {
                Some(raw) => self.field(field, raw, like, &path.field(&field.name)),
                // Said to be absent, as far as a text can say it.
                None if field.may_be_absent => None,
                None => like.cloned().or_else(|| empty(field)),
            };
            if let Some(value) = value {
                fields.insert(field.name.clone(), value);
            }
        }
        Some(fields)
    }

    fn message_changes(&mut self, shape: &Shape, raw: &Raw, path: &Path) -> Option<BTreeMap<String, Change>> {
        let said = self.fields(shape, raw, path)?;
        let mut changes = BTreeMap::new();
        for field in &shape.fields {
            if let Some(raw) = said.get(field.name.as_str())
                && let Some(change) = self.change(field, raw, &path.field(&field.name))
            {
                changes.insert(field.name.clone(), change);
            }
        }
        Some(changes)
    }

    /// What is said of the fields, by their names in the proto.
    fn fields<'s, 'r>(&mut self, shape: &'s Shape, raw: &'r Raw, path: &Path) -> Option<BTreeMap<&'s str, &'r Raw>> {
        let Raw::Object(entries) = raw else {
            self.fault(path, format!("must be an object, not {}", article(raw)));
            return None;
        };
        let mut said = BTreeMap::new();
        for (name, raw) in entries {
            let Some(field) = shape.named(name) else {
                if self.unknown == Unknown::Refused {
                    self.fault(&path.field(clipped(name)), "is no field of this document");
                }
                continue;
            };
            if said.insert(field.name.as_str(), raw).is_some() {
                self.fault(&path.field(&field.name), "is said twice");
            }
        }
        Some(said)
    }

    /// What is said of the entries of a map.
    fn entries<'r>(&mut self, raw: &'r Raw, path: &Path) -> Option<BTreeMap<&'r str, &'r Raw>> {
        let Raw::Object(entries) = raw else {
            self.fault(path, format!("must be an object, not {}", article(raw)));
            return None;
        };
        let mut said = BTreeMap::new();
        for (key, raw) in entries {
            if key.len() > KEY_LIMIT {
                self.fault(
                    &path.key(clipped(key)),
                    format!("has a key longer than {KEY_LIMIT} bytes"),
                );
                continue;
            }
            if key.chars().any(char::is_control) {
                self.fault(&path.key(key), "has a control character in its key");
            }
            if said.insert(key.as_str(), raw).is_some() {
                self.fault(&path.key(key), "is said twice");
            }
        }
        Some(said)
    }

    /// A field of a whole document; none where it is absent or wrong.
    fn field(&mut self, field: &Field, raw: &Raw, like: Option<&Value>, path: &Path) -> Option<Value> {
        let like = like.and_then(Value::as_object);
        match (field.many, raw) {
            (Many::One, Raw::Null) => {
                if !field.may_be_absent {
                    self.fault(path, NO_ABSENT_VALUE);
                }
                None
            }
            (Many::List | Many::Map, Raw::Null) => empty(field),
            (Many::One, raw) => self.value(&field.kind, raw, like, path),
            (Many::List, raw) => self.list(&field.kind, raw, path),
            (Many::Map, raw) => {
                let entries = self.entries(raw, path)?;
                let mut map = Map::new();
                for (key, raw) in entries {
                    let like = like.and_then(|entries| entries.get(key)).and_then(Value::as_object);
                    if let Some(value) = self.value(&field.kind, raw, like, &path.key(key)) {
                        map.insert(key.to_owned(), value);
                    }
                }
                Some(Value::Object(map))
            }
        }
    }

    /// What changes in a field; none where nothing does or something is wrong.
    fn change(&mut self, field: &Field, raw: &Raw, path: &Path) -> Option<Change> {
        match (field.many, raw) {
            (Many::One, Raw::Null) => {
                if !field.may_be_absent {
                    self.fault(path, NO_ABSENT_VALUE);
                    return None;
                }
                Some(Change::Away)
            }
            (Many::List | Many::Map, Raw::Null) => empty(field).map(Change::To),
            (Many::One, raw) => self.value_change(&field.kind, raw, path),
            (Many::List, raw) => self.list(&field.kind, raw, path).map(Change::To),
            (Many::Map, raw) => {
                let entries = self.entries(raw, path)?;
                let mut changes = BTreeMap::new();
                for (key, raw) in entries {
                    let change = match raw {
                        Raw::Null => Some(Change::Away),
                        raw => self.value_change(&field.kind, raw, &path.key(key)),
                    };
                    if let Some(change) = change {
                        changes.insert(key.to_owned(), change);
                    }
                }
                // A map is always there: to change nothing in it is to say nothing.
                (!changes.is_empty()).then_some(Change::Within(changes))
            }
        }
    }

    fn value_change(&mut self, kind: &Kind, raw: &Raw, path: &Path) -> Option<Change> {
        match kind {
            Kind::Message(shape) => self.message_changes(shape, raw, path).map(Change::Within),
            kind => self.value(kind, raw, None, path).map(Change::To),
        }
    }

    fn list(&mut self, kind: &Kind, raw: &Raw, path: &Path) -> Option<Value> {
        let Raw::List(elements) = raw else {
            self.fault(path, format!("must be a list, not {}", article(raw)));
            return None;
        };
        let mut list = Vec::with_capacity(elements.len());
        for (index, element) in elements.iter().enumerate() {
            list.extend(self.value(kind, element, None, &path.index(index)));
        }
        Some(Value::Array(list))
    }

    fn value(&mut self, kind: &Kind, raw: &Raw, like: Option<&Map<String, Value>>, path: &Path) -> Option<Value> {
        let read = match kind {
            Kind::Message(shape) => return self.message(shape, raw, like, path).map(Value::Object),
            Kind::Bool => match raw {
                Raw::Bool(value) => Ok(Value::Bool(*value)),
                other => Err(format!("must be true or false, not {}", article(other))),
            },
            Kind::Integer { least, most, quoted } => integer(raw, *least, *most).map(|number| {
                if *quoted {
                    Value::from(number.to_string())
                } else {
                    // Within 32 bits, by the limits.
                    i64::try_from(number).map_or(Value::Null, Value::from)
                }
            }),
            Kind::Text => match raw {
                // They hide what a terminal shows, and a database has no NUL.
                Raw::Text(text)
                    if text
                        .chars()
                        .any(|letter| letter.is_control() && !matches!(letter, '\n' | '\t')) =>
                {
                    Err("has a control character".to_owned())
                }
                Raw::Text(text) => Ok(Value::from(text.as_str())),
                other => Err(format!("must be a string, not {}", article(other))),
            },
            Kind::Enum(values) => enum_value(values, raw),
            Kind::Duration => match raw {
                Raw::Text(text) => duration::nanoseconds(text)
                    .map(|total| Value::from(duration::print(total)))
                    .ok_or_else(|| "must be a duration in seconds like 90s or 1.5s".to_owned()),
                other => Err(format!(
                    "must be a duration in seconds like 90s or 1.5s, not {}",
                    article(other)
                )),
            },
        };
        read.map_err(|fault| self.fault(path, fault)).ok()
    }
}

const NO_ABSENT_VALUE: &str = "cannot be absent: say its value instead of null";

fn integer(raw: &Raw, least: i128, most: i128) -> Result<i128, String> {
    let number = match raw {
        Raw::Integer(number) => *number,
        Raw::Text(text) if is_decimal(text) => text.parse().unwrap_or(i128::MAX),
        Raw::Float(number) if number.fract() == 0.0 && number.abs() < INEXACT_FROM => {
            format!("{number:.0}").parse().unwrap_or(i128::MAX)
        }
        Raw::Float(number) if number.fract() == 0.0 => {
            return Err(format!(
                "must be written out, digit by digit, and be from {least} to {most}"
            ));
        }
        Raw::Text(_) | Raw::Float(_) => return Err("must be a whole number".to_owned()),
        other => return Err(format!("must be a whole number, not {}", article(other))),
    };
    if (least..=most).contains(&number) {
        Ok(number)
    } else {
        Err(format!("must be from {least} to {most}"))
    }
}

fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let canonical = digits == "0" || !digits.starts_with('0');
    canonical && !digits.is_empty() && digits.bytes().all(|letter| letter.is_ascii_digit())
}

fn enum_value(values: &EnumDescriptor, raw: &Raw) -> Result<Value, String> {
    let value = match raw {
        Raw::Text(name) => values.get_value_by_name(name),
        Raw::Integer(number) => i32::try_from(*number).ok().and_then(|number| values.get_value(number)),
        other => return Err(format!("must be the name of a value, not {}", article(other))),
    };
    let value = value.ok_or_else(|| {
        let names: Vec<String> = values.values().map(|value| value.name().to_owned()).collect();
        format!("must be one of {}", names.join(", "))
    })?;
    // Of several names for a number the first is the one to write.
    let name = values
        .get_value(value.number())
        .map_or_else(|| value.name().to_owned(), |first| first.name().to_owned());
    Ok(Value::from(name))
}

/// As much of a name as a fault repeats.
fn clipped(name: &str) -> &str {
    let end = name.char_indices().map(|(at, _)| at).find(|at| *at >= 100);
    &name[..end.unwrap_or(name.len())]
}

fn article(raw: &Raw) -> &'static str {
    match raw {
        Raw::Null => "null",
        Raw::Bool(_) => "true or false",
        Raw::Integer(_) | Raw::Float(_) => "a number",
        Raw::Text(_) => "a string",
        Raw::List(_) => "a list",
        Raw::Object(_) => "an object",
    }
}
