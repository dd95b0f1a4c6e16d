//! Languages, and which of them an agent's serves.

use std::fmt;
use std::str::FromStr;

/// A language as a BCP 47 tag (RFC 5646), in its usual casing: `en`, `es-MX`, `zh-Hans-CN`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Language(String);

/// A text that is no language tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a BCP 47 language tag")]
pub struct NotALanguage;

impl Language {
    /// The language of which nothing is known: `und`, which nobody speaks.
    #[must_use]
    pub fn any() -> Self {
        Self("und".to_owned())
    }

    /// The tag.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The primary subtag: `es` of `es-MX`.
    #[must_use]
    pub fn primary(&self) -> &str {
        self.0.split('-').next().unwrap_or_default()
    }

    /// Whether somebody who speaks this one can talk with a customer who asked for `wanted`: where the primary subtags
    /// are the same. Someone who speaks Spanish serves a customer from Mexico.
    #[must_use]
    pub fn serves(&self, wanted: &Self) -> bool {
        self.primary() == wanted.primary()
    }
}

impl FromStr for Language {
    type Err = NotALanguage;

    fn from_str(tag: &str) -> Result<Self, NotALanguage> {
        if tag.len() > 35 {
            return Err(NotALanguage);
        }
        let mut subtags = tag.split('-');
        let primary = subtags.next().unwrap_or_default();
        if !(2..=8).contains(&primary.len()) || !primary.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            return Err(NotALanguage);
        }
        let mut canonical = primary.to_ascii_lowercase();
        for subtag in subtags {
            if !(1..=8).contains(&subtag.len()) || !subtag.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                return Err(NotALanguage);
            }
            canonical.push('-');
            // RFC 5646, 2.1.1: regions are upper case, scripts are title case, all else is lower case.
            match subtag.len() {
                2 => canonical.push_str(&subtag.to_ascii_uppercase()),
                4 if subtag.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
                    canonical.push_str(&subtag[..1].to_ascii_uppercase());
                    canonical.push_str(&subtag[1..].to_ascii_lowercase());
                }
                _ => canonical.push_str(&subtag.to_ascii_lowercase()),
            }
        }
        Ok(Self(canonical))
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

    fn language(tag: &str) -> Language {
        tag.parse().unwrap()
    }

    #[test]
    fn tags_have_one_spelling() {
        assert_eq!(language("ZH-hans-cn").as_str(), "zh-Hans-CN");
        assert_eq!(language("es-419").as_str(), "es-419");
        assert_eq!(language("SL-rozaj").as_str(), "sl-rozaj");
    }

    #[test]
    fn what_is_no_tag_is_refused() {
        for text in ["", "e", "-", "en-", "en_US", "d\u{e9}", "1x", "en--US", "abcdefghi"] {
            assert_eq!(text.parse::<Language>(), Err(NotALanguage), "{text}");
        }
    }

    #[test]
    fn the_primary_subtag_decides() {
        assert!(language("es").serves(&language("es-MX")));
        assert!(language("pt-BR").serves(&language("pt-PT")));
        assert!(!language("es").serves(&language("est")));
        assert!(!language("en").serves(&language("de")));
    }
}
