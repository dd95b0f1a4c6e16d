//! Customers who were verified for one case, and the proofs of another.

use support_chassis::call::Caller;
use support_proto::support::warranty::v1::{
    Device, GetProofRequest, ProofKind, ProofOfPurchase, ProofState, SubmitProofRequest, WithdrawProofRequest,
};
use tonic::{Code, Status};

use super::hands::{fresh, proofs, rows};
use crate::world::{World, customer, day, refused};

const MISMATCH: &str = "COMMON_ERROR_REASON_CASE_MISMATCH";

async fn submit(world: &World, caller: &Caller, device: &Device, case: &str) -> Result<ProofOfPurchase, Status> {
    let request = SubmitProofRequest {
        request_id: fresh(world),
        device_id: device.device_id.clone(),
        kind: ProofKind::Invoice.into(),
        purchase_date: Some(day(2025, 6, 15)),
        purchase_country_code: "AT".to_owned(),
        seller_reference: "STORE-7".to_owned(),
        document_reference: "documents/0198f2c4".to_owned(),
        case_id: case.to_owned(),
        ..SubmitProofRequest::default()
    };
    let answer = proofs(world, caller).submit_proof(request).await?;
    Ok(answer.into_inner().proof.unwrap())
}

#[tokio::test]
async fn who_was_verified_for_one_case_touches_the_proofs_of_no_other() {
    let world = World::start().await;
    world.product("PHN-12-128").await;
    let owner = world.customer();
    let mut devices = Vec::new();
    for number in ["AAAA0001", "AAAA0002"] {
        let device = world.device(number, |request| request.owner_customer_id = owner.to_string());
        devices.push(device.await);
    }
    let (this, that) = (some_case(&world), some_case(&world));
    let bound = |case: &str| {
        let mut caller = customer(owner);
        caller.bounds.case_id = Some(case.to_owned());
        caller
    };
    let get = async |caller: &Caller, proof: &ProofOfPurchase| {
        let request = GetProofRequest {
            proof_id: proof.proof_id.clone(),
        };
        let answer = proofs(&world, caller).get_proof(request).await;
        answer.map(|answer| answer.into_inner().proof.unwrap())
    };
    let withdraw = async |caller: &Caller, proof: &ProofOfPurchase| {
        let request = WithdrawProofRequest {
            request_id: fresh(&world),
            proof_id: proof.proof_id.clone(),
        };
        let answer = proofs(&world, caller).withdraw_proof(request).await;
        answer.map(|answer| answer.into_inner().proof.unwrap())
    };

    let before = rows(&world).await;
    let refusal = submit(&world, &bound(&that), &devices[0], &this).await;
    assert_eq!(
        refused(refusal, Code::PermissionDenied, MISMATCH).metadata["case_id"],
        that
    );
    assert_eq!(rows(&world).await, before);
    let proof = submit(&world, &bound(&this), &devices[0], &this).await.unwrap();
    // What is of no case is of whoever submitted it.
    let general = submit(&world, &bound(&this), &devices[1], "").await.unwrap();

    let before = rows(&world).await;
    refused(get(&bound(&that), &proof).await, Code::PermissionDenied, MISMATCH);
    refused(withdraw(&bound(&that), &proof).await, Code::PermissionDenied, MISMATCH);
    assert_eq!(rows(&world).await, before);
    // To others there is no such proof, whatever case they say.
    let mut stranger = customer(world.customer());
    stranger.bounds.case_id = Some(that.clone());
    let nothing = "WARRANTY_ERROR_REASON_PROOF_NOT_FOUND";
    refused(get(&stranger, &proof).await, Code::NotFound, nothing);
    refused(withdraw(&stranger, &proof).await, Code::NotFound, nothing);

    for caller in [bound(&this), customer(owner)] {
        assert_eq!(get(&caller, &proof).await.unwrap(), proof);
    }
    assert_eq!(get(&bound(&that), &general).await.unwrap(), general);
    let withdrawn = withdraw(&bound(&this), &proof).await.unwrap();
    assert_eq!(withdrawn.state(), ProofState::Withdrawn);
    let withdrawn = withdraw(&bound(&that), &general).await.unwrap();
    assert_eq!(withdrawn.state(), ProofState::Withdrawn);
}

fn some_case(world: &World) -> String {
    world.ids.next::<support_chassis::id::Id>().to_string()
}
