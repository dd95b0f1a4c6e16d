//! What is set right in a customer's record, and what is taken off it.

use support_chassis::call::Caller;
use support_chassis::error::{CommonErrorReason, explain};
use support_proto::support::identity::v1::{
    AddContactPointRequest, Customer, GetGrantRequest, GetVerificationRequest, IdentityErrorReason as Reason,
    LookupCustomerRequest, NewContactPoint, RemoveContactPointRequest, RemoveContactPointResponse,
    UpdateCustomerRequest, VerificationState,
};
use support_proto::support::options::v1::AssuranceLevel;
use support_proto::support::types::v1::PersonName;
use support_testing::showing;
use tonic::{Code, Status};

use crate::factors::Home;
use crate::house::{
    House, customer, email, new_customer, operator, phone, refused, request_id, some_id, staff, visitor,
};

/// Ada, with an address, a telephone and a second address that all came with her record.
async fn ada(house: &House) -> Customer {
    let points = vec![
        email("ada@example.com"),
        phone("+41790001122"),
        email("ada@work.example"),
    ];
    let made = house.customers(&staff()).create_customer(new_customer(points)).await;
    let id = made.unwrap().into_inner().customer.unwrap().customer_id;
    read(house, &id).await
}

/// A customer as they see themselves.
async fn read(house: &House, id: &str) -> Customer {
    let request = support_proto::support::identity::v1::GetCustomerRequest {
        customer_id: id.to_owned(),
    };
    let answer = house.customers(&customer(id)).get_customer(request).await;
    answer.unwrap().into_inner().customer.unwrap()
}

fn values(customer: &Customer) -> Vec<&str> {
    customer
        .contact_points
        .iter()
        .map(|point| point.value.as_str())
        .collect()
}

fn removal(of: &Customer, at: usize) -> RemoveContactPointRequest {
    RemoveContactPointRequest {
        request_id: request_id(),
        customer_id: of.customer_id.clone(),
        contact_point_id: of.contact_points[at].contact_point_id.clone(),
        etag: String::new(),
    }
}

async fn remove(
    house: &House,
    by: &Caller,
    request: RemoveContactPointRequest,
) -> Result<RemoveContactPointResponse, Status> {
    let answer = house.customers(by).remove_contact_point(request).await;
    answer.map(tonic::Response::into_inner)
}

async fn found(house: &House, contact: NewContactPoint) -> Option<String> {
    let request = LookupCustomerRequest {
        contact_point: Some(contact),
    };
    let answer = house.customers(&operator()).lookup_customer(request).await;
    Some(answer.ok()?.into_inner().customer?.customer_id)
}

#[tokio::test]
async fn a_contact_point_that_is_removed_finds_nobody_and_can_become_somebody_elses() {
    let house = House::new().await;
    let ada = ada(&house).await;
    let own = customer(&ada.customer_id);
    // The first goes; the others move up, and a new one comes last.
    let request = removal(&ada, 0);
    let answer = remove(&house, &own, request.clone()).await.unwrap();
    let left = answer.customer.clone().unwrap();
    assert_eq!(values(&left), ["+41790001122", "ada@work.example"]);
    assert_ne!(left.etag, ada.etag);
    // Sent again it is the same answer; asked anew there is no such thing.
    assert_eq!(remove(&house, &own, request).await.unwrap(), answer);
    let gone = remove(&house, &own, removal(&ada, 0)).await;
    refused(gone, Reason::ContactPointNotFound, Code::NotFound);

    assert_eq!(found(&house, email("ada@example.com")).await, None);
    assert_eq!(
        found(&house, email("ada@work.example")).await.as_ref(),
        Some(&ada.customer_id)
    );
    let bob = house.customer("ada@example.com").await;
    assert_ne!(bob.customer_id, ada.customer_id);
    let add = AddContactPointRequest {
        request_id: request_id(),
        customer_id: ada.customer_id.clone(),
        contact_point: Some(email("ada@home.example")),
        etag: String::new(),
    };
    house.customers(&own).add_contact_point(add).await.unwrap();
    let now = read(&house, &ada.customer_id).await;
    assert_eq!(values(&now), ["+41790001122", "ada@work.example", "ada@home.example"]);
    assert_eq!(house.trail("contact_point_removed").await.len(), 1);
    // Neither does it come back by whatever makes look-ups anew.
    let looked = sqlx::query_scalar!(
        r#"select count(*) as "count!" from contact_points as point
           where removed_at is not null and exists (
               select from contact_lookups where contact_point_id = point.id)"#
    );
    assert_eq!(looked.fetch_one(&house.pool).await.unwrap(), 0);
}

#[tokio::test]
async fn what_waits_at_a_removed_contact_point_and_what_was_verified_by_it_ends() {
    let house = House::new().await;
    let ada = ada(&house).await;
    let stolen = house.verify("ada@example.com").await.grant.unwrap();
    let waiting = house.start("ada@example.com").await;
    let code = house.code(&waiting).await;
    let (elsewhere, kept) = (
        house.start("ada@work.example").await,
        house.verify("ada@work.example").await,
    );
    let mut own = customer(&ada.customer_id);
    own.grant_id = Some(kept.grant.unwrap().grant_id);
    remove(&house, &own, removal(&ada, 0)).await.unwrap();

    let read = async |id: &str| {
        let request = GetVerificationRequest {
            verification_id: id.to_owned(),
        };
        let answer = house.verifications(&visitor()).get_verification(request).await;
        answer.unwrap().into_inner().verification.unwrap().state()
    };
    assert_eq!(read(&waiting.verification_id).await, VerificationState::Canceled);
    assert_ne!(read(&elsewhere.verification_id).await, VerificationState::Canceled);
    house.check(&waiting, &code).await.unwrap_err();
    let ended = async |id: &str| {
        let request = GetGrantRequest {
            grant_id: id.to_owned(),
        };
        let answer = house.grants(&operator()).get_grant(request).await;
        answer.unwrap().into_inner().grant.unwrap().revoke_time.is_some()
    };
    assert!(ended(&stolen.grant_id).await, "whoever holds the mailbox is out");
    assert!(!ended(own.grant_id.as_ref().unwrap()).await);
    // But for the session it is called in.
    let mut by_telephone = customer(&ada.customer_id);
    let grant = house.verify("ada@work.example").await.grant.unwrap();
    by_telephone.grant_id = Some(grant.grant_id.clone());
    let now = self::read(&house, &ada.customer_id).await;
    remove(&house, &by_telephone, removal(&now, 1)).await.unwrap();
    assert!(!ended(&grant.grant_id).await);
    assert!(ended(own.grant_id.as_ref().unwrap()).await);
}

#[tokio::test]
async fn who_a_customer_is_known_by_is_not_taken_away_altogether_nor_by_anybody() {
    let house = House::new().await;
    let ada = ada(&house).await;
    let bob = house.customer("bob@example.com").await;
    let before = read(&house, &ada.customer_id).await;
    let stranger = remove(&house, &customer(&bob.customer_id), removal(&ada, 0)).await;
    refused(stranger, Reason::CustomerNotFound, Code::NotFound);
    let told = explain(&remove(&house, &staff(), removal(&ada, 0)).await.unwrap_err());
    assert_eq!(told.common(), Some(CommonErrorReason::GrantMissing));
    let mut foreign = removal(&ada, 0);
    foreign.contact_point_id = read(&house, &bob.customer_id).await.contact_points[0]
        .contact_point_id
        .clone();
    let own = customer(&ada.customer_id);
    refused(
        remove(&house, &own, foreign).await,
        Reason::ContactPointNotFound,
        Code::NotFound,
    );
    let mut old = removal(&ada, 0);
    old.etag = "nonsense".to_owned();
    assert_eq!(remove(&house, &own, old).await.unwrap_err().code(), Code::Aborted);
    assert_eq!(read(&house, &ada.customer_id).await, before);

    // One that nobody verified does not count.
    let add = AddContactPointRequest {
        request_id: request_id(),
        customer_id: ada.customer_id.clone(),
        contact_point: Some(email("mallory@example.net")),
        etag: String::new(),
    };
    house.customers(&own).add_contact_point(add).await.unwrap();
    let agent = showing(&staff(), &ada.customer_id, "account_security");
    for at in [0, 1] {
        remove(&house, &agent, removal(&ada, at)).await.unwrap();
    }
    refused(
        remove(&house, &own, removal(&ada, 2)).await,
        Reason::LastContactPoint,
        Code::FailedPrecondition,
    );
    let now = read(&house, &ada.customer_id).await;
    assert_eq!(values(&now), ["ada@work.example", "mallory@example.net"]);
    remove(&house, &own, removal(&now, 1)).await.unwrap();
}

#[tokio::test]
async fn whoever_has_an_authenticator_changes_their_record_with_it_alone() {
    let house = House::new().await;
    let ada = ada(&house).await;
    let mut sure = customer(&ada.customer_id);
    sure.assurance = AssuranceLevel::Aal2;
    let home = Home {
        house,
        ada: ada.customer_id.clone(),
    };
    home.app(&sure, 0).await.unwrap();
    let house = home.house;
    let own = customer(&ada.customer_id);
    refused(
        remove(&house, &own, removal(&ada, 0)).await,
        Reason::StepUpNeeded,
        Code::PermissionDenied,
    );
    let rename = || UpdateCustomerRequest {
        request_id: request_id(),
        customer_id: ada.customer_id.clone(),
        country_code: "DE".to_owned(),
        ..UpdateCustomerRequest::default()
    };
    refused(
        house.customers(&own).update_customer(rename()).await,
        Reason::StepUpNeeded,
        Code::PermissionDenied,
    );
    // The same of what staff show.
    let mut agent = showing(&staff(), &ada.customer_id, "account_security");
    agent.bounds.shown.as_mut().unwrap().aal = 1;
    refused(
        remove(&house, &agent, removal(&ada, 0)).await,
        Reason::StepUpNeeded,
        Code::PermissionDenied,
    );
    remove(&house, &sure, removal(&ada, 0)).await.unwrap();
    house.customers(&sure).update_customer(rename()).await.unwrap();
}

#[tokio::test]
async fn a_name_and_a_country_are_set_right_and_on_record_without_a_word_of_them() {
    let house = House::new().await;
    let ada = ada(&house).await;
    let own = customer(&ada.customer_id);
    let name = PersonName {
        given_name: "Augusta".to_owned(),
        family_name: "King".to_owned(),
        display_name: "Augusta King".to_owned(),
    };
    let request = UpdateCustomerRequest {
        request_id: request_id(),
        customer_id: ada.customer_id.clone(),
        name: Some(name.clone()),
        country_code: "GB".to_owned(),
        etag: ada.etag.clone(),
    };
    let answer = house.customers(&own).update_customer(request.clone()).await.unwrap();
    let changed = answer.into_inner().customer.unwrap();
    assert_eq!(
        (changed.name.as_ref(), changed.country_code.as_str()),
        (Some(&name), "GB")
    );
    assert_eq!(read(&house, &ada.customer_id).await, changed);
    // The same again, under an id of its own, changes nothing.
    let again = UpdateCustomerRequest {
        request_id: request_id(),
        etag: String::new(),
        ..request.clone()
    };
    let answer = house.customers(&own).update_customer(again).await.unwrap();
    assert_eq!(answer.into_inner().customer.unwrap().etag, changed.etag);
    let stale = UpdateCustomerRequest {
        request_id: request_id(),
        country_code: "FR".to_owned(),
        ..request
    };
    let refusal = house.customers(&own).update_customer(stale).await.unwrap_err();
    assert_eq!(refusal.code(), Code::Aborted);
    assert_eq!(house.trail("customer_updated").await.len(), 1);
    let held = support_testing::tables_that_hold(&house.pool, 20, &["Augusta", "King"]).await;
    assert!(held.is_empty(), "{held:?}");

    let nothing = UpdateCustomerRequest {
        request_id: request_id(),
        customer_id: ada.customer_id.clone(),
        ..UpdateCustomerRequest::default()
    };
    let told = explain(&house.customers(&own).update_customer(nothing).await.unwrap_err());
    assert_eq!(
        (told.code, told.violations[0].field.as_str()),
        (Code::InvalidArgument, "name")
    );
    let nobody = UpdateCustomerRequest {
        request_id: request_id(),
        customer_id: some_id(),
        country_code: "FR".to_owned(),
        ..UpdateCustomerRequest::default()
    };
    let unknown = house
        .customers(&customer(&nobody.customer_id))
        .update_customer(nobody)
        .await;
    refused(unknown, Reason::CustomerNotFound, Code::NotFound);
}
