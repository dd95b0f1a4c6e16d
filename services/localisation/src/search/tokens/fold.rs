//! Letters without capitals and accents.

use icu_normalizer::DecomposingNormalizerBorrowed;

/// What a character belongs to, as far as it decides how a text is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Script {
    /// Chinese characters and Japanese syllables.
    Han,
    /// Korean syllables.
    Hangul,
    /// Letters that may carry marks which people leave out: Latin, Greek, Cyrillic, Hebrew, Arabic.
    Marked,
    /// Scripts without spaces between words: Thai, Lao, Burmese, Khmer.
    Unspaced,
    /// All others. In the scripts of India and in Thai a mark is a vowel, and without it the word is another.
    Other,
}

pub(super) fn script_of(character: char) -> Script {
    match u32::from(character) {
        0x3005
        | 0x3040..=0x30ff
        | 0x31f0..=0x31ff
        | 0x3400..=0x4dbf
        | 0x4e00..=0x9fff
        | 0xf900..=0xfaff
        | 0x2_0000..=0x3_ffff => Script::Han,
        0x1100..=0x11ff | 0x3130..=0x318f | 0xac00..=0xd7ff => Script::Hangul,
        0x0e00..=0x0eff | 0x1000..=0x109f | 0x1780..=0x17ff => Script::Unspaced,
        0x41..=0x24f | 0x370..=0x52f | 0x590..=0x6ff | 0x750..=0x77f | 0x8a0..=0x8ff | 0x1e00..=0x1fff => {
            Script::Marked
        }
        _ => Script::Other,
    }
}

/// Without capitals.
pub(super) fn lower(text: &str, is_turkic: bool) -> String {
    if !is_turkic {
        return text.to_lowercase();
    }
    let text: String = text
        .chars()
        .map(|character| match character {
            'I' => 'ı',
            'İ' => 'i',
            other => other,
        })
        .collect();
    text.to_lowercase()
}

/// A word in small letters without the marks that people leave out, and with letters that are written in more than one way
/// written in one.
pub(super) fn fold(word: &str) -> String {
    if word.is_ascii() {
        return word.replace('\'', "");
    }
    if !word.chars().any(|character| script_of(character) == Script::Marked) {
        return word.to_owned();
    }
    let normalizer = const { DecomposingNormalizerBorrowed::new_nfkd() };
    let mut folded = String::with_capacity(word.len());
    for character in normalizer.normalize_iter(word.chars()) {
        match character {
            // Marks, and signs that say nothing: the Arabic stroke that draws a word out, joiners, the apostrophe.
            '\u{300}'..='\u{36f}'
            | '\u{591}'..='\u{5c7}'
            | '\u{610}'..='\u{61a}'
            | '\u{64b}'..='\u{65f}'
            | '\u{670}'
            | '\u{6d6}'..='\u{6ed}'
            | '\u{640}'
            | '\u{200c}'
            | '\u{200d}'
            | '\u{2019}'
            | '\'' => {}
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' | 'ð' => folded.push('d'),
            'þ' => folded.push_str("th"),
            'ı' => folded.push('i'),
            'ς' => folded.push('σ'),
            // Persian and Urdu keyboards write these letters otherwise than Arabic ones.
            'ى' | 'ی' => folded.push('ي'),
            'ک' => folded.push('ك'),
            'ة' | 'ہ' => folded.push('ه'),
            'ٱ' => folded.push('ا'),
            other => folded.push(other),
        }
    }
    folded
}

/// Languages whose stems are found by taking particles off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Light {
    Arabic,
    Hebrew,
}

impl Light {
    /// The stem of a folded word: without the article and the particles before it, and without the endings of number, gender
    /// and possession, as long as enough is left.
    pub(super) fn stem(self, word: &str) -> &str {
        match self {
            Self::Arabic => arabic(word),
            Self::Hebrew => hebrew(word),
        }
    }
}

/// Light10 (Larkey et al. 2002).
fn arabic(word: &str) -> &str {
    const BEFORE: [&str; 6] = ["وال", "بال", "كال", "فال", "لل", "ال"];
    const BEHIND: [&str; 9] = ["ها", "ان", "ات", "ون", "ين", "يه", "ه", "ي", "ا"];
    let stem = BEFORE
        .iter()
        .find_map(|article| word.strip_prefix(article).filter(|rest| is_enough(rest, 2)))
        .unwrap_or(word);
    without_ending(stem, &BEHIND)
}

/// The particles are single letters, of which several may stand together; a word that begins with such a letter loses it
/// everywhere alike.
fn hebrew(word: &str) -> &str {
    const BEFORE: [char; 7] = ['ו', 'ש', 'כ', 'ה', 'ב', 'ל', 'מ'];
    const BEHIND: [&str; 4] = ["ות", "ים", "ה", "ת"];
    let mut stem = word;
    while let Some(rest) = stem.strip_prefix(BEFORE).filter(|rest| is_enough(rest, 4)) {
        stem = rest;
    }
    without_ending(stem, &BEHIND)
}

fn without_ending<'w>(stem: &'w str, behind: &[&str]) -> &'w str {
    behind
        .iter()
        .find_map(|ending| stem.strip_suffix(ending).filter(|rest| is_enough(rest, 3)))
        .unwrap_or(stem)
}

fn is_enough(rest: &str, least: usize) -> bool {
    rest.chars().count() >= least
}
