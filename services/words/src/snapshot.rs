//! All catalogues at one moment, as they are held in memory: reads are answered from here, without the database.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::catalogue::{Arguments, Catalogue, Item, Rendered, Value};
use super::list;
use super::locale::{Locale, Locales};
use super::reader::Reader;
use super::tag::Tag;

/// One locale's messages at one version.
#[derive(Debug)]
pub struct Published {
    /// The version of the catalogue; 0 where nothing was ever published.
    pub version: i64,
    /// The patterns by key.
    pub patterns: BTreeMap<String, String>,
    /// The same, compiled.
    pub catalogue: Catalogue,
}

/// A message as it is looked up: its text and where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found<'s> {
    /// The key.
    pub key: &'s str,
    /// The pattern.
    pub pattern: &'s str,
    /// The locale it comes from.
    pub locale: &'s Tag,
}

/// A message written out for someone.
#[derive(Debug)]
pub struct Answer<'s> {
    /// The text and what was missing in it.
    pub rendered: Rendered,
    /// The locale it is written in.
    pub locale: &'s Locale,
    /// The version of that locale's catalogue.
    pub version: i64,
    /// Whether that is neither the locale that was negotiated nor one that it inherits from.
    pub fell_back: bool,
}

/// All catalogues at one moment.
#[derive(Debug, Clone)]
pub struct Snapshot {
    locales: Locales,
    published: BTreeMap<Tag, Arc<Published>>,
}

impl Snapshot {
    /// The catalogues of `locales`; a locale without one has no messages of its own.
    #[must_use]
    pub fn new(locales: Locales, published: BTreeMap<Tag, Arc<Published>>) -> Self {
        Self { locales, published }
    }

    /// The locales.
    #[must_use]
    pub fn locales(&self) -> &Locales {
        &self.locales
    }

    /// What is published in a locale; none where nothing ever was.
    #[must_use]
    pub fn published(&self, tag: &Tag) -> Option<&Arc<Published>> {
        self.published.get(tag)
    }

    /// All messages for who reads `tag`, by key, each from the first locale of the chain that has it.
    #[must_use]
    pub fn merged(&self, tag: &Tag) -> Vec<Found<'_>> {
        let chain = self.locales.chain(tag);
        let keys: BTreeSet<&str> = chain
            .iter()
            .filter_map(|tag| self.published.get(tag))
            .flat_map(|published| published.patterns.keys().map(String::as_str))
            .collect();
        keys.into_iter().filter_map(|key| self.find(chain, key)).collect()
    }

    /// Writes the message `key` out for who reads `languages`, with times in UTC; none where no locale has it.
    #[must_use]
    pub fn render<S: AsRef<str>>(&self, key: &str, languages: &[S], arguments: &Arguments) -> Option<Answer<'_>> {
        self.render_for(key, languages, arguments, &Reader::new(languages))
    }

    /// The same for a reader whose time zone is known.
    #[must_use]
    pub fn render_for<S: AsRef<str>>(
        &self,
        key: &str,
        languages: &[S],
        arguments: &Arguments,
        reader: &Reader,
    ) -> Option<Answer<'_>> {
        let negotiated = self.locales.negotiate(languages);
        let found = self.find(&negotiated.chain, key)?;
        let arguments = self.said(&negotiated.chain, found.locale, arguments);
        let published = self.published.get(found.locale)?;
        let rendered = published.catalogue.render_for(key, &arguments, reader)?;
        let locale = self.locales.find(found.locale.as_str())?;
        Some(Answer {
            rendered,
            locale,
            version: published.version,
            fell_back: !self.locales.inherits(&negotiated.locale.tag, &locale.tag),
        })
    }

    /// The arguments with a text in place of every value that other messages say, as `locale` joins them; with
    /// [`Value::Wrong`] where a message is nowhere in the chain or has placeholders of its own.
    fn said<'a>(&self, chain: &[Tag], locale: &Tag, arguments: &'a Arguments) -> Cow<'a, Arguments> {
        let is_said_by_others = |value: &Value| matches!(value, Value::Message(_) | Value::List(_));
        if !arguments.values().any(is_said_by_others) {
            return Cow::Borrowed(arguments);
        }
        let said = |value: &Value| match value {
            Value::Message(key) => self.words(chain, key).map_or(Value::Wrong, Value::Text),
            Value::List(list) => {
                let texts: Option<Vec<String>> = list
                    .items
                    .iter()
                    .map(|item| match item {
                        Item::Text(text) => Some(text.clone()),
                        Item::Message(key) => self.words(chain, key),
                    })
                    .collect();
                texts
                    .and_then(|texts| list::joined(locale, list.kind, &texts))
                    .map_or(Value::Wrong, Value::Text)
            }
            value => value.clone(),
        };
        Cow::Owned(
            arguments
                .iter()
                .map(|(name, value)| (name.clone(), said(value)))
                .collect(),
        )
    }

    /// The text of a message without placeholders.
    fn words(&self, chain: &[Tag], key: &str) -> Option<String> {
        let found = self.find(chain, key)?;
        let rendered = self
            .published
            .get(found.locale)?
            .catalogue
            .render(key, &Arguments::new())?;
        rendered.degradations.is_empty().then_some(rendered.text)
    }

    /// The first locale of the chain whose message can be used.
    ///
    /// A translation whose placeholders are no longer those of the source text says something else than the source: it is
    /// passed over until it is published anew.
    fn find(&self, chain: &[Tag], key: &str) -> Option<Found<'_>> {
        let source = self
            .published
            .get(self.locales.default_tag())?
            .catalogue
            .placeholders(key);
        chain.iter().find_map(|tag| {
            let (locale, published) = self.published.get_key_value(tag)?;
            let (key, pattern) = published.patterns.get_key_value(key)?;
            let own = published.catalogue.placeholders(key)?;
            (Some(own) == source).then_some(Found { key, pattern, locale })
        })
    }
}

#[cfg(test)]
mod tests;
