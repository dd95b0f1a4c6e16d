//! The same call by Python's grpcio, by a browser's gRPC-Web and by curl: the same answer, the same error.

use serde_json::{Value, json};
use support_tests::people::{Customer, nobody_like, partner, request_id, serial_number};
use support_tests::speak::python::Python;
use support_tests::speak::{Asked, Outcome, curl, web};
use support_tests::town::shared;

const CASES: &str = "/support.case.v1.CaseService";

/// Makes all calls in all ways. Every way must say the same; what it says is given back.
async fn say(gateway: &str, language: &str, asked: &[Asked]) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for asked in asked {
        let by_curl = curl::call(gateway, language, asked).await;
        let by_web = web::call(gateway, language, asked).await;
        assert_eq!(by_curl, by_web, "curl and gRPC-Web differ: {asked:?}");
        outcomes.push(by_curl);
    }
    let target = concat!(env!("CARGO_TARGET_TMPDIR"), "/..");
    if let Some(python) = Python::get(target).await {
        let by_python = python.calls(gateway, language, asked).await;
        for ((asked, by_curl), by_python) in asked.iter().zip(&outcomes).zip(&by_python) {
            assert_eq!(by_curl, by_python, "curl and Python differ: {asked:?}");
        }
        assert_eq!(by_python.len(), outcomes.len());
    }
    outcomes
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_the_same() {
    let town = shared();
    let customer = Customer::verified(town).await;
    let case = customer.opens("Größe, 屏幕, شاشة \u{1f4f1} \"quoted\" \\ back").await;
    let (_, partner) = partner(town, "atelier-mobile").await;
    let operator = town.operator_token();
    let open = json!({
        "requestId": request_id(), "channel": "CHANNEL_EMAIL", "language": "en", "severity": "SEVERITY_HIGH",
        "subject": "The same three times", "description": "Line one\nline two\ttab",
    });
    let id = json!({ "caseId": case.case_id });
    let asked = [
        Asked::new(&format!("{CASES}/GetCase"), &customer.token, id.clone()),
        // A change with one request id: the first makes it, the others are told of it.
        Asked::new(&format!("{CASES}/OpenCase"), &customer.token, open),
        Asked::new(&format!("{CASES}/ListTimeline"), &customer.token, id),
        Asked::new(&format!("{CASES}/ListCases"), &customer.token, json!({ "pageSize": 1 })),
        Asked::new(
            "/support.warranty.v1.CatalogueService/ListProducts",
            "",
            json!({ "pageSize": 5 }),
        ),
        Asked::new("/support.localisation.v1.LocaleService/ListLocales", "", json!({})),
        Asked::new("/support.repair.v1.ProviderService/ListProviders", &partner, json!({})),
        Asked::new(
            "/support.routing.v1.AgentService/ListAgents",
            &operator,
            json!({ "pageSize": 3 }),
        ),
        Asked::new(
            "/support.localisation.v1.MessageService/RenderMessage",
            "",
            json!({ "key": "case.resolved", "languages": ["ar"] }),
        ),
    ];
    // The history grows once more when the task is made; the order of the calls does not wait for it.
    support_tests::wait::until("the task", async || {
        let entries = support_tests::people::timeline(&customer.caller, &case.case_id).await;
        (entries.len() > 1).then_some(())
    })
    .await;
    let outcomes = say(&town.gateway_url, "en", &asked).await;
    let read = &outcomes[0].answer()["case"];
    assert_eq!(read["subject"], "Größe, 屏幕, شاشة \u{1f4f1} \"quoted\" \\ back");
    assert_eq!(read["state"], "CASE_STATE_OPEN");
    assert_eq!(outcomes[1].answer()["case"]["description"], "Line one\nline two\ttab");
    assert_eq!(
        outcomes[2].answer()["entries"][1]["sequence"],
        "2",
        "64-bit numbers are text in JSON"
    );
    assert!(!outcomes[3].answer()["nextPageToken"].as_str().unwrap().is_empty());
    assert_eq!(outcomes[4].answer()["products"].as_array().unwrap().len(), 5);
    assert_eq!(outcomes[5].answer()["locales"].as_array().unwrap().len(), 54);
    assert!(!outcomes[6].answer()["providers"].as_array().unwrap().is_empty());
    assert_eq!(outcomes[7].answer()["agents"].as_array().unwrap().len(), 3);
    assert_eq!(outcomes[8].answer()["direction"], "DIRECTION_RIGHT_TO_LEFT");
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_the_same_with_the_same_reason() {
    let town = shared();
    let (customer, other) = (Customer::verified(town).await, Customer::verified(town).await);
    let theirs = other.opens("Not yours").await;
    let nobody = nobody_like(&theirs.case_id);
    let token = customer.token.as_str();
    let operator = town.operator_token();
    let get_case = format!("{CASES}/GetCase");
    let asked: Vec<(&str, &str, Asked)> = vec![
        (
            "NOT_FOUND",
            "CASE_ERROR_REASON_CASE_NOT_FOUND",
            Asked::new(&get_case, token, json!({ "caseId": nobody })),
        ),
        (
            "NOT_FOUND",
            "CASE_ERROR_REASON_CASE_NOT_FOUND",
            Asked::new(&get_case, token, json!({ "caseId": theirs.case_id })),
        ),
        (
            "INVALID_ARGUMENT",
            "COMMON_ERROR_REASON_INVALID_FIELDS",
            Asked::new(&get_case, token, json!({ "caseId": "x" })),
        ),
        (
            "INVALID_ARGUMENT",
            "COMMON_ERROR_REASON_INVALID_FIELDS",
            Asked::new(
                &format!("{CASES}/OpenCase"),
                token,
                json!({ "requestId": "1", "severity": 99 }),
            ),
        ),
        (
            "PERMISSION_DENIED",
            "COMMON_ERROR_REASON_CALLER_KIND_NOT_ALLOWED",
            Asked::new(&get_case, "", json!({ "caseId": nobody })),
        ),
        (
            "UNAUTHENTICATED",
            "COMMON_ERROR_REASON_CREDENTIALS_INVALID",
            Asked::new(&get_case, "a.b.c", json!({ "caseId": nobody })),
        ),
        (
            "PERMISSION_DENIED",
            "COMMON_ERROR_REASON_SCOPE_MISSING",
            Asked::new(
                "/support.routing.v1.AgentService/SetPresence",
                &town
                    .issuer
                    .token("staff", "nobody", &[], std::time::Duration::from_mins(1)),
                json!({}),
            ),
        ),
        (
            "NOT_FOUND",
            "WARRANTY_ERROR_REASON_DEVICE_NOT_FOUND",
            Asked::new(
                "/support.warranty.v1.DeviceService/LookupDevice",
                &operator,
                json!({ "serialNumber": serial_number() }),
            ),
        ),
        (
            "UNAUTHENTICATED",
            "IDENTITY_ERROR_REASON_CLIENT_UNKNOWN",
            Asked::new(
                "/support.identity.v1.CredentialService/IssuePartnerToken",
                "",
                json!({ "clientId": "nobody", "clientSecret": "nothing" }),
            ),
        ),
        (
            "UNIMPLEMENTED",
            "COMMON_ERROR_REASON_UNKNOWN_METHOD",
            Asked::new("/support.feed.v1.FeedService/Acknowledge", &operator, json!({})),
        ),
    ];
    // Python's client has no stub of the feed here; it is the other two's to ask.
    let (all, feed) = asked.split_at(asked.len() - 1);
    let calls: Vec<Asked> = all.iter().map(|(_, _, asked)| asked.clone()).collect();
    let mut outcomes = say(&town.gateway_url, "de", &calls).await;
    for (_, _, asked) in feed {
        let by_curl = curl::call(&town.gateway_url, "de", asked).await;
        assert_eq!(by_curl, web::call(&town.gateway_url, "de", asked).await);
        outcomes.push(by_curl);
    }
    for ((code, reason, asked), outcome) in asked.iter().zip(&outcomes) {
        let refusal = outcome.refusal();
        assert_eq!(
            (refusal.code.as_str(), refusal.reason.as_str()),
            (*code, *reason),
            "{asked:?}"
        );
        assert!(!refusal.message.is_empty());
        let words = refusal.words.as_deref();
        assert!(words.is_some_and(|words| !words.is_empty()), "no words for {reason}");
    }
    // Every field that breaks its rule, by name.
    let fields: Vec<&Value> = outcomes[3]
        .refusal()
        .violations
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["field"])
        .collect();
    for field in ["request_id", "channel", "language", "severity", "subject"] {
        assert!(fields.contains(&&json!(field)), "{field} not in {fields:?}");
    }
    // What belongs to others is not there, in the very same words as what is nowhere.
    let (nowhere, others) = (outcomes[0].refusal().clone(), outcomes[1].refusal().clone());
    assert_eq!(nowhere.message, others.message);
    assert_eq!(nowhere.words, others.words);
}
