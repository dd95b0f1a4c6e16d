//! JSON in, JSON out: the same call for whoever speaks no gRPC.
//!
//! `POST /package.Service/Method` with a body in the JSON form of the request (proto3 JSON; names in camel case or as in
//! the proto; unknown fields are refused). The call then takes the way every call takes, as gRPC bytes through the same
//! door, so it meets the same checks and gives the same answers. A stream of answers comes as one JSON line each
//! (`application/x-ndjson`). Errors are [`problem`]s.

mod lines;
pub(crate) mod problem;
mod transcode;

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use http::header::{self, HeaderName, HeaderValue};
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use support_chassis::error::{Answer, failed, read_status};
use support_chassis::server::tls::Shown;
use support_chassis::server::{Stack, answer};
use support_proto::policy::{Policy, policy};
use support_proto::support::types::v1::CommonErrorReason;
use tonic::body::Body;
use tonic::transport::server::TcpConnectInfo;
use tonic::{Code, Status};

use problem::problem;

use crate::bodies::Bodies;
use crate::credentials::GRANT_HEADER;
use crate::words::Words;

/// The largest JSON answer that is put together, in bytes of its protobuf form.
const ANSWER_LIMIT: usize = 64 * 1024 * 1024;
/// The bytes before a message in a gRPC body: a flag and the length.
const PREFIX: usize = 5;

/// Answers a JSON call.
pub(crate) async fn call(
    request: Request<Body>,
    door: Stack,
    words: &Words,
    bodies: &Bodies,
    limit: usize,
) -> Response<Body> {
    let (head, body) = request.into_parts();
    match transcoded(&head, body, door, bodies, limit).await {
        Ok(response) => response,
        // What was refused before the door has no words yet.
        Err(status) => problem(&words.complete(status, &head.headers)),
    }
}

async fn transcoded(
    head: &Parts,
    body: Body,
    door: Stack,
    bodies: &Bodies,
    limit: usize,
) -> Result<Response<Body>, Status> {
    if head.method != Method::POST {
        return Err(bad_request("a call is a POST"));
    }
    let path = head.uri.path();
    let policy = policy(path).ok_or_else(|| {
        Answer::common(Code::Unimplemented, CommonErrorReason::UnknownMethod, "no such method").to_status()
    })?;
    if policy.client_streaming {
        return Err(bad_request("a stream of requests cannot be sent as JSON"));
    }
    let body = bodies.collect(body, limit).await?;
    let message = transcode::to_protobuf(&policy.method.input(), &body.bytes)?;
    drop(body);
    let onward = Request::post(Uri::try_from(path).map_err(|_| bad_request("no such path"))?)
        .body(Body::new(Full::new(framed(&message)).map_err(|never| match never {})))
        .map(|mut request| {
            *request.headers_mut() = grpc_headers(&head.headers);
            // Where the call comes from is the same.
            if let Some(connection) = head.extensions.get::<TcpConnectInfo>() {
                request.extensions_mut().insert(connection.clone());
            }
            if let Some(shown) = head.extensions.get::<Shown>() {
                request.extensions_mut().insert(shown.clone());
            }
            request
        })
        .map_err(|_| bad_request("no such path"))?;
    let response = answer(door, onward).await;
    if failed(response.headers()) {
        return Err(read_status(response.headers()).unwrap_or_else(|| Status::unknown("no status")));
    }
    if policy.server_streaming {
        return Ok(lines::stream(policy.method.output(), response.into_body()));
    }
    unary(policy, response.into_body()).await
}

/// What a JSON caller's headers become for the call within.
fn grpc_headers(headers: &HeaderMap) -> HeaderMap {
    let mut onward = HeaderMap::new();
    let grant = HeaderName::from_static(GRANT_HEADER);
    for name in [
        header::AUTHORIZATION,
        grant,
        header::ACCEPT_LANGUAGE,
        header::USER_AGENT,
    ] {
        for value in headers.get_all(&name) {
            onward.append(name.clone(), value.clone());
        }
    }
    for name in ["traceparent", "tracestate", "grpc-timeout"] {
        if let Some(value) = headers.get(name) {
            onward.insert(name, value.clone());
        }
    }
    for value in headers.get_all("x-forwarded-for") {
        onward.append("x-forwarded-for", value.clone());
    }
    onward.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    onward.insert(header::TE, HeaderValue::from_static("trailers"));
    onward
}

fn framed(message: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(PREFIX + message.len());
    frame.put_u8(0);
    // The body was limited to far less than 4 GiB.
    frame.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    frame.put_slice(message);
    frame.freeze()
}

/// The one message of a gRPC answer as JSON.
async fn unary(policy: &Policy, body: Body) -> Result<Response<Body>, Status> {
    let collected = Limited::new(body, ANSWER_LIMIT)
        .collect()
        .await
        .map_err(|_| Answer::internal().to_status())?;
    if let Some(trailers) = collected.trailers()
        && failed(trailers)
    {
        return Err(read_status(trailers).unwrap_or_else(|| Status::unknown("no status")));
    }
    let mut bytes = collected.to_bytes();
    let message = message(&mut bytes).ok_or_else(|| {
        tracing::error!(method = policy.path, "an answer is not one whole gRPC message");
        support_chassis::error::internal_status()
    })?;
    let json = transcode::to_json(policy.method.output(), &message)?;
    let mut response = Response::new(Body::new(Full::new(Bytes::from(json)).map_err(|never| match never {})));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

/// Takes the next whole, uncompressed message off `bytes`.
fn message(bytes: &mut Bytes) -> Option<Bytes> {
    let mut ahead = bytes.clone();
    if ahead.len() < PREFIX || ahead.get_u8() != 0 {
        return None;
    }
    let length = usize::try_from(ahead.get_u32()).ok()?;
    if ahead.len() < length {
        return None;
    }
    bytes.advance(PREFIX);
    Some(bytes.split_to(length))
}

/// The answer to an HTTP request that is not understood.
pub(crate) fn bad_request(what: &'static str) -> Status {
    Answer::common(Code::InvalidArgument, CommonErrorReason::BadHttpRequest, what).to_status()
}

/// A response of JSON that the gateway itself makes.
pub(crate) fn respond(status: StatusCode, content_type: &'static str, json: &serde_json::Value) -> Response<Body> {
    let mut response = Response::new(Body::new(
        Full::new(Bytes::from(json.to_string())).map_err(|never| match never {}),
    ));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
