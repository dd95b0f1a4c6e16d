//! Methods that several services serve: the call goes to the one that the request names.

use std::convert::Infallible;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::stream;
use http::Request;
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::Message as _;
use serde_json::json;
use support_chassis::error::{explain, read_status};
use support_proto::support::standard::v1::{CheckContentRequest, GetDraftRequest, ListDocumentsResponse};
use support_proto::support::types::v1::CommonErrorReason;
use tokio::net::TcpStream;
use tonic::Code;

use super::alike::told;
use super::harness::http::framed;
use super::harness::tokens::{customer, operator, staff};
use super::harness::{Stage, bearer, soon};

const LIST_DOCUMENTS: &str = "/support.standard.v1.StandardService/ListDocuments";
const GET_DRAFT: &str = "/support.standard.v1.StandardService/GetDraft";
const CHECK_CONTENT: &str = "/support.standard.v1.StandardService/CheckContent";

fn reader() -> String {
    bearer(&operator("standard.read"))
}

impl Stage {
    /// How many calls the standard of a service has seen.
    fn seen(&self, service: &str) -> usize {
        self.rules[service].0.seen.lock().unwrap().len()
    }

    /// The body of the last call that it has seen.
    fn last_body(&self, service: &str) -> Bytes {
        self.rules[service].0.seen.lock().unwrap().last().unwrap().1.clone()
    }
}

#[tokio::test]
async fn a_call_goes_to_the_service_it_names_in_all_three_ways() {
    let stage = Stage::start().await;
    for (name, rules) in &stage.rules {
        let region = if *name == "case" { "eu" } else { "us" };
        let answer = ListDocumentsResponse {
            region: region.to_owned(),
            ..ListDocumentsResponse::default()
        };
        *rules.0.reply.lock().unwrap() = answer.encode_to_vec();
    }
    let token = reader();
    let mut calls = 0;
    for (service, region) in [("case", "eu"), ("warranty", "us")] {
        let message = [&[0x0a, u8::try_from(service.len()).unwrap()], service.as_bytes()].concat();
        let answered = stage
            .grpc(LIST_DOCUMENTS, &[("authorization", &token)], framed(&message))
            .await;
        let answer = ListDocumentsResponse::decode(&answered.body[5..]).unwrap();
        assert_eq!(answer.region, region);
        assert_eq!(stage.last_body(service), framed(&message));

        for text in [false, true] {
            let (media, body) = if text {
                (
                    "application/grpc-web-text",
                    STANDARD.encode(framed(&message)).into_bytes(),
                )
            } else {
                ("application/grpc-web+proto", framed(&message))
            };
            let headers = [
                ("content-type", media),
                ("accept", media),
                ("authorization", token.as_str()),
            ];
            let answered = stage.plain(LIST_DOCUMENTS, &headers, body).await;
            let (messages, trailers) = super::web::unpacked(&answered, text);
            assert_eq!(trailers["grpc-status"], "0");
            let answer = ListDocumentsResponse::decode(messages[0].as_slice()).unwrap();
            assert_eq!(answer.region, region, "{media}");
            assert_eq!(stage.last_body(service), framed(&message), "{media}");
        }

        let body = json!({ "service": service }).to_string();
        let answered = stage.json(LIST_DOCUMENTS, &[("authorization", &token)], body).await;
        assert_eq!(answered.json()["region"], region);
        calls += 4;
        assert_eq!(stage.seen(service), 4);
    }
    assert_eq!(stage.seen("case") + stage.seen("warranty"), calls);
}

#[tokio::test]
async fn what_the_request_names_may_go_on_after_the_service() {
    let stage = Stage::start().await;
    let request = GetDraftRequest {
        document: "warranty/coverage-terms".to_owned(),
        draft_id: "eu-1".to_owned(),
    };
    let body = framed(&request.encode_to_vec());
    let answered = stage
        .grpc(GET_DRAFT, &[("authorization", &reader())], body.clone())
        .await;
    assert_eq!(answered.trailers["grpc-status"], "0");
    assert_eq!(stage.last_body("warranty"), body);
    assert_eq!(stage.seen("case"), 0);
}

#[tokio::test]
async fn the_bytes_go_on_as_they_are() {
    let stage = Stage::start().await;
    // A field that the contract does not have before the one that counts, that one twice, and an order no encoder chooses.
    let message = [
        &[0xc2, 0xb8, 0x02, 0x03, b'n', b'e', b'w'][..],
        &[0x12, 0x02, b'i', b'd'],
        &[0x0a, 0x06, b'c', b'a', b's', b'e', b'/', b'x'],
        &[0x0a, 0x06, b'c', b'a', b's', b'e', b'/', b'y'],
        &[0x12, 0x02, b'I', b'D'],
    ]
    .concat();
    stage
        .grpc(GET_DRAFT, &[("authorization", &reader())], framed(&message))
        .await;
    assert_eq!(stage.last_body("case"), framed(&message));
}

/// A call whose body comes in these pieces.
async fn in_pieces(stage: &Stage, path: &str, pieces: Vec<Bytes>) -> Code {
    let stream = TcpStream::connect(stage.address).await.unwrap();
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (mut sender, connection) = handshake.await.unwrap();
    let connection = tokio::spawn(connection);
    let frames = pieces.into_iter().map(|piece| Ok::<_, Infallible>(Frame::data(piece)));
    let request = Request::post(format!("{}{path}", stage.url()))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("authorization", reader())
        .body(StreamBody::new(stream::iter(frames)))
        .unwrap();
    let (head, body) = soon("an answer", sender.send_request(request))
        .await
        .unwrap()
        .into_parts();
    let trailers = body.collect().await.unwrap().trailers().cloned().unwrap_or_default();
    connection.abort();
    let status = read_status(&head.headers).or_else(|| read_status(&trailers));
    status.unwrap().code()
}

#[tokio::test]
async fn a_large_content_goes_on_whole_in_whatever_pieces_it_comes() {
    let stage = Stage::start().await;
    let request = CheckContentRequest {
        document: "case/service-levels".to_owned(),
        content: "x".repeat(190 * 1024),
        ..CheckContentRequest::default()
    };
    let body = framed(&request.encode_to_vec());
    for size in [1, 3, 7, 5000, body.len()] {
        // Byte by byte as far as it matters.
        let (head, tail) = body.split_at(60);
        let mut pieces: Vec<Bytes> = head.chunks(size).map(Bytes::copy_from_slice).collect();
        pieces.push(Bytes::copy_from_slice(tail));
        assert_eq!(in_pieces(&stage, CHECK_CONTENT, pieces).await, Code::Ok, "{size}");
        assert!(stage.last_body("case") == body, "{size}");
    }
}

#[tokio::test]
async fn a_service_that_is_not_there_is_a_fault_of_the_field_three_times() {
    let stage = Stage::start().await;
    let token = operator("standard.read");
    for name in [
        "nobody/rules",
        "nobody",
        "",
        "/",
        "Warranty/x",
        "warranty /x",
        "gateway/x",
    ] {
        let request = GetDraftRequest {
            document: name.to_owned(),
            draft_id: "eu-1".to_owned(),
        };
        let json = json!({ "document": name, "draftId": "eu-1" });
        let told = told(&stage, GET_DRAFT, &token, &request.encode_to_vec(), &json).await;
        assert_eq!(told.code, "INVALID_ARGUMENT", "{name:?}");
        assert_eq!(told.reason, "COMMON_ERROR_REASON_INVALID_FIELDS", "{name:?}");
        assert_eq!(told.violations[0]["field"], "document", "{name:?}");
    }
    // The field has the name that it has in this request.
    let told = told(&stage, LIST_DOCUMENTS, &token, &[], &json!({})).await;
    assert_eq!(told.violations[0]["field"], "service");
    assert_eq!(stage.seen("case") + stage.seen("warranty"), 0);
}

#[tokio::test]
async fn who_may_not_call_is_refused_before_anything_is_read() {
    let stage = Stage::start().await;
    for (token, reason) in [
        (customer(), CommonErrorReason::CallerKindNotAllowed),
        (staff(&["cases.read"]), CommonErrorReason::ScopeMissing),
        ("nonsense".to_owned(), CommonErrorReason::CredentialsInvalid),
    ] {
        // What is no message at all.
        let explained = stage
            .grpc(LIST_DOCUMENTS, &[("authorization", &bearer(&token))], vec![9, 9, 9])
            .await
            .explained();
        assert_eq!(explained.common(), Some(reason));
    }
}

#[tokio::test]
async fn bytes_that_are_no_message_are_refused_as_services_do() {
    let stage = Stage::start().await;
    let token = reader();
    let headers = [("authorization", token.as_str())];
    let cases: [(&str, Vec<u8>, CommonErrorReason); 6] = [
        ("nothing", Vec::new(), CommonErrorReason::MalformedMessage),
        (
            "broken utf-8",
            framed(&[0x0a, 0x02, 0xff, 0xfe]),
            CommonErrorReason::MalformedMessage,
        ),
        (
            "a length beyond the end",
            framed(&[0x0a, 0x7f, b'x']),
            CommonErrorReason::MalformedMessage,
        ),
        (
            "half a frame",
            vec![0, 0, 0, 0, 9, 0x0a],
            CommonErrorReason::MalformedMessage,
        ),
        (
            "a length alone",
            vec![0, 0xff, 0xff, 0xff, 0xff],
            CommonErrorReason::MessageTooLarge,
        ),
        ("compressed", vec![1, 0, 0, 0, 1, 0], CommonErrorReason::BadHttpRequest),
    ];
    for (what, body, reason) in cases {
        let explained = stage.grpc(LIST_DOCUMENTS, &headers, body).await.explained();
        assert_eq!(explained.common(), Some(reason), "{what}");
    }
    assert_eq!(stage.seen("case") + stage.seen("warranty"), 0);
}

#[tokio::test]
async fn of_two_services_one_may_be_down() {
    let mut stage = Stage::start().await;
    stage.kill("case").await;
    let token = reader();
    let list = async |service: &str| {
        let message = [&[0x0a, u8::try_from(service.len()).unwrap()], service.as_bytes()].concat();
        let answered = stage
            .grpc(LIST_DOCUMENTS, &[("authorization", &token)], framed(&message))
            .await;
        explain(&answered.grpc())
    };
    let down = list("case").await;
    assert_eq!(down.common(), Some(CommonErrorReason::DependencyUnavailable));
    assert_eq!(down.metadata["service"], "case");
    assert_eq!(list("warranty").await.code, Code::Ok);
    // One that is up but has no standard says so itself.
    let without = list("localisation").await;
    assert_eq!(without.common(), Some(CommonErrorReason::UnknownMethod));
}
