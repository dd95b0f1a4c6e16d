//! The texts that come with the software.

use std::collections::BTreeMap;

use support_chassis::db::Db;
use support_localisation::ops::locales::register;
use support_localisation::ops::seed::seed_messages;
use support_localisation::shipped::{Shipped, shipped};
use support_localisation::store::catalogues;

use crate::world::{World, ids, migrated, request_id};

fn release(english: &[(&str, &str)], german: &[(&str, &str)]) -> Vec<Shipped> {
    [("en", english), ("de", german)]
        .map(|(locale, messages)| Shipped {
            locale,
            messages: messages
                .iter()
                .map(|(key, text)| ((*key).to_owned(), (*text).to_owned()))
                .collect(),
        })
        .into()
}

async fn texts(db: &Db, locale: &str) -> (i64, BTreeMap<String, String>) {
    let mut connection = db.read().await.unwrap();
    let stored = catalogues::locales(&mut connection).await.unwrap();
    let version = stored
        .iter()
        .find(|stored| stored.locale.tag.as_str() == locale)
        .unwrap()
        .version;
    let texts = catalogues::texts(&mut connection, locale, version).await.unwrap();
    (
        version,
        texts.into_iter().map(|text| (text.key, text.pattern)).collect(),
    )
}

#[tokio::test]
async fn seeding_publishes_once_and_then_only_differences() {
    let database = migrated().await;
    let db = crate::world::connect(database.url()).await;
    register(&db).await.unwrap();
    let all = shipped().unwrap();
    let count: usize = all.iter().map(|shipped| shipped.messages.len()).sum();
    assert_eq!(seed_messages(&db, &ids(), &all).await.unwrap(), count);
    assert_eq!(seed_messages(&db, &ids(), &all).await.unwrap(), 0);
    assert_eq!(texts(&db, "ja").await.0, 1);

    let mut next = all.clone();
    let japanese = next.iter_mut().find(|shipped| shipped.locale == "ja").unwrap();
    japanese
        .messages
        .insert("case.closed".to_owned(), "終了しました。".to_owned());
    assert_eq!(seed_messages(&db, &ids(), &next).await.unwrap(), 1);
    let (version, published) = texts(&db, "ja").await;
    assert_eq!((version, published["case.closed"].as_str()), (2, "終了しました。"));
    assert_eq!(published.len(), all[0].messages.len());
}

#[tokio::test]
async fn replicas_that_start_together_seed_once() {
    let database = migrated().await;
    let db = crate::world::connect(database.url()).await;
    register(&db).await.unwrap();
    let all = shipped().unwrap();
    let (ids, more) = (ids(), ids());
    let (first, second) = tokio::join!(seed_messages(&db, &ids, &all), seed_messages(&db, &more, &all));
    assert_eq!(
        first.unwrap() + second.unwrap(),
        all.iter().map(|shipped| shipped.messages.len()).sum::<usize>()
    );
    for shipped in &all {
        assert_eq!(texts(&db, shipped.locale).await.0, 1, "{}", shipped.locale);
    }
}

#[tokio::test]
async fn what_somebody_published_is_never_overwritten() {
    let world = World::bare().await;
    let db = world.db().await;
    seed_messages(
        &db,
        &ids(),
        &release(&[("a", "A"), ("b", "B")], &[("a", "A de"), ("b", "B de")]),
    )
    .await
    .unwrap();
    let request = support_proto::support::localisation::v1::PublishMessagesRequest {
        request_id: request_id(),
        locale: "de".to_owned(),
        messages: vec![support_proto::support::localisation::v1::CatalogueMessage {
            key: "a".to_owned(),
            pattern: "unser A".to_owned(),
            locale: String::new(),
        }],
        expected_version: 0,
    };
    world
        .messages(&crate::world::operator())
        .publish_messages(request)
        .await
        .unwrap();
    let newer = release(
        &[("a", "A new"), ("b", "B new")],
        &[("a", "A de neu"), ("b", "B de neu")],
    );
    assert_eq!(seed_messages(&db, &ids(), &newer).await.unwrap(), 3);
    let (_, german) = texts(&db, "de").await;
    assert_eq!((german["a"].as_str(), german["b"].as_str()), ("unser A", "B de neu"));
}

#[tokio::test]
async fn a_shipped_message_that_does_not_fit_is_left_out() {
    let database = migrated().await;
    let db = crate::world::connect(database.url()).await;
    let odd = release(&[("a", "A {$x}")], &[("a", "A {$y}"), ("b", "without a source")]);
    assert_eq!(seed_messages(&db, &ids(), &odd).await.unwrap(), 1);
    assert_eq!(texts(&db, "de").await.0, 0);
}
