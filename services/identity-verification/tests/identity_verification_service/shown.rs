//! What staff show to act in a customer's matters, and what they cannot do without.

use support_chassis::call::Caller;
use support_chassis::error::{CommonErrorReason, Explained, explain};
use support_proto::support::identity::v1::{
    AddContactPointRequest, AuditAction, AuditEntry, AuditOutcome, ExportCustomerRequest, Grant,
    IdentityErrorReason as Reason, IssueGrantTokenRequest, IssueGrantTokenResponse, ListAuditEntriesRequest,
    PersonalDataReason, RevokeGrantRequest, SetContactPreferencesRequest, VerificationPurpose,
};
use support_testing::showing;
use tonic::{Code, Status};

use crate::delegations::claims;
use crate::disclosure::verified_for;
use crate::house::{House, customer, email, guardian, operator, refused, request_id, some_id, staff, start, visitor};

/// A customer who is verified with a member of staff, in person: whoever reads the code types it.
async fn verified_by(house: &House, agent: &Caller, address: &str, case_id: &str) -> Grant {
    let mut asked = start(email(address));
    asked.purpose = VerificationPurpose::AccountSecurity.into();
    asked.case_id = case_id.to_owned();
    let started = house.verifications(agent).start_verification(asked).await.unwrap();
    let verification = started.into_inner().verification.unwrap();
    let code = house.code(&verification).await;
    house.check(&verification, &code).await.unwrap().grant.unwrap()
}

async fn issue(house: &House, agent: &Caller, grant_id: &str) -> Result<IssueGrantTokenResponse, Status> {
    let request = IssueGrantTokenRequest {
        grant_id: grant_id.to_owned(),
    };
    let answer = house.grants(agent).issue_grant_token(request).await;
    answer.map(tonic::Response::into_inner)
}

/// What is on record of grants that were given into somebody's hands, oldest first.
async fn given(house: &House, customer_id: &str) -> Vec<AuditEntry> {
    let asked = ListAuditEntriesRequest {
        customer_id: customer_id.to_owned(),
        ..ListAuditEntriesRequest::default()
    };
    let answer = house.audit(&operator()).list_audit_entries(asked).await.unwrap();
    let mut entries = answer.into_inner().entries;
    entries.retain(|entry| entry.action() == AuditAction::GrantGiven);
    entries.reverse();
    entries
}

fn colleague() -> Caller {
    Caller {
        subject: "agent-8".to_owned(),
        ..staff()
    }
}

fn missing(answer: Result<impl std::fmt::Debug, Status>) -> Explained {
    let told = explain(&answer.unwrap_err());
    assert_eq!(
        (told.code, told.common()),
        (Code::PermissionDenied, Some(CommonErrorReason::GrantMissing)),
        "{told:?}"
    );
    told
}

#[tokio::test]
async fn whoever_verified_a_customer_gets_what_they_show_and_it_is_on_record() {
    let house = House::new().await;
    let ada = house.customer("ada@example.com").await.customer_id;
    let case = some_id();
    let grant = verified_by(&house, &staff(), "ada@example.com", &case).await;
    let told = issue(&house, &staff(), &grant.grant_id).await.unwrap();
    assert_eq!(told.expire_time, grant.expire_time);
    assert_eq!(told.grant.as_ref(), Some(&grant));
    let claims = claims(&told.grant_token);
    for (name, value) in [
        ("kind", "grant"),
        ("sub", ada.as_str()),
        ("agent", "agent-7"),
        ("grant", grant.grant_id.as_str()),
        ("purpose", "account_security"),
        ("case", case.as_str()),
    ] {
        assert_eq!(claims[name], value, "{name}");
    }
    assert_eq!(claims["exp"], grant.expire_time.unwrap().seconds);

    // A colleague's it is not, and they are seen who tried. Nobody else is asked at all.
    refused(
        issue(&house, &colleague(), &grant.grant_id).await,
        Reason::GrantNotFound,
        Code::NotFound,
    );
    for caller in [visitor(), customer(&ada), operator()] {
        let told = explain(&issue(&house, &caller, &grant.grant_id).await.unwrap_err());
        assert_eq!(told.common(), Some(CommonErrorReason::CallerKindNotAllowed));
    }
    refused(
        issue(&house, &staff(), &some_id()).await,
        Reason::GrantNotFound,
        Code::NotFound,
    );
    let entries: Vec<_> = given(&house, &ada)
        .await
        .iter()
        .map(|entry| {
            (
                entry.actor_id.clone(),
                entry.outcome(),
                entry.grant_id == grant.grant_id,
            )
        })
        .collect();
    assert_eq!(
        entries,
        [
            ("agent-7".to_owned(), AuditOutcome::Done, true),
            ("agent-8".to_owned(), AuditOutcome::Refused, true),
        ]
    );

    let end = RevokeGrantRequest {
        request_id: request_id(),
        grant_id: grant.grant_id.clone(),
    };
    house.grants(&staff()).revoke_grant(end).await.unwrap();
    refused(
        issue(&house, &staff(), &grant.grant_id).await,
        Reason::GrantEnded,
        Code::FailedPrecondition,
    );
}

#[tokio::test]
async fn a_session_of_the_customers_own_serves_staff_for_its_case_alone() {
    let house = House::new().await;
    house.customer("ada@example.com").await;
    let own = house.verify("ada@example.com").await.grant.unwrap();
    refused(
        issue(&house, &staff(), &own.grant_id).await,
        Reason::GrantNotFound,
        Code::NotFound,
    );
    let case = some_id();
    let of_chat = verified_for(&house, "ada@example.com", &case).await.grant.unwrap();
    let told = issue(&house, &staff(), &of_chat.grant_id).await.unwrap();
    assert_eq!(claims(&told.grant_token)["case"], case.as_str());
}

#[tokio::test]
async fn staff_change_nothing_of_a_customer_without_the_customers_grant() {
    let house = House::new().await;
    let ada = house.customer("ada@example.com").await.customer_id;
    let bob = house.customer("bob@example.com").await.customer_id;
    let add = |id: &str| AddContactPointRequest {
        request_id: request_id(),
        customer_id: id.to_owned(),
        contact_point: Some(email("mallory@example.net")),
        etag: String::new(),
    };
    let told = missing(house.customers(&staff()).add_contact_point(add(&ada)).await);
    assert_eq!(told.metadata["purposes"], "account_security");

    let refusal = |caller: Caller, id: String| {
        let (house, add) = (&house, &add);
        async move {
            let answer = house.customers(&caller).add_contact_point(add(&id)).await;
            explain(&answer.unwrap_err())
        }
    };
    // Bob's opens nothing of Ada's.
    let told = refusal(showing(&staff(), &bob, "account_security"), ada.clone()).await;
    assert_eq!(told.common(), Some(CommonErrorReason::GrantRefused));
    assert_eq!(told.metadata["cause"], "another_customer");
    // Nor one for something else, nor that of somebody who acts for her.
    let told = refusal(showing(&staff(), &ada, "repair_handover"), ada.clone()).await;
    assert_eq!(told.common(), Some(CommonErrorReason::PurposeMismatch));
    assert_eq!(told.metadata["purpose"], "repair_handover");
    let mut carer = showing(&staff(), &ada, "account_security");
    carer.bounds.shown.as_mut().unwrap().delegate = Some(bob.clone());
    let told = refusal(carer, ada.clone()).await;
    assert_eq!(told.common(), Some(CommonErrorReason::DelegateNotAllowed));
    // What an operator or a customer would show is nothing.
    let mut other = customer(&bob);
    other.bounds.shown = showing(&staff(), &ada, "account_security").bounds.shown;
    let told = refusal(other, ada.clone()).await;
    assert_ne!(told.code, Code::Ok);

    let preferences = SetContactPreferencesRequest {
        request_id: request_id(),
        customer_id: ada.clone(),
        ..SetContactPreferencesRequest::default()
    };
    let mut notifications =
        support_proto::support::identity::v1::notification_service_client::NotificationServiceClient::new(
            house.door(&staff()),
        );
    missing(notifications.set_contact_preferences(preferences).await);
    assert_eq!(
        house.trail("contact_point_added").await.len(),
        0,
        "a refusal has changed something"
    );
    house
        .customers(&showing(&staff(), &ada, "account_security"))
        .add_contact_point(add(&ada))
        .await
        .unwrap();
}

#[tokio::test]
async fn all_that_is_held_is_handed_to_staff_only_once_the_customer_is_known_surely() {
    let house = House::new().await;
    let ada = house.customer("ada@example.com").await.customer_id;
    let request = || ExportCustomerRequest {
        customer_id: ada.clone(),
        reason: PersonalDataReason::CustomerWish.into(),
        case_id: String::new(),
    };
    let told = missing(
        house
            .erasures(&guardian("agent-7"))
            .export_customer(request())
            .await
            .map(drop),
    );
    assert_eq!(told.metadata["required_level"], "ASSURANCE_LEVEL_AAL2");
    let mut unsure = showing(&guardian("agent-7"), &ada, "general_help");
    unsure.bounds.shown.as_mut().unwrap().aal = 1;
    let answer = house.erasures(&unsure).export_customer(request()).await;
    let told = explain(&answer.map(drop).unwrap_err());
    assert_eq!(told.common(), Some(CommonErrorReason::AssuranceTooLow));
    assert!(house.trail("customer_exported").await.is_empty());
    let sure = showing(&guardian("agent-7"), &ada, "general_help");
    house.erasures(&sure).export_customer(request()).await.unwrap();
    assert_eq!(house.trail("customer_exported").await.len(), 1);
}
