//! gRPC-Web as a browser speaks it: over HTTP/1.1, with the trailers in the body.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use support_chassis::error::{explain, read_status};
use tokio::net::TcpStream;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::{Asked, Outcome, Refusal, to_bytes, to_json};
use crate::wait::soon;

/// An HTTP answer.
#[derive(Debug)]
pub struct Answered {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

/// A POST over HTTP/1.1 on a connection of its own.
///
/// # Panics
///
/// Where there is no answer.
pub async fn post(gateway: &str, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answered {
    let mut request = Request::post(path).header("host", "gateway");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answered = soon("an http answer", async {
        let uri: Uri = gateway.parse()?;
        let stream = TcpStream::connect(uri.authority().map(ToString::to_string).unwrap_or_default()).await?;
        let connecting = hyper::client::conn::http1::handshake::<_, Full<Bytes>>(TokioIo::new(stream));
        let (mut sender, connection) = connecting.await?;
        let connection = tokio::spawn(connection);
        let (head, body) = sender.send_request(request.body(Full::from(body))?).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        connection.abort();
        anyhow::Ok(Answered {
            status: head.status,
            headers: head.headers,
            body,
        })
    })
    .await;
    match answered {
        Ok(answered) => answered,
        Err(error) => panic!("no answer: {error:#}"),
    }
}

/// A message as one frame.
#[must_use]
pub fn framed(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    [&[0][..], &length.to_be_bytes(), message].concat()
}

/// Makes the call.
///
/// # Panics
///
/// Where the answer is not what a browser's client can read.
pub async fn call(gateway: &str, language: &str, asked: &Asked) -> Outcome {
    let (input, output) = asked.types();
    send(gateway, language, asked, framed(&to_bytes(input, &asked.request)))
        .await
        .map_or_else(
            |status| Outcome::Refusal(refusal(&status)),
            |message| Outcome::Answer(to_json(output, &message)),
        )
}

/// Sends a body as it is; the one message of the answer.
///
/// # Errors
///
/// The status of a call that failed.
///
/// # Panics
///
/// Where the answer is not what a browser's client can read.
pub async fn send(gateway: &str, language: &str, asked: &Asked, body: Vec<u8>) -> Result<Vec<u8>, Status> {
    let authorization = format!("Bearer {}", asked.token);
    let mut headers = vec![
        ("content-type", "application/grpc-web+proto"),
        ("x-grpc-web", "1"),
        ("x-user-agent", "grpc-web-javascript/0.1"),
        ("origin", "https://support.example.com"),
        ("accept-language", language),
    ];
    if !asked.token.is_empty() {
        headers.push(("authorization", authorization.as_str()));
    }
    let answered = post(gateway, &asked.path, &headers, body).await;
    assert_eq!(answered.status, 200);
    assert_eq!(answered.headers["access-control-allow-origin"], "*");
    let (message, trailers) = unpacked(&answered);
    match read_status(&trailers) {
        Some(status) if status.code() == Code::Ok => match message {
            Some(message) => Ok(message),
            None => panic!("no message and no error"),
        },
        Some(status) => Err(status),
        None => panic!("no status: {trailers:?}"),
    }
}

/// The message and the trailers, which stand in the body, or in the headers where there is nothing but an error.
fn unpacked(answered: &Answered) -> (Option<Vec<u8>>, HeaderMap) {
    let mut message = None;
    let mut rest = answered.body.as_ref();
    while let [flag, a, b, c, d, after @ ..] = rest {
        let length = usize::try_from(u32::from_be_bytes([*a, *b, *c, *d])).unwrap_or(usize::MAX);
        let (frame, after) = after.split_at(length);
        if *flag == 0x80 {
            return (message, lines(frame));
        }
        message = Some(frame.to_vec());
        rest = after;
    }
    (message, answered.headers.clone())
}

fn lines(frame: &[u8]) -> HeaderMap {
    String::from_utf8_lossy(frame)
        .lines()
        .filter_map(|line| line.split_once(':'))
        .filter_map(|(name, value)| {
            Some((
                name.trim().parse::<HeaderName>().ok()?,
                HeaderValue::from_str(value.trim()).ok()?,
            ))
        })
        .collect()
}

/// A status as every way tells it.
#[must_use]
pub fn refusal(status: &Status) -> Refusal {
    let explained = explain(status);
    let metadata: serde_json::Map<String, Value> = explained
        .metadata
        .iter()
        .map(|(key, value)| (key.clone(), json!(value)))
        .collect();
    let violations: Vec<Value> = explained
        .violations
        .iter()
        .map(|violation| json!({ "field": violation.field, "description": violation.description }))
        .collect();
    Refusal {
        code: name(status.code()),
        message: explained.message,
        reason: explained.reason,
        domain: explained.domain,
        metadata: Value::Object(metadata),
        violations: Value::Array(violations),
        retry_after: explained.retry_after.map(|wait| wait.as_secs_f64()),
        words: status.get_details_localized_message().map(|words| words.message),
    }
}

/// As google.rpc.Code spells it, from how Rust does.
fn name(code: Code) -> String {
    let mut name = String::new();
    for letter in format!("{code:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(letter.to_uppercase());
    }
    name
}
