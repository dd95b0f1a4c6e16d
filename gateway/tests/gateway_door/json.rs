//! Bad input to the JSON side, and what its errors look like.

use serde_json::json;

use super::harness::backends::{overloaded, script};
use super::harness::tokens::customer;
use super::harness::{CASE_ID, GET_CASE, OPEN_CASE, Stage, bearer};

const REQUEST_ID: &str = "11111111-2222-4333-8444-555555555555";

#[tokio::test]
async fn json_that_does_not_fit_is_refused_where_it_is_wrong() {
    let stage = Stage::start().await;
    let token = bearer(&customer());
    let headers = [("authorization", token.as_str())];
    let nested_arrays = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let nested_objects = format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
    let nested_within = format!("{{\"caseId\": {nested_arrays}}}");
    let bodies: Vec<(&str, Vec<u8>)> = vec![
        (
            "an unknown field",
            json!({ "caseId": CASE_ID, "caseid2": 1 }).to_string().into(),
        ),
        ("a number for text", json!({ "caseId": 7 }).to_string().into()),
        ("an object for text", json!({ "caseId": {} }).to_string().into()),
        ("an array for the message", b"[]".to_vec()),
        ("text for the message", b"\"x\"".to_vec()),
        ("broken off", format!("{{\"caseId\":\"{CASE_ID}").into()),
        ("something after it", format!("{{\"caseId\":\"{CASE_ID}\"}} x").into()),
        ("two of it", b"{}{}".to_vec()),
        ("no json", b"caseId=1".to_vec()),
        ("only space", b"   ".to_vec()),
        ("a byte order mark", b"\xef\xbb\xbf{}".to_vec()),
        ("broken utf-8", b"{\"caseId\":\"\xff\xfe\"}".to_vec()),
        ("half a surrogate pair", b"{\"caseId\":\"\\ud800\"}".to_vec()),
        ("a zero byte", b"\0".to_vec()),
        ("nested arrays", nested_arrays.clone().into()),
        ("nested objects", nested_objects.into()),
        ("nested arrays in a field", nested_within.into()),
        ("open arrays", "[".repeat(100_000).into()),
    ];
    for (what, body) in bodies {
        let answered = stage.json(GET_CASE, &headers, body).await;
        assert_eq!(answered.status, 400, "{what}");
        assert_eq!(answered.header("content-type"), "application/problem+json", "{what}");
        let problem = answered.json();
        assert_eq!(problem["code"], "INVALID_ARGUMENT", "{what}");
        assert_eq!(
            problem["reason"], "COMMON_ERROR_REASON_MALFORMED_MESSAGE",
            "{what}: {problem}"
        );
        assert_eq!(problem["metadata"]["type"], "support.case.v1.GetCaseRequest", "{what}");
        assert!(
            problem["metadata"]["line"].as_str().unwrap().parse::<u32>().is_ok(),
            "{what}"
        );
    }
    assert_eq!(stage.desk.calls(), 0);
}

#[tokio::test]
async fn values_outside_their_type_are_refused() {
    let stage = Stage::start().await;
    let token = bearer(&customer());
    for (field, value) in [
        ("channel", json!("CHANNEL_NONE_SUCH")),
        ("channel", json!(3_000_000_000_u64)),
        ("channel", json!(1.5)),
        ("channel", json!(true)),
        ("subject", json!(["x"])),
        ("productLine", json!({})),
    ] {
        let mut request =
            json!({ "requestId": REQUEST_ID, "channel": "CHANNEL_CHAT", "language": "en", "subject": "x" });
        request[field] = value.clone();
        let answered = stage
            .json(OPEN_CASE, &[("authorization", &token)], request.to_string())
            .await;
        assert_eq!(answered.status, 400, "{field} {value}");
        assert_eq!(
            answered.json()["reason"],
            "COMMON_ERROR_REASON_MALFORMED_MESSAGE",
            "{field} {value}"
        );
    }
    // A number that no value has is of the type, and against the rules.
    let request = json!({ "requestId": REQUEST_ID, "channel": 4711, "language": "en", "subject": "x" });
    let answered = stage
        .json(OPEN_CASE, &[("authorization", &token)], request.to_string())
        .await;
    assert_eq!(answered.json()["reason"], "COMMON_ERROR_REASON_INVALID_FIELDS");
    assert_eq!(stage.desk.calls(), 0);
}

#[tokio::test]
async fn an_empty_body_is_an_empty_message() {
    let stage = Stage::start().await;
    let token = bearer(&customer());
    for body in ["", "{}", "{ }\n"] {
        let problem = stage.json(GET_CASE, &[("authorization", &token)], body).await.json();
        assert_eq!(problem["reason"], "COMMON_ERROR_REASON_INVALID_FIELDS", "{body:?}");
        assert_eq!(problem["violations"][0]["field"], "case_id", "{body:?}");
        assert!(!problem["violations"][0]["description"].as_str().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_body_too_large_is_refused_with_the_limit() {
    let stage = Stage::with(&[], json!({ "gateway": { "max_json_bytes": 100_000 } })).await;
    let token = bearer(&customer());
    let long = json!({ "caseId": "x".repeat(100_000) }).to_string();
    let answered = stage.json(GET_CASE, &[("authorization", &token)], long).await;
    assert_eq!(answered.status, 413);
    let problem = answered.json();
    assert_eq!(problem["code"], "RESOURCE_EXHAUSTED");
    assert_eq!(problem["reason"], "COMMON_ERROR_REASON_MESSAGE_TOO_LARGE");
    assert_eq!(problem["metadata"]["limit_bytes"], "100000");
    // And without a length announced.
    let answered = super::malformed::chunked(&stage, GET_CASE, "application/json", &vec![b' '; 100_001]).await;
    assert!(answered.starts_with("HTTP/1.1 413"), "{answered}");
    assert!(answered.contains("COMMON_ERROR_REASON_MESSAGE_TOO_LARGE"), "{answered}");
    // Below the limit the field's own rule speaks.
    let fits = json!({ "caseId": "x".repeat(90_000) }).to_string();
    let problem = stage.json(GET_CASE, &[("authorization", &token)], fits).await.json();
    assert_eq!(problem["reason"], "COMMON_ERROR_REASON_INVALID_FIELDS");
    assert_eq!(stage.desk.calls(), 0);
}

#[tokio::test]
async fn another_method_or_content_type_is_told_what_is_right() {
    let stage = Stage::start().await;
    let body = json!({ "caseId": CASE_ID }).to_string();
    for media in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/xml",
        "",
        "application/jsonp",
    ] {
        let answered = stage.plain(GET_CASE, &[("content-type", media)], body.clone()).await;
        assert_eq!(answered.status, 400, "{media}");
        let problem = answered.json();
        assert_eq!(problem["reason"], "COMMON_ERROR_REASON_BAD_HTTP_REQUEST", "{media}");
        assert!(
            problem["detail"].as_str().unwrap().contains("application/json"),
            "{media}"
        );
    }
    let answered = stage.plain(GET_CASE, &[], body.clone()).await;
    assert_eq!(
        answered.json()["reason"],
        "COMMON_ERROR_REASON_BAD_HTTP_REQUEST",
        "none"
    );
    let answered = stage.get(GET_CASE).await;
    assert_eq!(answered.status, 400);
    assert_eq!(answered.json()["reason"], "COMMON_ERROR_REASON_BAD_HTTP_REQUEST");
    // Parameters and case do not matter.
    let token = bearer(&customer());
    let headers = [
        ("authorization", token.as_str()),
        ("content-type", "Application/JSON; charset=utf-8"),
    ];
    assert_eq!(stage.plain(GET_CASE, &headers, body).await.status, 200);
}

#[tokio::test]
async fn a_problem_says_when_to_come_back_and_how_to_authenticate() {
    let stage = Stage::start().await;
    stage.desk.play(script(|_| async { Err(overloaded()) }));
    let token = bearer(&customer());
    let body = json!({ "caseId": CASE_ID }).to_string();
    let answered = stage.json(GET_CASE, &[("authorization", &token)], body.clone()).await;
    assert_eq!(answered.status, 429);
    // 1.5 seconds, in the whole seconds that the header knows.
    assert_eq!(answered.header("retry-after"), "2");
    assert!((answered.json()["retryAfterSeconds"].as_f64().unwrap() - 1.5).abs() < 1e-9);

    let answered = stage.json(GET_CASE, &[("authorization", "Bearer x")], body).await;
    assert_eq!(answered.status, 401);
    assert_eq!(answered.header("www-authenticate"), "Bearer");
    assert_eq!(answered.json()["reason"], "COMMON_ERROR_REASON_CREDENTIALS_INVALID");
}

#[tokio::test]
async fn every_code_has_its_http_status() {
    use tonic::{Code, Status};

    let stage = Stage::start().await;
    let token = bearer(&customer());
    for (code, status) in [
        (Code::InvalidArgument, 400),
        (Code::FailedPrecondition, 400),
        (Code::OutOfRange, 400),
        (Code::Unauthenticated, 401),
        (Code::PermissionDenied, 403),
        (Code::NotFound, 404),
        (Code::AlreadyExists, 409),
        (Code::Aborted, 409),
        (Code::ResourceExhausted, 429),
        (Code::Internal, 500),
        (Code::Unknown, 500),
        (Code::DataLoss, 500),
        (Code::Unimplemented, 404),
        (Code::DeadlineExceeded, 504),
    ] {
        stage
            .desk
            .play(script(move |_| async move { Err(Status::new(code, "so")) }));
        let body = json!({ "caseId": CASE_ID }).to_string();
        let answered = stage.json(GET_CASE, &[("authorization", &token)], body).await;
        assert_eq!(answered.status, status, "{code:?}");
        let problem = answered.json();
        assert_eq!(problem["status"], status, "{code:?}");
        assert!(
            !problem["reason"].as_str().unwrap().is_empty(),
            "{code:?}: every error has a reason"
        );
    }
}

#[tokio::test]
async fn a_header_of_any_size_harms_nobody() {
    let stage = Stage::start().await;
    let huge = format!("Bearer {}", "x".repeat(60_000));
    let answered = stage.json(GET_CASE, &[("authorization", &huge)], "{}").await;
    assert_eq!(answered.status, 401);
    assert_eq!(answered.json()["reason"], "COMMON_ERROR_REASON_CREDENTIALS_INVALID");
    // Beyond what is read at all, HTTP itself says so.
    let huge = format!("Bearer {}", "x".repeat(1_000_000));
    let answered = super::malformed::raw(
        &stage,
        format!("POST {GET_CASE} HTTP/1.1\r\nhost: x\r\nauthorization: {huge}\r\n\r\n").as_bytes(),
    )
    .await;
    assert!(
        answered.is_empty() || answered.starts_with("HTTP/1.1 431"),
        "{answered}"
    );
    let many: String = "x-a: 1\r\n".repeat(500);
    let answered = super::malformed::raw(
        &stage,
        format!("POST {GET_CASE} HTTP/1.1\r\nhost: x\r\n{many}\r\n").as_bytes(),
    )
    .await;
    assert!(answered.starts_with("HTTP/1.1 431"), "{answered}");
    let token = bearer(&customer());
    let body = json!({ "caseId": CASE_ID }).to_string();
    assert_eq!(
        stage.json(GET_CASE, &[("authorization", &token)], body).await.status,
        200
    );
}
