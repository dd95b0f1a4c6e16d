//! What is used up of what a device is owed follows what becomes of its repairs, between two services that meet in nothing but
//! their contract.

use support::session::Caller;
use support_proto::support::repair::v1::{
    CancelRepairRequest, FinishRepairRequest, ReceiveDeviceRequest, RecordDiagnosisRequest, Repair, RepairOutcome,
    ReturnDeviceRequest, StartRepairRequest, SubmitRepairRequest,
};
use support_proto::support::warranty::v1::{
    CoverageDecision, CoverageOutcome, CustomerPayment, Damage, DecideCoverageRequest, Entitlement, EntitlementState,
    GetEntitlementRequest, PaymentKind,
};
use support_tests::people::{Agent, Customer, partner, request_id};
use support_tests::town::shared;
use support_tests::wait::until;

/// A repair of a device by a partner, for a case.
async fn ordered(workshop: &Caller, case: &str, serial: &str) -> Repair {
    let order = SubmitRepairRequest {
        request_id: request_id(),
        case_id: case.to_owned(),
        provider_code: "ASP-BER-01".to_owned(),
        serial_number: serial.to_owned(),
        problem: "It does not charge".to_owned(),
        language: "en".to_owned(),
        damage: Damage::None.into(),
        component: "battery".to_owned(),
        ..SubmitRepairRequest::default()
    };
    let submitted = until("the workshop's system has heard of the case", async || {
        workshop.repairs().submit_repair(order.clone()).await.ok()
    });
    submitted.await.into_inner().repair.unwrap()
}

/// The entitlement of a repair, once it is in this state.
async fn once(caller: &Caller, repair: &Repair, state: EntitlementState) -> Entitlement {
    let asked = GetEntitlementRequest {
        entitlement_id: repair.entitlement_id.clone(),
    };
    until("warranty has heard of the repair", async || {
        let answer = caller.entitlements().get_entitlement(asked.clone()).await.unwrap();
        let entitlement = answer.into_inner().entitlement.unwrap();
        (entitlement.state() == state && entitlement.repair_id == repair.repair_id).then_some(entitlement)
    })
    .await
}

async fn decided(caller: &Caller, serial: &str) -> CoverageDecision {
    let asked = DecideCoverageRequest {
        request_id: request_id(),
        serial_number: serial.to_owned(),
        damage: Damage::None.into(),
        component: "battery".to_owned(),
        ..DecideCoverageRequest::default()
    };
    let answer = caller.coverage().decide_coverage(asked).await.unwrap();
    answer.into_inner().decision.unwrap()
}

fn by_repair_warranty(decision: &CoverageDecision) -> bool {
    let mut chain = decision.chain.iter();
    chain.any(|rule| rule.outcome() == CoverageOutcome::RepairWarranty && rule.applies)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_repair_uses_is_reserved_used_and_known_from_then_on() {
    let town = shared();
    let customer = Customer::verified(town).await;
    let agent = Agent::at_work(town, &customer.language, 3).await;
    let serial = customer.device().await;
    let case = customer.opens("It does not charge").await;
    let (workshop, _) = partner(town, "nordlicht-service").await;

    let repair = ordered(&workshop, &case.case_id, &serial).await;
    assert_eq!(
        repair.customer_pays.as_ref().map(CustomerPayment::kind),
        Some(PaymentKind::Nothing)
    );
    let held = once(&agent.caller, &repair, EntitlementState::Reserved).await;
    assert_eq!(
        (held.expire_time, held.decision_id.as_str()),
        (None, &*repair.coverage_decision_id)
    );
    assert_eq!(held.outcome(), repair.coverage_outcome());
    // The customer sees it too, the partner who asked for the decision as well.
    for caller in [&customer.caller, &workshop] {
        assert_eq!(once(caller, &repair, EntitlementState::Reserved).await, held);
    }
    assert!(!by_repair_warranty(&decided(&agent.caller, &serial).await));

    let (repair_id, mut repairs) = (repair.repair_id.clone(), workshop.repairs());
    let receive = ReceiveDeviceRequest {
        request_id: request_id(),
        repair_id: repair_id.clone(),
        ..ReceiveDeviceRequest::default()
    };
    repairs.receive_device(receive).await.unwrap();
    let diagnose = RecordDiagnosisRequest {
        request_id: request_id(),
        repair_id: repair_id.clone(),
        diagnosis_code: "BATTERY-WORN".to_owned(),
        ..RecordDiagnosisRequest::default()
    };
    repairs.record_diagnosis(diagnose).await.unwrap();
    let start = StartRepairRequest {
        request_id: request_id(),
        repair_id: repair_id.clone(),
        ..StartRepairRequest::default()
    };
    repairs.start_repair(start).await.unwrap();
    let finish = FinishRepairRequest {
        request_id: request_id(),
        repair_id: repair_id.clone(),
        outcome: RepairOutcome::Repaired.into(),
        ..FinishRepairRequest::default()
    };
    repairs.finish_repair(finish).await.unwrap();
    let give_back = ReturnDeviceRequest {
        request_id: request_id(),
        repair_id,
        ..ReturnDeviceRequest::default()
    };
    repairs.return_device(give_back).await.unwrap();
    let used = once(&agent.caller, &repair, EntitlementState::Committed).await;
    assert!(used.received_on.is_some() && used.returned_on.is_some());
    // Nobody told of the repair: warranty has kept book of it.
    assert!(by_repair_warranty(&decided(&agent.caller, &serial).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_canceled_is_given_back() {
    let town = shared();
    let customer = Customer::verified(town).await;
    let agent = Agent::at_work(town, &customer.language, 3).await;
    let serial = customer.device().await;
    let case = customer.opens("It does not charge").await;
    let (workshop, _) = partner(town, "nordlicht-service").await;
    let repair = ordered(&workshop, &case.case_id, &serial).await;
    let cancel = CancelRepairRequest {
        request_id: request_id(),
        repair_id: repair.repair_id.clone(),
        note: "ordered twice".to_owned(),
        ..CancelRepairRequest::default()
    };
    workshop.repairs().cancel_repair(cancel).await.unwrap();
    let back = once(&agent.caller, &repair, EntitlementState::Released).await;
    assert!(back.returned_on.is_none());
    assert!(!by_repair_warranty(&decided(&agent.caller, &serial).await));
}
