//! Plans that end before their time, and plans that move.

use support_proto::support::warranty::v1::device_life_service_client::DeviceLifeServiceClient;
use support_proto::support::warranty::v1::device_transfer_service_client::DeviceTransferServiceClient;
use support_proto::support::warranty::v1::{PlanCanceled, PlanCancellationCause, PlanState, PlanTransferred};
use support_testing::Door;
use time::macros::date;
use tonic::Code;

use super::*;
use crate::world::refused;

impl Scene {
    fn lives(&self, caller: &Caller) -> DeviceLifeServiceClient<Door> {
        DeviceLifeServiceClient::new(self.world.door(caller))
    }

    fn transfers(&self, caller: &Caller) -> DeviceTransferServiceClient<Door> {
        DeviceTransferServiceClient::new(self.world.door(caller))
    }
}

#[tokio::test]
async fn all_of_the_price_is_paid_back_at_first_and_later_what_is_not_used() {
    let scene = Scene::new().await;
    let plan = scene.active("standard", true).await;
    let first = scene.preview(&plan).await;
    assert_eq!(
        (first.refund.clone(), first.kept.clone()),
        (Some(euros(12_500)), Some(euros(0)))
    );
    assert_eq!(first.full_until, Some(day(2026, 4, 9)));
    scene.let_it_be(date!(2026 - 04 - 09));
    assert_eq!(scene.preview(&plan).await.refund, Some(euros(12_500)));

    // 732 days, of which 700 are left: 119.54 up to 119.54, less a tenth.
    scene.let_it_be(date!(2026 - 04 - 10));
    let later = scene.preview(&plan).await;
    let term = &later.periods[0];
    assert_eq!((term.days, term.days_left, term.full), (732, 700, false));
    assert_eq!(term.charge, Some(euros(1195)));
    assert_eq!(later.refund, Some(euros(11_954 - 1195)));
    assert_eq!(later.kept, Some(euros(12_500 - 11_954 + 1195)));
    assert_eq!((later.full_until, later.day), (None, Some(day(2026, 4, 10))));

    let canceled = scene.try_cancel(&plan, later.refund.clone().unwrap()).await.unwrap();
    assert_eq!(canceled.state(), PlanState::Canceled);
    assert_eq!(canceled.ends_on, Some(day(2026, 4, 10)));
    let done = canceled.cancellation.unwrap();
    assert_eq!(
        (done.cause(), done.day, done.refund.as_ref()),
        (
            PlanCancellationCause::Requested,
            Some(day(2026, 4, 10)),
            later.refund.as_ref()
        )
    );
    let told = scene.world.events::<PlanCanceled>(1).await;
    assert_eq!(
        (told[0].refund.clone(), told[0].day),
        (later.refund, Some(day(2026, 4, 10)))
    );
    // It covered until then, and a decision as of a day before still sees it.
    let held = scene.held(scene.device_id()).await;
    assert_eq!(
        (held[0].from, held[0].until),
        (date!(2026 - 03 - 10), Some(date!(2026 - 04 - 10)))
    );
}

#[tokio::test]
async fn what_was_never_paid_is_canceled_for_nothing() {
    let scene = Scene::new().await;
    let plan = scene.enrolled("standard", false).await;
    let preview = scene.preview(&plan).await;
    assert_eq!((preview.paid, preview.refund), (Some(euros(0)), Some(euros(0))));
    let canceled = scene.try_cancel(&plan, euros(0)).await.unwrap();
    assert_eq!((canceled.state(), canceled.begins_on), (PlanState::Canceled, None));
    assert!(scene.held(scene.device_id()).await.is_empty());
    // The device is free for another.
    scene.active("standard", false).await;
}

#[tokio::test]
async fn a_plan_goes_to_the_device_that_replaces_its_own() {
    let scene = Scene::new().await;
    let plan = scene.active("standard", false).await;
    let other = scene
        .world
        .device("C39XK0A1B3", |request| {
            request.owner_customer_id = scene.owner.to_string();
            request.purchase_date = Some(day(2026, 3, 1));
        })
        .await;
    scene.let_it_be(date!(2026 - 06 - 01));
    let moved = scene.try_transfer(&plan, &other).await.unwrap();
    assert_eq!(
        (moved.device_id.as_str(), moved.state()),
        (other.device_id.as_str(), PlanState::Active)
    );
    assert_eq!((moved.begins_on, moved.ends_on), (plan.begins_on, plan.ends_on));
    let told = scene.world.events::<PlanTransferred>(1).await;
    assert_eq!(
        (told[0].from_device_id.as_str(), told[0].to_device_id.as_str()),
        (plan.device_id.as_str(), other.device_id.as_str())
    );
    let of = async |device: &warranty::Device| scene.held(device.device_id.parse().unwrap()).await;
    let (left, gained) = (of(&scene.device).await, of(&other).await);
    assert_eq!(
        (left[0].from, left[0].until),
        (date!(2026 - 03 - 10), Some(date!(2026 - 06 - 01)))
    );
    assert_eq!(
        (gained[0].from, gained[0].until),
        (date!(2026 - 03 - 10), Some(date!(2028 - 03 - 10)))
    );
    assert_eq!(gained[0].plan_id, left[0].plan_id);
    // And back, which is a move of its own.
    scene.world.hand.advance(std::time::Duration::from_hours(1));
    scene.try_transfer(&moved, &scene.device).await.unwrap();
    assert_eq!(of(&scene.device).await[0].until, Some(date!(2028 - 03 - 10)));
}

#[tokio::test]
async fn plans_follow_a_device_that_changes_hands_or_end_with_a_refund() {
    let scene = Scene::new().await;
    let stays = scene.active("standard", false).await;
    // By the terms of today the other does not go with the device.
    let now = scene.world.clock.now();
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
    content["plans"]["theft-and-loss"]["transferable"] = serde_json::json!(false);
    support_testing::publish_at(scene.world.channel(), "warranty/plan-terms", "global", &content, now).await;
    let plan = scene.enrolled("theft-and-loss", false).await;
    let ends = scene.paid(&plan, "theft").await;

    let heir = scene.world.customer();
    let request = warranty::ReassignDeviceRequest {
        request_id: scene.request_id(),
        device_id: scene.device.device_id.clone(),
        to_customer_id: heir.to_string(),
        reason: warranty::ReassignReason::Inheritance.into(),
        ..Default::default()
    };
    scene.transfers(&staff()).reassign_device(request).await.unwrap();
    let stays = scene.get(&stays).await;
    assert_eq!(
        (stays.holder_customer_id.clone(), stays.state()),
        (heir.to_string(), PlanState::Active)
    );
    let ended = scene.get(&ends).await;
    assert_eq!(
        (ended.holder_customer_id.clone(), ended.state()),
        (scene.owner.to_string(), PlanState::Canceled)
    );
    let done = ended.cancellation.unwrap();
    assert_eq!(done.cause(), PlanCancellationCause::NotTransferable);
    assert_eq!(done.refund, ended.periods[0].price, "within the days of a full refund");

    // Another device for it: what lives goes along, and what it had until then stays told.
    scene.let_it_be(date!(2026 - 03 - 20));
    let request = warranty::ReplaceDeviceRequest {
        request_id: scene.request_id(),
        device_id: scene.device.device_id.clone(),
        serial_number: "C39XK0A1B3".to_owned(),
        reason: warranty::ReplacementReason::Repair.into(),
        ..Default::default()
    };
    scene.lives(&staff()).replace_device(request).await.unwrap();
    let moved = scene.get(&stays).await;
    assert_ne!(moved.device_id, scene.device.device_id);
    assert_eq!(moved.holder_customer_id, heir.to_string());
    let held = scene.held(moved.device_id.parse().unwrap()).await;
    assert_eq!((held.len(), held[0].from), (1, date!(2026 - 03 - 10)));
    assert_eq!(held[0].until, Some(date!(2028 - 03 - 10)));
    let left = scene.held(scene.device_id()).await;
    assert!(
        left.iter().all(|held| held.until <= Some(date!(2026 - 03 - 20))),
        "{left:?}"
    );
}

#[tokio::test]
async fn what_is_lost_gets_no_plan_and_takes_none() {
    let scene = Scene::new().await;
    let quote = scene.quote("standard").await;
    let other = scene.world.device("C39XK0A1B3", |_| ()).await;
    let lock = |lift| warranty::ChangeLockRequest {
        request_id: scene.request_id(),
        device_id: scene.device.device_id.clone(),
        lock: warranty::DeviceLock::Lost.into(),
        lift,
        reason: if lift {
            warranty::LockReason::Recovered
        } else {
            warranty::LockReason::OwnerRequest
        }
        .into(),
    };
    scene.lives(&scene.customer()).change_lock(lock(false)).await.unwrap();
    let reason = "WARRANTY_ERROR_REASON_PLAN_NOT_ELIGIBLE";
    for refusal in [
        scene.try_quote(&scene.customer(), "standard").await.map(drop),
        scene.try_enrol(&scene.customer(), &quote, false).await.map(drop),
    ] {
        let why = refused(refusal, Code::FailedPrecondition, reason);
        assert_eq!(why.metadata["reasons"], "device_barred");
    }
    scene.lives(&scene.customer()).change_lock(lock(true)).await.unwrap();
    let plan = scene.try_enrol(&scene.customer(), &quote, false).await.unwrap();
    let plan = scene.paid(&plan, "first").await;
    // What was lost with its plan keeps it; nothing moves to what is lost.
    let request = warranty::ChangeLockRequest {
        device_id: other.device_id.clone(),
        ..lock(false)
    };
    scene.lives(&staff()).change_lock(request).await.unwrap();
    let refusal = scene.try_transfer(&plan, &other).await;
    refused(
        refusal,
        Code::FailedPrecondition,
        "WARRANTY_ERROR_REASON_PLAN_NOT_TRANSFERABLE",
    );
}

impl Scene {
    async fn decide_on_a_fall(&self) -> warranty::CoverageDecision {
        let request = warranty::DecideCoverageRequest {
            request_id: self.request_id(),
            serial_number: self.device.serial_number.clone(),
            damage: warranty::Damage::Accidental.into(),
            ..Default::default()
        };
        let answer = self.world.coverage(&staff()).decide_coverage(request).await.unwrap();
        answer.into_inner().decision.unwrap()
    }

    async fn try_reserve(&self, decision: &warranty::CoverageDecision) -> Result<warranty::Entitlement, Status> {
        let request = warranty::ReserveEntitlementRequest {
            request_id: self.request_id(),
            decision_id: decision.decision_id.clone(),
            reference: String::new(),
        };
        let answer = self.world.entitlements(&staff()).reserve_entitlement(request).await?;
        Ok(answer.into_inner().entitlement.unwrap())
    }

    /// What the plan gave when it was decided is not reserved any more.
    async fn is_overtaken(&self, decision: &warranty::CoverageDecision) {
        assert_eq!(decision.outcome(), warranty::CoverageOutcome::Plan);
        let answer = self.try_reserve(decision).await;
        refused(
            answer,
            Code::FailedPrecondition,
            "WARRANTY_ERROR_REASON_DECISION_NOT_CURRENT",
        );
    }
}

#[tokio::test]
async fn a_plan_that_was_canceled_since_the_decision_gives_nothing() {
    let scene = Scene::new().await;
    let plan = scene.active("standard", false).await;
    let decision = scene.decide_on_a_fall().await;
    scene.try_cancel(&plan, euros(12_500)).await.unwrap();
    scene.is_overtaken(&decision).await;
    // All was paid back, so that nobody has paid for this day either.
    let anew = scene.decide_on_a_fall().await;
    assert_eq!(anew.outcome(), warranty::CoverageOutcome::OutOfWarranty);

    // Of one that was used for a while the day of its end is paid: it has to be decided anew, and is as it was.
    let plan = scene.active_again("standard").await;
    scene.let_it_be(date!(2026 - 06 - 01));
    let decision = scene.decide_on_a_fall().await;
    let refund = scene.preview(&plan).await.refund.unwrap();
    scene.try_cancel(&plan, refund).await.unwrap();
    scene.world.hand.advance(std::time::Duration::from_mins(1));
    scene.is_overtaken(&decision).await;
    let last = scene.decide_on_a_fall().await;
    assert_eq!(scene.try_reserve(&last).await.unwrap().plan_id, plan.plan_id);
    scene.let_it_be(date!(2026 - 06 - 02));
    assert_eq!(
        scene.decide_on_a_fall().await.outcome(),
        warranty::CoverageOutcome::OutOfWarranty
    );
}

#[tokio::test]
async fn a_plan_that_came_to_its_end_since_the_decision_gives_nothing() {
    let scene = Scene::new().await;
    let plan = scene.active("standard", false).await;
    scene.let_it_be(date!(2028 - 03 - 10));
    let last = scene.decide_on_a_fall().await;
    scene.let_it_be(date!(2028 - 03 - 11));
    scene.becomes(&plan, PlanState::Expired).await;
    scene.is_overtaken(&last).await;
    assert_eq!(
        scene.decide_on_a_fall().await.outcome(),
        warranty::CoverageOutcome::OutOfWarranty
    );
}

#[tokio::test]
async fn a_plan_that_lapsed_since_the_decision_gives_nothing() {
    let scene = Scene::new().await;
    let plan = scene.active("monthly", true).await;
    let ends = plan
        .ends_on
        .unwrap_or_else(|| plan.periods.last().unwrap().until.unwrap());
    let ends = Day::from_calendar_date(
        ends.year,
        u8::try_from(ends.month).unwrap().try_into().unwrap(),
        u8::try_from(ends.day).unwrap(),
    );
    let ends = ends.unwrap();
    scene.let_it_be(ends.next_day().unwrap());
    let in_grace = scene.becomes(&plan, PlanState::InGrace).await;
    assert_eq!(in_grace.state(), PlanState::InGrace);
    // Day by day, until the last of its grace.
    let mut day = ends.next_day().unwrap();
    let mut last = scene.decide_on_a_fall().await;
    loop {
        day = day.next_day().unwrap();
        scene.let_it_be(day);
        let next = scene.decide_on_a_fall().await;
        if next.outcome() != warranty::CoverageOutcome::Plan {
            break;
        }
        last = next;
    }
    scene.becomes(&plan, PlanState::Lapsed).await;
    scene.is_overtaken(&last).await;
}
