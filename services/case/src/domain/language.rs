//! Language tags.

use std::fmt;

/// A BCP 47 language tag, in the letter case that RFC 5646 section 2.1.1 recommends (`zh-Hans-CN`), so that equal tags
/// are equal strings to whoever matches them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Language(String);

/// Not of the form of a language tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a BCP 47 language tag")]
pub struct InvalidLanguage;

impl Language {
    /// The longest tag in characters.
    pub const MAX_LENGTH: usize = 35;

    /// Reads a tag: subtags of 1 to 8 letters and digits, the first of 2 to 8 letters. Whether anyone speaks it, is not
    /// asked.
    ///
    /// # Errors
    ///
    /// [`InvalidLanguage`], where it has another form or is longer than 35 characters.
    pub fn parse(tag: &str) -> Result<Self, InvalidLanguage> {
        if tag.len() > Self::MAX_LENGTH {
            return Err(InvalidLanguage);
        }
        let mut parts = tag.split('-');
        let first = parts.next().unwrap_or_default();
        if !(2..=8).contains(&first.len()) || !first.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            return Err(InvalidLanguage);
        }
        let mut canonical = first.to_ascii_lowercase();
        // After a single-letter subtag come extensions and private use, which stay in lower case.
        let mut is_extension = false;
        for part in parts {
            if !(1..=8).contains(&part.len()) || !part.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                return Err(InvalidLanguage);
            }
            canonical.push('-');
            let lower = part.to_ascii_lowercase();
            match part.len() {
                2 if !is_extension => canonical.push_str(&part.to_ascii_uppercase()),
                4 if !is_extension => {
                    canonical.push_str(&lower[..1].to_ascii_uppercase());
                    canonical.push_str(&lower[1..]);
                }
                length => {
                    is_extension |= length == 1;
                    canonical.push_str(&lower);
                }
            }
        }
        Ok(Self(canonical))
    }

    /// Whether the two are one language, whatever their countries and scripts.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        support_languages::is_same_language(&self.0, &other.0)
    }

    /// The tag.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Language {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_brought_into_one_letter_case() {
        for (given, canonical) in [
            ("EN", "en"),
            ("zh-hans-cn", "zh-Hans-CN"),
            ("ZH-HANT", "zh-Hant"),
            ("de-at", "de-AT"),
            ("en-US-u-CA-Gregory", "en-US-u-ca-gregory"),
            ("es-419", "es-419"),
        ] {
            assert_eq!(Language::parse(given).as_ref().map(Language::as_str), Ok(canonical));
        }
    }

    #[test]
    fn what_is_no_tag_is_refused() {
        for given in [
            "",
            "e",
            "en-",
            "-en",
            "en--us",
            "e1",
            "englishes",
            "en_US",
            "dé",
            "en-123456789",
        ] {
            assert_eq!(Language::parse(given), Err(InvalidLanguage), "{given}");
        }
        assert_eq!(
            Language::parse(&format!("en-{}", ["12345678"; 4].join("-"))),
            Err(InvalidLanguage)
        );
    }
}
