//! The locales, which of them serves a person best, and where a message is looked for.
//!
//! Who is served what follows CLDR's language matching (UTS #35, part 1, section 4.4) over what the person reads, best
//! first: es-MX is served es-419 before es, zh-TW never zh-Hans. Look-up by cutting subtags off the end (RFC 4647,
//! section 3.4) was the first thought, and wrong just there: it makes `zh` of `zh-TW`. Fallback chains are CLDR's parent
//! locales, and then what else the reader reads.

use std::borrow::Cow;
use std::collections::BTreeMap;

use icu_locale::LocaleExpander;
use icu_locale::fallback::LocaleFallbacker;
use mf2::LanguageMatching;

use super::tag::Tag;

/// How many of a person's languages are matched at once. Each later one is demoted by five of the fifty that separate a
/// match from none, so that beyond the ninth not even an exact match would count.
const MATCHED_TOGETHER: usize = 9;
/// By how much each later language is demoted (UTS #35, section 4.4).
const DEMOTION: u32 = 5;

/// Which way a script runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From left to right.
    LeftToRight,
    /// From right to left.
    RightToLeft,
}

/// A language as it is used somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locale {
    /// Its tag.
    pub tag: Tag,
    /// Its name in itself.
    pub native_name: String,
    /// Its name in English.
    pub english_name: String,
    /// Which way it is written.
    pub direction: Direction,
}

/// All locales. One of them is the default, which is also the source that the others are translated from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locales {
    by_tag: BTreeMap<Tag, Entry>,
    default: Tag,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    locale: Locale,
    /// The locale, its parents, the default.
    chain: Vec<Tag>,
    /// How many of the chain are the locale or one of its parents.
    inherited: usize,
}

/// What a negotiation came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Negotiated<'l> {
    /// The locale chosen.
    pub locale: &'l Locale,
    /// Where a message is looked for, in order: the locale and its parents, what else the reader can read, the default.
    pub chain: Cow<'l, [Tag]>,
    /// Which of the languages led to it, as it was given; none where the default was taken.
    pub matched: Option<String>,
}

impl Locales {
    /// The locales given, `default` among them.
    ///
    /// # Errors
    ///
    /// [`NoDefault`], where it is not.
    pub fn new(locales: impl IntoIterator<Item = Locale>, default: &Tag) -> Result<Self, NoDefault> {
        let locales: BTreeMap<_, _> = locales.into_iter().map(|locale| (locale.tag.clone(), locale)).collect();
        if !locales.contains_key(default) {
            return Err(NoDefault);
        }
        let known: Vec<Tag> = locales.keys().cloned().collect();
        let by_tag = locales
            .into_iter()
            .map(|(tag, locale)| {
                let mut chain = parents(&tag, &known);
                let inherited = chain.len();
                if !chain.contains(default) {
                    chain.push(default.clone());
                }
                let entry = Entry {
                    locale,
                    chain,
                    inherited,
                };
                (tag, entry)
            })
            .collect();
        Ok(Self {
            by_tag,
            default: default.clone(),
        })
    }

    /// The locale with this tag, however it is capitalised.
    #[must_use]
    pub fn find(&self, tag: &str) -> Option<&Locale> {
        self.by_tag.get(&Tag::parse(tag)?).map(|entry| &entry.locale)
    }

    /// All of them, by tag.
    pub fn iter(&self) -> impl Iterator<Item = &Locale> {
        self.by_tag.values().map(|entry| &entry.locale)
    }

    /// The default's tag.
    #[must_use]
    pub fn default_tag(&self) -> &Tag {
        &self.default
    }

    /// Where a message of `tag` is looked for: the locale, its parents, the default. The default alone where there is no
    /// such locale.
    #[must_use]
    pub fn chain(&self, tag: &Tag) -> &[Tag] {
        self.by_tag
            .get(tag)
            .map_or(std::slice::from_ref(&self.default), |entry| &entry.chain)
    }

    /// Whether a text of `other` is one of `tag`'s own: it is the same locale, or one that `tag` inherits from by CLDR
    /// (British English has English words where it says nothing else; Swiss French would have French ones, but no German).
    #[must_use]
    pub fn inherits(&self, tag: &Tag, other: &Tag) -> bool {
        self.by_tag
            .get(tag)
            .is_some_and(|entry| entry.chain[..entry.inherited].contains(other))
    }

    /// The locale that serves best who reads `languages`, best first.
    ///
    /// # Panics
    ///
    /// Never: the default is one of the locales.
    #[must_use]
    pub fn negotiate<S: AsRef<str>>(&self, languages: &[S]) -> Negotiated<'_> {
        let supported: Vec<&Tag> = self.by_tag.keys().collect();
        let (tag, matched) = match best(languages, &supported) {
            Some((tag, language)) => (tag, Some(languages[language].as_ref().to_owned())),
            None => (&self.default, None),
        };
        let entry = &self.by_tag[tag];
        let chain = match &matched {
            Some(matched) => self.chain_of_reader(entry, languages, matched),
            None => Cow::Borrowed(entry.chain.as_slice()),
        };
        Negotiated {
            locale: &entry.locale,
            chain,
            matched,
        }
    }

    /// The chain of the locale chosen, with what else the reader reads before the default: a Catalan who also reads Spanish
    /// is not given English where there is no Catalan text. The default has every message, so what is named after it, or
    /// beside a locale that inherits from it, is never reached.
    fn chain_of_reader<'l, S: AsRef<str>>(&'l self, own: &'l Entry, languages: &[S], matched: &str) -> Cow<'l, [Tag]> {
        let mut chain = Cow::Borrowed(own.chain.as_slice());
        if own.inherited == own.chain.len() {
            return chain;
        }
        let supported: Vec<&Tag> = self.by_tag.keys().collect();
        let further = languages
            .iter()
            .map(AsRef::as_ref)
            .filter(|language| *language != matched)
            .filter_map(|language| best(&[language], &supported));
        for (tag, _) in further {
            if *tag == self.default {
                break;
            }
            let entry = &self.by_tag[tag];
            for tag in &entry.chain[..entry.inherited] {
                if *tag == self.default {
                    return chain;
                }
                if !chain.contains(tag) {
                    let before_default = chain.len() - 1;
                    chain.to_mut().insert(before_default, tag.clone());
                }
            }
        }
        chain
    }
}

/// The default is not among the locales.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the default locale is not among the locales")]
pub struct NoDefault;

/// Which of the `available` tags serves best who reads `languages`: for things that exist in some languages only. Where
/// none does: the default, else the first there is.
#[must_use]
pub fn choose<'t, S: AsRef<str>>(languages: &[S], available: &'t [Tag], default: &Tag) -> Option<&'t Tag> {
    nearest(languages, available)
        .or_else(|| available.iter().find(|tag| *tag == default))
        .or_else(|| available.first())
}

/// Which of the `available` tags serves best who reads `languages`; none where none is near enough.
#[must_use]
pub fn nearest<'t, S: AsRef<str>>(languages: &[S], available: &'t [Tag]) -> Option<&'t Tag> {
    let supported: Vec<&Tag> = available.iter().collect();
    best(languages, &supported).map(|(tag, _)| tag)
}

/// The best tag, and the index of the language that led to it.
fn best<'t, S: AsRef<str>>(languages: &[S], supported: &[&'t Tag]) -> Option<(&'t Tag, usize)> {
    let matching = LanguageMatching::cldr();
    let readable: Vec<(usize, Tag)> = languages
        .iter()
        .enumerate()
        .filter_map(|(index, language)| Some((index, Tag::parse_leniently(language.as_ref())?.with_language())))
        .collect();
    let supported: Vec<&'t Tag> = supported
        .iter()
        .copied()
        .filter(|tag| !tag.is_pseudo() || readable.iter().any(|(_, readable)| readable == *tag))
        .collect();
    // The direction is carried by the matcher's table and not looked at.
    let table: Vec<(&str, mf2::Dir)> = supported.iter().map(|tag| (tag.as_str(), mf2::Dir::Ltr)).collect();
    readable.chunks(MATCHED_TOGETHER).find_map(|some| {
        let found = supported[matching.best_match(some.iter().map(|(_, tag)| tag.as_str()), &table)?];
        let (_, index, desired) = (0..)
            .zip(some)
            .filter_map(|(place, (index, tag))| {
                let distance = matching.distance_of(tag.as_str(), found.as_str())?;
                Some((distance + place * DEMOTION, *index, tag))
            })
            .min()?;
        Some((most_alike(desired, found, &supported), index))
    })
}

/// Of the tags that mean the same as `found` (`nl`, `nl-NL`), the one that is written most like `desired`.
fn most_alike<'t>(desired: &Tag, found: &'t Tag, supported: &[&'t Tag]) -> &'t Tag {
    let matching = LanguageMatching::cldr();
    let wanted = desired.identifier();
    let likeness = |tag: &Tag| {
        let given = tag.identifier();
        (
            tag == desired,
            wanted.script.is_some() && given.script == wanted.script,
            wanted.region.is_some() && given.region == wanted.region,
        )
    };
    let mut alike = found;
    for tag in supported {
        let is_same = matching.distance_of(tag.as_str(), found.as_str()) == Some(0);
        if is_same && likeness(tag) > likeness(alike) {
            alike = tag;
        }
    }
    alike
}

/// The locale itself and those of its CLDR parents that are known.
fn parents(tag: &Tag, known: &[Tag]) -> Vec<Tag> {
    let fallbacker = LocaleFallbacker::new();
    let steps = |tag: &Tag| {
        fallbacker
            .for_config(icu_locale::fallback::LocaleFallbackConfig::default())
            .fallback_for((&tag.identifier()).into())
    };
    // The iteration drops what is implied (`zh-Hans` begins as `zh`), so both sides are compared in that form; and where
    // the language alone is meant, it is the locale that the language alone implies (`pt` is `pt-BR`).
    let expander = LocaleExpander::new_common();
    let known: Vec<_> = known
        .iter()
        .map(|tag| {
            let mut shortest = tag.identifier();
            expander.minimize(&mut shortest);
            ([steps(tag).take(), (&shortest).into()], tag)
        })
        .collect();
    let mut chain = vec![tag.clone()];
    let mut iterator = steps(tag);
    while !iterator.get().is_unknown() {
        chain.extend(
            known
                .iter()
                .filter(|(forms, _)| forms.contains(iterator.get()))
                .map(|(_, tag)| (*tag).clone()),
        );
        iterator.step();
    }
    let mut seen = std::collections::BTreeSet::new();
    chain.retain(|tag| seen.insert(tag.clone()));
    chain
}

mod shipped;

pub use shipped::{Shipped, ShippedError, shipped};

#[cfg(test)]
mod tests;
