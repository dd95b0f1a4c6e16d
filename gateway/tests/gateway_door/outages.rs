//! What callers meet while something is down, and after it came back.

use std::sync::Arc;
use std::time::Duration;

use support_chassis::error::explain;
use support_proto::support::types::v1::CommonErrorReason;
use tokio::sync::Notify;
use tonic::Code;

use super::harness::backends::script;
use super::harness::tokens::{customer, staff};
use super::harness::{CASE_ID, GET_CASE, Stage, bearer, bearing, get_case, soon, until};

fn by_json() -> String {
    serde_json::json!({ "caseId": CASE_ID }).to_string()
}

#[tokio::test]
async fn a_service_that_is_down_is_named_and_found_again() {
    let mut stage = Stage::start().await;
    let token = staff(&["cases.read"]);
    stage.get_case(&token).await.unwrap();
    stage.kill("case").await;
    // Enough calls to open the circuit: the answer is the same, with and without an attempt.
    for _ in 0..8 {
        let explained = explain(&stage.get_case(&token).await.unwrap_err());
        assert_eq!(explained.code, Code::Unavailable);
        assert_eq!(explained.common(), Some(CommonErrorReason::DependencyUnavailable));
        assert_eq!(explained.metadata["service"], "case");
        assert!(explained.retry_after.is_some_and(|wait| wait > Duration::ZERO));
    }
    let answered = stage
        .json(GET_CASE, &[("authorization", &bearer(&token))], by_json())
        .await;
    assert_eq!(answered.status, 503);
    assert!(answered.header("retry-after").parse::<u64>().unwrap() >= 1);
    let problem = answered.json();
    assert_eq!(problem["reason"], "COMMON_ERROR_REASON_DEPENDENCY_UNAVAILABLE");
    assert_eq!(problem["metadata"]["service"], "case");
    assert!(problem["retryAfterSeconds"].as_f64().unwrap() > 0.0);
    // Others are not touched.
    let products = stage
        .json("/support.warranty.v1.CatalogueService/ListProducts", &[], "{}")
        .await;
    assert_eq!(products.status, 200);

    stage.raise("case").await;
    until("the service is found again", || async {
        stage.get_case(&token).await.is_ok()
    })
    .await;
}

#[tokio::test]
async fn keys_are_fetched_when_identity_verification_comes() {
    let mut stage = Stage::without(&["identity-verification"]).await;
    // Staff are vouched for by somebody else.
    stage.get_case(&staff(&["cases.read"])).await.unwrap();
    // A customer's token may well be good: it is not called bad.
    let explained = explain(&stage.get_case(&customer()).await.unwrap_err());
    assert_eq!(explained.code, Code::Unavailable);
    assert_eq!(explained.common(), Some(CommonErrorReason::DependencyUnavailable));
    assert_eq!(explained.metadata["service"], "identity-verification");
    stage.raise("identity-verification").await;
    until("the keys are known", || async {
        stage.get_case(&customer()).await.is_ok()
    })
    .await;
    // They stay when it goes again.
    stage.kill("identity-verification").await;
    let another = super::harness::tokens::Issuer::identity()
        .token(&serde_json::json!({ "kind": "customer", "sub": "eu-2", "aal": 2 }));
    stage.get_case(&another).await.unwrap();
}

#[tokio::test]
async fn many_tokens_do_not_wait_for_keys_one_after_the_other() {
    // Identity-verification takes connections and says nothing: every attempt to fetch its keys takes its whole time.
    let (stage, _mute) = Stage::with_mute("identity-verification").await;
    let calls = (0..40).map(|_| async { stage.get_case(&customer()).await.unwrap_err().code() });
    let codes = soon("all are answered", futures_util::future::join_all(calls)).await;
    // Within the deadline of the method, all of them.
    assert!(codes.iter().all(|code| *code == Code::Unavailable), "{codes:?}");
}

#[tokio::test]
async fn a_service_that_dies_within_a_call_is_an_outage() {
    let mut stage = Stage::start().await;
    let reached = Arc::new(Notify::new());
    let told = Arc::clone(&reached);
    stage.desk.play(script(move |_| {
        told.notify_one();
        std::future::pending()
    }));
    let (mut cases, token) = (stage.cases(), staff(&["cases.read"]));
    let call = tokio::spawn(async move { cases.get_case(bearing(get_case(), &token)).await });
    soon("the call is at work", reached.notified()).await;
    stage.kill("case").await;
    let status = soon("the call ends", call).await.unwrap().unwrap_err();
    let explained = explain(&status);
    assert_eq!(explained.code, Code::Unavailable);
    assert_eq!(explained.common(), Some(CommonErrorReason::DependencyUnavailable));
}

#[tokio::test]
async fn the_gateway_that_stops_finishes_calls_in_flight() {
    let mut stage = Stage::start().await;
    let (reached, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (told, waits) = (Arc::clone(&reached), Arc::clone(&go_on));
    stage.desk.play(script(move |_| {
        told.notify_one();
        let waits = Arc::clone(&waits);
        async move {
            waits.notified().await;
            Ok(())
        }
    }));
    let (mut cases, token) = (stage.cases(), staff(&["cases.read"]));
    let call = tokio::spawn(async move { cases.get_case(bearing(get_case(), &token)).await });
    soon("the call is at work", reached.notified()).await;
    stage.lifecycle.drain("the test says so");
    // Nobody new is let in, while the call is still at work.
    let address = stage.address;
    until("the port is closed", || async {
        tokio::net::TcpStream::connect(address).await.is_err()
    })
    .await;
    assert!(!call.is_finished());
    go_on.notify_one();
    let answer = soon("the call ends", call).await.unwrap().unwrap();
    assert_eq!(answer.into_inner().case.unwrap().case_id, CASE_ID);
    stage.finished().await.unwrap();
}

#[tokio::test]
async fn a_stream_is_told_when_the_gateway_stops() {
    use support_proto::support::routing::v1::WatchOffersRequest;
    use support_proto::support::routing::v1::agent_service_client::AgentServiceClient;

    let mut stage = Stage::start().await;
    let call = bearing(WatchOffersRequest {}, &staff(&["tasks.work"]));
    let mut agents = AgentServiceClient::new(stage.channel());
    let mut offers = soon("the stream opens", agents.watch_offers(call))
        .await
        .unwrap()
        .into_inner();
    let _feed = stage.opened().await;
    stage.lifecycle.drain("the test says so");
    let explained = explain(&soon("the stream ends", offers.message()).await.unwrap_err());
    assert_eq!(explained.code, Code::Unavailable);
    assert_eq!(explained.common(), Some(CommonErrorReason::ShuttingDown));
    drop((offers, agents));
    stage.finished().await.unwrap();
}

#[tokio::test]
async fn callers_whose_network_breaks_do_not_shut_the_service_for_others() {
    use tokio::io::AsyncWriteExt as _;

    let stage = Stage::start().await;
    let token = bearer(&staff(&["cases.read"]));
    // gRPC-Web bodies that promise more than they bring, or are no base64.
    for _ in 0..10 {
        let mut stream = tokio::net::TcpStream::connect(stage.address).await.unwrap();
        let head = format!(
            "POST {GET_CASE} HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/grpc-web+proto\r\n\
             authorization: {token}\r\ncontent-length: 500\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&[0, 0, 0, 1, 0xef, 10]).await.unwrap();
        stream.shutdown().await.unwrap();
        let headers = [
            ("authorization", token.as_str()),
            ("content-type", "application/grpc-web-text"),
        ];
        let answered = stage.plain(GET_CASE, &headers, "!!!! no base64 !!!!").await;
        assert_eq!(
            answered.explained().common(),
            Some(CommonErrorReason::MalformedMessage),
            "{:?}",
            answered.headers
        );
    }
    let answer = stage.get_case(&staff(&["cases.read"])).await.unwrap();
    assert_eq!(answer.case.unwrap().case_id, CASE_ID);
}
