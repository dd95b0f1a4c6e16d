//! Taking over what translators hand in.

use std::collections::{BTreeMap, BTreeSet};

use support_chassis::db::Tx;

use super::listing;
use super::translations::{self, DraftText, Saved};
use crate::error::Error;
use crate::exchange::{ReadFile, ReadUnit, Unreadable};
use crate::standard::TextRules;
use support_words::message::LONGEST;
use support_words::tag::Tag;

/// How many messages a file may hold.
pub const MOST_UNITS: usize = 2_000;
/// The longest key.
const LONGEST_KEY: usize = 200;

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The drafts written, and what is wrong with them so far.
    pub saved: Saved,
    /// How many texts say what is published, or drafted, already.
    pub unchanged: usize,
    /// The keys left alone because a draft with other words is open.
    pub kept: Vec<String>,
}

/// Writes a draft for every text of a file that is new; `by` is who hands it in. With `replaces_drafts` it takes the place of
/// an open draft with other words.
///
/// # Errors
///
/// No such locale, or a file in another language, with too much in it, or with what can be no message.
pub async fn import(
    tx: &mut Tx,
    rules: &TextRules,
    tag: &Tag,
    file: ReadFile,
    replaces_drafts: bool,
    by: &str,
) -> Result<Imported, Error> {
    check(&file, tag)?;
    let entries = listing::entries(tx, tag, "").await?;
    let entries: BTreeMap<&str, &listing::Entry> = entries.iter().map(|entry| (entry.key.as_str(), entry)).collect();
    let is_source = super::translations::Sources::of(tx, tag).await?.is_source();
    let mut texts = Vec::new();
    let mut unchanged = 0;
    let mut kept = Vec::new();
    for unit in file.units {
        let Some(pattern) = unit.target else { continue };
        let made_from = unit.made_from.filter(|_| !is_source);
        let entry = entries.get(unit.key.as_str());
        let draft = entry.and_then(|entry| entry.draft.as_ref());
        let text = entry.and_then(|entry| entry.text.as_ref());
        // What is there already, and from which source.
        let there = draft
            .map(|draft| (&draft.pattern, draft.source_hash))
            .or(text.map(|text| (&text.pattern, text.source_hash)));
        let says_the_same = there.is_some_and(|(there, _)| *there == pattern);
        let is_of_the_same = there.is_some_and(|(_, hash)| made_from.is_none() || made_from == hash);
        if says_the_same && (is_of_the_same || unit.is_initial) {
            unchanged += 1;
        } else if draft.is_some() && !says_the_same && !replaces_drafts {
            kept.push(unit.key);
        } else {
            texts.push(DraftText {
                key: unit.key,
                pattern,
                made_from,
                expected_revision: 0,
            });
        }
    }
    let saved = translations::save(tx, rules, tag, &texts, by).await?;
    Ok(Imported { saved, unchanged, kept })
}

fn check(file: &ReadFile, tag: &Tag) -> Result<(), Unreadable> {
    if let Some(locale) = &file.locale
        && Tag::parse(locale).as_ref() != Some(tag)
    {
        return Err(Unreadable::OtherLocale(locale.chars().take(35).collect()));
    }
    if file.units.len() > MOST_UNITS {
        return Err(Unreadable::TooMany(MOST_UNITS));
    }
    let mut seen = BTreeSet::new();
    for (number, ReadUnit { key, target, .. }) in file.units.iter().enumerate() {
        let at = || format!("message {}", number + 1);
        if !is_key(key) {
            return Err(Unreadable::malformed("no key", at()));
        }
        if !seen.insert(key) {
            return Err(Unreadable::malformed("a key that stands twice", at()));
        }
        let length = target.as_ref().map_or(0, |target| target.chars().count());
        if length > LONGEST {
            return Err(Unreadable::malformed("a text that is too long", at()));
        }
        // The database keeps no such character.
        if target.as_ref().is_some_and(|target| target.contains('\0')) {
            return Err(Unreadable::malformed("a character that no text has", at()));
        }
    }
    Ok(())
}

/// Whether this is a key: lower-case words joined by dots and underscores.
fn is_key(key: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
    };
    key.len() <= LONGEST_KEY && key.starts_with(|first: char| first.is_ascii_lowercase()) && key.split('.').all(is_word)
}
