//! The same call in three ways of writing: the same answer, and the same error with the same reason.

use prost::Message as _;
use prost_reflect::DynamicMessage;
use serde_json::{Value, json};
use support_chassis::error::{Explained, explain, read_status};
use support_proto::support::case::v1::{GetCaseResponse, OpenCaseRequest};
use support_proto::support::types::v1::Channel;
use tonic::Status;

use super::harness::backends::{case_not_found, overloaded, script};
use super::harness::http::framed;
use super::harness::tokens::{customer, staff};
use super::harness::{CASE_ID, GET_CASE, OPEN_CASE, Stage, bearer, get_case};

/// What a caller is told, whichever way it asked.
#[derive(Debug, PartialEq)]
pub(super) struct Told {
    pub(super) code: String,
    pub(super) reason: String,
    domain: String,
    message: String,
    pub(super) metadata: Value,
    pub(super) violations: Value,
    retry_after: Option<f64>,
}

fn from_status(explained: &Explained) -> Told {
    let metadata: serde_json::Map<String, Value> = explained
        .metadata
        .iter()
        // Every call has a trace of its own.
        .filter(|(key, _)| *key != "trace_id")
        .map(|(key, value)| (key.clone(), json!(value)))
        .collect();
    let violations: Vec<Value> = explained
        .violations
        .iter()
        .map(|violation| json!({ "field": violation.field, "description": violation.description }))
        .collect();
    Told {
        // As google.rpc.Code spells it, from how Rust does: NotFound.
        code: format!("{:?}", explained.code)
            .chars()
            .flat_map(|letter| {
                let gap = letter.is_uppercase().then_some('_');
                gap.into_iter().chain(letter.to_uppercase())
            })
            .skip(1)
            .collect(),
        reason: explained.reason.clone(),
        domain: explained.domain.clone(),
        message: explained.message.clone(),
        metadata: Value::Object(metadata),
        violations: Value::Array(violations),
        retry_after: explained.retry_after.map(|wait| wait.as_secs_f64()),
    }
}

fn from_problem(problem: &Value) -> Told {
    let text = |name: &str| problem[name].as_str().unwrap().to_owned();
    let mut metadata = problem["metadata"].clone();
    metadata.as_object_mut().unwrap().remove("trace_id");
    assert_eq!(problem["type"], "about:blank");
    Told {
        code: text("code"),
        reason: text("reason"),
        domain: text("domain"),
        message: text("detail"),
        metadata,
        violations: problem.get("violations").cloned().unwrap_or_else(|| json!([])),
        retry_after: problem["retryAfterSeconds"].as_f64(),
    }
}

/// The same call three times; the errors must be one.
pub(super) async fn told(stage: &Stage, path: &str, token: &str, message: &[u8], json: &Value) -> Told {
    let header = bearer(token);
    let headers: Vec<(&str, &str)> = if token.is_empty() {
        vec![]
    } else {
        vec![("authorization", &header)]
    };
    let by_grpc = from_status(&stage.grpc(path, &headers, framed(message)).await.explained());

    let mut web = headers.clone();
    web.push(("content-type", "application/grpc-web+proto"));
    let answered = stage.plain(path, &web, framed(message)).await;
    let (_, trailers) = super::web::unpacked(&answered, false);
    let by_web = from_status(&explain(&read_status(&trailers).unwrap()));

    let answered = stage.json(path, &headers, json.to_string()).await;
    assert_eq!(answered.header("content-type"), "application/problem+json");
    let problem = answered.json();
    assert_eq!(problem["status"], answered.status.as_u16());
    assert_eq!(problem["title"], problem["code"]);
    let by_json = from_problem(&problem);

    assert_eq!(by_grpc, by_web);
    assert_eq!(by_grpc, by_json);
    by_grpc
}

#[tokio::test]
async fn an_answer_is_the_same_three_times() {
    let stage = Stage::start().await;
    let token = bearer(&customer());
    let message = get_case().encode_to_vec();
    let by_grpc = stage
        .grpc(GET_CASE, &[("authorization", &token)], framed(&message))
        .await
        .body;

    let headers = [
        ("authorization", token.as_str()),
        ("content-type", "application/grpc-web+proto"),
    ];
    let answered = stage.plain(GET_CASE, &headers, framed(&message)).await;
    let (messages, _) = super::web::unpacked(&answered, false);
    assert_eq!(by_grpc, framed(&messages[0]));

    // Both spellings of a field are read.
    for request in [json!({ "caseId": CASE_ID }), json!({ "case_id": CASE_ID })] {
        let answered = stage
            .json(GET_CASE, &[("authorization", &token)], request.to_string())
            .await;
        assert_eq!(answered.status, 200);
        assert_eq!(answered.header("content-type"), "application/json");
        let kind = support_proto::descriptors()
            .get_message_by_name("support.case.v1.GetCaseResponse")
            .unwrap();
        let body = String::from_utf8(answered.body.to_vec()).unwrap();
        let mut parser = serde_json::Deserializer::from_str(&body);
        let by_json = DynamicMessage::deserialize(kind, &mut parser).unwrap();
        assert_eq!(
            by_json.transcode_to::<GetCaseResponse>().unwrap().encode_to_vec(),
            messages[0]
        );
    }
}

#[tokio::test]
async fn json_answers_show_every_field_in_the_canonical_form() {
    let stage = Stage::start().await;
    let token = bearer(&customer());
    let answered = stage
        .json(
            GET_CASE,
            &[("authorization", &token)],
            json!({ "caseId": CASE_ID }).to_string(),
        )
        .await;
    let case = &answered.json()["case"];
    assert_eq!(case["state"], "CASE_STATE_ASSIGNED");
    assert_eq!(case["openTime"], "2027-01-15T08:00:00.120Z");
    assert_eq!(case["subject"], "屏幕裂了 \u{1f4f1} \"\\/");
    // What is not set is shown as such.
    assert_eq!(case["severity"], "SEVERITY_UNSPECIFIED");
    assert_eq!(case["deviceId"], "");
}

#[tokio::test]
async fn refusals_are_the_same_three_times() {
    let stage = Stage::start().await;
    let message = get_case().encode_to_vec();
    let json = json!({ "caseId": CASE_ID });
    let by = async |token: &str| told(&stage, GET_CASE, token, &message, &json).await.reason;
    assert_eq!(by("").await, "COMMON_ERROR_REASON_CALLER_KIND_NOT_ALLOWED");
    assert_eq!(by("nonsense").await, "COMMON_ERROR_REASON_CREDENTIALS_INVALID");
    assert_eq!(by(&staff(&[])).await, "COMMON_ERROR_REASON_SCOPE_MISSING");
    let unknown = told(&stage, "/support.case.v1.CaseService/None", "", &message, &json).await;
    assert_eq!(unknown.reason, "COMMON_ERROR_REASON_UNKNOWN_METHOD");
}

#[tokio::test]
async fn fields_that_break_their_rules_are_all_named_three_times() {
    let stage = Stage::start().await;
    let request = OpenCaseRequest {
        request_id: "no uuid".to_owned(),
        channel: Channel::Unspecified.into(),
        language: "!".to_owned(),
        ..OpenCaseRequest::default()
    };
    let json = json!({ "requestId": "no uuid", "language": "!" });
    let told = told(&stage, OPEN_CASE, &customer(), &request.encode_to_vec(), &json).await;
    assert_eq!(told.code, "INVALID_ARGUMENT");
    assert_eq!(told.reason, "COMMON_ERROR_REASON_INVALID_FIELDS");
    let fields: Vec<&str> = told
        .violations
        .as_array()
        .unwrap()
        .iter()
        .map(|violation| violation["field"].as_str().unwrap())
        .collect();
    for field in ["request_id", "channel", "language", "subject"] {
        assert!(fields.contains(&field), "{field} not in {fields:?}");
    }
    assert_eq!(stage.desk.calls(), 0);
}

/// How a service may fail.
type Fails = fn() -> Status;

#[tokio::test]
async fn errors_of_the_service_are_the_same_three_times() {
    let stage = Stage::start().await;
    let message = get_case().encode_to_vec();
    let json = json!({ "caseId": CASE_ID });

    let scripts: [(&str, Fails); 4] = [
        ("CASE_ERROR_REASON_CASE_NOT_FOUND", case_not_found),
        ("COMMON_ERROR_REASON_OVERLOADED", overloaded),
        ("COMMON_ERROR_REASON_INTERNAL", || {
            Status::internal("the password is swordfish")
        }),
        ("COMMON_ERROR_REASON_CONFLICT", || {
            support_chassis::error::Answer::conflict().to_status()
        }),
    ];
    for (reason, status) in scripts {
        stage.desk.play(script(move |_| async move { Err(status()) }));
        let told = told(&stage, GET_CASE, &customer(), &message, &json).await;
        assert_eq!(told.reason, reason);
        assert!(!format!("{told:?}").contains("swordfish"));
    }
}

#[tokio::test]
async fn a_panic_of_the_service_is_the_same_three_times_and_harms_nobody() {
    let stage = Stage::start().await;
    stage
        .desk
        .play(script(|_| async { panic!("the hard disk is full of secrets") }));
    let message = get_case().encode_to_vec();
    let told = told(&stage, GET_CASE, &customer(), &message, &json!({ "caseId": CASE_ID })).await;
    assert_eq!(told.reason, "COMMON_ERROR_REASON_INTERNAL");
    assert!(!format!("{told:?}").contains("secrets"));
    stage.desk.play(script(|_| async { Ok(()) }));
    stage.get_case(&customer()).await.unwrap();
}
