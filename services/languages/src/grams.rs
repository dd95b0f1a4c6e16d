//! The runs of letters that a word is made of.

use crate::words;

/// The longest run, with the spaces around the word.
const LONGEST: usize = 5;

/// Calls `take` with the hash of each run of 1 to 5 letters of a word in small letters, the spaces around it counted as
/// letters, and with that of the whole word where it is longer than any run.
pub fn each(word: &str, mut take: impl FnMut(u32)) {
    // Where each letter begins in ` word `, and where the last one ends.
    let spaced = format!(" {word} ");
    let mut starts: Vec<usize> = spaced.char_indices().map(|(place, _)| place).collect();
    starts.push(spaced.len());
    let bytes = spaced.as_bytes();
    for length in 1..=LONGEST {
        for window in starts.windows(length + 1) {
            if let [start, .., end] = window
                && let Some(run) = bytes.get(*start..*end)
                && run != b" "
            {
                take(hash(run));
            }
        }
    }
    if starts.len() > LONGEST + 1 {
        take(hash(format!("={word}").as_bytes()));
    }
}

/// The words of a text that tell its language, in small letters.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    let telling = words::telling(text, usize::MAX);
    telling.into_iter().map(|word| word.text).collect()
}

/// FNV-1a over 64 bits, folded into 32: the same everywhere, which the hasher of the standard library does not promise.
fn hash(bytes: &[u8]) -> u32 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in bytes {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    u32::try_from((hash ^ (hash >> 32)) & u64::from(u32::MAX)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(word: &str) -> usize {
        let mut count = 0;
        each(word, |_| count += 1);
        count
    }

    #[test]
    fn a_word_has_its_runs() {
        // ` a `: a; ` a`, `a `; ` a `.
        assert_eq!(count("a"), 4);
        // 6 letters, 7 pairs, 6, 5, 4, and the word.
        assert_eq!(count("schnee"), 29);
        assert_eq!(count("é"), 4, "letters are counted, not bytes");
    }

    #[test]
    fn what_the_models_were_made_with_stays() {
        assert_eq!(hash(b" de "), 0x0135_4cf6);
    }
}
