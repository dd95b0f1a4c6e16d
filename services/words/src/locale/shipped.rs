//! The locales that come with the software, as `locales.toml` names them.

use serde::Deserialize;
use std::collections::BTreeMap;

use super::{Direction, Locale};
use crate::tag::Tag;

const FILE: &str = include_str!("../../locales.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    default: String,
    /// The native and the English name by tag.
    locales: BTreeMap<String, (String, String)>,
}

/// The locales that come with the software.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shipped {
    /// All of them, by tag.
    pub locales: Vec<Locale>,
    /// The one that the others are translated from, and where every chain ends.
    pub default: Tag,
}

/// The file of the locales cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ShippedError {
    /// It is no TOML, or not of this form.
    #[error("the locales that come with the software cannot be read")]
    Malformed(#[source] Box<toml::de::Error>),
    /// A tag is not canonical.
    #[error("{0} is no canonical tag of a locale")]
    Tag(String),
    /// CLDR's directions cannot be read.
    #[error("the directions of locales cannot be read")]
    Direction(#[from] mf2_locale_data::Error),
}

/// The locales that come with the software.
///
/// # Errors
///
/// Only by a fault of the file, which a test would have found.
pub fn shipped() -> Result<Shipped, ShippedError> {
    let file: File = toml::from_str(FILE).map_err(|error| ShippedError::Malformed(Box::new(error)))?;
    let locales = file
        .locales
        .into_iter()
        .map(|(tag, (native_name, english_name))| {
            Ok(Locale {
                direction: direction(&tag)?,
                tag: canonical(tag)?,
                native_name,
                english_name,
            })
        })
        .collect::<Result<_, ShippedError>>()?;
    Ok(Shipped {
        locales,
        default: canonical(file.default)?,
    })
}

fn canonical(text: String) -> Result<Tag, ShippedError> {
    Tag::parse(&text)
        .filter(|tag| tag.as_str() == text)
        .ok_or(ShippedError::Tag(text))
}

fn direction(tag: &str) -> Result<Direction, ShippedError> {
    Ok(match mf2_locale_data::direction(tag)? {
        mf2::Dir::Rtl => Direction::RightToLeft,
        _ => Direction::LeftToRight,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_locale_is_a_canonical_tag_with_its_direction() {
        let Shipped { locales, default } = shipped().unwrap();
        assert_eq!(default.as_str(), "en");
        assert!(locales.len() >= 52, "{}", locales.len());
        assert!(locales.iter().any(|locale| locale.tag == default));
        let right_to_left: Vec<&str> = locales
            .iter()
            .filter(|locale| locale.direction == Direction::RightToLeft)
            .map(|locale| locale.tag.as_str())
            .collect();
        assert_eq!(right_to_left, ["ar", "fa", "he", "ur"]);
    }
}
