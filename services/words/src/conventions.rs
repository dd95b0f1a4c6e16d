//! Whose numbers, money, dates and lists stand in a text.
//!
//! A text may be written in one locale and read in another: British English holds only what it says otherwise than English,
//! and Mexicans read Latin American Spanish. In a text of their own language readers get the formats of their own locale,
//! because a number is read by the habits of the place and not by those of who wrote the sentence: `$1,234.50` is an amount in
//! Mexico and none in Spain, and `04/03/2027` is another day in London than in New York. In a text of another language they get
//! the formats of that language: its month names and its grammar belong to the sentence, and nobody expects German commas in a
//! Japanese one. Which plural form is chosen stays with the text, whose forms were written for it.

use icu_locale::{LanguageIdentifier, LocaleExpander};
use mf2_locale_data::number_data;

use crate::tag::Tag;

/// The locale of CLDR whose formats the values in a text of `text` have for who reads `languages`, best first; none where they
/// are those of the text.
pub(crate) fn of_reader<S: AsRef<str>>(languages: &[S], text: &Tag) -> Option<Tag> {
    if text.is_pseudo() {
        return None;
    }
    let of_text = written(text);
    let own = languages
        .iter()
        .filter_map(|language| Tag::parse_leniently(language.as_ref()))
        .map(Tag::with_language)
        .find(|tag| !tag.is_pseudo() && written(tag) == of_text)?;
    let own = inherited(&own)?;
    (own != inherited(text)?).then_some(own)
}

/// The language and the script of a tag, where it leaves the script open the likely one.
fn written(tag: &Tag) -> LanguageIdentifier {
    let mut identifier = tag.identifier();
    LocaleExpander::new_common().maximize(&mut identifier);
    identifier.region = None;
    identifier.variants = icu_locale::subtags::Variants::new();
    identifier
}

/// The locale of CLDR that a tag stands for: `zh-Hant` for `zh-TW`, `de` for `de-JP`, of which CLDR knows nothing else.
pub(crate) fn inherited(tag: &Tag) -> Option<Tag> {
    Tag::parse(number_data(tag.as_str()).ok()?.locale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_the_own_language_has_the_formats_of_the_own_locale() {
        for (languages, text, formats) in [
            (vec!["en-GB"], "en", Some("en-GB")),
            (vec!["es-MX"], "es-419", Some("es-MX")),
            (vec!["es-MX"], "es", Some("es-MX")),
            (vec!["ca", "es-AR"], "es", Some("es-AR")),
            (vec!["de-CH-u-ca-gregory"], "de", Some("de-CH")),
            (vec!["zh-HK"], "zh-Hant", Some("zh-Hant-HK")),
            // The first of the own language counts.
            (vec!["en", "en-GB"], "en", None),
            // The text's own.
            (vec!["en-US"], "en", None),
            (vec!["zh-TW"], "zh-Hant", None),
            (vec!["de-JP"], "de", None),
            (vec!["pt-BR"], "pt-BR", None),
            // Another language, or another script.
            (vec!["ca", "fr-CH"], "en", None),
            (vec!["sr-Latn-ME"], "sr", None),
            (vec!["en-GB"], "en-XA", None),
            (vec!["en-XA"], "en", None),
            (vec!["?"], "en", None),
        ] {
            let found = of_reader(&languages, &Tag::parse(text).unwrap());
            assert_eq!(found.as_ref().map(Tag::as_str), formats, "{languages:?} {text}");
        }
    }
}
