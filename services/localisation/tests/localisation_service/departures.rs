//! What places make of the playbooks.

use serde_json::{Value, json};
use support_chassis::standard::Basis;
use support_proto::support::localisation::v1::{
    CatalogueMessage, GetPlaybookRequest, GetPlaybookResponse, ListPlaybooksRequest, PlaybookStage,
    PublishMessagesRequest, RenderedStep,
};
use support_proto::support::standard::v1::{CheckContentRequest, CreateDraftRequest};
use support_proto::support::types::v1::Channel;
use support_testing::publish;
use tonic::Code;

use crate::world::{World, assert_refused, eventually, lawgiver, operator, request_id, staff};

const DOCUMENT: &str = "localisation/playbooks";

/// Words of the place itself, as its operators publish them before the step that says them.
async fn words(world: &World, locale: &str, messages: &[(&str, &str)]) {
    let request = PublishMessagesRequest {
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
    };
    world.messages(&operator()).publish_messages(request).await.unwrap();
}

async fn said(world: &World, purpose: &str, place: &str, channel: Channel) -> GetPlaybookResponse {
    let request = GetPlaybookRequest {
        purpose: purpose.to_owned(),
        channel: channel.into(),
        stage: PlaybookStage::Open.into(),
        place: place.to_owned(),
        languages: vec!["de".to_owned()],
        ..GetPlaybookRequest::default()
    };
    world
        .playbooks(&staff())
        .get_playbook(request)
        .await
        .unwrap()
        .into_inner()
}

/// Waits until what was published for `place` holds there.
async fn holds(world: &World, place: &str) {
    eventually(place, || async {
        let basis = said(world, "", place, Channel::Phone).await.basis;
        basis.contains(&format!("+{place}@"))
    })
    .await;
}

fn marked(steps: &[RenderedStep]) -> Vec<(&str, &str)> {
    steps
        .iter()
        .map(|step| (step.step.as_str(), step.added_by.as_str()))
        .collect()
}

/// The versions in a basis, without what tells them apart from others of the same number.
fn versions(basis: &str) -> Vec<String> {
    let basis: Basis = basis.parse().unwrap();
    let layers = basis.layers().iter();
    layers
        .map(|layer| format!("{}@{}", layer.place, layer.version))
        .collect()
}

fn recording() -> Value {
    json!({"stage": "PLAYBOOK_STAGE_OPEN", "order": 15, "text": "ours.recording", "required": true, "channels": ["CHANNEL_PHONE"]})
}

#[tokio::test]
async fn what_a_place_adds_is_said_there_in_its_turn_and_marked() {
    let world = World::new().await;
    let english = [
        ("ours.recording", "May I record this call?"),
        ("ours.privacy", "Our privacy notice is on our web site."),
    ];
    words(&world, "en", &english).await;
    words(
        &world,
        "de",
        &[("ours.recording", "Darf ich das Gespräch aufzeichnen?")],
    )
    .await;
    let everywhere = [("always/greet-spoken", "")];
    assert_eq!(
        marked(&said(&world, "", "country/DE", Channel::Phone).await.steps),
        everywhere
    );

    let group = json!({"always": {"privacy": {"stage": "PLAYBOOK_STAGE_OPEN", "order": 5, "text": "ours.privacy"}}});
    publish(world.channel(), DOCUMENT, "group/eea", &group).await;
    let country = json!({"always": {"recording": recording()}});
    publish(world.channel(), DOCUMENT, "country/DE", &country).await;
    holds(&world, "country/DE").await;

    let german = said(&world, "", "country/DE", Channel::Phone).await;
    assert_eq!(
        marked(&german.steps),
        [
            ("always/privacy", "group/eea"),
            ("always/greet-spoken", ""),
            ("always/recording", "country/DE"),
        ]
    );
    assert!(german.steps[2].required);
    let text = german.steps[2].text.clone().unwrap();
    assert_eq!(text.text, "Darf ich das Gespräch aufzeichnen?");
    assert_eq!(versions(&german.basis), ["global@1", "group/eea@1", "country/DE@1"]);
    // Not where no call is held, and not next door; nobody has translated the group's step.
    let chat = said(&world, "", "country/DE", Channel::Chat).await;
    assert_eq!(
        marked(&chat.steps),
        [("always/privacy", "group/eea"), ("always/greet-written", "")]
    );
    let french = said(&world, "", "country/FR", Channel::Phone).await;
    assert_eq!(marked(&french.steps)[0], ("always/privacy", "group/eea"));
    assert_eq!(french.steps[0].text.clone().unwrap().degradations, ["locale"]);
    assert_eq!(french.steps.len(), 2);
    for place in ["global", "", "country/JP", "country/ZZ", "site/nowhere"] {
        let elsewhere = said(&world, "", place, Channel::Phone).await;
        assert_eq!(marked(&elsewhere.steps), everywhere, "{place}");
        assert_eq!(elsewhere.basis, "localisation/playbooks@1", "{place}");
    }
}

#[tokio::test]
async fn a_place_adds_purposes_and_insists_on_steps() {
    let world = World::new().await;
    words(&world, "en", &[("ours.trade_in", "Trade-in")]).await;
    let overlay = json!({"purposes": {
        "trade-in": {"title": "ours.trade_in", "steps": {"recording": recording()}},
        "repair": {"steps": {"two-ways": {"required": true}}},
    }});
    publish(world.channel(), DOCUMENT, "country/DE", &overlay).await;
    holds(&world, "country/DE").await;
    let listed = |place: &str| ListPlaybooksRequest {
        place: place.to_owned(),
        languages: vec!["en".to_owned()],
    };
    let mut playbooks = world.playbooks(&staff());
    let here = playbooks
        .list_playbooks(listed("country/DE"))
        .await
        .unwrap()
        .into_inner();
    let added: Vec<_> = here
        .playbooks
        .iter()
        .filter(|entry| !entry.added_by.is_empty())
        .map(|entry| (entry.purpose.as_str(), entry.added_by.as_str()))
        .collect();
    assert_eq!(added, [("trade-in", "country/DE")]);
    let elsewhere = playbooks.list_playbooks(listed("global")).await.unwrap().into_inner();
    assert_eq!(elsewhere.playbooks.len() + 1, here.playbooks.len());
    let steps = said(&world, "trade-in", "country/DE", Channel::Phone).await.steps;
    assert_eq!(
        marked(&steps),
        [("always/greet-spoken", ""), ("trade-in/recording", "country/DE")]
    );
    let request = |place: &str| GetPlaybookRequest {
        purpose: "repair".to_owned(),
        stage: PlaybookStage::Say.into(),
        place: place.to_owned(),
        languages: vec!["en".to_owned()],
        ..GetPlaybookRequest::default()
    };
    for (place, required) in [("country/DE", true), ("country/FR", false)] {
        let steps = playbooks.get_playbook(request(place)).await.unwrap().into_inner().steps;
        let step = steps.iter().find(|step| step.step == "repair/two-ways").unwrap();
        // Insisting on a step of the world does not make it the place's own.
        assert_eq!((step.required, step.added_by.as_str()), (required, ""), "{place}");
    }
    assert_refused(
        playbooks
            .get_playbook(GetPlaybookRequest {
                purpose: "trade-in".to_owned(),
                ..request("country/FR")
            })
            .await,
        Code::NotFound,
        "PLAYBOOK_NOT_FOUND",
    );
}

#[tokio::test]
async fn what_the_world_says_no_place_leaves_out() {
    let world = World::new().await;
    let overlay = json!({
        "always": {"summary": {"stage": "PLAYBOOK_STAGE_OPEN"}},
        "purposes": {
            "repair": {"steps": {"receipt": null, "lock": {"required": false}}},
            "safety": null,
        },
    });
    let asked = CreateDraftRequest {
        document: DOCUMENT.to_owned(),
        place: "country/DE".to_owned(),
        content: overlay.to_string(),
        reason: "less to say".to_owned(),
        request_id: request_id(),
        ..CreateDraftRequest::default()
    };
    let refused = assert_refused(
        world.standard(&lawgiver()).create_draft(asked).await,
        Code::InvalidArgument,
        "OVERLAY_LOOSENS",
    );
    let paths: Vec<_> = refused
        .violations
        .iter()
        .map(|violation| violation.field.as_str())
        .collect();
    assert_eq!(
        paths,
        [
            r#"always["summary"].stage"#,
            r#"purposes["repair"].steps["lock"].required"#,
            r#"purposes["repair"].steps["receipt"]"#,
            r#"purposes["safety"]"#,
        ]
    );
}

#[tokio::test]
async fn who_would_miss_words_is_shown_before_a_step_is_published() {
    let world = World::new().await;
    words(&world, "en", &[("ours.recording", "May I record this call?")]).await;
    words(
        &world,
        "ja",
        &[("ours.recording", "通話を録音してもよろしいでしょうか。")],
    )
    .await;
    let wordless = json!({"stage": "PLAYBOOK_STAGE_ASK", "text": "ours.wordless"});
    let asked = CheckContentRequest {
        document: DOCUMENT.to_owned(),
        place: "country/DE".to_owned(),
        content: json!({"always": {"recording": recording(), "wordless": wordless}}).to_string(),
        effective_from: None,
    };
    let report = world
        .standard(&lawgiver())
        .check_content(asked)
        .await
        .unwrap()
        .into_inner()
        .report
        .unwrap();
    assert!(report.faults.is_empty() && report.loosened.is_empty(), "{report:?}");
    let told: Vec<_> = report
        .consequences
        .iter()
        .map(|told| {
            assert_eq!((told.place.as_str(), told.count), ("country/DE", 1), "{told:?}");
            (told.whom.as_str(), told.examples.join(" "))
        })
        .collect();
    let key = || "ours.recording".to_owned();
    assert_eq!(
        told,
        [
            ("everybody", "ours.wordless".to_owned()),
            ("readers of ar", key()),
            ("readers of de", key()),
            ("readers of es", key()),
            ("readers of fr", key()),
            ("readers of hi", key()),
            ("readers of ko", key()),
            ("readers of pt-BR", key()),
            ("readers of ru", key()),
            ("readers of zh-Hans", key()),
            ("readers of zh-Hant", key()),
        ]
    );
}
