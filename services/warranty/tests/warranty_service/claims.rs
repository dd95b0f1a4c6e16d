//! Entitlements: reserved, used, given back, expired, and seen by those they concern.

use std::time::Duration;

use support_chassis::call::Caller;
use support_proto::support::warranty::v1 as warranty;
use support_proto::support::warranty::v1::{
    CommitEntitlementRequest, CoverageOutcome, Damage, DecideCoverageRequest, Entitlement, EntitlementCommitted,
    EntitlementExpired, EntitlementReleased, EntitlementReserved, EntitlementState, ExtendEntitlementRequest,
    GetEntitlementRequest, ListEntitlementsRequest, ReleaseEntitlementRequest, ReserveEntitlementRequest,
};
use support_testing::LIMIT;
use support_warranty::work::entitlements::expire;
use tonic::{Code, Status};

use crate::world::{World, customer, day, operator, partner, refused, request_id, service, staff, violated};

const SERIAL: &str = "EEEE0001";
const MINUTE: Duration = Duration::from_mins(1);

/// A telephone sold in Germany a year ago: the law covers what fails by itself.
async fn phone() -> (World, String) {
    let world = World::start().await;
    world.product("PHN-12-128").await;
    let device = world.device(SERIAL, |_| ()).await;
    (world, device.device_id)
}

async fn decided(world: &World, caller: &Caller, number: u64, damage: Damage) -> warranty::CoverageDecision {
    let request = DecideCoverageRequest {
        request_id: request_id(number),
        serial_number: SERIAL.to_owned(),
        damage: damage.into(),
        component: "battery".to_owned(),
        ..DecideCoverageRequest::default()
    };
    let answer = world.coverage(caller).decide_coverage(request).await.unwrap();
    answer.into_inner().decision.unwrap()
}

async fn reserve(world: &World, caller: &Caller, number: u64, decision: &str) -> Result<Entitlement, Status> {
    let request = ReserveEntitlementRequest {
        request_id: request_id(number),
        decision_id: decision.to_owned(),
        reference: "R-1".to_owned(),
    };
    let answer = world.entitlements(caller).reserve_entitlement(request).await?;
    Ok(answer.into_inner().entitlement.unwrap())
}

/// Decides and reserves, under these two numbers.
async fn reserved(world: &World, number: u64) -> Entitlement {
    let decision = decided(world, &staff(), number, Damage::None).await;
    reserve(world, &staff(), number + 1, &decision.decision_id)
        .await
        .unwrap()
}

async fn commit(world: &World, number: u64, id: &str) -> Result<Entitlement, Status> {
    let request = CommitEntitlementRequest {
        request_id: request_id(number),
        entitlement_id: id.to_owned(),
        received_on: None,
        returned_on: None,
    };
    let answer = world.entitlements(&staff()).commit_entitlement(request).await?;
    Ok(answer.into_inner().entitlement.unwrap())
}

async fn release(world: &World, number: u64, id: &str) -> Result<Entitlement, Status> {
    let request = ReleaseEntitlementRequest {
        request_id: request_id(number),
        entitlement_id: id.to_owned(),
    };
    let answer = world.entitlements(&staff()).release_entitlement(request).await?;
    Ok(answer.into_inner().entitlement.unwrap())
}

async fn extend(world: &World, number: u64, id: &str, minutes: i32) -> Result<Entitlement, Status> {
    let request = ExtendEntitlementRequest {
        request_id: request_id(number),
        entitlement_id: id.to_owned(),
        minutes,
    };
    let answer = world.entitlements(&staff()).extend_entitlement(request).await?;
    Ok(answer.into_inner().entitlement.unwrap())
}

async fn get(world: &World, caller: &Caller, id: &str) -> Result<Entitlement, Status> {
    let request = GetEntitlementRequest {
        entitlement_id: id.to_owned(),
    };
    let answer = world.entitlements(caller).get_entitlement(request).await?;
    Ok(answer.into_inner().entitlement.unwrap())
}

/// How many claims and events of them there are.
async fn count(world: &World) -> (i64, i64) {
    let claims = sqlx::query_scalar("select count(*) from claims");
    let events = sqlx::query_scalar("select count(*) from outbox where event_type like '%.Entitlement%'");
    (
        claims.fetch_one(world.db.pool()).await.unwrap(),
        events.fetch_one(world.db.pool()).await.unwrap(),
    )
}

#[tokio::test]
async fn what_a_decision_grants_is_reserved_once() {
    let (world, device) = phone().await;
    let decision = decided(&world, &staff(), 1, Damage::None).await;
    let first = reserve(&world, &staff(), 2, &decision.decision_id).await.unwrap();
    assert_eq!(
        (first.state(), first.outcome(), first.device_id.as_str()),
        (
            EntitlementState::Reserved,
            CoverageOutcome::StatutoryRight,
            device.as_str()
        )
    );
    assert_eq!(
        (first.decision_id.as_str(), first.reference.as_str()),
        (&*decision.decision_id, "R-1")
    );
    assert_eq!(first.day, decision.day);
    assert_eq!(
        (first.limit, first.number, first.over_limit),
        (0, 0, false),
        "free repairs are not counted"
    );
    let lives = first.expire_time.unwrap().seconds - first.reserve_time.unwrap().seconds;
    assert_eq!(lives, 15 * 60);
    assert_eq!(
        reserve(&world, &staff(), 2, &decision.decision_id).await.unwrap(),
        first
    );
    assert_eq!(get(&world, &staff(), &first.entitlement_id).await.unwrap(), first);
    let again = reserve(&world, &staff(), 3, &decision.decision_id).await;
    refused(again, Code::AlreadyExists, "WARRANTY_ERROR_REASON_DECISION_CLAIMED");
    assert_eq!(count(&world).await, (1, 1));
    let told = world.events::<EntitlementReserved>(1).await;
    assert_eq!(
        (&told[0].entitlement_id, &told[0].device_id),
        (&first.entitlement_id, &device)
    );
    assert_eq!(told[0].outcome(), CoverageOutcome::StatutoryRight);

    // Given back, it can be had again.
    release(&world, 4, &first.entitlement_id).await.unwrap();
    reserve(&world, &staff(), 3, &decision.decision_id).await.unwrap();
}

#[tokio::test]
async fn what_grants_nothing_or_is_not_current_is_not_reserved() {
    let (world, _) = phone().await;
    let at_price = decided(&world, &staff(), 1, Damage::Accidental).await;
    assert_eq!(at_price.outcome(), CoverageOutcome::OutOfWarranty);
    let refusal = reserve(&world, &staff(), 2, &at_price.decision_id).await;
    refused(
        refusal,
        Code::FailedPrecondition,
        "WARRANTY_ERROR_REASON_NOTHING_GRANTED",
    );
    let gone = decided(&world, &staff(), 3, Damage::Loss).await;
    let refusal = reserve(&world, &staff(), 4, &gone.decision_id).await;
    refused(
        refusal,
        Code::FailedPrecondition,
        "WARRANTY_ERROR_REASON_NOTHING_GRANTED",
    );

    let mine = decided(&world, &partner("asp-berlin"), 5, Damage::None).await;
    for caller in [partner("asp-paris"), partner("asp-berlin")] {
        let answer = reserve(&world, &caller, 6, &mine.decision_id).await;
        if caller.organisation.as_deref() == Some("asp-paris") {
            refused(answer, Code::NotFound, "WARRANTY_ERROR_REASON_DECISION_NOT_FOUND");
        } else {
            answer.unwrap();
        }
    }

    let old = decided(&world, &staff(), 7, Damage::None).await;
    let future = DecideCoverageRequest {
        request_id: request_id(8),
        serial_number: SERIAL.to_owned(),
        damage: Damage::None.into(),
        day: Some(day(2026, 3, 11)),
        ..DecideCoverageRequest::default()
    };
    let future = world
        .coverage(&staff())
        .decide_coverage(future)
        .await
        .unwrap()
        .into_inner();
    let refusal = reserve(&world, &staff(), 9, &future.decision.unwrap().decision_id).await;
    refused(
        refusal,
        Code::FailedPrecondition,
        "WARRANTY_ERROR_REASON_DECISION_NOT_CURRENT",
    );
    world.hand.advance(24 * 60 * MINUTE);
    let just = reserve(&world, &staff(), 10, &old.decision_id).await.unwrap();
    release(&world, 11, &just.entitlement_id).await.unwrap();
    world.hand.advance(Duration::from_micros(1));
    let refusal = reserve(&world, &staff(), 12, &old.decision_id).await;
    refused(
        refusal,
        Code::FailedPrecondition,
        "WARRANTY_ERROR_REASON_DECISION_NOT_CURRENT",
    );
}

#[tokio::test]
async fn used_and_given_back_are_ends() {
    let (world, _) = phone().await;
    let (used, back) = (reserved(&world, 1).await, reserved(&world, 3).await);
    let committed = commit(&world, 5, &used.entitlement_id).await.unwrap();
    assert_eq!(
        (committed.state(), committed.expire_time),
        (EntitlementState::Committed, None)
    );
    assert_eq!(committed.end_time, used.reserve_time, "the clock stands still");
    let released = release(&world, 6, &back.entitlement_id).await.unwrap();
    assert_eq!(released.state(), EntitlementState::Released);
    let before = count(&world).await;
    assert_eq!(before, (2, 4));
    // Again, under another request: nothing changes, nothing is told.
    assert_eq!(commit(&world, 7, &used.entitlement_id).await.unwrap(), committed);
    assert_eq!(release(&world, 8, &back.entitlement_id).await.unwrap(), released);
    for (refusal, state, action) in [
        (
            release(&world, 9, &used.entitlement_id).await,
            "ENTITLEMENT_STATE_COMMITTED",
            "release",
        ),
        (
            extend(&world, 10, &used.entitlement_id, 5).await,
            "ENTITLEMENT_STATE_COMMITTED",
            "extend",
        ),
        (
            commit(&world, 11, &back.entitlement_id).await,
            "ENTITLEMENT_STATE_RELEASED",
            "commit",
        ),
        (
            extend(&world, 12, &back.entitlement_id, 5).await,
            "ENTITLEMENT_STATE_RELEASED",
            "extend",
        ),
    ] {
        let refusal = refused(
            refusal,
            Code::FailedPrecondition,
            "WARRANTY_ERROR_REASON_ENTITLEMENT_STATE",
        );
        let said = |key: &str| refusal.metadata.get(key).map(String::as_str);
        assert_eq!((said("state"), said("action")), (Some(state), Some(action)));
    }
    let nobodys = "eu-0198f2c4-0000-7000-8000-000000000001";
    for refusal in [
        commit(&world, 13, nobodys).await,
        release(&world, 14, nobodys).await,
        extend(&world, 15, nobodys, 5).await,
        get(&world, &staff(), nobodys).await,
    ] {
        // An id without a region, or of nothing that there is.
        assert!(refusal.is_err());
    }
    let unknown = world.ids.next::<support_warranty::domain::claim::ClaimId>().to_string();
    let refusal = commit(&world, 16, &unknown).await;
    refused(refusal, Code::NotFound, "WARRANTY_ERROR_REASON_ENTITLEMENT_NOT_FOUND");
    assert_eq!(count(&world).await, before);
    world.events::<EntitlementCommitted>(1).await;
    world.events::<EntitlementReleased>(1).await;
}

#[tokio::test]
async fn what_nobody_finishes_expires() {
    let (world, _) = phone().await;
    let (short, long) = (reserved(&world, 1).await, reserved(&world, 3).await);
    let longer = extend(&world, 5, &long.entitlement_id, 60).await.unwrap();
    assert_eq!(
        longer.expire_time.unwrap().seconds - long.reserve_time.unwrap().seconds,
        3600
    );
    let not_shorter = extend(&world, 6, &long.entitlement_id, 1).await.unwrap();
    assert_eq!(not_shorter.expire_time, longer.expire_time);
    world.hand.advance(15 * MINUTE);
    // Over by the clock, whether or not it was noticed.
    let refusal = extend(&world, 7, &short.entitlement_id, 5).await;
    refused(
        refusal,
        Code::FailedPrecondition,
        "WARRANTY_ERROR_REASON_ENTITLEMENT_STATE",
    );
    // The service notices by itself.
    let ended = tokio::time::timeout(LIMIT, async {
        loop {
            let claim = get(&world, &staff(), &short.entitlement_id).await.unwrap();
            if claim.state() == EntitlementState::Expired {
                return claim;
            }
            tokio::task::yield_now().await;
        }
    });
    let ended = ended.await.expect("it is ended");
    assert_eq!((ended.expire_time, ended.end_time.is_some()), (None, true));
    assert_eq!(
        get(&world, &staff(), &long.entitlement_id).await.unwrap().state(),
        EntitlementState::Reserved
    );
    expire(&world.db).await.unwrap();
    let told = world.events::<EntitlementExpired>(1).await;
    assert_eq!(told[0].entitlement_id, short.entitlement_id);
    // Giving it back changes nothing; what was done all the same is used.
    assert_eq!(release(&world, 8, &short.entitlement_id).await.unwrap(), ended);
    let used = commit(&world, 9, &short.entitlement_id).await.unwrap();
    assert_eq!((used.state(), used.over_limit), (EntitlementState::Committed, false));
}

#[tokio::test]
async fn a_repair_elsewhere_prolongs_what_is_owed_too() {
    let (world, _) = phone().await;
    let claim = reserved(&world, 1).await;
    let used = |number: u64, received, returned| CommitEntitlementRequest {
        request_id: request_id(number),
        entitlement_id: claim.entitlement_id.clone(),
        received_on: received,
        returned_on: returned,
    };
    let mut door = world.entitlements(&staff());
    for (request, field) in [
        (used(3, Some(day(2026, 3, 9)), None), "returned_on"),
        (used(3, Some(day(2026, 3, 9)), Some(day(2026, 3, 8))), "returned_on"),
        (used(3, Some(day(2025, 2, 28)), Some(day(2026, 3, 8))), "received_on"),
        (used(3, Some(day(2026, 3, 9)), Some(day(2026, 3, 11))), "returned_on"),
    ] {
        assert_eq!(violated(door.commit_entitlement(request).await), [field]);
    }
    let request = used(3, Some(day(2026, 3, 5)), Some(day(2026, 3, 9)));
    let committed = door
        .commit_entitlement(request)
        .await
        .unwrap()
        .into_inner()
        .entitlement
        .unwrap();
    assert_eq!(
        (committed.received_on, committed.returned_on),
        (Some(day(2026, 3, 5)), Some(day(2026, 3, 9)))
    );
    let next = decided(&world, &staff(), 4, Damage::None).await;
    let repair_warranty = next
        .chain
        .iter()
        .find(|rule| rule.outcome() == CoverageOutcome::RepairWarranty);
    let repair_warranty = repair_warranty.expect("a repair is known");
    assert!(repair_warranty.applies, "{repair_warranty:?}");
}

#[tokio::test]
async fn who_sees_which() {
    let (world, _) = phone().await;
    let anna = world.customer();
    let hers = world
        .device("EEEE0002", |device| device.owner_customer_id = anna.to_string())
        .await;
    let decide = async |caller: &Caller, number: u64| {
        let request = DecideCoverageRequest {
            request_id: request_id(number),
            serial_number: "EEEE0002".to_owned(),
            damage: Damage::None.into(),
            ..DecideCoverageRequest::default()
        };
        let answer = world.coverage(caller).decide_coverage(request).await.unwrap();
        answer.into_inner().decision.unwrap().decision_id
    };
    let berlin = partner("asp-berlin");
    let of_berlin = reserve(&world, &berlin, 2, &decide(&berlin, 1).await)
        .await
        .unwrap()
        .entitlement_id;
    let of_service = reserve(&world, &service(), 4, &decide(&service(), 3).await)
        .await
        .unwrap()
        .entitlement_id;
    let list = async |caller: &Caller, states: &[EntitlementState], page: (i32, &str)| {
        let request = ListEntitlementsRequest {
            device_id: hers.device_id.clone(),
            states: states.iter().map(|state| (*state).into()).collect(),
            page_size: page.0,
            page_token: page.1.to_owned(),
        };
        let answer = world
            .entitlements(caller)
            .list_entitlements(request)
            .await?
            .into_inner();
        let ids: Vec<_> = answer
            .entitlements
            .into_iter()
            .map(|claim| claim.entitlement_id)
            .collect();
        Ok::<_, Status>((ids, answer.next_page_token))
    };
    let both = {
        let mut ids = vec![of_berlin.clone(), of_service.clone()];
        ids.sort();
        ids.reverse();
        ids
    };
    for (caller, sees) in [
        (staff(), both.clone()),
        (operator(), both.clone()),
        (service(), both.clone()),
        (customer(anna), both.clone()),
        (berlin.clone(), vec![of_berlin.clone()]),
        (partner("asp-paris"), Vec::new()),
    ] {
        assert_eq!(list(&caller, &[], (0, "")).await.unwrap().0, sees, "{caller:?}");
        for id in [&of_berlin, &of_service] {
            assert_eq!(get(&world, &caller, id).await.is_ok(), sees.contains(id), "{caller:?}");
        }
    }
    let stranger = customer(world.customer());
    let refusal = list(&stranger, &[], (0, "")).await;
    refused(refusal, Code::NotFound, "WARRANTY_ERROR_REASON_DEVICE_NOT_FOUND");
    refused(
        get(&world, &stranger, &of_berlin).await,
        Code::NotFound,
        "WARRANTY_ERROR_REASON_ENTITLEMENT_NOT_FOUND",
    );
    // A partner changes nothing that others asked for.
    let request = ReleaseEntitlementRequest {
        request_id: request_id(5),
        entitlement_id: of_service.clone(),
    };
    let refusal = world.entitlements(&berlin).release_entitlement(request).await;
    refused(refusal, Code::NotFound, "WARRANTY_ERROR_REASON_ENTITLEMENT_NOT_FOUND");

    let (first, token) = list(&staff(), &[], (1, "")).await.unwrap();
    let (second, end) = list(&staff(), &[], (1, &token)).await.unwrap();
    assert_eq!(([first, second].concat(), end), (both, String::new()));
    let refusal = list(&berlin, &[], (1, &token)).await;
    refused(refusal, Code::InvalidArgument, "COMMON_ERROR_REASON_PAGE_TOKEN_INVALID");
    release(&world, 6, &of_service).await.unwrap();
    let released = list(&staff(), &[EntitlementState::Released], (0, "")).await.unwrap();
    assert_eq!(released.0, [of_service]);
}
