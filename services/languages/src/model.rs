//! How languages of one script are told apart: by weights of the runs of letters that their words are made of.
//!
//! A model is a multinomial logistic regression, made by `examples/train.rs`: the weights of all runs in a text add up to
//! a score for each language, and the scores to probabilities. It was trained on pieces of one to fourteen words, so that
//! the probability of a short text is as good as that of a long one. Runs that tell little are left out of the file.

use std::sync::LazyLock;

use crate::grams;
use crate::script::Script;

/// What the weights are multiplied with in the file, to fit into a byte.
pub const SCALE: f32 = 24.0;

/// The class of texts in a language of the script that is not known here.
pub const OTHER: &str = "und";

static LATIN: LazyLock<Option<Model>> = LazyLock::new(|| Model::read(include_bytes!("../models/latin.bin")));
static CYRILLIC: LazyLock<Option<Model>> = LazyLock::new(|| Model::read(include_bytes!("../models/cyrillic.bin")));
static ARABIC: LazyLock<Option<Model>> = LazyLock::new(|| Model::read(include_bytes!("../models/arabic.bin")));
static DEVANAGARI: LazyLock<Option<Model>> = LazyLock::new(|| Model::read(include_bytes!("../models/devanagari.bin")));

/// The weights of one script.
pub struct Model {
    /// The tags of the languages, as the classes are numbered.
    languages: Vec<&'static str>,
    /// The hashes of the runs in order, each with where its weights begin; a last one for where they end.
    runs: Vec<(u32, u32)>,
    /// The weights that are not zero: the class, and its weight times `SCALE`.
    weights: Vec<(u8, i8)>,
    /// Where the runs begin whose hash has these upper sixteen bits.
    index: Vec<u32>,
}

impl Model {
    /// The model of a script; none where a script has one language or several are not told apart.
    pub(crate) fn of(script: Script) -> Option<&'static Self> {
        match script {
            Script::Latin => LATIN.as_ref(),
            Script::Cyrillic => CYRILLIC.as_ref(),
            Script::Arabic => ARABIC.as_ref(),
            Script::Devanagari => DEVANAGARI.as_ref(),
            _ => None,
        }
    }

    /// The languages that it tells apart.
    pub(crate) fn languages(&self) -> &[&'static str] {
        &self.languages
    }

    /// Adds what a word says to the scores of the languages; gives how many of its runs are known.
    pub(crate) fn score(&self, word: &str, scores: &mut [f32]) -> usize {
        let mut known = 0;
        grams::each(word, |hash| {
            let Some(weights) = self.weights(hash) else { return };
            known += 1;
            for (class, weight) in weights {
                if let Some(score) = scores.get_mut(usize::from(*class)) {
                    *score += f32::from(*weight) / SCALE;
                }
            }
        });
        known
    }

    fn weights(&self, hash: u32) -> Option<&[(u8, i8)]> {
        let bucket = usize::try_from(hash >> 16).ok()?;
        let start = usize::try_from(*self.index.get(bucket)?).ok()?;
        let end = usize::try_from(*self.index.get(bucket + 1)?).ok()?;
        let place = self.runs.get(start..end)?.iter().position(|(run, _)| *run == hash)? + start;
        let from = usize::try_from(self.runs.get(place)?.1).ok()?;
        let to = usize::try_from(self.runs.get(place + 1)?.1).ok()?;
        self.weights.get(from..to)
    }

    /// Reads what [`Model::write`] wrote; none where it is something else.
    fn read(mut bytes: &'static [u8]) -> Option<Self> {
        let mut languages = Vec::new();
        for _ in 0..*bytes.split_off_first()? {
            let length = usize::from(*bytes.split_off_first()?);
            languages.push(std::str::from_utf8(bytes.split_off(..length)?).ok()?);
        }
        let count = usize::try_from(u32::from_le_bytes(bytes.split_off(..4)?.try_into().ok()?)).ok()?;
        let (hashes, _) = bytes.split_off(..count * 4)?.as_chunks::<4>();
        let lengths = bytes.split_off(..count)?;
        let (pairs, rest) = bytes.as_chunks::<2>();
        let mut runs = Vec::with_capacity(count + 1);
        let mut end = 0_u32;
        for (hash, length) in hashes.iter().zip(lengths) {
            runs.push((u32::from_le_bytes(*hash), end));
            end += u32::from(*length);
        }
        let mut index: Vec<u32> = Vec::with_capacity((1 << 16) + 1);
        for bucket in 0..=u32::from(u16::MAX) {
            let start = runs.partition_point(|(hash, _)| (hash >> 16) < bucket);
            index.push(u32::try_from(start).ok()?);
        }
        index.push(u32::try_from(count).ok()?);
        runs.push((u32::MAX, end));
        let weights: Vec<(u8, i8)> = pairs
            .iter()
            .map(|[class, weight]| (*class, i8::from_le_bytes([*weight])))
            .collect();
        let is_whole = rest.is_empty() && usize::try_from(end).ok()? == weights.len();
        is_whole.then_some(Self {
            languages,
            runs,
            weights,
            index,
        })
    }

    /// A model as the file holds it: how many languages, and each with its length before it; how many runs; their hashes
    /// in order; how many weights each has; the weights, each a class and a value times `SCALE`. All numbers are
    /// little-endian. None where there are too many of something.
    #[must_use]
    pub fn write(languages: &[String], runs: &[(u32, Vec<(u8, i8)>)]) -> Option<Vec<u8>> {
        let mut file = vec![u8::try_from(languages.len()).ok()?];
        for language in languages {
            file.push(u8::try_from(language.len()).ok()?);
            file.extend(language.bytes());
        }
        file.extend(u32::try_from(runs.len()).ok()?.to_le_bytes());
        file.extend(runs.iter().flat_map(|(hash, _)| hash.to_le_bytes()));
        for (_, weights) in runs {
            file.push(u8::try_from(weights.len()).ok()?);
        }
        for (class, weight) in runs.iter().flat_map(|(_, weights)| weights) {
            file.push(*class);
            file.extend(weight.to_le_bytes());
        }
        Some(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_models_are_whole_and_know_their_languages() {
        let counts = [Script::Latin, Script::Cyrillic, Script::Arabic, Script::Devanagari]
            .map(|script| Model::of(script).unwrap().languages().len());
        // Twenty-eight, Serbian in Latin letters and what is not known here; five and what is not known; three; two.
        assert_eq!(counts, [30, 6, 3, 2]);
        assert!(Model::of(Script::Thai).is_none());
    }

    #[test]
    fn what_is_written_is_read() {
        let runs = vec![(7, vec![(0, 5), (1, -9)]), (1 << 20, vec![(1, 127)])];
        let file = Model::write(&["nb".to_owned(), "da".to_owned()], &runs).unwrap();
        let model = Model::read(file.leak()).unwrap();
        assert_eq!(model.languages(), ["nb", "da"]);
        assert_eq!(model.weights(7), Some([(0, 5), (1, -9)].as_slice()));
        assert_eq!(model.weights(1 << 20), Some([(1, 127)].as_slice()));
        assert_eq!(model.weights(8), None);
        assert!(Model::read(b"no model").is_none());
    }
}
