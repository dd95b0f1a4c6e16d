//! What a query asks of the index of one language.
//!
//! A word that no text has is taken for those that are spelt most like it, or that begin with it, or for the words that it is
//! put together of (`super::spelling`). A word that some text has is taken as it is.

use std::collections::{BTreeSet, HashMap};

use tantivy::query::{BooleanQuery, BoostQuery, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{Score, Term};

use super::index::Searchable;
use super::spelling::{Spelling, put_together_with};
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
    /// How many parts a text must have.
    pub(super) required: usize,
    /// For each part, the terms of which a text that has the part has one.
    pub(super) having: Vec<Vec<Term>>,
    /// How many texts have the part that a term is of.
    pub(super) frequencies: HashMap<Term, u64>,
    /// What a text would score at most: scores of different languages are compared as shares of it.
    pub(super) ideal: Score,
    pub(super) corrections: Vec<Correction>,
}

/// What a word in the title counts, beside what it counts for standing in the text.
const TITLE: Score = 1.0;
/// What a word counts more that stands in the text as it was asked for, and not in another form.
const EXACT: Score = 0.15;
/// What a word counts that was taken for another, by the distance.
const TAKEN_FOR: [Score; 3] = [0.8, 0.7, 0.5];
/// What a word counts that another is put together of.
const WITHIN: Score = 0.5;
/// What a whole word of ideographs counts, beside its pairs.
const WHOLE: Score = 0.5;
/// What the characters of a pair count that no text has.
const CHARACTER: Score = 0.3;
/// The longest stretch of words without spaces that is taken for one misspelt word, in characters.
const STRETCH: usize = 24;
/// How many of the rarest parts of a story are asked for: the rest says little and costs time.
const STORY: usize = 10;
/// How many parts of typed words are asked for.
const WORDS: usize = 24;
/// How many of the rarest parts make up the ideal of a story: nobody writes an article with all words of a customer.
const STORY_IDEAL: usize = 6;
/// The highest growth of a score with the number of times that a word stands in a text (BM25's k1 + 1).
const MOST_OFTEN: Score = 2.2;
/// A part that is in more than this share of all texts says nothing, where there are enough of them to tell.
const EVERYWHERE: f64 = 0.4;
const ENOUGH_TO_TELL: u64 = 50;

/// A part of a query: any of the terms will do.
struct Part {
    terms: Vec<(Field, String, Score)>,
    /// How many texts have it.
    texts: u64,
    rarity: Score,
}

/// Reads a query for one language.
pub(super) struct Reader<'r> {
    pub(super) index: &'r Searchable,
    pub(super) mode: Mode,
    /// Whether any of the words will do, where no text has most of them.
    pub(super) any_will_do: bool,
    /// None where words are taken as they are.
    pub(super) spelling: Option<&'r mut Spelling>,
    /// Words that a language knows which is worth more: there they are right.
    pub(super) known: &'r mut BTreeSet<String>,
}

impl Reader<'_> {
    /// None where no text has any of the words, nor one that is spelt like them.
    pub(super) fn read(mut self, text: &str) -> tantivy::Result<Option<Asking>> {
        let mut corrections = Vec::new();
        let mut parts = Vec::new();
        let mut lifts: Vec<(Field, String, Score, u64)> = Vec::new();
        let mut unknown = 0_u16;
        let mut seen = BTreeSet::new();
        // Whether the words since the last gap of a script without spaces are all known.
        let mut is_known = true;
        let fields = Searchable::fields();
        for token in self.index.tokens.cut(text) {
            match token {
                Token::Word { written, word, root } => {
                    if !seen.insert(root.clone()) {
                        continue;
                    }
                    let found = self.word(&written, &word, &root, &mut corrections)?;
                    if found.is_empty() {
                        unknown += 1;
                        is_known = false;
                    }
                    parts.extend(found);
                }
                Token::Character(_) => {}
                Token::Stretch(stretch) => {
                    // Cut by a dictionary, a misspelt word falls into pieces that are no words.
                    if !std::mem::replace(&mut is_known, true)
                        && self.mode == Mode::Words
                        && stretch.chars().count() <= STRETCH
                    {
                        parts.extend(self.misspelt(&stretch, &stretch, &mut corrections)?);
                    }
                }
                Token::Pair(pair) => {
                    if !seen.insert(pair.clone()) {
                        continue;
                    }
                    match self.pair(&pair)? {
                        Some(part) => parts.push(part),
                        None => unknown += 1,
                    }
                }
                Token::Ideographs(word) => {
                    if word.chars().count() > 1 && seen.insert(format!("={word}")) {
                        let texts = self.index.frequency(fields.words, &word)?;
                        if texts > 0 {
                            lifts.push((fields.words, word, WHOLE, texts));
                        }
                    }
                }
            }
        }
        let (ideal, required) = self.choose(&mut parts, unknown);
        Ok((!parts.is_empty()).then(|| asking(&parts, lifts, ideal, required, corrections)))
    }

    /// Leaves the parts that say something, rarest first; gives the ideal score and how many parts a text must have.
    fn choose(&self, parts: &mut Vec<Part>, unknown: u16) -> (Score, usize) {
        let texts = self.index.texts;
        parts.sort_by(|one, other| other.rarity.total_cmp(&one.rarity));
        if texts >= ENOUGH_TO_TELL && parts.len() > 1 {
            let floor = rarity_of_share(EVERYWHERE);
            let telling = parts.partition_point(|part| part.rarity > floor);
            parts.truncate(telling.max(1));
        }
        parts.truncate(match self.mode {
            Mode::Words => WORDS,
            Mode::Story => STORY,
        });
        let sum = |parts: &[Part]| parts.iter().map(|part| part.rarity).sum::<Score>();
        let (weight, required) = match self.mode {
            // A word that is nowhere was meant all the same: a text without it is no perfect answer.
            Mode::Words => (
                sum(parts) + Score::from(unknown) * rarity(0, texts.max(1)) * 0.5,
                if self.any_will_do || parts.len() <= 2 {
                    1
                } else {
                    parts.len().div_ceil(2)
                },
            ),
            Mode::Story => (sum(&parts[..parts.len().min(STORY_IDEAL)]), parts.len().min(2)),
        };
        (weight.max(Score::MIN_POSITIVE) * MOST_OFTEN * (1.0 + TITLE), required)
    }

    /// A part by its terms; none where no text has any of them.
    fn part(&self, terms: Vec<(Field, String, Score)>) -> tantivy::Result<Option<Part>> {
        let mut texts = 0;
        for (field, text, _) in &terms {
            texts = texts.max(self.index.frequency(*field, text)?);
        }
        Ok((texts > 0).then(|| Part {
            terms,
            texts,
            rarity: rarity(texts, self.index.texts),
        }))
    }

    fn word(
        &mut self,
        written: &str,
        word: &str,
        root: &str,
        corrections: &mut Vec<Correction>,
    ) -> tantivy::Result<Vec<Part>> {
        let mut terms = self.terms_of(word, root, 1.0)?;
        if self.mode == Mode::Words && self.spelling.is_some() {
            for longer in put_together_with(self.index, word)? {
                let root = self.index.tokens.root_of(&longer);
                terms.extend(self.terms_of(&longer, &root, WITHIN)?);
            }
        }
        if let Some(part) = self.part(terms)? {
            self.known.insert(word.to_owned());
            return Ok(vec![part]);
        }
        // Of many words some are always unknown, names above all: what the others say is enough.
        if self.known.contains(word) {
            return Ok(Vec::new());
        }
        let near = match self.mode {
            Mode::Words => self.misspelt(written, word, corrections)?,
            Mode::Story => None,
        };
        if let Some(part) = near {
            return Ok(vec![part]);
        }
        if self.spelling.is_none() {
            return Ok(Vec::new());
        }
        let mut parts = Vec::new();
        for within in Spelling::made_of(self.index, word)? {
            let root = self.index.tokens.root_of(&within);
            let mut terms = self.terms_of(&within, &root, 1.0)?;
            for longer in put_together_with(self.index, &within)? {
                let root = self.index.tokens.root_of(&longer);
                terms.extend(self.terms_of(&longer, &root, WITHIN)?);
            }
            parts.extend(self.part(terms)?);
        }
        Ok(parts)
    }

    fn pair(&self, pair: &str) -> tantivy::Result<Option<Part>> {
        let fields = Searchable::fields();
        let terms = vec![
            (fields.roots, pair.to_owned(), 1.0),
            (fields.title, pair.to_owned(), TITLE),
        ];
        let part = self.part(terms)?;
        if part.is_some() || self.mode == Mode::Story {
            return Ok(part);
        }
        // The characters of a pair that no text has.
        let characters = pair.chars().flat_map(|one| {
            [
                (fields.roots, one.to_string(), CHARACTER),
                (fields.title, one.to_string(), CHARACTER * TITLE),
            ]
        });
        self.part(characters.collect())
    }

    /// What a word that no text has may be taken for.
    fn misspelt(
        &mut self,
        written: &str,
        word: &str,
        corrections: &mut Vec<Correction>,
    ) -> tantivy::Result<Option<Part>> {
        let Some(spelling) = self.spelling.as_deref_mut() else {
            return Ok(None);
        };
        let mut terms = Vec::new();
        for like in spelling.spelt_like(self.index, word)? {
            terms.extend(self.terms_of(&like.word, &like.root, TAKEN_FOR[like.distance.min(2)])?);
            corrections.push(Correction {
                word: written.to_owned(),
                taken_for: like.word,
            });
        }
        self.part(terms)
    }

    fn terms_of(&self, word: &str, root: &str, weight: Score) -> tantivy::Result<Vec<(Field, String, Score)>> {
        let fields = Searchable::fields();
        let has_root = !self.index.tokens.has_roots() || self.index.frequency(fields.roots, root)? > 0;
        let mut terms = Vec::with_capacity(3);
        if has_root {
            terms.push((fields.roots, root.to_owned(), weight));
            terms.push((fields.title, root.to_owned(), weight * TITLE));
        }
        // Of a story, which form of a word somebody chose says nothing.
        if self.index.tokens.has_roots() && (self.mode == Mode::Words || !has_root) {
            // Without its accents a word may have another root than with them.
            let exact = if has_root { EXACT } else { 1.0 };
            terms.push((fields.words, word.to_owned(), weight * exact));
            if !has_root {
                terms.push((fields.title_words, word.to_owned(), weight * TITLE));
            }
        }
        Ok(terms)
    }
}

fn asking(
    parts: &[Part],
    lifts: Vec<(Field, String, Score, u64)>,
    ideal: Score,
    required: usize,
    corrections: Vec<Correction>,
) -> Asking {
    let mut queries: Vec<Box<dyn Query>> = Vec::new();
    let mut frequencies = HashMap::new();
    let mut having = Vec::with_capacity(parts.len());
    let mut ask = |field: Field, text: &str, weight: Score, texts: u64| {
        let term = Term::from_field_text(field, text);
        let query = TermQuery::new(term.clone(), IndexRecordOption::WithFreqs);
        queries.push(Box::new(BoostQuery::new(Box::new(query), weight)));
        frequencies.insert(term.clone(), texts);
        term
    };
    for part in parts {
        let terms = part
            .terms
            .iter()
            .map(|(field, text, weight)| ask(*field, text, *weight, part.texts));
        having.push(terms.collect());
    }
    // What belongs together lifts a text that has it, and asks nothing of one that has not: it is within the parts.
    for (field, text, weight, texts) in lifts {
        ask(field, &text, weight, texts);
    }
    Asking {
        query: BooleanQuery::union(queries),
        required,
        having,
        frequencies,
        ideal,
        corrections,
    }
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
