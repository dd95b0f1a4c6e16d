//! Raises an overlay to a standard above it that has become stricter.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::compare::{self, Departed, departed, entries, entry_departs, is_directed, is_looser};
use super::content::Content;
use super::departure::Rule;
use super::path::Path;
use super::schema::{Field, Kind, Many, Shape};

/// The candidate with every place where it is looser than the base, or departs where nothing may, as the base has it; and
/// those places, which are the ones that [`looser`](compare::looser) names.
///
/// What is stricter or free stays as the candidate says. Of a list that may only grow there remain the base's elements, in the
/// base's order, and then the candidate's others; of one that may only shrink those of the base that the candidate has too.
#[must_use]
pub fn lift(base: &Content, candidate: &Content) -> (Content, Vec<Departed>) {
    let mut fields = candidate.fields().clone();
    let mut found = Vec::new();
    message(base.shape(), base.fields(), &mut fields, &Path::root(), &mut found);
    (Content::new(Arc::clone(base.shape()), fields), found)
}

fn message(
    shape: &Shape,
    base: &Map<String, Value>,
    candidate: &mut Map<String, Value>,
    path: &Path,
    found: &mut Vec<Departed>,
) {
    for field in &shape.fields {
        lift_field(field, base, candidate, &path.field(&field.name), found);
    }
}

fn lift_field(
    field: &Field,
    base: &Map<String, Value>,
    candidate: &mut Map<String, Value>,
    path: &Path,
    found: &mut Vec<Departed>,
) {
    let name = field.name.as_str();
    let above = base.get(name);
    match (field.many, &field.kind, field.rule) {
        (Many::Map, kind, rule) if rule != Rule::Locked => {
            if let Some(Value::Object(own)) = candidate.get_mut(name) {
                lift_entries(kind, rule, entries(above), own, path, found);
            }
        }
        (_, _, Rule::Free) => {}
        (Many::One, Kind::Message(shape), Rule::ByField) => match (above, candidate.get_mut(name)) {
            (Some(Value::Object(above)), Some(Value::Object(own))) => message(shape, above, own, path, found),
            (None, None) => {}
            (above, own) => {
                found.push(departed(path, Rule::ByField, above, own.as_deref()));
                set_or_remove(candidate, name, above.cloned());
            }
        },
        (Many::One | Many::List, _, rule) if is_directed(field) => {
            let own = candidate.get(name);
            if is_looser(field, above, own) {
                found.push(departed(path, rule, above, own));
                let lifted = match field.many {
                    Many::List => Some(merged(rule, above, own)),
                    _ => above.cloned(),
                };
                set_or_remove(candidate, name, lifted);
            }
        }
        _ => {
            let before = found.len();
            compare::compare_field(field, above, candidate.get(name), path, found);
            if found.len() > before {
                set_or_remove(candidate, name, above.cloned());
            }
        }
    }
}

fn lift_entries(
    kind: &Kind,
    rule: Rule,
    base: Option<&Map<String, Value>>,
    candidate: &mut Map<String, Value>,
    path: &Path,
    found: &mut Vec<Departed>,
) {
    let keys: Vec<String> = compare::keys(base, Some(candidate)).into_iter().cloned().collect();
    for key in keys {
        let above = base.and_then(|map| map.get(&key));
        let path = path.key(&key);
        match (kind, above, candidate.get_mut(&key)) {
            (Kind::Message(shape), Some(Value::Object(above)), Some(Value::Object(own))) => {
                message(shape, above, own, &path, found);
            }
            (kind, above, own) => {
                if entry_departs(kind, rule, above, own.as_deref()) {
                    found.push(departed(&path, rule, above, own.as_deref()));
                    set_or_remove(candidate, &key, above.cloned());
                }
            }
        }
    }
}

/// A list that may only grow or only shrink, raised to the base.
fn merged(rule: Rule, base: Option<&Value>, candidate: Option<&Value>) -> Value {
    let (above, own) = (compare::set(base), compare::set(candidate));
    let elements = |list: Option<&Value>| list.and_then(Value::as_array).cloned().unwrap_or_default();
    let mut seen = HashSet::new();
    let merged = if rule == Rule::Superset {
        let added = elements(candidate)
            .into_iter()
            .filter(|element| !above.contains(element));
        elements(base).into_iter().chain(added).collect::<Vec<_>>()
    } else {
        elements(base)
            .into_iter()
            .filter(|element| own.contains(element))
            .collect()
    };
    Value::Array(
        merged
            .into_iter()
            .filter(|element| seen.insert(element.clone()))
            .collect(),
    )
}

fn set_or_remove(fields: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    match value {
        Some(value) => fields.insert(name.to_owned(), value),
        None => fields.remove(name),
    };
}
