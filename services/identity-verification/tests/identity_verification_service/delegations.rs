//! Who may act for a customer.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use support_chassis::call::Caller;
use support_chassis::clock::{Clock, timestamp};
use support_chassis::error::explain;
use support_proto::support::identity::v1::delegation_service_client::DelegationServiceClient;
use support_proto::support::identity::v1::verification_service_client::VerificationServiceClient;
use support_proto::support::identity::v1::{
    AddContactPointRequest, AuditAction, AuditOutcome, CheckCodeResponse, CreateDelegationRequest, CustomerField,
    DelegateKind, Delegation, DelegationEnd, DelegationEnded, DisclosureReason, GetCustomerRequest,
    GetDelegationRequest, GetGrantRequest, GrantRevoked, IdentityErrorReason as Reason, ListAuditEntriesRequest,
    ListDelegationsRequest, ListGrantsRequest, RenewSessionRequest, RevealCustomerRequest, RevokeDelegationRequest,
    StartVerificationRequest, VerificationPurpose as Purpose, VerificationState,
};
use support_testing::events_until;
use time::OffsetDateTime;
use tonic::{Code, Status};

use crate::disclosure::verified_for;
use crate::house::{
    House, check, code_in, customer, delegate, email, operator, refused, request_id, some_id, staff, start, told,
    visitor,
};
use crate::notifications::{parts, reader};
use crate::town::Town;

/// A day from now, as the house's clock has it.
fn tomorrow() -> OffsetDateTime {
    Clock::system().now() + time::Duration::DAY
}

pub(crate) fn agreed(customer_id: &str, delegate_id: &str) -> CreateDelegationRequest {
    CreateDelegationRequest {
        request_id: request_id(),
        customer_id: customer_id.to_owned(),
        delegate_customer_id: delegate_id.to_owned(),
        kind: DelegateKind::Carer.into(),
        purposes: vec![Purpose::GeneralHelp.into()],
        end_time: Some(timestamp(tomorrow())),
        case_id: String::new(),
    }
}

/// A customer in a session of theirs.
async fn in_session(house: &House, customer_id: &str, address: &str) -> Caller {
    let grant = house.verify(address).await.grant.unwrap();
    Caller {
        grant_id: Some(grant.grant_id),
        ..customer(customer_id)
    }
}

pub(crate) struct Two {
    pub(crate) ada: String,
    pub(crate) bob: String,
    pub(crate) delegation: Delegation,
}

/// Ada, for whom Bob may act.
pub(crate) async fn two(house: &House) -> Two {
    let ada = house.customer("ada@example.com").await.customer_id;
    let bob = house.customer("bob@example.com").await.customer_id;
    let session = in_session(house, &ada, "ada@example.com").await;
    let made = house.delegations(&session).create_delegation(agreed(&ada, &bob)).await;
    let delegation = made.unwrap().into_inner().delegation.unwrap();
    Two { ada, bob, delegation }
}

fn acting(address: &str, customer_id: &str) -> StartVerificationRequest {
    StartVerificationRequest {
        acts_for_customer_id: customer_id.to_owned(),
        ..start(email(address))
    }
}

/// Whoever has an address proves it, to act for a customer.
pub(crate) async fn prove(
    house: &House,
    asked: StartVerificationRequest,
) -> Result<CheckCodeResponse, support_chassis::error::Explained> {
    let answer = house.verifications(&visitor()).start_verification(asked).await;
    let verification = answer.unwrap().into_inner().verification.unwrap();
    let code = house.code(&verification).await;
    house.check(&verification, &code).await
}

async fn revoke(house: &House, by: &Caller, id: &str) -> Result<Delegation, Status> {
    let asked = RevokeDelegationRequest {
        request_id: request_id(),
        delegation_id: id.to_owned(),
    };
    let answer = house.delegations(by).revoke_delegation(asked).await?;
    Ok(answer.into_inner().delegation.unwrap())
}

/// What a token says, whoever signed it.
pub(crate) fn claims(token: &str) -> serde_json::Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

async fn on_record(house: &House, customer_id: &str, action: AuditAction) -> Vec<(String, AuditOutcome)> {
    let asked = ListAuditEntriesRequest {
        customer_id: customer_id.to_owned(),
        ..ListAuditEntriesRequest::default()
    };
    let answer = house.audit(&operator()).list_audit_entries(asked).await.unwrap();
    let entries = answer.into_inner().entries.into_iter();
    entries
        .filter(|entry| entry.action() == action)
        .map(|entry| (entry.actor_id.clone(), entry.outcome()))
        .collect()
}

#[tokio::test]
async fn a_delegate_proves_to_be_themselves_and_acts_for_the_customer_in_what_was_agreed() {
    let house = House::new().await;
    let Two { ada, bob, delegation } = two(&house).await;
    assert_eq!(
        (
            &delegation.customer_id,
            &delegation.delegate_customer_id,
            delegation.end()
        ),
        (&ada, &bob, DelegationEnd::Unspecified)
    );
    assert!(
        delegation
            .standard_basis
            .starts_with("identity-verification/verification-policy@")
    );
    assert_eq!(
        on_record(&house, &ada, AuditAction::DelegationCreated).await,
        [(ada.clone(), AuditOutcome::Done)]
    );

    let answer = prove(&house, acting("bob@example.com", &ada)).await.unwrap();
    let grant = answer.grant.unwrap();
    assert_eq!(
        (&grant.customer_id, &grant.delegate_customer_id, &grant.delegation_id),
        (&ada, &bob, &delegation.delegation_id)
    );
    // The end of what was agreed is the end of the grant, where that comes first.
    assert!(grant.expire_time.unwrap().seconds <= delegation.end_time.unwrap().seconds);
    let claims = claims(&answer.session_token);
    assert_eq!(
        (claims["sub"].as_str(), claims["delegate"].as_str()),
        (Some(ada.as_str()), Some(bob.as_str()))
    );

    // The session is renewed and looked at; of the account, and of other grants, it sees and changes nothing.
    let by = delegate(&ada, &bob, &grant.grant_id);
    let renewed = house
        .factors(&by)
        .renew_session(RenewSessionRequest {
            request_id: request_id(),
        })
        .await;
    assert_eq!(renewed.unwrap().into_inner().grant.unwrap().grant_id, grant.grant_id);
    let own = GetGrantRequest {
        grant_id: grant.grant_id.clone(),
    };
    house.grants(&by).get_grant(own).await.unwrap();
    let consent = GetGrantRequest {
        grant_id: delegation.consent_grant_id.clone(),
    };
    refused(
        house.grants(&by).get_grant(consent).await,
        Reason::GrantNotFound,
        Code::NotFound,
    );
    let add = AddContactPointRequest {
        request_id: request_id(),
        customer_id: ada.clone(),
        contact_point: Some(email("mallory@example.com")),
        etag: String::new(),
    };
    let list = ListGrantsRequest {
        customer_id: ada.clone(),
        ..ListGrantsRequest::default()
    };
    let read = GetCustomerRequest {
        customer_id: ada.clone(),
    };
    for refusal in [
        house.customers(&by).add_contact_point(add).await.map(drop),
        house.customers(&by).get_customer(read).await.map(drop),
        house.grants(&by).list_grants(list).await.map(drop),
        house
            .delegations(&by)
            .create_delegation(agreed(&ada, &some_id()))
            .await
            .map(drop),
        revoke(&house, &by, &delegation.delegation_id).await.map(drop),
    ] {
        let told = explain(&refusal.unwrap_err());
        assert_eq!(
            (told.code, told.reason.as_str()),
            (Code::PermissionDenied, "COMMON_ERROR_REASON_DELEGATE_NOT_ALLOWED")
        );
    }
    // What an address of the customer's proves, the delegate's session does not make theirs.
    let started = house
        .verifications(&by)
        .start_verification(start(email("ada@example.com")))
        .await;
    assert_eq!(
        started.unwrap().into_inner().verification.unwrap().state(),
        VerificationState::Challenged
    );
}

#[tokio::test]
async fn who_may_not_act_for_a_customer_is_told_why_once_they_are_known() {
    let house = House::new().await;
    let Two { ada, bob, delegation } = two(&house).await;
    house.customer("eve@example.com").await;
    let cause = async |asked: StartVerificationRequest| {
        let refusal = prove(&house, asked).await.unwrap_err();
        told(&refusal, Reason::DelegationRefused, Code::PermissionDenied).metadata["cause"].clone()
    };
    assert_eq!(cause(acting("eve@example.com", &ada)).await, "none");
    assert_eq!(cause(acting("eve@example.com", &some_id())).await, "none");
    let payment = StartVerificationRequest {
        purpose: Purpose::Payment.into(),
        ..acting("bob@example.com", &ada)
    };
    assert_eq!(cause(payment).await, "purpose");
    // Nor is it the other way round.
    assert_eq!(cause(acting("ada@example.com", &bob)).await, "none");

    // The verification is denied, says so however often it is asked, and is on record.
    let answer = house
        .verifications(&visitor())
        .start_verification(acting("eve@example.com", &ada))
        .await;
    let verification = answer.unwrap().into_inner().verification.unwrap();
    assert_eq!(verification.acts_for_customer_id, ada);
    let code = house.code(&verification).await;
    let asked = check(&verification, &code);
    for _ in 0..2 {
        let refusal = house.verifications(&visitor()).check_code(asked.clone()).await;
        refused(refusal, Reason::DelegationRefused, Code::PermissionDenied);
    }
    let refusal = house.check(&verification, &code).await.unwrap_err();
    let ended = told(&refusal, Reason::VerificationNotOpen, Code::FailedPrecondition);
    assert_eq!(ended.metadata["state"], "VERIFICATION_STATE_DENIED");
    let refusals = on_record(&house, &ada, AuditAction::DelegateRefused).await;
    assert_eq!(refusals.len(), 3, "{refusals:?}");
    assert!(refusals.iter().all(|(_, outcome)| *outcome == AuditOutcome::Refused));

    // An address that nobody has looks like any other, whomever it would act for.
    let answer = house
        .verifications(&visitor())
        .start_verification(acting("nobody@example.com", &ada))
        .await;
    let nobody = answer.unwrap().into_inner().verification.unwrap();
    told(
        &house.check(&nobody, "000000").await.unwrap_err(),
        Reason::CodeWrong,
        Code::PermissionDenied,
    );

    // Whom staff name is known.
    let by_id = |delegate_id: &str| StartVerificationRequest {
        contact_point: None,
        customer_id: delegate_id.to_owned(),
        ..acting("", &ada)
    };
    let answer = house.verifications(&staff()).start_verification(by_id(&bob)).await;
    answer.unwrap();
    let itself = house.verifications(&staff()).start_verification(by_id(&ada)).await;
    refused(itself, Reason::DelegationRefused, Code::PermissionDenied);

    // Its time is over before anybody has written that down.
    sqlx::query!(
        "update delegations set started_at = started_at - interval '2 days', expires_at = expires_at - interval '1 day 1 hour'"
    )
    .execute(&house.pool)
    .await
    .unwrap();
    assert_eq!(cause(acting("bob@example.com", &ada)).await, "expired");
    let read = GetDelegationRequest {
        delegation_id: delegation.delegation_id.clone(),
    };
    let read = house.delegations(&customer(&bob)).get_delegation(read).await.unwrap();
    assert_eq!(read.into_inner().delegation.unwrap().end(), DelegationEnd::Expired);
}

#[tokio::test]
async fn what_ends_a_delegation_ends_its_grants() {
    let house = House::new().await;
    let Two { ada, bob, delegation } = two(&house).await;
    let id = &delegation.delegation_id;
    let grant = prove(&house, acting("bob@example.com", &ada))
        .await
        .unwrap()
        .grant
        .unwrap();
    let eve = house.customer("eve@example.com").await.customer_id;
    refused(
        revoke(&house, &customer(&eve), id).await,
        Reason::DelegationNotFound,
        Code::NotFound,
    );

    let ended = revoke(&house, &customer(&bob), id).await.unwrap();
    assert_eq!(ended.end(), DelegationEnd::Revoked);
    assert_eq!(
        revoke(&house, &customer(&ada), id).await.unwrap(),
        ended,
        "what has ended stays as it is"
    );
    let read = GetGrantRequest {
        grant_id: grant.grant_id.clone(),
    };
    let read = house
        .grants(&staff())
        .get_grant(read)
        .await
        .unwrap()
        .into_inner()
        .grant
        .unwrap();
    assert!(read.revoke_time.is_some(), "the gateway lets nobody in by it");
    let is_told = |events: &[GrantRevoked]| events.iter().any(|event| event.grant_id == grant.grant_id);
    events_until::<GrantRevoked>(house.reader(), is_told).await;
    let is_told = |events: &[DelegationEnded]| {
        events
            .iter()
            .any(|event| event.delegation_id == *id && event.end() == DelegationEnd::Revoked)
    };
    events_until::<DelegationEnded>(house.reader(), is_told).await;
    let refusal = prove(&house, acting("bob@example.com", &ada)).await.unwrap_err();
    assert_eq!(
        told(&refusal, Reason::DelegationRefused, Code::PermissionDenied).metadata["cause"],
        "revoked"
    );

    // Agreed anew, and then once more: the one before makes way.
    let session = in_session(&house, &ada, "ada@example.com").await;
    for _ in 0..2 {
        let made = house.delegations(&session).create_delegation(agreed(&ada, &bob)).await;
        made.unwrap();
    }
    let listed = async |asked: ListDelegationsRequest, by: &str| {
        let answer = house.delegations(&customer(by)).list_delegations(asked).await;
        let ends = answer.map(|answer| answer.into_inner().delegations);
        ends.map(|listed| listed.iter().map(Delegation::end).collect::<Vec<_>>())
    };
    let of_ada = ListDelegationsRequest {
        customer_id: ada.clone(),
        ..ListDelegationsRequest::default()
    };
    let by_bob = ListDelegationsRequest {
        delegate_customer_id: bob.clone(),
        ..ListDelegationsRequest::default()
    };
    let expected = [
        DelegationEnd::Unspecified,
        DelegationEnd::Replaced,
        DelegationEnd::Revoked,
    ];
    assert_eq!(listed(of_ada.clone(), &ada).await.unwrap(), expected);
    assert_eq!(listed(by_bob, &bob).await.unwrap(), expected);
    refused(listed(of_ada, &bob).await, Reason::CustomerNotFound, Code::NotFound);
}

#[tokio::test]
async fn consent_is_the_customers_own_and_the_rules_bound_what_is_agreed() {
    let house = House::new().await;
    let Two { ada, bob, .. } = two(&house).await;
    let eve = house.customer("eve@example.com").await.customer_id;
    let case = some_id();
    let in_case = || CreateDelegationRequest {
        case_id: case.clone(),
        ..agreed(&ada, &eve)
    };
    let by_staff = async |asked| house.delegations(&staff()).create_delegation(asked).await;
    let told = refused(
        by_staff(in_case()).await,
        Reason::DelegationConsentMissing,
        Code::PermissionDenied,
    );
    assert_eq!(told.metadata["required_level"], "ASSURANCE_LEVEL_AAL1");
    // Of the delegate, verified for the very case, it is no consent; and it shows nobody the customer.
    let mut acts = acting("bob@example.com", &ada);
    acts.case_id.clone_from(&case);
    prove(&house, acts).await.unwrap();
    refused(
        by_staff(in_case()).await,
        Reason::DelegationConsentMissing,
        Code::PermissionDenied,
    );
    let look = RevealCustomerRequest {
        customer_id: ada.clone(),
        case_id: case.clone(),
        reason: DisclosureReason::Contact.into(),
        fields: vec![CustomerField::Name.into()],
    };
    let look = house.disclosure(&staff()).reveal_customer(look).await;
    refused(look, Reason::DisclosureRefused, Code::PermissionDenied);
    let consent = verified_for(&house, "ada@example.com", &case).await.grant.unwrap();
    let made = by_staff(in_case()).await.unwrap().into_inner().delegation.unwrap();
    assert_eq!((made.consent_grant_id, made.case_id), (consent.grant_id, case.clone()));
    assert_eq!(
        on_record(&house, &ada, AuditAction::DelegationCreated).await[0],
        ("agent-7".to_owned(), AuditOutcome::Done)
    );

    // A session without a grant that lives, and one of somebody else.
    let asked = house
        .delegations(&customer(&ada))
        .create_delegation(agreed(&ada, &eve))
        .await;
    refused(asked, Reason::DelegationConsentMissing, Code::PermissionDenied);
    let session = in_session(&house, &eve, "eve@example.com").await;
    let asked = house.delegations(&session).create_delegation(agreed(&ada, &eve)).await;
    refused(asked, Reason::CustomerNotFound, Code::NotFound);

    let session = in_session(&house, &ada, "ada@example.com").await;
    let try_with = async |change: fn(&mut CreateDelegationRequest, &str)| {
        let mut asked = agreed(&ada, &bob);
        change(&mut asked, &ada);
        house.delegations(&session).create_delegation(asked).await
    };
    for (change, cause) in [
        (
            (|asked, own| asked.delegate_customer_id = own.to_owned()) as fn(&mut CreateDelegationRequest, &str),
            "self",
        ),
        (
            |asked, _| asked.purposes.push(Purpose::AccountSecurity.into()),
            "purpose",
        ),
        (
            |asked, _| asked.end_time = Some(timestamp(tomorrow() + time::Duration::days(366))),
            "end_time",
        ),
        (
            |asked, _| asked.end_time = Some(timestamp(tomorrow() - time::Duration::days(2))),
            "end_time",
        ),
    ] {
        let told = refused(
            try_with(change).await,
            Reason::DelegationNotAllowed,
            Code::FailedPrecondition,
        );
        assert_eq!(told.metadata["cause"], cause);
    }
    let nobody = try_with(|asked, _| asked.delegate_customer_id = some_id()).await;
    refused(nobody, Reason::CustomerNotFound, Code::NotFound);
    // Ten may act for one customer, and no more.
    for number in 0..8 {
        let helper = house
            .customer(&format!("helper-{number}@example.com"))
            .await
            .customer_id;
        house
            .delegations(&session)
            .create_delegation(agreed(&ada, &helper))
            .await
            .unwrap();
    }
    let last = house.customer("last@example.com").await.customer_id;
    let told = refused(
        house.delegations(&session).create_delegation(agreed(&ada, &last)).await,
        Reason::DelegationNotAllowed,
        Code::FailedPrecondition,
    );
    assert_eq!(told.metadata["cause"], "too_many");
}

#[tokio::test]
async fn the_customer_is_told_at_every_address_that_somebody_may_act_for_them() {
    let town = Town::at(time::macros::datetime!(2026-03-02 12:00 UTC)).await;
    let ada = town
        .customer(reader(&["en"], &["ada@example.com", "ada@example.org"]))
        .await;
    let bob = town.customer(reader(&["en"], &["bob@example.com"])).await;
    let asked = CreateDelegationRequest {
        end_time: Some(timestamp(time::macros::datetime!(2026-06-30 12:00 UTC))),
        ..agreed(&ada.customer_id, &bob.customer_id)
    };
    // Ada is verified: the code goes to the address that she names.
    let mut verifications = VerificationServiceClient::new(town.door(&visitor()));
    let begun = verifications
        .start_verification(start(email("ada@example.com")))
        .await
        .unwrap();
    let code = code_in(town.mails(1).await[0].data.split_once("\r\n\r\n").unwrap().1);
    let proof = check(&begun.into_inner().verification.unwrap(), &code);
    let grant = verifications
        .check_code(proof)
        .await
        .unwrap()
        .into_inner()
        .grant
        .unwrap();
    let session = Caller {
        grant_id: Some(grant.grant_id),
        ..customer(&ada.customer_id)
    };
    let mut delegations = DelegationServiceClient::new(town.door(&session));
    delegations.create_delegation(asked).await.unwrap();
    let mails = town.mails(3).await.split_off(1);
    let mut to: Vec<_> = mails.iter().flat_map(|mail| mail.to.clone()).collect();
    to.sort();
    assert_eq!(to, ["ada@example.com", "ada@example.org"]);
    let (plain, _) = parts(&mails[0]);
    assert!(
        plain.contains("act for you") && plain.contains("June 30, 2026"),
        "{plain}"
    );
    assert!(!plain.contains("Bob") && !plain.contains("bob@"), "{plain}");
}
