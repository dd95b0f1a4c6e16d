//! gRPC-Web as browsers send it: over HTTP/1.1, trailers in the body, plain or as base64; and what a page may.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use http_body_util::Full;
use prost::Message as _;
use support_chassis::error::{explain, read_status};
use support_proto::support::case::v1::GetCaseResponse;
use support_proto::support::types::v1::CommonErrorReason;

use super::harness::backends::{case_not_found, known_case, script};
use super::harness::http::{Answered, framed, http1};
use super::harness::tokens::customer;
use super::harness::{CASE_ID, GET_CASE, ORIGIN, Stage, bearer, get_case, soon};

/// The trailers frame of a gRPC-Web body.
pub(super) fn trailers(frame: &[u8]) -> HeaderMap {
    assert_eq!(frame[0], 0x80);
    let length = u32::from_be_bytes(frame[1..5].try_into().unwrap());
    assert_eq!(frame.len(), 5 + usize::try_from(length).unwrap());
    std::str::from_utf8(&frame[5..])
        .unwrap()
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| {
            let (name, value) = line.split_once(':').unwrap();
            (
                name.trim().parse::<HeaderName>().unwrap(),
                HeaderValue::from_str(value.trim()).unwrap(),
            )
        })
        .collect()
}

/// The messages and the trailers of a gRPC-Web answer, wherever the status stands.
pub(super) fn unpacked(answered: &Answered, text: bool) -> (Vec<Vec<u8>>, HeaderMap) {
    assert_eq!(answered.status, 200);
    let body = if text {
        from_text(&answered.body)
    } else {
        answered.body.to_vec()
    };
    let mut messages = Vec::new();
    let mut rest = body.as_slice();
    while !rest.is_empty() {
        let length = usize::try_from(u32::from_be_bytes(rest[1..5].try_into().unwrap())).unwrap();
        let (frame, after) = rest.split_at(5 + length);
        if frame[0] == 0x80 {
            assert!(after.is_empty(), "something after the trailers");
            return (messages, trailers(frame));
        }
        assert_eq!(frame[0], 0);
        messages.push(frame[5..].to_vec());
        rest = after;
    }
    (messages, answered.headers.clone())
}

/// Pieces of base64, each padded for itself, as browsers decode them.
fn from_text(body: &[u8]) -> Vec<u8> {
    body.chunks(4)
        .flat_map(|quartet| STANDARD.decode(quartet).unwrap())
        .collect()
}

async fn call(stage: &Stage, media: &str, body: Vec<u8>) -> Answered {
    let token = bearer(&customer());
    let headers = [
        ("content-type", media),
        ("accept", media),
        ("authorization", token.as_str()),
        ("origin", ORIGIN),
        ("x-grpc-web", "1"),
    ];
    stage.plain(GET_CASE, &headers, body).await
}

#[tokio::test]
async fn a_browser_calls() {
    let stage = Stage::start().await;
    let message = framed(&get_case().encode_to_vec());
    for media in [
        "application/grpc-web",
        "application/grpc-web+proto",
        "Application/gRPC-Web+proto; charset=utf-8",
    ] {
        let answered = call(&stage, media, message.clone()).await;
        assert!(
            answered.header("content-type").starts_with("application/grpc-web"),
            "{media}"
        );
        assert_eq!(answered.header("access-control-allow-origin"), ORIGIN);
        let (messages, trailers) = unpacked(&answered, false);
        assert_eq!(trailers["grpc-status"], "0", "{media}");
        let answer = GetCaseResponse::decode(messages[0].as_slice()).unwrap();
        assert_eq!(answer.case.unwrap(), known_case(CASE_ID));
    }
}

#[tokio::test]
async fn a_browser_calls_with_base64() {
    let stage = Stage::start().await;
    let message = STANDARD.encode(framed(&get_case().encode_to_vec()));
    for media in ["application/grpc-web-text", "application/grpc-web-text+proto"] {
        let answered = call(&stage, media, message.clone().into_bytes()).await;
        assert!(answered.header("content-type").starts_with("application/grpc-web-text"));
        let (messages, trailers) = unpacked(&answered, true);
        assert_eq!(trailers["grpc-status"], "0");
        let answer = GetCaseResponse::decode(messages[0].as_slice()).unwrap();
        assert_eq!(answer.case.unwrap(), known_case(CASE_ID));
    }
}

#[tokio::test]
async fn a_browser_reads_an_error_with_its_reason() {
    let stage = Stage::start().await;
    stage.desk.play(script(|_| async { Err(case_not_found()) }));
    for (media, text) in [
        ("application/grpc-web+proto", false),
        ("application/grpc-web-text", true),
    ] {
        let mut message = framed(&get_case().encode_to_vec());
        if text {
            message = STANDARD.encode(message).into_bytes();
        }
        let answered = call(&stage, media, message).await;
        let (messages, trailers) = unpacked(&answered, text);
        assert!(messages.is_empty());
        let explained = explain(&read_status(&trailers).unwrap());
        assert_eq!(explained.reason, "CASE_ERROR_REASON_CASE_NOT_FOUND");
        assert_eq!(explained.metadata["case_id"], "eu-1");
        // Or the page could not read it.
        let exposed = answered.header("access-control-expose-headers");
        for header in ["grpc-status", "grpc-message", "grpc-status-details-bin", "retry-after"] {
            assert!(exposed.contains(header), "{header} not in {exposed}");
        }
    }
}

async fn preflight(stage: &Stage, origin: &str) -> Answered {
    let request = Request::options(GET_CASE)
        .header("host", "gateway")
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "authorization,content-type,x-grpc-web",
        )
        .body(Full::<Bytes>::default())
        .unwrap();
    soon("an answer", async { http1(stage.address, request).await.whole().await }).await
}

#[tokio::test]
async fn a_page_of_ours_may_call_and_another_may_not() {
    let stage = Stage::start().await;
    let answered = preflight(&stage, ORIGIN).await;
    assert_eq!(answered.status, 200);
    assert_eq!(answered.header("access-control-allow-origin"), ORIGIN);
    assert!(answered.header("access-control-allow-methods").contains("POST"));
    let headers = answered.header("access-control-allow-headers").to_lowercase();
    for header in [
        "authorization",
        "content-type",
        "accept-language",
        "x-grpc-web",
        "x-user-agent",
        "grpc-timeout",
        "traceparent",
        "x-support-grant",
    ] {
        assert!(headers.contains(header), "{header} not in {headers}");
    }
    // Tokens are in a header that scripts set, so no cookie ever has to be sent.
    assert_eq!(answered.header("access-control-allow-credentials"), "");

    let answered = preflight(&stage, "https://evil.example.net").await;
    assert_eq!(answered.header("access-control-allow-origin"), "");
    assert_eq!(stage.desk.calls(), 0);
}

#[tokio::test]
async fn what_is_no_grpc_web_is_told_so() {
    let stage = Stage::start().await;
    for media in [
        "application/grpc-web+json",
        "application/grpc-web-texts",
        "application/grpc-webx",
    ] {
        let answered = stage.plain(GET_CASE, &[("content-type", media)], framed(&[])).await;
        assert_eq!(answered.status, 400, "{media}");
        assert_eq!(
            answered.json()["reason"],
            "COMMON_ERROR_REASON_BAD_HTTP_REQUEST",
            "{media}"
        );
    }
    // No body at all.
    let answered = call(&stage, "application/grpc-web+proto", Vec::new()).await;
    let explained = answered.explained();
    assert_eq!(explained.common(), Some(CommonErrorReason::MalformedMessage));
    assert_eq!(stage.desk.calls(), 0);
}
