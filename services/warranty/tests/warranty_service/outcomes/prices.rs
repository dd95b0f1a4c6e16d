//! What nobody is owed: prices where the repair is, part by part, good will, and what is refused.

use support_proto::support::types::v1::Date;
use support_proto::support::warranty::v1::{
    ChangeLockRequest, CoverageOutcome, Damage, DeviceLock, LockReason, PaymentKind, UseKind,
};

use super::*;
use crate::world::day;

/// Sold in the United States: good will goes by the maker's twelve months, which ended nine days ago.
async fn sold_in_america() -> Scene {
    Scene::new(|request| "US".clone_into(&mut request.purchase_country_code)).await
}

#[tokio::test]
async fn a_repair_costs_what_it_does_at_its_place() {
    let scene = Scene::new(|_| ()).await;
    for (place, currency_code, display, whole) in [
        ("", "EUR", 32_900, 64_900),
        ("DE", "EUR", 32_900, 64_900),
        ("US", "USD", 32_900, 64_900),
        // Another tax: 276.47 and 20 %, 545.38 and 20 %.
        ("AT", "EUR", 33_200, 65_400),
    ] {
        let at_place = |component: &'static str| {
            move |request: &mut DecideCoverageRequest| {
                place.clone_into(&mut request.place_country_code);
                component.clone_into(&mut request.component);
            }
        };
        let decision = scene.decide(Damage::Accidental, at_place("display")).await;
        assert_eq!(
            answer(&decision),
            at(CoverageOutcome::OutOfWarranty, currency_code, display),
            "{place}"
        );
        assert_eq!(decision.price, Some(money(currency_code, display)));
        let decision = scene.decide(Damage::Liquid, at_place("")).await;
        assert_eq!(
            answer(&decision),
            at(CoverageOutcome::OutOfWarranty, currency_code, whole),
            "{place}"
        );
        let named = if place.is_empty() { "DE" } else { place };
        assert_eq!(decision.place_country_code, named);
        // The law is that of the country of purchase, wherever the repair is.
        let fault = scene.decide(Damage::None, at_place("")).await;
        assert_eq!(answer(&fault), free(CoverageOutcome::StatutoryRight), "{place}");
        assert_eq!(fault.price, Some(money(currency_code, whole)));
    }
    let nowhere = scene
        .decide(Damage::Accidental, |request| {
            "KP".clone_into(&mut request.place_country_code);
        })
        .await;
    assert_eq!(
        answer(&nowhere),
        (CoverageOutcome::OutOfWarranty, PaymentKind::Unknown, None)
    );
    assert_eq!(nowhere.price, None);
    scene.all_made_again(13).await;
}

#[tokio::test]
async fn each_part_has_its_own_answer() {
    // Two years of the maker, in a country whose law names no time.
    let scene = Scene::of(
        "PHN-12-128",
        |model| model.limited_warranty_months = 24,
        |request| "US".clone_into(&mut request.purchase_country_code),
    )
    .await;
    let parts = async |on: Option<Date>| {
        let decision = scene
            .decide(Damage::None, |request| {
                request.day = on;
                request.parts = ["661-00001", "661-00002", "661-00003"].map(str::to_owned).to_vec();
            })
            .await;
        assert_eq!(answer(&decision), free(CoverageOutcome::LimitedWarranty));
        decision.parts
    };
    let [battery, display, back] = &parts(None).await[..] else {
        panic!("three parts")
    };
    assert_eq!(
        (battery.component.as_str(), battery.wears, battery.cosmetic),
        ("battery", true, false)
    );
    assert_eq!(
        (back.component.as_str(), back.wears, back.cosmetic),
        ("housing", false, true)
    );
    // The battery has had its twelve months; a battery costs little enough for good will.
    assert_eq!(battery.outcome(), CoverageOutcome::Goodwill);
    let of = |part: &warranty::PartDecision, rule_id: &str| {
        let found = part.chain.iter().find(|rule| rule.rule_id == rule_id);
        found.unwrap().clone()
    };
    let worn = of(battery, "limited-warranty");
    assert_eq!(
        (worn.reason_key.as_str(), worn.until),
        ("coverage.reason.wearing_part", Some(day(2026, 3, 1)))
    );
    assert_eq!(battery.covered_until, Some(day(2026, 3, 31)));
    assert_eq!(display.outcome(), CoverageOutcome::LimitedWarranty);
    assert_eq!(display.covered_until, Some(day(2027, 3, 1)));
    assert_eq!(display.pays.as_ref().unwrap().kind(), PaymentKind::Nothing);
    // What is there for looks is repaired at the price of its component.
    assert_eq!(back.outcome(), CoverageOutcome::OutOfWarranty);
    assert_eq!(of(back, "limited-warranty").reason_key, "coverage.reason.cosmetic_part");
    assert_eq!(back.pays.as_ref().unwrap().amount, Some(money("USD", 19_900)));
    assert_eq!(
        (&back.price, &display.price),
        (&Some(money("USD", 19_900)), &Some(money("USD", 32_900)))
    );

    let within = parts(Some(day(2026, 3, 1))).await;
    assert_eq!(within[0].outcome(), CoverageOutcome::LimitedWarranty);
    let late = parts(Some(day(2026, 4, 1))).await;
    assert_eq!(late[0].outcome(), CoverageOutcome::OutOfWarranty);
    assert_eq!(late[0].pays.as_ref().unwrap().amount, Some(money("USD", 9_900)));
    scene.all_made_again(3).await;
}

#[tokio::test]
async fn good_will_is_shown_within_its_limits_and_once() {
    let scene = sold_in_america().await;
    let dear = scene.decide_on(Damage::None, "display").await;
    assert_eq!(answer(&dear), at(CoverageOutcome::OutOfWarranty, "USD", 32_900));
    assert_eq!(why(&dear, "goodwill"), "goodwill_limit");
    let fallen = scene.decide_on(Damage::Accidental, "battery").await;
    assert_eq!(why(&fallen, "goodwill"), "accidental_damage");
    let on = async |day| {
        let change = |request: &mut DecideCoverageRequest| {
            request.day = Some(day);
            "battery".clone_into(&mut request.component);
        };
        scene.decide(Damage::None, change).await
    };
    assert_eq!(on(day(2026, 3, 1)).await.outcome(), CoverageOutcome::LimitedWarranty);
    assert_eq!(on(day(2026, 3, 2)).await.outcome(), CoverageOutcome::Goodwill);
    assert_eq!(on(day(2026, 3, 31)).await.outcome(), CoverageOutcome::Goodwill);
    let late = on(day(2026, 4, 1)).await;
    assert_eq!(answer(&late), at(CoverageOutcome::OutOfWarranty, "USD", 9_900));
    assert_eq!(why(&late, "goodwill"), "period_over");

    let shown = scene.decide_on(Damage::None, "battery").await;
    assert_eq!(answer(&shown), free(CoverageOutcome::Goodwill));
    assert_eq!(uses(&shown).0, UseKind::Goodwill);
    // In the west of the country it is still the day before.
    assert_eq!(
        (shown.day, shown.covered_until, shown.days_remaining),
        (Some(day(2026, 3, 9)), Some(day(2026, 3, 31)), 22)
    );
    assert_eq!(shown.price, Some(money("USD", 9_900)));
    scene.use_up(&shown).await;
    let again = scene.decide_on(Damage::None, "battery").await;
    assert_eq!(answer(&again), at(CoverageOutcome::OutOfWarranty, "USD", 9_900));
    assert_eq!(why(&again, "goodwill"), "goodwill_used_up");
    assert_eq!(uses(&again).0, UseKind::Nothing);
    scene.all_made_again(8).await;
}

#[tokio::test]
async fn a_lost_device_is_refused_until_it_is_found() {
    let scene = Scene::new(|_| ()).await;
    let lock = async |lift, reason: LockReason| {
        let request = ChangeLockRequest {
            request_id: scene.request_id(),
            device_id: scene.device.device_id.clone(),
            lock: DeviceLock::Lost.into(),
            lift,
            reason: reason.into(),
        };
        scene.life().change_lock(request).await.unwrap();
    };
    lock(false, LockReason::OwnerRequest).await;
    let fault = scene.decide(Damage::None, |_| ()).await;
    let refused = (CoverageOutcome::Refused, PaymentKind::NoRepair, None);
    assert_eq!(answer(&fault), refused);
    assert!(rule(&fault, "bar-lost").decided);
    assert_eq!(why(&fault, "bar-lost"), "reported_lost");
    let suspended: Vec<_> = fault.chain.iter().filter(|rule| rule.suspended).collect();
    assert_eq!(suspended.len(), 1, "{suspended:?}");
    assert_eq!(suspended[0].outcome(), CoverageOutcome::StatutoryRight);
    assert_eq!(suspended[0].reason_key, "coverage.reason.suspended_by_bar");
    assert_eq!(suspended[0].until, Some(day(2027, 3, 1)));
    let fallen = scene.decide(Damage::Accidental, |_| ()).await;
    assert_eq!(answer(&fallen), refused);
    assert!(fallen.plans_would_have.is_empty(), "no plan would have lifted it");

    lock(true, LockReason::Recovered).await;
    let found = scene.decide(Damage::None, |_| ()).await;
    assert_eq!(answer(&found), free(CoverageOutcome::StatutoryRight));
    scene.all_made_again(3).await;
}

#[tokio::test]
async fn what_there_are_no_parts_for_is_refused() {
    let scene = Scene::of(
        "PHN-1-8",
        |model| {
            model.release_date = Some(day(2010, 1, 1));
            model.last_sold_date = Some(day(2017, 3, 31));
        },
        |request| request.purchase_date = Some(day(2017, 3, 1)),
    )
    .await;
    let last = scene.decide_for(Damage::Accidental, day(2024, 3, 31)).await;
    assert_eq!(answer(&last), at(CoverageOutcome::OutOfWarranty, "EUR", 64_900));
    assert_eq!(last.covered_until, Some(day(2024, 3, 31)));
    for on in [day(2024, 4, 1), day(2026, 3, 10)] {
        let gone = scene.decide_for(Damage::Accidental, on).await;
        assert_eq!(answer(&gone), (CoverageOutcome::Refused, PaymentKind::NoRepair, None));
        assert!(rule(&gone, "parts-unavailable").decided);
        assert_eq!(why(&gone, "parts-unavailable"), "parts_unavailable");
        assert_eq!(gone.price, None, "there is no repair to have a price");
    }
    // Two years of the law were never a question of parts.
    let owed = scene.decide_for(Damage::None, day(2019, 3, 1)).await;
    assert_eq!(answer(&owed), free(CoverageOutcome::StatutoryRight));
    scene.all_made_again(4).await;
}

#[tokio::test]
async fn what_others_repaired_is_repaired_at_its_price_where_the_law_wants_it() {
    let scene = Scene::new(|request| request.purchase_date = Some(day(2025, 7, 1))).await;
    // The law on what was faulty at delivery has ended, and so has the warranty.
    let after = scene.decide_for(Damage::UnauthorisedChange, day(2027, 7, 2)).await;
    assert_eq!(answer(&after), at(CoverageOutcome::OutOfWarranty, "EUR", 64_900));
    assert!(rule(&after, "repair-duty-eu-2026").decided);
    assert_eq!(why(&after, "repair-duty-eu-2026"), "duty_to_repair");
    assert!(rule(&after, "repair-duty-eu-2026").source.contains("2024/1799"));
    // What the maker would do of its own will stands beside, and what covers it decides as before.
    assert_eq!(why(&after, "unauthorised-change"), "unauthorised_change");
    let before = scene.decide_for(Damage::UnauthorisedChange, day(2027, 7, 1)).await;
    assert_eq!(answer(&before), free(CoverageOutcome::StatutoryRight));
    scene.all_made_again(2).await;
    // Outside of the Union, and of what was sold too early, the maker refuses.
    for (country, sold) in [("CH", day(2025, 7, 1)), ("DE", day(2025, 6, 19))] {
        let scene = Scene::new(|request| {
            country.clone_into(&mut request.purchase_country_code);
            request.purchase_date = Some(sold);
        })
        .await;
        let refused = scene.decide_for(Damage::UnauthorisedChange, day(2027, 7, 2)).await;
        assert_eq!(
            answer(&refused),
            (CoverageOutcome::Refused, PaymentKind::NoRepair, None),
            "{country}"
        );
    }
}
