//! Values written out by themselves, by the rules of CLDR, for every locale whether it has texts or not.
//!
//! Numbers, money, dates and measures are written by the very functions that messages use, so that a table beside a letter
//! says the same as the letter.

pub mod address;
pub mod names;
pub mod person;
pub mod phone;
mod relative;
pub mod sort;
mod values;

pub use relative::RelativeUnit;
pub use values::{Formats, Length, UNITS, Written};

use icu_locale::subtags::Region;
use icu_locale::{LanguageIdentifier, LocaleExpander};

use super::locale::{Locales, Negotiated};
use super::tag::Tag;

/// Whose rules values are written by for who reads `languages`: the language that led to their locale, with its region
/// (`de-CH` writes 1'234.50), else the locale.
#[must_use]
pub fn rules_of<S: AsRef<str>>(locales: &Locales, languages: &[S]) -> Tag {
    let Negotiated { locale, matched, .. } = locales.negotiate(languages);
    let language = |tag: &Tag| tag.identifier().language;
    matched
        .and_then(|matched| Tag::parse_leniently(&matched))
        .filter(|tag| language(tag) == language(&locale.tag))
        .unwrap_or_else(|| locale.tag.clone())
}

/// Whether who reads a language reads the script of a country: Japanese in Japan, but not English.
#[must_use]
pub fn writes_in_script_of(tag: &Tag, country: &str) -> bool {
    let expander = LocaleExpander::new_extended();
    let mut of_country = LanguageIdentifier::UNKNOWN;
    of_country.region = Region::try_from_str(country).ok();
    let mut of_reader = tag.identifier();
    expander.maximize(&mut of_country);
    expander.maximize(&mut of_reader);
    of_reader.script == of_country.script
}

#[cfg(test)]
mod tests;
