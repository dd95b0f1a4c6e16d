//! What a query asks of the index of one language.
//!
//! A word that no text has is taken for those that are spelt most like it: at a distance of one from four characters on, of
//! two from eight on (a letter too many, too few, another, or two that changed places), or that begin with it. A word that
//! some text has is taken as it is.

use std::collections::BTreeSet;

use tantivy::query::{BooleanQuery, BoostQuery, DisjunctionMaxQuery, FuzzyTermQuery, Occur, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{Score, Term};

use super::index::Searchable;
use super::tokens::Token;

/// How a query is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Words that somebody typed to find something: most of them should be there.
    Words,
    /// What somebody tells: a few of its words say what it is about.
    Story,
}

/// A word that no text has, and what was searched instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// As it was written.
    pub word: String,
    /// As it stands in the index.
    pub taken_for: String,
}

/// What is asked of an index.
pub(super) struct Asking {
    pub(super) query: BooleanQuery,
    /// What a text would score at most: scores of different languages are compared as shares of it.
    pub(super) ideal: Score,
    pub(super) corrections: Vec<Correction>,
}

/// What a word in the title counts, beside one in the text.
const TITLE: Score = 2.0;
/// What a root counts, beside the word as it is.
const ROOT: Score = 0.85;
/// What a word counts that was taken for another, by the distance.
const TAKEN_FOR: [Score; 3] = [0.8, 0.7, 0.5];
/// What a whole word of ideographs counts, beside its pairs.
const WHOLE: Score = 0.5;
/// What the characters of a pair count that no text has.
const CHARACTER: Score = 0.3;
/// The longest stretch of words without spaces that is taken for one misspelt word, in characters.
const STRETCH: usize = 24;
/// How many of the rarest parts of a story are asked for: the rest says little and costs time.
const STORY: usize = 20;
/// How many parts of typed words are asked for.
const WORDS: usize = 32;
/// How many of the rarest parts make up the ideal of a story: nobody writes an article with all words of a customer.
const STORY_IDEAL: usize = 6;
/// How many words one word is taken for at most.
const MOST_TAKEN_FOR: usize = 4;
/// The highest growth of a score with the number of times that a word stands in a text (BM25's k1 + 1).
const MOST_OFTEN: Score = 2.2;
/// A part that is in more than this share of all texts says nothing, where there are enough of them to tell.
const EVERYWHERE: f64 = 0.4;
const ENOUGH_TO_TELL: u64 = 50;

/// A part of a query: any of the terms will do.
struct Part {
    terms: Vec<(Field, String, Score)>,
    rarity: Score,
}

impl Searchable {
    /// Reads a query; none where no text has any of its words, nor one that is spelt like them.
    pub(super) fn ask(&self, text: &str, mode: Mode) -> tantivy::Result<Option<Asking>> {
        let mut corrections = Vec::new();
        let mut parts = Vec::new();
        let mut whole = Vec::new();
        let mut unknown = 0_u16;
        let mut seen = BTreeSet::new();
        // Whether the words since the last gap of a script without spaces are all known.
        let mut is_known = true;
        for token in self.tokens.cut(text) {
            match token {
                Token::Word { written, word, root } => {
                    if !seen.insert(word.clone()) {
                        continue;
                    }
                    if let Some(part) = self.word(&written, &word, &root, mode, &mut corrections)? {
                        parts.push(part);
                    } else {
                        unknown += 1;
                        is_known = false;
                    }
                }
                Token::Character(_) => {}
                Token::Stretch(stretch) => {
                    // Cut by a dictionary, a misspelt word falls into pieces that are no words.
                    if !std::mem::replace(&mut is_known, true)
                        && mode == Mode::Words
                        && stretch.chars().count() <= STRETCH
                        && let Some(part) = self.misspelt(&stretch, &stretch, &mut corrections)?
                    {
                        parts.push(part);
                    }
                }
                Token::Pair(pair) => {
                    if !seen.insert(pair.clone()) {
                        continue;
                    }
                    let terms = vec![
                        (self.fields.roots, pair.clone(), 1.0),
                        (self.fields.title_roots, pair.clone(), TITLE),
                    ];
                    let part = match (self.part(terms)?, mode) {
                        (None, Mode::Words) => self.part(self.characters(&pair))?,
                        (part, _) => part,
                    };
                    match part {
                        Some(part) => parts.push(part),
                        None => unknown += 1,
                    }
                }
                Token::Ideographs(word) => {
                    if word.chars().count() > 1 && seen.insert(format!("={word}")) {
                        whole.push(vec![
                            (self.fields.words, word.clone(), WHOLE),
                            (self.fields.title_words, word, WHOLE * TITLE),
                        ]);
                    }
                }
            }
        }
        let (ideal, required) = self.choose(&mut parts, unknown, mode);
        if parts.is_empty() {
            return Ok(None);
        }
        let mut clauses: Vec<(Occur, Box<dyn Query>)> =
            parts.iter().map(|part| (Occur::Should, any_of(&part.terms))).collect();
        // What belongs together lifts a text that has it, and asks nothing of one that has not: it is within the parts.
        let lifts: Vec<Box<dyn Query>> = whole.iter().map(|terms| any_of(terms)).collect();
        let query = if lifts.is_empty() {
            BooleanQuery::with_minimum_required_clauses(clauses, required)
        } else {
            let parts = BooleanQuery::with_minimum_required_clauses(clauses, required);
            clauses = vec![(Occur::Must, Box::new(parts))];
            clauses.extend(lifts.into_iter().map(|lift| (Occur::Should, lift)));
            BooleanQuery::with_minimum_required_clauses(clauses, 0)
        };
        Ok(Some(Asking {
            query,
            ideal,
            corrections,
        }))
    }

    /// Leaves the parts that say something, rarest first; gives the ideal score and how many parts a text must have.
    fn choose(&self, parts: &mut Vec<Part>, unknown: u16, mode: Mode) -> (Score, usize) {
        let texts = self.searcher.num_docs();
        parts.sort_by(|one, other| other.rarity.total_cmp(&one.rarity));
        if texts >= ENOUGH_TO_TELL && parts.len() > 1 {
            let floor = rarity_of_share(EVERYWHERE);
            let telling = parts.partition_point(|part| part.rarity > floor);
            parts.truncate(telling.max(1));
        }
        parts.truncate(match mode {
            Mode::Words => WORDS,
            Mode::Story => STORY,
        });
        let sum = |parts: &[Part]| parts.iter().map(|part| part.rarity).sum::<Score>();
        let (weight, required) = match mode {
            // A word that is nowhere was meant all the same: a text without it is no perfect answer.
            Mode::Words => (
                sum(parts) + Score::from(unknown) * rarity(0, texts.max(1)) * 0.5,
                if parts.len() <= 2 { 1 } else { parts.len().div_ceil(2) },
            ),
            Mode::Story => (sum(&parts[..parts.len().min(STORY_IDEAL)]), parts.len().min(2)),
        };
        (weight.max(Score::MIN_POSITIVE) * MOST_OFTEN * TITLE, required)
    }

    /// A part by its terms; none where no text has any of them.
    fn part(&self, terms: Vec<(Field, String, Score)>) -> tantivy::Result<Option<Part>> {
        let mut most = 0;
        for (field, text, _) in &terms {
            most = most.max(self.searcher.doc_freq(&Term::from_field_text(*field, text))?);
        }
        Ok((most > 0).then(|| Part {
            terms,
            rarity: rarity(most, self.searcher.num_docs()),
        }))
    }

    fn word(
        &self,
        written: &str,
        word: &str,
        root: &str,
        mode: Mode,
        corrections: &mut Vec<Correction>,
    ) -> tantivy::Result<Option<Part>> {
        if let Some(part) = self.part(self.terms_of(word, root, 1.0))? {
            return Ok(Some(part));
        }
        match mode {
            Mode::Words => self.misspelt(written, word, corrections),
            // Of many words some are always unknown, names above all: what the others say is enough.
            Mode::Story => Ok(None),
        }
    }

    /// The characters of a pair that no text has.
    fn characters(&self, pair: &str) -> Vec<(Field, String, Score)> {
        pair.chars()
            .flat_map(|one| {
                [
                    (self.fields.roots, one.to_string(), CHARACTER),
                    (self.fields.title_roots, one.to_string(), CHARACTER * TITLE),
                ]
            })
            .collect()
    }

    /// What a word that no text has may be taken for.
    fn misspelt(&self, written: &str, word: &str, corrections: &mut Vec<Correction>) -> tantivy::Result<Option<Part>> {
        let mut terms = Vec::new();
        for (distance, like) in self.spelt_like(word)? {
            let root = self.tokens.root_of(&like);
            terms.extend(self.terms_of(&like, &root, TAKEN_FOR[distance.min(2)]));
            corrections.push(Correction {
                word: written.to_owned(),
                taken_for: like,
            });
        }
        self.part(terms)
    }

    fn terms_of(&self, word: &str, root: &str, weight: Score) -> Vec<(Field, String, Score)> {
        vec![
            (self.fields.words, word.to_owned(), weight),
            (self.fields.title_words, word.to_owned(), weight * TITLE),
            (self.fields.roots, root.to_owned(), weight * ROOT),
            (self.fields.title_roots, root.to_owned(), weight * ROOT * TITLE),
        ]
    }

    /// Words that are spelt most like `word`, with their distance; 0 for those that begin with it.
    fn spelt_like(&self, word: &str) -> tantivy::Result<Vec<(usize, String)>> {
        let length = word.chars().count();
        if length < 3 || word.chars().any(|character| character.is_ascii_digit()) {
            // A digit is never a slip: another model is another thing.
            return Ok(Vec::new());
        }
        let term = Term::from_field_text(self.fields.words, word);
        let mut like: Vec<(usize, u64, String)> = Vec::new();
        for segment in self.searcher.segment_readers() {
            let index = segment.inverted_index(self.fields.words)?;
            let mut note = |key: &[u8], distance: usize, texts: u32| {
                let Ok(found) = std::str::from_utf8(key) else {
                    return;
                };
                match like.iter_mut().find(|(_, _, known)| known == found) {
                    Some((_, count, _)) => *count += u64::from(texts),
                    None => like.push((distance, u64::from(texts), found.to_owned())),
                }
            };
            let mut beginning = index.terms().range().gt(word).lt(after_all_with(word)).into_stream()?;
            for _ in 0..64 {
                let Some((key, info)) = beginning.next() else {
                    break;
                };
                note(key, 0, info.doc_freq);
            }
            let reach = match length {
                ..4 => continue,
                4..8 => 1,
                _ => 2,
            };
            let automaton = FuzzyTermQuery::new(term.clone(), reach, true).automaton()?;
            let mut near = index.terms().search(automaton).into_stream()?;
            while let Some((key, info)) = near.next() {
                let found = String::from_utf8_lossy(key);
                note(key, distance(word, &found), info.doc_freq);
            }
        }
        // What is near comes before what is long; among equals, what begins alike, then what is said more often.
        like.sort_by_cached_key(|(distance, texts, found)| {
            let alike = word
                .chars()
                .zip(found.chars())
                .take_while(|(one, other)| one == other)
                .count();
            let longer = if *distance == 0 {
                found.chars().count().saturating_sub(length)
            } else {
                0
            };
            (
                distance.max(&usize::from(longer > 0)) * 4 + longer.min(3),
                usize::MAX - alike,
                u64::MAX - texts,
            )
        });
        like.truncate(MOST_TAKEN_FOR);
        Ok(like.into_iter().map(|(distance, _, found)| (distance, found)).collect())
    }
}

fn any_of(terms: &[(Field, String, Score)]) -> Box<dyn Query> {
    let mut queries: Vec<Box<dyn Query>> = Vec::with_capacity(terms.len());
    for (field, text, weight) in terms {
        let term = TermQuery::new(Term::from_field_text(*field, text), IndexRecordOption::WithFreqs);
        queries.push(Box::new(BoostQuery::new(Box::new(term), *weight)));
    }
    Box::new(DisjunctionMaxQuery::with_tie_breaker(queries, 0.1))
}

/// What sorts behind everything that begins with `word`.
fn after_all_with(word: &str) -> String {
    format!("{word}\u{10ffff}")
}

/// The weight of a part by how many of all texts have it (BM25's idf).
#[expect(clippy::cast_precision_loss, reason = "texts are counted in millions, not in 2^52")]
fn rarity(with: u64, of: u64) -> Score {
    let (with, of) = (with as f64, of.max(with) as f64);
    narrow((1.0 + (of - with + 0.5) / (with + 0.5)).ln())
}

fn rarity_of_share(share: f64) -> Score {
    narrow((1.0 / share).ln())
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a score needs no more than its first digits"
)]
fn narrow(value: f64) -> Score {
    value as Score
}

/// How many slips lie between two words: a letter too many, too few, another, or two neighbours that changed places.
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut rows = vec![vec![0; other.len() + 1]; one.len() + 1];
    for (index, row) in rows.iter_mut().enumerate() {
        row[0] = index;
    }
    rows[0] = (0..=other.len()).collect();
    for i in 1..=one.len() {
        for j in 1..=other.len() {
            let differs = usize::from(one[i - 1] != other[j - 1]);
            let mut least = (rows[i - 1][j] + 1)
                .min(rows[i][j - 1] + 1)
                .min(rows[i - 1][j - 1] + differs);
            if i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = least;
        }
    }
    rows[one.len()][other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_one_whatever_it_is() {
        for (other, slips) in [
            ("battery", 0),
            ("batery", 1),
            ("battterie", 3),
            ("bettery", 1),
            ("abttery", 1),
            ("bateri", 2),
            ("", 7),
        ] {
            assert_eq!(distance("battery", other), slips, "{other}");
        }
    }
}
