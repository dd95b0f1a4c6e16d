//! Files of the standard, as operators keep them under version control: one a document and place, as YAML or JSON.
//!
//! ```yaml
//! document: warranty/coverage-terms
//! place: country/DE            # left out, or `global`: the whole world
//! effective_from: 2027-01-01   # left out: the day on which it is published
//! reason: What the courts decided in June.
//! changes:                     # of a place: what differs from the standard above it, as a merge patch (RFC 7386)
//!   terms:
//!     phone:
//!       months: 24
//! ```
//!
//! Of the whole world it is `content`, the whole document: fields that are not there have their empty value.

mod form;

use std::fmt;
use std::path::{Path as FilePath, PathBuf};

use support_chassis::standard::content::YAML_LIMIT;
use support_chassis::standard::path::Segment;
use support_chassis::standard::{Content, Patch, Path, Place};
use time::Date;
use time::macros::format_description;

use form::Form;

use super::library::{Known, Library};
use super::yaml::{self, Entry, Mark, Node, Says, Shape, Tree};

/// How days are written (ISO 8601).
const DAY: &[time::format_description::BorrowedFormatItem<'static>] = format_description!("[year]-[month]-[day]");
/// The keys of a file.
const KEYS: [&str; 6] = ["document", "place", "effective_from", "reason", "content", "changes"];

/// Something wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Problem {
    pub(crate) file: PathBuf,
    pub(crate) at: Option<Mark>,
    pub(crate) what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:", self.file.display())?;
        if let Some(at) = self.at {
            write!(formatter, "{at}:")?;
        }
        write!(formatter, " {}", self.what)
    }
}

/// A file of the standard.
#[derive(Debug)]
pub(crate) struct RuleFile {
    pub(crate) file: PathBuf,
    pub(crate) text: String,
    tree: Tree,
    pub(crate) known: &'static Known,
    pub(crate) place: Place,
    pub(crate) effective_from: Option<Date>,
    pub(crate) reason: String,
    pub(crate) says: Said,
}

/// What a file says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Said {
    /// The whole document.
    Content(Content),
    /// What a place changes.
    Changes(Patch),
}

impl Said {
    /// Its canonical text.
    pub(crate) fn canonical(&self) -> String {
        match self {
            Self::Content(content) => content.print(),
            // A patch that was read, and not composed, can be said.
            Self::Changes(patch) => patch.print().unwrap_or_default(),
        }
    }
}

impl RuleFile {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with its form.
    pub(crate) fn read(file: &FilePath) -> Result<Self, Vec<Problem>> {
        let whole = |what: String| {
            vec![Problem {
                file: file.to_owned(),
                at: None,
                what,
            }]
        };
        let size = std::fs::metadata(file).map_err(|error| whole(error.to_string()))?.len();
        if size > YAML_LIMIT as u64 {
            return Err(whole(format!("is larger than {YAML_LIMIT} bytes")));
        }
        let text = std::fs::read_to_string(file).map_err(|error| whole(error.to_string()))?;
        Self::parse(file, text, Library::own())
    }

    pub(crate) fn parse(file: &FilePath, text: String, library: &'static Library) -> Result<Self, Vec<Problem>> {
        let tree = yaml::parse(&text).map_err(|error| {
            vec![Problem {
                file: file.to_owned(),
                at: Some(error.at),
                what: error.what,
            }]
        })?;
        let mut form = Form {
            file,
            text: &text,
            root: &tree.root,
            problems: Vec::new(),
        };
        let read = form.read(library);
        let mut problems = form.problems;
        problems.sort();
        match read {
            Some(parts) if problems.is_empty() => Ok(Self {
                file: file.to_owned(),
                text,
                tree,
                known: parts.known,
                place: parts.place,
                effective_from: parts.effective_from,
                reason: parts.reason,
                says: parts.says,
            }),
            _ => Err(problems),
        }
    }

    /// The document, `<service>/<name>`.
    pub(crate) fn document(&self) -> &'static str {
        &self.known.name
    }

    /// What it is: `warranty/coverage-terms for country/DE`.
    pub(crate) fn subject(&self) -> String {
        format!("{} for {}", self.document(), self.place)
    }

    /// Something wrong with what it says at a path of the document.
    pub(crate) fn problem(&self, path: &str, what: impl fmt::Display) -> Problem {
        let entry = self.said();
        let at = path
            .parse::<Path>()
            .ok()
            .and_then(|path| locate(&entry.value, &self.shape(), &path))
            .unwrap_or(entry.at);
        Problem {
            file: self.file.clone(),
            at: Some(at),
            what: if path.is_empty() {
                what.to_string()
            } else {
                format!("{path}: {what}")
            },
        }
    }

    /// Something wrong with one of its keys.
    pub(crate) fn problem_of(&self, key: &str, what: impl fmt::Display) -> Problem {
        Problem {
            file: self.file.clone(),
            at: self.tree.root.get(key).map(|entry| entry.at),
            what: what.to_string(),
        }
    }

    /// The file's text saying this instead; nothing else of it changes.
    pub(crate) fn saying(&self, says: &Said, effective_from: Option<Date>, reason: &str) -> Result<String, Problem> {
        let strict = is_json(&self.file);
        let mut text = self.text.clone();
        let mut put = |key: &str, shape: &Shape, old: &str, new: &str| {
            let cannot = |at, what: String| Problem {
                file: self.file.clone(),
                at,
                what,
            };
            let (Ok(old), Ok(new)) = (serde_json::from_str(old), serde_json::from_str(new)) else {
                return Err(cannot(None, "cannot be read again".to_owned()));
            };
            // Anew each time: what stands where has changed.
            let tree = yaml::parse(&text).map_err(|error| cannot(Some(error.at), error.what))?;
            if let Some(entry) = tree.root.get(key) {
                text = yaml::update(&text, &tree, entry, shape, (&old, &new), strict).map_err(|error| {
                    cannot(
                        Some(error.at),
                        format!("cannot be brought up to date in place: {}", error.why),
                    )
                })?;
            }
            Ok(())
        };
        let plain = Shape::Leaf { wide: false };
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        put(
            &self.said().key,
            &self.shape(),
            &self.says.canonical(),
            &says.canonical(),
        )?;
        if let (Some(old), Some(new)) = (self.effective_from, effective_from) {
            // A day without quotes keeps none.
            let entry = self.tree.root.get("effective_from");
            let bare = entry.is_some_and(|entry| !self.text[entry.value.span.clone()].starts_with(['"', '\'']));
            put(
                "effective_from",
                &Shape::Leaf { wide: bare },
                &quoted(&day(old)),
                &quoted(&day(new)),
            )?;
        }
        put("reason", &plain, &quoted(&self.reason), &quoted(reason))?;
        // Whatever was thought of above: a file that says something else is never written.
        match Self::parse(&self.file, text.clone(), Library::own()) {
            Ok(again) if again.says == *says && again.reason == reason => Ok(text),
            _ => Err(self.problem("", "cannot be brought up to date in place")),
        }
    }

    fn said(&self) -> &Entry {
        let root = &self.tree.root;
        let entry = root.get("content").or_else(|| root.get("changes"));
        // There is one, or the file would not have been read.
        entry.unwrap_or(&root.entries()[0])
    }

    fn shape(&self) -> Shape {
        Shape::Message(self.known.schema.message().clone())
    }
}

/// Whether a file is JSON, by its name.
pub(crate) fn is_json(file: &FilePath) -> bool {
    file.extension().is_some_and(|extension| extension == "json")
}

/// A day as it is written: `2027-01-01`.
pub(crate) fn day(day: Date) -> String {
    day.format(DAY).unwrap_or_default()
}

/// The day that is written so.
pub(crate) fn parse_day(text: &str) -> Result<Date, String> {
    Date::parse(text, DAY).map_err(|_| "a day is written as 2027-01-01".to_owned())
}

/// Where in a file a path of the document stands; as far as the file says it.
fn locate(node: &Node, shape: &Shape, path: &Path) -> Option<Mark> {
    let (mut node, mut shape, mut at) = (node, shape.clone(), None);
    for segment in path.segments() {
        match segment {
            Segment::Field(name) | Segment::Key(name) => {
                let Some(entry) = node
                    .entries()
                    .iter()
                    .find(|entry| shape.name(&entry.key) == name.as_str())
                else {
                    break;
                };
                (at, node) = (Some(entry.at), &entry.value);
                shape = shape.under(name);
            }
            Segment::Index(index) => {
                let Says::List { items, .. } = &node.says else { break };
                let Some(item) = items.get(*index) else { break };
                (at, node) = (Some(item.at), item);
                shape = shape.within();
            }
        }
    }
    at
}

#[cfg(test)]
mod tests;
