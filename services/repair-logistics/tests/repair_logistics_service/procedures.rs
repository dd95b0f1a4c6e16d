//! What the procedures of repair ask for and promise, as they are shipped.

use std::time::Duration;

use serde_json::json;
use support_chassis::clock::ManualClock;
use support_chassis::standard::Basis;
use support_proto::support::repair::v1::{
    CancelRepairRequest, FinishRepairRequest, ListRepairsRequest, ReceiveDeviceRequest, RecordDiagnosisRequest, Repair,
    RepairOutcome, RepairState, ReturnDeviceRequest,
};
use support_proto::support::types::v1::ProductLine;
use tonic::{Code, Status};

use crate::callers::{operator, partner, refused, staff, violated};
use crate::world::World;

const DAY: Duration = Duration::from_hours(24);

/// A partner in Berlin, a telephone, and a clock that is moved by hand.
async fn berlin() -> (World, ManualClock) {
    let (world, hand) = World::start_by_hand().await;
    world.provider("ASP-BER-01", Some("asp-berlin")).await;
    world.warranty.fake.knows("AAAA0001", ProductLine::Phone);
    (world, hand)
}

async fn ordered(world: &World) -> Repair {
    let case = world.case_of(world.ids.next()).await;
    let order = world.order(case, "ASP-BER-01", "AAAA0001");
    let submitted = world.repairs(&staff()).submit_repair(order).await.unwrap();
    submitted.into_inner().repair.unwrap()
}

async fn receive(world: &World, repair: &Repair) -> Result<Repair, Status> {
    let request = ReceiveDeviceRequest {
        request_id: world.request_id(),
        repair_id: repair.repair_id.clone(),
        ..Default::default()
    };
    let answer = world.repairs(&staff()).receive_device(request).await?;
    Ok(answer.into_inner().repair.unwrap())
}

async fn diagnose(world: &World, repair: &Repair) -> Repair {
    let request = RecordDiagnosisRequest {
        request_id: world.request_id(),
        repair_id: repair.repair_id.clone(),
        diagnosis_code: "BOARD".to_owned(),
        ..Default::default()
    };
    let answer = world.repairs(&staff()).record_diagnosis(request).await.unwrap();
    answer.into_inner().repair.unwrap()
}

async fn finish(world: &World, repair: &Repair, outcome: RepairOutcome, note: &str) -> Result<Repair, Status> {
    let request = FinishRepairRequest {
        request_id: world.request_id(),
        repair_id: repair.repair_id.clone(),
        outcome: outcome.into(),
        note: note.to_owned(),
        ..Default::default()
    };
    let answer = world.repairs(&staff()).finish_repair(request).await?;
    Ok(answer.into_inner().repair.unwrap())
}

async fn overdue(world: &World) -> Vec<String> {
    let request = ListRepairsRequest {
        overdue_only: true,
        ..Default::default()
    };
    let mut seen = Vec::new();
    for caller in [operator(), partner("asp-berlin")] {
        let answer = world.repairs(&caller).list_repairs(request.clone()).await.unwrap();
        let ids = answer.into_inner().repairs.into_iter().map(|repair| repair.repair_id);
        seen.push(ids.collect::<Vec<_>>());
    }
    assert_eq!(seen[0], seen[1]);
    seen.remove(0)
}

fn seconds_between(earlier: Option<prost_types::Timestamp>, later: Option<prost_types::Timestamp>) -> i64 {
    later.unwrap().seconds - earlier.unwrap().seconds
}

#[tokio::test]
async fn a_repair_is_due_by_the_procedures_that_it_names() {
    let (world, hand) = berlin().await;
    let repair = ordered(&world).await;
    assert_eq!((repair.step_due_time, repair.return_due_time), (None, None));
    assert!(
        repair
            .procedures_version
            .starts_with("repair-logistics/repair-procedures@"),
        "{}",
        repair.procedures_version
    );
    hand.advance(3 * DAY);
    let received = receive(&world, &repair).await.unwrap();
    let day = 86_400;
    assert_eq!(seconds_between(received.update_time, received.step_due_time), 2 * day);
    assert_eq!(
        seconds_between(received.update_time, received.return_due_time),
        12 * day
    );
    assert!(overdue(&world).await.is_empty());

    hand.advance(2 * DAY);
    assert!(overdue(&world).await.is_empty(), "to the very moment it is in time");
    hand.advance(Duration::from_micros(1));
    assert_eq!(overdue(&world).await, [repair.repair_id.as_str()]);
    let diagnosed = diagnose(&world, &repair).await;
    assert_eq!(seconds_between(diagnosed.update_time, diagnosed.step_due_time), 7 * day);
    assert_eq!(diagnosed.return_due_time, received.return_due_time);
    assert!(overdue(&world).await.is_empty());
}

#[tokio::test]
async fn an_order_that_is_too_old_is_made_again() {
    let (world, hand) = berlin().await;
    let (taken, late) = (ordered(&world).await, ordered(&world).await);
    hand.advance(30 * DAY);
    receive(&world, &taken).await.unwrap();
    hand.advance(Duration::from_micros(1));
    let refusal = receive(&world, &late).await;
    let refusal = refused(refusal, Code::FailedPrecondition, "REPAIR_ERROR_REASON_ORDER_EXPIRED");
    assert!(refusal.metadata.contains_key("valid_until"));
    let cancel = CancelRepairRequest {
        request_id: world.request_id(),
        repair_id: late.repair_id.clone(),
        note: "never sent in".to_owned(),
        ..Default::default()
    };
    let answer = world.repairs(&staff()).cancel_repair(cancel).await.unwrap();
    let repair = answer.into_inner().repair.unwrap();
    assert_eq!(
        (repair.state(), repair.note.as_str()),
        (RepairState::Canceled, "never sent in")
    );
}

#[tokio::test]
async fn who_gets_no_repair_is_told_why() {
    let (world, _) = berlin().await;
    let repair = ordered(&world).await;
    let cancel = CancelRepairRequest {
        request_id: world.request_id(),
        repair_id: repair.repair_id.clone(),
        ..Default::default()
    };
    let refusal = world.repairs(&staff()).cancel_repair(cancel).await;
    let refusal = refused(refusal, Code::InvalidArgument, "REPAIR_ERROR_REASON_NOTE_REQUIRED");
    assert_eq!(
        refusal.metadata.get("action").map(String::as_str),
        Some("cancel_repair")
    );
    let fields: Vec<_> = refusal
        .violations
        .iter()
        .map(|violation| violation.field.as_str())
        .collect();
    assert_eq!(fields, ["note"]);

    receive(&world, &repair).await.unwrap();
    diagnose(&world, &repair).await;
    let refusal = finish(&world, &repair, RepairOutcome::EndOfLife, "").await;
    refused(refusal, Code::InvalidArgument, "REPAIR_ERROR_REASON_NOTE_REQUIRED");
    let blank = finish(&world, &repair, RepairOutcome::EndOfLife, "  ").await;
    assert_eq!(violated(blank), ["note"]);
    let finished = finish(&world, &repair, RepairOutcome::EndOfLife, "no such board")
        .await
        .unwrap();
    assert_eq!(finished.note, "no such board");
}

#[tokio::test]
async fn a_kind_of_place_repairs_what_the_procedures_let_it() {
    let (world, _) = berlin().await;
    let store = |code: &str, lines: &[ProductLine]| {
        let mut request = world.new_provider(code, None);
        request.kind = support_proto::support::repair::v1::ProviderKind::OwnStore.into();
        request.product_lines = lines.iter().map(|line| (*line).into()).collect();
        request
    };
    let request = store("STO-BER-01", &[ProductLine::Watch, ProductLine::Phone]);
    world.providers(&operator()).create_provider(request).await.unwrap();
    world.warranty.fake.knows("WATCH001", ProductLine::Watch);
    let case = world.case_of(world.ids.next()).await;
    let refusal = world
        .repairs(&staff())
        .submit_repair(world.order(case, "STO-BER-01", "WATCH001"))
        .await;
    let refusal = refused(
        refusal,
        Code::FailedPrecondition,
        "REPAIR_ERROR_REASON_PROVIDER_KIND_NOT_ALLOWED",
    );
    let said = |key: &str| refusal.metadata.get(key).map(String::as_str);
    assert_eq!(said("product_line"), Some("PRODUCT_LINE_WATCH"));
    assert_eq!(said("provider_kind"), Some("PROVIDER_KIND_OWN_STORE"));
    assert_eq!(world.warranty.fake.state().asked, 0, "nothing was decided");
    let order = world.order(case, "STO-BER-01", "AAAA0001");
    world.repairs(&staff()).submit_repair(order).await.unwrap();
}

#[tokio::test]
async fn a_country_is_stricter_and_its_repairs_say_by_what() {
    let (world, hand) = berlin().await;
    let (before, late) = (ordered(&world).await, ordered(&world).await);
    let mut french = world.new_provider("ASP-PAR-01", Some("asp-paris"));
    french.country_code = "FR".to_owned();
    world.providers(&operator()).create_provider(french).await.unwrap();
    world
        .publish(
            "country/DE",
            &json!({
                "turnaround": {"partner": {"diagnose_within": "86400s", "return_within": "86400s"}},
                "product_lines": {"laptop": {"provider_kinds": ["PROVIDER_KIND_DEPOT"]}},
                "order_valid_for": "86400s",
                "note_required_for": [
                    "REPAIR_STEP_FINISH_UNREPAIRED", "REPAIR_STEP_CANCEL_REPAIR", "REPAIR_STEP_RECORD_DIAGNOSIS",
                ],
            }),
        )
        .await;
    let versions = |repair: &Repair| {
        let basis: Basis = repair.procedures_version.parse().unwrap();
        let layers = basis.layers().iter();
        layers
            .map(|layer| format!("{}@{}", layer.place, layer.version))
            .collect::<Vec<_>>()
    };
    assert_eq!(versions(&before), ["global@1"]);
    let received = receive(&world, &before).await.unwrap();
    assert_eq!(versions(&received), ["global@1", "country/DE@1"]);
    let day = 86_400;
    assert_eq!(seconds_between(received.update_time, received.step_due_time), day);
    assert_eq!(seconds_between(received.update_time, received.return_due_time), 9 * day);
    let request = RecordDiagnosisRequest {
        request_id: world.request_id(),
        repair_id: received.repair_id.clone(),
        diagnosis_code: "BOARD".to_owned(),
        ..Default::default()
    };
    let refusal = world.repairs(&staff()).record_diagnosis(request).await;
    refused(refusal, Code::InvalidArgument, "REPAIR_ERROR_REASON_NOTE_REQUIRED");
    hand.advance(DAY + Duration::from_micros(1));
    let refusal = receive(&world, &late).await;
    refused(refusal, Code::FailedPrecondition, "REPAIR_ERROR_REASON_ORDER_EXPIRED");

    // A partner in Germany repairs no laptops any more, one in France does.
    world.warranty.fake.knows("BBBB0001", ProductLine::Laptop);
    let case = world.case_of(world.ids.next()).await;
    let mut door = world.repairs(&staff());
    let refusal = door.submit_repair(world.order(case, "ASP-BER-01", "BBBB0001")).await;
    refused(
        refusal,
        Code::FailedPrecondition,
        "REPAIR_ERROR_REASON_PROVIDER_KIND_NOT_ALLOWED",
    );
    let order = door.submit_repair(world.order(case, "ASP-PAR-01", "BBBB0001")).await;
    assert_eq!(versions(&order.unwrap().into_inner().repair.unwrap()), ["global@1"]);
}

#[tokio::test]
async fn who_would_be_late_is_shown_before_it_is_published() {
    let (world, hand) = berlin().await;
    let repair = ordered(&world).await;
    receive(&world, &repair).await.unwrap();
    hand.advance(3 * DAY);
    diagnose(&world, &repair).await;
    finish(&world, &repair, RepairOutcome::Unknown, "no fault found")
        .await
        .unwrap();
    let back = ReturnDeviceRequest {
        request_id: world.request_id(),
        repair_id: repair.repair_id.clone(),
        ..Default::default()
    };
    world.repairs(&staff()).return_device(back).await.unwrap();
    ordered(&world).await;

    let quicker = json!({"turnaround": {"partner": {
        "diagnose_within": "3600s", "repair_within": "3600s", "return_within": "3600s",
    }}});
    for (place, told) in [("country/DE", 1), ("country/FR", 0)] {
        let report = world.check(place, &quicker).await;
        assert!(report.faults.is_empty() && report.loosened.is_empty(), "{report:?}");
        assert_eq!(report.consequences.len(), told, "{report:?}");
        if let Some(consequence) = report.consequences.first() {
            assert_eq!(consequence.whom, "of the latest 1 repairs at places of kind partner");
            assert_eq!(
                (consequence.before.as_str(), consequence.after.as_str()),
                ("in time", "late")
            );
            assert_eq!(consequence.examples, [repair.repair_id.as_str()]);
        }
    }
}
