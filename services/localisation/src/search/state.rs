//! All indexes and all that is known of the articles, at one moment.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::best::Among;
use super::facts::{ArticleFact, Facts};
use super::index::Searchable;
use super::query::{Correction, Mode, Reader};
use super::rank::Asked;
use super::spelling::Spelling;
use support_words::tag::Tag;

/// A language that is searched.
#[derive(Debug, Clone, PartialEq)]
pub struct Searched {
    /// The language.
    pub language: Tag,
    /// What finding something in it is worth, beside the language that the reader reads best.
    pub worth: f32,
    /// Whether words that it does not have are taken for those that are spelt like them.
    pub corrects: bool,
}

/// What is searched for.
#[derive(Debug, Clone)]
pub struct Search<'s> {
    /// The words.
    pub text: &'s str,
    /// How they are meant.
    pub mode: Mode,
    /// In which languages, the one that is worth most first.
    pub languages: Vec<Searched>,
    /// Who asks.
    pub asked: Asked,
    /// How many articles at most.
    pub limit: usize,
}

/// An article that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The article.
    pub article: Arc<ArticleFact>,
    /// How well it fits; about 1 for a text that has every word in its title.
    pub score: f32,
    /// The language in which it fits best.
    pub language: Tag,
    /// Words that were taken for others in that language.
    pub corrections: Arc<Vec<Correction>>,
}

/// All indexes and all that is known of the articles, at one moment. Never changed: a change makes another.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// What is known beside the words.
    pub facts: Arc<Facts>,
    /// The indexes by language.
    pub indexes: BTreeMap<Tag, Searchable>,
}

impl State {
    /// The articles that fit best, best first, each once.
    ///
    /// # Errors
    ///
    /// Where an index cannot be read, which only a fault could bring about.
    pub fn search(&self, search: &Search<'_>) -> tantivy::Result<Vec<Hit>> {
        let mut spelling = Spelling::default();
        let hits = self.find(search, &mut spelling, false)?;
        if hits.is_empty() && search.mode == Mode::Words {
            return self.find(search, &mut spelling, true);
        }
        Ok(hits)
    }

    /// As [`State::search`]; where `any_will_do`, with one word of many, and with corrections in every language.
    fn find(&self, search: &Search<'_>, spelling: &mut Spelling, any_will_do: bool) -> tantivy::Result<Vec<Hit>> {
        let mut best: HashMap<u64, (f32, &Tag, Arc<Vec<Correction>>)> = HashMap::new();
        // A word that a language knows is no slip in one that is worth less.
        let mut known = BTreeSet::new();
        for searched in &search.languages {
            let Some(index) = self.indexes.get(&searched.language) else {
                continue;
            };
            let reader = Reader {
                index,
                mode: search.mode,
                any_will_do,
                spelling: (any_will_do || searched.corrects).then_some(&mut *spelling),
                known: &mut known,
            };
            let Some(mut asking) = reader.read(search.text)? else {
                continue;
            };
            // Less than the last of those found already is of no use.
            let floor = if best.len() < search.limit {
                0.0
            } else {
                let mut scores: Vec<f32> = best.values().map(|(score, ..)| *score).collect();
                scores.sort_by(|one, other| other.total_cmp(one));
                scores[search.limit.max(1) - 1] / searched.worth * asking.ideal
            };
            let among = Among {
                facts: &self.facts,
                asked: &search.asked,
                language: &searched.language,
                limit: search.limit,
                floor,
            };
            let corrections = Arc::new(std::mem::take(&mut asking.corrections));
            for (score, number) in index.best(&asking, among)? {
                let score = score / asking.ideal * searched.worth;
                let known = best.get(&number).map_or(f32::MIN, |(known, _, _)| *known);
                if score > known {
                    best.insert(number, (score, &searched.language, Arc::clone(&corrections)));
                }
            }
        }
        let mut best: Vec<_> = best.into_iter().collect();
        best.sort_by(|(number, (score, ..)), (other_number, (other_score, ..))| {
            other_score.total_cmp(score).then(number.cmp(other_number))
        });
        best.truncate(search.limit);
        let hits = best.into_iter().filter_map(|(number, (score, language, corrections))| {
            Some(Hit {
                article: Arc::clone(self.facts.article(number)?),
                score,
                language: language.clone(),
                corrections,
            })
        });
        Ok(hits.collect())
    }
}

/// What a further language of the reader is worth, beside the one before.
const NEXT: f32 = 0.95;
/// What a language is worth that the words are written in and the reader did not name.
const WRITTEN_IN: f32 = 0.85;
/// What the default is worth, where the reader did not name it: they may well not read it.
const DEFAULT: f32 = 0.7;
/// What all others are worth, where every language is searched.
const OTHERS: f32 = 0.6;

/// Which of the languages that have articles are searched. `read` are the locales that the reader reads, best first,
/// `default` is where every chain of fallbacks ends.
#[must_use]
pub fn searched<'t>(
    read: &[Tag],
    default: &Tag,
    text: &str,
    everywhere: bool,
    available: impl Iterator<Item = &'t Tag>,
) -> Vec<Searched> {
    let mut searched = Vec::new();
    let scripts = scripts_of(text);
    for tag in available {
        let language = language_of(tag);
        // The very locale, or another of the same language: es for who reads es-MX.
        let by_reader = read
            .iter()
            .zip(std::iter::successors(Some(1.0), |worth| Some(worth * NEXT)))
            .find_map(|(read, worth): (&Tag, f32)| {
                if read == tag {
                    Some(worth)
                } else {
                    (language_of(read) == language).then_some(worth * NEXT)
                }
            });
        let by_script = scripts
            .iter()
            .any(|languages| languages.contains(&language))
            .then_some(WRITTEN_IN);
        let by_default = (tag == default).then_some(DEFAULT);
        let by_all = everywhere.then_some(OTHERS);
        let most = [by_reader, by_script, by_default, by_all]
            .into_iter()
            .flatten()
            .reduce(f32::max);
        if let Some(worth) = most {
            searched.push(Searched {
                language: tag.clone(),
                worth,
                corrects: worth > OTHERS,
            });
        }
    }
    searched.sort_by(|one: &Searched, other| {
        other
            .worth
            .total_cmp(&one.worth)
            .then_with(|| one.language.cmp(&other.language))
    });
    searched
}

fn language_of(tag: &Tag) -> &str {
    tag.as_str().split('-').next().unwrap_or_default()
}

/// The languages that are written in the scripts of a text, apart from Latin, which is everybody's.
fn scripts_of(text: &str) -> Vec<&'static [&'static str]> {
    const SCRIPTS: [(std::ops::RangeInclusive<u32>, &[&str]); 11] = [
        (0x3040..=0x30ff, &["ja"]),
        (0x4e00..=0x9fff, &["zh", "ja"]),
        (0xac00..=0xd7a3, &["ko"]),
        (0x0e00..=0x0e7f, &["th"]),
        (0x0400..=0x052f, &["ru", "uk", "bg", "sr"]),
        (0x0370..=0x03ff, &["el"]),
        (0x0590..=0x05ff, &["he"]),
        (0x0600..=0x06ff, &["ar", "fa", "ur"]),
        (0x0900..=0x097f, &["hi"]),
        (0x0980..=0x09ff, &["bn"]),
        (0x0b80..=0x0c7f, &["ta", "te"]),
    ];
    SCRIPTS
        .into_iter()
        .filter(|(range, _)| text.chars().any(|character| range.contains(&u32::from(character))))
        .map(|(_, languages)| languages)
        .collect()
}

#[cfg(test)]
mod tests;
