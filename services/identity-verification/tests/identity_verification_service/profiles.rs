//! What is known of customers besides name and address.

use support_chassis::error::{CommonErrorReason, explain};
use support_proto::support::identity::v1::{
    AccessibilityNeed as Need, AuditAction as Action, ConsentKind, CreateOrganisationRequest, CustomerField,
    DisclosureReason, EndMembershipRequest, GetProfileRequest, IdentityErrorReason as Reason, ListAuditEntriesRequest,
    ListConsentsRequest, ListMembersRequest, Membership, MembershipRole as Role, Organisation, OrganisationKind,
    Profile, RecordConsentRequest, RevealCustomerRequest, SetAccessibilityNeedsRequest, SetLanguagesRequest,
    SetMembershipRequest,
};
use support_proto::support::localisation::v1::TextOrigin;
use support_proto::support::options::v1::CallerKind;
use support_proto::support::types::v1::Channel;
use support_testing::showing;
use tonic::Code;

use crate::disclosure::verified_for;
use crate::house::{House, customer, operator, refused, request_id, some_id, staff};

async fn profile(house: &House, caller: &support_chassis::call::Caller, id: &str) -> Profile {
    let asked = GetProfileRequest {
        customer_id: id.to_owned(),
    };
    let answer = house.profiles(caller).get_profile(asked).await;
    answer.unwrap().into_inner().profile.unwrap()
}

fn languages(id: &str, languages: &[&str], etag: &str) -> SetLanguagesRequest {
    SetLanguagesRequest {
        request_id: request_id(),
        customer_id: id.to_owned(),
        languages: languages.iter().map(|tag| (*tag).to_owned()).collect(),
        etag: etag.to_owned(),
    }
}

fn consent(id: &str, kind: ConsentKind, given: bool) -> RecordConsentRequest {
    RecordConsentRequest {
        request_id: request_id(),
        customer_id: id.to_owned(),
        kind: kind.into(),
        given,
        channel: Channel::App.into(),
        wording: Some(TextOrigin {
            key: "consent.surveys".to_owned(),
            locale: "de".to_owned(),
            version: 3,
        }),
    }
}

/// What is on record of a customer, oldest first.
async fn on_record(house: &House, id: &str) -> Vec<(Action, Vec<String>)> {
    let asked = ListAuditEntriesRequest {
        customer_id: id.to_owned(),
        ..ListAuditEntriesRequest::default()
    };
    let answer = house.audit(&operator()).list_audit_entries(asked).await.unwrap();
    let entries = answer.into_inner().entries;
    entries
        .into_iter()
        .rev()
        .map(|entry| (entry.action(), entry.fields))
        .collect()
}

#[tokio::test]
async fn customers_say_what_they_read_and_in_which_order() {
    let house = House::new().await;
    let ada = house.customer("ada@example.com").await;
    let id = ada.customer_id.as_str();
    let mut as_ada = house.profiles(&customer(id));
    let answer = as_ada.set_languages(languages(id, &["pt-BR", "de"], &ada.etag)).await;
    let answer = answer.unwrap().into_inner();
    assert_eq!(answer.languages, ["pt-BR", "de"]);
    let read = profile(&house, &staff(), id).await;
    assert_eq!((read.languages, read.etag), (answer.languages, answer.etag));
    let late = as_ada
        .set_languages(languages(id, &["fr"], &ada.etag))
        .await
        .unwrap_err();
    assert_eq!(explain(&late).common(), Some(CommonErrorReason::Conflict));
    let bob = house.customer("bob@example.com").await.customer_id;
    let answer = as_ada.set_languages(languages(&bob, &["fr"], "")).await;
    refused(answer, Reason::CustomerNotFound, Code::NotFound);
}

#[tokio::test]
async fn what_somebody_needs_is_sealed_and_shown_to_who_may_see_it() {
    let house = House::new().await;
    let ada = house.customer("ada@example.com").await;
    let id = ada.customer_id.as_str();
    let needs = [Need::Deaf, Need::SignLanguage];
    let set = SetAccessibilityNeedsRequest {
        request_id: request_id(),
        customer_id: id.to_owned(),
        accessibility_needs: needs.iter().map(|need| (*need).into()).collect(),
        etag: ada.etag.clone(),
    };
    house
        .profiles(&showing(&staff(), id, "general_help"))
        .set_accessibility_needs(set)
        .await
        .unwrap();
    let own = profile(&house, &customer(id), id).await;
    assert_eq!(own.accessibility_needs().collect::<Vec<_>>(), needs);
    let masked = profile(&house, &staff(), id).await;
    assert_eq!(
        (masked.accessibility_needs.len(), masked.accessibility_masked),
        (0, true)
    );
    assert_eq!(
        crate::sealed::tables_with(&house.pool, &["sign_language"]).await,
        Vec::<String>::new()
    );

    let case = some_id();
    let look = RevealCustomerRequest {
        customer_id: id.to_owned(),
        case_id: case.clone(),
        reason: DisclosureReason::Contact.into(),
        fields: vec![CustomerField::AccessibilityNeeds.into()],
    };
    let refusal = house.disclosure(&staff()).reveal_customer(look.clone()).await;
    refused(refusal, Reason::DisclosureRefused, Code::PermissionDenied);
    verified_for(&house, "ada@example.com", &case).await;
    let shown = house
        .disclosure(&staff())
        .reveal_customer(look)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(shown.accessibility_needs().collect::<Vec<_>>(), needs);
    assert_eq!(shown.customer.unwrap().masked_fields.len(), 3);
    let told = on_record(&house, id).await;
    assert!(
        told.contains(&(Action::AccessibilityChanged, vec![])),
        "that, and not what: {told:?}"
    );
    assert_eq!(
        told.last(),
        Some(&(Action::CustomerRevealed, vec!["accessibility_needs".to_owned()]))
    );
}

#[tokio::test]
async fn every_consent_and_its_end_stay_on_record_with_the_words_it_was_asked_with() {
    let house = House::new().await;
    let ada = house.customer("ada@example.com").await.customer_id;
    let mut as_ada = house.profiles(&customer(&ada));
    for (kind, given) in [
        (ConsentKind::Surveys, true),
        (ConsentKind::CallRecording, true),
        (ConsentKind::Surveys, false),
    ] {
        let request = consent(&ada, kind, given);
        // Sent again it is the same record.
        let first = as_ada.record_consent(request.clone()).await.unwrap().into_inner();
        assert_eq!(as_ada.record_consent(request).await.unwrap().into_inner(), first);
    }
    let mut by_staff = consent(&ada, ConsentKind::Marketing, true);
    by_staff.channel = Channel::Phone.into();
    house
        .profiles(&showing(&staff(), &ada, "general_help"))
        .record_consent(by_staff)
        .await
        .unwrap();

    let mut listed = Vec::new();
    let mut page_token = String::new();
    loop {
        let asked = ListConsentsRequest {
            customer_id: ada.clone(),
            page_size: 3,
            page_token,
        };
        let answer = as_ada.list_consents(asked).await.unwrap().into_inner();
        listed.extend(answer.consents);
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let told: Vec<_> = listed
        .iter()
        .map(|consent| (consent.kind(), consent.given, consent.channel(), consent.actor_kind()))
        .collect();
    assert_eq!(
        told,
        [
            (ConsentKind::Marketing, true, Channel::Phone, CallerKind::Staff),
            (ConsentKind::Surveys, false, Channel::App, CallerKind::Customer),
            (ConsentKind::CallRecording, true, Channel::App, CallerKind::Customer),
            (ConsentKind::Surveys, true, Channel::App, CallerKind::Customer),
        ]
    );
    assert_eq!(listed[1].wording.as_ref().unwrap().version, 3);
    let mut today: Vec<_> = profile(&house, &staff(), &ada)
        .await
        .consents
        .iter()
        .map(|consent| (consent.kind(), consent.given))
        .collect();
    today.sort_unstable();
    assert_eq!(
        today,
        [
            (ConsentKind::Marketing, true),
            (ConsentKind::Surveys, false),
            (ConsentKind::CallRecording, true),
        ]
    );
    let answer = as_ada
        .record_consent(consent(&some_id(), ConsentKind::Surveys, true))
        .await;
    refused(answer, Reason::CustomerNotFound, Code::NotFound);
}

async fn school(house: &House) -> Organisation {
    let request = CreateOrganisationRequest {
        request_id: request_id(),
        kind: OrganisationKind::Education.into(),
        display_name: "Hill School".to_owned(),
        country_code: "GB".to_owned(),
    };
    let answer = house.organisations(&staff()).create_organisation(request).await;
    answer.unwrap().into_inner().organisation.unwrap()
}

async fn set(house: &House, organisation: &str, customer: &str, role: Role) -> Result<Membership, tonic::Status> {
    let request = SetMembershipRequest {
        request_id: request_id(),
        organisation_id: organisation.to_owned(),
        customer_id: customer.to_owned(),
        role: role.into(),
    };
    let answer = house.organisations(&staff()).set_membership(request).await?;
    Ok(answer.into_inner().membership.unwrap())
}

fn end(organisation: &str, customer: &str) -> EndMembershipRequest {
    EndMembershipRequest {
        request_id: request_id(),
        organisation_id: organisation.to_owned(),
        customer_id: customer.to_owned(),
    }
}

async fn members(house: &House, organisation: &str) -> Vec<(String, Role)> {
    let mut found = Vec::new();
    let mut page_token = String::new();
    loop {
        let asked = ListMembersRequest {
            organisation_id: organisation.to_owned(),
            page_size: 1,
            page_token,
        };
        let answer = house
            .organisations(&staff())
            .list_members(asked)
            .await
            .unwrap()
            .into_inner();
        found.extend(
            answer
                .memberships
                .into_iter()
                .map(|held| (held.customer_id.clone(), held.role())),
        );
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            return found;
        }
    }
}

#[tokio::test]
async fn customers_belong_to_organisations_in_one_role_at_a_time() {
    let house = House::new().await;
    let (ada, bob) = (
        house.customer("ada@example.com").await.customer_id,
        house.customer("bob@example.com").await.customer_id,
    );
    let school = school(&house).await.organisation_id;
    let first = set(&house, &school, &ada, Role::Student).await.unwrap();
    assert_eq!(set(&house, &school, &ada, Role::Student).await.unwrap(), first);
    set(&house, &school, &bob, Role::Administrator).await.unwrap();
    set(&house, &school, &ada, Role::Teacher).await.unwrap();
    assert_eq!(
        members(&house, &school).await,
        [(bob.clone(), Role::Administrator), (ada.clone(), Role::Teacher)]
    );
    let own = profile(&house, &customer(&ada), &ada).await.memberships;
    assert_eq!((own.len(), own[0].role()), (1, Role::Teacher));

    let mut as_ada = house.organisations(&customer(&ada));
    refused(
        as_ada.end_membership(end(&school, &bob)).await,
        Reason::MembershipNotFound,
        Code::NotFound,
    );
    let ended = as_ada.end_membership(end(&school, &ada)).await.unwrap().into_inner();
    let again = as_ada.end_membership(end(&school, &ada)).await.unwrap().into_inner();
    assert!(ended.membership.as_ref().unwrap().end_time.is_some());
    assert_eq!(again, ended);
    assert_eq!(members(&house, &school).await, [(bob, Role::Administrator)]);
    set(&house, &school, &ada, Role::Buyer).await.unwrap();

    refused(
        set(&house, &some_id(), &ada, Role::Buyer).await,
        Reason::OrganisationNotFound,
        Code::NotFound,
    );
    refused(
        set(&house, &school, &some_id(), Role::Buyer).await,
        Reason::CustomerNotFound,
        Code::NotFound,
    );
    let told = on_record(&house, &ada).await;
    let sets = |role: &str| told.contains(&(Action::MembershipSet, vec![role.to_owned()]));
    assert!(sets("student") && sets("teacher") && sets("buyer"), "{told:?}");
    assert_eq!(
        told.iter()
            .filter(|(action, _)| *action == Action::MembershipEnded)
            .count(),
        1
    );
}
