//! One source of settings.

use std::collections::BTreeMap;
use std::fmt;

use figment::Provider as _;
use figment::providers::{Format as _, Toml};
use figment::value::{Dict, Tag, Value};
use serde::Serialize;

use super::Fault;

/// Before the name of every variable that is a setting.
const PREFIX: &str = "SUPPORT_";

/// One source: a tree, and where each part of it was said.
#[derive(Clone)]
pub(super) struct Layer {
    origin: String,
    pub(super) tree: Dict,
    /// The variables by the path they set, with their text as it was: `123` may have been meant as text.
    variables: BTreeMap<String, (String, String)>,
}

impl Layer {
    pub(super) fn toml(origin: &str, text: &str) -> Result<Self, Fault> {
        let profiles = Toml::string(text).data().map_err(|error| {
            // The lines between show the source, and with it perhaps a secret.
            let text = error.to_string();
            let first = text.lines().next().unwrap_or_default();
            let last = text
                .lines()
                .next_back()
                .filter(|last| *last != first)
                .unwrap_or_default();
            Fault::new(
                "",
                format!("{first} {last}").trim_end().to_owned(),
                Some(origin.to_owned()),
            )
        })?;
        Ok(Self::of(origin, profiles.into_values().next().unwrap_or_default()))
    }

    pub(super) fn values(origin: &str, values: impl Serialize) -> Result<Self, Fault> {
        match Value::serialize(values) {
            Ok(Value::Dict(_, tree)) => Ok(Self::of(origin, tree)),
            Ok(_) => Err(Fault::new("", "is no table", Some(origin.to_owned()))),
            Err(error) => Err(Fault::new(
                "",
                super::fault::in_words(&error.kind, true),
                Some(origin.to_owned()),
            )),
        }
    }

    pub(super) fn value(origin: &str, path: &str, value: impl Serialize) -> Result<Self, Fault> {
        let value = Value::serialize(value)
            .map_err(|error| Fault::new(path, super::fault::in_words(&error.kind, true), Some(origin.to_owned())))?;
        let mut layer = Self::of(origin, Dict::new());
        insert(&mut layer.tree, path, value);
        Ok(layer)
    }

    pub(super) fn environment(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut layer = Self::of("the environment", Dict::new());
        for (name, text) in variables {
            let Some((service, rest)) = name
                .strip_prefix(PREFIX.trim_end_matches('_'))
                .and_then(|rest| rest.split_once("__"))
            else {
                continue;
            };
            let service = service.trim_start_matches('_').to_lowercase().replace('_', "-");
            let rest = rest.to_lowercase().replace("__", ".");
            let path = if service.is_empty() {
                rest
            } else {
                format!("{service}.{rest}")
            };
            // The parser of values cannot fail: what is nothing else is text.
            let value = text.parse::<Value>().unwrap_or_else(|_| Value::from(text.as_str()));
            insert(&mut layer.tree, &path, value);
            layer.variables.insert(path, (name, text));
        }
        layer
    }

    fn of(origin: &str, tree: Dict) -> Self {
        Self {
            origin: origin.to_owned(),
            tree,
            variables: BTreeMap::new(),
        }
    }

    /// Where in this layer the value at `path` was said, if it was.
    pub(super) fn origin(&self, path: &str) -> Option<String> {
        find(&self.tree, path)?;
        Some(
            self.variables
                .get(path)
                .map_or_else(|| self.origin.clone(), |(name, _)| format!("variable {name}")),
        )
    }

    /// The text of the variable that set `path`.
    pub(super) fn variable(&self, path: &str) -> Option<&str> {
        self.variables.get(path).map(|(_, text)| text.as_str())
    }
}

impl fmt::Debug for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Layer").field(&self.origin).finish()
    }
}

/// The value at a path.
pub(super) fn find<'t>(tree: &'t Dict, path: &str) -> Option<&'t Value> {
    match path.split_once('.') {
        None => tree.get(path),
        Some((first, rest)) => find(tree.get(first)?.as_dict()?, rest),
    }
}

/// Puts a value at a path, making the tables on the way.
pub(super) fn insert(tree: &mut Dict, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            tree.insert(path.to_owned(), value);
        }
        Some((first, rest)) => {
            let mut inner = match tree.remove(first) {
                Some(Value::Dict(_, inner)) => inner,
                _ => Dict::new(),
            };
            insert(&mut inner, rest, value);
            tree.insert(first.to_owned(), Value::Dict(Tag::Default, inner));
        }
    }
}

/// Takes a value out of a path.
pub(super) fn remove(tree: &mut Dict, path: &str) -> Option<Value> {
    match path.split_once('.') {
        None => tree.remove(path),
        Some((first, rest)) => match tree.get_mut(first)? {
            Value::Dict(_, inner) => remove(inner, rest),
            _ => None,
        },
    }
}

/// Lays one tree over another: tables are merged, everything else is replaced.
pub(super) fn overlay(below: &mut Dict, above: &Dict) {
    for (key, value) in above {
        match (below.get_mut(key), value) {
            (Some(Value::Dict(_, below)), Value::Dict(_, above)) => overlay(below, above),
            _ => {
                below.insert(key.clone(), value.clone());
            }
        }
    }
}
