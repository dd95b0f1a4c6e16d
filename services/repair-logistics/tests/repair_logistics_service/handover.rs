//! In a store nobody walks out with a device but who was verified for it.

use support_chassis::call::Caller;
use support_proto::support::repair::v1::{
    FinishRepairRequest, ProviderKind, ReceiveDeviceRequest, RecordDiagnosisRequest, Repair, RepairOutcome,
    RepairState, ReturnDeviceRequest, StartRepairRequest,
};
use support_proto::support::types::v1::ProductLine;
use support_testing::showing;
use tonic::{Code, Status};

use crate::callers::{operator, refused, staff};
use crate::world::World;

/// A repair of this customer that is finished at a place of the maker of this kind.
async fn finished(world: &World, code: &str, kind: ProviderKind, customer: &str) -> Repair {
    let mut place = world.new_provider(code, None);
    place.kind = kind.into();
    world.providers(&operator()).create_provider(place).await.unwrap();
    let case = world.case_of(customer.parse().unwrap()).await;
    let mut door = world.repairs(&staff());
    let order = door.submit_repair(world.order(case, code, "AAAA0001")).await.unwrap();
    let repair = order.into_inner().repair.unwrap();
    let (request_id, repair_id) = (|| world.request_id(), || repair.repair_id.clone());
    let receive = ReceiveDeviceRequest {
        request_id: request_id(),
        repair_id: repair_id(),
        ..Default::default()
    };
    door.receive_device(receive).await.unwrap();
    let diagnose = RecordDiagnosisRequest {
        request_id: request_id(),
        repair_id: repair_id(),
        diagnosis_code: "BATTERY".to_owned(),
        ..Default::default()
    };
    door.record_diagnosis(diagnose).await.unwrap();
    let start = StartRepairRequest {
        request_id: request_id(),
        repair_id: repair_id(),
        ..Default::default()
    };
    door.start_repair(start).await.unwrap();
    let finish = FinishRepairRequest {
        request_id: request_id(),
        repair_id: repair_id(),
        outcome: RepairOutcome::Repaired.into(),
        ..Default::default()
    };
    let finished = door.finish_repair(finish).await.unwrap();
    finished.into_inner().repair.unwrap()
}

async fn hand_over(world: &World, by: &Caller, repair: &Repair) -> Result<Repair, Status> {
    let request = ReturnDeviceRequest {
        request_id: world.request_id(),
        repair_id: repair.repair_id.clone(),
        ..Default::default()
    };
    let answer = world.repairs(by).return_device(request).await?;
    Ok(answer.into_inner().repair.unwrap())
}

/// Staff who show a grant for the hand-over, of a case where one is given.
fn showing_for(customer: &str, case: Option<&str>) -> Caller {
    let mut caller = showing(&staff(), customer, "repair_handover");
    caller.bounds.shown.as_mut().unwrap().case = case.map(str::to_owned);
    caller
}

#[tokio::test]
async fn a_store_hands_over_to_who_was_verified_for_it() {
    let world = World::start().await;
    world.warranty.fake.knows("AAAA0001", ProductLine::Phone);
    let ids = || world.ids.next::<support_chassis::id::Id>().to_string();
    let (ada, bob, other_case) = (ids(), ids(), ids());
    let repair = finished(&world, "STORE-BER-01", ProviderKind::OwnStore, &ada).await;
    for (caller, reason) in [
        (staff(), "GRANT_MISSING"),
        (showing_for(&bob, None), "GRANT_REFUSED"),
        (showing(&staff(), &ada, "general_help"), "PURPOSE_MISMATCH"),
        (showing_for(&ada, Some(&other_case)), "CASE_MISMATCH"),
    ] {
        refused(
            hand_over(&world, &caller, &repair).await,
            Code::PermissionDenied,
            &format!("COMMON_ERROR_REASON_{reason}"),
        );
    }
    let returned = hand_over(&world, &showing_for(&ada, Some(&repair.case_id)), &repair)
        .await
        .unwrap();
    assert_eq!(returned.state(), RepairState::Returned);
    // Nothing was written of what was refused: it is the step after the last one.
    assert_eq!(
        returned.etag.parse::<u64>().unwrap(),
        repair.etag.parse::<u64>().unwrap() + 1
    );
}

#[tokio::test]
async fn whoever_was_sent_by_the_customer_takes_it_too() {
    let world = World::start().await;
    world.warranty.fake.knows("AAAA0001", ProductLine::Phone);
    let ids = || world.ids.next::<support_chassis::id::Id>().to_string();
    let (ada, carer) = (ids(), ids());
    let repair = finished(&world, "STORE-BER-01", ProviderKind::OwnStore, &ada).await;
    let mut caller = showing_for(&ada, None);
    caller.bounds.shown.as_mut().unwrap().delegate = Some(carer);
    hand_over(&world, &caller, &repair).await.unwrap();
}

#[tokio::test]
async fn a_depot_sends_it_back_and_sees_nobody() {
    let world = World::start().await;
    world.warranty.fake.knows("AAAA0001", ProductLine::Phone);
    let ada = world.ids.next::<support_chassis::id::Id>().to_string();
    let repair = finished(&world, "DEPOT-LEJ-01", ProviderKind::Depot, &ada).await;
    hand_over(&world, &staff(), &repair).await.unwrap();
}
