//! Drafts, reviews, staleness.

use support_proto::support::localisation::v1::{
    DiscardDraftsRequest, DraftText, GetCoverageRequest, ListMessageVersionsRequest, ListMessagesRequest,
    LocaleCoverage, MessageState, ReviewDecision, SaveDraftsRequest,
};
use tonic::Code;

use super::{approved, catalogue, directly, listed, names, publish_set, review, save, saving, submit};
use crate::world::{World, anonymous, assert_refused, customer, operator, partner, request_id, staff, translator};

async fn coverage(world: &World, locale: &str) -> LocaleCoverage {
    let answer = world
        .translations(&translator("anna"))
        .get_coverage(GetCoverageRequest {})
        .await
        .unwrap()
        .into_inner();
    assert!(answer.locales.is_sorted_by_key(|coverage| coverage.locale.clone()));
    answer
        .locales
        .into_iter()
        .find(|coverage| coverage.locale == locale)
        .unwrap()
}

/// The states of the messages of a locale, by key.
async fn states(world: &World, locale: &str) -> Vec<(String, MessageState)> {
    let messages = listed(world, locale).await;
    messages
        .into_iter()
        .map(|message| (message.key.clone(), message.state()))
        .collect()
}

#[tokio::test]
async fn a_text_goes_from_draft_to_review_to_approval_to_print() {
    let world = World::bare().await;
    let english = save(&world, "anna", "en", &[("a.greeting", "Hello, {$name}")]).await;
    assert!(english.findings.is_empty());
    assert_eq!(
        states(&world, "de").await,
        [("a.greeting".to_owned(), MessageState::Source)]
    );
    // Translated before the source is published: the two go together.
    let german = save(&world, "dora", "de", &[("a.greeting", "Hallo, {$name}")]).await;
    assert!(german.findings.is_empty(), "{german:?}");
    assert_eq!(
        states(&world, "de").await,
        [("a.greeting".to_owned(), MessageState::Draft)]
    );
    assert_eq!(catalogue(&world, "de").await, []);

    let english = submit(&world, "anna", "en", &english.drafts).await.unwrap();
    let german = submit(&world, "dora", "de", &german.drafts).await.unwrap();
    assert_eq!(german[0].draft.as_ref().unwrap().state(), MessageState::Review);
    // Nothing is approved, so that there is nothing to publish.
    assert_refused(
        publish_set(&world).await,
        Code::FailedPrecondition,
        "MESSAGES_NONE_APPROVED",
    );
    let english = review(&world, "bert", "en", &english, ReviewDecision::Approve)
        .await
        .unwrap();
    let approved = english[0].draft.clone().unwrap();
    assert_eq!(
        (approved.state(), approved.author.as_str(), approved.approver.as_str()),
        (MessageState::Approved, "anna", "bert")
    );
    review(&world, "bert", "de", &german, ReviewDecision::Approve)
        .await
        .unwrap();
    let open = coverage(&world, "de").await;
    assert_eq!((open.drafts, open.in_review, open.approved), (0, 0, 1));

    let set = publish_set(&world).await.unwrap();
    let changed: Vec<_> = set
        .locales
        .iter()
        .map(|locale| (locale.locale.as_str(), locale.version, locale.changed))
        .collect();
    assert_eq!((set.number, changed), (1, vec![("de", 1, 1), ("en", 1, 1)]));
    // Readable when it is answered.
    let german = catalogue(&world, "de").await;
    assert_eq!(
        german,
        [("a.greeting".to_owned(), "Hallo, {$name}".to_owned(), "de".to_owned())]
    );
    assert_eq!(
        states(&world, "de").await,
        [("a.greeting".to_owned(), MessageState::Published)]
    );
    let request = ListMessageVersionsRequest {
        locale: "de".to_owned(),
        key: "a.greeting".to_owned(),
        ..ListMessageVersionsRequest::default()
    };
    let versions = world
        .translations(&translator("anna"))
        .list_message_versions(request)
        .await
        .unwrap()
        .into_inner()
        .versions;
    let version = &versions[0];
    assert_eq!(
        (
            version.author.as_str(),
            version.approver.as_str(),
            version.publisher.as_str(),
            version.set_number
        ),
        ("dora", "bert", "olga", 1)
    );
    let listed = listed(&world, "de").await;
    assert_eq!(version.source_hash, listed[0].source_hash);
    assert_eq!(version.source_hash.len(), 64);
}

#[tokio::test]
async fn who_wrote_a_text_does_not_approve_it() {
    let world = World::bare().await;
    let saved = save(&world, "anna", "en", &[("a", "A"), ("b", "B")]).await.drafts;
    let saved = [&saved[..1], &save(&world, "bert", "en", &[("b", "B2")]).await.drafts].concat();
    let submitted = submit(&world, "anna", "en", &saved).await.unwrap();
    for author in ["anna", "bert"] {
        let refused = review(&world, author, "en", &submitted, ReviewDecision::Approve).await;
        assert_refused(refused, Code::PermissionDenied, "MESSAGE_APPROVER_IS_AUTHOR");
    }
    // To hand back one's own is no approval, and neither is to save what stands there already.
    save(&world, "carl", "en", &[("a", "A"), ("b", "B2")]).await;
    let returned = review(&world, "anna", "en", &submitted, ReviewDecision::Return)
        .await
        .unwrap();
    let draft = returned[0].draft.clone().unwrap();
    assert_eq!(
        (draft.state(), draft.author.as_str(), draft.comment.as_str()),
        (MessageState::Draft, "anna", "as I read it")
    );
    let submitted = submit(&world, "anna", "en", &returned).await.unwrap();
    review(&world, "carl", "en", &submitted, ReviewDecision::Approve)
        .await
        .unwrap();
    // New words are a new draft, whatever was approved before.
    let changed = save(&world, "carl", "en", &[("a", "A more")]).await.drafts;
    let draft = changed[0].draft.clone().unwrap();
    assert_eq!(
        (draft.state(), draft.approver.as_str(), draft.author.as_str()),
        (MessageState::Draft, "", "carl")
    );
}

#[tokio::test]
async fn a_draft_changed_by_another_is_not_touched_unseen() {
    let world = World::bare().await;
    let first = save(&world, "anna", "en", &[("a", "A")]).await.drafts;
    let second = save(&world, "bert", "en", &[("a", "A2")]).await.drafts;
    assert_refused(submit(&world, "anna", "en", &first).await, Code::Aborted, "CONFLICT");
    let seen = SaveDraftsRequest {
        drafts: vec![DraftText {
            expected_revision: 1,
            ..saving("en", &[("a", "A3")]).drafts.remove(0)
        }],
        ..saving("en", &[])
    };
    let refused = world.translations(&translator("anna")).save_drafts(seen).await;
    assert_refused(refused, Code::Aborted, "CONFLICT");
    // Only what is in review is reviewed, only a draft is submitted.
    let refused = review(&world, "anna", "en", &second, ReviewDecision::Approve).await;
    assert_refused(refused, Code::FailedPrecondition, "MESSAGE_DRAFT_STATE");
    let submitted = submit(&world, "bert", "en", &second).await.unwrap();
    assert_refused(
        submit(&world, "bert", "en", &submitted).await,
        Code::FailedPrecondition,
        "MESSAGE_DRAFT_STATE",
    );
    let discard = |drafts| DiscardDraftsRequest {
        request_id: request_id(),
        locale: "en".to_owned(),
        drafts,
    };
    let mut translations = world.translations(&translator("anna"));
    let refused = translations.discard_drafts(discard(names(&second))).await;
    assert_refused(refused, Code::Aborted, "CONFLICT");
    translations.discard_drafts(discard(names(&submitted))).await.unwrap();
    let refused = translations.discard_drafts(discard(names(&submitted))).await;
    assert_refused(refused, Code::NotFound, "MESSAGE_DRAFT_NOT_FOUND");
    assert!(listed(&world, "en").await.is_empty());
    let twice = saving("en", &[("a", "A"), ("a", "B")]);
    let refused = assert_refused(
        translations.save_drafts(twice).await,
        Code::InvalidArgument,
        "MESSAGE_INVALID",
    );
    assert_eq!(refused.violations[0].field, "drafts[1].key");
}

#[tokio::test]
async fn whether_a_translation_is_out_of_date_is_computed() {
    let world = World::bare().await;
    directly(&world, "en", &[("a", "One"), ("b", "Two"), ("c", "Three")])
        .await
        .unwrap();
    directly(&world, "de", &[("a", "Eins"), ("b", "Zwei")]).await.unwrap();
    let counts = |coverage: &LocaleCoverage| (coverage.source, coverage.translated, coverage.stale, coverage.missing);
    assert_eq!(counts(&coverage(&world, "de").await), (3, 2, 0, 1));
    assert_eq!(counts(&coverage(&world, "en").await), (3, 3, 0, 0));
    assert_eq!(counts(&coverage(&world, "ja").await), (3, 0, 0, 3));

    directly(&world, "en", &[("a", "First")]).await.unwrap();
    assert_eq!(counts(&coverage(&world, "de").await), (3, 1, 1, 1));
    let german = listed(&world, "de").await;
    let stale: Vec<_> = german.iter().map(|m| (m.key.as_str(), m.is_stale)).collect();
    assert_eq!(stale, [("a", true), ("b", false), ("c", false)]);
    let only_stale = ListMessagesRequest {
        locale: "de".to_owned(),
        only_stale: true,
        ..ListMessagesRequest::default()
    };
    let found = world
        .translations(&translator("anna"))
        .list_messages(only_stale)
        .await
        .unwrap();
    assert_eq!(found.into_inner().messages.len(), 1);
    // The source goes back to what it said, and nothing is out of date any more: nobody has to take a flag back.
    directly(&world, "en", &[("a", "One")]).await.unwrap();
    assert_eq!(counts(&coverage(&world, "de").await), (3, 2, 0, 1));

    // The same words, made from the new source: somebody has looked at them.
    directly(&world, "en", &[("a", "One!")]).await.unwrap();
    assert_eq!(counts(&coverage(&world, "de").await), (3, 1, 1, 1));
    approved(&world, "de", &[("a", "Eins")]).await;
    publish_set(&world).await.unwrap();
    assert_eq!(counts(&coverage(&world, "de").await), (3, 2, 0, 1));
}

#[tokio::test]
async fn a_translation_of_another_source_is_not_published() {
    let world = World::bare().await;
    directly(&world, "en", &[("a", "One")]).await.unwrap();
    approved(&world, "de", &[("a", "Eins")]).await;
    // While it waits the source becomes another.
    directly(&world, "en", &[("a", "Two")]).await.unwrap();
    let listed = listed(&world, "de").await;
    assert!(listed[0].draft.as_ref().unwrap().is_stale);
    let refused = assert_refused(publish_set(&world).await, Code::InvalidArgument, "MESSAGE_INVALID");
    assert_eq!(
        refused.violations[0].description,
        "a: is translated from another source text than the one of now"
    );
    assert_eq!(catalogue(&world, "de").await[0].2, "en");
    // Nor where the new source is in the same set.
    directly(&world, "en", &[("a", "One")]).await.unwrap();
    approved(&world, "en", &[("a", "Three")]).await;
    let refused = assert_refused(publish_set(&world).await, Code::InvalidArgument, "MESSAGE_INVALID");
    assert_eq!(refused.violations.len(), 1, "{refused:?}");
    assert_eq!(catalogue(&world, "en").await[0].1, "One");
}

#[tokio::test]
async fn lists_have_pages_and_filters() {
    let world = World::bare().await;
    let texts: Vec<(String, String)> = (0..7).map(|n| (format!("a.k{n}"), format!("Text {n}"))).collect();
    let texts: Vec<(&str, &str)> = texts.iter().map(|(k, t)| (k.as_str(), t.as_str())).collect();
    directly(&world, "en", &texts).await.unwrap();
    directly(&world, "en", &[("b.other", "Other")]).await.unwrap();
    save(&world, "anna", "de", &[("a.k3", "Text drei")]).await;
    let mut request = ListMessagesRequest {
        locale: "de".to_owned(),
        key_prefix: "a.".to_owned(),
        state: MessageState::Source.into(),
        page_size: 4,
        ..ListMessagesRequest::default()
    };
    let mut translations = world.translations(&translator("anna"));
    let mut found = Vec::new();
    loop {
        let answer = translations.list_messages(request.clone()).await.unwrap().into_inner();
        assert!(answer.messages.len() <= 4);
        found.extend(answer.messages.into_iter().map(|message| message.key));
        if answer.next_page_token.is_empty() {
            break;
        }
        request.page_token = answer.next_page_token;
    }
    assert_eq!(found, ["a.k0", "a.k1", "a.k2", "a.k4", "a.k5", "a.k6"]);
    let foreign = ListMessagesRequest {
        key_prefix: String::new(),
        ..request
    };
    assert_refused(
        translations.list_messages(foreign).await,
        Code::InvalidArgument,
        "PAGE_TOKEN_INVALID",
    );
    let none = ListMessageVersionsRequest {
        locale: "de".to_owned(),
        key: "a.k0".to_owned(),
        ..ListMessageVersionsRequest::default()
    };
    assert_refused(
        translations.list_message_versions(none).await,
        Code::NotFound,
        "MESSAGE_NOT_FOUND",
    );
}

#[tokio::test]
async fn only_those_who_may_write_do() {
    let world = World::bare().await;
    for caller in [anonymous(), customer(), partner()] {
        let answer = world
            .translations(&caller)
            .save_drafts(saving("en", &[("a", "A")]))
            .await;
        assert_refused(answer, Code::PermissionDenied, "CALLER_KIND_NOT_ALLOWED");
    }
    for caller in [staff(), operator()] {
        let answer = world
            .translations(&caller)
            .save_drafts(saving("en", &[("a", "A")]))
            .await;
        assert_refused(answer, Code::PermissionDenied, "SCOPE_MISSING");
    }
    let answer = world
        .translations(&translator("anna"))
        .save_drafts(saving("zh-TW", &[("a", "A")]))
        .await;
    assert_refused(answer, Code::NotFound, "LOCALE_NOT_FOUND");
    let answer = world
        .translations(&translator("anna"))
        .publish_set(super::set_request())
        .await;
    assert_refused(answer, Code::PermissionDenied, "CALLER_KIND_NOT_ALLOWED");
}
