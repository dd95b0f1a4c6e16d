//! Cover from end to end: decisions in the reader's language, explained; a purchase date that is proven.

use support::session::Caller;
use support_chassis::day;
use support_chassis::error::explain;
use support_proto::support::localisation::v1::Direction;
use support_proto::support::warranty::v1::{
    AlternativeKind, CoverageDecision, CoverageExplanation, CoverageOutcome, Damage, DecideCoverageRequest, Device,
    ExplainCoverageRequest, FollowUpKind, ListDecisionsAffectedRequest, ProofKind, PurchaseDateEvidence,
    RegisterDeviceRequest, ReviewProofRequest, ReviewReason, Sentence, SubmitProofRequest,
};
use support_tests::people::{Agent, Customer, request_id, serial_number};
use support_tests::town::{Town, shared};
use time::{Date, Duration, OffsetDateTime};

fn today() -> Date {
    OffsetDateTime::now_utc().date()
}

/// A phone bought in Germany on this day.
async fn phone(caller: &Caller, bought: Date, evidence: PurchaseDateEvidence) -> Device {
    let asked = RegisterDeviceRequest {
        request_id: request_id(),
        model_code: "PHN-17-256".to_owned(),
        serial_number: serial_number(),
        purchase_country_code: "DE".to_owned(),
        purchase_date: Some(day::to_proto(bought)),
        purchase_date_evidence: evidence.into(),
        ..RegisterDeviceRequest::default()
    };
    let answer = caller.devices().register_device(asked).await.unwrap();
    answer.into_inner().device.unwrap()
}

async fn decide(caller: &Caller, serial_number: &str, damage: Damage, locale: &str) -> CoverageDecision {
    let asked = DecideCoverageRequest {
        request_id: request_id(),
        serial_number: serial_number.to_owned(),
        damage: damage.into(),
        locale: locale.to_owned(),
        ..DecideCoverageRequest::default()
    };
    let answer = caller.coverage().decide_coverage(asked).await.unwrap();
    answer.into_inner().decision.unwrap()
}

async fn explained(caller: &Caller, decision_id: &str, locale: &str) -> CoverageExplanation {
    let asked = ExplainCoverageRequest {
        decision_id: decision_id.to_owned(),
        locale: locale.to_owned(),
    };
    let answer = caller.explanations().explain_coverage(asked).await.unwrap();
    answer.into_inner().explanation.unwrap()
}

/// All sentences of an explanation.
fn sentences(explanation: &CoverageExplanation) -> Vec<&Sentence> {
    let decision = explanation.decision.as_ref().unwrap();
    let mut all: Vec<&Sentence> = decision.sentence.iter().collect();
    all.extend(decision.chain.iter().filter_map(|rule| rule.sentence.as_ref()));
    all.extend(&explanation.say);
    all.extend(
        explanation
            .ask
            .iter()
            .flat_map(|one| one.question.iter().chain(&one.because)),
    );
    all.extend(
        explanation
            .would_change
            .iter()
            .flat_map(|one| one.condition.iter().chain(&one.result)),
    );
    all.extend(
        explanation
            .remedies
            .iter()
            .flat_map(|one| one.steps.iter().chain(&one.facts)),
    );
    all.extend(&explanation.returns);
    all
}

/// Holds sentences against what a reader of `locale` must get.
fn are_whole(sentences: &[&Sentence], locale: &str) {
    assert!(sentences.len() > 5);
    for sentence in sentences {
        assert_eq!(sentence.locale, locale, "{}", sentence.key);
        assert!(
            sentence.degradations.is_empty(),
            "{}: {:?}",
            sentence.key,
            sentence.degradations
        );
        assert!(
            !sentence.text.contains(['{', '}', '$']) || sentence.text.contains("$4"),
            "{}",
            sentence.text
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_is_explained_in_japanese_and_arabic() {
    let town = shared();
    let customer = Customer::verified(town).await;
    let agent = Agent::at_work(town, &customer.language, 1).await;
    let device = phone(
        &customer.caller,
        today() - Duration::days(40),
        PurchaseDateEvidence::Declared,
    )
    .await;

    let decision = decide(&agent.caller, &device.serial_number, Damage::None, "ja-JP").await;
    assert_eq!(decision.outcome(), CoverageOutcome::LimitedWarranty);
    let said = decision.sentence.clone().unwrap();
    assert!(
        said.text
            .starts_with("当社の製品限定保証により、修理は無償です。期限は"),
        "{}",
        said.text
    );
    assert!(
        said.text.contains(&format!("残り{}日", decision.days_remaining)),
        "{}",
        said.text
    );

    for (locale, direction) in [("ja", Direction::LeftToRight), ("ar", Direction::RightToLeft)] {
        let explanation = explained(&agent.caller, &decision.decision_id, locale).await;
        let sentences = sentences(&explanation);
        are_whole(&sentences, locale);
        assert!(sentences.iter().all(|sentence| sentence.direction() == direction));
        // The law of the country of purchase, in its order, whatever language it is told in.
        let law = &explanation.remedies[0];
        assert_eq!(law.steps.len(), 2, "{:?}", law.steps);
        // It would cost something had it fallen: so that is asked.
        assert!(explanation.ask.iter().any(|one| one.kind() == FollowUpKind::Damage));
        assert!(
            explanation
                .ask
                .iter()
                .all(|one| one.kind() != FollowUpKind::ProofOfPurchase)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_of_purchase_is_asked_for_where_it_helps_and_puts_the_decision_right() {
    let town = shared();
    let customer = Customer::verified(town).await;
    let agent = Agent::at_work(town, &customer.language, 1).await;
    let reviewer = Agent::at_work(town, &customer.language, 1).await;
    // By the estimate every period is over; the model was sold since before.
    let asked = RegisterDeviceRequest {
        request_id: request_id(),
        model_code: "PHN-14-128".to_owned(),
        serial_number: serial_number(),
        purchase_country_code: "DE".to_owned(),
        purchase_date: Some(day::to_proto(today() - Duration::days(3 * 365))),
        purchase_date_evidence: PurchaseDateEvidence::Estimated.into(),
        ..RegisterDeviceRequest::default()
    };
    let device = customer.caller.devices().register_device(asked).await.unwrap();
    let device = device.into_inner().device.unwrap();
    let before = decide(&agent.caller, &device.serial_number, Damage::None, "").await;
    assert!(
        matches!(
            before.outcome(),
            CoverageOutcome::OutOfWarranty | CoverageOutcome::Goodwill
        ),
        "{:?}",
        before.outcome()
    );
    let explanation = explained(&agent.caller, &before.decision_id, "en").await;
    are_whole(&sentences(&explanation), "en");
    assert_eq!(explanation.ask[0].kind(), FollowUpKind::ProofOfPurchase);
    let change = explanation
        .would_change
        .iter()
        .find(|one| one.kind() == AlternativeKind::ProofOfPurchase)
        .unwrap();
    assert!(change.better);
    let from = day::from_proto(&change.purchased_from.unwrap()).unwrap();

    // The receipt shows that very day; somebody else reviews it.
    let submit = SubmitProofRequest {
        request_id: request_id(),
        device_id: device.device_id.clone(),
        kind: ProofKind::Receipt.into(),
        purchase_date: Some(day::to_proto(from)),
        purchase_country_code: "DE".to_owned(),
        document_reference: format!("receipts/{}", request_id()),
        ..SubmitProofRequest::default()
    };
    let proof = agent.caller.proofs().submit_proof(submit).await.unwrap();
    let review = ReviewProofRequest {
        request_id: request_id(),
        proof_id: proof.into_inner().proof.unwrap().proof_id,
        reason: ReviewReason::ShowsSale.into(),
    };
    let own = agent.caller.proofs().review_proof(review.clone()).await.unwrap_err();
    assert_eq!(explain(&own).reason, "WARRANTY_ERROR_REASON_REVIEWER_INVOLVED");
    let reviewed = reviewer.caller.proofs().review_proof(review).await.unwrap();
    assert_eq!(reviewed.into_inner().decisions_affected, 1);
    let affected = ListDecisionsAffectedRequest {
        device_id: device.device_id.clone(),
        ..ListDecisionsAffectedRequest::default()
    };
    let affected = reviewer
        .caller
        .proofs()
        .list_decisions_affected(affected)
        .await
        .unwrap();
    let ids: Vec<_> = affected
        .into_inner()
        .decisions
        .into_iter()
        .map(|one| one.decision_id)
        .collect();
    assert_eq!(ids, [before.decision_id.clone()]);

    // The decision stays as it was made, and its explanation says that another is due; that one is as was foretold.
    let explanation = explained(&agent.caller, &before.decision_id, "en").await;
    let keys: Vec<_> = explanation.say.iter().map(|sentence| sentence.key.as_str()).collect();
    assert!(keys.contains(&"coverage.say.date_corrected"), "{keys:?}");
    assert!(
        explanation
            .ask
            .iter()
            .all(|one| one.kind() != FollowUpKind::ProofOfPurchase)
    );
    let after = decide(&agent.caller, &device.serial_number, Damage::None, "").await;
    assert_eq!((after.outcome(), after.pays), (change.outcome(), change.pays.clone()));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_localisation_decisions_are_made_and_say_what_they_lack() {
    let town = Town::build(
        "wordless",
        "[warranty.peers]\nlocalisation = [\"http://127.0.0.1:9\"]\n",
    );
    let customer = Customer::verified(&town).await;
    let agent = Agent::at_work(&town, &customer.language, 1).await;
    let device = phone(
        &customer.caller,
        today() - Duration::days(40),
        PurchaseDateEvidence::Declared,
    )
    .await;
    let decision = decide(&agent.caller, &device.serial_number, Damage::None, "de").await;
    assert_eq!(decision.outcome(), CoverageOutcome::LimitedWarranty);
    let said = decision.sentence.unwrap();
    assert_eq!(said.key, "coverage.said.limited_warranty_until");
    assert_eq!(
        (said.text.as_str(), &said.degradations[..]),
        ("", &["words".to_owned()][..])
    );
    assert_eq!(said.arguments[0].date, decision.covered_until);
    let explanation = explained(&agent.caller, &decision.decision_id, "de").await;
    assert!(
        sentences(&explanation)
            .iter()
            .all(|sentence| sentence.degradations == ["words"])
    );
}
