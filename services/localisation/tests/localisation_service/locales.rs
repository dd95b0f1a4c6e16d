//! Locales and their negotiation.

use support_localisation::ops;
use support_localisation::shipped::shipped;
use support_proto::support::localisation::v1::{Direction, ListLocalesRequest, NegotiateLocaleRequest};
use tonic::Code;

use crate::world::{World, anonymous, assert_refused, connect, migrated};

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
    assert!(tags.len() >= 52 && tags.is_sorted(), "{tags:?}");
    let written = shipped().unwrap();
    for locale in &all {
        let is_written = written.iter().any(|shipped| shipped.locale == locale.tag);
        assert_eq!(locale.catalogue_version, i64::from(is_written), "{}", locale.tag);
        assert_eq!(
            locale.message_count >= 90,
            is_written,
            "{} has {} messages",
            locale.tag,
            locale.message_count
        );
    }
    let found = |tag: &str| all.iter().find(|locale| locale.tag == tag).unwrap();
    for tag in ["ar", "fa", "he", "ur"] {
        assert_eq!(found(tag).direction(), Direction::RightToLeft, "{tag}");
    }
    let chinese = found("zh-Hans");
    assert_eq!(
        (chinese.native_name.as_str(), chinese.english_name.as_str()),
        ("简体中文", "Simplified Chinese")
    );

    for (languages, tag, chain, matched) in [
        (vec!["es-MX", "en"], "es-419", vec!["es-419", "es", "en"], "es-MX"),
        (vec!["zh-TW", "JA-jp"], "zh-Hant", vec!["zh-Hant", "ja", "en"], "zh-TW"),
        (vec!["ca", "es-ES"], "ca", vec!["ca", "es", "en"], "ca"),
        (vec!["pt-AO"], "pt-PT", vec!["pt-PT", "pt-BR", "en"], "pt-AO"),
        (vec!["sr-Latn-RS"], "sr-Latn", vec!["sr-Latn", "en"], "sr-Latn-RS"),
        (vec!["tlh"], "en", vec!["en"], ""),
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

#[tokio::test]
async fn a_start_adds_the_locales_that_are_new_and_renews_names() {
    let database = migrated().await;
    let db = connect(database.url()).await;
    // Six are in the schema since its first day.
    let (first, second) = tokio::join!(ops::locales::register(&db), ops::locales::register(&db));
    let all = support_words::locale::shipped().unwrap().locales.len() as u64;
    assert_eq!(first.unwrap() + second.unwrap(), all - 6);
    assert_eq!(ops::locales::register(&db).await.unwrap(), 0);

    let mut connection = db.read().await.unwrap();
    sqlx::query!("update locales set native_name = 'x', is_right_to_left = true where tag = 'de'")
        .execute(&mut *connection)
        .await
        .unwrap();
    sqlx::query!("insert into locales (tag, native_name, english_name) values ('tlh', 'tlhIngan Hol', 'Klingon')")
        .execute(&mut *connection)
        .await
        .unwrap();
    assert_eq!(ops::locales::register(&db).await.unwrap(), 0);
    let rows =
        sqlx::query!("select tag, native_name, is_right_to_left from locales where tag in ('de', 'tlh') order by tag")
            .fetch_all(&mut *connection)
            .await
            .unwrap();
    assert_eq!(
        (rows[0].native_name.as_str(), rows[0].is_right_to_left),
        ("Deutsch", false)
    );
    assert_eq!(rows[1].native_name, "tlhIngan Hol");
}
