//! What all that is kept of a device comes to in a decision, asked at the door.

mod plans;
mod prices;
mod units;

use std::cell::RefCell;

use support_chassis::id::Id;
use support_proto::support::types::v1::{Date, Money};
use support_proto::support::warranty::v1 as warranty;
use support_proto::support::warranty::v1::device_life_service_client::DeviceLifeServiceClient;
use support_proto::support::warranty::v1::{
    CommitEntitlementRequest, CoverageDecision, CoverageOutcome, Damage, DecideCoverageRequest, Device, Entitlement,
    GetCoverageDecisionRequest, PaymentKind, Plan, PlanPaymentOutcome, ProductPart, ReleaseEntitlementRequest,
    ReproductionState, ReserveEntitlementRequest, UseKind, WeighedRule,
};
use support_testing::{Door, showing};
use support_warranty::domain::device::CustomerId;

use crate::corrections::{component, part};
use crate::world::{World, customer, new_product, operator, staff};

const SERIAL: &str = "HP14A00005";

/// A telephone with its parts and prices, and every decision that a test had made about it.
struct Scene {
    world: World,
    owner: CustomerId,
    device: Device,
    made: RefCell<Vec<CoverageDecision>>,
}

impl Scene {
    /// Of a model that is sold and priced, as it was bought.
    async fn new(change: impl FnOnce(&mut warranty::RegisterDeviceRequest)) -> Self {
        Self::of("PHN-12-128", |_| (), change).await
    }

    async fn of(
        model_code: &str,
        change_model: impl FnOnce(&mut warranty::CreateProductRequest),
        change: impl FnOnce(&mut warranty::RegisterDeviceRequest),
    ) -> Self {
        let world = World::start().await;
        let mut model = priced(model_code);
        change_model(&mut model);
        world.catalogue(&operator()).create_product(model).await.unwrap();
        let owner = world.customer();
        let device = world
            .device(SERIAL, |request| {
                model_code.clone_into(&mut request.model_code);
                request.owner_customer_id = owner.to_string();
                change(request);
            })
            .await;
        Self {
            world,
            owner,
            device,
            made: RefCell::default(),
        }
    }

    fn request_id(&self) -> String {
        let id: Id = self.world.ids.next();
        id.uuid().to_string()
    }

    /// Decides, and reads the decision and makes it again at once.
    async fn decide(&self, damage: Damage, change: impl FnOnce(&mut DecideCoverageRequest)) -> CoverageDecision {
        let mut request = DecideCoverageRequest {
            request_id: self.request_id(),
            serial_number: SERIAL.to_owned(),
            damage: damage.into(),
            ..DecideCoverageRequest::default()
        };
        change(&mut request);
        let answer = self.world.coverage(&staff()).decide_coverage(request).await;
        let decision = answer.unwrap().into_inner().decision.unwrap();
        self.make_again(&decision).await;
        self.made.borrow_mut().push(decision.clone());
        decision
    }

    /// Of a component.
    async fn decide_on(&self, damage: Damage, component: &str) -> CoverageDecision {
        self.decide(damage, |request| component.clone_into(&mut request.component))
            .await
    }

    /// Of the whole unit, as of a day.
    async fn decide_for(&self, damage: Damage, day: Date) -> CoverageDecision {
        self.decide(damage, |request| request.day = Some(day)).await
    }

    async fn make_again(&self, decision: &CoverageDecision) {
        let request = GetCoverageDecisionRequest {
            decision_id: decision.decision_id.clone(),
            ..GetCoverageDecisionRequest::default()
        };
        let answer = self.world.coverage(&staff()).get_coverage_decision(request).await;
        let answer = answer.unwrap().into_inner();
        assert_eq!(answer.decision.as_ref(), Some(decision));
        let again = answer.reproduction.unwrap();
        assert_eq!(again.state(), ReproductionState::Same, "{decision:?}");
        assert_eq!((again.stored_digest.len(), &again.digest), (64, &again.stored_digest));
    }

    /// Whatever has become of the device since, each decision stays what it was, and comes out the same.
    async fn all_made_again(&self, count: usize) {
        let made = self.made.take();
        assert_eq!(made.len(), count);
        for decision in &made {
            self.make_again(decision).await;
        }
    }

    /// A plan that its owner has bought and paid.
    async fn plan(&self, kind: &str) -> Plan {
        let quote = warranty::QuotePlanRequest {
            request_id: self.request_id(),
            device_id: self.device.device_id.clone(),
            kind: kind.to_owned(),
            ..Default::default()
        };
        let mut door = self.world.plans(&customer(self.owner));
        let quote = door.quote_plan(quote).await.unwrap().into_inner().quote.unwrap();
        let enrol = warranty::EnrolPlanRequest {
            request_id: self.request_id(),
            quote_id: quote.quote_id,
            renews: false,
            payment_reference: String::new(),
        };
        let plan = door.enrol_plan(enrol).await.unwrap().into_inner().plan.unwrap();
        let pay = warranty::RecordPlanPaymentRequest {
            request_id: self.request_id(),
            plan_id: plan.plan_id,
            payment_reference: "till-7/4711".to_owned(),
            outcome: PlanPaymentOutcome::Paid.into(),
            amount: plan.due.unwrap().amount,
        };
        let answer = self.world.plans(&operator()).record_plan_payment(pay).await;
        answer.unwrap().into_inner().plan.unwrap()
    }

    async fn reserve(&self, decision: &CoverageDecision) -> Entitlement {
        let request = ReserveEntitlementRequest {
            request_id: self.request_id(),
            decision_id: decision.decision_id.clone(),
            reference: "R-1".to_owned(),
        };
        let answer = self.world.entitlements(&staff()).reserve_entitlement(request).await;
        answer.unwrap().into_inner().entitlement.unwrap()
    }

    async fn release(&self, entitlement: &Entitlement) {
        let request = ReleaseEntitlementRequest {
            request_id: self.request_id(),
            entitlement_id: entitlement.entitlement_id.clone(),
        };
        let answer = self.world.entitlements(&staff()).release_entitlement(request).await;
        answer.unwrap();
    }

    /// Reserves what a decision grants, and uses it.
    async fn use_up(&self, decision: &CoverageDecision) -> Entitlement {
        let request = CommitEntitlementRequest {
            request_id: self.request_id(),
            entitlement_id: self.reserve(decision).await.entitlement_id,
            received_on: None,
            returned_on: None,
        };
        let answer = self.world.entitlements(&staff()).commit_entitlement(request).await;
        answer.unwrap().into_inner().entitlement.unwrap()
    }

    fn life(&self) -> DeviceLifeServiceClient<Door> {
        DeviceLifeServiceClient::new(
            self.world
                .door(&showing(&staff(), &self.owner.to_string(), "general_help")),
        )
    }
}

/// A telephone with a battery that wears, a back that is there for looks, and the prices of its group.
fn priced(model_code: &str) -> warranty::CreateProductRequest {
    let mut model = new_product(model_code);
    "phone-2022".clone_into(&mut model.price_group);
    let back = ProductPart {
        cosmetic: true,
        ..part("661-00003", false)
    };
    model.components = vec![
        component("battery", vec![part("661-00001", true)]),
        component("display", vec![part("661-00002", false)]),
        component("housing", vec![back]),
        component("camera", vec![]),
    ];
    model
}

fn rule<'d>(decision: &'d CoverageDecision, rule_id: &str) -> &'d WeighedRule {
    let found = decision.chain.iter().find(|rule| rule.rule_id == rule_id);
    found.unwrap_or_else(|| panic!("no {rule_id} in {decision:?}"))
}

/// Why a rule applies or not, without what all reasons begin with.
fn why<'d>(decision: &'d CoverageDecision, rule_id: &str) -> &'d str {
    let key = &rule(decision, rule_id).reason_key;
    key.strip_prefix("coverage.reason.").unwrap()
}

/// The outcome and what the customer pays, in kind and amount.
fn answer(decision: &CoverageDecision) -> (CoverageOutcome, PaymentKind, Option<Money>) {
    let pays = decision.pays.clone().unwrap();
    (decision.outcome(), pays.kind(), pays.amount)
}

/// What an amount for an outcome looks like.
fn at(
    outcome: CoverageOutcome,
    currency_code: &str,
    minor_units: i64,
) -> (CoverageOutcome, PaymentKind, Option<Money>) {
    (outcome, PaymentKind::Amount, Some(money(currency_code, minor_units)))
}

/// What an outcome that costs nothing looks like.
const fn free(outcome: CoverageOutcome) -> (CoverageOutcome, PaymentKind, Option<Money>) {
    (outcome, PaymentKind::Nothing, None)
}

fn uses(decision: &CoverageDecision) -> (UseKind, &str) {
    let uses = decision.uses.as_ref().unwrap();
    match uses.kind() {
        UseKind::ServiceProgram => (uses.kind(), &uses.program_id),
        kind => (kind, &uses.plan_id),
    }
}

fn money(currency_code: &str, minor_units: i64) -> Money {
    Money {
        currency_code: currency_code.to_owned(),
        minor_units,
    }
}
