//! Units and days: what another unit has of the one it replaced, what a proof changes, what held when.

use serde_json::json;
use support_proto::support::warranty::v1::proof_of_purchase_service_client::ProofOfPurchaseServiceClient;
use support_proto::support::warranty::v1::{
    CoverageOutcome, Damage, ListDecisionsAffectedRequest, ProofKind, PurchaseDateEvidence, ReplaceDeviceRequest,
    ReplacementReason, ReviewProofRequest, ReviewReason, SubmitProofRequest, UseKind,
};
use support_testing::publish_at;

use super::*;
use crate::world::day;

/// In none of the ranges of serial numbers of the service program.
const SECOND: &str = "HP17X00001";
const THIRD: &str = "HP17X00002";

impl Scene {
    async fn replace(&self, old: &Device, serial_number: &str, model_code: &str, on: i32) -> Device {
        let request = ReplaceDeviceRequest {
            request_id: self.request_id(),
            device_id: old.device_id.clone(),
            serial_number: serial_number.to_owned(),
            model_code: model_code.to_owned(),
            received_on: Some(day(2026, 3, on - 2)),
            replaced_on: Some(day(2026, 3, on)),
            reason: ReplacementReason::Repair.into(),
            ..ReplaceDeviceRequest::default()
        };
        let answer = self.life().replace_device(request).await.unwrap().into_inner();
        answer.replacement.unwrap()
    }

    /// Of a unit whose battery is worn, as its customer says.
    async fn decide_on_worn_battery(&self, serial_number: &str) -> CoverageDecision {
        let change = |request: &mut DecideCoverageRequest| {
            serial_number.clone_into(&mut request.serial_number);
            "battery-drains-fast".clone_into(&mut request.symptom);
        };
        self.decide(Damage::Wear, change).await
    }

    fn a_second_later(&self) {
        self.world.hand.advance(std::time::Duration::from_secs(1));
    }

    async fn decide_about(&self, damage: Damage, serial_number: &str) -> CoverageDecision {
        self.decide(damage, |request| serial_number.clone_into(&mut request.serial_number))
            .await
    }
}

#[tokio::test]
async fn another_unit_has_all_that_the_one_it_replaced_had() {
    let scene = Scene::of(
        "PHN-14-128",
        |_| (),
        |request| request.purchase_date = Some(day(2026, 2, 1)),
    )
    .await;
    let mut newer = priced("PHN-17-256");
    "phone-2025".clone_into(&mut newer.price_group);
    newer.release_date = Some(day(2026, 2, 20));
    scene.world.catalogue(&operator()).create_product(newer).await.unwrap();
    let plan = scene.plan("standard").await;
    let first = scene.decide(Damage::Accidental, |_| ()).await;
    scene.use_up(&first).await;
    let of_program = (UseKind::ServiceProgram, "battery-phone-14");
    let worn = scene.decide_on_worn_battery(SERIAL).await;
    assert_eq!(
        (worn.outcome(), uses(&worn)),
        (CoverageOutcome::ServiceProgram, of_program)
    );

    let second = scene.replace(&scene.device, SECOND, "PHN-17-256", 7).await;
    let accident = scene.decide_about(Damage::Accidental, SECOND).await;
    assert_eq!(answer(&accident), at(CoverageOutcome::Plan, "EUR", 10_499));
    assert_eq!(uses(&accident), (UseKind::Plan, plan.plan_id.as_str()));
    assert_eq!(
        (accident.incidents_left, &accident.device_id),
        (Some(1), &second.device_id)
    );
    assert_eq!(accident.price, Some(money("EUR", 79_900)), "of the model that it is");
    let fault = scene.decide_about(Damage::None, SECOND).await;
    assert_eq!(answer(&fault), free(CoverageOutcome::LimitedWarranty));
    assert_eq!(fault.covered_until, Some(day(2027, 2, 1)), "a year from the sale");
    let repaired = rule(&fault, "repair-warranty");
    assert!(repaired.applies, "{repaired:?}");
    assert_eq!(
        (repaired.from, repaired.until),
        (Some(day(2026, 3, 7)), Some(day(2026, 6, 5)))
    );
    // The program is for the batteries of another model, and of other serial numbers: those of the unit before.
    let worn = scene.decide_on_worn_battery(SECOND).await;
    assert_eq!(answer(&worn), free(CoverageOutcome::ServiceProgram));
    assert_eq!(uses(&worn), of_program);
    scene.use_up(&worn).await;
    // The first one has given its rights away.
    let retired = scene.decide_about(Damage::None, SERIAL).await;
    assert_eq!(retired.outcome(), CoverageOutcome::Refused);
    assert_eq!(why(&retired, "bar-replaced"), "replaced");

    // What was used on any of them was used. It is replaced at the same moment by the clock.
    scene.replace(&second, THIRD, "", 10).await;
    let worn = scene.decide_on_worn_battery(THIRD).await;
    assert_eq!(why(&worn, "battery-phone-14"), "program_used");
    assert_eq!(answer(&worn), free(CoverageOutcome::Plan), "the plan is there");
    let fault = scene.decide_about(Damage::None, THIRD).await;
    assert_eq!(fault.covered_until, Some(day(2027, 2, 1)));
    assert_eq!(rule(&fault, "repair-warranty").from, Some(day(2026, 3, 10)));
    let accident = scene.decide_about(Damage::Accidental, THIRD).await;
    assert_eq!(
        (accident.outcome(), accident.incidents_left),
        (CoverageOutcome::Plan, Some(1))
    );
    scene.use_up(&accident).await;
    let used_up = scene.decide_about(Damage::Accidental, THIRD).await;
    assert_eq!(answer(&used_up), at(CoverageOutcome::OutOfWarranty, "EUR", 79_900));
    assert_eq!(why(&used_up, "plan-standard"), "incidents_used_up");
    scene.all_made_again(10).await;
}

#[tokio::test]
async fn a_proof_of_purchase_changes_the_answer_and_names_the_decisions_before() {
    let scene = Scene::new(|request| {
        request.purchase_date = Some(day(2024, 2, 1));
        request.purchase_date_evidence = PurchaseDateEvidence::Estimated.into();
    })
    .await;
    let proofs = |caller| ProofOfPurchaseServiceClient::new(scene.world.door(&caller));
    let affected = async || {
        let request = ListDecisionsAffectedRequest {
            device_id: scene.device.device_id.clone(),
            ..ListDecisionsAffectedRequest::default()
        };
        let answer = proofs(staff()).list_decisions_affected(request).await;
        answer.unwrap().into_inner().decisions
    };
    let before = scene.decide(Damage::None, |_| ()).await;
    assert_eq!(answer(&before), at(CoverageOutcome::OutOfWarranty, "EUR", 64_900));
    assert_eq!(affected().await, []);
    let submit = SubmitProofRequest {
        request_id: scene.request_id(),
        device_id: scene.device.device_id.clone(),
        kind: ProofKind::Invoice.into(),
        purchase_date: Some(day(2024, 6, 15)),
        purchase_country_code: "DE".to_owned(),
        seller_reference: "STORE-7".to_owned(),
        document_reference: "documents/0198f2c4".to_owned(),
        ..SubmitProofRequest::default()
    };
    let proof = proofs(customer(scene.owner)).submit_proof(submit).await;
    let proof = proof.unwrap().into_inner().proof.unwrap();
    scene.a_second_later();
    let claimed = scene.decide(Damage::None, |_| ()).await;
    assert_eq!(claimed.outcome(), CoverageOutcome::OutOfWarranty, "a claim is no proof");
    let review = ReviewProofRequest {
        request_id: scene.request_id(),
        proof_id: proof.proof_id,
        reason: ReviewReason::ShowsSale.into(),
    };
    let reviewed = proofs(staff()).review_proof(review).await.unwrap().into_inner();
    assert_eq!(reviewed.decisions_affected, 2);

    scene.a_second_later();
    let after = scene.decide(Damage::None, |_| ()).await;
    assert_eq!(answer(&after), free(CoverageOutcome::StatutoryRight));
    assert_eq!(after.covered_until, Some(day(2026, 6, 15)));
    let listed = affected().await;
    let ids: Vec<_> = listed.iter().map(|decision| decision.decision_id.as_str()).collect();
    assert_eq!(ids, [&*claimed.decision_id, &*before.decision_id]);
    for decision in &listed {
        assert_eq!(decision.outcome(), CoverageOutcome::OutOfWarranty);
        assert_eq!(decision.purchase_date, Some(day(2024, 2, 1)));
    }
    scene.all_made_again(3).await;
}

#[tokio::test]
async fn each_day_has_what_held_on_it() {
    let scene = Scene::new(|request| request.purchase_date = Some(day(2024, 3, 1))).await;
    let on = async |day| {
        let change = |request: &mut DecideCoverageRequest| {
            request.day = Some(day);
            "battery".clone_into(&mut request.component);
        };
        scene.decide(Damage::None, change).await
    };
    for (day, outcome) in [
        (day(2024, 3, 1), CoverageOutcome::LimitedWarranty),
        (day(2025, 3, 1), CoverageOutcome::LimitedWarranty),
        (day(2025, 3, 2), CoverageOutcome::StatutoryRight),
        (day(2026, 3, 1), CoverageOutcome::StatutoryRight),
        (day(2026, 3, 2), CoverageOutcome::Goodwill),
        (day(2026, 4, 1), CoverageOutcome::OutOfWarranty),
        (day(2030, 12, 31), CoverageOutcome::OutOfWarranty),
    ] {
        assert_eq!(on(day).await.outcome(), outcome, "{day:?}");
    }
    let (yesterday, later) = (on(day(2026, 3, 9)).await, on(day(2026, 4, 20)).await);
    assert_eq!(answer(&later), at(CoverageOutcome::OutOfWarranty, "EUR", 9_900));

    // From today on good will goes further there.
    let more = json!({"goodwill": {"days": 60}});
    let now = scene.world.clock.now();
    publish_at(
        scene.world.channel(),
        "warranty/coverage-terms",
        "country/DE",
        &more,
        now,
    )
    .await;
    let then = on(day(2026, 3, 9)).await;
    assert_eq!(
        (&then.terms_version, then.covered_until),
        (&yesterday.terms_version, yesterday.covered_until)
    );
    let further = on(day(2026, 4, 20)).await;
    assert_eq!(answer(&further), free(CoverageOutcome::Goodwill));
    assert_eq!(further.covered_until, Some(day(2026, 4, 30)));
    assert!(further.terms_version.contains("country/DE@1"), "{further:?}");
    assert_ne!(further.terms_version, later.terms_version);
    scene.all_made_again(11).await;
}
