//! What the stream answers is what a single call answers: random questions about devices to which everything has happened.

use futures_util::stream;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use support_chassis::error::explain;
use support_chassis::id::Id;
use support_proto::support::types::v1::Date;
use support_proto::support::warranty::v1 as warranty;
use support_proto::support::warranty::v1::device_life_service_client::DeviceLifeServiceClient;
use support_proto::support::warranty::v1::fleet_service_client::FleetServiceClient;
use support_proto::support::warranty::v1::{
    CoverageDecision, CoverageOutcome, Damage, DecideCoverageRequest, DecideCoverageStreamRequest, PastRepair,
    QuestionRefused, QuestionViolation,
};
use support_testing::showing;
use tonic::Status;

use crate::world::{World, day, fleet_manager, new_product, operator, request_id, staff};

/// How many questions are asked.
const QUESTIONS: u64 = 400;

/// With a plan of which an incident is used; replaced by another; what came for it; stolen; under investigation; of nobody.
const DEVICES: [&str; 8] = [
    "HP14A00001",
    "HP14A00002",
    "HP14A00003",
    "HP14A00004",
    "HP14A00005",
    "HP14A00006",
    "HP14A00007",
    "N0SUCHDEV1CE",
];

fn fresh(world: &World) -> String {
    let id: Id = world.ids.next();
    id.uuid().to_string()
}

async fn scene() -> World {
    let world = World::start().await;
    let mut product = new_product("PHN-14-128");
    "phone-2022".clone_into(&mut product.price_group);
    let part = |number: &str, wears, cosmetic| warranty::ProductPart {
        part_number: number.to_owned(),
        name: "Part".to_owned(),
        wears,
        cosmetic,
    };
    let component = |component: &str, parts| warranty::ProductComponent {
        component: component.to_owned(),
        parts,
    };
    product.components = vec![
        component("battery", vec![part("661-00001", true, false)]),
        component("display", vec![part("661-00002", false, false)]),
        component("housing", vec![part("661-00003", false, true)]),
    ];
    world.catalogue(&operator()).create_product(product).await.unwrap();
    let owner = world.customer();
    let sales = [
        ("DE", day(2026, 3, 1)),
        ("FR", day(2025, 3, 1)),
        ("US", day(2023, 3, 1)),
        ("DE", day(2024, 2, 29)),
        ("NO", day(2025, 12, 31)),
        ("BR", day(2026, 1, 31)),
    ];
    let mut devices = Vec::new();
    for (serial_number, (country, sold)) in DEVICES.iter().filter(|serial| **serial != DEVICES[2]).zip(sales) {
        let device = world.device(serial_number, |request| {
            "PHN-14-128".clone_into(&mut request.model_code);
            request.owner_customer_id = owner.to_string();
            country.clone_into(&mut request.purchase_country_code);
            request.purchase_date = Some(sold);
            request.sold_used = country == "BR";
        });
        devices.push(device.await);
    }
    buy_plan(&world, &devices[0]).await;
    use_plan(&world).await;
    let mut life = DeviceLifeServiceClient::new(world.door(&staff()));
    let replace = warranty::ReplaceDeviceRequest {
        request_id: fresh(&world),
        device_id: devices[1].device_id.clone(),
        serial_number: DEVICES[2].to_owned(),
        received_on: Some(day(2026, 3, 2)),
        replaced_on: Some(day(2026, 3, 5)),
        reason: warranty::ReplacementReason::Repair.into(),
        ..warranty::ReplaceDeviceRequest::default()
    };
    life.replace_device(replace).await.unwrap();
    let lock = warranty::ChangeLockRequest {
        request_id: fresh(&world),
        device_id: devices[2].device_id.clone(),
        lock: warranty::DeviceLock::Stolen.into(),
        lift: false,
        reason: warranty::LockReason::PoliceReport.into(),
    };
    life.change_lock(lock).await.unwrap();
    let flag = warranty::ChangeFlagRequest {
        request_id: fresh(&world),
        device_id: devices[3].device_id.clone(),
        flag: warranty::DeviceFlag::UnderInvestigation.into(),
        clear: false,
        reference: "FILE-12".to_owned(),
    };
    let mut by_operator = DeviceLifeServiceClient::new(world.door(&operator()));
    by_operator.change_flag(flag).await.unwrap();
    world
}

async fn buy_plan(world: &World, device: &warranty::Device) {
    let quote = warranty::QuotePlanRequest {
        request_id: fresh(world),
        device_id: device.device_id.clone(),
        kind: "standard".to_owned(),
        ..warranty::QuotePlanRequest::default()
    };
    let mut plans = world.plans(&showing(&staff(), &device.owner_customer_id, "plan_change"));
    let quote = plans.quote_plan(quote).await.unwrap().into_inner().quote.unwrap();
    let enrol = warranty::EnrolPlanRequest {
        request_id: fresh(world),
        quote_id: quote.quote_id,
        renews: false,
        payment_reference: String::new(),
    };
    let plan = plans.enrol_plan(enrol).await.unwrap().into_inner().plan.unwrap();
    let paid = warranty::RecordPlanPaymentRequest {
        request_id: fresh(world),
        plan_id: plan.plan_id,
        payment_reference: "first".to_owned(),
        outcome: warranty::PlanPaymentOutcome::Paid.into(),
        amount: plan.due.unwrap().amount,
    };
    world.plans(&operator()).record_plan_payment(paid).await.unwrap();
}

/// Uses an incident of the plan.
async fn use_plan(world: &World) {
    let ask = DecideCoverageRequest {
        request_id: fresh(world),
        serial_number: DEVICES[0].to_owned(),
        damage: Damage::Accidental.into(),
        component: "display".to_owned(),
        ..DecideCoverageRequest::default()
    };
    let decided = world.coverage(&staff()).decide_coverage(ask).await.unwrap();
    let decision = decided.into_inner().decision.unwrap();
    assert_eq!(decision.outcome(), CoverageOutcome::Plan);
    let reserve = warranty::ReserveEntitlementRequest {
        request_id: fresh(world),
        decision_id: decision.decision_id,
        reference: "R-1".to_owned(),
    };
    let mut entitlements = world.entitlements(&staff());
    let reserved = entitlements.reserve_entitlement(reserve).await.unwrap().into_inner();
    let commit = warranty::CommitEntitlementRequest {
        request_id: fresh(world),
        entitlement_id: reserved.entitlement.unwrap().entitlement_id,
        received_on: None,
        returned_on: None,
    };
    entitlements.commit_entitlement(commit).await.unwrap();
}

fn one_of(random: &mut StdRng, of: &[&str]) -> String {
    (*of.choose(random).unwrap()).to_owned()
}

fn some_day(random: &mut StdRng) -> Date {
    // The 30th of February is no day, and what is asked of it is refused.
    day(
        random.random_range(2024..2029),
        random.random_range(1..13),
        random.random_range(1..31),
    )
}

fn question(random: &mut StdRng, number: u64) -> DecideCoverageRequest {
    let mut parts: Vec<String> = ["661-00001", "661-00002", "661-00003"].map(str::to_owned).into();
    parts.retain(|_| random.random_bool(0.2));
    if random.random_bool(0.03) {
        parts.push("661-99999".to_owned());
    }
    let mut repairs = Vec::new();
    if random.random_bool(0.2) {
        repairs.push(PastRepair {
            received_on: Some(some_day(random)),
            returned_on: Some(some_day(random)),
            components: vec![one_of(random, &["battery", "display"])],
        });
    }
    if random.random_bool(0.2) {
        repairs.push(PastRepair {
            received_on: Some(day(2026, 3, 3)),
            returned_on: Some(day(2026, 3, 6)),
            components: Vec::new(),
        });
    }
    DecideCoverageRequest {
        request_id: request_id(number),
        serial_number: one_of(random, &DEVICES),
        day: random.random_bool(0.7).then(|| some_day(random)),
        damage: random.random_range(0..10),
        place_country_code: one_of(random, &["", "", "", "DE", "US", "JP", "UK"]),
        time_zone: one_of(
            random,
            &["", "", "", "Europe/Berlin", "Pacific/Honolulu", "Nowhere/Else"],
        ),
        symptom: one_of(
            random,
            &["", "", "", "battery-drains-fast", "turns-off", "no-such-symptom"],
        ),
        component: one_of(random, &["", "", "battery", "display", "camera"]),
        parts,
        repairs,
        locale: one_of(random, &["", "", "de"]),
    }
}

/// A decision without what names it.
fn anonymous(decision: CoverageDecision) -> CoverageDecision {
    CoverageDecision {
        decision_id: String::new(),
        decide_time: None,
        ..decision
    }
}

/// A refusal as the stream writes it.
fn as_on_stream(status: &Status) -> QuestionRefused {
    let explained = explain(status);
    QuestionRefused {
        code: explained.code.into(),
        reason: explained.reason,
        domain: explained.domain,
        message: explained.message,
        violations: explained
            .violations
            .into_iter()
            .map(|violation| QuestionViolation {
                field: violation.field,
                fault: violation.description,
            })
            .collect(),
        retry_after: None,
    }
}

#[tokio::test]
async fn the_stream_answers_as_a_single_call_does() {
    let world = scene().await;
    let mut random = StdRng::seed_from_u64(6);
    let questions: Vec<_> = (1..=QUESTIONS).map(|number| question(&mut random, number)).collect();
    let sent = stream::iter(
        questions
            .clone()
            .into_iter()
            .map(|question| DecideCoverageStreamRequest {
                question: Some(question),
            }),
    );
    let mut answers = FleetServiceClient::new(world.door(&fleet_manager()))
        .decide_coverage_stream(sent)
        .await
        .unwrap()
        .into_inner();
    let mut streamed = Vec::new();
    while let Some(answer) = answers.message().await.unwrap() {
        streamed.push(answer);
    }
    streamed.sort_by_key(|answer| answer.sequence);
    assert_eq!(streamed.len(), questions.len());

    let mut outcomes = Vec::new();
    for (question, of_stream) in questions.into_iter().zip(streamed) {
        let single = world.coverage(&fleet_manager()).decide_coverage(question.clone()).await;
        match single {
            Ok(answer) => {
                let decision = anonymous(answer.into_inner().decision.unwrap());
                outcomes.push(decision.outcome());
                assert_eq!(of_stream.decision.map(anonymous), Some(decision), "{question:?}");
                assert_eq!(of_stream.refused, None, "{question:?}");
            }
            Err(status) => {
                assert_eq!(of_stream.refused, Some(as_on_stream(&status)), "{question:?}");
                assert_eq!(of_stream.decision, None, "{question:?}");
            }
        }
    }
    // Neither all refused nor all alike.
    let refused = usize::try_from(QUESTIONS).unwrap() - outcomes.len();
    assert!(refused > 50 && outcomes.len() > 100, "{refused} refused");
    outcomes.sort_unstable();
    outcomes.dedup();
    assert!(outcomes.len() >= 6, "{outcomes:?}");
}
