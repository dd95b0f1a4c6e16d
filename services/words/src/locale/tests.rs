use proptest::prelude::*;

use super::*;

fn locales(tags: &[&str]) -> Locales {
    let all = tags.iter().map(|tag| Locale {
        tag: Tag::parse(tag).unwrap(),
        native_name: String::new(),
        english_name: String::new(),
        direction: Direction::LeftToRight,
    });
    Locales::new(all, &Tag::parse("en").unwrap()).unwrap()
}

const SHIPPED: [&str; 6] = ["en", "zh-Hans", "ja", "de", "ar", "es"];

#[test]
fn each_reader_is_served_best() {
    let locales = locales(&SHIPPED);
    let table: &[(&[&str], &str, Option<&str>)] = &[
        (&["en"], "en", Some("en")),
        (&["en-GB"], "en", Some("en-GB")),
        (&["es-MX"], "es", Some("es-MX")),
        (&["es-419"], "es", Some("es-419")),
        (&["DE-at"], "de", Some("DE-at")),
        (&["de-CH-1996"], "de", Some("de-CH-1996")),
        (&["ar-EG"], "ar", Some("ar-EG")),
        (&["ja-JP"], "ja", Some("ja-JP")),
        (&["zh"], "zh-Hans", Some("zh")),
        (&["zh-CN"], "zh-Hans", Some("zh-CN")),
        (&["zh-SG"], "zh-Hans", Some("zh-SG")),
        (&["zh-hans-hk"], "zh-Hans", Some("zh-hans-hk")),
        (&["zh-cmn-Hans"], "zh-Hans", Some("zh-cmn-Hans")),
        // Who reads traditional characters is not given simplified ones, nor is who reads Cantonese.
        (&["zh-TW"], "en", None),
        (&["zh-Hant"], "en", None),
        (&["zh-HK"], "en", None),
        (&["zh-MO"], "en", None),
        (&["zh-yue-HK"], "en", None),
        (&["zh-TW", "ja"], "ja", Some("ja")),
        // The order is the person's.
        (&["fr", "ja", "de"], "ja", Some("ja")),
        (&["de-AT", "en"], "de", Some("de-AT")),
        (&["en", "de"], "en", Some("en")),
        (&["de-AT", "de"], "de", Some("de-AT")),
        // Nothing fits.
        (&["fr"], "en", None),
        (&["tlh"], "en", None),
        (&["xx-YY"], "en", None),
        // What is no tag is passed over.
        (&["abcd", "de"], "de", Some("de")),
    ];
    for (languages, tag, matched) in table {
        let negotiated = locales.negotiate(languages);
        assert_eq!(negotiated.locale.tag.as_str(), *tag, "{languages:?}");
        assert_eq!(negotiated.matched.as_deref(), *matched, "{languages:?}");
    }
}

#[test]
fn a_language_counts_however_late_it_is_named() {
    let locales = locales(&SHIPPED);
    let mut languages = vec![
        "fr", "it", "pt", "nl", "sv", "da", "fi", "pl", "cs", "hu", "el", "tr", "ko", "th", "vi", "id",
    ];
    languages.push("ar-MA");
    let negotiated = locales.negotiate(&languages);
    assert_eq!(
        (negotiated.locale.tag.as_str(), negotiated.matched.as_deref()),
        ("ar", Some("ar-MA"))
    );
}

#[test]
fn nearer_locales_win_once_they_exist() {
    let locales = locales(&[
        "en", "es", "es-419", "zh-Hans", "zh-Hant", "pt", "pt-PT", "sr", "sr-Latn",
    ]);
    for (language, tag) in [
        ("es-MX", "es-419"),
        ("es-ES", "es"),
        ("zh-TW", "zh-Hant"),
        ("zh-HK", "zh-Hant"),
        ("pt-AO", "pt-PT"),
        ("pt-BR", "pt"),
        ("sr-Latn-RS", "sr-Latn"),
    ] {
        assert_eq!(locales.negotiate(&[language]).locale.tag.as_str(), tag, "{language}");
    }
}

#[test]
fn chains_run_over_parents_to_the_default() {
    let locales = locales(&[
        "en",
        "en-GB",
        "en-001",
        "es",
        "es-419",
        "es-MX",
        "zh-Hans",
        "zh-Hant",
        "zh-Hant-HK",
        "de",
    ]);
    for (tag, chain) in [
        ("es-MX", vec!["es-MX", "es-419", "es", "en"]),
        ("de", vec!["de", "en"]),
        ("zh-Hans", vec!["zh-Hans", "en"]),
        ("zh-Hant-HK", vec!["zh-Hant-HK", "zh-Hant", "en"]),
        ("zh-Hant", vec!["zh-Hant", "en"]),
        ("en-GB", vec!["en-GB", "en-001", "en"]),
        ("en", vec!["en"]),
    ] {
        let found: Vec<&str> = locales
            .chain(&Tag::parse(tag).unwrap())
            .iter()
            .map(Tag::as_str)
            .collect();
        assert_eq!(found, chain, "{tag}");
    }
}

#[test]
fn what_exists_in_some_languages_only_is_given_in_the_best_of_them() {
    let default = Tag::parse("en").unwrap();
    let tags = |texts: &[&str]| texts.iter().map(|text| Tag::parse(text).unwrap()).collect::<Vec<_>>();
    for (languages, available, chosen) in [
        (vec!["de-AT"], tags(&["de", "en"]), Some("de")),
        (vec!["fr"], tags(&["de", "en"]), Some("en")),
        (vec!["fr"], tags(&["de", "ja"]), Some("de")),
        (vec![], tags(&["de", "en"]), Some("en")),
        (vec!["de"], vec![], None),
    ] {
        assert_eq!(
            choose(&languages, &available, &default).map(Tag::as_str),
            chosen,
            "{languages:?}"
        );
    }
}

#[test]
fn locales_without_their_default_are_refused() {
    assert_eq!(Locales::new([], &Tag::parse("en").unwrap()).unwrap_err(), NoDefault);
}

proptest! {
    #[test]
    fn negotiation_yields_a_known_locale_and_settles(
        languages in prop::collection::vec("[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}", 1..20),
    ) {
        let locales = locales(&SHIPPED);
        let first = locales.negotiate(&languages);
        prop_assert!(SHIPPED.contains(&first.locale.tag.as_str()));
        prop_assert_eq!(first.chain.first(), Some(&first.locale.tag));
        prop_assert_eq!(first.chain.last(), Some(locales.default_tag()));
        let again = locales.negotiate(&[first.locale.tag.as_str()]);
        prop_assert_eq!(again.locale, first.locale);
        if let Some(matched) = &first.matched {
            prop_assert!(languages.contains(matched));
        }
    }
}
