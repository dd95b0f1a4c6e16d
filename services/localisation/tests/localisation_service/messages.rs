//! Reading and rendering messages.

use support_proto::support::localisation::v1::{
    Argument, Direction, GetCatalogueRequest, ListArticlesRequest, RenderMessageRequest, RenderMessageResponse,
};
use tonic::Code;

use crate::world::{World, anonymous, assert_refused, customer, eventually, partner, staff};

fn request(key: &str, language: &str, arguments: Vec<Argument>) -> RenderMessageRequest {
    RenderMessageRequest {
        key: key.to_owned(),
        languages: vec![language.to_owned()],
        arguments,
    }
}

fn text(name: &str, value: &str) -> Argument {
    Argument {
        name: name.to_owned(),
        text: Some(value.to_owned()),
        number: None,
        time: None,
    }
}

fn number(name: &str, value: f64) -> Argument {
    Argument {
        name: name.to_owned(),
        text: None,
        number: Some(value),
        time: None,
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
        ("ar-EG", "ar", "\u{2066}10\u{2069} دقائق"),
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
        text: None,
        number: None,
        time: None,
    };
    let none = rendered(&world, request("case.opened.acknowledgement", "es", vec![empty])).await;
    assert_eq!(none.degradations, ["case_number"]);
    // Where the default is what was negotiated, nothing fell back.
    let default = rendered(&world, request("case.closed", "fr", Vec::new())).await;
    assert_eq!((default.locale.as_str(), default.degradations.len()), ("en", 0));
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
    for locale in ["tlh", "zh-TW", "zh", "abcd"] {
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
