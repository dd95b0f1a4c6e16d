//! Customers and contact points.

use support_chassis::error::{CommonErrorReason, explain};
use support_proto::support::identity::v1::{
    AddContactPointRequest, ContactPointKind, CustomerField, GetCustomerRequest, IdentityErrorReason as Reason,
    LookupCustomerRequest,
};
use support_testing::showing;
use tonic::Code;

use crate::house::{House, customer, email, new_customer, operator, phone, refused, request_id, some_id, staff};

const MASKED: [CustomerField; 3] = [CustomerField::Name, CustomerField::Email, CustomerField::Phone];

fn get(id: &str) -> GetCustomerRequest {
    GetCustomerRequest {
        customer_id: id.to_owned(),
    }
}

fn add(id: &str, address: &str, etag: &str) -> AddContactPointRequest {
    AddContactPointRequest {
        request_id: request_id(),
        customer_id: id.to_owned(),
        contact_point: Some(email(address)),
        etag: etag.to_owned(),
    }
}

#[tokio::test]
async fn customers_see_themselves_whole_and_staff_see_masks() {
    let house = House::new().await;
    let request = new_customer(vec![email("Ada@Example.com"), phone("+41790001122")]);
    let made = house
        .customers(&staff())
        .create_customer(request)
        .await
        .unwrap()
        .into_inner()
        .customer
        .unwrap();
    let id = made.customer_id.as_str();
    assert!(id.starts_with("eu-"), "{id}");
    let masks: Vec<_> = made
        .contact_points
        .iter()
        .map(|point| point.masked_value.as_str())
        .collect();
    assert_eq!(masks, ["A•••@E•••.com", "+•••••22"]);

    for reader in [staff(), operator()] {
        let read = house
            .customers(&reader)
            .get_customer(get(id))
            .await
            .unwrap()
            .into_inner()
            .customer
            .unwrap();
        assert!(read.contact_points.iter().all(|point| point.value.is_empty()));
        assert_eq!(read.masked_fields().collect::<Vec<_>>(), MASKED);
        assert_eq!(read.name.unwrap().display_name, "A••• L•••");
    }
    let own = house
        .customers(&customer(id))
        .get_customer(get(id))
        .await
        .unwrap()
        .into_inner()
        .customer
        .unwrap();
    assert_eq!(own.name.as_ref().unwrap().display_name, "Ada Lovelace");
    assert!(own.masked_fields.is_empty());
    let seen: Vec<_> = own
        .contact_points
        .iter()
        .map(|point| (point.kind(), point.value.as_str()))
        .collect();
    assert_eq!(
        seen,
        [
            (ContactPointKind::Email, "Ada@Example.com"),
            (ContactPointKind::Phone, "+41790001122")
        ]
    );
    assert_eq!(
        (own.languages, own.country_code.as_str()),
        (vec!["de-CH".to_owned(), "en".to_owned()], "CH")
    );

    let found = house
        .customers(&staff())
        .lookup_customer(LookupCustomerRequest {
            contact_point: Some(email("ada@EXAMPLE.com")),
        })
        .await
        .unwrap()
        .into_inner()
        .customer
        .unwrap();
    assert_eq!(found.customer_id, id);
    assert!(found.contact_points.iter().all(|point| point.value.is_empty()));
    assert_eq!(found.name.unwrap().given_name, "A•••");
    house.end().await;
}

#[tokio::test]
async fn a_customer_sees_nobody_else() {
    let house = House::new().await;
    let (ada, bob) = (
        house.customer("ada@example.com").await,
        house.customer("bob@example.com").await,
    );
    let as_ada = customer(&ada.customer_id);
    // Of somebody who exists a stranger learns no more than of somebody who does not.
    for id in [&bob.customer_id, &some_id()] {
        let answer = house.customers(&as_ada).get_customer(get(id)).await;
        refused(answer, Reason::CustomerNotFound, Code::NotFound);
        let answer = house
            .customers(&as_ada)
            .add_contact_point(add(id, "eve@example.com", ""))
            .await;
        refused(answer, Reason::CustomerNotFound, Code::NotFound);
    }
    let answer = house.customers(&staff()).get_customer(get(&some_id())).await;
    refused(answer, Reason::CustomerNotFound, Code::NotFound);
    let nobody = LookupCustomerRequest {
        contact_point: Some(email("nobody@example.com")),
    };
    let answer = house.customers(&staff()).lookup_customer(nobody).await;
    refused(answer, Reason::CustomerNotFound, Code::NotFound);
}

#[tokio::test]
async fn no_two_customers_share_a_contact_point() {
    let house = House::new().await;
    let ada = house.customer("ada@example.com").await;
    let twin = house
        .customers(&staff())
        .create_customer(new_customer(vec![email("ADA@example.com")]))
        .await;
    refused(twin, Reason::ContactPointTaken, Code::AlreadyExists);
    let bob = house.customer("bob@example.com").await;
    let answer = house
        .customers(&showing(&staff(), &bob.customer_id, "account_security"))
        .add_contact_point(add(&bob.customer_id, "ada@example.com", ""))
        .await;
    refused(answer, Reason::ContactPointTaken, Code::AlreadyExists);
    // One's own again changes nothing.
    let answer = house
        .customers(&showing(&staff(), &ada.customer_id, "account_security"))
        .add_contact_point(add(&ada.customer_id, "Ada@example.com", ""))
        .await;
    assert_eq!(answer.unwrap().into_inner().customer.unwrap().etag, ada.etag);

    // Twenty at the same moment: one gets it.
    let mut racers = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let mut client = house.customers(&staff());
        racers.spawn(async move {
            client
                .create_customer(new_customer(vec![email("race@example.com")]))
                .await
        });
    }
    let answers = racers.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    for answer in answers.into_iter().filter(Result::is_err) {
        refused(answer, Reason::ContactPointTaken, Code::AlreadyExists);
    }
}

#[tokio::test]
async fn a_contact_point_is_added_under_the_etag_read() {
    let house = House::new().await;
    let ada = house.customer("ada@example.com").await;
    let as_ada = customer(&ada.customer_id);
    let mut client = house.customers(&as_ada);
    let request = add(&ada.customer_id, "ada@work.example", &ada.etag);
    let changed = client
        .add_contact_point(request.clone())
        .await
        .unwrap()
        .into_inner()
        .customer
        .unwrap();
    assert_eq!(changed.contact_points[1].value, "ada@work.example");
    assert!(changed.contact_points[1].verify_time.is_none());
    assert_ne!(changed.etag, ada.etag);

    // Sent again it gives the same answer; another change under the old etag is refused.
    let again = client
        .add_contact_point(request.clone())
        .await
        .unwrap()
        .into_inner()
        .customer
        .unwrap();
    assert_eq!(again.etag, changed.etag);
    for etag in [ada.etag.as_str(), "nonsense"] {
        let status = client
            .add_contact_point(add(&ada.customer_id, "x@example.com", etag))
            .await
            .unwrap_err();
        let told = explain(&status);
        assert_eq!(
            (told.code, told.common()),
            (Code::Aborted, Some(CommonErrorReason::Conflict))
        );
        assert!(told.retry_after.is_some());
    }
    let reused = AddContactPointRequest {
        contact_point: Some(email("y@example.com")),
        ..request
    };
    let told = explain(&client.add_contact_point(reused).await.unwrap_err());
    assert_eq!(told.common(), Some(CommonErrorReason::RequestIdReused));

    for index in 2..10 {
        client
            .add_contact_point(add(&ada.customer_id, &format!("ada{index}@example.com"), ""))
            .await
            .unwrap();
    }
    let told = explain(
        &client
            .add_contact_point(add(&ada.customer_id, "eleventh@example.com", ""))
            .await
            .unwrap_err(),
    );
    assert_eq!(
        (told.code, told.violations[0].field.as_str()),
        (Code::InvalidArgument, "contact_point")
    );
}

#[tokio::test]
async fn every_violated_field_is_named() {
    let house = House::new().await;
    let mut request = new_customer(vec![email("ada@example.com"), email("ADA@example.com")]);
    let told = explain(
        &house
            .customers(&staff())
            .create_customer(request.clone())
            .await
            .unwrap_err(),
    );
    assert_eq!(told.violations[0].field, "contact_points[1]");

    request.country_code = "Switzerland".to_owned();
    request.languages = vec![];
    request.contact_points = vec![email("no address"), phone("12345")];
    let told = explain(&house.customers(&staff()).create_customer(request).await.unwrap_err());
    assert_eq!(told.common(), Some(CommonErrorReason::InvalidFields));
    assert_eq!(told.violations.len(), 4, "{:?}", told.violations);
    assert!(!format!("{told:?}").contains("12345"), "values are not repeated");
}

#[tokio::test]
async fn the_same_customer_is_made_once() {
    let house = House::new().await;
    let request = new_customer(vec![email("ada@example.com")]);
    let mut senders = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (mut client, request) = (house.customers(&staff()), request.clone());
        senders.spawn(async move { client.create_customer(request).await.unwrap().into_inner() });
    }
    let mut ids: Vec<_> = senders
        .join_all()
        .await
        .into_iter()
        .map(|answer| answer.customer.unwrap().customer_id)
        .collect();
    ids.dedup();
    assert_eq!(ids.len(), 1);
    let count = sqlx::query_scalar!(r#"select count(*) as "count!" from customers"#)
        .fetch_one(&house.pool)
        .await;
    assert_eq!(count.unwrap(), 1);
}

#[tokio::test]
async fn whoever_goes_through_addresses_to_see_who_is_a_customer_is_seen() {
    let house = House::new().await;
    let ada = house.customer("ada@example.com").await;
    let look = async |caller, address: &str| {
        let request = LookupCustomerRequest {
            contact_point: Some(email(address)),
        };
        house.customers(&caller).lookup_customer(request).await
    };
    let found = look(staff(), "Ada@example.com")
        .await
        .unwrap()
        .into_inner()
        .customer
        .unwrap();
    assert_eq!(found.customer_id, ada.customer_id);
    refused(
        look(staff(), "nobody@example.com").await,
        Reason::CustomerNotFound,
        Code::NotFound,
    );
    look(operator(), "ada@example.com").await.unwrap();
    let told = house.trail("customer_looked_up").await;
    let by: Vec<_> = told.iter().map(|entry| entry.split(' ').next().unwrap()).collect();
    assert_eq!(by, ["agent-7", "agent-7", &operator().subject]);
    let whom = sqlx::query_scalar!(
        "select customer_id from audit_entries where action = 'customer_looked_up' order by number"
    );
    let whom = whom.fetch_all(&house.pool).await.unwrap();
    let id: support_chassis::id::Id = ada.customer_id.parse().unwrap();
    assert_eq!(whom, [Some(id.uuid()), None, Some(id.uuid())]);
}
