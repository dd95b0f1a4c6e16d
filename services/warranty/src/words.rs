//! The words of sentences. They come from localisation's catalogues, which are held in memory; where there are none yet, a sentence
//! goes with its key and its values, and whoever shows it can see that the words are missing. A decision never waits for words, and
//! never fails for want of them.

use support_proto::support::warranty::v1::Sentence;
use support_words::client::Words;
use support_words::wire::values;

/// What is reported of a sentence that got no words.
pub const WORDS_DEGRADED: &str = "words";

/// Writes the sentences out in the language `locale`; leaves them as they are where that is empty. Those that get no words
/// say so in their degradations.
pub(crate) fn write(words: &Words, locale: &str, sentences: Vec<&mut Sentence>) {
    if locale.is_empty() {
        return;
    }
    let languages = [locale.to_owned()];
    for sentence in sentences {
        let arguments = values(sentence.arguments.clone());
        match words.text_or_key(&sentence.key, &languages, &arguments) {
            Some(text) => {
                sentence.text = text.text;
                sentence.locale = text.locale;
                sentence.direction = text.direction;
                sentence.degradations = text.degradations;
                sentence.version = text.version;
            }
            None => sentence.degradations = vec![WORDS_DEGRADED.to_owned()],
        }
    }
}
