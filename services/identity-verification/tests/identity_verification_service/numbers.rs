//! What a provider knows of telephone numbers, asked over HTTP: what it comes to, and that nobody waits for it in vain.

use std::time::Duration;

use serde_json::json;
use support_chassis::clock::Clock;
use support_proto::support::identity::v1 as pb;
use support_proto::support::identity::v1::risk_service_client::RiskServiceClient;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::events::Lines;
use crate::house::{House, eventually, new_customer, operator, phone, staff, start, visitor};
use crate::web_hook::{Manner, Question, WebHook};

/// A service that asks a provider.
struct Provider {
    hook: WebHook,
    house: House,
}

impl Provider {
    async fn new() -> Self {
        let hook = WebHook::serve("/numbers").await;
        let house = House::with(|settings| {
            settings
                .set("identity-verification.numbers.url", hook.url.as_str())
                .set("identity-verification.numbers.token", "a secret between us")
                .set("identity-verification.numbers.timeout_seconds", 1)
        })
        .await;
        Self { hook, house }
    }

    async fn customer(&self, number: &str) {
        self.house
            .customers(&staff())
            .create_customer(new_customer(vec![phone(number)]))
            .await
            .unwrap();
    }

    /// Starts a verification of a number, and waits until the code has gone out.
    async fn begin(&self, number: &str) -> (pb::Verification, String) {
        let answer = self
            .house
            .verifications(&visitor())
            .start_verification(start(phone(number)))
            .await;
        let verification = answer.unwrap().into_inner().verification.unwrap();
        let code = self.house.code(&verification).await;
        (verification, code)
    }

    /// What was noticed of a verification whose code came back, and what it came to.
    async fn weighed(&self, number: &str) -> (pb::RiskOutcome, Vec<pb::RiskSignal>) {
        let (verification, code) = self.begin(number).await;
        // What came of it is the assessment's to say.
        let _ = self.house.check(&verification, &code).await;
        let mut reviewer = operator();
        reviewer.scopes.insert("risk.review".to_owned());
        let asked = pb::GetRiskAssessmentRequest {
            verification_id: verification.verification_id,
        };
        let told = RiskServiceClient::new(self.house.door(&reviewer))
            .get_risk_assessment(asked)
            .await;
        let told = told.unwrap().into_inner().assessment.unwrap();
        (
            told.outcome(),
            told.findings.iter().map(pb::RiskFinding::signal).collect(),
        )
    }
}

/// A time of so many days ago.
fn days_ago(days: u64) -> String {
    let at: OffsetDateTime = Clock::system().now() - Duration::from_hours(24 * days);
    at.format(&Rfc3339).unwrap()
}

#[tokio::test]
async fn what_the_provider_knows_of_a_number_is_weighed_when_the_code_comes_back() {
    use pb::RiskOutcome as Outcome;
    use pb::RiskSignal as Signal;
    let provider = Provider::new().await;
    let told = |line: &str, ported: Option<String>, swapped: Option<String>| {
        json!({ "line": line, "ported_at": ported, "sim_swapped_at": swapped }).to_string()
    };
    let cases: [(&str, String, Outcome, &[Signal]); 6] = [
        ("+447400100001", told("mobile", None, None), Outcome::None, &[]),
        (
            "+447400200002",
            told("mobile", Some(days_ago(2)), None),
            Outcome::Raised,
            &[Signal::NumberPorted],
        ),
        (
            "+447400300003",
            told("mobile", Some(days_ago(20)), Some(days_ago(20))),
            Outcome::None,
            &[],
        ),
        (
            "+447400400004",
            told("voip", None, None),
            Outcome::None,
            &[Signal::NumberVoip],
        ),
        (
            "+447400500005",
            told("mobile", None, Some(days_ago(1))),
            Outcome::Blocked,
            &[Signal::SimSwapped],
        ),
        (
            "+447400600006",
            told("voip", Some(days_ago(1)), None),
            Outcome::Raised,
            &[Signal::NumberPorted, Signal::NumberVoip],
        ),
    ];
    for (number, answer, outcome, signals) in &cases {
        provider.customer(number).await;
        provider.hook.answers(200, answer.clone());
        assert_eq!(provider.weighed(number).await, (*outcome, signals.to_vec()), "{number}");
    }
    let expected: Vec<Question> = cases
        .iter()
        .map(|(number, ..)| Question {
            target: "POST /numbers".to_owned(),
            secret: "Bearer a secret between us".to_owned(),
            kind: "application/json".to_owned(),
            key: String::new(),
            body: json!({ "number": number }),
        })
        .collect();
    assert_eq!(provider.hook.asked(), expected);

    // What it said is good for hours, and it is asked neither of numbers that nobody has nor of e-mail.
    assert_eq!(
        provider.weighed("+447400200002").await,
        (Outcome::Raised, vec![Signal::NumberPorted])
    );
    let nobody = start(phone("+447400900009"));
    let visitor = visitor();
    provider
        .house
        .verifications(&visitor)
        .start_verification(nobody)
        .await
        .unwrap();
    provider.house.customer("ada@example.com").await;
    provider.house.verify("ada@example.com").await;
    eventually("nothing is left to deliver", async || {
        let left: i64 = sqlx::query_scalar("select count(*) from deliveries where state = 'pending'")
            .fetch_one(&provider.house.pool)
            .await
            .unwrap();
        (left == 0).then_some(())
    })
    .await;
    assert_eq!(provider.hook.asked(), expected);
}

/// One thread, so that the worker logs to where the test looks.
#[tokio::test]
async fn a_code_goes_out_whatever_the_provider_does_and_the_log_says_what_that_was() {
    let (lines, _listening) = Lines::listen("info");
    let provider = Provider::new().await;
    let mut number = 447_400_100_000_u64;
    // What the log says anew while a code goes to another customer's telephone, comes back and lets them in.
    let mut goes_out = async || {
        number += 10_001;
        let number = format!("+{number}");
        let before = lines.text().len();
        provider.customer(&number).await;
        let (verification, code) = provider.begin(&number).await;
        assert!(provider.house.check(&verification, &code).await.is_ok(), "{number}");
        let told = lines.text()[before..].to_owned();
        let lines: Vec<String> = told
            .lines()
            .filter(|line| line.contains("nothing was learned of a number"))
            .map(ToOwned::to_owned)
            .collect();
        for personal in [number.as_str(), &number[3..], "a secret between us"] {
            assert!(!told.contains(personal), "the log tells {personal}");
        }
        lines
    };
    let is_told = |lines: &[String], error: &str| {
        let [line] = lines else { panic!("{error}: {lines:?}") };
        assert!(
            line.contains(" INFO ") && line.ends_with(&format!("error={error}")),
            "{line}"
        );
    };
    is_told(&goes_out().await, "the provider took too long");
    provider.hook.behaves(Manner::HangsUp);
    is_told(&goes_out().await, "the provider did not answer: 0");
    provider.hook.answers(503, "{}");
    is_told(&goes_out().await, "the provider did not answer: 503");
    // Nor is it followed elsewhere, with the secret and the number.
    provider.hook.answers(302, "{}");
    is_told(&goes_out().await, "the provider did not answer: 302");
    for nonsense in [
        "<html>".to_owned(),
        json!({ "ported_at": "yesterday" }).to_string(),
        json!({ "line": "mobile", "more": "x".repeat(20_000) }).to_string(),
    ] {
        provider.hook.answers(200, nonsense);
        is_told(&goes_out().await, "the provider's answer cannot be read");
    }
    provider.hook.end().await;
    is_told(&goes_out().await, "the provider did not answer: 0");
    assert_eq!(provider.hook.asked().len(), 7, "each was asked but the last");
    assert!(
        provider
            .hook
            .asked()
            .iter()
            .all(|asked| asked.target == "POST /numbers"),
        "{:?}",
        provider.hook.asked()
    );
}
