//! How the names of persons are written in a locale.

use icu_experimental::personnames::provider::{
    PersonNamesFormatV1, PersonNamesFormattingAttributes as Attribute, PersonNamesFormattingData,
};
use icu_experimental::provider::Baked;
use icu_locale::fallback::{LocaleFallbackConfig, LocaleFallbacker};
use icu_locale::subtags::{Language, Region, Script, language, script};
use icu_locale::{LanguageIdentifier, LocaleExpander};
use icu_properties::PropertyNamesShort;
use icu_properties::props::Script as Property;
use icu_provider::prelude::*;
use zerofrom::ZeroFrom as _;

use super::{Order, Use};
use crate::format::Length;
use crate::tag::Tag;

/// The rules of a locale.
pub(super) struct Rules {
    language: LanguageIdentifier,
    data: DataPayload<PersonNamesFormatV1>,
}

impl Rules {
    /// Those of a locale, or of the nearest that it inherits from.
    pub(super) fn load(locale: &LanguageIdentifier) -> Option<Self> {
        let fallbacker = LocaleFallbacker::new();
        let mut steps = fallbacker
            .for_config(LocaleFallbackConfig::default())
            .fallback_for(locale.into());
        loop {
            let request = DataRequest {
                id: DataIdentifierBorrowed::for_locale(steps.get()),
                ..DataRequest::default()
            };
            let answer: Result<DataResponse<PersonNamesFormatV1>, DataError> = Baked.load(request);
            if let Ok(answer) = answer {
                return Some(Self {
                    language: locale.clone(),
                    data: answer.payload,
                });
            }
            if steps.get().is_unknown() {
                return None;
            }
            steps.step();
        }
    }

    pub(super) fn language(&self) -> &LanguageIdentifier {
        &self.language
    }

    /// The patterns; where there are none to sort by for a use, those for speaking of somebody.
    pub(super) fn patterns(&self, order: Order, length: Length, usage: Use, is_informal: bool) -> Vec<String> {
        let usage = if order == Order::Sorting { Use::Referring } else { usage };
        let asked = [
            match order {
                Order::OfName | Order::GivenFirst => Attribute::GivenFirst,
                Order::SurnameFirst => Attribute::SurnameFirst,
                Order::Sorting => Attribute::Sorting,
            },
            match length {
                Length::Short => Attribute::Short,
                Length::Medium => Attribute::Medium,
                Length::Long => Attribute::Long,
            },
            match usage {
                Use::Referring => Attribute::Referring,
                Use::Addressing => Attribute::Addressing,
                Use::Monogram => Attribute::Monogram,
            },
            if is_informal {
                Attribute::Informal
            } else {
                Attribute::Formal
            },
        ];
        let mask = asked.iter().fold(0, |mask, attribute| mask | attribute.bit_value());
        let data = self.data.get();
        data.person_names_patterns
            .iter()
            .map(PersonNamesFormattingData::zero_from)
            .find(|patterns| patterns.attributes & mask == mask)
            .map_or_else(Vec::new, |patterns| {
                patterns.patterns.iter().map(str::to_owned).collect()
            })
    }

    /// Which comes first in a name of a language.
    pub(super) fn order(&self, name: &LanguageIdentifier) -> Order {
        let data = self.data.get();
        let LanguageIdentifier {
            language,
            script,
            region,
            ..
        } = *name;
        let of = |language: Language, script: Option<Script>, region: Option<Region>| {
            let mut identifier = LanguageIdentifier::UNKNOWN;
            (identifier.language, identifier.script, identifier.region) = (language, script, region);
            identifier.to_string()
        };
        for (script, region) in [(script, region), (script, None), (None, region), (None, None)] {
            let forms = [of(language, script, region), of(Language::UNKNOWN, script, region)];
            let is_one = |known: &str| forms.iter().any(|form| form == known);
            // What stands for every language is looked at last.
            let is_specific = |known: &str| is_one(known) && known != "und";
            if data.given_first_locales.iter().any(is_specific) {
                return Order::GivenFirst;
            }
            if data.surname_first_locales.iter().any(is_specific) {
                return Order::SurnameFirst;
            }
        }
        if data.surname_first_locales.iter().any(|known| known == "und") {
            Order::SurnameFirst
        } else {
            Order::GivenFirst
        }
    }

    /// A letter as an initial: `A.`.
    pub(super) fn initial(&self, letter: &str) -> String {
        let pattern = self.data.get().initial_pattern.as_deref().unwrap_or("{0}.");
        pattern.replace("{0}", letter)
    }

    /// Two initials in a row: `A. B.`.
    pub(super) fn initials(&self, first: &str, second: &str) -> String {
        let pattern = self.data.get().initial_pattern_sequence.as_deref().unwrap_or("{0} {1}");
        pattern.replace("{1}", second).replace("{0}", first)
    }

    /// The name with what stands between the parts of names in `rules` for one of the language `name`.
    pub(super) fn spaced(&self, text: &str, rules: &LanguageIdentifier, name: &LanguageIdentifier) -> String {
        // ICU4X's data lacks what CLDR says of own names: that these languages write them without spaces.
        const UNSPACED: [Language; 3] = [language!("ja"), language!("yue"), language!("zh")];
        let between = if rules.language != name.language {
            self.data.get().foreign_space_replacement.as_deref().unwrap_or(" ")
        } else if UNSPACED.contains(&rules.language) {
            ""
        } else {
            " "
        };
        if between == " " {
            return text.to_owned();
        }
        text.split_whitespace().collect::<Vec<_>>().join(between)
    }
}

/// The language of a name in a script: the one that is known, else the one that is likely.
pub(super) fn of_name(known: Option<&Tag>, script: Property) -> LanguageIdentifier {
    let written = PropertyNamesShort::<Property>::new().get_locale_script(script);
    let mut identifier = known.map_or(LanguageIdentifier::UNKNOWN, |tag| maximized(tag.identifier()));
    if !goes_with(identifier.script, written) {
        identifier.script = written;
    }
    maximized(identifier)
}

pub(super) fn maximized(mut identifier: LanguageIdentifier) -> LanguageIdentifier {
    LocaleExpander::new_extended().maximize(&mut identifier);
    identifier
}

/// Whether what is written in one of the scripts can stand in a text of the other: Japanese and Korean are written in several.
pub(super) fn goes_with(one: Option<Script>, other: Option<Script>) -> bool {
    const TOGETHER: [(Script, &[Script]); 4] = [
        (script!("Jpan"), &[script!("Hani"), script!("Hira"), script!("Kana")]),
        (script!("Kore"), &[script!("Hang"), script!("Hani")]),
        (script!("Hans"), &[script!("Hani"), script!("Bopo")]),
        (script!("Hant"), &[script!("Hani"), script!("Bopo")]),
    ];
    let (Some(one), Some(other)) = (one, other) else {
        return false;
    };
    let holds = |whole: Script, part: Script| {
        TOGETHER
            .iter()
            .any(|(script, parts)| *script == whole && parts.contains(&part))
    };
    one == other || holds(one, other) || holds(other, one)
}
