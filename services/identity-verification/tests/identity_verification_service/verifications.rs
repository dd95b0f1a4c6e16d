//! Verifications from start to end.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use support_chassis::error::{CommonErrorReason, explain};
use support_proto::support::identity::v1::{
    CancelVerificationRequest, GetCustomerRequest, GetKeySetRequest, GetVerificationRequest,
    IdentityErrorReason as Reason, ListOutboxMessagesRequest, ResendCodeRequest, RevokeGrantRequest,
    StartVerificationRequest, Verification, VerificationMethod, VerificationState as State,
};
use support_proto::support::options::v1::AssuranceLevel;
use tonic::Code;

use crate::house::{
    House, check, email, operator, other_than, refused, request_id, some_id, staff, start, told, visitor,
};

pub(crate) async fn read(house: &House, verification: &Verification) -> Verification {
    let request = GetVerificationRequest {
        verification_id: verification.verification_id.clone(),
    };
    let answer = house.verifications(&visitor()).get_verification(request).await;
    answer.unwrap().into_inner().verification.unwrap()
}

fn resend(verification: &Verification) -> ResendCodeRequest {
    ResendCodeRequest {
        request_id: request_id(),
        verification_id: verification.verification_id.clone(),
    }
}

fn cancel(verification: &Verification) -> CancelVerificationRequest {
    CancelVerificationRequest {
        request_id: request_id(),
        verification_id: verification.verification_id.clone(),
    }
}

#[tokio::test]
async fn the_right_code_gives_a_grant_and_a_token_that_the_key_set_verifies() {
    let house = House::new().await;
    let ada = house.customer("ada@example.com").await;
    let case_id = some_id();
    let request = StartVerificationRequest {
        case_id: case_id.clone(),
        ..start(email("ADA@example.com"))
    };
    let started = house
        .verifications(&visitor())
        .start_verification(request)
        .await
        .unwrap()
        .into_inner();
    let started = started.verification.unwrap();
    assert_eq!(
        (started.state(), started.sends_left, started.checks_left),
        (State::Challenged, 4, 5)
    );

    let message = house.message(&started).await;
    assert_eq!(
        (message.recipient.as_str(), message.language.as_str()),
        ("ada@example.com", "de-CH")
    );
    let code = house.code(&started).await;
    let wrong = house.check(&started, other_than(&code)).await.unwrap_err();
    assert_eq!(
        told(&wrong, Reason::CodeWrong, Code::PermissionDenied).metadata["checks_left"],
        "4"
    );

    let approved = house.check(&started, &code).await.unwrap();
    let verification = approved.verification.clone().unwrap();
    assert_eq!(
        (verification.state(), verification.case_id.as_str()),
        (State::Approved, case_id.as_str())
    );
    let grant = approved.grant.clone().unwrap();
    assert_eq!(
        (grant.customer_id.as_str(), grant.assurance()),
        (ada.customer_id.as_str(), AssuranceLevel::Aal1)
    );
    assert_eq!(
        (grant.methods().collect::<Vec<_>>(), grant.case_id.as_str()),
        (vec![VerificationMethod::EmailCode], case_id.as_str())
    );
    let lasts = grant.expire_time.unwrap().seconds - grant.grant_time.unwrap().seconds;
    assert_eq!(lasts, 30 * 60);

    let key_set = house
        .credentials(&visitor())
        .get_key_set(GetKeySetRequest {})
        .await
        .unwrap()
        .into_inner();
    let keys: JwkSet = serde_json::from_str(&key_set.jwks_json).unwrap();
    let kid = decode_header(&approved.session_token).unwrap().kid.unwrap();
    let key = DecodingKey::from_jwk(keys.find(&kid).unwrap()).unwrap();
    let mut rules = Validation::new(Algorithm::EdDSA);
    rules.set_audience(&["support-gateway"]);
    rules.set_issuer(&[key_set.issuer.as_str()]);
    let claims = decode::<serde_json::Value>(&approved.session_token, &key, &rules)
        .unwrap()
        .claims;
    assert_eq!(claims["sub"], ada.customer_id);
    assert_eq!((&claims["kind"], &claims["aal"]), (&"customer".into(), &1.into()));
    assert_eq!(claims["grant"], grant.grant_id);
    assert_eq!(claims["exp"], grant.expire_time.unwrap().seconds);

    // The contact point is proven, and the code is spent.
    let request = GetCustomerRequest {
        customer_id: ada.customer_id.clone(),
    };
    let now = house
        .customers(&staff())
        .get_customer(request)
        .await
        .unwrap()
        .into_inner()
        .customer
        .unwrap();
    assert_eq!(now.contact_points[0].verify_time, grant.grant_time);
    assert_ne!(now.etag, ada.etag);
    let spent = house.check(&started, &code).await.unwrap_err();
    let spent = told(&spent, Reason::VerificationNotOpen, Code::FailedPrecondition);
    assert_eq!(spent.metadata["state"], "VERIFICATION_STATE_APPROVED");
    assert_eq!(spent.preconditions[0].subject, started.verification_id);
    house.end().await;
}

#[tokio::test]
async fn a_redemption_sent_again_gives_a_fresh_token_of_the_same_grant_while_that_lives() {
    let house = House::new().await;
    house.customer("ada@example.com").await;
    let started = house.start("ada@example.com").await;
    let request = check(&started, &house.code(&started).await);
    let mut client = house.verifications(&visitor());
    let first = client.check_code(request.clone()).await.unwrap().into_inner();
    let again = client.check_code(request.clone()).await.unwrap().into_inner();
    assert_eq!(first.grant, again.grant);
    assert!(!again.session_token.is_empty());
    assert_ne!(first.session_token, again.session_token);

    // Nothing that was stored holds a token or the code.
    let stored = sqlx::query_scalar!(r#"select response from idempotency_keys"#)
        .fetch_all(&house.pool)
        .await
        .unwrap();
    let (header, code) = (first.session_token.split('.').next().unwrap(), request.code.as_str());
    for answer in &stored {
        let text = String::from_utf8_lossy(answer);
        assert!(!text.contains(header) && !text.contains(code), "{text}");
    }
    // Not even the grant: answers are sealed. That no token is under the seal, the fresh one above shows.
    let grant_id = &first.grant.as_ref().unwrap().grant_id;
    assert!(!stored.is_empty());
    assert!(
        stored
            .iter()
            .all(|answer| !String::from_utf8_lossy(answer).contains(grant_id.as_str()))
    );

    let revoke = RevokeGrantRequest {
        request_id: request_id(),
        grant_id: first.grant.unwrap().grant_id,
    };
    house.grants(&operator()).revoke_grant(revoke).await.unwrap();
    refused(
        client.check_code(request).await,
        Reason::VerificationNotOpen,
        Code::FailedPrecondition,
    );
}

#[tokio::test]
async fn a_wrong_code_sent_again_costs_one_check() {
    let house = House::new().await;
    house.customer("ada@example.com").await;
    let started = house.start("ada@example.com").await;
    let request = check(&started, other_than(&house.code(&started).await));
    for _ in 0..3 {
        let answer = house.verifications(&visitor()).check_code(request.clone()).await;
        assert_eq!(
            refused(answer, Reason::CodeWrong, Code::PermissionDenied).metadata["checks_left"],
            "4"
        );
    }
    assert_eq!(read(&house, &started).await.checks_left, 4);
}

#[tokio::test]
async fn the_same_code_is_sent_again_five_times_at_most() {
    let house = House::new().await;
    house.customer("ada@example.com").await;
    let started = house.start("ada@example.com").await;
    let code = house.code(&started).await;
    let mut client = house.verifications(&visitor());
    for left in (0..4).rev() {
        let request = resend(&started);
        for _ in 0..2 {
            let resent = client
                .resend_code(request.clone())
                .await
                .unwrap()
                .into_inner()
                .verification
                .unwrap();
            assert_eq!(resent.sends_left, left);
        }
    }
    let told = refused(
        client.resend_code(resend(&started)).await,
        Reason::TooManySends,
        Code::ResourceExhausted,
    );
    assert_eq!(told.retry_after, None, "this verification has none left for good");
    crate::house::eventually("all five are kept", async || {
        let kept = house.kept(ListOutboxMessagesRequest::default()).await;
        assert!(
            kept.iter().all(|message| message.body.contains(&code)),
            "always the same code"
        );
        (kept.len() == 5).then_some(())
    })
    .await;
    house.check(&started, &code).await.unwrap();
    let answer = client.resend_code(resend(&started)).await;
    refused(answer, Reason::VerificationNotOpen, Code::FailedPrecondition);
}

#[tokio::test]
async fn a_contact_point_gets_so_many_codes_an_hour() {
    let house = House::new().await;
    house.customer("ada@example.com").await;
    // Known or not, it is the same.
    for address in ["ada@example.com", "nobody@example.com"] {
        let mut client = house.verifications(&visitor());
        let first = house.start(address).await;
        for _ in 0..8 {
            house.start(&address.to_uppercase()).await;
        }
        client.resend_code(resend(&first)).await.unwrap();
        let answer = client.start_verification(start(email(address))).await;
        let told = refused(answer, Reason::TooManySends, Code::ResourceExhausted);
        assert!(
            told.retry_after.unwrap() > std::time::Duration::from_mins(59),
            "{told:?}"
        );
        refused(
            client.resend_code(resend(&first)).await,
            Reason::TooManySends,
            Code::ResourceExhausted,
        );
        assert_eq!(
            read(&house, &first).await.sends_left,
            3,
            "a refused send is not counted"
        );
    }
}

#[tokio::test]
async fn an_unknown_contact_point_gets_the_same_answers_and_no_code() {
    let house = House::new().await;
    house.customer("ada@example.com").await;
    let (known, unknown) = (
        house.start("ada@example.com").await,
        house.start("nobody@example.com").await,
    );
    let shape = |it: &Verification| (it.state, it.purpose, it.sends_left, it.checks_left, it.case_id.clone());
    assert_eq!(shape(&known), shape(&unknown));
    assert_eq!(shape(&read(&house, &known).await), shape(&read(&house, &unknown).await));

    // The code of somebody else does not open it either, and wrong ones count alike.
    let code = house.code(&known).await;
    for left in (0..5).rev() {
        let refusal = house.check(&unknown, &code).await.unwrap_err();
        assert_eq!(
            told(&refusal, Reason::CodeWrong, Code::PermissionDenied).metadata["checks_left"],
            left.to_string()
        );
    }
    let refusal = house.check(&unknown, &code).await.unwrap_err();
    told(&refusal, Reason::TooManyChecks, Code::ResourceExhausted);
    assert_eq!(read(&house, &unknown).await.state(), State::MaxAttempts);

    // By the time the other one's message is there, its delivery had been dropped: it was never due.
    let states = sqlx::query!("select state, reason from deliveries order by state")
        .fetch_all(&house.pool)
        .await
        .unwrap();
    let states: Vec<_> = states.into_iter().map(|row| (row.state, row.reason)).collect();
    assert_eq!(
        states,
        [
            ("dropped".to_owned(), Some("no_recipient".to_owned())),
            ("sent".to_owned(), None)
        ]
    );
    let kept = sqlx::query_scalar!(r#"select count(*) as "count!" from local_outbox_messages"#).fetch_one(&house.pool);
    assert_eq!(kept.await.unwrap(), 1);
}

#[tokio::test]
async fn a_cancelled_verification_is_over() {
    let house = House::new().await;
    house.customer("ada@example.com").await;
    let started = house.start("ada@example.com").await;
    let code = house.code(&started).await;
    let mut client = house.verifications(&visitor());
    let canceled = client
        .cancel_verification(cancel(&started))
        .await
        .unwrap()
        .into_inner()
        .verification
        .unwrap();
    assert_eq!(canceled.state(), State::Canceled);
    let refusal = house.check(&started, &code).await.unwrap_err();
    told(&refusal, Reason::VerificationNotOpen, Code::FailedPrecondition);
    let answer = client.cancel_verification(cancel(&started)).await;
    refused(answer, Reason::VerificationNotOpen, Code::FailedPrecondition);
    let sealed = sqlx::query_scalar!("select sealed_code from verifications")
        .fetch_one(&house.pool)
        .await
        .unwrap();
    assert!(sealed.is_none(), "the code is gone");
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let house = House::new().await;
    let nobody = Verification {
        verification_id: some_id(),
        ..Verification::default()
    };
    let mut client = house.verifications(&visitor());
    let request = GetVerificationRequest {
        verification_id: nobody.verification_id.clone(),
    };
    refused(
        client.get_verification(request).await,
        Reason::VerificationNotFound,
        Code::NotFound,
    );
    refused(
        client.resend_code(resend(&nobody)).await,
        Reason::VerificationNotFound,
        Code::NotFound,
    );
    refused(
        client.cancel_verification(cancel(&nobody)).await,
        Reason::VerificationNotFound,
        Code::NotFound,
    );
    refused(
        client.check_code(check(&nobody, "123456")).await,
        Reason::VerificationNotFound,
        Code::NotFound,
    );
    let malformed = GetVerificationRequest {
        verification_id: some_id().replacen("eu-", "jp-", 1),
    };
    let told = explain(&client.get_verification(malformed).await.unwrap_err());
    assert_eq!(told.common(), Some(CommonErrorReason::InvalidFields), "{told:?}");
    assert_eq!(told.violations[0].field, "verification_id");
}
