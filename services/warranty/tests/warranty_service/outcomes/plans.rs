//! Plans: what they make of an accident, a theft, a worn battery, and what they would have.

use serde_json::json;
use support_proto::support::warranty::v1::{
    ChangeLockRequest, CoverageOutcome, Damage, DeviceLock, LockReason, PaymentKind, UseKind,
};
use support_testing::publish_at;

use super::*;
use crate::world::day;

/// A telephone that was bought nine days ago.
async fn new_phone() -> Scene {
    Scene::new(|request| request.purchase_date = Some(day(2026, 3, 1))).await
}

#[tokio::test]
async fn an_accident_costs_the_fee_until_the_repairs_of_the_plan_are_used_up() {
    let scene = new_phone().await;
    let before = scene.decide(Damage::Accidental, |_| ()).await;
    assert_eq!(answer(&before), at(CoverageOutcome::OutOfWarranty, "EUR", 64_900));
    let plan = scene.plan("standard").await;

    let first = scene.decide(Damage::Accidental, |_| ()).await;
    assert_eq!(answer(&first), at(CoverageOutcome::Plan, "EUR", 10_499));
    assert_eq!(first.price, Some(money("EUR", 64_900)));
    assert_eq!(uses(&first), (UseKind::Plan, plan.plan_id.as_str()));
    assert_eq!((first.incidents_left, first.covered_until), (Some(2), plan.ends_on));
    assert!(first.plans_would_have.is_empty(), "{:?}", first.plans_would_have);
    let weighed = rule(&first, "plan-standard");
    assert_eq!(weighed.version, plan.periods[0].terms_version);
    assert!(weighed.decided && weighed.source.contains("protection plan"));
    let screen = scene.decide_on(Damage::Accidental, "display").await;
    assert_eq!(answer(&screen), at(CoverageOutcome::Plan, "EUR", 3_099));
    assert_eq!(screen.price, Some(money("EUR", 32_900)));
    // What costs nothing anyway uses nothing of the plan up.
    let fault = scene.decide(Damage::None, |_| ()).await;
    assert_eq!(answer(&fault), free(CoverageOutcome::LimitedWarranty));
    assert_eq!(uses(&fault), (UseKind::Nothing, ""));
    let worn = scene.decide_on(Damage::Wear, "battery").await;
    assert_eq!(answer(&worn), free(CoverageOutcome::Plan));
    let worn = scene.decide_on(Damage::Wear, "camera").await;
    assert_eq!(why(&worn, "plan-standard"), "other_component");

    scene.use_up(&first).await;
    let second = scene.decide_on(Damage::Accidental, "display").await;
    assert_eq!(
        (second.outcome(), second.incidents_left),
        (CoverageOutcome::Plan, Some(1))
    );
    // While the last one is held by somebody it is not there, and given back it is.
    let held = scene.reserve(&second).await;
    let none = scene.decide(Damage::Accidental, |_| ()).await;
    assert_eq!(answer(&none), at(CoverageOutcome::OutOfWarranty, "EUR", 64_900));
    scene.release(&held).await;
    let again = scene.decide(Damage::Liquid, |_| ()).await;
    assert_eq!(
        (again.outcome(), again.incidents_left),
        (CoverageOutcome::Plan, Some(1))
    );
    scene.use_up(&again).await;

    let used_up = scene.decide(Damage::Accidental, |_| ()).await;
    assert_eq!(answer(&used_up), at(CoverageOutcome::OutOfWarranty, "EUR", 64_900));
    assert_eq!(uses(&used_up), (UseKind::Nothing, ""));
    assert_eq!(why(&used_up, "plan-standard"), "incidents_used_up");
    assert_eq!(rule(&used_up, "plan-standard").incidents_left, Some(0));
    let would_have = used_up.plans_would_have.iter();
    assert!(
        would_have.clone().all(|plan| plan.plan_kind != "standard"),
        "it is held"
    );
    // The next twelve months have their own; before the first and after the last day there is no plan.
    let still = scene.decide_for(Damage::Accidental, day(2027, 3, 10)).await;
    assert_eq!(why(&still, "plan-standard"), "incidents_used_up");
    let next_year = scene.decide_for(Damage::Accidental, day(2027, 3, 11)).await;
    assert_eq!(
        (next_year.outcome(), next_year.incidents_left),
        (CoverageOutcome::Plan, Some(2))
    );
    let too_early = scene.decide_for(Damage::Accidental, day(2026, 3, 9)).await;
    assert_eq!(too_early.outcome(), CoverageOutcome::OutOfWarranty);
    assert_eq!(why(&too_early, "plan-standard"), "not_yet_begun");
    assert_eq!(plan.ends_on, Some(day(2028, 3, 10)));
    let last = scene.decide_for(Damage::Accidental, day(2028, 3, 10)).await;
    assert_eq!(answer(&last), at(CoverageOutcome::Plan, "EUR", 10_499));
    let too_late = scene.decide_for(Damage::Accidental, day(2028, 3, 11)).await;
    assert_eq!(answer(&too_late), at(CoverageOutcome::OutOfWarranty, "EUR", 64_900));
    assert_eq!(why(&too_late, "plan-standard"), "period_over");
    scene.all_made_again(15).await;
}

#[tokio::test]
async fn a_plan_whose_fee_is_above_the_price_loses_to_the_price() {
    let scene = new_phone().await;
    let plan = scene.plan("standard").await;
    let before = scene.decide_on(Damage::Accidental, "display").await;
    assert_eq!(answer(&before), at(CoverageOutcome::Plan, "EUR", 3_099));
    let less = json!({"currencies": {"EUR": {"groups": {"phone-2022": {"components": {"display": {"minor_units": "1000"}}}}}}});
    let now = scene.world.clock.now();
    publish_at(
        scene.world.channel(),
        "warranty/repair-prices",
        "country/DE",
        &less,
        now,
    )
    .await;
    let cheap = scene.decide_on(Damage::Accidental, "display").await;
    assert_eq!(answer(&cheap), at(CoverageOutcome::OutOfWarranty, "EUR", 1_200));
    assert_eq!(uses(&cheap), (UseKind::Nothing, ""));
    let weighed = rule(&cheap, "plan-standard");
    assert!(weighed.applies && !weighed.decided);
    assert_eq!(weighed.uses.as_ref().unwrap().plan_id, plan.plan_id);
    assert_eq!(weighed.pays.as_ref().unwrap().amount, Some(money("EUR", 3_099)));
    assert!(cheap.plans_would_have.is_empty());
    // In France the price and the fee are what they were.
    let abroad = scene
        .decide(Damage::Accidental, |request| {
            "display".clone_into(&mut request.component);
            "FR".clone_into(&mut request.place_country_code);
        })
        .await;
    assert_eq!(abroad.outcome(), CoverageOutcome::Plan);
    scene.all_made_again(3).await;
}

#[tokio::test]
async fn what_is_gone_is_made_good_by_a_plan_for_it_alone() {
    let scene = new_phone().await;
    let without = scene.decide(Damage::Theft, |_| ()).await;
    assert_eq!(
        answer(&without),
        (CoverageOutcome::Refused, PaymentKind::NoRepair, None)
    );
    assert_eq!(why(&without, "nothing-to-repair"), "nothing_to_repair");
    let would_have: Vec<_> = without.plans_would_have.iter().collect();
    assert_eq!(would_have.len(), 1);
    assert_eq!(would_have[0].plan_kind, "theft-and-loss");
    assert_eq!(would_have[0].pays.as_ref().unwrap().amount, Some(money("EUR", 13_699)));

    let plan = scene.plan("theft-and-loss").await;
    let stolen = scene.decide(Damage::Theft, |_| ()).await;
    assert_eq!(answer(&stolen), at(CoverageOutcome::Plan, "EUR", 13_699));
    assert_eq!((uses(&stolen).1, stolen.incidents_left), (&*plan.plan_id, Some(2)));
    assert!(stolen.plans_would_have.is_empty());
    // Its owner has reported it: that bars what would be done to the device, not that there is another for it.
    let lock = ChangeLockRequest {
        request_id: scene.request_id(),
        device_id: scene.device.device_id.clone(),
        lock: DeviceLock::Lost.into(),
        lift: false,
        reason: LockReason::OwnerRequest.into(),
    };
    scene.life().change_lock(lock).await.unwrap();
    let lost = scene.decide(Damage::Loss, |_| ()).await;
    assert_eq!(answer(&lost), at(CoverageOutcome::Plan, "EUR", 13_699));
    let repair = scene.decide(Damage::Accidental, |_| ()).await;
    assert_eq!(answer(&repair), (CoverageOutcome::Refused, PaymentKind::NoRepair, None));
    assert_eq!(why(&repair, "plan-theft-and-loss"), "barred");
    assert!(repair.plans_would_have.is_empty(), "no plan lifts a bar");

    scene.use_up(&lost).await;
    let second = scene.decide(Damage::Loss, |_| ()).await;
    assert_eq!(
        (second.outcome(), second.incidents_left),
        (CoverageOutcome::Plan, Some(1))
    );
    scene.use_up(&second).await;
    let used_up = scene.decide(Damage::Loss, |_| ()).await;
    assert_eq!(
        answer(&used_up),
        (CoverageOutcome::Refused, PaymentKind::NoRepair, None)
    );
    assert_eq!(why(&used_up, "plan-theft-and-loss"), "incidents_used_up");
    scene.all_made_again(6).await;
}

#[tokio::test]
async fn what_plans_would_have_changed_is_told_with_what_they_would_have_saved() {
    let scene = Scene::new(|_| ()).await;
    let told = |decision: &CoverageDecision| -> Vec<(String, Option<Money>, Option<Money>)> {
        let plans = decision.plans_would_have.iter().cloned();
        plans
            .map(|plan| (plan.plan_kind, plan.pays.unwrap().amount, plan.saves))
            .collect()
    };
    let accident = scene.decide(Damage::Accidental, |_| ()).await;
    assert_eq!(answer(&accident), at(CoverageOutcome::OutOfWarranty, "EUR", 64_900));
    let (fee, saved) = (Some(money("EUR", 10_499)), Some(money("EUR", 54_401)));
    for kind in ["standard", "theft-and-loss", "monthly"] {
        assert!(
            told(&accident).contains(&(kind.to_owned(), fee.clone(), saved.clone())),
            "{kind}: {:?}",
            told(&accident)
        );
    }
    let standard = accident
        .plans_would_have
        .iter()
        .find(|plan| plan.plan_kind == "standard");
    let standard = standard.unwrap();
    assert_eq!(standard.covered_until, Some(day(2027, 3, 1)));
    assert!(standard.version.starts_with("warranty/plan-terms@1"), "{standard:?}");
    let worn = scene.decide_on(Damage::Wear, "battery").await;
    assert_eq!(worn.plans_would_have[0].saves, Some(money("EUR", 9_900)));
    // They cover no looks, save nothing where nothing is paid, and are over some day.
    let scratched = scene.decide(Damage::Cosmetic, |_| ()).await;
    assert_eq!(told(&scratched), []);
    let fault = scene.decide(Damage::None, |_| ()).await;
    assert_eq!(
        (answer(&fault), told(&fault)),
        (free(CoverageOutcome::StatutoryRight), vec![])
    );
    let later = scene.decide_for(Damage::Accidental, day(2027, 3, 2)).await;
    assert!(later.plans_would_have.iter().all(|plan| plan.plan_kind != "standard"));
    scene.all_made_again(5).await;
}
