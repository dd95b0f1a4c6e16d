//! How two contents differ, and where a candidate is looser than what it would change.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashSet};

use serde_json::{Map, Value};

use super::content::{self, Content};
use super::departure::Rule;
use super::path::Path;
use super::schema::{Field, Kind, Many, Shape};

/// A field whose value departs from that of the standard above it in a way that its rule forbids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Departed {
    /// The path: `purposes["payment"].level`.
    pub path: String,
    /// The rule that holds for it.
    pub rule: Rule,
    /// What the standard above says, as JSON; empty where it says nothing.
    pub standard: String,
    /// What the overlay says, as JSON; empty where it takes the value away.
    pub overlay: String,
}

/// A value that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueChange {
    /// The path of the field or entry.
    pub path: String,
    /// What was there, as JSON; empty for nothing.
    pub before: String,
    /// What is there then, as JSON; empty for nothing.
    pub after: String,
}

/// Every place where the candidate is looser than the base, or departs where nothing may, in the order of the paths'
/// fields. Empty where the candidate is lawful.
///
/// Under LOCKED the innermost places that differ are named. Lists are compared whole.
#[must_use]
pub fn looser(base: &Content, candidate: &Content) -> Vec<Departed> {
    let mut found = Vec::new();
    message(
        base.shape(),
        base.fields(),
        candidate.fields(),
        &Path::root(),
        &mut found,
    );
    found
}

/// Every value that differs, by the innermost places: fields of messages, entries of maps, whole lists.
#[must_use]
pub fn changes(before: &Content, after: &Content) -> Vec<ValueChange> {
    let mut found = Vec::new();
    differences_of_message(
        before.shape(),
        before.fields(),
        after.fields(),
        &Path::root(),
        &mut |path, one, other| {
            found.push(ValueChange {
                path: path.to_string(),
                before: text(one),
                after: text(other),
            });
        },
    );
    found
}

fn text(value: Option<&Value>) -> String {
    value.map(content::print_value).unwrap_or_default()
}

pub(super) fn departed(path: &Path, rule: Rule, base: Option<&Value>, candidate: Option<&Value>) -> Departed {
    Departed {
        path: path.to_string(),
        rule,
        standard: text(base),
        overlay: text(candidate),
    }
}

fn message(
    shape: &Shape,
    base: &Map<String, Value>,
    candidate: &Map<String, Value>,
    path: &Path,
    found: &mut Vec<Departed>,
) {
    for field in &shape.fields {
        let (base, candidate) = (base.get(&field.name), candidate.get(&field.name));
        compare_field(field, base, candidate, &path.field(&field.name), found);
    }
}

pub(super) fn compare_field(
    field: &Field,
    base: Option<&Value>,
    candidate: Option<&Value>,
    path: &Path,
    found: &mut Vec<Departed>,
) {
    match (field.many, &field.kind, field.rule) {
        (Many::Map, kind, rule) if rule != Rule::Locked => {
            compare_entries(kind, rule, entries(base), entries(candidate), path, found);
        }
        (_, _, Rule::Free) => {}
        (Many::One, Kind::Message(shape), Rule::ByField) => match (base, candidate) {
            (Some(Value::Object(base)), Some(Value::Object(candidate))) => {
                message(shape, base, candidate, path, found);
            }
            (None, None) => {}
            _ => found.push(departed(path, Rule::ByField, base, candidate)),
        },
        (Many::One | Many::List, _, rule) if is_directed(field) => {
            if is_looser(field, base, candidate) {
                found.push(departed(path, rule, base, candidate));
            }
        }
        // Locked, and whatever the build of the contract would have refused.
        (_, _, rule) => differences(field, base, candidate, path, &mut |path, base, candidate| {
            found.push(departed(path, rule, base, candidate));
        }),
    }
}

fn compare_entries(
    kind: &Kind,
    rule: Rule,
    base: Option<&Map<String, Value>>,
    candidate: Option<&Map<String, Value>>,
    path: &Path,
    found: &mut Vec<Departed>,
) {
    for key in keys(base, candidate) {
        let (base, candidate) = (
            base.and_then(|map| map.get(key)),
            candidate.and_then(|map| map.get(key)),
        );
        let path = path.key(key);
        match (kind, base, candidate) {
            (Kind::Message(shape), Some(Value::Object(base)), Some(Value::Object(candidate))) => {
                message(shape, base, candidate, &path, found);
            }
            (kind, base, candidate) if entry_departs(kind, rule, base, candidate) => {
                found.push(departed(&path, rule, base, candidate));
            }
            _ => {}
        }
    }
}

/// Whether an entry that came, went or (of scalars) became another one does so against the map's rule.
pub(super) fn entry_departs(kind: &Kind, rule: Rule, base: Option<&Value>, candidate: Option<&Value>) -> bool {
    match (base, candidate) {
        (None, None) => false,
        _ if rule == Rule::Free => false,
        (None, Some(_)) => rule != Rule::Superset,
        (Some(_), None) => rule != Rule::Subset,
        (Some(base), Some(candidate)) => !same_value(kind, base, candidate),
    }
}

/// Whether the field's rule says in which direction it may depart, and its type is one for which that says something.
pub(super) fn is_directed(field: &Field) -> bool {
    match (field.many, &field.kind, field.rule) {
        (Many::List, Kind::Message(_), _) | (Many::Map, _, _) => false,
        (Many::List, _, Rule::Superset | Rule::Subset)
        | (Many::One, Kind::Bool | Kind::Integer { .. } | Kind::Enum(_), Rule::Higher | Rule::Lower)
        | (Many::One, Kind::Duration, Rule::Longer | Rule::Shorter) => true,
        _ => false,
    }
}

/// Whether the candidate's value of a field that [is directed](is_directed) goes the other way.
pub(super) fn is_looser(field: &Field, base: Option<&Value>, candidate: Option<&Value>) -> bool {
    if field.many == Many::List {
        let (base, candidate) = (set(base), set(candidate));
        return match field.rule {
            Rule::Superset => !base.is_subset(&candidate),
            _ => !candidate.is_subset(&base),
        };
    }
    match (base, candidate) {
        // No limit was stated: whatever comes is stricter.
        (None, _) => false,
        (Some(_), None) => true,
        (Some(base), Some(candidate)) => {
            let order = order(&field.kind, candidate).cmp(&order(&field.kind, base));
            let stricter = match field.rule {
                Rule::Higher | Rule::Longer => Ordering::Greater,
                _ => Ordering::Less,
            };
            order != Ordering::Equal && order != stricter
        }
    }
}

/// Where a value stands among those of its type.
fn order(kind: &Kind, value: &Value) -> Option<i128> {
    match (kind, value) {
        (Kind::Bool, Value::Bool(value)) => Some((*value).into()),
        (Kind::Integer { .. }, Value::Number(number)) => number.as_i128(),
        (Kind::Integer { .. }, Value::String(number)) => number.parse().ok(),
        (Kind::Enum(values), Value::String(name)) => values.get_value_by_name(name).map(|value| value.number().into()),
        (Kind::Duration, Value::String(text)) => content::nanoseconds(text),
        _ => None,
    }
}

/// Is called for a place where two contents differ.
type Differs<'f, 'v> = dyn FnMut(&Path, Option<&'v Value>, Option<&'v Value>) + 'f;

/// Calls back for every innermost place where the field's values differ.
fn differences<'v>(
    field: &Field,
    one: Option<&'v Value>,
    other: Option<&'v Value>,
    path: &Path,
    found: &mut Differs<'_, 'v>,
) {
    match field.many {
        Many::List => {
            let as_sets = matches!(field.rule, Rule::Superset | Rule::Subset) && is_directed(field);
            if one != other && !(as_sets && set(one) == set(other)) {
                found(path, one, other);
            }
        }
        Many::Map => {
            let (one, other) = (entries(one), entries(other));
            for key in keys(one, other) {
                let (one, other) = (one.and_then(|map| map.get(key)), other.and_then(|map| map.get(key)));
                differences_of_value(&field.kind, one, other, &path.key(key), found);
            }
        }
        Many::One => differences_of_value(&field.kind, one, other, path, found),
    }
}

fn differences_of_value<'v>(
    kind: &Kind,
    one: Option<&'v Value>,
    other: Option<&'v Value>,
    path: &Path,
    found: &mut Differs<'_, 'v>,
) {
    match (kind, one, other) {
        (Kind::Message(shape), Some(Value::Object(one)), Some(Value::Object(other))) => {
            differences_of_message(shape, one, other, path, found);
        }
        _ if one != other => found(path, one, other),
        _ => {}
    }
}

fn differences_of_message<'v>(
    shape: &Shape,
    one: &'v Map<String, Value>,
    other: &'v Map<String, Value>,
    path: &Path,
    found: &mut Differs<'_, 'v>,
) {
    for field in &shape.fields {
        let (one, other) = (one.get(&field.name), other.get(&field.name));
        differences(field, one, other, &path.field(&field.name), found);
    }
}

fn same_value(kind: &Kind, one: &Value, other: &Value) -> bool {
    let mut same = true;
    differences_of_value(kind, Some(one), Some(other), &Path::root(), &mut |_, _, _| same = false);
    same
}

pub(super) fn entries(value: Option<&Value>) -> Option<&Map<String, Value>> {
    value.and_then(Value::as_object)
}

/// The keys of both maps, sorted.
pub(super) fn keys<'m>(
    one: Option<&'m Map<String, Value>>,
    other: Option<&'m Map<String, Value>>,
) -> BTreeSet<&'m String> {
    one.into_iter().chain(other).flat_map(Map::keys).collect()
}

/// The elements of a list of scalars, whose order and repetitions mean nothing. Canonical values are equal exactly where
/// their texts are.
pub(super) fn set(value: Option<&Value>) -> HashSet<&Value> {
    value.and_then(Value::as_array).into_iter().flatten().collect()
}
