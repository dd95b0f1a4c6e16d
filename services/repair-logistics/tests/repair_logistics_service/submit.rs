//! Orders, and what warranty has to do with them.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use support_chassis::error::Answer;
use support_proto::support::repair::v1::{RepairState, RepairSubmitted, SubmitRepairRequest};
use support_proto::support::types::v1::ProductLine;
use support_proto::support::warranty::v1::{CoverageOutcome, Damage};
use tonic::{Code, Status};

use crate::callers::{partner, refused, staff, violated};
use crate::fake_warranty::scope_missing;
use crate::world::World;

const SERIAL: &str = "C39XK0A1B2";

/// What a passport says, as JSON.
fn claims(passport: Option<&String>) -> String {
    let body = passport.unwrap().split('.').nth(1).unwrap();
    String::from_utf8(URL_SAFE_NO_PAD.decode(body).unwrap()).unwrap()
}

/// A partner in Berlin, a telephone, a case.
async fn berlin() -> (World, SubmitRepairRequest) {
    let world = World::start().await;
    world.provider("ASP-BER-01", Some("asp-berlin")).await;
    world.warranty.fake.knows(SERIAL, ProductLine::Phone);
    let case = world.case_of(world.ids.next()).await;
    let order = world.order(case, "ASP-BER-01", SERIAL);
    (world, order)
}

#[tokio::test]
async fn a_partner_orders_a_repair() {
    let (world, mut order) = berlin().await;
    order.partner_reference = "R-17".to_owned();
    let caller = partner("asp-berlin");
    let repair = world
        .repairs(&caller)
        .submit_repair(order.clone())
        .await
        .unwrap()
        .into_inner()
        .repair
        .unwrap();
    assert_eq!(
        (repair.state(), repair.case_id.as_str()),
        (RepairState::Submitted, order.case_id.as_str())
    );
    assert_eq!(repair.coverage_outcome(), CoverageOutcome::LimitedWarranty);
    assert_eq!(
        (repair.problem.as_str(), repair.language.as_str()),
        ("Der Akku hält nicht", "de")
    );
    assert_eq!(
        (repair.serial_number.as_str(), repair.partner_reference.as_str()),
        (SERIAL, "R-17")
    );
    assert_eq!(repair.submit_time, repair.update_time);
    {
        let state = world.warranty.fake.state();
        assert_eq!(repair.device_id, state.devices[SERIAL].0.to_string());
        assert_eq!(
            state
                .decisions
                .values()
                .map(|decision| &decision.decision_id)
                .collect::<Vec<_>>(),
            [&repair.coverage_decision_id]
        );
        // In the partner's name, with this service as the one who acts.
        let (passport, actor) = &state.passports;
        assert!(claims(passport.as_ref()).contains(r#""client-of-asp-berlin""#));
        assert!(claims(actor.as_ref()).contains(r#""repair-logistics""#));
    }
    let events = world.events::<RepairSubmitted>(1).await;
    assert_eq!(events[0].repair_id, repair.repair_id);
    assert_eq!(
        (&events[0].case_id, &events[0].provider_id),
        (&repair.case_id, &repair.provider_id)
    );
    assert_eq!(
        (&events[0].device_id, events[0].coverage_outcome()),
        (&repair.device_id, repair.coverage_outcome())
    );
}

#[tokio::test]
async fn an_order_sent_again_is_answered_without_warranty() {
    let (world, order) = berlin().await;
    let mut door = world.repairs(&partner("asp-berlin"));
    let first = door.submit_repair(order.clone()).await.unwrap().into_inner();
    world.warranty.fake.state().fails_with = Some(Status::unavailable("down"));
    let again = door.submit_repair(order.clone()).await.unwrap().into_inner();
    assert_eq!(again, first);
    let asked = {
        let state = world.warranty.fake.state();
        (state.lookups, state.asked)
    };
    assert_eq!(asked, (1, 1));
    let other = SubmitRepairRequest {
        problem: "Something else".to_owned(),
        ..order
    };
    refused(
        door.submit_repair(other).await,
        Code::InvalidArgument,
        "COMMON_ERROR_REASON_REQUEST_ID_REUSED",
    );
    assert_eq!(world.count().await, 1);
    world.events::<RepairSubmitted>(1).await;
}

#[tokio::test]
async fn an_order_sent_twice_at_once_is_one_order() {
    let (world, mut order) = berlin().await;
    order.partner_reference = "R-18".to_owned();
    let sent = (0..4).map(|_| {
        let (mut door, order) = (world.repairs(&partner("asp-berlin")), order.clone());
        async move { door.submit_repair(order).await.unwrap().into_inner() }
    });
    let answers = futures_util::future::join_all(sent).await;
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(world.count().await, 1);
    assert_eq!(
        world.warranty.fake.state().decisions.len(),
        1,
        "one order, one decision"
    );
}

#[tokio::test]
async fn without_warranty_nothing_is_ordered() {
    let (world, order) = berlin().await;
    let mut door = world.repairs(&staff());
    // Found, but not decided on.
    world.warranty.fake.state().fails_deciding_with = Some(Status::unavailable("going down"));
    let refusal = door.submit_repair(order.clone()).await;
    let refusal = refused(refusal, Code::Unavailable, "COMMON_ERROR_REASON_DEPENDENCY_UNAVAILABLE");
    assert_eq!(refusal.metadata.get("service").map(String::as_str), Some("warranty"));
    assert!(refusal.retry_after.is_some_and(|delay| delay > Duration::ZERO));
    // Its own fault is no better.
    world.warranty.fake.state().fails_with = Some(Answer::internal().to_status());
    let refusal = door.submit_repair(order.clone()).await;
    refused(refusal, Code::Unavailable, "COMMON_ERROR_REASON_DEPENDENCY_UNAVAILABLE");
    assert_eq!(world.count().await, 0);

    // Up again: the same request is taken.
    world.warranty.fake.state().fails_with = None;
    world.warranty.fake.state().fails_deciding_with = None;
    door.submit_repair(order).await.unwrap();
    assert_eq!(world.count().await, 1);
}

#[tokio::test]
async fn where_nobody_listens_nothing_is_ordered() {
    let (world, order) = berlin().await;
    world.warranty.stop().await;
    let refusal = world.repairs(&staff()).submit_repair(order).await;
    let refusal = refused(refusal, Code::Unavailable, "COMMON_ERROR_REASON_DEPENDENCY_UNAVAILABLE");
    assert_eq!(refusal.metadata.get("service").map(String::as_str), Some("warranty"));
    assert_eq!(world.count().await, 0);
}

#[tokio::test]
async fn what_the_caller_may_not_ask_of_warranty_is_not_ordered() {
    let (world, order) = berlin().await;
    world.warranty.fake.state().fails_deciding_with = Some(scope_missing());
    let refusal = world.repairs(&partner("asp-berlin")).submit_repair(order).await;
    refused(refusal, Code::PermissionDenied, "COMMON_ERROR_REASON_SCOPE_MISSING");
    assert_eq!(world.count().await, 0);
}

#[tokio::test]
async fn a_case_must_be_known() {
    let (world, mut order) = berlin().await;
    let case = world.ids.next();
    order.case_id = support_repair_logistics::domain::repair::CaseId::to_string(&case);
    let mut door = world.repairs(&partner("asp-berlin"));
    let refusal = door.submit_repair(order.clone()).await;
    let refusal = refused(refusal, Code::FailedPrecondition, "REPAIR_ERROR_REASON_CASE_NOT_FOUND");
    assert!(refusal.retry_after.is_some_and(|delay| delay > Duration::ZERO));
    assert_eq!(world.warranty.fake.state().lookups, 0, "nobody was asked");

    // The news arrives; the same request is taken.
    let opened = support_proto::support::case::v1::CaseOpened {
        case_id: order.case_id.clone(),
        customer_id: world.ids.next::<support_chassis::id::Id>().to_string(),
        ..Default::default()
    };
    world.told(case, &opened).await;
    world.caught_up().await;
    door.submit_repair(order).await.unwrap();
}

#[tokio::test]
async fn partners_order_from_their_own_providers_staff_from_any() {
    let (world, order) = berlin().await;
    world.provider("DEPOT-1", None).await;
    let from = |code: &str| SubmitRepairRequest {
        request_id: world.request_id(),
        provider_code: code.to_owned(),
        ..order.clone()
    };
    for (caller, code) in [
        (partner("asp-paris"), "ASP-BER-01"),
        (partner("asp-berlin"), "DEPOT-1"),
        (partner("asp-berlin"), "ASP-XXX-01"),
        (staff(), "ASP-XXX-01"),
    ] {
        let refusal = world.repairs(&caller).submit_repair(from(code)).await;
        refused(refusal, Code::NotFound, "REPAIR_ERROR_REASON_PROVIDER_NOT_FOUND");
    }
    for code in ["ASP-BER-01", "DEPOT-1"] {
        world.repairs(&staff()).submit_repair(from(code)).await.unwrap();
    }
    assert_eq!(world.count().await, 2);
}

#[tokio::test]
async fn what_warranty_does_not_know_or_refuses_is_not_ordered() {
    let (world, order) = berlin().await;
    let mut door = world.repairs(&partner("asp-berlin"));
    let unknown = SubmitRepairRequest {
        serial_number: "UNKNWN01".to_owned(),
        ..order.clone()
    };
    let refusal = door.submit_repair(unknown).await;
    refused(
        refusal,
        Code::FailedPrecondition,
        "REPAIR_ERROR_REASON_DEVICE_NOT_FOUND",
    );

    world.warranty.fake.knows("WATCH001", ProductLine::Watch);
    let watch = SubmitRepairRequest {
        serial_number: "WATCH001".to_owned(),
        ..order.clone()
    };
    let refusal = door.submit_repair(watch).await;
    let refusal = refused(
        refusal,
        Code::FailedPrecondition,
        "REPAIR_ERROR_REASON_PRODUCT_LINE_NOT_REPAIRED",
    );
    assert_eq!(
        refusal.metadata.get("product_line").map(String::as_str),
        Some("PRODUCT_LINE_WATCH")
    );
    assert_eq!(
        world.warranty.fake.state().asked,
        0,
        "no decision for what is not repaired anyhow"
    );

    let changed = SubmitRepairRequest {
        damage: Damage::UnauthorisedChange.into(),
        ..order.clone()
    };
    let refusal = door.submit_repair(changed).await;
    refused(
        refusal,
        Code::FailedPrecondition,
        "REPAIR_ERROR_REASON_COVERAGE_REFUSED",
    );
    assert_eq!(world.count().await, 0);

    // Corrected under the same request id, which took no effect before.
    let repair = door.submit_repair(order).await.unwrap().into_inner().repair.unwrap();
    assert_eq!(repair.coverage_outcome(), CoverageOutcome::LimitedWarranty);
    assert_eq!(world.warranty.fake.state().decisions.len(), 2);
}

#[tokio::test]
async fn a_partner_reference_names_one_repair_of_its_organisation() {
    let (world, order) = berlin().await;
    world.provider("ASP-BER-02", Some("asp-berlin")).await;
    world.provider("ASP-PAR-01", Some("asp-paris")).await;
    let with = |code: &str, reference: &str| SubmitRepairRequest {
        request_id: world.request_id(),
        provider_code: code.to_owned(),
        partner_reference: reference.to_owned(),
        ..order.clone()
    };
    let mut door = world.repairs(&staff());
    door.submit_repair(with("ASP-BER-01", "R-1")).await.unwrap();
    let refusal = door.submit_repair(with("ASP-BER-02", "R-1")).await;
    refused(
        refusal,
        Code::AlreadyExists,
        "REPAIR_ERROR_REASON_PARTNER_REFERENCE_TAKEN",
    );
    for (code, reference) in [
        ("ASP-PAR-01", "R-1"),
        ("ASP-BER-02", "R-2"),
        ("ASP-BER-01", ""),
        ("ASP-BER-01", ""),
    ] {
        door.submit_repair(with(code, reference)).await.unwrap();
    }
    assert_eq!(world.count().await, 5);
}

#[tokio::test]
async fn a_malformed_order_is_refused_by_field() {
    let (world, order) = berlin().await;
    let wrong = SubmitRepairRequest {
        case_id: "us-0198f2c4-0000-7000-8000-000000000001".to_owned(),
        ..order.clone()
    };
    assert_eq!(
        violated(world.repairs(&staff()).submit_repair(wrong).await),
        ["case_id"]
    );
    let wrong = SubmitRepairRequest {
        problem: String::new(),
        damage: 0,
        language: "?".to_owned(),
        ..order
    };
    assert_eq!(
        violated(world.repairs(&staff()).submit_repair(wrong).await),
        ["damage", "language", "problem"]
    );
}
