//! The messages of one locale, compiled: how a message is written out.
//!
//! A catalogue is compiled as a whole, with the plural rules, number symbols and calendar names of its locale once for all
//! its messages. Writing a message out then takes microseconds and cannot fail: what is missing or wrong stands in the
//! text as `{$name}` and is named beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use mf2::{Arg, Catalog, DateTime, FallbackSource, FormatError, Formatter, Isolation, Part, PartSink};
use mf2_catalog::Manifest;
use mf2_catalog::writer::{self, Options};
use mf2_locale_data::number::Selection;
use mf2_locale_data::{LocaleNeeds, direction, locale_entries};
use mf2_syntax::{analyze, parse_model};

pub use super::value::{Day, Item, List, ListKind, Money};

use super::functions::{REGISTRY, is_known};
use super::reader::Reader;
use super::tag::Tag;

/// What is reported where the message itself could not be carried out as it is written, beside the names of arguments.
pub const MESSAGE_DEGRADED: &str = "message";

/// A value to stand in a message.
#[derive(Clone, PartialEq)]
pub enum Value {
    /// A text.
    Text(String),
    /// A number.
    Number(f64),
    /// A point in time, in milliseconds since 1970 in UTC.
    Time(i64),
    /// A day of the calendar, in no time zone.
    Day(Day),
    /// An amount of money.
    Money(Money),
    /// The text of the message with this key.
    Message(String),
    /// Several values, joined as the language joins them.
    List(List),
    /// None, or more than one, or one that cannot be: it is written as if it were missing.
    Wrong,
}

impl fmt::Debug for Value {
    /// The kind alone: texts and times may be a person's.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Text(_) => "Text",
            Self::Number(_) => "Number",
            Self::Time(_) => "Time",
            Self::Day(_) => "Day",
            Self::Money(_) => "Money",
            Self::Message(_) => "Message",
            Self::List(_) => "List",
            Self::Wrong => "Wrong",
        })
    }
}

/// The values of a message, by name.
pub type Arguments = BTreeMap<String, Value>;

/// A message written out.
#[derive(PartialEq, Eq)]
pub struct Rendered {
    /// The text.
    pub text: String,
    /// The names of the arguments that were missing or wrong, and [`MESSAGE_DEGRADED`]. Empty when all is well.
    pub degradations: Vec<String>,
}

impl fmt::Debug for Rendered {
    /// The degradations alone: the text may be a person's.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Rendered")
            .field("degradations", &self.degradations)
            .finish_non_exhaustive()
    }
}

/// The messages of one locale, compiled.
pub struct Catalogue {
    manifest: Manifest,
    catalog: Catalog,
}

/// Messages could not be compiled together, though each is sound: a fault of ours.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// The locale's data cannot be read.
    #[error("locale data cannot be read")]
    LocaleData(#[from] mf2_locale_data::Error),
    /// The catalogue cannot be written.
    #[error("catalogue cannot be written")]
    Write(#[from] mf2_catalog::WriteError),
    /// What was written cannot be read.
    #[error("catalogue cannot be read back")]
    Read(#[from] mf2_catalog::CatalogError),
}

impl Catalogue {
    /// Compiles `messages`, patterns by key. Gives the keys of those that are not sound beside it, and leaves them out: a
    /// stored message that a newer version of the compiler refuses must not take all others down.
    ///
    /// # Errors
    ///
    /// Only by our own fault.
    pub fn compile(locale: &Tag, messages: &BTreeMap<String, String>) -> Result<(Self, Vec<String>), CompileError> {
        let mut manifest = Manifest::default();
        let mut functions = BTreeSet::new();
        let mut models = Vec::with_capacity(messages.len());
        let mut refused = Vec::new();
        let mut needs = LocaleNeeds::default();
        needs.cardinal = true;
        needs.ordinal = true;
        for (key, pattern) in messages {
            let parsed = parse_model(pattern);
            let Some(model) = parsed.message.filter(|_| parsed.diagnostics.is_empty()) else {
                refused.push(key.clone());
                continue;
            };
            let analysis = analyze(&model);
            if !analysis.functions.iter().all(|name| is_known(&name.nfc)) {
                refused.push(key.clone());
                continue;
            }
            manifest.ids.push(key.clone());
            manifest
                .slots
                .push(analysis.externals.iter().map(|name| name.nfc.to_string()).collect());
            manifest
                .markup
                .push(analysis.markup.iter().map(|name| name.nfc.to_string()).collect());
            functions.extend(analysis.functions.iter().map(|name| name.nfc.to_string()));
            needs.numbers.add_message(&model);
            models.push(model);
        }
        manifest.functions = functions.into_iter().collect();
        // Any placeholder can be given a number.
        needs.numbers.symbols = true;
        // An amount brings its currency with it, and it can be any.
        if let Some(currency) = &mut needs.numbers.currency {
            currency.codes = Selection::All;
        }
        let mut options = Options::new(locale.as_str(), direction(locale.as_str())?);
        options.cldr_version = Some(mf2_locale_data::CLDR_VERSION);
        options.locale_entries = locale_entries(locale.as_str(), &needs)?;
        let models: Vec<_> = models.iter().map(Some).collect();
        let bytes = writer::catalog(&manifest, &models, &options)?;
        let catalog = Catalog::new(bytes, manifest.hash())?;
        Ok((Self { manifest, catalog }, refused))
    }

    /// The names of the values that a message takes, ascending; none where there is no such message.
    #[must_use]
    pub fn placeholders(&self, key: &str) -> Option<&[String]> {
        let index = self.manifest.ids.binary_search_by(|id| id.as_str().cmp(key)).ok()?;
        self.manifest.slots.get(index).map(Vec::as_slice)
    }

    /// Writes a message out for a reader of whom nothing is known, as [`Catalogue::render_for`] does.
    #[must_use]
    pub fn render(&self, key: &str, arguments: &Arguments) -> Option<Rendered> {
        self.render_for(key, arguments, &Reader::default())
    }

    /// Writes a message out; none where there is no such message. A value that takes other messages or a list to say
    /// ([`Value::Message`], [`Value::List`]) counts as missing: `Snapshot::render` has made a text of it.
    #[must_use]
    pub fn render_for(&self, key: &str, arguments: &Arguments, reader: &Reader) -> Option<Rendered> {
        let id = self.manifest.msg_id(key)?;
        let names = self.placeholders(key)?;
        let times: BTreeMap<&str, DateTime<'_>> = arguments
            .iter()
            .filter_map(|(name, value)| match value {
                Value::Time(milliseconds) => Some((name.as_str(), DateTime::from_epoch_ms(*milliseconds)?)),
                Value::Day(day) => Some((name.as_str(), day.midnight())),
                _ => None,
            })
            .map(|(name, mut time)| {
                time.options.calendar = reader.calendar();
                (name, time)
            })
            .collect();
        let values: Vec<Arg<'_>> = names
            .iter()
            .map(|name| match arguments.get(name) {
                Some(Value::Text(text)) => Arg::Str(text),
                Some(Value::Number(number)) => Arg::Float(*number),
                Some(Value::Time(_) | Value::Day(_)) => times.get(name.as_str()).map_or(Arg::Unset, Arg::DateTime),
                Some(Value::Money(money)) => Arg::Custom(money),
                Some(Value::Message(_) | Value::List(_) | Value::Wrong) | None => Arg::Unset,
            })
            .collect();
        let mut degraded: BTreeSet<String> = names
            .iter()
            .zip(&values)
            .filter(|(_, value)| matches!(value, Arg::Unset))
            .map(|(name, _)| name.clone())
            .collect();
        let mut page = Page::new(self.catalog.dir() == mf2::Dir::Rtl);
        let mut errors: Vec<FormatError> = Vec::new();
        Formatter::new(&self.catalog, &REGISTRY, &reader.context()).parts(id, &values, &mut page, &mut errors);
        degraded.extend(page.fallbacks.into_iter().filter(|name| names.contains(name)));
        if degraded.is_empty() && !errors.is_empty() {
            // A selector that cannot choose by the value it was given, or an option out of a value: no name in the text
            // tells of it.
            degraded.insert(MESSAGE_DEGRADED.to_owned());
        }
        Some(Rendered {
            text: page.text,
            degradations: degraded.into_iter().collect(),
        })
    }

    /// How many messages it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.manifest.ids.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.manifest.ids.is_empty()
    }
}

impl fmt::Debug for Catalogue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Catalogue")
            .field("messages", &self.len())
            .finish_non_exhaustive()
    }
}

/// Where a message is written, and what could not be.
struct Page {
    text: String,
    fallbacks: Vec<String>,
    isolates_all: bool,
    /// The value that has been opened by an isolate and not yet closed.
    value: Option<(Isolation, String)>,
}

impl Page {
    fn new(is_right_to_left: bool) -> Self {
        Self {
            text: String::new(),
            fallbacks: Vec::new(),
            isolates_all: is_right_to_left,
            value: None,
        }
    }

    /// Ends a value.
    ///
    /// In a text from left to right, a value without a letter that runs the other way cannot disturb its surroundings, and
    /// goes without isolates: they are invisible, yet stick to a code that a customer selects and copies.
    fn close(&mut self, opened: Isolation, value: &str) {
        if self.isolates_all || value.chars().any(turns_direction) {
            self.text.push_str(opened.as_str());
            self.text.push_str(value);
            self.text.push_str(Isolation::Pdi.as_str());
        } else {
            self.text.push_str(value);
        }
    }

    fn place(&mut self) -> &mut String {
        self.value.as_mut().map_or(&mut self.text, |(_, value)| value)
    }
}

impl PartSink for Page {
    fn part(&mut self, part: Part<'_>) {
        match part {
            Part::Text(text) => self.place().push_str(text),
            Part::BidiIsolation(Isolation::Pdi) => {
                if let Some((opened, value)) = self.value.take() {
                    self.close(opened, &value);
                }
            }
            Part::BidiIsolation(opened) => self.value = Some((opened, String::new())),
            Part::Expression(expression) => expression.write(self.place()),
            Part::Fallback(source) => {
                let place = self.place();
                place.push('{');
                source.write(place);
                place.push('}');
                if let FallbackSource::Variable(name) = source {
                    self.fallbacks.push(name.to_owned());
                }
            }
            // Markup is for front ends that lay the text out; plain text has none.
            _ => {}
        }
    }
}

/// Whether a character runs from right to left or controls direction: the blocks that the Unicode Character Database
/// sets apart for such scripts (`DerivedBidiClass`, defaults R and AL), and the marks, embeddings and isolates.
fn turns_direction(character: char) -> bool {
    matches!(
        character,
        '\u{590}'..='\u{8ff}'
            | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}'
            | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}'
    )
}

#[cfg(test)]
mod tests;
