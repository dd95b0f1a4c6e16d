//! What a service reads: by place, by day, by basis.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use support_chassis::clock::{Clock, ManualClock};
use support_chassis::standard::{Place, Standard};
use time::macros::{date, datetime};

use super::{POLICY, Process, World, country, policy, shorter};

/// A region on the evening of 1 March 2026.
async fn evening() -> (World, Process, ManualClock) {
    let world = World::new(&["eu"]).await;
    let (clock, hand) = Clock::manual(datetime!(2026-03-01 22:00 UTC));
    let eu = world.region("eu").start_by(clock).await;
    (world, eu, hand)
}

/// How long a code works at a place on a day.
fn on(process: &Process, place: &str, day: time::Date) -> i64 {
    let held = process.standard.on(&place.parse().unwrap(), day);
    held.codes.unwrap().lifetime.unwrap().seconds
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_holds_from_its_day_on() {
    let (_world, eu, hand) = evening().await;
    eu.publish_with(Place::Global, &policy(500), |version| {
        version.effective_from = date!(2026 - 03 - 03);
    })
    .await;
    eu.publish_with(country("DE"), &shorter(400), |version| {
        version.effective_from = date!(2026 - 03 - 02);
    })
    .await;
    for (place, day, expected) in [
        ("global", date!(1971 - 01 - 01), 600),
        ("global", date!(2026 - 03 - 02), 600),
        ("global", date!(2026 - 03 - 03), 500),
        ("global", date!(2126 - 03 - 03), 500),
        ("country/DE", date!(2026 - 03 - 01), 600),
        ("country/DE", date!(2026 - 03 - 02), 400),
        ("country/DE", date!(2026 - 03 - 03), 400),
    ] {
        assert_eq!(on(&eu, place, day), expected, "{place} {day}");
        assert_eq!(on(&eu, place, day), expected, "{place} {day}, remembered");
    }
    let mut changes = eu.standard.changes();
    changes.mark_unchanged();
    assert_eq!(eu.lifetime(&country("DE")).0, 600);
    hand.advance(Duration::from_hours(2));
    assert_eq!(
        eu.lifetime(&country("DE")).0,
        400,
        "at midnight, UTC, and not a second later"
    );
    let ticked = tokio::time::timeout(super::LIMIT, changes.changed()).await;
    assert!(ticked.is_ok(), "a new day may bring new rules");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_nobody_knows_has_the_rules_of_everywhere() {
    let (_world, eu, _hand) = evening().await;
    eu.publish(Place::Global, &policy(500)).await;
    eu.publish(Place::group("eea"), &shorter(400)).await;
    eu.publish(country("DE"), &shorter(300)).await;
    // Nobody may publish this, and were it there, nothing of it would hold.
    eu.publish(Place::site("nowhere"), &shorter(60)).await;
    let today = date!(2026 - 03 - 01);
    for (place, expected) in [
        ("global", 500),
        ("group/eea", 400),
        ("country/FR", 400),
        ("country/DE", 300),
        ("country/US", 500),
        ("country/XX", 500),
        ("group/none", 500),
        ("site/nowhere", 500),
    ] {
        assert_eq!(on(&eu, place, today), expected, "{place}");
    }
    let at = |place: &str| eu.standard.on(&place.parse().unwrap(), today);
    assert!(
        Arc::ptr_eq(&at("country/US"), &at("country/XX")),
        "the same rules are kept once"
    );
    // However many places are asked for that do not exist.
    for number in 0..10_000 {
        assert!(Arc::ptr_eq(&at(&format!("site/made-up-{number}")), &at("global")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_decision_was_made_by_can_be_had_for_ever() {
    let (_world, eu, _hand) = evening().await;
    let mut decisions = vec![eu.standard.today(&country("DE"))];
    eu.publish(country("DE"), &shorter(500)).await;
    decisions.push(eu.standard.today(&country("DE")));
    eu.publish(Place::Global, &policy(300)).await;
    decisions.push(eu.standard.today(&country("DE")));
    let withdrawn = eu.publish(Place::Global, &policy(200)).await;
    decisions.push(eu.standard.today(&country("DE")));
    eu.withdraw(withdrawn).await;
    let seconds: Vec<i64> = decisions
        .iter()
        .map(|decision| decision.codes.unwrap().lifetime.unwrap().seconds)
        .collect();
    assert_eq!(seconds, [600, 500, 300, 200]);
    for decision in &decisions {
        let stored = decision.basis.to_string();
        let found = eu.standard.by_basis(&stored.parse().unwrap()).unwrap();
        assert_eq!(found, *decision, "{stored}");
    }
    for unknown in [
        "ruler/verification-policy@9",
        "ruler/verification-policy@0!00000000",
        "ruler/verification-policy@1+country/FR@1!00000000",
        "ruler/territories@1",
        "other/verification-policy@1",
    ] {
        assert!(eu.standard.by_basis(&unknown.parse().unwrap()).is_none(), "{unknown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_territories_say_what_lies_over_what() {
    let (_world, eu, _hand) = evening().await;
    eu.publish(Place::group("eea"), &shorter(400)).await;
    let today = date!(2026 - 03 - 01);
    assert_eq!((on(&eu, "country/FR", today), on(&eu, "country/CH", today)), (400, 600));
    let territories = json!({
        "countries": {"CH": {"region": "eu"}, "FR": {"region": "eu"}},
        "groups": {"eea": {"countries": ["CH"]}},
        "sites": {"basel": {"country": "CH"}},
    });
    eu.publish_with(Place::Global, &territories, |version| {
        version.document = "ruler/territories".to_owned();
        version.version = 2;
        version.effective_from = date!(2026 - 03 - 02);
    })
    .await;
    assert_eq!((on(&eu, "country/FR", today), on(&eu, "country/CH", today)), (400, 600));
    let tomorrow = date!(2026 - 03 - 02);
    assert_eq!(
        (on(&eu, "country/FR", tomorrow), on(&eu, "country/CH", tomorrow)),
        (600, 400)
    );
    assert_eq!(
        (on(&eu, "site/basel", today), on(&eu, "site/basel", tomorrow)),
        (600, 400)
    );
}

#[test]
fn what_is_shipped_holds_everywhere_for_ever() {
    let standard = Standard::shipped(&POLICY);
    let held = standard.on(&country("DE"), date!(2026 - 03 - 01));
    assert!(Arc::ptr_eq(&held, &standard.today(&Place::Global)));
    assert_eq!(held.codes.unwrap().lifetime.unwrap().seconds, 600);
    assert_eq!(held.basis.document(), "shipped/verification-policy");
    assert!(standard.by_basis(&held.basis).is_some());
    assert!(!standard.changes().has_changed().unwrap());
}
