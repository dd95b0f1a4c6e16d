//! Who sees a customer unmasked, and that it is on record.

use support_chassis::error::explain;
use support_proto::support::identity::v1::{
    AuditAction, AuditEntry, AuditOutcome, CheckCodeResponse, CustomerField, DisclosureReason,
    IdentityErrorReason as Reason, ListAuditEntriesRequest, RevealCustomerRequest, RevealCustomerResponse,
    RevokeGrantRequest,
};
use tonic::{Code, Status};

use crate::house::{
    House, customer, email, new_customer, operator, phone, refused, request_id, some_id, staff, start, visitor,
};

fn reveal(customer_id: &str, case_id: &str, fields: &[CustomerField]) -> RevealCustomerRequest {
    RevealCustomerRequest {
        customer_id: customer_id.to_owned(),
        case_id: case_id.to_owned(),
        reason: DisclosureReason::Delivery.into(),
        fields: fields.iter().map(|field| (*field).into()).collect(),
    }
}

async fn look(house: &House, asked: RevealCustomerRequest) -> Result<RevealCustomerResponse, Status> {
    house
        .disclosure(&staff())
        .reveal_customer(asked)
        .await
        .map(tonic::Response::into_inner)
}

/// Verifies whoever has an address, for a case.
pub(crate) async fn verified_for(house: &House, address: &str, case_id: &str) -> CheckCodeResponse {
    let mut asked = start(email(address));
    asked.case_id = case_id.to_owned();
    let answer = house.verifications(&visitor()).start_verification(asked).await;
    let verification = answer.unwrap().into_inner().verification.unwrap();
    let code = house.code(&verification).await;
    house.check(&verification, &code).await.unwrap()
}

/// What is on record of looks at a customer, newest first.
async fn looks(house: &House, customer_id: &str) -> Vec<AuditEntry> {
    let asked = ListAuditEntriesRequest {
        customer_id: customer_id.to_owned(),
        ..ListAuditEntriesRequest::default()
    };
    let answer = house.audit(&operator()).list_audit_entries(asked).await.unwrap();
    let mut entries = answer.into_inner().entries;
    entries.retain(|entry| entry.action() == AuditAction::CustomerRevealed);
    entries
}

#[tokio::test]
async fn staff_see_what_they_ask_for_once_the_customer_was_verified_for_the_case_and_every_look_is_on_record() {
    let house = House::new().await;
    let new = new_customer(vec![email("ada@example.com"), phone("+41790001122")]);
    let made = house.customers(&staff()).create_customer(new).await.unwrap();
    let id = made.into_inner().customer.unwrap().customer_id;
    let (case, other_case) = (some_id(), some_id());
    let fields = [CustomerField::Name, CustomerField::Phone];

    // Nobody has been verified yet: refused, and on record.
    let told = refused(
        look(&house, reveal(&id, &case, &fields)).await,
        Reason::DisclosureRefused,
        Code::PermissionDenied,
    );
    assert_eq!(told.metadata["required_level"], "ASSURANCE_LEVEL_AAL1");
    let entry = looks(&house, &id).await.remove(0);
    assert_eq!(
        (
            entry.outcome(),
            entry.actor_id.as_str(),
            entry.case_id.as_str(),
            entry.reason.as_str()
        ),
        (AuditOutcome::Refused, "agent-7", case.as_str(), "delivery")
    );
    assert_eq!(entry.grant_id, "");

    let grant = verified_for(&house, "ada@example.com", &case).await.grant.unwrap();
    let shown = look(&house, reveal(&id, &case, &fields)).await.unwrap();
    let seen = shown.customer.unwrap();
    assert_eq!(seen.name.as_ref().unwrap().display_name, "Ada Lovelace");
    let values: Vec<_> = seen.contact_points.iter().map(|point| point.value.as_str()).collect();
    assert_eq!(values, ["", "+41790001122"], "what was not asked for stays masked");
    assert_eq!(seen.masked_fields().collect::<Vec<_>>(), [CustomerField::Email]);
    assert_eq!(shown.grant_id, grant.grant_id);
    let entries = looks(&house, &id).await;
    assert_eq!(entries.len(), 2);
    let entry = &entries[0];
    assert_eq!(entry.entry_number, shown.entry_number);
    assert_eq!(
        (entry.outcome(), &entry.grant_id, &entry.fields),
        (
            AuditOutcome::Done,
            &grant.grant_id,
            &vec!["name".to_owned(), "phone".to_owned()]
        )
    );

    // For another case it does not stand, nor for another customer; nor once it has ended.
    let refusal = look(&house, reveal(&id, &other_case, &fields)).await;
    refused(refusal, Reason::DisclosureRefused, Code::PermissionDenied);
    let bob = house.customer("bob@example.com").await.customer_id;
    let refusal = look(&house, reveal(&bob, &case, &fields)).await;
    refused(refusal, Reason::DisclosureRefused, Code::PermissionDenied);
    let end = RevokeGrantRequest {
        request_id: request_id(),
        grant_id: grant.grant_id.clone(),
    };
    house.grants(&staff()).revoke_grant(end).await.unwrap();
    let refusal = look(&house, reveal(&id, &case, &fields)).await;
    refused(refusal, Reason::DisclosureRefused, Code::PermissionDenied);
    assert_eq!(
        (looks(&house, &id).await.len(), looks(&house, &bob).await.len()),
        (4, 1)
    );

    let nobody = look(&house, reveal(&some_id(), &case, &fields)).await;
    refused(nobody, Reason::CustomerNotFound, Code::NotFound);
}

#[tokio::test]
async fn nobody_else_sees_customers_unmasked_and_a_look_says_what_for() {
    let house = House::new().await;
    let ada = house.customer("ada@example.com").await.customer_id;
    let asked = reveal(&ada, &some_id(), &[CustomerField::Name]);
    let mut newcomer = staff();
    newcomer.scopes.remove("customers.reveal");
    for caller in [visitor(), customer(&ada), operator(), newcomer] {
        let refusal = house
            .disclosure(&caller)
            .reveal_customer(asked.clone())
            .await
            .unwrap_err();
        assert_eq!(refusal.code(), Code::PermissionDenied, "{caller:?}");
    }
    for (change, field) in [
        (
            (|asked| asked.case_id.clear()) as fn(&mut RevealCustomerRequest),
            "case_id",
        ),
        (|asked| asked.reason = 0, "reason"),
        (|asked| asked.fields.clear(), "fields"),
    ] {
        let mut asked = asked.clone();
        change(&mut asked);
        let told = explain(&look(&house, asked).await.unwrap_err());
        assert_eq!(
            (told.code, told.violations[0].field.as_str()),
            (Code::InvalidArgument, field)
        );
    }
    assert!(looks(&house, &ada).await.is_empty(), "none of them was a look");
}

#[tokio::test]
async fn whom_a_member_of_staff_has_verified_is_shown_to_them_alone() {
    let house = House::new().await;
    let ada = house.customer("ada@example.com").await.customer_id;
    let case = some_id();
    let mut asked = start(email("ada@example.com"));
    asked.case_id.clone_from(&case);
    let started = house.verifications(&staff()).start_verification(asked).await.unwrap();
    let verification = started.into_inner().verification.unwrap();
    // Ada types the code herself: it is the same verification.
    let code = house.code(&verification).await;
    let grant = house.check(&verification, &code).await.unwrap().grant.unwrap();
    assert_eq!(grant.agent_id, "agent-7");
    let wanted = reveal(&ada, &case, &[CustomerField::Name]);
    let mut colleague = staff();
    colleague.subject = "agent-8".to_owned();
    let refusal = house.disclosure(&colleague).reveal_customer(wanted.clone()).await;
    refused(refusal, Reason::DisclosureRefused, Code::PermissionDenied);
    let shown = look(&house, wanted.clone()).await.unwrap();
    assert_eq!(shown.grant_id, grant.grant_id);
    // Once she is verified without staff, whoever handles the case sees her.
    verified_for(&house, "ada@example.com", &case).await;
    house.disclosure(&colleague).reveal_customer(wanted).await.unwrap();
    let by: Vec<_> = looks(&house, &ada)
        .await
        .iter()
        .map(|entry| (entry.actor_id.clone(), entry.outcome()))
        .collect();
    let expected = [
        ("agent-8", AuditOutcome::Done),
        ("agent-7", AuditOutcome::Done),
        ("agent-8", AuditOutcome::Refused),
    ];
    assert_eq!(by, expected.map(|(by, outcome)| (by.to_owned(), outcome)));
}
