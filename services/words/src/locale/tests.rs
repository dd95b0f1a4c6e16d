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
fn what_else_a_reader_reads_comes_before_the_default() {
    let locales = shipped_locales();
    let table: &[(&[&str], &[&str])] = &[
        (&["ca"], &["ca", "en"]),
        (&["ca", "es-MX"], &["ca", "es-419", "es", "en"]),
        (&["ca", "fr-CA", "es"], &["ca", "fr-CA", "fr", "es", "en"]),
        // Named before, though another served better.
        (&["sa", "tlh", "hi"], &["hi", "en"]),
        // What comes after the default is never reached.
        (&["ca", "en-GB", "es"], &["ca", "en-GB", "en"]),
        (&["ca", "en", "es"], &["ca", "en"]),
        (&["ca", "it", "en", "es"], &["ca", "it", "en"]),
        // Who is served a kind of English has English, whatever else they read.
        (&["en-AU", "fr"], &["en-GB", "en"]),
        (&["en", "de"], &["en"]),
        // Nothing that is read is there.
        (&["tlh"], &["en"]),
        (&["sr-Latn-ME", "hr"], &["sr-Latn", "hr", "en"]),
        (&["zh-HK", "ja"], &["zh-Hant-HK", "zh-Hant", "ja", "en"]),
        (&["pt-AO", "fr"], &["pt-PT", "pt-BR", "fr", "en"]),
    ];
    for (languages, chain) in table {
        let negotiated = locales.negotiate(languages);
        let found: Vec<&str> = negotiated.chain.iter().map(Tag::as_str).collect();
        assert_eq!(&found, chain, "{languages:?}");
    }
}

#[test]
fn the_locales_that_are_shipped_serve_the_world() {
    let locales = shipped_locales();
    for (language, tag) in [
        ("es-MX", "es-419"),
        ("es-AR", "es-419"),
        ("es-ES", "es"),
        ("es-US", "es-419"),
        ("pt", "pt-BR"),
        ("pt-BR", "pt-BR"),
        ("pt-AO", "pt-PT"),
        ("pt-MO", "pt-PT"),
        ("en-IN", "en-GB"),
        ("en-AU", "en-GB"),
        ("en-US", "en"),
        ("en-PH", "en"),
        ("fr-CA", "fr-CA"),
        ("fr-CH", "fr"),
        ("de-AT", "de"),
        ("gsw", "de"),
        ("sr-RS", "sr"),
        ("sr-Latn-RS", "sr-Latn"),
        ("sr-ME", "sr-Latn"),
        ("sh", "sr-Latn"),
        ("zh-CN", "zh-Hans"),
        ("zh-SG", "zh-Hans"),
        ("zh-TW", "zh-Hant"),
        ("zh-HK", "zh-Hant-HK"),
        ("zh-MO", "zh-Hant-HK"),
        ("no", "nb"),
        ("nn", "nb"),
        ("tl", "fil"),
        ("iw", "he"),
        ("in", "id"),
        ("mo", "ro"),
        ("ar-EG", "ar"),
        ("hi-IN", "hi"),
        ("ur-PK", "ur"),
        ("fa-AF", "fa"),
        ("kk-KZ", "kk"),
        ("sw-KE", "sw"),
    ] {
        assert_eq!(locales.negotiate(&[language]).locale.tag.as_str(), tag, "{language}");
    }
    // Nobody who reads traditional characters is given simplified ones, or the other way about.
    for (languages, never) in [
        (["zh-TW", "zh-Hant-MO", "zh-Hant", "zh-HK"], "zh-Hans"),
        (["zh-CN", "zh-SG", "zh", "zh-MY"], "zh-Hant"),
    ] {
        for language in languages {
            let negotiated = locales.negotiate(&[language]);
            assert!(
                negotiated.chain.iter().all(|tag| !tag.as_str().starts_with(never)),
                "{language}: {:?}",
                negotiated.chain
            );
        }
    }
}

#[test]
fn every_locale_is_served_itself_and_inherits_within_its_script() {
    let locales = shipped_locales();
    for locale in locales.iter() {
        let negotiated = locales.negotiate(&[locale.tag.as_str()]);
        assert_eq!(negotiated.locale, locale);
        for parent in locales
            .iter()
            .filter(|parent| locales.inherits(&locale.tag, &parent.tag))
        {
            assert_eq!(parent.direction, locale.direction, "{} of {}", locale.tag, parent.tag);
            let language = |tag: &Tag| tag.as_str().split('-').next().map(str::to_owned);
            assert_eq!(language(&parent.tag), language(&locale.tag));
        }
    }
    let inherits = |tag: &str, other: &str| locales.inherits(&Tag::parse(tag).unwrap(), &Tag::parse(other).unwrap());
    assert!(inherits("en-GB", "en") && inherits("es-419", "es") && inherits("zh-Hant-HK", "zh-Hant"));
    assert!(!inherits("en", "en-GB") && !inherits("sr-Latn", "sr") && !inherits("de", "en"));
}

fn shipped_locales() -> Locales {
    let Shipped { locales, default } = shipped().unwrap();
    Locales::new(locales, &default).unwrap()
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
