//! What is wrong with settings, in words that help and show no value.

use std::fmt;

use figment::error::{Actual, Kind};

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The setting's path: `database.max_connections`; empty where it concerns a whole source.
    pub path: String,
    /// What is wrong.
    pub what: String,
    /// Where it was said: a file, a variable, the defaults.
    pub origin: Option<String>,
}

impl Fault {
    /// A fault of the setting at `path`.
    #[must_use]
    pub fn new(path: &str, what: impl Into<String>, origin: Option<String>) -> Self {
        Self {
            path: path.to_owned(),
            what: what.into(),
            origin,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.what)?;
        self.origin
            .as_ref()
            .map_or(Ok(()), |origin| write!(f, " (in {origin})"))
    }
}

/// Everything that is wrong with the settings of one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError {
    /// The service.
    pub service: String,
    /// What is wrong, at least one.
    pub faults: Vec<Fault>,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "settings of {} are wrong:", self.service)?;
        self.faults.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
    }
}

impl std::error::Error for SettingsError {}

/// figment's own words would show the value.
pub(super) fn in_words(kind: &Kind, secret: bool) -> String {
    match kind {
        // Written by a service's own type, which may quote the value.
        Kind::Message(_) if secret => "is not valid".to_owned(),
        Kind::Message(text) => text.clone(),
        Kind::InvalidType(actual, expected) => format!("is {}, expected {expected}", kind_of(actual)),
        Kind::InvalidValue(_, expected) => format!("is out of range, expected {expected}"),
        Kind::InvalidLength(length, expected) => format!("has {length} items, expected {expected}"),
        Kind::UnknownVariant(_, known) if secret || known.is_empty() => "is none of the known values".to_owned(),
        Kind::UnknownVariant(_, known) => format!("is none of {}", known.join(", ")),
        Kind::UnknownField(name, known) => unknown(name, known.iter().copied()),
        Kind::MissingField(_) => "is not set".to_owned(),
        Kind::DuplicateField(_) => "is set twice".to_owned(),
        Kind::ISizeOutOfRange(_) | Kind::USizeOutOfRange(_) => "is out of range".to_owned(),
        Kind::Unsupported(actual) | Kind::UnsupportedKey(actual, _) => format!("cannot be {}", kind_of(actual)),
    }
}

/// Names the known setting that was most likely meant.
pub(super) fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    known
        .map(|candidate| (distance(name, candidate), candidate))
        .min()
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
        .map_or_else(
            || "is no setting".to_owned(),
            |(_, candidate)| format!("is no setting, did you mean {candidate}?"),
        )
}

fn kind_of(actual: &Actual) -> &'static str {
    match actual {
        Actual::Bool(_) => "a boolean",
        Actual::Unsigned(_) | Actual::Signed(_) | Actual::Float(_) => "a number",
        Actual::Char(_) | Actual::Str(_) => "text",
        Actual::Seq => "a list",
        Actual::Map => "a table",
        Actual::Unit | Actual::Option => "empty",
        _ => "of another type",
    }
}

/// Levenshtein's distance: names are short, the quadratic cost is nothing.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}
