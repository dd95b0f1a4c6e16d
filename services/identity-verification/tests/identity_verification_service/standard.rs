//! Rules that a region publishes: what they change, for whom, and who can tell.

use serde_json::json;
use support_proto::support::identity::v1::{
    CreateCustomerRequest, GetVerificationRequest, Grant, GrantIssued, IdentityErrorReason as Reason,
    ResendCodeRequest, StartVerificationRequest, Verification, VerificationPurpose, VerificationStarted,
};
use support_proto::support::standard::v1::CheckContentRequest;
use support_testing::{events_of, publish};
use tonic::{Code, Status};

use crate::house::{
    House, email, eventually, new_customer, other_than, phone, refused, request_id, staff, start, visitor,
};

const DOCUMENT: &str = "identity-verification/verification-policy";

/// A house in whose region two people live, in two countries.
struct Street {
    house: House,
    /// In Germany.
    ada: String,
}

impl Street {
    async fn new() -> Self {
        let house = House::new().await;
        let ada = lives_in(&house, "DE", "ada@example.com").await;
        lives_in(&house, "FR", "bob@example.com").await;
        Self { house, ada }
    }

    /// Publishes rules for Germany, and gives what a basis says of them.
    async fn overlay(&self, content: serde_json::Value) -> String {
        let overlay = publish(&self.house.channel, DOCUMENT, "country/DE", &content).await;
        format!("+{}@{}!{}", overlay.place, overlay.version, &overlay.digest[..8])
    }

    /// As staff, who name the customer.
    async fn by_staff(&self, purpose: VerificationPurpose) -> Result<Verification, Status> {
        let request = StartVerificationRequest {
            request_id: request_id(),
            purpose: purpose.into(),
            customer_id: self.ada.clone(),
            ..StartVerificationRequest::default()
        };
        let answer = self.house.verifications(&staff()).start_verification(request).await?;
        Ok(answer.into_inner().verification.unwrap())
    }

    /// As a visitor who names an address and a country.
    async fn by_visitor(&self, address: &str, country: &str) -> Verification {
        let request = StartVerificationRequest {
            country_code: country.to_owned(),
            ..start(email(address))
        };
        let answer = self.house.verifications(&visitor()).start_verification(request).await;
        answer.unwrap().into_inner().verification.unwrap()
    }

    async fn read(&self, verification: &Verification) -> Verification {
        let request = GetVerificationRequest {
            verification_id: verification.verification_id.clone(),
        };
        let answer = self.house.verifications(&visitor()).get_verification(request).await;
        answer.unwrap().into_inner().verification.unwrap()
    }

    /// How the deliveries of all verifications came out so far, counted, once none is on its way.
    async fn deliveries(&self) -> Vec<(String, i64)> {
        eventually("nothing is on its way", async || {
            let rows = sqlx::query!(
                r#"select coalesce(reason, state) as "outcome!", count(*) as "count!" from deliveries group by 1 order by 1"#
            )
            .fetch_all(&self.house.pool)
            .await
            .unwrap();
            let outcomes: Vec<_> = rows.into_iter().map(|row| (row.outcome, row.count)).collect();
            (!outcomes.iter().any(|(outcome, _)| outcome == "pending")).then_some(outcomes)
        })
        .await
    }
}

async fn lives_in(house: &House, country: &str, address: &str) -> String {
    let request = CreateCustomerRequest {
        country_code: country.to_owned(),
        ..new_customer(vec![email(address)])
    };
    let answer = house.customers(&staff()).create_customer(request).await;
    answer.unwrap().into_inner().customer.unwrap().customer_id
}

/// Sends and checks left, and for how many seconds the code works: what is read off the answer.
fn shape(verification: &Verification) -> (i32, i32, &str) {
    (
        verification.sends_left,
        verification.checks_left,
        verification.standard_basis.as_str(),
    )
}

fn lifetime(grant: &Grant) -> i64 {
    grant.expire_time.unwrap().seconds - grant.grant_time.unwrap().seconds
}

#[tokio::test]
async fn a_stricter_country_changes_what_new_verifications_get_and_none_that_was_begun() {
    let street = Street::new().await;
    let before = street.by_staff(VerificationPurpose::GeneralHelp).await.unwrap();
    let global = before.standard_basis.clone();
    assert_eq!(shape(&before), (4, 5, global.as_str()));
    assert!(
        global.starts_with(&format!("{DOCUMENT}@")) && !global.contains('+'),
        "{global}"
    );

    let overlay = street
        .overlay(json!({
            "codes": { "lifetime": "120s", "sends": 2, "checks": 3 },
            "purposes": { "general_help": { "grant_lifetime": "300s" } },
        }))
        .await;
    let german = format!("{global}{overlay}");
    let after = street.by_staff(VerificationPurpose::GeneralHelp).await.unwrap();
    assert_eq!(shape(&after), (1, 3, german.as_str()));
    let works = sqlx::query_scalar!(
        r#"select extract(epoch from expires_at - created_at)::bigint as "works!" from verifications order by id desc limit 1"#
    );
    assert_eq!(works.fetch_one(&street.house.pool).await.unwrap(), 120);
    assert_eq!(
        shape(&street.by_visitor("ada@example.com", "DE").await),
        (1, 3, german.as_str()),
        "who says the truth is told the same"
    );
    for (address, country) in [
        ("bob@example.com", "FR"),
        ("ada@example.com", ""),
        ("ada@example.com", "FR"),
    ] {
        let answered = street.by_visitor(address, country).await;
        assert_eq!(shape(&answered), (4, 5, global.as_str()), "{address} from {country:?}");
    }

    // What was begun before goes on by what it was begun under, to its grant.
    assert_eq!(shape(&street.read(&before).await), (4, 5, global.as_str()));
    for (verification, basis, seconds) in [(&before, &global, 1800), (&after, &german, 300)] {
        let code = street.house.code(verification).await;
        let approved = street.house.check(verification, &code).await.unwrap();
        let grant = approved.grant.unwrap();
        assert_eq!((&grant.standard_basis, lifetime(&grant)), (basis, seconds));
    }
    // Whatever country a visitor says: the grant is decided by the customer's own.
    let elsewhere = street.by_visitor("ada@example.com", "FR").await;
    let code = street.house.code(&elsewhere).await;
    let grant = street.house.check(&elsewhere, &code).await.unwrap().grant.unwrap();
    assert_eq!(
        (grant.standard_basis.as_str(), lifetime(&grant)),
        (german.as_str(), 300)
    );

    let issued = events_of::<GrantIssued>(street.house.reader(), 3).await;
    let bases: Vec<_> = issued.into_iter().map(|event| event.standard_basis).collect();
    assert_eq!(bases, [global.as_str(), &german, &german]);
    let started = events_of::<VerificationStarted>(street.house.reader(), 7).await;
    assert_eq!(started[0].standard_basis, global);
    street.house.end().await;
}

#[tokio::test]
async fn who_hides_their_country_gains_nothing_and_learns_nothing() {
    let street = Street::new().await;
    street
        .overlay(json!({ "codes": { "sends": 2, "checks": 2, "sends_per_hour": 4 } }))
        .await;
    let known = street.by_visitor("ada@example.com", "").await;
    let nobodys = street.by_visitor("nobody@example.com", "").await;
    let code = street.house.code(&known).await;
    let mut client = street.house.verifications(&visitor());
    for left in (0..4).rev() {
        for verification in [&known, &nobodys] {
            let request = ResendCodeRequest {
                request_id: request_id(),
                verification_id: verification.verification_id.clone(),
            };
            let resent = client
                .resend_code(request)
                .await
                .unwrap()
                .into_inner()
                .verification
                .unwrap();
            assert_eq!(resent.sends_left, left);
        }
    }
    // Two of the five sends to her went out; of those to nobody, none.
    let sent = [("no_recipient", 5), ("sent", 2), ("withheld", 3)];
    assert_eq!(
        street.deliveries().await,
        sent.map(|(outcome, count)| (outcome.to_owned(), count))
    );
    // Two wrong codes, and the right one is as wrong as any, to the last word.
    let wrong = Reason::CodeWrong.as_str_name();
    let expected = [
        (wrong, "4"),
        (wrong, "3"),
        (wrong, "2"),
        (wrong, "1"),
        (wrong, "0"),
        (Reason::TooManyChecks.as_str_name(), ""),
    ];
    for verification in [&known, &nobodys] {
        for (index, (reason, left)) in expected.into_iter().enumerate() {
            let guess = if index < 2 { other_than(&code) } else { &code };
            let refusal = street.house.check(verification, guess).await.unwrap_err();
            let told_left = refusal.metadata.get("checks_left").map_or("", String::as_str);
            assert_eq!((refusal.reason.as_str(), told_left), (reason, left));
        }
    }
    assert_eq!(
        street.read(&known).await,
        Verification {
            verification_id: known.verification_id.clone(),
            expire_time: known.expire_time,
            ..street.read(&nobodys).await
        }
    );
}

#[tokio::test]
async fn a_country_can_ask_for_more_than_a_code_proves_and_close_a_way() {
    let street = Street::new().await;
    let overlay = street
        .overlay(json!({ "purposes": {
            "payment": {
                "assurance": "ASSURANCE_LEVEL_AAL2",
                "methods": ["VERIFICATION_METHOD_EMAIL_CODE", "VERIFICATION_METHOD_SMS_CODE"],
            },
            "general_help": { "methods": ["VERIFICATION_METHOD_EMAIL_CODE"] },
        } }))
        .await;
    let answer = street.by_staff(VerificationPurpose::Payment).await;
    let told_staff = refused(answer, Reason::MethodNotAccepted, Code::FailedPrecondition);
    assert_eq!(told_staff.metadata["purpose"], "VERIFICATION_PURPOSE_PAYMENT");
    assert_eq!(told_staff.metadata["assurance"], "ASSURANCE_LEVEL_AAL2");
    assert_eq!(
        told_staff.metadata["methods"],
        "VERIFICATION_METHOD_EMAIL_CODE,VERIFICATION_METHOD_SMS_CODE"
    );
    assert!(told_staff.metadata["standard_basis"].ends_with(&overlay));
    // Of a visitor it depends on what they say, not on whose the address is.
    let pay = |contact, country: &str| StartVerificationRequest {
        purpose: VerificationPurpose::Payment.into(),
        country_code: country.to_owned(),
        ..start(contact)
    };
    let mut client = street.house.verifications(&visitor());
    for address in ["ada@example.com", "bob@example.com", "nobody@example.com"] {
        let answer = client.start_verification(pay(email(address), "DE")).await;
        refused(answer, Reason::MethodNotAccepted, Code::FailedPrecondition);
        client.start_verification(pay(email(address), "")).await.unwrap();
    }
    let by_phone = StartVerificationRequest {
        country_code: "DE".to_owned(),
        ..start(phone("+4930123456"))
    };
    let answer = client.start_verification(by_phone).await;
    let told_visitor = refused(answer, Reason::MethodNotAccepted, Code::FailedPrecondition);
    assert_eq!(told_visitor.metadata["methods"], "VERIFICATION_METHOD_EMAIL_CODE");
    // It was started for all three, and a code went to the one whose country allows it.
    let sent = [("no_recipient", 1), ("sent", 1), ("withheld", 1)];
    assert_eq!(
        street.deliveries().await,
        sent.map(|(outcome, count)| (outcome.to_owned(), count))
    );
    street.by_staff(VerificationPurpose::GeneralHelp).await.unwrap();
}

#[tokio::test]
async fn what_stricter_rules_would_mean_is_told_by_their_check() {
    let street = Street::new().await;
    for address in ["ada@example.com", "bob@example.com"] {
        street.house.verify(address).await;
    }
    let content = json!({ "purposes": { "general_help": { "grant_lifetime": "300s" } } });
    let asked = CheckContentRequest {
        document: DOCUMENT.to_owned(),
        place: "country/DE".to_owned(),
        content: content.to_string(),
        effective_from: None,
    };
    let report = street.house.standard().check_content(asked).await.unwrap().into_inner();
    let told = report.report.unwrap().consequences;
    let told: Vec<_> = told
        .iter()
        .map(|told| {
            (
                told.place.as_str(),
                told.count,
                told.before.as_str(),
                told.after.as_str(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [("country/DE", 1, "accepted, for 1800 s", "accepted, for 300 s")],
        "one of the two lives there"
    );
}
