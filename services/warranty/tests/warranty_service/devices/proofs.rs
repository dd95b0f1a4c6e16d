//! Proofs of purchase: two people, one correction, and the decisions that were made before it.

use support_chassis::call::Caller;
use support_proto::support::warranty::v1::{
    Damage, DecideCoverageRequest, Device, DeviceActivated, DevicePurchaseCorrected, GetProofRequest,
    ListDecisionsAffectedRequest, ListProofsRequest, ProofEnded, ProofKind, ProofOfPurchase, ProofState,
    PurchaseDateEvidence, RecordActivationRequest, ReplaceDeviceRequest, ReplacementReason, ReviewProofRequest,
    ReviewProofResponse, ReviewReason, SubmitProofRequest, WithdrawProofRequest,
};
use tonic::{Code, Status};

use super::hands::{colleague, fresh, life, proofs, rows, seen};
use crate::world::{World, customer, day, operator, partner, refused, service, staff, violated};

fn proof_of(world: &World, device: &Device) -> SubmitProofRequest {
    SubmitProofRequest {
        request_id: fresh(world),
        device_id: device.device_id.clone(),
        kind: ProofKind::Invoice.into(),
        purchase_date: Some(day(2025, 6, 15)),
        purchase_country_code: "AT".to_owned(),
        seller_reference: "STORE-7".to_owned(),
        document_reference: "documents/0198f2c4".to_owned(),
        ..SubmitProofRequest::default()
    }
}

async fn submit(world: &World, caller: &Caller, request: SubmitProofRequest) -> Result<ProofOfPurchase, Status> {
    Ok(proofs(world, caller)
        .submit_proof(request)
        .await?
        .into_inner()
        .proof
        .unwrap())
}

async fn review(
    world: &World,
    caller: &Caller,
    proof: &ProofOfPurchase,
    reason: ReviewReason,
) -> Result<ReviewProofResponse, Status> {
    let request = ReviewProofRequest {
        request_id: fresh(world),
        proof_id: proof.proof_id.clone(),
        reason: reason.into(),
    };
    Ok(proofs(world, caller).review_proof(request).await?.into_inner())
}

async fn decide(world: &World, serial_number: &str) -> String {
    let asked = DecideCoverageRequest {
        request_id: fresh(world),
        serial_number: serial_number.to_owned(),
        damage: Damage::None.into(),
        ..DecideCoverageRequest::default()
    };
    world
        .coverage(&staff())
        .decide_coverage(asked)
        .await
        .unwrap()
        .into_inner()
        .decision
        .unwrap()
        .decision_id
}

async fn affected(world: &World, device: &Device) -> Vec<String> {
    let request = ListDecisionsAffectedRequest {
        device_id: device.device_id.clone(),
        ..ListDecisionsAffectedRequest::default()
    };
    let listed = proofs(world, &staff())
        .list_decisions_affected(request)
        .await
        .unwrap()
        .into_inner()
        .decisions;
    listed.into_iter().map(|decision| decision.decision_id).collect()
}

#[tokio::test]
async fn a_proof_that_another_person_accepts_corrects_the_purchase() {
    let world = World::start().await;
    world.product("PHN-12-128").await;
    let owner = world.customer();
    let device = world
        .device("AAAA0001", |request| {
            request.owner_customer_id = owner.to_string();
            request.purchase_date_evidence = PurchaseDateEvidence::Estimated.into();
        })
        .await;
    // The unit that came in its place has the same sale, and so the same proof.
    let replace = ReplaceDeviceRequest {
        request_id: fresh(&world),
        device_id: device.device_id.clone(),
        serial_number: "AAAA0002".to_owned(),
        reason: ReplacementReason::Repair.into(),
        replaced_on: Some(day(2026, 3, 5)),
        ..ReplaceDeviceRequest::default()
    };
    let before_replacement = decide(&world, "AAAA0001").await;
    let new = life(&world, &staff())
        .replace_device(replace)
        .await
        .unwrap()
        .into_inner()
        .replacement
        .unwrap();
    world.hand.advance(std::time::Duration::from_secs(1));
    let after_replacement = decide(&world, "AAAA0002").await;
    assert!(affected(&world, &new).await.is_empty());

    let mut request = proof_of(&world, &new);
    request.case_agent_id = "agent-7".to_owned();
    assert_eq!(
        violated(submit(&world, &customer(owner), request).await),
        ["case_agent_id"]
    );
    let proof = submit(&world, &customer(owner), proof_of(&world, &new)).await.unwrap();
    assert_eq!(proof.state(), ProofState::Submitted);
    let before = rows(&world).await;
    let again = submit(&world, &staff(), proof_of(&world, &new)).await;
    refused(again, Code::FailedPrecondition, "WARRANTY_ERROR_REASON_PROOF_PENDING");
    assert_eq!(rows(&world).await, before);
    assert_eq!(
        seen(&world, &new.device_id).await.purchase_date,
        Some(day(2025, 3, 1)),
        "a claim is no proof"
    );

    let answer = review(&world, &staff(), &proof, ReviewReason::ShowsSale).await.unwrap();
    assert_eq!(answer.decisions_affected, 2);
    assert_eq!(answer.proof.unwrap().state(), ProofState::Accepted);
    for id in [&device.device_id, &new.device_id] {
        let now = seen(&world, id).await;
        assert_eq!(
            (
                now.purchase_date,
                now.purchase_country_code.as_str(),
                now.purchase_date_evidence()
            ),
            (Some(day(2025, 6, 15)), "AT", PurchaseDateEvidence::Proven)
        );
        assert_eq!(now.seller_reference, "STORE-7");
    }
    assert_eq!(affected(&world, &device).await, [after_replacement, before_replacement]);
    world.hand.advance(std::time::Duration::from_secs(1));
    decide(&world, "AAAA0002").await;
    assert_eq!(
        affected(&world, &new).await.len(),
        2,
        "what was decided since stands on the right day"
    );
    let events = world.events::<DevicePurchaseCorrected>(1).await;
    assert_eq!(
        (events[0].proof_id.as_str(), events[0].decisions_affected),
        (proof.proof_id.as_str(), 2)
    );
    let late = review(&world, &colleague(), &proof, ReviewReason::NotGenuine).await;
    refused(late, Code::FailedPrecondition, "WARRANTY_ERROR_REASON_PROOF_STATE");
}

#[tokio::test]
async fn nobody_reviews_what_they_submitted_or_whose_case_it_is() {
    let world = World::start().await;
    world.product("PHN-12-128").await;
    let device = world.device("AAAA0001", |_| ()).await;
    let proof = submit(&world, &staff(), proof_of(&world, &device)).await.unwrap();
    let mut theirs = proof_of(&world, &device);
    let before = rows(&world).await;
    let involved = "WARRANTY_ERROR_REASON_REVIEWER_INVOLVED";
    for reason in [ReviewReason::ShowsSale, ReviewReason::Illegible] {
        refused(
            review(&world, &staff(), &proof, reason).await,
            Code::PermissionDenied,
            involved,
        );
    }
    let unknown = ProofOfPurchase {
        proof_id: device.device_id.clone(),
        ..proof.clone()
    };
    refused(
        review(&world, &staff(), &unknown, ReviewReason::Illegible).await,
        Code::NotFound,
        "WARRANTY_ERROR_REASON_PROOF_NOT_FOUND",
    );
    assert_eq!(rows(&world).await, before);
    let rejected = review(&world, &colleague(), &proof, ReviewReason::NotGenuine)
        .await
        .unwrap();
    assert_eq!(rejected.proof.unwrap().state(), ProofState::Rejected);
    assert_eq!(seen(&world, &device.device_id).await, device, "nothing is corrected");

    theirs.case_agent_id = "agent-8".to_owned();
    let proof = submit(&world, &staff(), theirs).await.unwrap();
    refused(
        review(&world, &colleague(), &proof, ReviewReason::ShowsSale).await,
        Code::PermissionDenied,
        involved,
    );
    // Who sees it: who submitted it, staff, nobody else.
    let get = || GetProofRequest {
        proof_id: proof.proof_id.clone(),
    };
    for stranger in [customer(world.customer()), partner("asp-berlin")] {
        let read = proofs(&world, &stranger).get_proof(get()).await;
        refused(read, Code::NotFound, "WARRANTY_ERROR_REASON_PROOF_NOT_FOUND");
    }
    assert_eq!(
        proofs(&world, &operator())
            .get_proof(get())
            .await
            .unwrap()
            .into_inner()
            .proof,
        Some(proof.clone())
    );
    let waiting = proofs(&world, &staff())
        .list_proofs(ListProofsRequest::default())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(waiting.proofs, std::slice::from_ref(&proof));
    let withdraw = || WithdrawProofRequest {
        request_id: fresh(&world),
        proof_id: proof.proof_id.clone(),
    };
    let withdrawn = proofs(&world, &staff())
        .withdraw_proof(withdraw())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(withdrawn.proof.unwrap().state(), ProofState::Withdrawn);
    let again = proofs(&world, &staff()).withdraw_proof(withdraw()).await;
    refused(again, Code::FailedPrecondition, "WARRANTY_ERROR_REASON_PROOF_STATE");
    let all = ListProofsRequest {
        device_id: device.device_id.clone(),
        page_size: 1,
        ..ListProofsRequest::default()
    };
    let page = proofs(&world, &staff()).list_proofs(all).await.unwrap().into_inner();
    assert!(page.proofs.len() == 1 && !page.next_page_token.is_empty());
    assert_eq!(world.events::<ProofEnded>(2).await[1].state(), ProofState::Withdrawn);
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, step by step")]
async fn an_activation_corrects_a_guess_and_contradicts_a_proof() {
    let world = World::start().await;
    world.product("PHN-12-128").await;
    let guessed = world
        .device("AAAA0001", |request| {
            request.purchase_date_evidence = PurchaseDateEvidence::Estimated.into();
        })
        .await;
    let said = world
        .device("AAAA0002", |request| {
            request.purchase_date_evidence = PurchaseDateEvidence::Declared.into();
        })
        .await;
    let activate = |device: &Device, day| RecordActivationRequest {
        request_id: fresh(&world),
        device_id: device.device_id.clone(),
        day: Some(day),
    };
    decide(&world, "AAAA0001").await;
    for device in [&guessed, &said] {
        life(&world, &service())
            .record_activation(activate(device, day(2025, 4, 20)))
            .await
            .unwrap();
    }
    assert_eq!(
        seen(&world, &guessed.device_id).await.purchase_date,
        Some(day(2025, 4, 20))
    );
    let told = seen(&world, &said.device_id).await;
    assert_eq!(
        (told.purchase_date, told.first_activation_date),
        (Some(day(2025, 3, 1)), Some(day(2025, 4, 20)))
    );
    assert_eq!(affected(&world, &guessed).await.len(), 1);
    // A later one is none; an earlier one is the first.
    life(&world, &service())
        .record_activation(activate(&guessed, day(2025, 8, 1)))
        .await
        .unwrap();
    assert_eq!(
        seen(&world, &guessed.device_id).await.first_activation_date,
        Some(day(2025, 4, 20))
    );
    life(&world, &service())
        .record_activation(activate(&guessed, day(2025, 4, 1)))
        .await
        .unwrap();
    assert_eq!(
        seen(&world, &guessed.device_id).await.purchase_date,
        Some(day(2025, 4, 1))
    );
    assert_eq!(world.events::<DeviceActivated>(3).await.len(), 3);
    assert_eq!(world.events::<DevicePurchaseCorrected>(2).await.len(), 2);

    let before = rows(&world).await;
    for wrong in [day(2019, 12, 31), day(2026, 3, 12)] {
        assert_eq!(
            violated(
                life(&world, &service())
                    .record_activation(activate(&guessed, wrong))
                    .await
            ),
            ["day"]
        );
    }
    let contradicted = "WARRANTY_ERROR_REASON_PURCHASE_CONTRADICTED";
    refused(
        submit(&world, &staff(), proof_of(&world, &said)).await,
        Code::FailedPrecondition,
        contradicted,
    );
    let mut early = proof_of(&world, &said);
    early.purchase_date = Some(day(2020, 1, 14));
    assert_eq!(violated(submit(&world, &staff(), early).await), ["purchase_date"]);
    assert_eq!(rows(&world).await, before);
    // Sold used after it was first in use: that fits. But what was found in the meantime is seen at the review.
    let mut used = proof_of(&world, &guessed);
    used.sold_used = true;
    let proof = submit(&world, &staff(), used).await.unwrap();
    assert!(
        review(&world, &colleague(), &proof, ReviewReason::ConfirmedBySeller)
            .await
            .is_ok()
    );
    assert!(seen(&world, &guessed.device_id).await.sold_used);
    let proof = submit(
        &world,
        &staff(),
        SubmitProofRequest {
            purchase_date: Some(day(2025, 4, 21)),
            ..proof_of(&world, &said)
        },
    )
    .await
    .unwrap();
    life(&world, &service())
        .record_activation(activate(&said, day(2025, 4, 2)))
        .await
        .unwrap();
    let before = rows(&world).await;
    refused(
        review(&world, &colleague(), &proof, ReviewReason::ShowsSale).await,
        Code::FailedPrecondition,
        contradicted,
    );
    assert_eq!(rows(&world).await, before);
}

/// Of many reviews at the same moment one counts: one correction, one event.
#[tokio::test]
async fn two_at_once_never_both_review_it() {
    let world = World::start().await;
    world.product("PHN-12-128").await;
    let device = world.device("AAAA0001", |_| ()).await;
    let proof = submit(&world, &staff(), proof_of(&world, &device)).await.unwrap();
    let reviewer = colleague();
    let reviews = (0..6).map(|number| {
        let reason = if number % 2 == 0 {
            ReviewReason::ShowsSale
        } else {
            ReviewReason::Illegible
        };
        review(&world, &reviewer, &proof, reason)
    });
    let made = futures_util::future::join_all(reviews).await;
    assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 1, "{made:?}");
    assert_eq!(world.events::<ProofEnded>(1).await.len(), 1);
}
