//! Factors, one by one, and verifications that take several.

use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::json;
use support_chassis::call::Caller;
use support_chassis::clock::{Clock, timestamp};
use support_identity_verification::domain::totp::{TotpSecret, step_at};
use support_proto::support::identity::v1::factor_service_client::FactorServiceClient;
use support_proto::support::identity::v1::{self as pb, IdentityErrorReason as Reason, VerificationMethod as Method};
use support_proto::support::options::v1::AssuranceLevel;
use support_testing::{Door, call_as, publish};
use tonic::Code;

use crate::house::{House, customer, email, refused, request_id, some_id, staff, start, visitor};
use crate::passkeys::Authenticator;

/// A house with a customer in it.
pub(crate) struct Home {
    pub(crate) house: House,
    pub(crate) ada: String,
}

fn base32(text: &str) -> [u8; 20] {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut bits = text
        .bytes()
        .map(|letter| letters.iter().position(|known| *known == letter).unwrap())
        .flat_map(|five| (0..5).rev().map(move |bit| five >> bit & 1));
    std::array::from_fn(|_| (0..8).fold(0, |byte, _| byte << 1 | u8::try_from(bits.next().unwrap()).unwrap()))
}

fn aal2(customer_id: &str) -> Caller {
    Caller {
        assurance: AssuranceLevel::Aal2,
        ..customer(customer_id)
    }
}

impl Home {
    async fn new() -> Self {
        let house = House::new().await;
        let ada = house.customer("ada@example.com").await.customer_id;
        Self { house, ada }
    }

    fn factors(&self, caller: &Caller) -> FactorServiceClient<Door> {
        FactorServiceClient::new(call_as(&self.house.channel, caller, Clock::system().now()))
    }

    fn own(&self) -> FactorServiceClient<Door> {
        self.factors(&aal2(&self.ada))
    }

    /// A verification that begins by a factor of whoever has an address.
    async fn begin(&self, address: &str, method: Method) -> pb::Verification {
        let request = pb::StartVerificationRequest {
            method: method.into(),
            ..start(email(address))
        };
        let answer = self.house.verifications(&visitor()).start_verification(request).await;
        answer.unwrap().into_inner().verification.unwrap()
    }

    async fn redeem(
        &self,
        verification: &pb::Verification,
        proof: impl FnOnce(&mut pb::RedeemFactorRequest),
    ) -> Result<pb::RedeemFactorResponse, tonic::Status> {
        let mut request = pb::RedeemFactorRequest {
            request_id: request_id(),
            verification_id: verification.verification_id.clone(),
            ..Default::default()
        };
        proof(&mut request);
        let answer = self.factors(&visitor()).redeem_factor(request).await;
        answer.map(tonic::Response::into_inner)
    }

    async fn challenge(&self, verification: &pb::Verification, method: Method) -> pb::ChallengeFactorResponse {
        let request = pb::ChallengeFactorRequest {
            request_id: request_id(),
            verification_id: verification.verification_id.clone(),
            method: method.into(),
        };
        self.factors(&visitor())
            .challenge_factor(request)
            .await
            .unwrap()
            .into_inner()
    }

    /// An app whose codes from `steps` before now on count.
    pub(crate) async fn app(&self, caller: &Caller, steps: i64) -> Result<TotpSecret, tonic::Status> {
        let request = pb::EnrolTotpRequest {
            display_name: "phone".to_owned(),
        };
        let made = self.factors(caller).enrol_totp(request).await?.into_inner();
        let secret = TotpSecret::new(base32(&made.secret));
        let request = pb::ConfirmTotpRequest {
            request_id: request_id(),
            authenticator_id: made.authenticator.unwrap().authenticator_id,
            code: self.totp(&secret, -steps),
        };
        let confirmed = self.factors(caller).confirm_totp(request).await?.into_inner();
        assert_eq!(confirmed.authenticator.unwrap().state(), pb::AuthenticatorState::Active);
        Ok(secret)
    }

    #[expect(clippy::unused_self, reason = "read like the others")]
    fn totp(&self, secret: &TotpSecret, steps: i64) -> String {
        format!("{:06}", secret.code(step_at(Clock::system().now()) + steps))
    }

    async fn pin(&self) -> String {
        let made = self.own().create_support_pin(pb::CreateSupportPinRequest {}).await;
        made.unwrap().into_inner().pin
    }
}

#[tokio::test]
async fn a_code_of_an_app_is_good_once_and_changes_of_what_one_has_ask_for_more_then() {
    let home = Home::new().await;
    let secret = home.app(&customer(&home.ada), 1).await.unwrap();
    let first = home.begin("ada@example.com", Method::Totp).await;
    assert_eq!((first.sends_left, first.checks_left), (5, 5), "no code went out");
    let code = home.totp(&secret, 0);
    let approved = home.redeem(&first, |it| it.totp.clone_from(&code)).await.unwrap();
    let grant = approved.grant.unwrap();
    assert_eq!(
        (grant.methods().collect::<Vec<_>>(), grant.assurance()),
        (vec![Method::Totp], AssuranceLevel::Aal1)
    );
    assert!(!approved.session_token.is_empty());
    let second = home.begin("ada@example.com", Method::Totp).await;
    let answer = home.redeem(&second, |it| it.totp = code).await;
    assert_eq!(
        refused(answer, Reason::FactorWrong, Code::PermissionDenied).metadata["checks_left"],
        "4"
    );

    // With an app bound, a session of one factor changes nothing of it.
    let answer = home.app(&customer(&home.ada), 1).await;
    refused(answer, Reason::StepUpNeeded, Code::PermissionDenied);
    for _ in 0..4 {
        home.app(&aal2(&home.ada), 1).await.unwrap();
    }
    let answer = home.app(&aal2(&home.ada), 1).await;
    refused(answer, Reason::TooManyAuthenticators, Code::FailedPrecondition);

    let list = pb::ListAuthenticatorsRequest {
        customer_id: home.ada.clone(),
    };
    let seen = home.factors(&staff()).list_authenticators(list.clone()).await.unwrap();
    let seen = seen.into_inner().authenticators;
    assert_eq!(seen.len(), 5);
    assert!(seen.iter().all(|held| held.display_name.is_empty()), "not for staff");
    let remove = |id: &str| pb::RemoveAuthenticatorRequest {
        request_id: request_id(),
        authenticator_id: id.to_owned(),
    };
    home.own()
        .remove_authenticator(remove(&seen[0].authenticator_id))
        .await
        .unwrap();
    for id in [&seen[0].authenticator_id, &some_id()] {
        let answer = home.own().remove_authenticator(remove(id)).await;
        refused(answer, Reason::AuthenticatorNotFound, Code::NotFound);
    }
    let left = home.own().list_authenticators(list).await.unwrap().into_inner();
    assert_eq!(left.authenticators.len(), 4);
    assert_eq!(left.authenticators[0].display_name, "phone");

    // A secret that was not confirmed proves nothing, and a wrong code does not confirm it.
    let request = pb::EnrolTotpRequest {
        display_name: "other".to_owned(),
    };
    let made = home.own().enrol_totp(request).await.unwrap().into_inner();
    assert!(made.uri.starts_with("otpauth://totp/") && made.uri.contains(&made.secret));
    let pending = made.authenticator.unwrap();
    let secret = TotpSecret::new(base32(&made.secret));
    let third = home.begin("ada@example.com", Method::Totp).await;
    let code = home.totp(&secret, 0);
    let answer = home.redeem(&third, |it| it.totp.clone_from(&code)).await;
    refused(answer, Reason::FactorWrong, Code::PermissionDenied);
    let wrong = pb::ConfirmTotpRequest {
        request_id: request_id(),
        authenticator_id: pending.authenticator_id,
        code: if code == "000000" { "000001" } else { "000000" }.to_owned(),
    };
    let answer = home.own().confirm_totp(wrong).await;
    refused(answer, Reason::AuthenticatorRefused, Code::FailedPrecondition);

    // At rest there is no secret in the clear.
    let stored = sqlx::query_scalar::<_, Vec<u8>>("select secret from authenticators where secret is not null")
        .fetch_all(&home.house.pool)
        .await
        .unwrap();
    assert!(!stored.is_empty());
    assert!(
        stored
            .iter()
            .all(|sealed| !sealed.windows(20).any(|window| window == secret.bytes()))
    );
}

#[tokio::test]
async fn a_passkey_goes_round_and_proves_two_factors() {
    let home = Home::new().await;
    let mut key = Authenticator::new(7);
    let enrol = async |key: &mut Authenticator| {
        let request = pb::EnrolPasskeyRequest {
            display_name: "laptop".to_owned(),
        };
        let begun = home.own().enrol_passkey(request).await.unwrap().into_inner();
        let confirm = pb::ConfirmPasskeyRequest {
            request_id: request_id(),
            authenticator_id: begun.authenticator.unwrap().authenticator_id,
            credential_json: key.create(&begun.options_json),
        };
        home.own().confirm_passkey(confirm).await
    };
    // Whose user was not verified, and what was made on another page, is no passkey.
    let mut bad = [Authenticator::new(8), Authenticator::new(9)];
    bad[0].flags = 1;
    bad[1].origin = "https://evil.example".to_owned();
    for bad in &mut bad {
        let answer = enrol(bad).await;
        refused(answer, Reason::AuthenticatorRefused, Code::FailedPrecondition);
    }
    let made = enrol(&mut key).await.unwrap().into_inner().authenticator.unwrap();
    assert_eq!(
        (made.method(), made.state()),
        (Method::Passkey, pb::AuthenticatorState::Active)
    );
    let twice = enrol(&mut key).await;
    refused(twice, Reason::AuthenticatorRefused, Code::FailedPrecondition);

    let sign = async |key: &mut Authenticator| {
        let verification = home.begin("ada@example.com", Method::Passkey).await;
        let options = home.challenge(&verification, Method::Passkey).await.options_json;
        let json = key.get(&options);
        (verification, json)
    };
    let (verification, json) = sign(&mut key).await;
    let other = home.begin("ada@example.com", Method::Passkey).await;
    home.challenge(&other, Method::Passkey).await;
    let answer = home.redeem(&other, |it| it.passkey_json.clone_from(&json)).await;
    refused(answer, Reason::FactorWrong, Code::PermissionDenied);
    let approved = home.redeem(&verification, |it| it.passkey_json = json).await.unwrap();
    let grant = approved.grant.unwrap();
    assert_eq!(grant.assurance(), AssuranceLevel::Aal2);
    assert!(grant.assurance_expire_time.is_some());

    // Another page, an unverified user, a count that does not rise, and an answer without a question.
    for spoil in [
        (|key: &mut Authenticator| key.origin = "https://evil.example".to_owned()) as fn(&mut Authenticator),
        |key| key.flags = 1,
        |key| key.count = 0,
    ] {
        let count = key.count;
        spoil(&mut key);
        let (verification, json) = sign(&mut key).await;
        let answer = home.redeem(&verification, |it| it.passkey_json = json).await;
        refused(answer, Reason::FactorWrong, Code::PermissionDenied);
        (key.origin, key.flags, key.count) = ("https://localhost".to_owned(), 5, count);
    }
    let (verification, json) = sign(&mut key).await;
    home.redeem(&verification, |it| it.passkey_json.clone_from(&json))
        .await
        .unwrap();
    let unasked = home.begin("ada@example.com", Method::Passkey).await;
    let answer = home.redeem(&unasked, |it| it.passkey_json = json).await;
    refused(answer, Reason::FactorWrong, Code::PermissionDenied);
}

#[tokio::test]
async fn an_agent_hears_of_a_pin_only_whether_it_is_right() {
    let home = Home::new().await;
    let old = home.pin().await;
    let pin = home.pin().await;
    assert_eq!(pin.len(), 8);
    let verification = home.begin("ada@example.com", Method::SupportPin).await;
    let check = |pin: &str| pb::CheckPinRequest {
        request_id: request_id(),
        verification_id: verification.verification_id.clone(),
        pin: pin.to_owned(),
    };
    let mut agent = home.factors(&staff());
    let wrong = check(&old);
    for _ in 0..2 {
        assert!(
            !agent.check_pin(wrong.clone()).await.unwrap().into_inner().right,
            "replaced"
        );
    }
    assert!(agent.check_pin(check(&pin)).await.unwrap().into_inner().right);
    let read = crate::verifications::read(&home.house, &verification).await;
    assert_eq!(
        (read.state(), read.proven().collect::<Vec<_>>(), read.checks_left),
        (pb::VerificationState::Approved, vec![Method::SupportPin], 3)
    );
    let again = home.begin("ada@example.com", Method::SupportPin).await;
    let answer = home.redeem(&again, |it| it.pin = pin).await;
    refused(answer, Reason::FactorWrong, Code::PermissionDenied);
}

#[tokio::test]
async fn ten_recovery_codes_work_once_each() {
    let home = Home::new().await;
    let make = async || {
        let made = home
            .own()
            .create_recovery_codes(pb::CreateRecoveryCodesRequest {})
            .await;
        made.unwrap().into_inner().codes
    };
    let replaced = make().await;
    let codes = make().await;
    assert_eq!(codes.len(), 10);
    let first = home.begin("ada@example.com", Method::RecoveryCode).await;
    let answer = home
        .redeem(&first, |it| it.recovery_code.clone_from(&replaced[0]))
        .await;
    refused(answer, Reason::FactorWrong, Code::PermissionDenied);
    let typed = codes[3].to_lowercase().replace('-', " ");
    home.redeem(&first, |it| it.recovery_code.clone_from(&typed))
        .await
        .unwrap();
    let second = home.begin("ada@example.com", Method::RecoveryCode).await;
    let answer = home.redeem(&second, |it| it.recovery_code = typed).await;
    refused(answer, Reason::FactorWrong, Code::PermissionDenied);
    home.redeem(&second, |it| it.recovery_code.clone_from(&codes[4]))
        .await
        .unwrap();
    let list = pb::ListAuthenticatorsRequest {
        customer_id: home.ada.clone(),
    };
    let held = home.own().list_authenticators(list).await.unwrap().into_inner();
    assert_eq!(held.authenticators.last().unwrap().uses_left, 8);
}

#[tokio::test]
async fn a_device_confirms_with_the_number_that_was_shown() {
    let home = Home::new().await;
    let key = SigningKey::from_bytes(&[3; 32]);
    let signed = |what: &str, parts: &[&str]| {
        let mut message = format!("support.identity.v1 push {what}");
        for part in parts {
            message.push('\0');
            message.push_str(part);
        }
        key.sign(message.as_bytes()).to_bytes().to_vec()
    };
    let id = request_id();
    let mut enrol = pb::EnrolPushDeviceRequest {
        request_id: id.clone(),
        display_name: "watch".to_owned(),
        public_key: key.verifying_key().to_bytes().to_vec(),
        signature: signed("enrol", &[&some_id(), &id]),
    };
    let answer = home.own().enrol_push_device(enrol.clone()).await;
    refused(answer, Reason::AuthenticatorRefused, Code::FailedPrecondition);
    enrol.signature = signed("enrol", &[&home.ada, &id]);
    let device = home.own().enrol_push_device(enrol).await.unwrap().into_inner();
    let device = device.authenticator.unwrap().authenticator_id;

    let list = |now: time::OffsetDateTime| {
        let time = timestamp(now);
        pb::ListPushPromptsRequest {
            authenticator_id: device.clone(),
            signature: signed("list", &[&device, &time.seconds.to_string()]),
            sign_time: Some(time),
        }
    };
    let answer = |verification: &pb::Verification, number: i32| pb::AnswerPushPromptRequest {
        request_id: request_id(),
        authenticator_id: device.clone(),
        verification_id: verification.verification_id.clone(),
        number,
        signature: signed("answer", &[&verification.verification_id, &number.to_string()]),
    };
    let mut anyone = home.factors(&visitor());
    let now = Clock::system().now();
    assert!(
        anyone
            .list_push_prompts(list(now))
            .await
            .unwrap()
            .into_inner()
            .prompts
            .is_empty()
    );
    let stale = anyone.list_push_prompts(list(now - time::Duration::minutes(2))).await;
    refused(stale, Reason::AuthenticatorNotFound, Code::NotFound);

    let verification = home.begin("ada@example.com", Method::Push).await;
    let shown = home.challenge(&verification, Method::Push).await.number;
    assert!((10..=99).contains(&shown));
    let waiting = home.redeem(&verification, |it| it.push = true).await;
    refused(waiting, Reason::PushPending, Code::FailedPrecondition);
    let prompts = anyone.list_push_prompts(list(now)).await.unwrap().into_inner().prompts;
    assert_eq!(prompts[0].verification_id, verification.verification_id);
    let mut forged = answer(&verification, shown);
    forged.signature = signed("answer", &[&verification.verification_id, "0"]);
    refused(
        anyone.answer_push_prompt(forged).await,
        Reason::AuthenticatorNotFound,
        Code::NotFound,
    );
    // A wrong number ends the prompt.
    let wrong = if shown == 10 { 11 } else { 10 };
    let taken = anyone.answer_push_prompt(answer(&verification, wrong)).await.unwrap();
    assert!(!taken.into_inner().confirmed);
    let gone = anyone.answer_push_prompt(answer(&verification, shown)).await;
    refused(gone, Reason::PromptNotFound, Code::NotFound);
    let denied = home.redeem(&verification, |it| it.push = true).await;
    refused(denied, Reason::FactorWrong, Code::PermissionDenied);
    let shown = home.challenge(&verification, Method::Push).await.number;
    let taken = anyone.answer_push_prompt(answer(&verification, shown)).await.unwrap();
    assert!(taken.into_inner().confirmed);
    home.redeem(&verification, |it| it.push = true).await.unwrap();

    // Thumbs tire: five prompts an hour, for whoever has an address and for nobody.
    for address in ["ada@example.com", "nobody@example.com"] {
        let verification = home.begin(address, Method::Push).await;
        let mut left = if address.starts_with("ada") { 3 } else { 5 };
        let full = loop {
            let request = pb::ChallengeFactorRequest {
                request_id: request_id(),
                verification_id: verification.verification_id.clone(),
                method: Method::Push.into(),
            };
            match home.factors(&visitor()).challenge_factor(request).await {
                Ok(_) => left -= 1,
                Err(status) => break status,
            }
        };
        assert_eq!(left, 0, "{address}");
        refused::<()>(Err(full), Reason::TooManySends, Code::ResourceExhausted);
    }
}

#[tokio::test]
async fn a_stronger_purpose_takes_two_factors_and_a_session_counts_for_one() {
    let home = Home::new().await;
    let content = json!({ "purposes": { "payment": { "assurance": "ASSURANCE_LEVEL_AAL2" } } });
    publish(
        &home.house.channel,
        "identity-verification/verification-policy",
        "country/CH",
        &content,
    )
    .await;
    let pay = |method: Method| pb::StartVerificationRequest {
        purpose: pb::VerificationPurpose::Payment.into(),
        method: method.into(),
        country_code: "CH".to_owned(),
        ..start(email("ada@example.com"))
    };
    let begun = async |caller: &Caller, request: pb::StartVerificationRequest| {
        let answer = home.house.verifications(caller).start_verification(request).await;
        answer.unwrap().into_inner().verification.unwrap()
    };
    let verification = begun(&visitor(), pay(Method::Unspecified)).await;
    assert_eq!(verification.assurance_needed(), AssuranceLevel::Aal2);
    let code = home.house.code(&verification).await;
    let half = home
        .redeem(&verification, |it| it.code.clone_from(&code))
        .await
        .unwrap();
    assert!(half.grant.is_none() && half.session_token.is_empty());
    let half = half.verification.unwrap();
    assert_eq!(
        (half.state(), half.assurance_reached(), half.checks_left),
        (pb::VerificationState::Challenged, AssuranceLevel::Aal1, 5)
    );
    let again = home.redeem(&verification, |it| it.code = code).await;
    refused(again, Reason::CodeWrong, Code::PermissionDenied);
    let pin = home.pin().await;
    let whole = home.redeem(&verification, |it| it.pin = pin).await.unwrap();
    let grant = whole.grant.unwrap();
    assert_eq!(
        (grant.assurance(), grant.methods().collect::<Vec<_>>()),
        (AssuranceLevel::Aal2, vec![Method::EmailCode, Method::SupportPin])
    );

    // A session of one factor, stepped up by another.
    let session = home.house.verify("ada@example.com").await.grant.unwrap();
    let in_session = Caller {
        grant_id: Some(session.grant_id.clone()),
        ..customer(&home.ada)
    };
    let step_up = pb::StartVerificationRequest {
        step_up: true,
        contact_point: None,
        customer_id: home.ada.clone(),
        ..pay(Method::SupportPin)
    };
    let verification = begun(&in_session, step_up).await;
    assert_eq!(verification.proven().collect::<Vec<_>>(), [Method::EmailCode]);
    let pin = home.pin().await;
    let stepped = home.redeem(&verification, |it| it.pin = pin).await.unwrap();
    assert_eq!(stepped.grant.unwrap().assurance(), AssuranceLevel::Aal2);

    // A renewed session stands on the same grant; one that was ended is not renewed, and whoever checks offline is told.
    let renew = || pb::RenewSessionRequest {
        request_id: request_id(),
    };
    let renewed = home
        .factors(&in_session)
        .renew_session(renew())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(renewed.grant.unwrap().grant_id, session.grant_id);
    assert!(!renewed.session_token.is_empty());
    let revoke = pb::RevokeGrantRequest {
        request_id: request_id(),
        grant_id: session.grant_id.clone(),
    };
    home.house.grants(&in_session).revoke_grant(revoke).await.unwrap();
    let answer = home.factors(&in_session).renew_session(renew()).await;
    refused(answer, Reason::GrantEnded, Code::FailedPrecondition);
    let mut reader = FactorServiceClient::new(home.house.reader());
    let told = reader
        .list_revoked_grants(pb::ListRevokedGrantsRequest::default())
        .await;
    let told = told.unwrap().into_inner().grants;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].grant_id, session.grant_id);
}

#[tokio::test]
async fn a_document_is_seen_in_a_store_by_somebody() {
    let home = Home::new().await;
    let mut witness = staff();
    witness.scopes.insert("documents.witness".to_owned());
    let request = pb::StartVerificationRequest {
        request_id: request_id(),
        purpose: pb::VerificationPurpose::RepairHandover.into(),
        customer_id: home.ada.clone(),
        method: Method::Document.into(),
        ..Default::default()
    };
    let answer = home.house.verifications(&witness).start_verification(request).await;
    let verification = answer.unwrap().into_inner().verification.unwrap();
    let seen = pb::WitnessDocumentRequest {
        request_id: request_id(),
        verification_id: verification.verification_id,
        document_type: pb::DocumentType::Passport.into(),
        store_id: "berlin-1".to_owned(),
    };
    let denied = home.factors(&staff()).witness_document(seen.clone()).await.unwrap_err();
    assert_eq!(denied.code(), Code::PermissionDenied, "without the scope");
    let answer = home
        .factors(&witness)
        .witness_document(seen)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(answer.verification.unwrap().state(), pb::VerificationState::Approved);
    let kept: (String, String, String) =
        sqlx::query_as("select document_type, store_id, witness from proofs where method = 'document'")
            .fetch_one(&home.house.pool)
            .await
            .unwrap();
    assert_eq!(kept, ("passport".into(), "berlin-1".into(), "agent-7".into()));
}
