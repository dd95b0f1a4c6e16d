//! What a repair costs, and what is reserved for it at warranty.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use support_chassis::clock::ManualClock;
use support_proto::support::repair::v1::{GetRepairRequest, Repair, RepairSubmitted, SubmitRepairRequest};
use support_proto::support::types::v1::{Money, ProductLine};
use support_proto::support::warranty::v1::{CoverageOutcome, CustomerPayment, Damage, PaymentKind};
use tonic::{Code, Status};

use crate::callers::{partner, refused, staff, violated};
use crate::fake_warranty::{PRICE, Plan, euros};
use crate::world::World;

const SERIAL: &str = "C39XK0A1B2";

/// A partner in Berlin, a telephone that fell, a case; a plan with so many repairs left, for 29 euros each.
async fn fallen(left: u32) -> (World, ManualClock, SubmitRepairRequest) {
    let (world, hand) = World::start_by_hand().await;
    world.provider("ASP-BER-01", Some("asp-berlin")).await;
    world.warranty.fake.knows(SERIAL, ProductLine::Phone);
    if left > 0 {
        let plan = Plan { fee: 2_900, left };
        world.warranty.fake.state().plans.insert(SERIAL.to_owned(), plan);
    }
    let case = world.case_of(world.ids.next()).await;
    let order = SubmitRepairRequest {
        damage: Damage::Accidental.into(),
        ..world.order(case, "ASP-BER-01", SERIAL)
    };
    (world, hand, order)
}

async fn submit(world: &World, order: &SubmitRepairRequest) -> Result<Repair, Status> {
    let answer = world
        .repairs(&partner("asp-berlin"))
        .submit_repair(order.clone())
        .await?;
    Ok(answer.into_inner().repair.unwrap())
}

fn pays(kind: PaymentKind) -> CustomerPayment {
    CustomerPayment {
        kind: kind.into(),
        amount: None,
    }
}

fn left(world: &World) -> u32 {
    world.warranty.fake.state().plans[SERIAL].left
}

#[tokio::test]
async fn under_a_plan_the_fee_is_paid_and_an_incident_reserved() {
    let (world, _hand, mut order) = fallen(2).await;
    order.component = "display".to_owned();
    order.symptom = "display-cracked".to_owned();
    let repair = submit(&world, &order).await.unwrap();
    assert_eq!(
        (repair.coverage_outcome(), &repair.customer_pays),
        (CoverageOutcome::Plan, &Some(euros(2_900)))
    );
    assert_eq!(left(&world), 1);
    {
        let state = world.warranty.fake.state();
        let reserved: Vec<_> = state.reserved.values().collect();
        assert_eq!(reserved.len(), 1);
        assert_eq!(reserved[0].entitlement_id, repair.entitlement_id);
        assert_eq!(reserved[0].decision_id, repair.coverage_decision_id);
        let asked = &state.asked_last;
        assert_eq!(
            (&*asked.place_country_code, &*asked.component, &*asked.symptom),
            ("DE", "display", "display-cracked")
        );
        assert!(asked.repairs.is_empty(), "warranty keeps book of repairs itself");
        // On this service's own account: the partner has no business in those books.
        let (passport, _) = &state.passports_of_reservation;
        let claims = passport.as_ref().unwrap().split('.').nth(1).unwrap();
        let claims = String::from_utf8(URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
        assert!(claims.contains(r#""kind":"service""#) && !claims.contains("asp-berlin"));
    }
    let events = world.events::<RepairSubmitted>(1).await;
    assert_eq!(events[0].entitlement_id, repair.entitlement_id);
    // Read again it says the same.
    let request = GetRepairRequest {
        repair_id: repair.repair_id.clone(),
    };
    let read = world.repairs(&staff()).get_repair(request).await.unwrap().into_inner();
    assert_eq!(read.repair.unwrap(), repair);
}

#[tokio::test]
async fn what_nothing_covers_has_its_price_and_reserves_nothing() {
    let (world, _hand, order) = fallen(0).await;
    let repair = submit(&world, &order).await.unwrap();
    assert_eq!(
        (repair.coverage_outcome(), repair.customer_pays),
        (CoverageOutcome::OutOfWarranty, Some(euros(PRICE)))
    );
    assert!(repair.entitlement_id.is_empty());
    assert!(world.warranty.fake.state().reserved.is_empty());
    let worn = SubmitRepairRequest {
        request_id: world.request_id(),
        damage: Damage::Wear.into(),
        ..order
    };
    let repair = submit(&world, &worn).await.unwrap();
    assert_eq!(repair.customer_pays, Some(pays(PaymentKind::Unknown)));
}

#[tokio::test]
async fn every_outcome_is_taken_or_refused() {
    let (world, _hand, order) = fallen(0).await;
    for number in 1..=8 {
        let outcome = CoverageOutcome::try_from(number).unwrap();
        world.warranty.fake.state().owed.insert(SERIAL.to_owned(), outcome);
        let order = SubmitRepairRequest {
            request_id: world.request_id(),
            ..order.clone()
        };
        let submitted = submit(&world, &order).await;
        match outcome {
            CoverageOutcome::Refused => {
                refused(
                    submitted,
                    Code::FailedPrecondition,
                    "REPAIR_ERROR_REASON_COVERAGE_REFUSED",
                );
            }
            outcome => {
                let repair = submitted.unwrap();
                assert_eq!(repair.coverage_outcome(), outcome);
                let is_reserved = outcome != CoverageOutcome::OutOfWarranty;
                assert_eq!(!repair.entitlement_id.is_empty(), is_reserved, "{outcome:?}");
            }
        }
    }
    assert!(
        CoverageOutcome::try_from(9).is_err(),
        "an outcome that this test does not know"
    );
    assert_eq!(world.count().await, 7);
}

#[tokio::test]
async fn whoever_is_overtaken_gets_the_best_of_what_is_left() {
    let (world, _hand, order) = fallen(1).await;
    world.warranty.fake.state().overtaken = 1;
    let repair = submit(&world, &order).await.unwrap();
    assert_eq!(
        (repair.coverage_outcome(), repair.customer_pays),
        (CoverageOutcome::OutOfWarranty, Some(euros(PRICE)))
    );
    assert_eq!(world.warranty.fake.state().decisions.len(), 2);
    assert!(world.warranty.fake.state().reserved.is_empty());
}

#[tokio::test]
async fn whoever_is_overtaken_all_the_time_is_told_to_come_again() {
    let (world, _hand, order) = fallen(20).await;
    world.warranty.fake.state().overtaken = 15;
    let refusal = submit(&world, &order).await;
    refused(refusal, Code::Aborted, "COMMON_ERROR_REASON_CONFLICT");
    assert_eq!(world.count().await, 0);
    world.warranty.fake.state().overtaken = 0;
    submit(&world, &order).await.unwrap();
}

#[tokio::test]
async fn nobody_pays_more_than_was_agreed() {
    let (world, _hand, order) = fallen(1).await;
    let agreed = |minor_units| SubmitRepairRequest {
        agreed_to_pay: Some(Money {
            currency_code: "EUR".to_owned(),
            minor_units,
        }),
        ..order.clone()
    };
    let refusal = submit(&world, &agreed(2_899)).await;
    let refusal = refused(
        refusal,
        Code::FailedPrecondition,
        "REPAIR_ERROR_REASON_PRICE_NOT_AGREED",
    );
    let said = |key: &str| refusal.metadata.get(key).map(String::as_str);
    assert_eq!(
        (said("currency_code"), said("minor_units")),
        (Some("EUR"), Some("2900"))
    );
    assert_eq!(
        (world.count().await, left(&world)),
        (0, 1),
        "nothing was ordered or reserved"
    );
    assert_eq!(
        violated(submit(&world, &agreed(-1)).await),
        ["agreed_to_pay.minor_units"]
    );
    submit(&world, &agreed(2_900)).await.unwrap();

    // The plan has nothing left: what was agreed for its fee is not ordered for the price.
    let again = SubmitRepairRequest {
        request_id: world.request_id(),
        ..agreed(2_900)
    };
    let refusal = submit(&world, &again).await;
    refused(
        refusal,
        Code::FailedPrecondition,
        "REPAIR_ERROR_REASON_PRICE_NOT_AGREED",
    );
    assert_eq!(world.count().await, 1);
}

#[tokio::test]
async fn what_is_reserved_is_used_by_the_next_try() {
    let (world, _hand, order) = fallen(1).await;
    world.warranty.fake.state().fails_reserving_with = Some(Status::unavailable("going down"));
    let refusal = submit(&world, &order).await;
    refused(refusal, Code::Unavailable, "COMMON_ERROR_REASON_DEPENDENCY_UNAVAILABLE");
    assert_eq!((world.count().await, left(&world)), (0, 1));
    world.warranty.fake.state().fails_reserving_with = None;

    // Reserved, and then not written.
    let other = SubmitRepairRequest {
        request_id: world.request_id(),
        damage: Damage::None.into(),
        partner_reference: "R-1".to_owned(),
        ..order.clone()
    };
    submit(&world, &other).await.unwrap();
    let taken = SubmitRepairRequest {
        partner_reference: "R-1".to_owned(),
        ..order.clone()
    };
    let refusal = submit(&world, &taken).await;
    refused(
        refusal,
        Code::AlreadyExists,
        "REPAIR_ERROR_REASON_PARTNER_REFERENCE_TAKEN",
    );
    assert_eq!(left(&world), 0);
    let repair = submit(&world, &order).await.unwrap();
    assert_eq!(
        repair.coverage_outcome(),
        CoverageOutcome::Plan,
        "reserved for this very order"
    );
    assert_eq!(world.warranty.fake.state().reserved.len(), 2);
}

#[tokio::test]
async fn what_was_reserved_too_long_ago_is_reserved_anew() {
    let (world, hand, order) = fallen(2).await;
    let blocking = SubmitRepairRequest {
        request_id: world.request_id(),
        damage: Damage::None.into(),
        partner_reference: "R-1".to_owned(),
        ..order.clone()
    };
    submit(&world, &blocking).await.unwrap();
    let taken = SubmitRepairRequest {
        partner_reference: "R-1".to_owned(),
        ..order.clone()
    };
    let refusal = submit(&world, &taken).await;
    refused(
        refusal,
        Code::AlreadyExists,
        "REPAIR_ERROR_REASON_PARTNER_REFERENCE_TAKEN",
    );
    hand.advance(Duration::from_mins(15));
    let repair = submit(&world, &order).await.unwrap();
    let state = world.warranty.fake.state();
    let reserved = state
        .reserved
        .values()
        .find(|it| it.entitlement_id == repair.entitlement_id);
    let expires = reserved.unwrap().expire_time.unwrap();
    let latest = state
        .reserved
        .values()
        .filter_map(|it| it.expire_time)
        .map(|it| it.seconds)
        .max();
    assert_eq!(Some(expires.seconds), latest, "the later one");
    assert_eq!(state.plans[SERIAL].left, 0);
}
