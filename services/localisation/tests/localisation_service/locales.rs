//! Locales and their negotiation.

use support_proto::support::localisation::v1::{Direction, ListLocalesRequest, NegotiateLocaleRequest};
use tonic::Code;

use crate::world::{World, anonymous, assert_refused};

#[tokio::test]
async fn everybody_sees_the_locales_and_is_given_one() {
    let world = World::new().await;
    let mut locales = world.locales(&anonymous());

    let all = locales
        .list_locales(ListLocalesRequest {})
        .await
        .unwrap()
        .into_inner()
        .locales;
    let tags: Vec<_> = all.iter().map(|locale| locale.tag.as_str()).collect();
    assert_eq!(tags, ["ar", "de", "en", "es", "ja", "zh-Hans"]);
    for locale in &all {
        assert_eq!(locale.catalogue_version, 1, "{}", locale.tag);
        assert!(
            locale.message_count >= 90,
            "{} has {} messages",
            locale.tag,
            locale.message_count
        );
    }
    assert_eq!(all[0].direction(), Direction::RightToLeft);
    assert_eq!(
        (all[5].native_name.as_str(), all[5].english_name.as_str()),
        ("简体中文", "Simplified Chinese")
    );

    for (languages, tag, chain, matched) in [
        (vec!["es-MX", "en"], "es", vec!["es", "en"], "es-MX"),
        (vec!["zh-TW", "JA-jp"], "ja", vec!["ja", "en"], "JA-jp"),
        (vec!["zh-TW"], "en", vec!["en"], ""),
        (vec!["zh-SG"], "zh-Hans", vec!["zh-Hans", "en"], "zh-SG"),
    ] {
        let request = NegotiateLocaleRequest {
            languages: languages.iter().map(|tag| (*tag).to_owned()).collect(),
        };
        let answer = locales.negotiate_locale(request).await.unwrap().into_inner();
        assert_eq!(answer.locale.unwrap().tag, tag, "{languages:?}");
        assert_eq!(answer.fallback_chain, chain, "{languages:?}");
        assert_eq!(answer.matched_language, matched, "{languages:?}");
    }
}

#[tokio::test]
async fn bad_languages_are_all_named() {
    let world = World::bare().await;
    let mut locales = world.locales(&anonymous());
    let languages = ["de", "", "a_b", &"x".repeat(400)].map(str::to_owned).to_vec();
    let refused = assert_refused(
        locales.negotiate_locale(NegotiateLocaleRequest { languages }).await,
        Code::InvalidArgument,
        "INVALID_FIELDS",
    );
    for field in ["languages[1]", "languages[2]", "languages[3]"] {
        assert!(
            refused.violations.iter().any(|violation| violation.field == field),
            "{refused:?}"
        );
    }
    let none = NegotiateLocaleRequest { languages: Vec::new() };
    assert_refused(
        locales.negotiate_locale(none).await,
        Code::InvalidArgument,
        "INVALID_FIELDS",
    );
}
