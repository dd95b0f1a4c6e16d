//! Files that translators' tools read and write: XLIFF 2, message resources of MessageFormat 2, CSV. Pure.
//!
//! What is written and read again is what it was, byte for byte, in every format: a pattern that comes back changed was
//! changed by somebody. Which source text a translation was made from comes back too: by the source text that stands
//! beside it, or by its hash.

pub mod resource;
pub mod table;
pub mod xliff;

use crate::domain::text::SourceHash;

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// XLIFF 2.0.
    Xliff,
    /// A message resource of Unicode MessageFormat 2.
    Resource,
    /// RFC 4180.
    Csv,
}

impl Format {
    /// Its media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Xliff => "application/xliff+xml",
            Self::Resource => "text/plain; charset=utf-8",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }
}

/// A file to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// The source language.
    pub source_locale: String,
    /// The language of the translations.
    pub locale: String,
    /// The messages.
    pub units: Vec<Unit>,
}

/// How far a translation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// It is missing, or its source has another text now.
    Initial,
    /// It is a draft.
    Translated,
    /// It is approved.
    Reviewed,
    /// It is published.
    Final,
}

/// A message in a file to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// The key.
    pub key: String,
    /// The source text.
    pub source: String,
    /// The translation.
    pub target: Option<String>,
    /// How far it is.
    pub progress: Progress,
}

/// A file as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadFile {
    /// The language it says it is in.
    pub locale: Option<String>,
    /// Its messages.
    pub units: Vec<ReadUnit>,
}

/// A message of a file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadUnit {
    /// The key.
    pub key: String,
    /// The hash of the source text that the translation was made from, where the file says it.
    pub made_from: Option<SourceHash>,
    /// The translation; none where there is none yet.
    pub target: Option<String>,
    /// Whether the file says that nobody has looked at the translation yet: it is what was there before.
    pub is_initial: bool,
}

/// A file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is no text in UTF-8.
    #[error("is no text in utf-8")]
    NotUtf8,
    /// Something in it is not as it should be.
    #[error("{what} at {at}")]
    Malformed {
        /// What.
        what: String,
        /// Where: `line 3`, `byte 120`, the key of a message.
        at: String,
    },
    /// It is in another language than it was handed in for.
    #[error("is in another language: {0}")]
    OtherLocale(String),
    /// It holds more messages than are read at once.
    #[error("holds more than {0} messages")]
    TooMany(usize),
}

impl Unreadable {
    pub(crate) fn malformed(what: impl Into<String>, at: impl Into<String>) -> Self {
        Self::Malformed {
            what: what.into(),
            at: at.into(),
        }
    }
}

/// Writes a file.
///
/// # Errors
///
/// Never: writing goes to memory.
pub fn write(format: Format, file: &File) -> Result<Vec<u8>, Unreadable> {
    match format {
        Format::Xliff => Ok(xliff::write(file).into_bytes()),
        Format::Resource => Ok(resource::write(file).into_bytes()),
        Format::Csv => table::write(file),
    }
}

/// Reads a file.
///
/// # Errors
///
/// Where it is none of this kind.
pub fn read(format: Format, content: &[u8]) -> Result<ReadFile, Unreadable> {
    let text = std::str::from_utf8(content).map_err(|_| Unreadable::NotUtf8)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match format {
        Format::Xliff => xliff::read(text),
        Format::Resource => resource::read(text),
        Format::Csv => table::read(text),
    }
}

#[cfg(test)]
mod tests;
