//! Cover from end to end: a plan that is bought and used up, a purchase date that is proven, decisions in the reader's language.

use support::session::Caller;
use support_chassis::day;
use support_chassis::error::explain;
use support_proto::support::localisation::v1::Direction;
use support_proto::support::repair::v1::{
    FinishRepairRequest, ReceiveDeviceRequest, RecordDiagnosisRequest, RepairOutcome, ReturnDeviceRequest,
    StartRepairRequest, SubmitRepairRequest,
};
use support_proto::support::warranty::v1::{
    AlternativeKind, CoverageDecision, CoverageExplanation, CoverageOutcome, Damage, DecideCoverageRequest, Device,
    EnrolPlanRequest, Entitlement, EntitlementState, ExplainCoverageRequest, FollowUpKind,
    ListDecisionsAffectedRequest, ListEntitlementsRequest, PaymentKind, Plan, PlanPaymentOutcome, ProofKind,
    PurchaseDateEvidence, QuotePlanRequest, RecordPlanPaymentRequest, RegisterDeviceRequest, ReserveEntitlementRequest,
    ReviewProofRequest, ReviewReason, Sentence, SubmitProofRequest,
};
use support_tests::people::{Agent, Customer, partner, request_id, serial_number};
use support_tests::town::{Town, shared};
use support_tests::wait::until;
use time::{Date, Duration, OffsetDateTime};
use tonic::Code;

fn today() -> Date {
    #[expect(clippy::disallowed_methods, reason = "the system under test runs by the real clock")]
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
    let colleague = Agent::at_work(town, &customer.language, 1).await;
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
    let reviewed = colleague.caller.proofs().review_proof(review).await.unwrap();
    assert_eq!(reviewed.into_inner().decisions_affected, 1);
    let affected = ListDecisionsAffectedRequest {
        device_id: device.device_id.clone(),
        ..ListDecisionsAffectedRequest::default()
    };
    let affected = colleague
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
    assert_eq!(ids, std::slice::from_ref(&before.decision_id));

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

/// Buys a plan for a device, and has it paid.
async fn plan(town: &Town, customer: &Customer, device: &Device) -> Plan {
    let quote = QuotePlanRequest {
        request_id: request_id(),
        device_id: device.device_id.clone(),
        kind: "standard".to_owned(),
        ..QuotePlanRequest::default()
    };
    let quote = customer.caller.plans().quote_plan(quote).await.unwrap();
    let enrol = EnrolPlanRequest {
        request_id: request_id(),
        quote_id: quote.into_inner().quote.unwrap().quote_id,
        ..EnrolPlanRequest::default()
    };
    let plan = customer.caller.plans().enrol_plan(enrol).await.unwrap();
    let plan = plan.into_inner().plan.unwrap();
    let payment = RecordPlanPaymentRequest {
        request_id: request_id(),
        plan_id: plan.plan_id.clone(),
        payment_reference: request_id(),
        outcome: PlanPaymentOutcome::Paid.into(),
        amount: plan.due.unwrap().amount,
    };
    let paid = town.operator().plans().record_plan_payment(payment).await.unwrap();
    paid.into_inner().plan.unwrap()
}

async fn entitlements(caller: &Caller, device_id: &str) -> Vec<Entitlement> {
    let asked = ListEntitlementsRequest {
        device_id: device_id.to_owned(),
        ..ListEntitlementsRequest::default()
    };
    let listed = caller.entitlements().list_entitlements(asked).await.unwrap();
    listed.into_inner().entitlements
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_pays_for_its_repairs_and_not_for_one_more() {
    let town = shared();
    let customer = Customer::verified(town).await;
    let agent = Agent::at_work(town, &customer.language, 1).await;
    let device = phone(
        &customer.caller,
        today() - Duration::days(10),
        PurchaseDateEvidence::Declared,
    )
    .await;
    let serial = &device.serial_number;

    // Without a plan a fall costs the price, and the explanation says what a plan would have changed.
    let without = decide(&agent.caller, serial, Damage::Accidental, "").await;
    assert_eq!(without.outcome(), CoverageOutcome::OutOfWarranty);
    let explanation = explained(&agent.caller, &without.decision_id, "de").await;
    assert!(
        explanation
            .would_change
            .iter()
            .any(|one| one.kind() == AlternativeKind::Plan)
    );
    are_whole(&sentences(&explanation), "de");

    let plan = plan(town, &customer, &device).await;
    let decision = decide(&agent.caller, serial, Damage::Accidental, "ja").await;
    assert_eq!(decision.outcome(), CoverageOutcome::Plan);
    let pays = decision.pays.clone().unwrap();
    assert_eq!(pays.kind(), PaymentKind::Amount);
    assert!(pays.amount.unwrap().minor_units < without.pays.unwrap().amount.unwrap().minor_units);
    assert_eq!(decision.incidents_left, Some(2));
    let said = decision.sentence.unwrap();
    assert!(said.text.contains("サービス料"), "{}", said.text);

    // A repair under the plan holds one of its two, and uses it once the device is back.
    let case = customer.opens("It fell down the stairs").await;
    let (workshop, _) = partner(town, "nordlicht-service").await;
    let mut repairs = workshop.repairs();
    let order = SubmitRepairRequest {
        request_id: request_id(),
        case_id: case.case_id,
        provider_code: "ASP-BER-01".to_owned(),
        serial_number: serial.clone(),
        problem: "The display is cracked".to_owned(),
        language: "en".to_owned(),
        damage: Damage::Accidental.into(),
        partner_reference: request_id(),
        ..SubmitRepairRequest::default()
    };
    let submitted = until("the workshop's system has heard of the case", async || {
        repairs.submit_repair(order.clone()).await.ok()
    })
    .await;
    let repair_id = submitted.into_inner().repair.unwrap().repair_id;
    let held = until("the repair holds a repair of the plan", async || {
        let held = entitlements(&agent.caller, &device.device_id).await.pop()?;
        (held.repair_id == repair_id).then_some(held)
    })
    .await;
    assert_eq!(
        (held.outcome(), held.state()),
        (CoverageOutcome::Plan, EntitlementState::Reserved)
    );
    assert_eq!((held.plan_id.as_str(), held.limit), (plan.plan_id.as_str(), 2));

    let receive = ReceiveDeviceRequest {
        request_id: request_id(),
        repair_id: repair_id.clone(),
        ..ReceiveDeviceRequest::default()
    };
    repairs.receive_device(receive).await.unwrap();
    let diagnose = RecordDiagnosisRequest {
        request_id: request_id(),
        repair_id: repair_id.clone(),
        diagnosis_code: "DISPLAY-CRACKED".to_owned(),
        ..RecordDiagnosisRequest::default()
    };
    repairs.record_diagnosis(diagnose).await.unwrap();
    let start = StartRepairRequest {
        request_id: request_id(),
        repair_id: repair_id.clone(),
        ..StartRepairRequest::default()
    };
    repairs.start_repair(start).await.unwrap();
    let finish = FinishRepairRequest {
        request_id: request_id(),
        repair_id: repair_id.clone(),
        outcome: RepairOutcome::Repaired.into(),
        ..FinishRepairRequest::default()
    };
    repairs.finish_repair(finish).await.unwrap();
    let give_back = ReturnDeviceRequest {
        request_id: request_id(),
        repair_id: repair_id.clone(),
        ..ReturnDeviceRequest::default()
    };
    repairs.return_device(give_back).await.unwrap();
    until("the repair of the plan is used", async || {
        let used = entitlements(&agent.caller, &device.device_id).await.pop()?;
        (used.state() == EntitlementState::Committed).then_some(())
    })
    .await;

    // Two repairs at once want the last one, and one gets it.
    let first = decide(&agent.caller, serial, Damage::Accidental, "").await;
    let second = decide(&agent.caller, serial, Damage::Accidental, "").await;
    assert_eq!((first.incidents_left, second.incidents_left), (Some(1), Some(1)));
    let reserve = |decision: &CoverageDecision| {
        let asked = ReserveEntitlementRequest {
            request_id: request_id(),
            decision_id: decision.decision_id.clone(),
            ..ReserveEntitlementRequest::default()
        };
        let mut entitlements = agent.caller.entitlements();
        async move { entitlements.reserve_entitlement(asked).await }
    };
    let (one, other) = tokio::join!(reserve(&first), reserve(&second));
    let refused = match (one, other) {
        (Ok(_), Err(refused)) | (Err(refused), Ok(_)) => refused,
        both => panic!("the last repair of the plan was given out otherwise than once: {both:?}"),
    };
    let refused = explain(&refused);
    assert_eq!(refused.reason, "WARRANTY_ERROR_REASON_ENTITLEMENT_USED_UP");
    assert_ne!(refused.code, Code::Internal);

    // After that a fall costs the price again, and the chain says why the plan does not pay.
    let after = decide(&agent.caller, serial, Damage::Accidental, "en").await;
    assert_eq!(after.outcome(), CoverageOutcome::OutOfWarranty);
    let why = after
        .chain
        .iter()
        .find(|rule| rule.outcome() == CoverageOutcome::Plan)
        .unwrap();
    assert_eq!(why.reason_key, "coverage.reason.incidents_used_up");
    assert!(why.sentence.as_ref().unwrap().text.contains("used up"));
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
