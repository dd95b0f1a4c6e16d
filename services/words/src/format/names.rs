//! What languages, countries and scripts are called in a language.

use icu_experimental::displaynames::multi::{LocaleDisplayNamesFormatter, RegionDisplayNames, ScriptDisplayNames};
use icu_experimental::displaynames::{DisplayNamesOptions, DisplayNamesPreferences};
use icu_locale::Locale;
use icu_locale::subtags::{Region, Script};

use crate::tag::Tag;

/// What a code stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A language.
    Language,
    /// A country or another region.
    Region,
    /// A script.
    Script,
}

/// The names of the codes in the language of `tag`, in their order; a code itself where it has no name.
#[must_use]
pub fn named<S: AsRef<str>>(tag: &Tag, kind: Kind, codes: &[S]) -> Vec<String> {
    let preferences: DisplayNamesPreferences = (&tag.identifier()).into();
    let options = DisplayNamesOptions::default();
    let codes = codes.iter().map(AsRef::as_ref);
    let or_code = |code: &str, name: Option<String>| name.unwrap_or_else(|| code.to_owned());
    match kind {
        Kind::Language => {
            let names = LocaleDisplayNamesFormatter::try_new(preferences, options).ok();
            let name = |code: &str| {
                let locale = Locale::from(Tag::parse(code)?.identifier());
                names.as_ref().map(|names| names.of(&locale).into_owned())
            };
            codes.map(|code| or_code(code, name(code))).collect()
        }
        Kind::Region => {
            let names = RegionDisplayNames::try_new(preferences, options).ok();
            let name = |code: &str| names.as_ref()?.of(Region::try_from_str(code).ok()?).map(str::to_owned);
            codes.map(|code| or_code(code, name(code))).collect()
        }
        Kind::Script => {
            let names = ScriptDisplayNames::try_new(preferences, options).ok();
            let name = |code: &str| names.as_ref()?.of(Script::try_from_str(code).ok()?).map(str::to_owned);
            codes.map(|code| or_code(code, name(code))).collect()
        }
    }
}
