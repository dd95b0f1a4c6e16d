//! What a text is indexed by, and what a query asks for.
//!
//! - Words are found by Unicode's rules (UAX #29), and by ICU's dictionaries in Chinese, Japanese, Thai, Lao, Khmer and
//!   Burmese: none of these writes spaces between words. ICU's neural segmenter was tried for the last four and cuts a word
//!   otherwise alone than in a sentence, so that a query does not find it.
//! - A word is indexed as it is written, without capitals and accents, and by its root (Snowball), where its language has a
//!   stemmer: `Patronen` finds `Patrone`, `reparacion` finds `reparación`.
//! - In Chinese, Japanese and Korean the roots are pairs of neighbouring characters. A dictionary cuts a sentence otherwise
//!   than a query of two words, and a Korean word carries its particles with it (`배터리가`); pairs match all the same, and
//!   one wrong character leaves others that match.

mod fold;

use std::collections::HashMap;

use frostem::{Algorithm, Stemmer};
use icu_normalizer::ComposingNormalizerBorrowed;
use icu_segmenter::options::WordBreakInvariantOptions;
use icu_segmenter::{WordSegmenter, WordSegmenterBorrowed};

use fold::{Light, Script, fold, lower, script_of};

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// A word of a script that is written in letters.
    Word {
        /// As it was written.
        written: String,
        /// Without capitals and accents.
        word: String,
        /// Its root; the word itself where the language has no stemmer.
        root: String,
    },
    /// A pair of neighbouring characters, or one that stands alone.
    Pair(String),
    /// A word of such characters: a pair says that they stand beside each other, this that they belong together.
    Ideographs(String),
    /// One of such characters, where it stands beside others: what is left of a pair that is misspelt.
    Character(String),
    /// All words between two gaps in a script without spaces: what a misspelt word would be cut out of.
    Stretch(String),
}

/// Cuts texts of one language.
#[derive(Clone, Copy)]
pub struct Tokens {
    stemmer: Option<Stemmer>,
    /// Snowball has no stemmer for Hebrew, and its Arabic one takes a `ب` that belongs to the word for a preposition.
    light: Option<Light>,
    /// Dotless i, dotted İ.
    is_turkic: bool,
    /// Whether what stands before an apostrophe is an article and no part of the word.
    has_elisions: bool,
    /// Whether words are put together to new ones, without a space.
    has_compounds: bool,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Tokens")
    }
}

/// The longest word that is indexed, in characters; what is longer is no word.
const LONGEST: usize = 60;

impl Tokens {
    /// For the language of a tag: `de-AT`.
    #[must_use]
    pub fn of(tag: &str) -> Self {
        let language = tag.split(['-', '_']).next().unwrap_or_default();
        Self {
            stemmer: algorithm(tag, language).map(Stemmer::new),
            light: match language {
                "ar" => Some(Light::Arabic),
                "he" => Some(Light::Hebrew),
                _ => None,
            },
            is_turkic: matches!(language, "tr" | "az"),
            has_elisions: matches!(language, "fr" | "it" | "ca"),
            has_compounds: matches!(
                language,
                "da" | "de" | "et" | "fi" | "hu" | "is" | "nb" | "nl" | "nn" | "no" | "sv"
            ),
        }
    }

    /// Whether words may have roots that they are not themselves.
    #[must_use]
    pub fn has_roots(&self) -> bool {
        self.stemmer.is_some() || self.light.is_some()
    }

    /// Whether words are put together to new ones, without a space.
    #[must_use]
    pub fn has_compounds(&self) -> bool {
        self.has_compounds
    }

    /// The parts of a text, in their order.
    #[must_use]
    pub fn cut(&self, text: &str) -> Vec<Token> {
        Self::cut_by(text, |written| self.word(written))
    }

    /// The same, with what makes a token of a word.
    fn cut_by(text: &str, mut word: impl FnMut(&str) -> Option<Token>) -> Vec<Token> {
        let normalizer = const { ComposingNormalizerBorrowed::new_nfkc() };
        let normal = normalizer.normalize(text);
        let mut tokens = Vec::new();
        // Characters that stand side by side, as long as nothing comes between.
        let mut run: Vec<char> = Vec::new();
        // Words side by side in a script without spaces.
        let mut stretch = String::new();
        let mut begin = 0;
        // The first boundary is the beginning.
        for end in segmenter().segment_str(&normal).skip(1) {
            let segment = &normal[begin..end];
            begin = end;
            let script = segment.chars().next().map(script_of);
            // Not the segmenter's own word type: it takes a Hindi word that ends with a vowel sign for none.
            let is_word = segment.chars().any(char::is_alphanumeric);
            if !is_word || script != Some(Script::Unspaced) {
                stretched(&mut stretch, &mut tokens);
            }
            if !is_word {
                pairs(&mut run, &mut tokens);
                continue;
            }
            match script {
                Some(Script::Han) => {
                    run.extend(segment.chars());
                    tokens.push(Token::Ideographs(segment.to_owned()));
                }
                Some(Script::Hangul) => {
                    // A word of its own, whose end is a particle more often than not.
                    pairs(&mut run, &mut tokens);
                    run.extend(segment.chars());
                    pairs(&mut run, &mut tokens);
                    tokens.push(Token::Ideographs(segment.to_owned()));
                }
                script => {
                    pairs(&mut run, &mut tokens);
                    tokens.extend(word(segment));
                    if script == Some(Script::Unspaced) {
                        stretch.push_str(segment);
                    }
                }
            }
        }
        pairs(&mut run, &mut tokens);
        stretched(&mut stretch, &mut tokens);
        tokens
    }

    fn word(&self, written: &str) -> Option<Token> {
        let mut lower = lower(written, self.is_turkic);
        if self.has_elisions
            && let Some((_, word)) = lower.rsplit_once(['\'', '\u{2019}'])
            && word.chars().count() > 1
        {
            lower = word.to_owned();
        }
        if lower.chars().count() > LONGEST {
            return None;
        }
        let word = fold(&lower);
        let root = match self.stemmer {
            Some(stemmer) => fold(&stemmer.stem(&lower)),
            None => self.root_of(&word),
        };
        (!word.is_empty()).then(|| Token::Word {
            written: written.to_owned(),
            word,
            root,
        })
    }

    /// The root of a word that stands in an index.
    #[must_use]
    pub fn root_of(&self, word: &str) -> String {
        match (self.stemmer, self.light) {
            (Some(stemmer), _) => fold(&stemmer.stem(word)),
            (None, Some(light)) => light.stem(word).to_owned(),
            (None, None) => word.to_owned(),
        }
    }
}

/// How many words a [`Cutter`] remembers.
const REMEMBERED: usize = 50_000;

/// Cuts many texts of one language: most of their words come again, and what was found out about them is remembered.
pub(super) struct Cutter {
    tokens: Tokens,
    known: HashMap<String, Option<Token>>,
}

impl Cutter {
    pub(super) fn new(tokens: Tokens) -> Self {
        Self {
            tokens,
            known: HashMap::new(),
        }
    }

    pub(super) fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// As [`Tokens::cut`].
    pub(super) fn cut(&mut self, text: &str) -> Vec<Token> {
        let Self { tokens, known } = self;
        Tokens::cut_by(text, |written| {
            if let Some(token) = known.get(written) {
                return token.clone();
            }
            let token = tokens.word(written);
            if known.len() < REMEMBERED {
                known.insert(written.to_owned(), token.clone());
            }
            token
        })
    }
}

/// The pairs of a run, which is empty afterwards.
fn pairs(run: &mut Vec<char>, tokens: &mut Vec<Token>) {
    match run.as_slice() {
        [] => {}
        [one] => tokens.push(Token::Pair(one.to_string())),
        many => {
            tokens.extend(many.windows(2).map(|pair| Token::Pair(pair.iter().collect())));
            tokens.extend(many.iter().map(|one| Token::Character(one.to_string())));
        }
    }
    run.clear();
}

/// The words of a stretch, which is empty afterwards.
fn stretched(stretch: &mut String, tokens: &mut Vec<Token>) {
    if !stretch.is_empty() {
        tokens.push(Token::Stretch(std::mem::take(stretch)));
    }
}

/// Cuts every script: which one it is, it finds by the characters.
fn segmenter() -> WordSegmenterBorrowed<'static> {
    WordSegmenter::new_dictionary(WordBreakInvariantOptions::default())
}

/// Serbian in Latin letters has a stemmer, in Cyrillic ones it has none that would leave them Cyrillic.
fn algorithm(tag: &str, language: &str) -> Option<Algorithm> {
    Some(match language {
        "ca" => Algorithm::Catalan,
        "cs" | "sk" => Algorithm::Czech,
        "da" => Algorithm::Danish,
        "de" => Algorithm::German,
        "el" => Algorithm::Greek,
        "en" => Algorithm::English,
        "es" => Algorithm::Spanish,
        "et" => Algorithm::Estonian,
        "fa" => Algorithm::Persian,
        "fi" => Algorithm::Finnish,
        "fr" => Algorithm::French,
        "hi" => Algorithm::Hindi,
        "hu" => Algorithm::Hungarian,
        "id" | "ms" => Algorithm::Indonesian,
        "it" => Algorithm::Italian,
        "lt" => Algorithm::Lithuanian,
        "nb" | "nn" | "no" => Algorithm::Norwegian,
        "nl" => Algorithm::Dutch,
        "pl" => Algorithm::Polish,
        "pt" => Algorithm::Portuguese,
        "ro" => Algorithm::Romanian,
        "ru" => Algorithm::Russian,
        "hr" | "bs" => Algorithm::Serbian,
        "sr" if tag.contains("Latn") => Algorithm::Serbian,
        "sv" => Algorithm::Swedish,
        "ta" => Algorithm::Tamil,
        "tr" => Algorithm::Turkish,
        "uk" => Algorithm::Ukrainian,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
