//! All catalogues at one moment, as they are held in memory: reads are answered from here, without the database.
//!
//! What a reading would have to find out again and again is found out once: which message of which locale a key stands for
//! when the snapshot is made, and what a list of languages comes to when somebody first reads by it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, PoisonError, RwLock};

use super::catalogue::{Arguments, Catalogue, Item, Message, Rendered, Value};
use super::conventions;
use super::list;
use super::locale::{Locale, Locales};
use super::reader::Reader;
use super::tag::Tag;

/// How many lists of languages are remembered. Most readers of a region share a few hundred.
const ROUTES: usize = 4_096;

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

/// All catalogues at one moment. Clones share them.
#[derive(Clone)]
pub struct Snapshot(Arc<Inner>);

struct Inner {
    locales: Locales,
    published: BTreeMap<Tag, Arc<Published>>,
    /// A number for every key of the default locale. Others cannot be read: a translation is one of a source.
    keys: HashMap<Box<str>, u32>,
    /// What is published in each locale that has anything.
    places: Vec<Place>,
    routes: RwLock<HashMap<u64, Arc<Route>>>,
    hasher: RandomState,
}

/// A locale with messages.
struct Place {
    locale: Locale,
    published: Arc<Published>,
    /// The message for the number of a key, where it can be used.
    messages: Vec<Option<Message>>,
}

/// What a list of languages comes to.
struct Route {
    languages: Vec<String>,
    /// Where a message is looked for, in order.
    chain: Vec<Step>,
}

/// Where a message is looked for.
struct Step {
    /// The number of a place.
    place: usize,
    /// Whether a message from there is a fallback.
    fell_back: bool,
    /// Whose formats a reader has in it, and the messages in these, where they are not those of the place.
    formats: Option<(Tag, Arc<Catalogue>)>,
}

/// A message that was looked up.
struct Sought<'s, 'c> {
    place: &'s Place,
    message: Message,
    step: &'c Step,
}

impl Sought<'_, '_> {
    /// What writes it out.
    fn catalogue(&self) -> &Catalogue {
        match &self.step.formats {
            Some((_, catalogue)) => catalogue,
            None => &self.place.published.catalogue,
        }
    }

    /// Whose formats its values have.
    fn formats(&self) -> &Tag {
        match &self.step.formats {
            Some((formats, _)) => formats,
            None => &self.place.locale.tag,
        }
    }
}

impl Snapshot {
    /// The catalogues of `locales`; a locale without one has no messages of its own.
    #[must_use]
    pub fn new(locales: Locales, published: BTreeMap<Tag, Arc<Published>>) -> Self {
        let source = published.get(locales.default_tag()).cloned();
        let keys: HashMap<Box<str>, u32> = (0..)
            .zip(source.iter().flat_map(|source| source.catalogue.keys()))
            .map(|(number, key)| (key.into(), number))
            .collect();
        let places = published
            .iter()
            .filter_map(|(tag, published)| {
                let locale = locales.find(tag.as_str())?.clone();
                let messages = usable(&keys, source.as_deref()?, published);
                Some(Place {
                    locale,
                    published: Arc::clone(published),
                    messages,
                })
            })
            .collect();
        Self(Arc::new(Inner {
            locales,
            published,
            keys,
            places,
            routes: RwLock::default(),
            hasher: RandomState::new(),
        }))
    }

    /// Whether the other holds the same locales and the very same catalogues.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let (published, others) = (&self.0.published, &other.0.published);
        self.0.locales == other.0.locales
            && published.len() == others.len()
            && published
                .iter()
                .all(|(tag, published)| others.get(tag).is_some_and(|other| Arc::ptr_eq(published, other)))
    }

    /// The locales.
    #[must_use]
    pub fn locales(&self) -> &Locales {
        &self.0.locales
    }

    /// What is published in a locale; none where nothing ever was.
    #[must_use]
    pub fn published(&self, tag: &Tag) -> Option<&Arc<Published>> {
        self.0.published.get(tag)
    }

    /// All messages for who reads `tag`, by key, each from the first locale of the chain that has it.
    #[must_use]
    pub fn merged(&self, tag: &Tag) -> Vec<Found<'_>> {
        let chain = self.chain::<&str>(self.0.locales.chain(tag), tag, &[]);
        let keys: BTreeSet<(&str, u32)> = self.0.keys.iter().map(|(key, number)| (&**key, *number)).collect();
        keys.into_iter()
            .filter_map(|(key, number)| {
                let place = self.look_up(&chain, number)?.place;
                let (key, pattern) = place.published.patterns.get_key_value(key)?;
                Some(Found {
                    key,
                    pattern,
                    locale: &place.locale.tag,
                })
            })
            .collect()
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
        let route = self.route(languages);
        let number = *self.0.keys.get(key)?;
        let sought = self.look_up(&route.chain, number)?;
        let arguments = self.said(&route.chain, sought.formats(), arguments);
        Some(Answer {
            rendered: sought.catalogue().render_message(sought.message, &arguments, reader),
            locale: &sought.place.locale,
            version: sought.place.published.version,
            fell_back: sought.step.fell_back,
        })
    }

    /// What a list of languages comes to.
    fn route<S: AsRef<str>>(&self, languages: &[S]) -> Arc<Route> {
        let mut hash = self.0.hasher.build_hasher();
        for language in languages {
            std::hash::Hash::hash(language.as_ref(), &mut hash);
        }
        let hash = std::hash::Hasher::finish(&hash);
        let is_it = |route: &Arc<Route>| {
            let known = route.languages.iter().map(String::as_str);
            known.eq(languages.iter().map(AsRef::as_ref))
        };
        let routes = self.0.routes.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(route) = routes.get(&hash).filter(|route| is_it(route)) {
            return Arc::clone(route);
        }
        drop(routes);
        let negotiated = self.0.locales.negotiate(languages);
        let route = Arc::new(Route {
            languages: languages.iter().map(|language| language.as_ref().to_owned()).collect(),
            chain: self.chain(&negotiated.chain, &negotiated.locale.tag, languages),
        });
        let mut routes = self.0.routes.write().unwrap_or_else(PoisonError::into_inner);
        if routes.len() >= ROUTES {
            // Rare enough that to find out again what is still needed costs less than to keep an order.
            routes.clear();
        }
        routes.insert(hash, Arc::clone(&route));
        route
    }

    /// The steps of a chain that was negotiated to `tag` for who reads `languages`.
    fn chain<S: AsRef<str>>(&self, chain: &[Tag], tag: &Tag, languages: &[S]) -> Vec<Step> {
        let places = &self.0.places;
        let step = |of: &Tag| {
            let place = places.iter().position(|place| place.locale.tag == *of)?;
            let formats = conventions::of_reader(languages, of)
                .and_then(|formats| Some((places.get(place)?.published.in_formats(of, &formats)?, formats)));
            Some(Step {
                place,
                fell_back: !self.0.locales.inherits(tag, of),
                formats: formats.map(|(catalogue, formats)| (formats, catalogue)),
            })
        };
        chain.iter().filter_map(step).collect()
    }

    /// The first message of the chain that can be used.
    fn look_up<'s, 'c>(&'s self, chain: &'c [Step], number: u32) -> Option<Sought<'s, 'c>> {
        let number = usize::try_from(number).ok()?;
        chain.iter().find_map(|step| {
            let place = self.0.places.get(step.place)?;
            let message = (*place.messages.get(number)?)?;
            Some(Sought { place, message, step })
        })
    }

    /// The arguments with a text in place of every value that other messages say, as `formats` joins them; with
    /// [`Value::Wrong`] where a message is nowhere in the chain or has placeholders of its own.
    fn said<'a>(&self, chain: &[Step], formats: &Tag, arguments: &'a Arguments) -> Cow<'a, Arguments> {
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
                    .and_then(|texts| list::joined(formats, list.kind, &texts))
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
    fn words(&self, chain: &[Step], key: &str) -> Option<String> {
        let sought = self.look_up(chain, *self.0.keys.get(key)?)?;
        let rendered = sought
            .catalogue()
            .render_message(sought.message, &Arguments::new(), &Reader::default());
        rendered.degradations.is_empty().then_some(rendered.text)
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Snapshot")
            .field("locales", &self.0.locales)
            .field("published", &self.0.published)
            .finish_non_exhaustive()
    }
}

/// The message of `published` for the number of each key, where it can be used.
///
/// A translation whose placeholders are no longer those of the source text says something else than the source: it is
/// passed over until it is published anew.
fn usable(keys: &HashMap<Box<str>, u32>, source: &Published, published: &Published) -> Vec<Option<Message>> {
    let mut messages = vec![None; keys.len()];
    for (key, number) in keys {
        let own = published.catalogue.placeholders(key);
        if own.is_some()
            && own == source.catalogue.placeholders(key)
            && let Some(place) = usize::try_from(*number)
                .ok()
                .and_then(|number| messages.get_mut(number))
        {
            *place = published.catalogue.message(key);
        }
    }
    messages
}

mod published;

pub use published::Published;

#[cfg(test)]
mod tests;
