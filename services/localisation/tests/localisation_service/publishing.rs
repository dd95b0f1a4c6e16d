//! Publishing messages.

use support_localisation::SERVICE;
use support_proto::support::localisation::v1::{
    CatalogueMessage, CataloguePublished, GetCatalogueRequest, PublishMessagesRequest, RenderMessageRequest,
};
use tonic::Code;

use crate::world::{World, anonymous, assert_refused, customer, eventually, operator, partner, request_id, staff};

fn publishing(locale: &str, messages: &[(&str, &str)]) -> PublishMessagesRequest {
    PublishMessagesRequest {
        request_id: request_id(),
        locale: locale.to_owned(),
        messages: messages
            .iter()
            .map(|(key, pattern)| CatalogueMessage {
                key: (*key).to_owned(),
                pattern: (*pattern).to_owned(),
                locale: String::new(),
            })
            .collect(),
        expected_version: 0,
    }
}

fn rendering(key: &str, language: &str) -> RenderMessageRequest {
    RenderMessageRequest {
        key: key.to_owned(),
        languages: vec![language.to_owned()],
        arguments: Vec::new(),
        time_zone: String::new(),
    }
}

#[tokio::test]
async fn published_messages_are_read_at_once_and_told_of() {
    let world = World::bare().await;
    let mut messages = world.messages(&operator());
    let first = messages
        .publish_messages(publishing("en", &[("a", "A"), ("b", "B")]))
        .await
        .unwrap()
        .into_inner();
    let locale = first.locale.unwrap();
    assert_eq!((locale.catalogue_version, locale.message_count), (1, 2));
    let second = messages
        .publish_messages(publishing("EN", &[("b", "B2"), ("c", "C")]))
        .await
        .unwrap()
        .into_inner();
    let locale = second.locale.unwrap();
    assert_eq!(
        (locale.tag.as_str(), locale.catalogue_version, locale.message_count),
        ("en", 2, 3)
    );
    messages
        .publish_messages(publishing("de", &[("b", "B auf Deutsch")]))
        .await
        .unwrap();

    let german = messages
        .get_catalogue(GetCatalogueRequest {
            locale: "de".to_owned(),
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(german.locale.unwrap().message_count, 1);
    let texts: Vec<_> = german
        .messages
        .iter()
        .map(|m| (m.key.as_str(), m.pattern.as_str(), m.locale.as_str()))
        .collect();
    assert_eq!(
        texts,
        [("a", "A", "en"), ("b", "B auf Deutsch", "de"), ("c", "C", "en")]
    );

    let fallen = messages
        .render_message(rendering("c", "de"))
        .await
        .unwrap()
        .into_inner();
    assert_eq!((fallen.text.as_str(), fallen.locale.as_str()), ("C", "en"));
    assert_eq!(fallen.degradations, ["locale"]);

    let events = world.events(3).await;
    let told: Vec<_> = events
        .iter()
        .map(|event| {
            assert_eq!(event.event_type, "support.localisation.v1.CataloguePublished");
            let event = <CataloguePublished as prost::Message>::decode(event.payload.as_ref()).unwrap();
            (event.locale, event.version)
        })
        .collect();
    assert_eq!(told, [("en".to_owned(), 1), ("en".to_owned(), 2), ("de".to_owned(), 1)]);
}

#[tokio::test]
async fn a_publishing_sent_again_publishes_once() {
    let world = World::bare().await;
    let mut messages = world.messages(&operator());
    let request = publishing("en", &[("a", "A")]);
    let first = messages.publish_messages(request.clone()).await.unwrap().into_inner();
    assert_eq!(
        messages.publish_messages(request.clone()).await.unwrap().into_inner(),
        first
    );
    let other = PublishMessagesRequest {
        request_id: request.request_id,
        ..publishing("en", &[("a", "Another")])
    };
    assert_refused(
        messages.publish_messages(other).await,
        Code::InvalidArgument,
        "REQUEST_ID_REUSED",
    );
    let read = messages
        .get_catalogue(GetCatalogueRequest {
            locale: "en".to_owned(),
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(read.locale.unwrap().catalogue_version, 1);
    assert_eq!(read.messages[0].pattern, "A");
}

#[tokio::test]
async fn all_faulty_messages_are_named_and_none_is_published() {
    let world = World::bare().await;
    let mut messages = world.messages(&operator());
    messages
        .publish_messages(publishing("en", &[("a", "A {$x}"), ("b", "B")]))
        .await
        .unwrap();
    let refused = assert_refused(
        messages
            .publish_messages(publishing(
                "ja",
                &[
                    ("b", "良い"),
                    ("a", "悪い {$y}"),
                    ("c", "元がない"),
                    ("b", "二度"),
                    ("a", "{$x"),
                    ("a", "{$x :shout}"),
                ],
            ))
            .await,
        Code::InvalidArgument,
        "MESSAGE_INVALID",
    );
    let faults: Vec<_> = refused
        .violations
        .iter()
        .map(|v| (v.field.as_str(), v.description.as_str()))
        .collect();
    assert_eq!(
        faults[..3],
        [
            (
                "messages[1].pattern",
                "a: placeholders differ from the source's: $x is missing $y is not in the source"
            ),
            (
                "messages[2].pattern",
                "c: the source language has no message with this key"
            ),
            ("messages[3].pattern", "b: stands more than once in this publishing"),
        ]
    );
    assert_eq!(refused.metadata["count"], "5");
    let broken = assert_refused(
        messages
            .publish_messages(publishing("en", &[("a", "{$x"), ("b", "{$x :shout}")]))
            .await,
        Code::InvalidArgument,
        "MESSAGE_INVALID",
    );
    assert!(
        broken.violations[0].description.starts_with("a: syntax error"),
        "{broken:?}"
    );
    assert_eq!(broken.violations[1].description, "b: unknown function :shout");
    let japanese = messages
        .get_catalogue(GetCatalogueRequest {
            locale: "ja".to_owned(),
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(japanese.locale.unwrap().catalogue_version, 0);
}

#[tokio::test]
async fn a_publisher_who_has_seen_another_version_is_refused() {
    let world = World::bare().await;
    let mut messages = world.messages(&operator());
    messages
        .publish_messages(publishing("en", &[("a", "A")]))
        .await
        .unwrap();
    let seen = |version, pattern| PublishMessagesRequest {
        expected_version: version,
        ..publishing("en", &[("a", pattern)])
    };
    messages.publish_messages(seen(1, "A2")).await.unwrap();
    let refused = assert_refused(
        messages.publish_messages(seen(1, "A3")).await,
        Code::Aborted,
        "CONFLICT",
    );
    assert!(refused.retry_after.is_some());
    assert_eq!(
        messages
            .render_message(rendering("a", "en"))
            .await
            .unwrap()
            .into_inner()
            .text,
        "A2"
    );
}

#[tokio::test]
async fn of_those_who_publish_at_once_each_makes_a_version() {
    let world = World::bare().await;
    world
        .messages(&operator())
        .publish_messages(publishing("en", &[("a", "A"), ("b", "B")]))
        .await
        .unwrap();
    let mut all = Vec::new();
    for round in 0..4 {
        for locale in ["en", "de", "ja"] {
            let mut messages = world.messages(&operator());
            let pattern = format!("{locale} {round}");
            all.push(tokio::spawn(async move {
                messages
                    .publish_messages(publishing(locale, &[("a", &pattern)]))
                    .await
                    .unwrap();
            }));
        }
    }
    for one in all {
        one.await.unwrap();
    }
    for (locale, version) in [("en", 5), ("de", 4), ("ja", 4)] {
        let request = GetCatalogueRequest {
            locale: locale.to_owned(),
        };
        let read = world
            .messages(&anonymous())
            .get_catalogue(request)
            .await
            .unwrap()
            .into_inner();
        assert_eq!(read.locale.unwrap().catalogue_version, version, "{locale}");
    }
}

#[tokio::test]
async fn only_operators_publish_and_only_in_locales_there_are() {
    let world = World::bare().await;
    for caller in [anonymous(), customer(), partner(), staff()] {
        let answer = world
            .messages(&caller)
            .publish_messages(publishing("en", &[("a", "A")]))
            .await;
        assert_refused(answer, Code::PermissionDenied, "CALLER_KIND_NOT_ALLOWED");
    }
    let mut unscoped = operator();
    unscoped.scopes.clear();
    let answer = world
        .messages(&unscoped)
        .publish_messages(publishing("en", &[("a", "A")]))
        .await;
    assert_refused(answer, Code::PermissionDenied, "SCOPE_MISSING");
    let answer = world
        .messages(&operator())
        .publish_messages(publishing("zh-TW", &[("a", "A")]))
        .await;
    assert_refused(answer, Code::NotFound, "LOCALE_NOT_FOUND");
    let long = "a".repeat(201);
    let answer = world
        .messages(&operator())
        .publish_messages(publishing("en", &[(&long, "A"), ("B", "")]))
        .await;
    let refused = assert_refused(answer, Code::InvalidArgument, "INVALID_FIELDS");
    for field in ["messages[0].key", "messages[1].key", "messages[1].pattern"] {
        assert!(
            refused.violations.iter().any(|violation| violation.field == field),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn other_replicas_take_a_publishing_over() {
    let world = World::new().await;
    let replica = world.replica().await;
    let text = async || {
        replica
            .messages(&anonymous())
            .render_message(rendering("case.closed", "de"))
            .await
            .unwrap()
            .into_inner()
            .text
    };
    assert!(text().await.starts_with("Ihr Anliegen"));
    world
        .messages(&operator())
        .publish_messages(publishing("de", &[("case.closed", "Erledigt.")]))
        .await
        .unwrap();
    eventually("the replica has the new text", async || text().await == "Erledigt.").await;
    assert_eq!(SERVICE.name, "localisation");
}

#[tokio::test]
async fn a_source_with_other_placeholders_puts_its_translations_aside() {
    let world = World::bare().await;
    let mut messages = world.messages(&operator());
    messages
        .publish_messages(publishing("en", &[("a", "Case {$number}")]))
        .await
        .unwrap();
    messages
        .publish_messages(publishing("de", &[("a", "Fall {$number}")]))
        .await
        .unwrap();
    messages
        .publish_messages(publishing("en", &[("a", "Case {$case_number}")]))
        .await
        .unwrap();
    let stale = messages
        .render_message(rendering("a", "de"))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (stale.locale.as_str(), stale.degradations),
        ("en", vec!["case_number".to_owned(), "locale".to_owned()])
    );
    messages
        .publish_messages(publishing("de", &[("a", "Fall {$case_number}")]))
        .await
        .unwrap();
    assert_eq!(
        messages
            .render_message(rendering("a", "de"))
            .await
            .unwrap()
            .into_inner()
            .locale,
        "de"
    );
}
