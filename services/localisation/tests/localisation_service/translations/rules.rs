//! What texts are held against before they are published.

use serde_json::{Value, json};
use support_proto::support::localisation::v1::{CheckDraftsRequest, MessageFault, MessageFinding, ReviewDecision};
use support_testing::publish;
use tonic::Code;

use MessageFault::{
    Forbidden, Glossary, Length, Malformed, Markup, NoSource, NotApproved, Placeholders, Plurals, ProductName,
};

use super::{approved, catalogue, directly, publish_set, review, save, submit};
use crate::world::{World, assert_refused, eventually, translator};

const DOCUMENT: &str = "localisation/message-rules";

fn rules() -> Value {
    json!({
        "four_eyes": true,
        "direct_publishing": true,
        "longest": {"short": 5},
        "product_names": ["CarePlan Plus"],
        "glossary": {"plan": {"translations": {"de": {"words": ["Tarif"]}}}},
        "forbidden": {"de": {"phrases": ["leider"]}},
    })
}

/// Publishes rules for the world. They hold soon after.
async fn hold(world: &World, rules: &Value) {
    publish(world.channel(), DOCUMENT, "global", rules).await;
}

async fn findings(world: &World, only_approved: bool) -> Vec<MessageFinding> {
    let request = CheckDraftsRequest {
        only_approved,
        ..CheckDraftsRequest::default()
    };
    let answer = world.translations(&translator("anna")).check_drafts(request).await;
    answer.unwrap().into_inner().findings
}

fn kinds(findings: &[MessageFinding]) -> Vec<(&str, &str, MessageFault)> {
    findings
        .iter()
        .map(|finding| (finding.locale.as_str(), finding.key.as_str(), finding.fault()))
        .collect()
}

#[tokio::test]
async fn all_that_is_wrong_is_said_at_once_and_nothing_is_published() {
    let world = World::bare().await;
    let source = [
        ("a", "Your plan: {$x}"),
        ("b", "{#link}here{/link}"),
        ("count", ".input {$n :integer} .match $n one {{one}} * {{{$n}}}"),
        ("short.text", "Short"),
        ("product", "CarePlan Plus"),
        ("fine", "Fine"),
    ];
    directly(&world, "en", &source).await.unwrap();
    hold(&world, &rules()).await;
    let german = [
        ("a", "Leider: {$y}"),
        ("b", "{#link}hier"),
        ("broken", "{$x"),
        ("count", ".input {$n :integer} .match $n 1 {{eins}} * {{{$n}}}"),
        ("fine", "Gut"),
        ("no_source", "Nichts"),
        ("product", "Careplan-plus"),
        ("short.text", "Zu lang"),
    ];
    let saved = save(&world, "anna", "de", &german).await;
    eventually("the rules hold", async || findings(&world, false).await.len() == 9).await;
    let russian = [("count", ".input {$n :integer} .match $n one {{один}} * {{{$n}}}")];
    save(&world, "anna", "ru", &russian).await;
    let found = findings(&world, false).await;
    assert_eq!(
        kinds(&found),
        [
            ("de", "a", Placeholders),
            ("de", "a", Glossary),
            ("de", "a", Forbidden),
            ("de", "b", Markup),
            ("de", "b", Markup),
            ("de", "broken", Malformed),
            ("de", "no_source", NoSource),
            ("de", "product", ProductName),
            ("de", "short.text", Length),
            ("ru", "count", Plurals),
        ]
    );
    assert_eq!(
        found.last().unwrap().explanation,
        "plural forms of the language are missing for $n: few many"
    );
    // Nothing with a fault goes to review.
    let refused = assert_refused(
        submit(&world, "anna", "de", &saved.drafts).await,
        Code::InvalidArgument,
        "MESSAGE_INVALID",
    );
    assert_eq!(refused.metadata["count"], "9");
    assert_eq!(refused.violations[0].field, "drafts[0]");
    // Nor is it published directly.
    let refused = assert_refused(
        directly(&world, "de", &[("a", "Leider: {$x}"), ("fine", "Gut")]).await,
        Code::InvalidArgument,
        "MESSAGE_INVALID",
    );
    assert_eq!(refused.violations.len(), 2);
    assert!(
        catalogue(&world, "de")
            .await
            .iter()
            .all(|(_, _, locale)| locale == "en")
    );
}

#[tokio::test]
async fn rules_that_came_later_hold_for_what_was_approved_before() {
    let world = World::bare().await;
    directly(&world, "en", &[("short.text", "Short"), ("fine", "Fine")])
        .await
        .unwrap();
    approved(&world, "de", &[("short.text", "Zu lang"), ("fine", "Gut")]).await;
    assert_eq!(findings(&world, true).await, []);
    hold(&world, &rules()).await;
    eventually("the rules hold", async || !findings(&world, true).await.is_empty()).await;
    let refused = assert_refused(publish_set(&world).await, Code::InvalidArgument, "MESSAGE_INVALID");
    assert_eq!(
        refused.violations[0].description,
        "short.text: is 7 characters long and may have 5"
    );
    assert_eq!(catalogue(&world, "de").await[0].2, "en");
}

#[tokio::test]
async fn the_standard_says_whether_one_person_is_enough() {
    let world = World::bare().await;
    let mut alone = rules();
    alone["four_eyes"] = json!(false);
    alone["direct_publishing"] = json!(false);
    hold(&world, &alone).await;
    // The direct way is closed.
    eventually("the rules hold", async || {
        let answer = directly(&world, "en", &[("a", "A")]).await;
        answer.is_err_and(|status| {
            support_chassis::error::explain(&status)
                .reason
                .ends_with("MESSAGE_DIRECT_PUBLISHING_CLOSED")
        })
    })
    .await;
    let saved = save(&world, "anna", "en", &[("b", "B")]).await.drafts;
    let submitted = submit(&world, "anna", "en", &saved).await.unwrap();
    review(&world, "anna", "en", &submitted, ReviewDecision::Approve)
        .await
        .unwrap();
    // Where four eyes are asked for again, what one pair has seen is not enough.
    hold(&world, &rules()).await;
    eventually("the rules hold", async || {
        kinds(&findings(&world, true).await) == [("en", "b", NotApproved)]
    })
    .await;
    assert_refused(publish_set(&world).await, Code::InvalidArgument, "MESSAGE_INVALID");
    hold(&world, &alone).await;
    eventually("the rules hold", async || findings(&world, true).await.is_empty()).await;
    assert_eq!(publish_set(&world).await.unwrap().locales.len(), 1);
}
