//! Decisions: made once, seen by those they concern, the same for ever.

use std::time::Duration;

use support_proto::support::warranty::v1::{
    CoverageDecided, CoverageDecision, CoverageOutcome, Damage, DecideCoverageRequest, GetCoverageDecisionRequest,
    LawStart, PastRepair, Remedy,
};
use support_warranty::domain::coverage::REASON_KEYS;
use time::macros::datetime;
use tonic::Code;

use crate::world::{World, customer, day, operator, partner, refused, request_id, service, staff, violated};

fn ask(number: u64, serial_number: &str) -> DecideCoverageRequest {
    DecideCoverageRequest {
        request_id: request_id(number),
        serial_number: serial_number.to_owned(),
        day: None,
        damage: Damage::None.into(),
        repairs: Vec::new(),
        ..DecideCoverageRequest::default()
    }
}

async fn decide(world: &World, request: DecideCoverageRequest) -> CoverageDecision {
    world
        .coverage(&staff())
        .decide_coverage(request)
        .await
        .unwrap()
        .into_inner()
        .decision
        .unwrap()
}

#[tokio::test]
async fn a_decision_says_what_is_owed_and_why() {
    let world = World::start().await;
    world.product("PHN-12-128").await;
    let device = world.device("EEEE0001", |_| ()).await;

    // Sold in Germany on 1 March 2025; today is 10 March 2026: the maker's year is over, the law's two are not.
    let decision = decide(&world, ask(1, "EEEE0001")).await;
    assert_eq!(decision.device_id, device.device_id);
    assert_eq!(decision.day, Some(day(2026, 3, 10)));
    assert_eq!(decision.outcome(), CoverageOutcome::StatutoryRight);
    assert_eq!(decision.covered_until, Some(day(2027, 3, 1)));
    assert_eq!(decision.days_remaining, 356);
    let decided: Vec<_> = decision.chain.iter().filter(|rule| rule.decided).collect();
    assert_eq!(decided.len(), 1);
    assert_eq!(
        (decided[0].rule_id.as_str(), decided[0].source.as_str()),
        ("statutory-de-2022", "BGB §§ 437–441, 438(1) Nr. 3, 475d, 477(1)")
    );
    let law = decided[0].law.as_ref().unwrap();
    assert_eq!(law.starts(), LawStart::Delivery);
    assert_eq!(law.burden_of_proof_until, Some(day(2026, 3, 1)));
    let first = law.remedies[0].any_of().collect::<Vec<_>>();
    assert_eq!(first, [Remedy::Repair, Remedy::Replacement]);
    let returns: Vec<_> = decision
        .return_rights
        .iter()
        .map(|right| (right.rule_id.as_str(), right.until, right.applies))
        .collect();
    let last = Some(day(2025, 3, 15));
    assert_eq!(
        returns,
        [("voluntary-return", last, false), ("withdrawal-de", last, false)]
    );
    // Sold before the duty to have parts of telephones began.
    assert!(decision.spare_parts.is_empty());
    assert_eq!(decision.chain[0].rule_id, "limited-warranty");
    assert_eq!(
        (decision.chain[0].applies, decision.chain[0].until),
        (false, Some(day(2026, 3, 1)))
    );
    assert!(
        decision
            .chain
            .iter()
            .all(|rule| REASON_KEYS.contains(&rule.reason_key.as_str()))
    );

    let past = decide(
        &world,
        DecideCoverageRequest {
            day: Some(day(2026, 3, 1)),
            ..ask(2, "EEEE0001")
        },
    )
    .await;
    assert_eq!(
        (past.outcome(), past.days_remaining),
        (CoverageOutcome::LimitedWarranty, 0)
    );
    let wet = decide(
        &world,
        DecideCoverageRequest {
            damage: Damage::Liquid.into(),
            ..ask(3, "EEEE0001")
        },
    )
    .await;
    assert_eq!(
        (wet.outcome(), wet.covered_until, wet.days_remaining),
        (CoverageOutcome::OutOfWarranty, None, 0)
    );
    let late = DecideCoverageRequest {
        day: Some(day(2027, 3, 2)),
        damage: Damage::UnauthorisedChange.into(),
        ..ask(4, "EEEE0001")
    };
    assert_eq!(decide(&world, late).await.outcome(), CoverageOutcome::Refused);

    let events = world.events::<CoverageDecided>(4).await;
    assert_eq!(events[0].decision_id, decision.decision_id);
    assert_eq!(events[0].device_id, device.device_id);
    assert_eq!(events[0].outcome(), CoverageOutcome::StatutoryRight);
    assert_eq!(events[0].terms_version, decision.terms_version);
}

#[tokio::test]
async fn today_begins_at_midnight_at_the_place() {
    let world = World::start().await;
    world.product("PHN-12-128").await;
    // Bought on 1 March 2025, so that the maker's year ends with 1 March 2026: in Japan at 15:00 UTC, in the United States when
    // Hawaii has its midnight.
    for (request, serial_number, code, midnight) in [
        (1, "EEEE0004", "JP", datetime!(2026-03-01 15:00 UTC)),
        (3, "EEEE0002", "US", datetime!(2026-03-02 10:00 UTC)),
    ] {
        world
            .device(serial_number, |request| request.purchase_country_code = code.to_owned())
            .await;
        world.hand.set(midnight - time::Duration::microseconds(1));
        let before = decide(&world, ask(request, serial_number)).await;
        assert_eq!(
            (before.outcome(), before.day),
            (CoverageOutcome::LimitedWarranty, Some(day(2026, 3, 1))),
            "{code}"
        );
        world.hand.advance(Duration::from_micros(1));
        let after = decide(&world, ask(request + 1, serial_number)).await;
        assert_eq!(
            (after.outcome(), after.day),
            (CoverageOutcome::OutOfWarranty, Some(day(2026, 3, 2))),
            "{code}"
        );
    }
}

#[tokio::test]
async fn today_is_that_of_the_zone_or_the_place_that_is_named() {
    let world = World::start().await;
    world.product("PHN-12-128").await;
    world
        .device("EEEE0006", |request| request.purchase_country_code = "US".to_owned())
        .await;
    // Midnight in New York: five hours later there than in London, five earlier than in Hawaii.
    world.hand.set(datetime!(2026-03-02 05:00 UTC));
    let mut request = 0;
    let mut today = async |zone: &str, place: &str| {
        request += 1;
        let asked = DecideCoverageRequest {
            time_zone: zone.to_owned(),
            place_country_code: place.to_owned(),
            ..ask(request, "EEEE0006")
        };
        world.coverage(&staff()).decide_coverage(asked).await
    };
    for (zone, place, expected) in [
        ("", "", day(2026, 3, 1)),
        ("America/New_York", "", day(2026, 3, 2)),
        ("America/Chicago", "", day(2026, 3, 1)),
        ("america/new_york", "US", day(2026, 3, 2)),
        ("", "GB", day(2026, 3, 2)),
        ("Pacific/Honolulu", "GB", day(2026, 3, 1)),
    ] {
        let decision = today(zone, place).await.unwrap().into_inner().decision.unwrap();
        assert_eq!(decision.day, Some(expected), "{zone} {place}");
    }
    for none in ["Europe/Atlantis", "EST5", "UTC+1", "../etc/localtime"] {
        assert_eq!(violated(today(none, "").await), ["time_zone"], "{none}");
    }
}

#[tokio::test]
async fn a_question_asked_again_gets_the_same_decision() {
    let world = World::start().await;
    world.product("PHN-12-128").await;
    world.device("EEEE0003", |_| ()).await;
    let mut door = world.coverage(&staff());
    let (first, second) = {
        let mut other = world.coverage(&staff());
        tokio::join!(
            door.decide_coverage(ask(1, "EEEE0003")),
            other.decide_coverage(ask(1, "EEEE0003"))
        )
    };
    let first = first.unwrap().into_inner();
    assert_eq!(second.unwrap().into_inner(), first, "at the same time");
    world.hand.advance(Duration::from_secs(200));
    assert_eq!(
        door.decide_coverage(ask(1, "EEEE0003")).await.unwrap().into_inner(),
        first,
        "later"
    );
    let other = DecideCoverageRequest {
        damage: Damage::Liquid.into(),
        ..ask(1, "EEEE0003")
    };
    refused(
        door.decide_coverage(other).await,
        Code::InvalidArgument,
        "COMMON_ERROR_REASON_REQUEST_ID_REUSED",
    );
    world.events::<CoverageDecided>(1).await;
    // Another's request ids are others.
    let theirs = world
        .coverage(&service())
        .decide_coverage(ask(1, "EEEE0003"))
        .await
        .unwrap()
        .into_inner();
    assert_ne!(
        theirs.decision.unwrap().decision_id,
        first.decision.unwrap().decision_id
    );
}

#[tokio::test]
async fn a_decision_is_given_again_as_it_was_to_those_it_concerns() {
    let world = World::start().await;
    world.product("PHN-12-128").await;
    let (anna, ben) = (world.customer(), world.customer());
    for serial in ["EEEE0004", "EEEE0005"] {
        world
            .device(serial, |request| {
                request.owner_customer_id = anna.to_string();
                request.purchase_country_code = "ES".to_owned();
            })
            .await;
    }
    let by_partner = world
        .coverage(&partner("asp-madrid"))
        .decide_coverage(ask(1, "EEEE0004"))
        .await
        .unwrap()
        .into_inner()
        .decision
        .unwrap();
    let get = GetCoverageDecisionRequest {
        decision_id: by_partner.decision_id.clone(),
        locale: String::new(),
    };
    for caller in [staff(), operator(), service(), customer(anna), partner("asp-madrid")] {
        let read = world
            .coverage(&caller)
            .get_coverage_decision(get.clone())
            .await
            .unwrap()
            .into_inner();
        assert_eq!(read.decision.as_ref(), Some(&by_partner));
    }
    for caller in [customer(ben), partner("asp-berlin")] {
        let refusal = world.coverage(&caller).get_coverage_decision(get.clone()).await;
        refused(refusal, Code::NotFound, "WARRANTY_ERROR_REASON_DECISION_NOT_FOUND");
    }
    // One that the owner asked for is not for partners.
    let own = world
        .coverage(&customer(anna))
        .decide_coverage(ask(2, "EEEE0005"))
        .await
        .unwrap()
        .into_inner();
    let get = GetCoverageDecisionRequest {
        decision_id: own.decision.unwrap().decision_id,
        locale: String::new(),
    };
    let refusal = world.coverage(&partner("asp-madrid")).get_coverage_decision(get).await;
    refused(refusal, Code::NotFound, "WARRANTY_ERROR_REASON_DECISION_NOT_FOUND");
}

#[tokio::test]
async fn nothing_is_decided_without_a_device_or_before_its_sale() {
    let world = World::start().await;
    world.product("PHN-12-128").await;
    let anna = world.customer();
    world
        .device("EEEE0006", |request| request.owner_customer_id = anna.to_string())
        .await;
    let mut door = world.coverage(&staff());
    let early = DecideCoverageRequest {
        day: Some(day(2025, 2, 28)),
        ..ask(1, "EEEE0006")
    };
    refused(
        door.decide_coverage(early).await,
        Code::FailedPrecondition,
        "WARRANTY_ERROR_REASON_DAY_BEFORE_PURCHASE",
    );
    refused(
        door.decide_coverage(ask(2, "EEEE9999")).await,
        Code::NotFound,
        "WARRANTY_ERROR_REASON_DEVICE_NOT_FOUND",
    );
    let none = DecideCoverageRequest {
        day: Some(day(2026, 2, 29)),
        ..ask(3, "EEEE0006")
    };
    assert_eq!(violated(door.decide_coverage(none).await), ["day"]);
    let stranger = world
        .coverage(&customer(world.customer()))
        .decide_coverage(ask(4, "EEEE0006"))
        .await;
    refused(stranger, Code::NotFound, "WARRANTY_ERROR_REASON_DEVICE_NOT_FOUND");
    let anything = GetCoverageDecisionRequest {
        decision_id: anna.to_string(),
        locale: String::new(),
    };
    let refusal = door.get_coverage_decision(anything).await;
    refused(refusal, Code::NotFound, "WARRANTY_ERROR_REASON_DECISION_NOT_FOUND");
}

#[tokio::test]
async fn repairs_that_a_device_has_had_prolong_what_is_owed() {
    let world = World::start().await;
    world.product("PHN-12-128").await;
    let anna = world.customer();
    world
        .device("EEEE0007", |request| {
            request.owner_customer_id = anna.to_string();
            request.purchase_country_code = "US".to_owned();
        })
        .await;
    let repair = PastRepair {
        received_on: Some(day(2026, 2, 1)),
        returned_on: Some(day(2026, 2, 10)),
        components: Vec::new(),
    };
    let told = DecideCoverageRequest {
        repairs: vec![repair],
        ..ask(1, "EEEE0007")
    };
    let decision = decide(&world, told.clone()).await;
    assert_eq!(decision.outcome(), CoverageOutcome::RepairWarranty);
    assert_eq!(decision.covered_until, Some(day(2026, 5, 11)));
    assert_eq!(
        decide(&world, ask(2, "EEEE0007")).await.outcome(),
        CoverageOutcome::OutOfWarranty
    );

    // The owner's word is not taken, nor what cannot be.
    let of_anna = world.coverage(&customer(anna)).decide_coverage(told.clone()).await;
    assert_eq!(violated(of_anna), ["repairs"]);
    for (received, returned, field) in [
        (day(2026, 2, 10), day(2026, 2, 1), "repairs[0].returned_on"),
        (day(2026, 2, 30), day(2026, 3, 1), "repairs[0].received_on"),
        (day(2026, 2, 1), day(2026, 3, 11), "repairs"),
        (day(2025, 2, 1), day(2025, 3, 11), "repairs"),
    ] {
        let wrong = DecideCoverageRequest {
            repairs: vec![PastRepair {
                received_on: Some(received),
                returned_on: Some(returned),
                components: Vec::new(),
            }],
            ..ask(3, "EEEE0007")
        };
        assert_eq!(violated(world.coverage(&staff()).decide_coverage(wrong).await), [field]);
    }
}

#[tokio::test]
async fn of_a_device_sold_used_less_is_certain() {
    let world = World::start().await;
    world.product("PHN-12-128").await;
    let device = world.device("EEEE0008", |request| request.sold_used = true).await;
    assert!(device.sold_used);
    let decision = decide(&world, ask(1, "EEEE0008")).await;
    assert_eq!(decision.outcome(), CoverageOutcome::OutOfWarranty);
    let law = decision
        .chain
        .iter()
        .find(|rule| rule.rule_id == "statutory-de-2022")
        .unwrap();
    assert_eq!((law.applies, law.until), (false, Some(day(2026, 3, 1))));
}
