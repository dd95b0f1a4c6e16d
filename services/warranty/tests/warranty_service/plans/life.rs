//! What time brings about.

use serde_json::json;
use support_proto::support::warranty::v1::{
    PlanExpired, PlanGraceBegun, PlanLapsed, PlanPaymentFailed, PlanRenewalChanged, PlanRenewalDue, PlanRenewed,
    PlanState,
};
use support_testing::publish_at;
use time::macros::date;

use super::*;

#[tokio::test]
async fn a_plan_that_renews_is_due_in_time_and_goes_on_without_a_gap() {
    let scene = Scene::new().await;
    let plan = scene.active("monthly", false).await;
    assert_eq!(plan.ends_on, Some(day(2026, 4, 13)));
    scene.let_it_be(date!(2026 - 04 - 05));
    assert_eq!(scene.get(&plan).await.due, None);
    scene.let_it_be(date!(2026 - 04 - 06));
    let due = scene.until(&plan, |plan| plan.due.is_some()).await;
    assert_eq!(due.state(), PlanState::Active);
    assert_eq!(due.due.as_ref().unwrap().by, Some(day(2026, 4, 27)));
    let told = scene.world.events::<PlanRenewalDue>(1).await;
    assert_eq!(
        (told[0].due.clone(), told[0].from, told[0].pay_by),
        (Some(euros(599)), Some(day(2026, 4, 14)), Some(day(2026, 4, 27)))
    );
    let renewed = scene.paid(&due, "april").await;
    assert_eq!((renewed.ends_on, renewed.due.as_ref()), (Some(day(2026, 5, 13)), None));
    let event = scene.world.events::<PlanRenewed>(1).await;
    assert_eq!((event[0].number, event[0].from), (2, Some(day(2026, 4, 14))));
    // Both months are one span of cover.
    let held = scene.held(scene.device_id()).await;
    assert_eq!(held.len(), 1);
    assert_eq!(
        (held[0].from, held[0].until),
        (date!(2026 - 03 - 13), Some(date!(2026 - 05 - 13)))
    );
}

#[tokio::test]
async fn what_is_not_paid_is_covered_through_its_grace_and_lapses() {
    let scene = Scene::new().await;
    let plan = scene.active("monthly", false).await;
    scene.let_it_be(date!(2026 - 04 - 06));
    let due = scene.until(&plan, |plan| plan.due.is_some()).await;
    let failed = scene
        .record(&due, "april-1", PlanPaymentOutcome::Failed, euros(599))
        .await
        .unwrap();
    assert!(failed.due.unwrap().failed);
    let told = scene.world.events::<PlanPaymentFailed>(1).await;
    assert_eq!(told[0].pay_by, Some(day(2026, 4, 27)));
    // In Germany it is the fourteenth; noon of UTC is noon there.
    scene.let_it_be(date!(2026 - 04 - 14));
    let grace = scene.becomes(&plan, PlanState::InGrace).await;
    assert_eq!(grace.grace_ends_on, Some(day(2026, 4, 27)));
    assert_eq!(
        scene.world.events::<PlanGraceBegun>(1).await[0].until,
        Some(day(2026, 4, 27))
    );
    assert_eq!(
        scene.held(scene.device_id()).await[0].until,
        Some(date!(2026 - 04 - 27))
    );
    scene.let_it_be(date!(2026 - 04 - 28));
    scene.becomes(&plan, PlanState::Lapsed).await;
    assert_eq!(scene.world.events::<PlanLapsed>(1).await.len(), 1);
    assert_eq!(
        scene.held(scene.device_id()).await[0].until,
        Some(date!(2026 - 04 - 27))
    );
    // Another can be bought, for the device has none.
    scene
        .world
        .hand
        .set(date!(2026 - 04 - 28).with_hms(13, 0, 0).unwrap().assume_utc());
    scene.enrolled("monthly", false).await;
}

#[tokio::test]
async fn what_is_paid_in_its_grace_goes_on_as_if_it_had_been_paid_in_time() {
    let scene = Scene::new().await;
    let plan = scene.active("monthly", false).await;
    scene.let_it_be(date!(2026 - 04 - 20));
    let grace = scene.becomes(&plan, PlanState::InGrace).await;
    let paid = scene.paid(&grace, "april").await;
    assert_eq!(paid.state(), PlanState::Active);
    assert_eq!(
        (paid.periods[1].from, paid.periods[1].until, paid.periods[1].paid_on),
        (Some(day(2026, 4, 14)), Some(day(2026, 5, 13)), Some(day(2026, 4, 20)))
    );
    assert_eq!(paid.grace_ends_on, None);
}

#[tokio::test]
async fn a_plan_that_does_not_renew_expires_and_one_that_is_never_paid_lapses() {
    let scene = Scene::new().await;
    let standard = scene.active("standard", false).await;
    let unpaid = scene.enrolled("theft-and-loss", false).await;
    scene.let_it_be(date!(2026 - 03 - 24));
    assert_eq!(scene.get(&unpaid).await.state(), PlanState::PendingPayment);
    scene.let_it_be(date!(2026 - 03 - 25));
    let lapsed = scene.becomes(&unpaid, PlanState::Lapsed).await;
    assert_eq!((lapsed.begins_on, lapsed.due), (None, None));
    scene.let_it_be(date!(2028 - 03 - 10));
    assert_eq!(scene.get(&standard).await.state(), PlanState::Active);
    scene.let_it_be(date!(2028 - 03 - 11));
    scene.becomes(&standard, PlanState::Expired).await;
    assert_eq!(scene.world.events::<PlanExpired>(1).await[0].plan_id, standard.plan_id);
    let held = scene.held(scene.device_id()).await;
    assert_eq!((held.len(), held[0].until), (1, Some(date!(2028 - 03 - 10))));
}

#[tokio::test]
async fn the_day_is_that_of_the_country_and_not_of_greenwich() {
    let scene = Scene::new().await;
    let plan = scene.active("standard", false).await;
    // Half past eleven of the last day in Greenwich is half past midnight of the next one in Berlin.
    let midnight = date!(2028 - 03 - 10).with_hms(23, 30, 0).unwrap().assume_utc();
    scene.world.hand.set(midnight - time::Duration::hours(1));
    assert_eq!(scene.get(&plan).await.state(), PlanState::Active);
    scene.world.hand.set(midnight);
    scene.becomes(&plan, PlanState::Expired).await;
}

#[tokio::test]
async fn whoever_was_away_for_years_finds_what_would_have_become_of_it() {
    let scene = Scene::new().await;
    let plan = scene.active("standard", true).await;
    scene.let_it_be(date!(2035 - 01 - 01));
    let lapsed = scene.becomes(&plan, PlanState::Lapsed).await;
    assert_eq!(lapsed.periods.len(), 1);
    // Step by step, each told once.
    assert_eq!(scene.world.events::<PlanRenewalDue>(1).await.len(), 1);
    assert_eq!(scene.world.events::<PlanGraceBegun>(1).await.len(), 1);
    assert_eq!(scene.world.events::<PlanLapsed>(1).await.len(), 1);
    let held = scene.held(scene.device_id()).await;
    assert_eq!(held[0].until, Some(date!(2028 - 03 - 24)), "with the days of grace");
    // Two rounds at once, and after the last: nothing happens twice.
    let terms = support_chassis::standard::Standard::shipped(&support_warranty::standard::plans::PLAN_TERMS);
    let round = || support_warranty::work::plans::round(&scene.world.db, &scene.world.clock, &terms);
    let (one, other) = tokio::join!(round(), round());
    one.unwrap();
    other.unwrap();
    assert_eq!(scene.world.events::<PlanLapsed>(1).await.len(), 1);
}

#[tokio::test]
async fn whoever_does_not_want_to_go_on_does_not() {
    let scene = Scene::new().await;
    let plan = scene.active("monthly", false).await;
    scene.let_it_be(date!(2026 - 04 - 06));
    scene.until(&plan, |plan| plan.due.is_some()).await;
    let ends = scene.try_set_renewal(&plan, false).await.unwrap();
    assert_eq!(
        (ends.renews, ends.due.as_ref(), ends.state()),
        (false, None, PlanState::Active)
    );
    assert_eq!(ends.ends_on, Some(day(2026, 4, 13)));
    // And thinks better of it: it is due again.
    scene.try_set_renewal(&plan, true).await.unwrap();
    scene.until(&plan, |plan| plan.due.is_some()).await;
    scene.let_it_be(date!(2026 - 04 - 15));
    scene.becomes(&plan, PlanState::InGrace).await;
    // In its grace it ends at once, and has covered until then.
    let ended = scene.try_set_renewal(&plan, false).await.unwrap();
    assert_eq!((ended.state(), ended.due), (PlanState::Expired, None));
    assert_eq!(
        scene.held(scene.device_id()).await[0].until,
        Some(date!(2026 - 04 - 15))
    );
    let told = scene.world.events::<PlanRenewalChanged>(3).await;
    let renews: Vec<_> = told.iter().map(|event| (event.renews, event.no_longer_sold)).collect();
    assert_eq!(renews, [(false, false), (true, false), (false, false)]);
    assert_eq!(scene.world.events::<PlanExpired>(1).await.len(), 1);
}

#[tokio::test]
async fn what_is_no_longer_sold_is_not_renewed_and_keeps_its_term() {
    let scene = Scene::new().await;
    let plan = scene.active("monthly", false).await;
    let asked = support_proto::support::standard::v1::GetEffectiveRequest {
        document: "warranty/plan-terms".to_owned(),
        place: "global".to_owned(),
        ..Default::default()
    };
    let mut door = support_proto::support::standard::v1::standard_service_client::StandardServiceClient::new(
        scene.world.door(&crate::world::lawgiver()),
    );
    let content = door.get_effective(asked).await.unwrap().into_inner().content;
    let mut content: serde_json::Value = serde_json::from_str(&content).unwrap();
    content["plans"]["monthly"]["sold_until"] = json!("2026-03-31");
    let now = scene.world.clock.now();
    publish_at(scene.world.channel(), "warranty/plan-terms", "global", &content, now).await;
    scene.let_it_be(date!(2026 - 04 - 06));
    let ends = scene.until(&plan, |plan| !plan.renews).await;
    assert_eq!(
        (ends.state(), ends.due, ends.ends_on),
        (PlanState::Active, None, Some(day(2026, 4, 13)))
    );
    assert!(scene.world.events::<PlanRenewalChanged>(1).await[0].no_longer_sold);
    scene.let_it_be(date!(2026 - 04 - 14));
    scene.becomes(&plan, PlanState::Expired).await;
}

#[tokio::test]
async fn a_first_payment_that_fails_is_told_and_can_be_made_good() {
    let scene = Scene::new().await;
    let plan = scene.enrolled("standard", false).await;
    let failed = PlanPaymentOutcome::Failed;
    let plan = scene.record(&plan, "try-1", failed, euros(12_500)).await.unwrap();
    assert_eq!(plan.state(), PlanState::PendingPayment);
    assert!(plan.due.as_ref().unwrap().failed);
    assert_eq!(
        scene.world.events::<PlanPaymentFailed>(1).await[0].pay_by,
        Some(day(2026, 3, 24))
    );
    let paid = scene.paid(&plan, "try-2").await;
    assert_eq!((paid.state(), paid.due), (PlanState::Active, None));
}
