//! Language tags, BCP 47.

use std::fmt;

use icu_locale::{LanguageIdentifier, Locale, LocaleCanonicalizer, LocaleExpander};

/// The regions and variants of pseudo-locales.
const PSEUDO: [&str; 6] = ["XA", "XB", "XC", "psaccent", "psbidi", "pscrack"];

/// A language tag in canonical form: `zh-Hans`, never `ZH-hans`; `he`, never `iw`. Extensions are dropped: they say how
/// numbers or calendars are written, not which words are read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(String);

impl Tag {
    /// Reads a tag, however it is capitalised, and puts current subtags for outdated ones (UTS #35, annex C). None
    /// where it is no well-formed tag.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut locale = Locale::try_from_str(&prefer_extended_language(text)).ok()?;
        LocaleCanonicalizer::new_common().canonicalize(&mut locale);
        Some(Self(locale.id.to_string()))
    }

    /// Reads what a person says they read: as [`Tag::parse`], and where the tag is not well-formed, as much of its
    /// beginning as is (RFC 4647, section 3.4: truncation from the end).
    #[must_use]
    pub fn parse_leniently(text: &str) -> Option<Self> {
        let mut rest = text;
        loop {
            if let Some(tag) = Self::parse(rest) {
                return Some(tag);
            }
            rest = &rest[..rest.rfind('-')?];
        }
    }

    /// The tag as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where the language is left open and the script or the region is not, the language that they tell of: `und-TW` is
    /// `zh-Hant-TW`.
    pub(super) fn with_language(self) -> Self {
        let mut identifier = self.identifier();
        let tells = identifier.script.is_some() || identifier.region.is_some();
        if identifier.language.is_unknown() && tells {
            LocaleExpander::new_common().maximize(&mut identifier);
            return Self(identifier.to_string());
        }
        self
    }

    /// Whether it stands for no language, but for a way to try a front end out: `en-XA`, `ar-XB`. It serves those alone who
    /// ask for it.
    #[must_use]
    pub fn is_pseudo(&self) -> bool {
        PSEUDO.iter().any(|subtag| self.0.split('-').any(|own| own == *subtag))
    }

    pub(super) fn identifier(&self) -> LanguageIdentifier {
        // What `parse` wrote can be read.
        LanguageIdentifier::try_from_str(&self.0).unwrap_or(LanguageIdentifier::UNKNOWN)
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// `zh-yue-HK` as `yue-HK`: an extended language subtag stands for itself (RFC 5646, section 4.5). Without this,
/// truncation would make simplified Mandarin of Cantonese.
fn prefer_extended_language(text: &str) -> String {
    let mut subtags = text.split('-');
    match (subtags.next(), subtags.next()) {
        (Some(language), Some(extended))
            if language.len() <= 3
                && extended.len() == 3
                && extended.bytes().all(|byte| byte.is_ascii_alphabetic()) =>
        {
            text[language.len() + 1..].to_owned()
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_canonical() {
        for (given, canonical) in [
            ("EN", "en"),
            ("zh-hANS", "zh-Hans"),
            ("ZH-hant-tw", "zh-Hant-TW"),
            ("iw", "he"),
            ("ES-mx", "es-MX"),
            ("zh-cmn-Hans-CN", "zh-Hans-CN"),
            ("zh-yue-HK", "yue-HK"),
        ] {
            assert_eq!(Tag::parse(given).unwrap().as_str(), canonical, "{given}");
        }
    }

    #[test]
    fn what_tells_of_a_language_stands_for_it() {
        for (given, told) in [
            ("und-TW", "zh-Hant-TW"),
            ("und-Hans", "zh-Hans-CN"),
            ("und", "und"),
            ("de", "de"),
        ] {
            assert_eq!(Tag::parse(given).unwrap().with_language().as_str(), told);
        }
    }

    #[test]
    fn pseudo_locales_are_known() {
        for (tag, is_pseudo) in [
            ("en-XA", true),
            ("ar-XB", true),
            ("en-psaccent", true),
            ("en-XK", false),
            ("xa", false),
        ] {
            assert_eq!(Tag::parse(tag).unwrap().is_pseudo(), is_pseudo, "{tag}");
        }
    }

    #[test]
    fn what_is_no_tag_is_none() {
        for given in ["", "x", "1234", "de-", "abcd", "de-1", "日本"] {
            assert_eq!(Tag::parse(given), None, "{given}");
        }
    }

    #[test]
    fn what_a_person_says_is_read_as_far_as_it_can_be() {
        assert_eq!(Tag::parse_leniently("de-1").unwrap().as_str(), "de");
        assert_eq!(Tag::parse_leniently("de-DE-u-co-phonebk").unwrap().as_str(), "de-DE");
        assert_eq!(Tag::parse_leniently("x-klingon"), None);
    }
}
