//! An agent changes nothing of a customer who was not verified, whoever talks them into it.

use support::session::Caller;
use support_chassis::error::{CommonErrorReason, Explained, explain};
use support_proto::support::identity::v1::{RevokeGrantRequest, VerificationPurpose};
use support_proto::support::warranty::v1::{
    EnrolPlanRequest, Plan, PurchaseDateEvidence, QuotePlanRequest, RegisterDeviceRequest, SetPlanRenewalRequest,
};
use support_tests::people::{Agent, Customer, request_id, serial_number};
use support_tests::town::shared;
use support_tests::wait::until;
use time::OffsetDateTime;
use tonic::{Code, Status};

/// A plan that the customer has bought.
async fn plan(customer: &Customer) -> Plan {
    #[expect(clippy::disallowed_methods, reason = "the system under test runs by the real clock")]
    let today = OffsetDateTime::now_utc().date();
    let device = RegisterDeviceRequest {
        request_id: request_id(),
        model_code: "PHN-17-256".to_owned(),
        serial_number: serial_number(),
        purchase_country_code: "DE".to_owned(),
        purchase_date: Some(support_chassis::day::to_proto(today)),
        purchase_date_evidence: PurchaseDateEvidence::Declared.into(),
        ..RegisterDeviceRequest::default()
    };
    let device = customer.caller.devices().register_device(device).await.unwrap();
    let quote = QuotePlanRequest {
        request_id: request_id(),
        device_id: device.into_inner().device.unwrap().device_id,
        kind: "standard".to_owned(),
        ..QuotePlanRequest::default()
    };
    let quote = customer.caller.plans().quote_plan(quote).await.unwrap();
    let enrol = EnrolPlanRequest {
        request_id: request_id(),
        quote_id: quote.into_inner().quote.unwrap().quote_id,
        ..EnrolPlanRequest::default()
    };
    let plan = customer.caller.plans().enrol_plan(enrol).await.unwrap();
    plan.into_inner().plan.unwrap()
}

/// Sets whether the plan goes on by itself: what an agent is asked for on the phone.
async fn renews(caller: &Caller, plan: &Plan, renews: bool) -> Result<Plan, Status> {
    let request = SetPlanRenewalRequest {
        request_id: request_id(),
        plan_id: plan.plan_id.clone(),
        renews,
    };
    let answer = caller.plans().set_plan_renewal(request).await?;
    Ok(answer.into_inner().plan.unwrap())
}

fn refused(answer: Result<Plan, Status>) -> Explained {
    let told = explain(&answer.unwrap_err());
    assert_eq!(told.code, Code::PermissionDenied, "{told:?}");
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_changes_a_plan_of_whom_they_have_verified_and_of_nobody_else() {
    let town = shared();
    let (anna, bob) = (Customer::verified(town).await, Customer::verified(town).await);
    let agent = Agent::at_work(town, &anna.language, 1).await;
    let (hers, his) = (plan(&anna).await, plan(&bob).await);

    // However urgent it is.
    let told = refused(renews(&agent.caller, &hers, true).await);
    assert_eq!(told.common(), Some(CommonErrorReason::GrantMissing), "{told:?}");
    assert_eq!(told.metadata["purposes"], "plan_change");

    let (shown, grant_id, token) = agent.verifies(town, &anna, VerificationPurpose::PlanChange).await;
    assert!(renews(&shown, &hers, true).await.unwrap().renews);
    let told = refused(renews(&shown, &his, true).await);
    assert_eq!(told.metadata["cause"], "another_customer", "{told:?}");

    // In nobody else's hands it is worth anything.
    let colleague = Agent::at_work(town, &anna.language, 1).await;
    let told = refused(renews(&colleague.caller.showing(&token).unwrap(), &hers, false).await);
    assert_eq!(told.metadata["cause"], "another_agent", "{told:?}");
    let told = refused(renews(&bob.caller.showing(&token).unwrap(), &hers, false).await);
    assert_eq!(told.metadata["cause"], "not_staff", "{told:?}");

    // The customer ends it, and it ends everywhere.
    let end = RevokeGrantRequest {
        request_id: request_id(),
        grant_id,
    };
    anna.caller.grants().revoke_grant(end).await.unwrap();
    let told = until("the grant is refused", async || {
        let answer = renews(&shown, &hers, false).await;
        answer.is_err().then(|| refused(answer))
    })
    .await;
    assert_eq!(told.metadata["cause"], "revoked", "{told:?}");
    // Whom she has not verified for this is as far as before.
    let (of_help, _, _) = agent.verifies(town, &anna, VerificationPurpose::GeneralHelp).await;
    let told = refused(renews(&of_help, &hers, false).await);
    assert_eq!(told.common(), Some(CommonErrorReason::PurposeMismatch), "{told:?}");
}
