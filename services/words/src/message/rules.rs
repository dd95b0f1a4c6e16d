//! What all texts keep to: their length, the glossary, what is never said, how products are spelled.

use std::collections::BTreeMap;

use super::{Fault, OBJECT};
use crate::tag::Tag;

/// What all texts keep to, whatever they say. Locales and keys are as they are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// The longest text in characters, by the beginning of the key.
    pub longest: BTreeMap<String, usize>,
    /// The names of products as they are spelled.
    pub product_names: Vec<String>,
    /// By term of the source: by locale the words of which a translation holds one.
    pub glossary: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// By locale, [`EVERYWHERE`] for all, what is never said.
    pub forbidden: BTreeMap<String, Vec<String>>,
}

/// Under which what is forbidden holds for all locales.
pub const EVERYWHERE: &str = "und";

impl Rules {
    /// What is wrong with a text of `locale` by these rules: `forms` are its words, `source` those of the source text; none
    /// where it is the source text itself, or there is none.
    pub(super) fn faults(&self, locale: &Tag, key: &str, forms: &[String], source: Option<&[String]>) -> Vec<Fault> {
        let mut faults = Vec::new();
        if let Some(longest) = self.longest(key) {
            let length = forms
                .iter()
                .map(|form| form.chars().filter(|c| *c != OBJECT).count())
                .max();
            faults.extend(
                length
                    .filter(|length| *length > longest)
                    .map(|length| Fault::TooLong { length, longest }),
            );
        }
        let lower: Vec<String> = forms.iter().map(|form| form.to_lowercase()).collect();
        if let Some(source) = source {
            let source: Vec<String> = source.iter().map(|form| form.to_lowercase()).collect();
            faults.extend(self.mistranslated(locale, &lower, &source));
        }
        let forbidden = ancestry(locale.as_str()).chain([EVERYWHERE]);
        let forbidden = forbidden.filter_map(|tag| in_locale(&self.forbidden, tag)).flatten();
        faults.extend(
            forbidden
                .filter(|phrase| lower.iter().any(|form| holds_words(form, &phrase.to_lowercase())))
                .map(|phrase| Fault::Forbidden(phrase.clone())),
        );
        for name in &self.product_names {
            faults.extend(
                forms
                    .iter()
                    .find_map(|form| misspelled(form, name))
                    .map(|found| Fault::ProductName {
                        found,
                        name: name.clone(),
                    }),
            );
        }
        faults
    }

    /// The longest that a text with this key may be: by the longest beginning of it, in whole words.
    fn longest(&self, key: &str) -> Option<usize> {
        let ends = key.match_indices('.').map(|(end, _)| end).chain([key.len()]);
        let mut beginnings: Vec<&str> = ends.map(|end| &key[..end]).collect();
        beginnings.reverse();
        beginnings
            .into_iter()
            .find_map(|beginning| self.longest.get(beginning))
            .copied()
    }

    fn mistranslated(&self, locale: &Tag, forms: &[String], source: &[String]) -> Vec<Fault> {
        let terms = self.glossary.iter().filter(|(term, _)| {
            let term = term.to_lowercase();
            source.iter().any(|form| holds_words(form, &term))
        });
        terms
            .filter_map(|(term, translations)| {
                let words = ancestry(locale.as_str()).find_map(|tag| in_locale(translations, tag))?;
                let is_said = words
                    .iter()
                    .any(|word| forms.iter().any(|form| form.contains(&word.to_lowercase())));
                (!is_said).then(|| Fault::Glossary {
                    term: term.clone(),
                    words: words.clone(),
                })
            })
            .collect()
    }
}

/// A tag, then what is left of it without its last subtag, and so on.
fn ancestry(tag: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(tag), |tag| tag.rfind('-').map(|end| &tag[..end]))
}

fn in_locale<'m, T>(map: &'m BTreeMap<String, T>, tag: &str) -> Option<&'m T> {
    map.iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(tag))
        .map(|(_, value)| value)
}

/// Whether scripts like this one part their words, so that a word ends where such a letter does not follow.
fn parts_words(character: char) -> bool {
    character.is_alphanumeric()
        && !matches!(character,
            // Thai, Lao, Myanmar, Khmer; kana, Han and what lies between; Hangul, whose particles stick to words.
            '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{2e80}'..='\u{9fff}'
            | '\u{ac00}'..='\u{d7ff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Whether `text` holds `phrase` from the beginning of a word to the end of one.
fn holds_words(text: &str, phrase: &str) -> bool {
    let is_bounded =
        |inner: Option<char>, outer: Option<char>| !(inner.is_some_and(parts_words) && outer.is_some_and(parts_words));
    !phrase.is_empty()
        && text.match_indices(phrase).any(|(start, found)| {
            is_bounded(phrase.chars().next(), text[..start].chars().next_back())
                && is_bounded(phrase.chars().next_back(), text[start + found.len()..].chars().next())
        })
}

/// How `text` spells `name`, where it is in another way: other capitals, spaces or hyphens.
fn misspelled(text: &str, name: &str) -> Option<String> {
    let is_space = |character: char| character.is_whitespace() || matches!(character, '-' | '\u{2010}' | '\u{2011}');
    let folded_name: Vec<char> = name
        .chars()
        .filter(|c| !is_space(*c))
        .flat_map(char::to_lowercase)
        .collect();
    // Each letter with where it begins and ends in the text.
    let folded: Vec<(usize, usize, char)> = text
        .char_indices()
        .filter(|(_, character)| !is_space(*character))
        .flat_map(|(at, character)| {
            let end = at + character.len_utf8();
            character.to_lowercase().map(move |letter| (at, end, letter))
        })
        .collect();
    if folded_name.is_empty() {
        return None;
    }
    folded.windows(folded_name.len()).find_map(|window| {
        let is_it = window.iter().map(|(_, _, letter)| letter).eq(&folded_name);
        let (start, end) = (window.first()?.0, window.last()?.1);
        let found = text.get(start..end)?;
        let touches =
            |inner: Option<char>, outer: Option<char>| inner.is_some_and(parts_words) && outer.is_some_and(parts_words);
        let is_within_word = touches(found.chars().next(), text[..start].chars().next_back())
            || touches(found.chars().next_back(), text[end..].chars().next());
        (is_it && !is_within_word && found != name).then(|| found.to_owned())
    })
}
