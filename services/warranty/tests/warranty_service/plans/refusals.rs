//! Every reason of plans, and that nothing is left behind.

use support_chassis::error::{CommonErrorReason, explain};
use support_proto::support::warranty::v1::PlanState;
use time::macros::date;
use tonic::Code;

use super::*;
use crate::world::{partner, refused};

impl Scene {
    /// How many rows there are of plans, and of what is told of them.
    async fn rows(&self) -> Vec<i64> {
        let mut counts = Vec::new();
        for table in [
            "plan_quotes",
            "plans",
            "plan_payments",
            "plan_periods",
            "plan_moves",
            "outbox",
        ] {
            let statement = sqlx::AssertSqlSafe(format!("select count(*) from {table}"));
            let count = sqlx::query_scalar(statement).fetch_one(self.world.db.pool()).await;
            counts.push(count.unwrap());
        }
        counts
    }

    /// Asserts that a call is refused for a reason of plans and has changed nothing.
    async fn refuses<T: std::fmt::Debug>(
        &self,
        call: impl Future<Output = Result<T, Status>>,
        code: Code,
        reason: &str,
    ) -> support_chassis::error::Explained {
        let before = self.rows().await;
        let explained = refused(call.await, code, &format!("WARRANTY_ERROR_REASON_{reason}"));
        assert_eq!(self.rows().await, before, "{reason}");
        explained
    }
}

#[tokio::test]
async fn what_cannot_be_bought_says_why() {
    let scene = Scene::new().await;
    let (owner, stranger) = (scene.customer(), customer(scene.world.customer()));
    scene
        .refuses(scene.try_quote(&owner, "golden"), Code::NotFound, "PLAN_KIND_NOT_FOUND")
        .await;
    scene
        .refuses(
            scene.try_quote(&stranger, "standard"),
            Code::NotFound,
            "DEVICE_NOT_FOUND",
        )
        .await;
    let why = scene
        .refuses(
            scene.try_quote(&owner, "business"),
            Code::FailedPrecondition,
            "PLAN_NOT_ELIGIBLE",
        )
        .await;
    assert_eq!(why.metadata["reasons"], "buyer");

    let quote = scene.quote("standard").await;
    let of_shop = scene.try_quote(&partner("shop-berlin"), "standard").await.unwrap();
    for (caller, quote) in [
        (&stranger, &quote),
        (&partner("shop-paris"), &of_shop),
        (&partner("shop-berlin"), &quote),
    ] {
        scene
            .refuses(
                scene.try_enrol(caller, quote, false),
                Code::NotFound,
                "PLAN_QUOTE_NOT_FOUND",
            )
            .await;
    }
    let unknown = PlanQuote {
        quote_id: scene.world.customer().to_string(),
        ..Default::default()
    };
    scene
        .refuses(
            scene.try_enrol(&owner, &unknown, false),
            Code::NotFound,
            "PLAN_QUOTE_NOT_FOUND",
        )
        .await;

    let plan = scene.try_enrol(&owner, &quote, false).await.unwrap();
    scene
        .refuses(
            scene.try_enrol(&owner, &quote, false),
            Code::FailedPrecondition,
            "PLAN_QUOTE_USED",
        )
        .await;
    scene
        .refuses(
            scene.try_enrol(&scene.agent(), &of_shop, false),
            Code::AlreadyExists,
            "PLAN_ALREADY_HELD",
        )
        .await;
    let why = scene
        .refuses(
            scene.try_quote(&owner, "standard"),
            Code::FailedPrecondition,
            "PLAN_NOT_ELIGIBLE",
        )
        .await;
    assert_eq!(why.metadata["reasons"], "already_held");

    let theft = scene.quote("theft-and-loss").await;
    // Three days and not a second longer.
    scene.world.hand.advance(std::time::Duration::from_hours(72));
    scene
        .refuses(
            scene.try_enrol(&owner, &theft, false),
            Code::FailedPrecondition,
            "PLAN_QUOTE_EXPIRED",
        )
        .await;
    for caller in [&stranger, &partner("shop-berlin")] {
        let request = warranty::GetPlanRequest {
            plan_id: plan.plan_id.clone(),
        };
        let mut door = scene.world.plans(caller);
        scene
            .refuses(door.get_plan(request), Code::NotFound, "PLAN_NOT_FOUND")
            .await;
    }
}

#[tokio::test]
async fn what_cannot_be_paid_says_why() {
    let scene = Scene::new().await;
    let plan = scene.enrolled("standard", false).await;
    let paid = PlanPaymentOutcome::Paid;
    let why = scene
        .refuses(
            scene.record(&plan, "p-1", paid, euros(12_499)),
            Code::FailedPrecondition,
            "PLAN_PAYMENT_AMOUNT_WRONG",
        )
        .await;
    assert_eq!(
        (why.metadata["due"].as_str(), why.metadata["currency_code"].as_str()),
        ("12500", "EUR")
    );
    let dollars = Money {
        currency_code: "USD".to_owned(),
        ..euros(12_500)
    };
    scene
        .refuses(
            scene.record(&plan, "p-1", paid, dollars),
            Code::FailedPrecondition,
            "PLAN_PAYMENT_AMOUNT_WRONG",
        )
        .await;
    let active = scene.record(&plan, "p-1", paid, euros(12_500)).await.unwrap();
    // The same again changes nothing; the reference for something else is refused.
    let rows = scene.rows().await;
    assert_eq!(scene.record(&plan, "p-1", paid, euros(12_500)).await.unwrap(), active);
    assert_eq!(scene.rows().await, rows);
    for (outcome, amount) in [(PlanPaymentOutcome::Failed, 12_500), (paid, 1)] {
        scene
            .refuses(
                scene.record(&plan, "p-1", outcome, euros(amount)),
                Code::AlreadyExists,
                "PLAN_PAYMENT_REFERENCE_REUSED",
            )
            .await;
    }
    scene
        .refuses(
            scene.record(&plan, "p-2", paid, euros(12_500)),
            Code::FailedPrecondition,
            "PLAN_PAYMENT_NOT_DUE",
        )
        .await;
    let quote = scene.quote("theft-and-loss").await;
    let request = warranty::EnrolPlanRequest {
        request_id: scene.request_id(),
        quote_id: quote.quote_id,
        renews: false,
        payment_reference: "p-1".to_owned(),
    };
    let mut door = scene.world.plans(&scene.agent());
    scene
        .refuses(
            door.enrol_plan(request),
            Code::AlreadyExists,
            "PLAN_PAYMENT_REFERENCE_REUSED",
        )
        .await;
}

#[tokio::test]
async fn what_cannot_be_renewed_ended_or_moved_says_why() {
    let scene = Scene::new().await;
    let plan = scene.active("standard", false).await;
    let why = scene
        .refuses(scene.try_renew(&plan), Code::FailedPrecondition, "PLAN_NOT_RENEWABLE")
        .await;
    assert_eq!(why.metadata["from"], "2028-01-25");
    let why = scene
        .refuses(
            scene.try_cancel(&plan, euros(12_499)),
            Code::FailedPrecondition,
            "PLAN_REFUND_CHANGED",
        )
        .await;
    assert_eq!(
        (why.metadata["refund"].as_str(), why.metadata["currency_code"].as_str()),
        ("12500", "EUR")
    );
    scene
        .refuses(
            scene.try_transfer(&plan, &scene.device),
            Code::FailedPrecondition,
            "PLAN_NOT_TRANSFERABLE",
        )
        .await;
    let elsewhere = warranty::Device {
        device_id: scene.world.customer().to_string(),
        ..Default::default()
    };
    scene
        .refuses(
            scene.try_transfer(&plan, &elsewhere),
            Code::NotFound,
            "DEVICE_NOT_FOUND",
        )
        .await;

    let canceled = scene.try_cancel(&plan, euros(12_500)).await.unwrap();
    assert_eq!(canceled.state(), PlanState::Canceled);
    let why = scene
        .refuses(
            scene.try_cancel(&plan, euros(0)),
            Code::FailedPrecondition,
            "PLAN_STATE",
        )
        .await;
    assert_eq!(why.metadata["state"], "canceled");
    scene
        .refuses(scene.try_renew(&plan), Code::FailedPrecondition, "PLAN_STATE")
        .await;
    scene
        .refuses(
            scene.try_set_renewal(&plan, true),
            Code::FailedPrecondition,
            "PLAN_STATE",
        )
        .await;
    scene
        .refuses(
            scene.try_transfer(&plan, &scene.device),
            Code::FailedPrecondition,
            "PLAN_STATE",
        )
        .await;
    scene
        .refuses(
            scene.record(&plan, "late", PlanPaymentOutcome::Paid, euros(12_500)),
            Code::FailedPrecondition,
            "PLAN_PAYMENT_NOT_DUE",
        )
        .await;
    scene.let_it_be(date!(2026 - 03 - 20));
    let request = warranty::PreviewPlanCancellationRequest {
        plan_id: plan.plan_id.clone(),
    };
    let mut door = scene.world.plans(&staff());
    scene
        .refuses(
            door.preview_plan_cancellation(request),
            Code::FailedPrecondition,
            "PLAN_STATE",
        )
        .await;
}

#[tokio::test]
async fn staff_change_a_plan_only_with_the_grant_of_who_holds_it() {
    let scene = Scene::new().await;
    // Asked while the telephone is new.
    let device = scene
        .world
        .device("C39XK0A1B4", |request| {
            request.owner_customer_id = scene.owner.to_string();
            request.purchase_date = Some(day(2026, 3, 1));
        })
        .await;
    let asked = warranty::QuotePlanRequest {
        request_id: scene.request_id(),
        device_id: device.device_id,
        kind: "standard".to_owned(),
        ..warranty::QuotePlanRequest::default()
    };
    let answer = scene.world.plans(&staff()).quote_plan(asked).await;
    let quote = answer.unwrap().into_inner().quote.unwrap();
    let plan = scene.active("standard", false).await;
    let renew = |caller: &Caller| {
        let mut door = scene.world.plans(caller);
        let request = warranty::SetPlanRenewalRequest {
            request_id: scene.request_id(),
            plan_id: plan.plan_id.clone(),
            renews: true,
        };
        async move { door.set_plan_renewal(request).await }
    };
    let told = explain(&renew(&staff()).await.unwrap_err());
    assert_eq!(told.common(), Some(CommonErrorReason::GrantMissing), "{told:?}");
    assert_eq!(told.metadata["purposes"], "plan_change");
    let somebody = scene.world.customer().to_string();
    let told = explain(&renew(&showing(&staff(), &somebody, "plan_change")).await.unwrap_err());
    assert_eq!(told.common(), Some(CommonErrorReason::GrantRefused), "{told:?}");
    assert_eq!(told.metadata["cause"], "another_customer");
    let of_help = showing(&staff(), &scene.owner.to_string(), "general_help");
    let told = explain(&renew(&of_help).await.unwrap_err());
    assert_eq!(told.common(), Some(CommonErrorReason::PurposeMismatch), "{told:?}");

    // Neither is it ended or bought for them, and nothing is left behind.
    let before = scene.rows().await;
    let other = showing(&staff(), &somebody, "plan_change");
    for (caller, reason) in [
        (&staff(), CommonErrorReason::GrantMissing),
        (&other, CommonErrorReason::GrantRefused),
    ] {
        let cancel = warranty::CancelPlanRequest {
            request_id: scene.request_id(),
            plan_id: plan.plan_id.clone(),
            refund: Some(euros(0)),
        };
        let refusals = [
            scene.world.plans(caller).cancel_plan(cancel).await.map(drop),
            scene.try_enrol(caller, &quote, false).await.map(drop),
        ];
        for refusal in refusals {
            let told = explain(&refusal.unwrap_err());
            assert_eq!(
                (told.code, told.common()),
                (Code::PermissionDenied, Some(reason)),
                "{told:?}"
            );
        }
    }
    assert_eq!(scene.rows().await, before);
    scene.try_enrol(&scene.agent(), &quote, false).await.unwrap();
    renew(&scene.agent()).await.unwrap();
}
