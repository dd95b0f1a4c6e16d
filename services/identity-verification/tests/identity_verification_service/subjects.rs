//! Whom a verification is of.

use support_chassis::error::{CommonErrorReason, explain};
use support_chassis::id::Id;
use support_proto::support::identity::v1::{
    AddContactPointRequest, IdentityErrorReason as Reason, StartVerificationRequest, VerificationMethod,
    VerificationPurpose,
};
use support_proto::support::options::v1::AssuranceLevel;
use support_testing::showing;
use tonic::Code;

use crate::house::{House, customer, email, new_customer, phone, refused, request_id, some_id, staff, start, visitor};

#[tokio::test]
async fn only_staff_verify_a_customer_by_id() {
    let house = House::new().await;
    let contacts = vec![
        email("ada@example.com"),
        email("ada@work.example"),
        phone("+41790001122"),
    ];
    let ada = house
        .customers(&staff())
        .create_customer(new_customer(contacts))
        .await
        .unwrap()
        .into_inner();
    let ada = ada.customer.unwrap();
    let by_id = |customer_id: &str| StartVerificationRequest {
        request_id: request_id(),
        purpose: VerificationPurpose::Payment.into(),
        customer_id: customer_id.to_owned(),
        ..StartVerificationRequest::default()
    };
    for other in [visitor(), customer(&ada.customer_id)] {
        let answer = house
            .verifications(&other)
            .start_verification(by_id(&ada.customer_id))
            .await;
        refused(answer, Reason::SubjectNotAllowed, Code::PermissionDenied);
    }
    let mut client = house.verifications(&staff());
    let answer = client.start_verification(by_id(&some_id())).await;
    refused(answer, Reason::CustomerNotFound, Code::NotFound);

    let first = client
        .start_verification(by_id(&ada.customer_id))
        .await
        .unwrap()
        .into_inner()
        .verification
        .unwrap();
    assert_eq!(
        house.message(&first).await.recipient,
        "ada@example.com",
        "the first, as none is verified"
    );
    house.verify("ada@work.example").await;
    let second = client
        .start_verification(by_id(&ada.customer_id))
        .await
        .unwrap()
        .into_inner()
        .verification
        .unwrap();
    assert_eq!(
        house.message(&second).await.recipient,
        "ada@work.example",
        "the first that is verified"
    );
    // A telephone that a message can be kept for gives an SMS code.
    let by_phone = client
        .start_verification(start(phone("+41790001122")))
        .await
        .unwrap()
        .into_inner();
    let by_phone = by_phone.verification.unwrap();
    let approved = house.check(&by_phone, &house.code(&by_phone).await).await.unwrap();
    assert_eq!(
        approved.grant.unwrap().methods().next(),
        Some(VerificationMethod::SmsCode)
    );
}

#[tokio::test]
async fn exactly_one_subject_must_be_named() {
    let house = House::new().await;
    let both = StartVerificationRequest {
        customer_id: some_id(),
        ..start(email("ada@example.com"))
    };
    let neither = StartVerificationRequest {
        contact_point: None,
        ..start(email("ada@example.com"))
    };
    for request in [both, neither] {
        let told = explain(
            &house
                .verifications(&staff())
                .start_verification(request)
                .await
                .unwrap_err(),
        );
        assert_eq!(told.common(), Some(CommonErrorReason::InvalidFields), "{told:?}");
    }
}

#[tokio::test]
async fn an_added_contact_point_opens_the_account_only_after_its_customer_has_verified_it() {
    let house = House::new().await;
    let ada = house.customer("ada@example.com").await.customer_id;
    let by_phone = showing(&staff(), &ada, "account_security");
    for (by, address) in [(customer(&ada), "typo@example.com"), (by_phone, "caller@example.com")] {
        let added = AddContactPointRequest {
            request_id: request_id(),
            customer_id: ada.clone(),
            contact_point: Some(email(address)),
            etag: String::new(),
        };
        house.customers(&by).add_contact_point(added).await.unwrap();
        let request = start(email(address));
        // To whoever holds the address, and to another customer, it is one that nobody has: no code goes out.
        for other in [visitor(), customer(&some_id()), staff()] {
            let request = StartVerificationRequest {
                request_id: request_id(),
                ..request.clone()
            };
            let started = house.verifications(&other).start_verification(request).await.unwrap();
            let id = started.into_inner().verification.unwrap().verification_id;
            let id: Id = id.parse().unwrap();
            let has_subject: bool =
                sqlx::query_scalar("select customer_id is not null from verifications where id = $1")
                    .bind(id.uuid())
                    .fetch_one(&house.pool)
                    .await
                    .unwrap();
            assert!(!has_subject, "{address} started by {}", other.kind_name());
        }
        let own = house
            .verifications(&customer(&ada))
            .start_verification(request)
            .await
            .unwrap()
            .into_inner()
            .verification
            .unwrap();
        house.check(&own, &house.code(&own).await).await.unwrap();
        // From now on it counts, and for its first days not alone.
        let proven = house.verify(address).await;
        let told = proven.verification.unwrap();
        assert_eq!(told.proven().collect::<Vec<_>>(), [VerificationMethod::EmailCode]);
        assert_eq!(told.assurance_needed(), AssuranceLevel::Aal2);
        assert_eq!(proven.grant, None);
    }
}
