//! Decisions in words, and explained.

use std::time::Instant;

use support_proto::support::options::v1::CallerKind;
use support_proto::support::warranty::v1::explanation_service_client::ExplanationServiceClient;
use support_proto::support::warranty::v1::{
    AlternativeKind, CoverageDecision, CoverageExplanation, CoverageOutcome, Damage, DecideCoverageRequest,
    ExplainCoverageRequest, FollowUpKind, GetCoverageDecisionRequest, PurchaseDateEvidence, Sentence,
};
use support_testing::LIMIT;
use tonic::Code;

use crate::words;
use crate::world::{World, customer, day, partner, refused, request_id, staff, violated};

fn ask(number: u64, serial_number: &str, locale: &str) -> DecideCoverageRequest {
    DecideCoverageRequest {
        request_id: request_id(number),
        serial_number: serial_number.to_owned(),
        day: Some(day(2026, 3, 10)),
        damage: Damage::None.into(),
        locale: locale.to_owned(),
        ..DecideCoverageRequest::default()
    }
}

async fn decide(world: &World, request: DecideCoverageRequest) -> CoverageDecision {
    let answer = world.coverage(&staff()).decide_coverage(request).await;
    answer.unwrap().into_inner().decision.unwrap()
}

async fn explain(world: &World, decision_id: &str, locale: &str) -> CoverageExplanation {
    let request = ExplainCoverageRequest {
        decision_id: decision_id.to_owned(),
        locale: locale.to_owned(),
    };
    ExplanationServiceClient::new(world.door(&staff()))
        .explain_coverage(request)
        .await
        .unwrap()
        .into_inner()
        .explanation
        .unwrap()
}

fn sentences(decision: &CoverageDecision) -> Vec<&Sentence> {
    decision
        .sentence
        .iter()
        .chain(decision.chain.iter().filter_map(|rule| rule.sentence.as_ref()))
        .collect()
}

fn keys(sentences: &[Sentence]) -> Vec<&str> {
    sentences.iter().map(|sentence| sentence.key.as_str()).collect()
}

/// The decision once it has words: they are on their way when a service starts.
async fn decide_in_words(world: &World, request: DecideCoverageRequest) -> CoverageDecision {
    let limit = Instant::now() + LIMIT;
    loop {
        let decision = decide(world, request.clone()).await;
        let said = decision.sentence.as_ref().unwrap();
        if said.degradations.is_empty() {
            return decision;
        }
        assert_eq!(said.degradations, ["words"]);
        assert!(Instant::now() < limit, "no words came");
    }
}

#[tokio::test]
async fn a_decision_is_said_in_the_language_that_was_asked_for() {
    let (address, localisation) = words::serve().await;
    let world = World::start_with_words(&address).await;
    world.product("PHN-12-128").await;
    world.device("WRDS00000001", |_| {}).await;
    let decision = decide_in_words(&world, ask(1, "WRDS00000001", "ja")).await;
    let said = decision.sentence.clone().unwrap();
    assert_eq!(said.key, words::WITH_VALUES);
    assert_eq!(said.text, format!("ja: {} (2027/03/01 356)", words::WITH_VALUES));
    assert_eq!((said.locale.as_str(), said.version), ("ja", 1));
    assert_eq!(said.arguments[0].date, Some(day(2027, 3, 1)));
    assert_eq!(said.arguments[1].number, Some(356.0));
    // Every rule has its own, in the same language.
    assert!(decision.chain.len() > 2);
    for rule in &decision.chain {
        let sentence = rule.sentence.as_ref().unwrap();
        assert!(sentence.text.starts_with("ja: coverage.rule."), "{}", sentence.text);
        assert_eq!(sentence.arguments[1].text.as_deref(), Some(rule.source.as_str()));
    }
    // Sent again, the same decision with its words.
    assert_eq!(decide(&world, ask(1, "WRDS00000001", "ja")).await, decision);
    // In another language, and in none where nobody asks.
    let read = |locale: &str| GetCoverageDecisionRequest {
        decision_id: decision.decision_id.clone(),
        locale: locale.to_owned(),
    };
    let german = world
        .coverage(&staff())
        .get_coverage_decision(read("de"))
        .await
        .unwrap();
    let german = german.into_inner().decision.unwrap();
    assert!(sentences(&german).iter().all(|sentence| sentence.locale == "de"));
    let plain = world.coverage(&staff()).get_coverage_decision(read("")).await.unwrap();
    assert!(sentences(&plain.into_inner().decision.unwrap()).is_empty());
    // All of that from memory: localisation was asked once, for its catalogues.
    assert_eq!(localisation.asked().len(), 1);
    // Other words are there soon, and say that they are others.
    localisation.publish(
        "ja",
        [(words::WITH_VALUES, "別の文 {$until :date length=short} {$days}")],
    );
    let limit = Instant::now() + LIMIT;
    let again = loop {
        let said = decide(&world, ask(1, "WRDS00000001", "ja")).await.sentence.unwrap();
        if said.version == 2 {
            break said;
        }
        assert!(Instant::now() < limit, "the words stay as they were");
    };
    assert_eq!(again.text, "別の文 2027/03/01 356");
    assert_eq!(
        violated(
            world
                .coverage(&staff())
                .decide_coverage(ask(2, "WRDS00000001", "not a tag"))
                .await
        ),
        ["locale"]
    );
}

#[tokio::test]
async fn without_localisation_a_decision_has_keys_and_values_and_says_so() {
    let (address, localisation) = words::serve().await;
    localisation.fail(true);
    let world = World::start_with_words(&address).await;
    world.product("PHN-12-128").await;
    world.device("WRDS00000002", |_| {}).await;
    let decision = decide(&world, ask(1, "WRDS00000002", "de")).await;
    assert_eq!(decision.outcome(), CoverageOutcome::StatutoryRight);
    for sentence in sentences(&decision) {
        assert_eq!((sentence.text.as_str(), sentence.locale.as_str()), ("", ""));
        assert_eq!(
            (sentence.degradations.as_slice(), sentence.version),
            (["words".to_owned()].as_slice(), 0)
        );
        assert!(!sentence.key.is_empty() && !sentence.arguments.is_empty());
    }
    // One that never answers is not waited for.
    localisation.hang(true);
    localisation.fail(false);
    let decision = decide(&world, ask(2, "WRDS00000002", "de")).await;
    assert_eq!(decision.sentence.unwrap().degradations, ["words"]);
    // When it is back, the same decision has words, and keeps them when it goes again.
    localisation.hang(false);
    let again = decide_in_words(&world, ask(2, "WRDS00000002", "de")).await;
    assert!(again.sentence.as_ref().unwrap().text.starts_with("de: "));
    localisation.fail(true);
    assert_eq!(decide(&world, ask(2, "WRDS00000002", "de")).await, again);
}

#[tokio::test]
async fn a_receipt_is_asked_for_only_where_it_can_make_the_answer_better() {
    let world = World::start().await;
    world.product("PHN-12-128").await;
    // Out of every period by the estimate, yet registered only now.
    for (serial, evidence) in [
        ("EVDN00000001", PurchaseDateEvidence::Estimated),
        ("EVDN00000002", PurchaseDateEvidence::Proven),
    ] {
        world
            .device(serial, |request| {
                request.purchase_date = Some(day(2023, 5, 4));
                request.purchase_date_evidence = evidence.into();
            })
            .await;
    }
    // Covered by the estimate: nothing hangs on a receipt.
    world
        .device("EVDN00000003", |request| {
            request.purchase_date = Some(day(2025, 12, 1));
            request.purchase_date_evidence = PurchaseDateEvidence::Estimated.into();
        })
        .await;
    let mut asked = Vec::new();
    for (number, serial) in (10..).zip(["EVDN00000001", "EVDN00000002", "EVDN00000003"]) {
        let decision = decide(&world, ask(number, serial, "")).await;
        let explanation = explain(&world, &decision.decision_id, "").await;
        assert!(explanation.rules_at_hand);
        let proof = explanation
            .ask
            .iter()
            .find(|one| one.kind() == FollowUpKind::ProofOfPurchase);
        asked.push(proof.is_some());
        let estimated = keys(&explanation.say).contains(&"coverage.say.date_estimated");
        assert_eq!(estimated, serial != "EVDN00000002", "{serial}");
        if serial == "EVDN00000001" {
            let change = explanation
                .would_change
                .iter()
                .find(|one| one.kind() == AlternativeKind::ProofOfPurchase)
                .unwrap();
            // The German law gives two years: bought on this day, the tenth of March 2026 is its last day.
            assert_eq!(change.purchased_from, Some(day(2024, 3, 10)));
            assert!(change.better);
            assert_eq!(change.outcome(), CoverageOutcome::StatutoryRight);
            assert_eq!(
                keys(&proof.unwrap().because),
                ["coverage.change.proof", "coverage.result.free"]
            );
        }
    }
    assert_eq!(asked, [true, false, false]);
}

#[tokio::test]
async fn an_explanation_says_what_to_say_and_what_the_law_gives_in_which_order() {
    let (address, _) = words::serve().await;
    let world = World::start_with_words(&address).await;
    world.product("PHN-12-128").await;
    world
        .device("XPLN00000001", |request| request.purchase_date = Some(day(2026, 3, 1)))
        .await;
    decide_in_words(&world, ask(20, "XPLN00000001", "es")).await;
    let decision = decide(&world, ask(21, "XPLN00000001", "")).await;
    let explanation = explain(&world, &decision.decision_id, "es").await;
    assert_eq!(
        keys(&explanation.say),
        ["coverage.said.limited_warranty_until", "coverage.say.rights_remain"]
    );
    let law = &explanation.remedies[0];
    assert_eq!(
        keys(&law.steps),
        ["coverage.law.step_choice", "coverage.law.step_choice"]
    );
    assert!(
        keys(&law.facts).contains(&"coverage.law.burden_until"),
        "{:?}",
        keys(&law.facts)
    );
    assert!(!explanation.returns.is_empty());
    // Had it fallen, it would cost something: that is asked, and what hangs on it is said.
    let damage = explanation
        .ask
        .iter()
        .find(|one| one.kind() == FollowUpKind::Damage)
        .unwrap();
    assert!(keys(&damage.because).contains(&"coverage.change.damage_accidental"));
    let every = explanation
        .say
        .iter()
        .chain(&law.steps)
        .chain(&law.facts)
        .chain(&explanation.returns)
        .chain(explanation.decision.iter().flat_map(sentences));
    for sentence in every {
        assert!(sentence.text.starts_with("es: "), "{}", sentence.key);
    }
}

#[tokio::test]
async fn who_may_not_see_a_decision_gets_no_explanation() {
    let world = World::start().await;
    world.product("PHN-12-128").await;
    let owner = world.customer();
    world
        .device("XPLN00000002", |request| request.owner_customer_id = owner.to_string())
        .await;
    let decision = decide(&world, ask(30, "XPLN00000002", "")).await;
    let request = |decision_id: &str| ExplainCoverageRequest {
        decision_id: decision_id.to_owned(),
        locale: String::new(),
    };
    let asked = |caller| ExplanationServiceClient::new(world.door(&caller));
    refused(
        asked(partner("other"))
            .explain_coverage(request(&decision.decision_id))
            .await,
        Code::NotFound,
        "WARRANTY_ERROR_REASON_DECISION_NOT_FOUND",
    );
    refused(
        asked(customer(owner))
            .explain_coverage(request(&decision.decision_id))
            .await,
        Code::PermissionDenied,
        "COMMON_ERROR_REASON_CALLER_KIND_NOT_ALLOWED",
    );
    let nothing = format!("eu-{}", request_id(1));
    assert_eq!(
        violated(asked(staff()).explain_coverage(request(&nothing)).await),
        ["decision_id"]
    );
    assert_eq!(staff().kind, CallerKind::Staff);
}
