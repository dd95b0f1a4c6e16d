//! What staff are given to say and ask.

use support_proto::support::localisation::v1::{
    Argument, CatalogueMessage, Direction, GetPlaybookRequest, GetPlaybookResponse, ListPlaybooksRequest,
    PlaybookStage, PublishMessagesRequest, RenderedStep,
};
use support_proto::support::types::v1::{Channel, ProductLine};
use tonic::Code;

use crate::world::{World, anonymous, assert_refused, customer, operator, partner, request_id, staff};

fn asked(purpose: &str, language: &str) -> GetPlaybookRequest {
    GetPlaybookRequest {
        purpose: purpose.to_owned(),
        languages: vec![language.to_owned()],
        arguments: [("agent_name", "Lukas"), ("case_number", "C-1007")]
            .map(|(name, value)| Argument {
                name: name.to_owned(),
                text: Some(value.to_owned()),
                ..Argument::default()
            })
            .into(),
        ..GetPlaybookRequest::default()
    }
}

async fn given(world: &World, request: GetPlaybookRequest) -> GetPlaybookResponse {
    world
        .playbooks(&staff())
        .get_playbook(request)
        .await
        .unwrap()
        .into_inner()
}

fn names(steps: &[RenderedStep]) -> Vec<&str> {
    steps.iter().map(|step| step.step.as_str()).collect()
}

fn words(step: &RenderedStep) -> &str {
    &step.text.as_ref().unwrap().text
}

#[tokio::test]
async fn a_playbook_is_said_in_the_customers_language_in_the_order_of_the_conversation() {
    let world = World::new().await;
    for (language, locale, direction, title, receipt) in [
        ("en-GB", "en", Direction::LeftToRight, "Repair", "receipt at hand"),
        ("de-AT", "de", Direction::LeftToRight, "Reparatur", "Kaufbeleg bereit"),
        (
            "es-MX",
            "es",
            Direction::LeftToRight,
            "Reparación",
            "comprobante de compra",
        ),
        ("ja", "ja", Direction::LeftToRight, "修理", "購入を証明するもの"),
        ("zh-CN", "zh-Hans", Direction::LeftToRight, "维修", "购买凭证"),
        ("ar-EG", "ar", Direction::RightToLeft, "إصلاح", "إيصال الشراء"),
    ] {
        let answer = given(
            &world,
            GetPlaybookRequest {
                product_line: ProductLine::Phone.into(),
                channel: Channel::Phone.into(),
                ..asked("repair", language)
            },
        )
        .await;
        assert_eq!(
            names(&answer.steps),
            [
                "always/greet-spoken",
                "always/call-back",
                "always/own-words",
                "always/device",
                "repair/what-appears",
                "repair/damage",
                "always/case-number",
                "repair/price-first",
                "repair/two-ways",
                "repair/receipt",
                "repair/back-up",
                "repair/lock",
                "repair/keep-parts",
                "always/summary",
                "repair/progress",
                "always/anything-else",
                "always/farewell-spoken",
            ],
            "{language}"
        );
        assert_eq!(answer.title.unwrap().text, title);
        assert!(words(&answer.steps[0]).contains("Lukas"), "{}", words(&answer.steps[0]));
        assert!(
            words(&answer.steps[6]).contains("C-1007"),
            "{}",
            words(&answer.steps[6])
        );
        assert!(words(&answer.steps[9]).contains(receipt), "{}", words(&answer.steps[9]));
        for step in &answer.steps {
            let text = step.text.as_ref().unwrap();
            assert_eq!(
                (text.locale.as_str(), text.direction()),
                (locale, direction),
                "{}",
                step.step
            );
            assert!(text.degradations.is_empty(), "{} {:?}", step.step, text.degradations);
            assert_eq!(step.added_by, "", "{}", step.step);
        }
        assert!(
            answer.steps[9].required && !answer.steps[12].required,
            "{:?}",
            answer.steps[9]
        );
        assert!(answer.basis.starts_with("localisation/playbooks@"), "{}", answer.basis);
    }
}

#[tokio::test]
async fn only_what_fits_the_conversation_is_said() {
    let world = World::new().await;
    let reminded = |product_line: ProductLine, channel: Channel| GetPlaybookRequest {
        product_line: product_line.into(),
        channel: channel.into(),
        stage: PlaybookStage::Remind.into(),
        ..asked("replacement", "en")
    };
    let said = given(&world, reminded(ProductLine::Watch, Channel::Chat)).await.steps;
    assert_eq!(
        names(&said),
        [
            "replacement/second-parcel",
            "replacement/packaging",
            "replacement/back-up",
            "replacement/lock"
        ]
    );
    assert!(said.iter().all(|step| step.stage() == PlaybookStage::Remind));
    let said = given(&world, reminded(ProductLine::Audio, Channel::Chat)).await.steps;
    assert_eq!(names(&said), ["replacement/second-parcel", "replacement/packaging"]);
    // What is not known leaves nothing out: both greetings, and neither purpose nor title.
    let unknown = given(&world, asked("", "en")).await;
    assert_eq!(unknown.title, None);
    assert_eq!(
        names(&unknown.steps)[..3],
        ["always/greet-spoken", "always/greet-written", "always/public"]
    );
}

#[tokio::test]
async fn the_purposes_are_listed_in_the_readers_language() {
    let world = World::new().await;
    let request = ListPlaybooksRequest {
        place: "country/DE".to_owned(),
        languages: vec!["de".to_owned()],
    };
    let answer = world
        .playbooks(&partner())
        .list_playbooks(request)
        .await
        .unwrap()
        .into_inner();
    let listed: Vec<_> = answer
        .playbooks
        .iter()
        .map(|entry| (entry.purpose.as_str(), entry.title.as_ref().unwrap().text.as_str()))
        .collect();
    assert_eq!(
        listed,
        [
            ("account", "Konto und Sicherheit"),
            ("complaint", "Beschwerde"),
            ("documents", "Rechnungen und andere Dokumente"),
            ("fault", "Etwas funktioniert nicht"),
            ("question", "Frage zur Bedienung eines Geräts"),
            ("repair", "Reparatur"),
            ("replacement", "Austausch eines Geräts"),
            ("safety", "Gefahr durch ein Gerät"),
            ("warranty", "Garantie und gesetzliche Rechte"),
        ]
    );
    assert!(answer.playbooks.iter().all(|entry| entry.added_by.is_empty()));
    assert!(answer.basis.starts_with("localisation/playbooks@"), "{}", answer.basis);
}

#[tokio::test]
async fn words_that_are_missing_are_seen_and_told() {
    let world = World::bare().await;
    let publish = |locale: &str, key: &str, pattern: &str| PublishMessagesRequest {
        request_id: request_id(),
        locale: locale.to_owned(),
        messages: vec![CatalogueMessage {
            key: key.to_owned(),
            pattern: pattern.to_owned(),
            locale: String::new(),
        }],
        expected_version: 0,
    };
    let mut messages = world.messages(&operator());
    for (key, pattern) in [
        ("playbook.open.spoken", "Hello from {$agent_name}."),
        ("playbook.say.case_number", "Number {$case_number}."),
    ] {
        messages.publish_messages(publish("en", key, pattern)).await.unwrap();
    }
    let request = GetPlaybookRequest {
        channel: Channel::Phone.into(),
        arguments: asked("", "de").arguments.split_off(1),
        ..asked("", "de")
    };
    let steps = given(&world, request).await.steps;
    let told = |name: &str| {
        let text = steps
            .iter()
            .find(|step| step.step == name)
            .unwrap()
            .text
            .clone()
            .unwrap();
        (text.text, text.locale, text.degradations.join(" "))
    };
    let expected = |text: &str, locale: &str, degraded: &str| (text.to_owned(), locale.to_owned(), degraded.to_owned());
    assert_eq!(
        told("always/greet-spoken"),
        expected("Hello from {$agent_name}.", "en", "agent_name locale")
    );
    assert_eq!(told("always/case-number"), expected("Number C-1007.", "en", "locale"));
    assert_eq!(
        told("always/summary"),
        expected("{playbook.close.summary}", "", "message")
    );
}

#[tokio::test]
async fn who_asks_wrongly_is_told() {
    let world = World::new().await;
    let mut playbooks = world.playbooks(&staff());
    assert_refused(
        playbooks.get_playbook(asked("wedding", "en")).await,
        Code::NotFound,
        "PLAYBOOK_NOT_FOUND",
    );
    // The steps of every conversation are no purpose.
    assert_refused(
        playbooks.get_playbook(asked("always", "en")).await,
        Code::NotFound,
        "PLAYBOOK_NOT_FOUND",
    );
    let wrong = GetPlaybookRequest {
        place: "Germany".to_owned(),
        product_line: 99,
        languages: Vec::new(),
        ..asked("Repair", "en")
    };
    let refused = assert_refused(
        playbooks.get_playbook(wrong).await,
        Code::InvalidArgument,
        "INVALID_FIELDS",
    );
    let fields: Vec<_> = refused
        .violations
        .iter()
        .map(|violation| violation.field.as_str())
        .collect();
    assert_eq!(fields, ["purpose", "product_line", "place", "languages"]);
    for caller in [customer(), anonymous()] {
        assert_refused(
            world.playbooks(&caller).get_playbook(asked("repair", "en")).await,
            Code::PermissionDenied,
            "CALLER_KIND_NOT_ALLOWED",
        );
    }
    assert_refused(
        world.playbooks(&operator()).get_playbook(asked("repair", "en")).await,
        Code::PermissionDenied,
        "SCOPE_MISSING",
    );
}
