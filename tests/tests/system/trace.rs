//! One trace from the caller through the gateway and the service into the event that others hear.

use serde_json::json;
use support_tests::books;
use support_tests::people::{Customer, request_id};
use support_tests::speak::curl;
use support_tests::town::shared;

#[tokio::test(flavor = "multi_thread")]
async fn an_event_knows_the_trace_of_the_call_that_caused_it() {
    let town = shared();
    let customer = Customer::verified(town).await;
    let trace_id = request_id().replace('-', "");
    let traceparent = format!("traceparent: 00-{trace_id}-b7ad6b7169203331-01");
    let authorization = format!("authorization: Bearer {}", customer.token);
    let url = format!("{}/support.case.v1.CaseService/OpenCase", town.gateway_url);
    let body = json!({
        "requestId": request_id(), "channel": "CHANNEL_CHAT", "language": customer.language, "subject": "Traced",
        "readLanguages": ["en"],
    });
    let arguments = [
        "-H",
        "content-type: application/json",
        "-H",
        &authorization,
        "-H",
        &traceparent,
        &url,
    ];
    let (status, text) = curl::curl(&arguments, &body.to_string()).await;
    assert_eq!(status, 200, "{text}");
    let mut connection = books::connect(town, "support_case").await;
    let events: Vec<String> = sqlx::query_scalar("select event_type from outbox where trace_parent like $1")
        .bind(format!("00-{trace_id}-%"))
        .fetch_all(&mut connection)
        .await
        .unwrap();
    assert_eq!(events, ["support.case.v1.CaseOpened"]);
}
