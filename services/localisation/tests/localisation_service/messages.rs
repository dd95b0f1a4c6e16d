//! Reading and rendering messages.

use support_proto::support::localisation::v1::{
    Argument, ArgumentList, CatalogueMessage, Direction, GetCatalogueRequest, ListArticlesRequest, ListItem, ListKind,
    MessageCall, PublishMessagesRequest, RenderMessageRequest, RenderMessageResponse, RenderMessagesRequest,
};
use support_proto::support::types::v1::{Date, Money};
use tonic::Code;

use crate::world::{World, anonymous, assert_refused, customer, eventually, operator, partner, request_id, staff};

fn request(key: &str, language: &str, arguments: Vec<Argument>) -> RenderMessageRequest {
    RenderMessageRequest {
        key: key.to_owned(),
        languages: vec![language.to_owned()],
        arguments,
        time_zone: String::new(),
    }
}

fn text(name: &str, value: &str) -> Argument {
    Argument {
        name: name.to_owned(),
        text: Some(value.to_owned()),
        ..Argument::default()
    }
}

fn number(name: &str, value: f64) -> Argument {
    Argument {
        name: name.to_owned(),
        number: Some(value),
        ..Argument::default()
    }
}

async fn rendered(world: &World, request: RenderMessageRequest) -> RenderMessageResponse {
    world
        .messages(&anonymous())
        .render_message(request)
        .await
        .unwrap()
        .into_inner()
}

#[tokio::test]
async fn a_message_is_written_in_the_readers_language() {
    let world = World::new().await;
    let code = || vec![text("code", "042317"), number("minutes", 10.0)];
    for (language, locale, words) in [
        ("en-GB", "en", "It is valid for 10 minutes."),
        ("de-AT", "de", "Er ist 10 Minuten lang gültig."),
        ("es-MX", "es", "Es válido durante 10 minutos."),
        ("ja", "ja", "有効期限は 10 分です。"),
        ("zh-CN", "zh-Hans", "10 分钟内有效。"),
        // In Egypt with its own digits.
        ("ar-EG", "ar", "\u{2066}١٠\u{2069} دقائق"),
        ("ar-AE", "ar", "\u{2066}10\u{2069} دقائق"),
    ] {
        let answer = rendered(&world, request("verification.code.body", language, code())).await;
        assert!(answer.text.contains(words), "{language}: {}", answer.text);
        assert!(answer.text.contains("042317"), "{language}: {}", answer.text);
        assert_eq!(answer.locale, locale, "{language}");
        assert!(answer.degradations.is_empty(), "{language}: {:?}", answer.degradations);
        let direction = if locale == "ar" {
            Direction::RightToLeft
        } else {
            Direction::LeftToRight
        };
        assert_eq!(answer.direction(), direction, "{language}");
    }
}

#[tokio::test]
async fn what_is_missing_shows_and_is_named_and_fails_nothing() {
    let world = World::new().await;
    let missing = rendered(
        &world,
        request("verification.code.body", "de", vec![number("minutes", 10.0)]),
    )
    .await;
    assert!(
        missing.text.starts_with("Ihr Bestätigungscode lautet {$code}."),
        "{}",
        missing.text
    );
    assert_eq!(missing.degradations, ["code"]);

    let wrong = rendered(
        &world,
        request(
            "verification.code.body",
            "de",
            vec![text("code", "1"), text("minutes", "ten"), text("extra", "x")],
        ),
    )
    .await;
    assert_eq!(wrong.degradations, ["minutes"]);

    let empty = Argument {
        name: "case_number".to_owned(),
        ..Argument::default()
    };
    let none = rendered(&world, request("case.opened.acknowledgement", "es", vec![empty])).await;
    assert_eq!(none.degradations, ["case_number"]);
    // Where the default is what was negotiated, nothing fell back.
    let default = rendered(&world, request("case.closed", "tlh", Vec::new())).await;
    assert_eq!((default.locale.as_str(), default.degradations.len()), ("en", 0));
    // A language that has no texts yet has other words, and says so; a kind of English has its own.
    let fallen = rendered(&world, request("case.closed", "ca-ES", Vec::new())).await;
    assert_eq!(
        (fallen.locale.as_str(), &fallen.degradations[..]),
        ("en", &["locale".to_owned()][..])
    );
    let inherited = rendered(&world, request("case.closed", "en-AU", Vec::new())).await;
    assert_eq!((inherited.locale.as_str(), inherited.degradations.len()), ("en", 0));
    // Who reads another language beside it is not given English.
    let mut both = request("case.closed", "ca-ES", Vec::new());
    both.languages.push("es-MX".to_owned());
    let spanish = rendered(&world, both).await;
    assert_eq!(
        (spanish.locale.as_str(), &spanish.degradations[..]),
        ("es", &["locale".to_owned()][..])
    );
}

#[tokio::test]
async fn a_catalogue_holds_everything_the_locale_can_say() {
    let world = World::new().await;
    for caller in [anonymous(), customer(), partner(), staff()] {
        let request = GetCatalogueRequest {
            locale: "ZH-hans".to_owned(),
        };
        let answer = world
            .messages(&caller)
            .get_catalogue(request)
            .await
            .unwrap()
            .into_inner();
        assert_eq!(answer.locale.unwrap().tag, "zh-Hans");
        assert!(answer.messages.len() >= 90);
        assert!(answer.messages.iter().all(|message| message.locale == "zh-Hans"));
        assert!(answer.messages.is_sorted_by_key(|message| message.key.clone()));
    }
}

#[tokio::test]
async fn unknown_locales_and_messages_are_not_found() {
    let world = World::bare().await;
    let mut messages = world.messages(&anonymous());
    for locale in ["tlh", "zh-TW", "zh", "abcd", "pt"] {
        let request = GetCatalogueRequest {
            locale: locale.to_owned(),
        };
        assert_refused(
            messages.get_catalogue(request).await,
            Code::NotFound,
            "LOCALE_NOT_FOUND",
        );
    }
    assert_refused(
        messages.render_message(request("case.closed", "en", Vec::new())).await,
        Code::NotFound,
        "MESSAGE_NOT_FOUND",
    );
    let empty = messages
        .get_catalogue(GetCatalogueRequest {
            locale: "de".to_owned(),
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!((empty.locale.unwrap().catalogue_version, empty.messages.len()), (0, 0));
    // What is no key is refused at the door.
    for key in ["", "Case", "case..closed", "case.", "a b"] {
        assert_refused(
            messages.render_message(request(key, "en", Vec::new())).await,
            Code::InvalidArgument,
            "INVALID_FIELDS",
        );
    }
}

#[tokio::test]
async fn words_outlive_the_database() {
    let mut world = World::new().await;
    world.lose_database();
    eventually("articles cannot be read any more", async || {
        let request = ListArticlesRequest::default();
        world.knowledge(&anonymous()).list_articles(request).await.is_err()
    })
    .await;
    let answer = rendered(&world, request("case.closed", "de", Vec::new())).await;
    assert!(answer.text.starts_with("Ihr Anliegen"), "{}", answer.text);
    let catalogue = GetCatalogueRequest {
        locale: "ja".to_owned(),
    };
    let catalogue = world.messages(&anonymous()).get_catalogue(catalogue).await.unwrap();
    assert!(catalogue.into_inner().messages.len() >= 90);
}

#[tokio::test]
async fn many_messages_are_written_in_one_call_and_none_fails_the_others() {
    let world = World::new().await;
    let call = |key: &str, arguments: Vec<Argument>| MessageCall {
        key: key.to_owned(),
        arguments,
    };
    let request = RenderMessagesRequest {
        languages: vec!["de-AT".to_owned()],
        messages: vec![
            call(
                "verification.code.body",
                vec![text("code", "1"), number("minutes", 1.0)],
            ),
            call("no.such.message", Vec::new()),
            call(
                "verification.code.body",
                vec![text("code", "2"), number("minutes", 2.0)],
            ),
            call("case.assigned", Vec::new()),
        ],
        time_zone: String::new(),
    };
    let texts = world
        .messages(&anonymous())
        .render_messages(request)
        .await
        .unwrap()
        .into_inner()
        .texts;
    assert_eq!(texts.len(), 4);
    assert!(texts[0].text.contains("1 Minute ") && texts[0].degradations.is_empty());
    assert_eq!(
        (texts[0].locale.as_str(), texts[0].direction()),
        ("de", Direction::LeftToRight)
    );
    assert_eq!(texts[1].text, "{no.such.message}");
    assert_eq!(
        (texts[1].locale.as_str(), &texts[1].degradations[..]),
        ("", &["message".to_owned()][..])
    );
    assert!(texts[2].text.contains("2 Minuten "), "{}", texts[2].text);
    assert_eq!(texts[3].degradations, ["agent_name"]);

    let none = RenderMessagesRequest {
        languages: vec!["de".to_owned()],
        messages: Vec::new(),
        time_zone: String::new(),
    };
    assert_refused(
        world.messages(&anonymous()).render_messages(none).await,
        Code::InvalidArgument,
        "INVALID_FIELDS",
    );
}

#[tokio::test]
async fn days_money_other_messages_and_lists_are_values() {
    let world = World::new().await;
    let pattern = "{$what}: {$until :date length=long}, {$price :currency}, {$any}, {$all}.";
    let own = CatalogueMessage {
        key: "typed.values".to_owned(),
        pattern: pattern.to_owned(),
        locale: String::new(),
    };
    let publish = PublishMessagesRequest {
        request_id: crate::world::request_id(),
        locale: "en".to_owned(),
        messages: vec![own],
        expected_version: 0,
    };
    world
        .messages(&crate::world::operator())
        .publish_messages(publish)
        .await
        .unwrap();
    let argument = |name: &str| Argument {
        name: name.to_owned(),
        ..Argument::default()
    };
    let list = |kind: ListKind, items: &[&str]| {
        Some(ArgumentList {
            kind: kind.into(),
            items: items
                .iter()
                .map(|text| ListItem {
                    text: Some((*text).to_owned()),
                    message_key: None,
                })
                .chain([ListItem {
                    text: None,
                    message_key: Some("playbook.title.repair".to_owned()),
                }])
                .collect(),
        })
    };
    let arguments = |message_key: &str| {
        vec![
            Argument {
                message_key: Some(message_key.to_owned()),
                ..argument("what")
            },
            Argument {
                date: Some(Date {
                    year: 2027,
                    month: 3,
                    day: 14,
                }),
                ..argument("until")
            },
            Argument {
                money: Some(Money {
                    currency_code: "EUR".to_owned(),
                    minor_units: 4_950,
                }),
                ..argument("price")
            },
            Argument {
                list: list(ListKind::Or, &["a"]),
                ..argument("any")
            },
            Argument {
                list: list(ListKind::And, &["a", "b"]),
                ..argument("all")
            },
        ]
    };
    let answer = rendered(&world, request("typed.values", "en", arguments("playbook.title.fault"))).await;
    assert_eq!(
        answer.text,
        "Something does not work: March 14, 2027, €49.50, a or Repair, a, b, and Repair."
    );
    assert!(answer.degradations.is_empty(), "{:?}", answer.degradations);
    // A message that is nowhere, or that has placeholders itself, is no value.
    for missing in ["no.such.message", "case.assigned"] {
        let answer = rendered(&world, request("typed.values", "en", arguments(missing))).await;
        assert_eq!(answer.degradations, ["what"], "{missing}");
        assert!(answer.text.starts_with("{$what}: March"), "{}", answer.text);
    }
}

#[tokio::test]
async fn times_are_written_where_the_reader_is_and_in_their_calendar() {
    let world = World::bare().await;
    let publish = |locale: &str| PublishMessagesRequest {
        request_id: request_id(),
        locale: locale.to_owned(),
        messages: vec![CatalogueMessage {
            key: "pickup".to_owned(),
            pattern: "{$when :datetime dateLength=long}".to_owned(),
            locale: String::new(),
        }],
        expected_version: 0,
    };
    for locale in ["en", "th"] {
        world
            .messages(&operator())
            .publish_messages(publish(locale))
            .await
            .unwrap();
    }
    // 2026-03-04T23:06:07Z
    let when = Argument {
        name: "when".to_owned(),
        time: Some(prost_types::Timestamp {
            seconds: 1_772_665_567,
            nanos: 0,
        }),
        ..Argument::default()
    };
    for (language, zone, written, degradations) in [
        ("en", "", "March 4, 2026 at 11:06\u{202f}PM", &[][..]),
        ("en", "Asia/Bangkok", "March 5, 2026 at 6:06\u{202f}AM", &[]),
        ("th", "Asia/Bangkok", "5 มีนาคม 2569 เวลา 06:06", &[]),
        ("th-u-ca-gregory", "Asia/Bangkok", "5 มีนาคม ค.ศ. 2026 เวลา 06:06", &[]),
        (
            "en",
            "Mars/Olympus_Mons",
            "March 4, 2026 at 11:06\u{202f}PM",
            &["time_zone"],
        ),
    ] {
        let mut one = request("pickup", language, vec![when.clone()]);
        zone.clone_into(&mut one.time_zone);
        let answer = rendered(&world, one).await;
        assert_eq!(answer.text, written, "{language} {zone}");
        assert_eq!(answer.degradations, degradations, "{language} {zone}");
        let many = RenderMessagesRequest {
            languages: vec![language.to_owned()],
            messages: vec![MessageCall {
                key: "pickup".to_owned(),
                arguments: vec![when.clone()],
            }],
            time_zone: zone.to_owned(),
        };
        let texts = world
            .messages(&anonymous())
            .render_messages(many)
            .await
            .unwrap()
            .into_inner()
            .texts;
        assert_eq!(texts[0].text, answer.text, "{language} {zone}");
    }
}
