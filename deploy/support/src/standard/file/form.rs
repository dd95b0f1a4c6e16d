//! Reads what a file says, and collects everything that is wrong with its form.

use std::path::Path as FilePath;

use support_chassis::standard::{ContentError, Patch, Path, Place, content};
use time::Date;

use super::super::library::{Known, Library};
use super::super::yaml::{self, Mark, Node, Says, Shape};
use super::{KEYS, Problem, Said, locate, parse_day};

/// A file that is being read.
pub(super) struct Form<'f> {
    pub(super) file: &'f FilePath,
    pub(super) text: &'f str,
    pub(super) root: &'f Node,
    pub(super) problems: Vec<Problem>,
}

/// What the keys of a file say.
pub(super) struct Parts {
    pub(super) known: &'static Known,
    pub(super) place: Place,
    pub(super) effective_from: Option<Date>,
    pub(super) reason: String,
    pub(super) says: Said,
}

impl Form<'_> {
    fn problem(&mut self, at: Mark, what: impl Into<String>) {
        self.problems.push(Problem {
            file: self.file.to_owned(),
            at: Some(at),
            what: what.into(),
        });
    }

    /// What the keys say; none where something is wrong.
    pub(super) fn read(&mut self, library: &'static Library) -> Option<Parts> {
        let root = self.root;
        if !matches!(root.says, Says::Map { .. }) {
            self.problem(
                root.at,
                format!("is no file of the standard: it has the keys {}", KEYS.join(", ")),
            );
            return None;
        }
        for entry in root
            .entries()
            .iter()
            .filter(|entry| !KEYS.contains(&entry.key.as_str()))
        {
            self.problem(
                entry.at,
                format!(
                    "{} is no key of a file of the standard; those are {}",
                    entry.key,
                    KEYS.join(", ")
                ),
            );
        }
        let known = self.parsed("document", |text| {
            let names: Vec<&str> = library.names().collect();
            library
                .get(text)
                .ok_or_else(|| format!("there is no document {text}; there are {}", names.join(", ")))
        });
        let place = if root.get("place").is_some() {
            self.parsed("place", |text| text.parse::<Place>().map_err(|error| error.to_string()))
        } else {
            Some(Place::Global)
        };
        let effective_from = match root.get("effective_from") {
            Some(_) => self.parsed("effective_from", parse_day).map(Some),
            None => Some(None),
        };
        let reason = self.parsed("reason", |text| {
            let length = text.trim().chars().count();
            if (3..=2000).contains(&length) {
                Ok(text.to_owned())
            } else {
                Err("the reason says in 3 to 2000 characters why, for those who will wonder in years".to_owned())
            }
        });
        let says = self.says(known?, place.as_ref()?);
        Some(Parts {
            known: known?,
            place: place?,
            effective_from: effective_from?,
            reason: reason?,
            says: says?,
        })
    }

    /// The text under a key, understood.
    fn parsed<T>(&mut self, key: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let Some(entry) = self.root.get(key) else {
            self.problem(self.root.at, format!("{key} is missing"));
            return None;
        };
        let parsed = match entry.value.text() {
            Some(text) => parse(text),
            None => Err("is a text".to_owned()),
        };
        match parsed {
            Ok(parsed) => Some(parsed),
            Err(what) => {
                self.problem(entry.value.at, format!("{key}: {what}"));
                None
            }
        }
    }

    fn says(&mut self, known: &Known, place: &Place) -> Option<Said> {
        let global = *place == Place::Global;
        let (wanted, other) = if global {
            ("content", "changes")
        } else {
            ("changes", "content")
        };
        if let Some(entry) = self.root.get(other) {
            let what = if global {
                "a file for the whole world has the whole document under `content`; `changes` are of a place"
            } else {
                "a file for a place has what differs there under `changes`; `content` is of the whole world"
            };
            self.problem(entry.at, what);
            return None;
        }
        let Some(entry) = self.root.get(wanted) else {
            self.problem(self.root.at, format!("{wanted} is missing"));
            return None;
        };
        // Alone, and where it stands: so what is wrong with it has its line.
        let alone = yaml::only(self.text, &entry.value.span);
        let read = if global {
            content::from_yaml(&known.schema, &alone).map(Said::Content)
        } else {
            Patch::from_yaml(&known.schema, &alone).map(Said::Changes)
        };
        match read {
            Ok(said) => Some(said),
            Err(ContentError::Invalid(faults)) => {
                let shape = Shape::Message(known.schema.message().clone());
                for fault in faults {
                    let path: Path = fault.path.parse().unwrap_or_default();
                    let at = locate(&entry.value, &shape, &path).unwrap_or(entry.at);
                    self.problem(at, fault.to_string());
                }
                None
            }
            Err(error) => {
                self.problem(entry.at, error.to_string());
                None
            }
        }
    }
}
