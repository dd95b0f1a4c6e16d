//! Sets, and going back to one.

use support_proto::support::localisation::v1::{
    CataloguePublished, ListSetsRequest, MessageSet, MessageSetKind, PublishSetRequest, RollBackSetRequest,
};
use tonic::{Code, Status};

use MessageSetKind::{Approved, Direct, RollBack};

use super::{approved, catalogue, directly, publish_set, set_request};
use crate::world::{World, assert_refused, operator, request_id};

async fn sets(world: &World) -> Vec<MessageSet> {
    let answer = world
        .translations(&operator())
        .list_sets(ListSetsRequest::default())
        .await;
    answer.unwrap().into_inner().sets
}

async fn roll_back(world: &World, number: i64) -> Result<MessageSet, Status> {
    let request = RollBackSetRequest {
        request_id: request_id(),
        number,
        expected_set: 0,
        note: "the words were wrong".to_owned(),
    };
    let answer = world.translations(&operator()).roll_back_set(request).await?;
    Ok(answer.into_inner().set.unwrap())
}

#[tokio::test]
async fn languages_change_together_and_each_set_is_told_of() {
    let world = World::bare().await;
    approved(&world, "en", &[("a", "A"), ("b", "B")]).await;
    approved(&world, "de", &[("a", "A de")]).await;
    approved(&world, "ja", &[("b", "B ja")]).await;
    // A choice of them.
    let some = PublishSetRequest {
        locales: vec!["en".to_owned(), "DE".to_owned()],
        ..set_request()
    };
    let mut translations = world.translations(&operator());
    let first = translations.publish_set(some.clone()).await.unwrap().into_inner();
    // Sent again it publishes once.
    assert_eq!(translations.publish_set(some).await.unwrap().into_inner(), first);
    let first = first.set.unwrap();
    assert_eq!(
        (first.number, first.kind(), first.locales.len()),
        (1, MessageSetKind::Approved, 2)
    );
    let stale_view = PublishSetRequest {
        expected_set: 7,
        ..set_request()
    };
    assert_refused(translations.publish_set(stale_view).await, Code::Aborted, "CONFLICT");
    let second = publish_set(&world).await.unwrap();
    assert_eq!((second.number, second.locales[0].locale.as_str()), (2, "ja"));

    let told: Vec<_> = world
        .events(3)
        .await
        .iter()
        .map(|event| {
            let event = <CataloguePublished as prost::Message>::decode(event.payload.as_ref()).unwrap();
            (event.locale, event.version, event.set_number)
        })
        .collect();
    let expected = [("de", 1, 1), ("en", 1, 1), ("ja", 1, 2)];
    assert_eq!(
        told,
        expected.map(|(locale, version, set)| (locale.to_owned(), version, set))
    );
    let listed = sets(&world).await;
    assert_eq!(listed, [second, first]);
}

#[tokio::test]
async fn to_go_back_is_to_publish_an_older_set() {
    let world = World::bare().await;
    approved(&world, "en", &[("a", "A"), ("b", "B")]).await;
    approved(&world, "de", &[("a", "A de")]).await;
    publish_set(&world).await.unwrap();
    let mut then = Vec::new();
    for locale in ["en", "de", "ja"] {
        then.push((locale, catalogue(&world, locale).await));
    }
    approved(&world, "en", &[("a", "A worse"), ("new", "New")]).await;
    publish_set(&world).await.unwrap();
    directly(&world, "de", &[("a", "A schlechter"), ("b", "B de")])
        .await
        .unwrap();
    directly(&world, "ja", &[("b", "B ja")]).await.unwrap();
    let mut worse = Vec::new();
    for locale in ["en", "de", "ja"] {
        worse.push((locale, catalogue(&world, locale).await));
    }
    assert_ne!(then, worse);
    assert_refused(roll_back(&world, 5).await, Code::NotFound, "MESSAGE_SET_NOT_FOUND");

    let back = roll_back(&world, 1).await.unwrap();
    assert_eq!(
        (back.number, back.kind(), back.rolled_back_to),
        (5, MessageSetKind::RollBack, 1)
    );
    let changed: Vec<_> = back
        .locales
        .iter()
        .map(|locale| (locale.locale.as_str(), locale.version, locale.changed))
        .collect();
    assert_eq!(changed, [("de", 3, 2), ("en", 3, 2), ("ja", 2, 1)]);
    for (locale, then) in &then {
        assert_eq!(catalogue(&world, locale).await, *then, "{locale}");
    }
    // And forth again: what was taken away comes back.
    roll_back(&world, 4).await.unwrap();
    for (locale, worse) in &worse {
        assert_eq!(catalogue(&world, locale).await, *worse, "{locale}");
    }
    // To where one is: a set that changes nothing.
    let same = roll_back(&world, 4).await.unwrap();
    assert_eq!((same.number, same.locales.len()), (7, 0));
    let kinds: Vec<_> = sets(&world).await.iter().map(MessageSet::kind).collect();
    assert_eq!(
        kinds,
        [RollBack, RollBack, RollBack, Direct, Direct, Approved, Approved]
    );
}

#[tokio::test]
async fn what_the_software_needs_outlives_a_roll_back() {
    let world = World::new().await;
    let shipped = catalogue(&world, "de").await;
    assert!(shipped.len() > 90);
    let first = sets(&world).await;
    assert_eq!((first.len(), first[0].kind()), (1, MessageSetKind::Shipped));
    assert_eq!(first[0].publisher, "localisation");
    directly(&world, "de", &[("case.closed", "Erledigt.")]).await.unwrap();
    roll_back(&world, 1).await.unwrap();
    assert_eq!(catalogue(&world, "de").await, shipped);
}
