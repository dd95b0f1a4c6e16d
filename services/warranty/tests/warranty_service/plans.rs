//! Plans: bought, paid, renewed, ended, moved.

mod buying;
mod database;
mod ending;
mod life;
mod refusals;
mod together;

use std::sync::atomic::{AtomicU64, Ordering};

use support_chassis::call::Caller;
use support_proto::support::types::v1::Money;
use support_proto::support::warranty::v1 as warranty;
use support_proto::support::warranty::v1::{Plan, PlanPaymentOutcome, PlanQuote, PlanState};
use support_testing::showing;
use support_warranty::domain::device::{CustomerId, DeviceId};
use support_warranty::domain::facts::PlanHeld;
use time::Date as Day;
use tonic::Status;

use crate::world::{World, customer, day, operator, request_id, staff};

/// A telephone that its owner bought in Germany on 1 March 2026, nine days ago.
struct Scene {
    world: World,
    owner: CustomerId,
    device: warranty::Device,
    asked: AtomicU64,
}

impl Scene {
    async fn new() -> Self {
        let world = World::start().await;
        world.product("PHN-12-128").await;
        let owner = world.customer();
        let device = world
            .device("C39XK0A1B2", |request| {
                request.owner_customer_id = owner.to_string();
                request.purchase_date = Some(day(2026, 3, 1));
            })
            .await;
        Self {
            world,
            owner,
            device,
            asked: AtomicU64::new(1000),
        }
    }

    fn customer(&self) -> Caller {
        customer(self.owner)
    }

    fn request_id(&self) -> String {
        request_id(self.asked.fetch_add(1, Ordering::Relaxed))
    }

    fn device_id(&self) -> DeviceId {
        self.device.device_id.parse().unwrap()
    }

    fn quote_request(&self, kind: &str) -> warranty::QuotePlanRequest {
        warranty::QuotePlanRequest {
            request_id: self.request_id(),
            device_id: self.device.device_id.clone(),
            kind: kind.to_owned(),
            ..Default::default()
        }
    }

    async fn try_quote(&self, caller: &Caller, kind: &str) -> Result<PlanQuote, Status> {
        let answer = self.world.plans(caller).quote_plan(self.quote_request(kind)).await?;
        Ok(answer.into_inner().quote.unwrap())
    }

    async fn quote(&self, kind: &str) -> PlanQuote {
        self.try_quote(&self.customer(), kind).await.unwrap()
    }

    async fn try_enrol(&self, caller: &Caller, quote: &PlanQuote, renews: bool) -> Result<Plan, Status> {
        let request = warranty::EnrolPlanRequest {
            request_id: self.request_id(),
            quote_id: quote.quote_id.clone(),
            renews,
            payment_reference: String::new(),
        };
        let answer = self.world.plans(caller).enrol_plan(request).await?;
        Ok(answer.into_inner().plan.unwrap())
    }

    /// A plan that its owner has bought and not paid.
    async fn enrolled(&self, kind: &str, renews: bool) -> Plan {
        let quote = self.quote(kind).await;
        self.try_enrol(&self.customer(), &quote, renews).await.unwrap()
    }

    async fn record(
        &self,
        plan: &Plan,
        reference: &str,
        outcome: PlanPaymentOutcome,
        amount: Money,
    ) -> Result<Plan, Status> {
        let request = warranty::RecordPlanPaymentRequest {
            request_id: self.request_id(),
            plan_id: plan.plan_id.clone(),
            payment_reference: reference.to_owned(),
            outcome: outcome.into(),
            amount: Some(amount),
        };
        let answer = self.world.plans(&operator()).record_plan_payment(request).await?;
        Ok(answer.into_inner().plan.unwrap())
    }

    async fn paid(&self, plan: &Plan, reference: &str) -> Plan {
        let amount = plan.due.clone().unwrap().amount.unwrap();
        self.record(plan, reference, PlanPaymentOutcome::Paid, amount)
            .await
            .unwrap()
    }

    /// A plan that its owner has bought and paid.
    async fn active(&self, kind: &str, renews: bool) -> Plan {
        let plan = self.enrolled(kind, renews).await;
        self.paid(&plan, "first").await
    }

    /// Another one, after the first has ended.
    async fn active_again(&self, kind: &str) -> Plan {
        let plan = self.enrolled(kind, false).await;
        self.paid(&plan, "again").await
    }

    async fn get(&self, plan: &Plan) -> Plan {
        let request = warranty::GetPlanRequest {
            plan_id: plan.plan_id.clone(),
        };
        let answer = self.world.plans(&staff()).get_plan(request).await.unwrap();
        answer.into_inner().plan.unwrap()
    }

    async fn try_renew(&self, plan: &Plan) -> Result<Plan, Status> {
        let request = warranty::RenewPlanRequest {
            request_id: self.request_id(),
            plan_id: plan.plan_id.clone(),
        };
        let answer = self.world.plans(&self.customer()).renew_plan(request).await?;
        Ok(answer.into_inner().plan.unwrap())
    }

    async fn try_set_renewal(&self, plan: &Plan, renews: bool) -> Result<Plan, Status> {
        let request = warranty::SetPlanRenewalRequest {
            request_id: self.request_id(),
            plan_id: plan.plan_id.clone(),
            renews,
        };
        let answer = self.world.plans(&self.customer()).set_plan_renewal(request).await?;
        Ok(answer.into_inner().plan.unwrap())
    }

    async fn preview(&self, plan: &Plan) -> warranty::PreviewPlanCancellationResponse {
        let request = warranty::PreviewPlanCancellationRequest {
            plan_id: plan.plan_id.clone(),
        };
        let mut door = self.world.plans(&self.customer());
        door.preview_plan_cancellation(request).await.unwrap().into_inner()
    }

    async fn try_cancel(&self, plan: &Plan, refund: Money) -> Result<Plan, Status> {
        let request = warranty::CancelPlanRequest {
            request_id: self.request_id(),
            plan_id: plan.plan_id.clone(),
            refund: Some(refund),
        };
        let answer = self.world.plans(&self.customer()).cancel_plan(request).await?;
        Ok(answer.into_inner().plan.unwrap())
    }

    /// Staff who show the owner's grant.
    fn agent(&self) -> Caller {
        showing(&staff(), &self.owner.to_string(), "plan_change")
    }

    async fn try_transfer(&self, plan: &Plan, to: &warranty::Device) -> Result<Plan, Status> {
        let request = warranty::TransferPlanRequest {
            request_id: self.request_id(),
            plan_id: plan.plan_id.clone(),
            device_id: to.device_id.clone(),
        };
        let answer = self.world.plans(&self.agent()).transfer_plan(request).await?;
        Ok(answer.into_inner().plan.unwrap())
    }

    /// What a device holds of plans, as the decision on it sees it.
    async fn held(&self, device: DeviceId) -> Vec<PlanHeld> {
        let mut connection = self.world.db.read().await.unwrap();
        let found = support_warranty::store::plans::held(&mut connection, &[device]).await;
        found.unwrap().remove(&device).unwrap_or_default()
    }

    /// Lets it be noon of a day.
    fn let_it_be(&self, day: Day) {
        self.world.hand.set(day.with_hms(12, 0, 0).unwrap().assume_utc());
    }

    /// The plan once it is in this state: what time brings about comes by itself.
    async fn becomes(&self, plan: &Plan, state: PlanState) -> Plan {
        self.until(plan, |plan| plan.state() == state).await
    }

    async fn until(&self, plan: &Plan, holds: impl Fn(&Plan) -> bool) -> Plan {
        let mut last = self.get(plan).await;
        for _ in 0..400 {
            if holds(&last) {
                return last;
            }
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
            last = self.get(plan).await;
        }
        panic!("it stays {last:?}")
    }
}

fn euros(minor_units: i64) -> Money {
    Money {
        currency_code: "EUR".to_owned(),
        minor_units,
    }
}
