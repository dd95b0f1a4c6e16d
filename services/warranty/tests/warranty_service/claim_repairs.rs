//! What becomes of repairs decides what becomes of entitlements.

use std::time::Duration;

use support_proto::support::repair::v1::{RepairOutcome, RepairState, RepairStateChanged, RepairSubmitted};
use support_proto::support::warranty::v1::{
    CommitEntitlementRequest, CoverageOutcome, Damage, DecideCoverageRequest, Entitlement, EntitlementCommitted,
    EntitlementReleased, EntitlementReserved, EntitlementState, GetEntitlementRequest, ListEntitlementsRequest,
    ReleaseEntitlementRequest, ReserveEntitlementRequest, WeighedRule,
};
use support_warranty::domain::claim::RepairId;
use support_warranty::work::entitlements::expire;
use tonic::Code;

use crate::world::{World, day, refused, request_id, staff};

const SERIAL: &str = "FFFF0001";

async fn phone() -> (World, String) {
    let world = World::start_with_repairs().await;
    world.product("PHN-12-128").await;
    let device = world.device(SERIAL, |_| ()).await;
    (world, device.device_id)
}

async fn decided(world: &World, number: u64) -> support_proto::support::warranty::v1::CoverageDecision {
    let request = DecideCoverageRequest {
        request_id: request_id(number),
        serial_number: SERIAL.to_owned(),
        damage: Damage::None.into(),
        component: "battery".to_owned(),
        ..DecideCoverageRequest::default()
    };
    let answer = world.coverage(&staff()).decide_coverage(request).await.unwrap();
    answer.into_inner().decision.unwrap()
}

async fn reserved(world: &World, number: u64) -> Entitlement {
    let request = ReserveEntitlementRequest {
        request_id: request_id(number + 1),
        decision_id: decided(world, number).await.decision_id,
        reference: String::new(),
    };
    let answer = world.entitlements(&staff()).reserve_entitlement(request).await.unwrap();
    answer.into_inner().entitlement.unwrap()
}

async fn read(world: &World, id: &str) -> Entitlement {
    let request = GetEntitlementRequest {
        entitlement_id: id.to_owned(),
    };
    let answer = world.entitlements(&staff()).get_entitlement(request).await.unwrap();
    answer.into_inner().entitlement.unwrap()
}

/// An order of a repair of the device, for which this was reserved.
fn order(world: &World, device: &str, entitlement: &str) -> (RepairId, RepairSubmitted) {
    let repair: RepairId = world.ids.next();
    let told = RepairSubmitted {
        repair_id: repair.to_string(),
        device_id: device.to_owned(),
        coverage_outcome: CoverageOutcome::StatutoryRight.into(),
        entitlement_id: entitlement.to_owned(),
        ..RepairSubmitted::default()
    };
    (repair, told)
}

fn moved(repair: RepairId, to: RepairState, outcome: RepairOutcome) -> RepairStateChanged {
    RepairStateChanged {
        repair_id: repair.to_string(),
        to_state: to.into(),
        outcome: outcome.into(),
        ..RepairStateChanged::default()
    }
}

#[tokio::test]
async fn an_ordered_repair_keeps_its_reservation_and_uses_it_in_the_end() {
    let (world, device) = phone().await;
    let claim = reserved(&world, 1).await;
    let (repair, submitted) = order(&world, &device, &claim.entitlement_id);
    world.told(repair, &submitted).await;
    let firm = read(&world, &claim.entitlement_id).await;
    assert_eq!(
        (firm.state(), firm.expire_time, firm.repair_id.as_str()),
        (EntitlementState::Reserved, None, &*repair.to_string())
    );
    // Long after the reservation alone would have been over.
    world.hand.advance(Duration::from_hours(48));
    expire(&world.db).await.unwrap();
    let mut door = world.entitlements(&staff());
    let request = ReleaseEntitlementRequest {
        request_id: request_id(3),
        entitlement_id: claim.entitlement_id.clone(),
    };
    let refusal = door.release_entitlement(request).await;
    refused(
        refusal,
        Code::FailedPrecondition,
        "WARRANTY_ERROR_REASON_ENTITLEMENT_BOUND",
    );
    let request = CommitEntitlementRequest {
        request_id: request_id(4),
        entitlement_id: claim.entitlement_id.clone(),
        ..CommitEntitlementRequest::default()
    };
    let refusal = door.commit_entitlement(request).await;
    refused(
        refusal,
        Code::FailedPrecondition,
        "WARRANTY_ERROR_REASON_ENTITLEMENT_BOUND",
    );

    let way = [
        (RepairState::Received, RepairOutcome::Unspecified),
        (RepairState::Diagnosed, RepairOutcome::Unspecified),
        (RepairState::InRepair, RepairOutcome::Unspecified),
        (RepairState::Finished, RepairOutcome::Repaired),
        (RepairState::Returned, RepairOutcome::Repaired),
    ];
    for (state, outcome) in way {
        assert_eq!(
            read(&world, &claim.entitlement_id).await.state(),
            EntitlementState::Reserved
        );
        world.told(repair, &moved(repair, state, outcome)).await;
        world.hand.advance(Duration::from_hours(24));
    }
    let used = read(&world, &claim.entitlement_id).await;
    assert_eq!(used.state(), EntitlementState::Committed);
    assert_eq!(
        (used.received_on, used.returned_on),
        (Some(day(2026, 3, 12)), Some(day(2026, 3, 16)))
    );

    // All of it told again changes nothing.
    world.told(repair, &submitted).await;
    for (state, outcome) in way {
        world.told(repair, &moved(repair, state, outcome)).await;
    }
    world
        .told(
            repair,
            &moved(repair, RepairState::Canceled, RepairOutcome::Unspecified),
        )
        .await;
    assert_eq!(read(&world, &claim.entitlement_id).await, used);
    assert_eq!(world.parked().await, 0);
    world.events::<EntitlementReserved>(1).await;
    world.events::<EntitlementCommitted>(1).await;
    // From now on the repair is known, without anybody telling it.
    let next = decided(&world, 5).await;
    let known = next
        .chain
        .iter()
        .find(|rule| rule.outcome() == CoverageOutcome::RepairWarranty);
    assert!(known.is_some_and(|rule| rule.applies));
}

/// A repair that came in and went back by the clock of the world, and what is known of it then.
async fn repaired(world: &World, serial: &str, country: &str) -> Entitlement {
    let device = world
        .device(serial, |request| country.clone_into(&mut request.purchase_country_code))
        .await;
    let (repair, submitted) = order(world, &device.device_id, "");
    world.told(repair, &submitted).await;
    for (state, outcome) in [
        (RepairState::Received, RepairOutcome::Unspecified),
        (RepairState::Returned, RepairOutcome::Repaired),
    ] {
        world.told(repair, &moved(repair, state, outcome)).await;
    }
    let request = ListEntitlementsRequest {
        device_id: device.device_id,
        ..ListEntitlementsRequest::default()
    };
    let listed = world.entitlements(&staff()).list_entitlements(request).await.unwrap();
    listed.into_inner().entitlements.remove(0)
}

#[tokio::test]
async fn the_days_of_a_repair_are_those_of_the_country() {
    let (world, _) = phone().await;
    let days = |entitlement: Entitlement| (entitlement.received_on.unwrap(), entitlement.returned_on.unwrap());
    // Half past seven in the evening of the tenth in Germany, of the eleventh in Japan: 15:30 UTC.
    world.hand.advance(Duration::from_hours(6));
    assert_eq!(
        days(repaired(&world, "FFFF0011", "DE").await),
        (day(2026, 3, 10), day(2026, 3, 10))
    );
    assert_eq!(
        days(repaired(&world, "FFFF0012", "JP").await),
        (day(2026, 3, 11), day(2026, 3, 11))
    );
    // 05:30 UTC on the eleventh: in New York it is the eleventh, in Los Angeles still the tenth.
    world.hand.advance(Duration::from_hours(14));
    let american = repaired(&world, "FFFF0013", "US").await;
    assert_eq!(days(american.clone()), (day(2026, 3, 10), day(2026, 3, 11)));
    // It is back, also for who asks where it is the tenth.
    let request = DecideCoverageRequest {
        request_id: request_id(21),
        serial_number: "FFFF0013".to_owned(),
        damage: Damage::None.into(),
        ..DecideCoverageRequest::default()
    };
    let answer = world.coverage(&staff()).decide_coverage(request).await.unwrap();
    let decision = answer.into_inner().decision.unwrap();
    assert_eq!(decision.day, Some(day(2026, 3, 10)));
    let is_repair_warranty = |rule: &&_| CoverageOutcome::RepairWarranty == WeighedRule::outcome(rule);
    assert!(
        decision
            .chain
            .iter()
            .find(is_repair_warranty)
            .is_some_and(|rule| rule.applies)
    );
    // On the day of its sale a device comes in on no day before.
    let sold_today = world
        .device("FFFF0014", |request| {
            "US".clone_into(&mut request.purchase_country_code);
            request.purchase_date = Some(day(2026, 3, 11));
        })
        .await;
    let (repair, submitted) = order(&world, &sold_today.device_id, "");
    world.told(repair, &submitted).await;
    world
        .told(
            repair,
            &moved(repair, RepairState::Received, RepairOutcome::Unspecified),
        )
        .await;
    let request = ListEntitlementsRequest {
        device_id: sold_today.device_id,
        ..ListEntitlementsRequest::default()
    };
    let listed = world.entitlements(&staff()).list_entitlements(request).await.unwrap();
    assert_eq!(listed.into_inner().entitlements[0].received_on, Some(day(2026, 3, 11)));
    assert_eq!(world.parked().await, 0);
}

#[tokio::test]
async fn what_was_not_repaired_uses_nothing() {
    let (world, device) = phone().await;
    for (number, state, outcome) in [
        (1, RepairState::Canceled, RepairOutcome::Unspecified),
        (3, RepairState::Returned, RepairOutcome::Repairable),
        (5, RepairState::Returned, RepairOutcome::EndOfLife),
        (7, RepairState::Returned, RepairOutcome::Unknown),
    ] {
        let claim = reserved(&world, number).await;
        let (repair, submitted) = order(&world, &device, &claim.entitlement_id);
        world.told(repair, &submitted).await;
        world.told(repair, &moved(repair, state, outcome)).await;
        let ended = read(&world, &claim.entitlement_id).await;
        assert_eq!(ended.state(), EntitlementState::Released, "{state:?} {outcome:?}");
        // The order told again does not take it again.
        world.told(repair, &submitted).await;
        assert_eq!(read(&world, &claim.entitlement_id).await, ended);
    }
    world.events::<EntitlementReleased>(4).await;
    let next = decided(&world, 9).await;
    assert!(
        next.chain
            .iter()
            .all(|rule| rule.outcome() != CoverageOutcome::RepairWarranty || !rule.applies)
    );
}

#[tokio::test]
async fn an_order_that_comes_after_the_reservation_expired_takes_it_again() {
    let (world, device) = phone().await;
    let claim = reserved(&world, 1).await;
    world.hand.advance(Duration::from_mins(15));
    expire(&world.db).await.unwrap();
    let (repair, submitted) = order(&world, &device, &claim.entitlement_id);
    world.told(repair, &submitted).await;
    let firm = read(&world, &claim.entitlement_id).await;
    assert_eq!(
        (firm.state(), firm.over_limit, firm.end_time),
        (EntitlementState::Reserved, false, None)
    );
    world.events::<EntitlementReserved>(2).await;
    world
        .told(repair, &moved(repair, RepairState::Returned, RepairOutcome::Repaired))
        .await;
    let used = read(&world, &claim.entitlement_id).await;
    assert_eq!(used.state(), EntitlementState::Committed);
    // It was never told when it came in: no later than it went back.
    assert_eq!(
        (used.received_on, used.returned_on),
        (Some(day(2026, 3, 10)), Some(day(2026, 3, 10)))
    );
}

#[tokio::test]
async fn repairs_from_before_there_were_reservations_are_written_down() {
    let (world, device) = phone().await;
    let (repair, submitted) = order(&world, &device, "");
    world.told(repair, &submitted).await;
    world.told(repair, &submitted).await;
    world
        .told(
            repair,
            &moved(repair, RepairState::Received, RepairOutcome::Unspecified),
        )
        .await;
    world
        .told(repair, &moved(repair, RepairState::Returned, RepairOutcome::Repaired))
        .await;
    // A repair at a price is nobody's concern here.
    let (other, mut paid) = order(&world, &device, "");
    paid.coverage_outcome = CoverageOutcome::OutOfWarranty.into();
    world.told(other, &paid).await;
    world
        .told(other, &moved(other, RepairState::Returned, RepairOutcome::Repaired))
        .await;
    let request = ListEntitlementsRequest {
        device_id: device,
        ..ListEntitlementsRequest::default()
    };
    let listed = world
        .entitlements(&staff())
        .list_entitlements(request)
        .await
        .unwrap()
        .into_inner()
        .entitlements;
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (listed[0].state(), listed[0].decision_id.as_str()),
        (EntitlementState::Committed, "")
    );
    assert_eq!(world.parked().await, 0);
}

#[tokio::test]
async fn what_does_not_fit_is_set_aside_and_the_rest_goes_on() {
    let (world, device) = phone().await;
    let other = world.device("FFFF0002", |_| ()).await;
    let claim = reserved(&world, 1).await;
    let unknown = world.ids.next::<support_warranty::domain::claim::ClaimId>().to_string();
    let nobodys = world
        .ids
        .next::<support_warranty::domain::device::DeviceId>()
        .to_string();
    let (_, of_nothing) = order(&world, &device, &unknown);
    let (_, of_another) = order(&world, &other.device_id, &claim.entitlement_id);
    let (_, of_nobody) = order(&world, &nobodys, "");
    let (_, malformed) = order(&world, &device, "none");
    for submitted in [of_nothing, of_another, of_nobody, malformed] {
        world.told(world.ids.next(), &submitted).await;
    }
    assert_eq!(world.parked().await, 4);
    let (repair, submitted) = order(&world, &device, &claim.entitlement_id);
    world.told(repair, &submitted).await;
    assert_eq!(read(&world, &claim.entitlement_id).await.repair_id, repair.to_string());
    // One reservation is one repair's.
    let (second, again) = order(&world, &device, &claim.entitlement_id);
    world.told(second, &again).await;
    assert_eq!(world.parked().await, 5);
    assert_eq!(read(&world, &claim.entitlement_id).await.repair_id, repair.to_string());
}
