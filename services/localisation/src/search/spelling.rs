//! What an unknown word may be taken for.
//!
//! Words of the index that are spelt like it, at a distance of one from four characters on, of two from eight on where both
//! begin with the same letter (a letter too many, too few, another, or two that changed places), or that begin with it, or
//! that have a root spelt like its root. Else what it is made of: the words that it is put together of in languages that do so,
//! or a known beginning. There, a word is also found within others that begin or end with it.

use std::collections::HashMap;

use tantivy::Term;
use tantivy::query::{DfaWrapper, FuzzyTermQuery};
use tantivy::schema::Field;

use super::index::{COMPOUND, Searchable};

/// How many words one word is taken for at most.
const MOST_TAKEN_FOR: usize = 4;
/// How many words that begin with another are looked at.
const LOOKED_AT: usize = 64;
/// How many words that begin or end with another it is found in.
const MOST_WITH: usize = 4;
/// The shortest word that is found within others, in characters.
const WITHIN: usize = 4;
/// The shortest part of a word that is put together, in characters.
const SHORTEST: usize = 3;
/// What stands between the parts of a word that is put together, in German and its neighbours.
const JOINTS: [&str; 7] = ["", "s", "n", "en", "es", "er", "e"];

/// Finds words of the index. What it has made of a word of a query serves all languages.
#[derive(Default)]
pub(super) struct Spelling {
    near: HashMap<(String, u8), DfaWrapper>,
}

impl Spelling {
    /// Words that are spelt most like `word`; where there is none, roots that are spelt like its root.
    pub(super) fn spelt_like(&mut self, index: &Searchable, word: &str) -> tantivy::Result<Vec<Like>> {
        let like = self.most_like(index, index.vocabulary(), word)?;
        let (tokens, roots) = (&index.tokens, Searchable::fields().roots);
        if !like.is_empty() || !tokens.has_roots() {
            let like = like.into_iter().map(|found| Like {
                distance: found.distance,
                root: tokens.root_of(&found.word),
                word: found.word,
            });
            return Ok(like.collect());
        }
        let like = self.most_like(index, roots, &tokens.root_of(word))?;
        let like = like.into_iter().map(|found| Like {
            distance: found.distance,
            root: found.word.clone(),
            word: found.word,
        });
        Ok(like.collect())
    }

    /// Words of a field that are spelt most like `word`, at a distance of 0 those that begin with it.
    fn most_like(&mut self, index: &Searchable, field: Field, word: &str) -> tantivy::Result<Vec<Found>> {
        let length = word.chars().count();
        if length < 3 || word.chars().any(|character| character.is_ascii_digit()) {
            // A digit is never a slip: another model is another thing.
            return Ok(Vec::new());
        }
        let mut like = beginning_with(index, field, word)?;
        if length >= 4 {
            self.near(index, field, word, 1, &mut like)?;
        }
        if length >= 8 && !like.iter().any(|found| found.distance == 1) {
            self.near(index, field, word, 2, &mut like)?;
        }
        // What is near comes before what is long; among equals, what begins alike, then what is said more often.
        like.sort_by_cached_key(|found| {
            let alike = word
                .chars()
                .zip(found.word.chars())
                .take_while(|(one, other)| one == other)
                .count();
            let longer = if found.distance == 0 {
                found.word.chars().count().saturating_sub(length)
            } else {
                0
            };
            (
                found.distance.max(usize::from(longer > 0)) * 4 + longer.min(3),
                usize::MAX - alike,
                u64::MAX - found.texts,
            )
        });
        like.truncate(MOST_TAKEN_FOR);
        Ok(like)
    }

    /// Adds what is at most `reach` slips away and not among `like` yet.
    fn near(
        &mut self,
        index: &Searchable,
        field: Field,
        word: &str,
        reach: u8,
        like: &mut Vec<Found>,
    ) -> tantivy::Result<()> {
        let key = (word.to_owned(), reach);
        if !self.near.contains_key(&key) {
            let automaton = FuzzyTermQuery::new(Term::from_field_text(field, word), reach, true).automaton()?;
            self.near.insert(key.clone(), automaton);
        }
        let Some(automaton) = self.near.get(&key) else {
            return Ok(());
        };
        let first: String = word.chars().take(1).collect();
        for piece in &*index.pieces {
            let terms = piece.segment().inverted_index(field)?;
            let mut near = terms.terms().search(automaton);
            if reach > 1 {
                near = near.ge(&first).lt(after_all_with(&first));
            }
            let mut near = near.into_stream()?;
            while let Some((key, info)) = near.next() {
                if let Ok(found) = std::str::from_utf8(key) {
                    note(like, found, info.doc_freq, || distance(word, found));
                }
            }
        }
        Ok(())
    }

    /// The words that an unknown one is made of: those that it is put together of, or with which it begins or ends.
    pub(super) fn made_of(index: &Searchable, word: &str) -> tantivy::Result<Vec<String>> {
        let length = word.chars().count();
        if length < COMPOUND || !word.chars().all(char::is_alphabetic) {
            return Ok(Vec::new());
        }
        let mut known = Known::new(index);
        if index.tokens.has_compounds() {
            for parts in 2..=3 {
                if let Some(found) = cut(&mut known, word, parts)? {
                    return Ok(found);
                }
            }
        }
        let ends: Vec<usize> = word.char_indices().map(|(end, _)| end).collect();
        if !index.tokens.has_compounds() {
            // An ending that nobody has heard of.
            let least = (length * 3).div_ceil(5);
            for end in ends[least..].iter().rev() {
                if known.has(&word[..*end])? {
                    return Ok(vec![word[..*end].to_owned()]);
                }
            }
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        for end in ends[WITHIN..].iter().rev() {
            if known.has(&word[..*end])? {
                found.push(word[..*end].to_owned());
                break;
            }
        }
        let taken = found.first().map_or(WITHIN, |word| word.chars().count());
        for begin in &ends[taken.min(length)..] {
            if word[*begin..].chars().count() >= WITHIN && known.has(&word[*begin..])? {
                found.push(word[*begin..].to_owned());
                break;
            }
        }
        Ok(found)
    }
}

/// What a word may be taken for.
pub(super) struct Like {
    /// How many slips lie between them; 0 where it begins with the word.
    pub(super) distance: usize,
    /// As it stands in the index.
    pub(super) word: String,
    pub(super) root: String,
}

/// A word of a field.
struct Found {
    distance: usize,
    texts: u64,
    word: String,
}

fn note(found: &mut Vec<Found>, word: &str, texts: u32, distance: impl FnOnce() -> usize) {
    match found.iter_mut().find(|found| found.word == word) {
        Some(found) if found.distance > 0 => found.texts += u64::from(texts),
        Some(_) => {}
        None => found.push(Found {
            distance: distance(),
            texts: u64::from(texts),
            word: word.to_owned(),
        }),
    }
}

/// Words of which `word` is the beginning or the end, where words are put together.
pub(super) fn put_together_with(index: &Searchable, word: &str) -> tantivy::Result<Vec<String>> {
    if !index.tokens.has_compounds() || word.chars().count() < WITHIN || !word.chars().all(char::is_alphabetic) {
        return Ok(Vec::new());
    }
    let mut with = Vec::new();
    let least = word.chars().count() + SHORTEST;
    let mut of = |mut found: Vec<Found>, turn: fn(&str) -> String| {
        found.retain(|found| found.word.chars().count() >= least.max(COMPOUND));
        found.sort_by(|one, other| other.texts.cmp(&one.texts).then_with(|| one.word.cmp(&other.word)));
        with.extend(found.iter().take(MOST_WITH).map(|found| turn(&found.word)));
    };
    of(beginning_with(index, index.vocabulary(), word)?, str::to_owned);
    of(beginning_with(index, Searchable::fields().ends, &turned(word))?, turned);
    Ok(with)
}

/// Some words of a field that begin with `word` and are longer.
fn beginning_with(index: &Searchable, field: Field, word: &str) -> tantivy::Result<Vec<Found>> {
    let mut found: Vec<Found> = Vec::new();
    for piece in &*index.pieces {
        let terms = piece.segment().inverted_index(field)?;
        let mut beginning = terms.terms().range().gt(word).lt(after_all_with(word)).into_stream()?;
        for _ in 0..LOOKED_AT {
            let Some((key, info)) = beginning.next() else {
                break;
            };
            let Ok(key) = std::str::from_utf8(key) else {
                continue;
            };
            match found.iter_mut().find(|found| found.word == key) {
                Some(found) => found.texts += u64::from(info.doc_freq),
                None => found.push(Found {
                    distance: 0,
                    texts: u64::from(info.doc_freq),
                    word: key.to_owned(),
                }),
            }
        }
    }
    Ok(found)
}

/// Cuts a word into so many known ones; the first as short as may be.
fn cut<'w>(known: &mut Known<'_, 'w>, word: &'w str, parts: usize) -> tantivy::Result<Option<Vec<String>>> {
    if parts <= 1 {
        return Ok(known.has(word)?.then(|| vec![word.to_owned()]));
    }
    let ends = word.char_indices().map(|(end, _)| end).skip(SHORTEST);
    for end in ends {
        let (left, right) = word.split_at(end);
        if right.chars().count() < SHORTEST {
            break;
        }
        for joint in JOINTS {
            let Some(left) = left.strip_suffix(joint) else {
                continue;
            };
            if left.chars().count() < SHORTEST || !known.has(left)? {
                continue;
            }
            if let Some(mut found) = cut(known, right, parts - 1)? {
                found.insert(0, left.to_owned());
                return Ok(Some(found));
            }
        }
    }
    Ok(None)
}

/// Which parts of a word some text has: a part is asked for again and again while the word is cut here and there.
struct Known<'i, 'w> {
    index: &'i Searchable,
    words: HashMap<&'w str, bool>,
}

impl<'i, 'w> Known<'i, 'w> {
    fn new(index: &'i Searchable) -> Self {
        Self {
            index,
            words: HashMap::new(),
        }
    }

    /// Whether some text has a word, in any of its forms, or within another.
    fn has(&mut self, word: &'w str) -> tantivy::Result<bool> {
        if let Some(is_known) = self.words.get(word) {
            return Ok(*is_known);
        }
        let is_known = is_known(self.index, word)?;
        self.words.insert(word, is_known);
        Ok(is_known)
    }
}

fn is_known(index: &Searchable, word: &str) -> tantivy::Result<bool> {
    let length = word.chars().count();
    if length < SHORTEST {
        return Ok(false);
    }
    if index.frequency(index.vocabulary(), word)? > 0 {
        return Ok(true);
    }
    if length < WITHIN || !index.tokens.has_roots() {
        return Ok(false);
    }
    let is_root = index.frequency(Searchable::fields().roots, &index.tokens.root_of(word))? > 0;
    Ok(is_root || !put_together_with(index, word)?.is_empty())
}

fn turned(word: &str) -> String {
    word.chars().rev().collect()
}

/// What sorts behind everything that begins with `word`.
fn after_all_with(word: &str) -> String {
    format!("{word}\u{10ffff}")
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
