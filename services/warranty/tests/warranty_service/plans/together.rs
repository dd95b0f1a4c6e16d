//! Several at once.

use futures_util::future::join_all;
use support_proto::support::warranty::v1::{PlanCanceled, PlanRenewed, PlanStarted, PlanState};
use time::macros::date;
use tonic::Code;

use super::*;
use crate::world::refused;

#[tokio::test]
async fn of_many_who_buy_at_once_one_buys() {
    let scene = Scene::new().await;
    let mut quotes = Vec::new();
    for _ in 0..6 {
        quotes.push(scene.quote("standard").await);
    }
    let owner = scene.customer();
    let bought = join_all(quotes.iter().map(|quote| scene.try_enrol(&owner, quote, false))).await;
    let (won, lost): (Vec<_>, Vec<_>) = bought.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1);
    for refusal in lost {
        refused(refusal, Code::AlreadyExists, "WARRANTY_ERROR_REASON_PLAN_ALREADY_HELD");
    }
    // And one quote at once.
    let quote = scene.quote("monthly").await;
    let bought = join_all((0..6).map(|_| scene.try_enrol(&owner, &quote, false))).await;
    assert_eq!(bought.iter().filter(|answer| answer.is_ok()).count(), 1);
}

#[tokio::test]
async fn one_payment_told_many_times_pays_once() {
    let scene = Scene::new().await;
    let plan = scene.enrolled("standard", false).await;
    let told = join_all((0..6).map(|_| scene.record(&plan, "once", PlanPaymentOutcome::Paid, euros(12_500)))).await;
    for answer in told {
        let plan = answer.unwrap();
        assert_eq!((plan.state(), plan.periods.len()), (PlanState::Active, 1));
    }
    assert_eq!(scene.world.events::<PlanStarted>(1).await.len(), 1);
}

#[tokio::test]
async fn of_a_cancellation_and_a_renewal_at_once_the_second_sees_the_first() {
    for round in 0..4 {
        let scene = Scene::new().await;
        let plan = scene.active("monthly", false).await;
        scene.let_it_be(date!(2026 - 04 - 10));
        let due = scene.until(&plan, |plan| plan.due.is_some()).await;
        let refund = scene.preview(&plan).await.refund.unwrap();
        let cancel = scene.try_cancel(&plan, refund.clone());
        let pay = scene.record(&due, "april", PlanPaymentOutcome::Paid, euros(599));
        // Either may be heard first.
        let (canceled, paid) = if round % 2 == 0 {
            tokio::join!(cancel, pay)
        } else {
            let (paid, canceled) = tokio::join!(pay, cancel);
            (canceled, paid)
        };
        let now = scene.get(&plan).await;
        match (canceled, paid) {
            // Canceled first: what comes then is not due.
            (Ok(_), paid) => {
                refused(
                    paid,
                    Code::FailedPrecondition,
                    "WARRANTY_ERROR_REASON_PLAN_PAYMENT_NOT_DUE",
                );
                assert_eq!((now.state(), now.periods.len()), (PlanState::Canceled, 1));
                assert_eq!(now.cancellation.unwrap().refund, Some(refund));
                assert_eq!(scene.world.events::<PlanCanceled>(1).await.len(), 1);
            }
            // Paid first: there is more to pay back than was previewed.
            (canceled, Ok(_)) => {
                refused(
                    canceled,
                    Code::FailedPrecondition,
                    "WARRANTY_ERROR_REASON_PLAN_REFUND_CHANGED",
                );
                assert_eq!((now.state(), now.periods.len()), (PlanState::Active, 2));
                assert_eq!(scene.world.events::<PlanRenewed>(1).await.len(), 1);
            }
            both => panic!("{both:?}"),
        }
    }
}
