//! The messages of one locale, compiled: how a message is written out.
//!
//! A catalogue is compiled as a whole, with the plural rules, number symbols and calendar names of its locale once for all
//! its messages. Writing a message out then takes microseconds and cannot fail: what is missing or wrong stands in the
//! text as `{$name}` and is named beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use mf2::{Arg, Catalog, DateTime, FormatError, Formatter, MsgId};
use mf2_catalog::Manifest;
use mf2_catalog::writer::{self, Options};
use mf2_locale_data::number::Selection;
use mf2_locale_data::{NumberNeeds, PluralKind, direction, number_locale_entries, plural_locale_entries};
use mf2_syntax::{analyze, parse_model};

pub use super::value::{Day, Item, List, ListKind, Money};

use super::functions::{REGISTRY, is_known};
use super::reader::Reader;
use super::tag::Tag;
use page::Page;

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
    /// The keys, ascending: the place of a key is the number of its message.
    keys: Vec<Box<str>>,
    /// The names of the values that each message takes. Most take those that others take as well, and share them.
    placeholders: Vec<Arc<[String]>>,
    catalog: Catalog,
}

/// A message of a catalogue, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message(MsgId);

/// So many values are prepared without memory of their own; hardly any message takes more.
const FEW: usize = 8;

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
        Self::compile_for(locale, locale, messages)
    }

    /// The same, with values written as `formats` writes them. Which plural form is chosen stays with `locale`. Every message
    /// has the number that it has where both are the same.
    ///
    /// # Errors
    ///
    /// Only by our own fault.
    pub(super) fn compile_for(
        locale: &Tag,
        formats: &Tag,
        messages: &BTreeMap<String, String>,
    ) -> Result<(Self, Vec<String>), CompileError> {
        let mut manifest = Manifest::default();
        let mut functions = BTreeSet::new();
        let mut models = Vec::with_capacity(messages.len());
        let mut refused = Vec::new();
        let mut needs = NumberNeeds::default();
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
            needs.add_message(&model);
            models.push(model);
        }
        manifest.functions = functions.into_iter().collect();
        // Any placeholder can be given a number.
        needs.symbols = true;
        // An amount brings its currency with it, and it can be any.
        if let Some(currency) = &mut needs.currency {
            currency.codes = Selection::All;
        }
        let mut options = Options::new(formats.as_str(), direction(locale.as_str())?);
        options.cldr_version = Some(mf2_locale_data::CLDR_VERSION);
        options.locale_entries = plural_locale_entries(locale.as_str(), &[PluralKind::Cardinal, PluralKind::Ordinal])?;
        options
            .locale_entries
            .extend(number_locale_entries(formats.as_str(), &needs)?);
        options.locale_entries.sort_by_key(|(key, _)| *key);
        let models: Vec<_> = models.iter().map(Some).collect();
        let bytes = writer::catalog(&manifest, &models, &options)?;
        let catalog = Catalog::new(bytes, manifest.hash())?;
        let mut known: BTreeSet<Arc<[String]>> = BTreeSet::new();
        let placeholders = manifest.slots.into_iter().map(|names| {
            if let Some(shared) = known.get(names.as_slice()) {
                return Arc::clone(shared);
            }
            let names: Arc<[String]> = names.into();
            known.insert(Arc::clone(&names));
            names
        });
        let compiled = Self {
            placeholders: placeholders.collect(),
            keys: manifest.ids.into_iter().map(String::into_boxed_str).collect(),
            catalog,
        };
        Ok((compiled, refused))
    }

    /// The keys of the messages, ascending.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|key| &**key)
    }

    /// The message with this key; none where there is no such message.
    #[must_use]
    pub fn message(&self, key: &str) -> Option<Message> {
        MsgId::new(0, u32::try_from(self.index(key)?).ok()?).map(Message)
    }

    fn index(&self, key: &str) -> Option<usize> {
        self.keys.binary_search_by(|known| (**known).cmp(key)).ok()
    }

    /// The names of the values that a message takes, ascending; none where there is no such message.
    #[must_use]
    pub fn placeholders(&self, key: &str) -> Option<&[String]> {
        self.placeholders.get(self.index(key)?).map(|names| &**names)
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
        Some(self.render_message(self.message(key)?, arguments, reader))
    }

    /// The same of a message that was looked up in this very catalogue; of another's it says nothing.
    #[must_use]
    pub fn render_message(&self, message: Message, arguments: &Arguments, reader: &Reader) -> Rendered {
        let Message(id) = message;
        let context = reader.context();
        let formatter = Formatter::new(&self.catalog, &REGISTRY, &context);
        if let Some(text) = formatter.simple(id) {
            return Rendered {
                text: text.to_owned(),
                degradations: Vec::new(),
            };
        }
        let index = usize::try_from(id.index()).unwrap_or(usize::MAX);
        let names: &[String] = self.placeholders.get(index).map_or(&[], |names| names);
        let given = |name: &String| arguments.get(name);
        if names.len() > FEW {
            let times: Vec<_> = names.iter().map(|name| time(given(name), reader)).collect();
            let values: Vec<_> = names
                .iter()
                .zip(&times)
                .map(|(name, time)| value(given(name), time.as_ref()))
                .collect();
            return self.write(formatter, id, names, &values);
        }
        let mut times = [const { None }; FEW];
        let mut values = [Arg::Unset; FEW];
        for (name, place) in names.iter().zip(&mut times) {
            *place = time(given(name), reader);
        }
        for ((name, time), place) in names.iter().zip(&times).zip(&mut values) {
            *place = value(given(name), time.as_ref());
        }
        self.write(formatter, id, names, &values[..names.len()])
    }

    fn write(&self, formatter: Formatter<'_>, id: MsgId, names: &[String], values: &[Arg<'_>]) -> Rendered {
        let mut page = Page::new(self.catalog.dir() == mf2::Dir::Rtl);
        let mut errors: Vec<FormatError> = Vec::new();
        formatter.parts(id, values, &mut page, &mut errors);
        let is_well = errors.is_empty() && page.fallbacks.is_empty();
        if is_well && !values.iter().any(|value| matches!(value, Arg::Unset)) {
            return Rendered {
                text: page.text,
                degradations: Vec::new(),
            };
        }
        let mut degraded: BTreeSet<String> = names
            .iter()
            .zip(values)
            .filter(|(_, value)| matches!(value, Arg::Unset))
            .map(|(name, _)| name.clone())
            .collect();
        degraded.extend(page.fallbacks.into_iter().filter(|name| names.contains(name)));
        if degraded.is_empty() && !errors.is_empty() {
            // A selector that cannot choose by the value it was given, or an option out of a value: no name in the text
            // tells of it.
            degraded.insert(MESSAGE_DEGRADED.to_owned());
        }
        Rendered {
            text: page.text,
            degradations: degraded.into_iter().collect(),
        }
    }

    /// How many messages it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

/// The point in time or the day of a value, as it is written for a reader.
fn time<'r>(value: Option<&Value>, reader: &'r Reader) -> Option<DateTime<'r>> {
    let mut time: DateTime<'r> = match value {
        Some(Value::Time(milliseconds)) => DateTime::from_epoch_ms(*milliseconds)?,
        Some(Value::Day(day)) => day.midnight(),
        _ => return None,
    };
    time.options.calendar = reader.calendar();
    Some(time)
}

/// A value, as it is written; `time` is its [`time`].
fn value<'v>(value: Option<&'v Value>, time: Option<&'v DateTime<'v>>) -> Arg<'v> {
    match value {
        Some(Value::Text(text)) => Arg::Str(text),
        Some(Value::Number(number)) => whole(*number).map_or(Arg::Float(*number), Arg::Int),
        Some(Value::Time(_) | Value::Day(_)) => time.map_or(Arg::Unset, Arg::DateTime),
        Some(Value::Money(money)) => Arg::Custom(money),
        Some(Value::Message(_) | Value::List(_) | Value::Wrong) | None => Arg::Unset,
    }
}

/// The whole number that this is: it is written out the same, and need not be made a text and read again for that.
#[expect(clippy::cast_possible_truncation, reason = "a whole number below 2^53")]
fn whole(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let is_whole = number.trunc().to_bits() == number.to_bits() && number.abs() < EXACT;
    let is_minus_zero = number.to_bits() == (-0.0_f64).to_bits();
    (is_whole && !is_minus_zero).then_some(number as i64)
}

impl fmt::Debug for Catalogue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Catalogue")
            .field("messages", &self.len())
            .finish_non_exhaustive()
    }
}

mod page;

#[cfg(test)]
mod tests;
