//! Codes that somebody has sent to earn by it, to one calling code: few numbers alike, many of one country.

use std::time::Duration;

use serde_json::json;
use support_proto::support::identity::v1 as pb;
use support_proto::support::identity::v1::local_outbox_service_client::LocalOutboxServiceClient;
use support_proto::support::identity::v1::verification_service_client::VerificationServiceClient;
use support_testing::publish_at;
use time::OffsetDateTime;
use time::macros::datetime;

use crate::house::{check, code_in, eventually, new_customer, operator, phone, start, visitor};
use crate::town::Town;

/// Noon: an hour of the clock begins, and goes by when the test says so.
const NOON: OffsetDateTime = datetime!(2026-03-02 12:00 UTC);

/// The town, where a dozen codes to one calling code within an hour are as many as go out unasked, if few come back.
async fn town() -> Town {
    let town = Town::with(NOON, |settings| {
        settings.set("identity-verification.delivery.outbox", "local")
    })
    .await;
    let rules = json!({ "risk": { "pumping": { "sends_per_country": 12 } } });
    let policy = "identity-verification/verification-policy";
    publish_at(&town.channel(), policy, "country/CH", &rules, NOON).await;
    town
}

/// A number, no two of which are alike in more than their first digits.
fn number(code: &str, index: u32) -> String {
    format!("+{code}{}", 790_000_000 + index * 110_001)
}

async fn begin(town: &Town, number: &str) -> pb::Verification {
    VerificationServiceClient::new(town.door(&visitor()))
        .start_verification(start(phone(number)))
        .await
        .unwrap()
        .into_inner()
        .verification
        .unwrap()
}

/// How the delivery of a code ended.
async fn ended(town: &Town, verification: &pb::Verification) -> (String, Option<String>) {
    let id = verification.verification_id.strip_prefix("eu-").unwrap();
    eventually("the delivery has ended", async || {
        sqlx::query_as("select state, reason from deliveries where verification_id = $1::uuid and state <> 'pending'")
            .bind(id)
            .fetch_optional(&town.pool)
            .await
            .unwrap()
    })
    .await
}

async fn come_back(town: &Town, verification: &pb::Verification) {
    let list = pb::ListOutboxMessagesRequest {
        verification_id: verification.verification_id.clone(),
        ..pb::ListOutboxMessagesRequest::default()
    };
    let kept = LocalOutboxServiceClient::new(town.door(&operator()))
        .list_outbox_messages(list)
        .await;
    let request = check(verification, &code_in(&kept.unwrap().into_inner().messages[0].body));
    let answer = VerificationServiceClient::new(town.door(&visitor()))
        .check_code(request)
        .await;
    assert!(answer.unwrap().into_inner().grant.is_some());
}

#[tokio::test]
async fn codes_to_a_pumped_calling_code_are_withheld_until_enough_come_back() {
    let (sent, withheld) = (
        ("sent".to_owned(), None),
        ("dropped".to_owned(), Some("pumped".to_owned())),
    );
    let town = town().await;
    for index in 0..16 {
        town.customer(new_customer(vec![phone(&number("41", index))])).await;
    }
    let german = "+4915112345678";
    town.customer(new_customer(vec![phone(german)])).await;

    let mut begun = Vec::new();
    for index in 0..12 {
        let verification = begin(&town, &number("41", index)).await;
        assert_eq!(ended(&town, &verification).await, sent, "{index}");
        begun.push(verification);
    }
    // Two of a dozen: fewer than a fifth.
    for verification in &begun[..2] {
        come_back(&town, verification).await;
    }
    let pumped = begin(&town, &number("41", 12)).await;
    assert_eq!(ended(&town, &pumped).await, withheld);
    // It is answered as one that went out, and as one of a number that nobody has.
    let nobody = begin(&town, &number("41", 40)).await;
    let alike = |verification: &pb::Verification| pb::Verification {
        verification_id: String::new(),
        ..verification.clone()
    };
    assert_eq!(alike(&pumped), alike(&begun[11]));
    assert_eq!(alike(&pumped), alike(&nobody));
    assert_eq!(
        (pumped.state(), pumped.sends_left),
        (pb::VerificationState::Challenged, 4)
    );
    // What goes elsewhere goes on, under the same rules.
    let elsewhere = begin(&town, german).await;
    assert_eq!(ended(&town, &elsewhere).await, sent);

    // Three of a dozen: what was withheld is not held against those that went out.
    come_back(&town, &begun[2]).await;
    let again = begin(&town, &number("41", 13)).await;
    assert_eq!(ended(&town, &again).await, sent);
    // Three of thirteen, of fourteen, of fifteen; the next hour has a dozen of its own.
    for index in 14..16 {
        let next = begin(&town, &number("41", index)).await;
        assert_eq!(ended(&town, &next).await, sent, "{index}");
    }
    let pumped = begin(&town, &number("41", 12)).await;
    assert_eq!(ended(&town, &pumped).await, sent, "three of fifteen are a fifth");
    let pumped = begin(&town, &number("41", 12)).await;
    assert_eq!(ended(&town, &pumped).await, withheld, "three of sixteen are not");
    town.later(Duration::from_hours(1));
    let later = begin(&town, &number("41", 12)).await;
    assert_eq!(ended(&town, &later).await, sent);
}
