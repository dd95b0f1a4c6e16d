//! What languages, countries, scripts, currencies and calendars are called in a language.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use icu_experimental::dimension::provider::currency::displayname::CurrencyDisplaynameV1;
use icu_experimental::displaynames::multi::{LocaleDisplayNamesFormatter, RegionDisplayNames, ScriptDisplayNames};
use icu_experimental::displaynames::{DisplayNamesOptions, DisplayNamesPreferences};
use icu_experimental::provider::Baked;
use icu_locale::Locale;
use icu_locale::fallback::{LocaleFallbackConfig, LocaleFallbacker};
use icu_locale::subtags::{Region, Script};
use icu_provider::prelude::*;

use crate::tag::Tag;

/// What calendars are called, by locale: ICU4X has no data of it.
static CALENDARS: LazyLock<BTreeMap<String, BTreeMap<String, String>>> = LazyLock::new(|| {
    // A test reads the file; without it a calendar's code stands for its name.
    toml::from_str(include_str!("../../data/calendars.toml")).unwrap_or_default()
});

/// What a code stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A language.
    Language,
    /// A country or another region.
    Region,
    /// A script.
    Script,
    /// A currency, ISO 4217.
    Currency,
    /// A calendar, as BCP 47 calls it: `gregory`, `islamic-umalqura`.
    Calendar,
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
        Kind::Currency => codes
            .map(|code| or_code(code, inherited(tag, |locale| currency(locale, code))))
            .collect(),
        Kind::Calendar => {
            let name = |locale: &DataLocale, code: &str| CALENDARS.get(&locale.to_string())?.get(code).cloned();
            codes
                .map(|code| {
                    or_code(
                        code,
                        own_calendar(tag, code).or_else(|| inherited(tag, |locale| name(locale, code))),
                    )
                })
                .collect()
        }
    }
}

/// The name by the tag itself: what CLDR leaves out of a tag because it goes without saying stands in the file.
fn own_calendar(tag: &Tag, code: &str) -> Option<String> {
    let mut rest = tag.as_str();
    loop {
        if let Some(names) = CALENDARS.get(rest) {
            return names.get(code).cloned();
        }
        rest = &rest[..rest.rfind('-')?];
    }
}

/// The name of a currency as it stands by itself.
fn currency(locale: &DataLocale, code: &str) -> Option<String> {
    let request = DataRequest {
        id: DataIdentifierBorrowed::for_marker_attributes_and_locale(
            DataMarkerAttributes::try_from_str(code).ok()?,
            locale,
        ),
        ..DataRequest::default()
    };
    let answer: DataResponse<CurrencyDisplaynameV1> = Baked.load(request).ok()?;
    Some(answer.payload.get().to_string())
}

/// What is found for the locale, or for the first that it inherits from.
fn inherited(tag: &Tag, mut find: impl FnMut(&DataLocale) -> Option<String>) -> Option<String> {
    let fallbacker = LocaleFallbacker::new();
    let mut steps = fallbacker
        .for_config(LocaleFallbackConfig::default())
        .fallback_for((&tag.identifier()).into());
    loop {
        if let Some(found) = find(steps.get()) {
            return Some(found);
        }
        if steps.get().is_unknown() {
            return None;
        }
        steps.step();
    }
}
