//! Decisions beyond the warranty and the law: service programs, places, kinds of damage, parts.

use support_proto::support::warranty::v1::{
    CoverageDecided, CoverageDecision, CoverageOutcome, Damage, DecideCoverageRequest, PastRepair, PaymentKind,
    UseKind, WeighedRule,
};
use tonic::Code;

use crate::world::{World, day, refused, request_id, staff, violated};

const SERIAL: &str = "HP14A00005";

/// A telephone of a model with a program, sold in the United States, where the law names no time, long ago.
async fn scene() -> World {
    let world = World::start().await;
    world.product("PHN-14-128").await;
    world
        .device(SERIAL, |request| {
            "PHN-14-128".clone_into(&mut request.model_code);
            "US".clone_into(&mut request.purchase_country_code);
            request.purchase_date = Some(day(2023, 3, 1));
        })
        .await;
    world
}

fn ask(number: u64) -> DecideCoverageRequest {
    DecideCoverageRequest {
        request_id: request_id(number),
        serial_number: SERIAL.to_owned(),
        damage: Damage::None.into(),
        ..DecideCoverageRequest::default()
    }
}

async fn decide(world: &World, request: DecideCoverageRequest) -> CoverageDecision {
    let answer = world.coverage(&staff()).decide_coverage(request).await.unwrap();
    answer.into_inner().decision.unwrap()
}

fn rule<'d>(decision: &'d CoverageDecision, rule_id: &str) -> &'d WeighedRule {
    decision.chain.iter().find(|rule| rule.rule_id == rule_id).unwrap()
}

#[tokio::test]
async fn a_service_program_repairs_what_the_maker_knows_to_be_faulty() {
    let world = scene().await;
    let seen = |number, symptom: &str| DecideCoverageRequest {
        symptom: symptom.to_owned(),
        ..ask(number)
    };
    let decision = decide(&world, seen(1, "battery-drains-fast")).await;
    assert_eq!(decision.outcome(), CoverageOutcome::ServiceProgram);
    assert_eq!(decision.covered_until, Some(day(2027, 3, 1)));
    assert_eq!(decision.pays.as_ref().unwrap().kind(), PaymentKind::Nothing);
    let uses = decision.uses.as_ref().unwrap();
    assert_eq!(
        (uses.kind(), uses.program_id.as_str()),
        (UseKind::ServiceProgram, "battery-phone-14")
    );
    assert_eq!(decision.symptom, "battery-drains-fast");
    assert_eq!(decision.likely_components, ["battery", "logic-board"]);
    assert_eq!(decision.ask_keys[0], "coverage.ask.since_when");
    let program = rule(&decision, "battery-phone-14");
    assert!(program.decided && program.version == decision.terms_version);
    assert_eq!(program.source, "service program SP-2024-02, Halden Phone 14 battery");

    let unsaid = decide(&world, ask(2)).await;
    assert_eq!(unsaid.outcome(), CoverageOutcome::OutOfWarranty);
    assert_eq!(
        rule(&unsaid, "battery-phone-14").reason_key,
        "coverage.reason.symptom_not_said"
    );
    let other = decide(
        &world,
        DecideCoverageRequest {
            component: "camera".to_owned(),
            ..seen(3, "turns-off")
        },
    )
    .await;
    assert_eq!(
        rule(&other, "battery-phone-14").reason_key,
        "coverage.reason.other_component"
    );
    assert_eq!(other.component, "camera");
}

#[tokio::test]
async fn what_is_worn_or_gone_is_nobodys_liability() {
    let world = scene().await;
    for (number, damage, outcome, rule_id, reason) in [
        (
            1,
            Damage::Wear,
            CoverageOutcome::OutOfWarranty,
            "limited-warranty",
            "wear",
        ),
        (
            2,
            Damage::Cosmetic,
            CoverageOutcome::OutOfWarranty,
            "limited-warranty",
            "cosmetic_damage",
        ),
        (
            3,
            Damage::Loss,
            CoverageOutcome::Refused,
            "nothing-to-repair",
            "nothing_to_repair",
        ),
        (
            4,
            Damage::Theft,
            CoverageOutcome::Refused,
            "nothing-to-repair",
            "nothing_to_repair",
        ),
    ] {
        let request = DecideCoverageRequest {
            damage: damage.into(),
            day: Some(day(2023, 4, 1)),
            ..ask(number)
        };
        let decision = decide(&world, request).await;
        assert_eq!(decision.outcome(), outcome, "{damage:?}");
        assert_eq!(rule(&decision, rule_id).reason_key, format!("coverage.reason.{reason}"));
        let pays = decision.pays.unwrap().kind();
        let is_refused = outcome == CoverageOutcome::Refused;
        assert_eq!(pays == PaymentKind::NoRepair, is_refused);
    }
}

#[tokio::test]
async fn a_repair_is_warranted_for_the_component_that_was_repaired() {
    let world = scene().await;
    let repaired = |number, component: &str| DecideCoverageRequest {
        component: component.to_owned(),
        repairs: vec![PastRepair {
            received_on: Some(day(2026, 2, 1)),
            returned_on: Some(day(2026, 2, 4)),
            components: vec!["display".to_owned()],
        }],
        ..ask(number)
    };
    let display = decide(&world, repaired(1, "display")).await;
    assert_eq!(display.outcome(), CoverageOutcome::RepairWarranty);
    let camera = decide(&world, repaired(2, "camera")).await;
    assert_eq!(camera.outcome(), CoverageOutcome::OutOfWarranty);
    assert_eq!(
        rule(&camera, "repair-warranty").reason_key,
        "coverage.reason.other_component"
    );
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_and_nothing_is_kept() {
    let world = scene().await;
    let mut door = world.coverage(&staff());
    let part = DecideCoverageRequest {
        parts: vec!["NO-SUCH-PART".to_owned()],
        ..ask(1)
    };
    refused(
        door.decide_coverage(part).await,
        Code::FailedPrecondition,
        "WARRANTY_ERROR_REASON_PART_NOT_OF_MODEL",
    );
    let symptom = DecideCoverageRequest {
        symptom: "no-such-symptom".to_owned(),
        ..ask(2)
    };
    assert_eq!(violated(door.decide_coverage(symptom).await), ["symptom"]);
    let place = DecideCoverageRequest {
        place_country_code: "UK".to_owned(),
        ..ask(3)
    };
    assert_eq!(violated(door.decide_coverage(place).await), ["place_country_code"]);
    // Of all that only what comes now was decided.
    let kept = decide(&world, ask(4)).await;
    let events = world.events::<CoverageDecided>(1).await;
    assert_eq!(events[0].decision_id, kept.decision_id);
}
