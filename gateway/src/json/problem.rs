//! Errors as problem details (RFC 9457), from the same details that a gRPC caller gets.

use http::header::{self, HeaderValue};
use http::{Response, StatusCode};
use serde_json::{Value, json};
use support_chassis::error::explain;
use support_chassis::server::code_label;
use tonic::body::Body;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::respond;

/// The response to a call that failed.
pub(crate) fn problem(status: &Status) -> Response<Body> {
    let explained = explain(status);
    let mut response = respond(http_status(status), "application/problem+json", &describe(status));
    if let Some(wait) = explained.retry_after {
        // Whole seconds, and never 0: that would ask for a retry at once.
        let seconds = wait.as_millis().div_ceil(1000).max(1);
        if let Ok(value) = HeaderValue::from_str(&seconds.to_string()) {
            response.headers_mut().insert(header::RETRY_AFTER, value);
        }
    }
    if status.code() == Code::Unauthenticated {
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// The problem as JSON.
pub(super) fn describe(status: &Status) -> Value {
    let explained = explain(status);
    let violations: Vec<Value> = explained
        .violations
        .iter()
        .map(|violation| json!({ "field": violation.field, "description": violation.description }))
        .collect();
    let preconditions: Vec<Value> = explained
        .preconditions
        .iter()
        .map(|state| json!({ "type": state.kind, "subject": state.subject, "description": state.description }))
        .collect();
    let code = code_label(status.code());
    let mut problem = json!({
        "type": "about:blank",
        "title": code,
        "status": http_status(status).as_u16(),
        "detail": explained.message,
        "code": code,
        "reason": explained.reason,
        "domain": explained.domain,
        "metadata": explained.metadata,
    });
    let mut put = |name: &str, value: Value| {
        if let Some(fields) = problem.as_object_mut() {
            fields.insert(name.to_owned(), value);
        }
    };
    if !violations.is_empty() {
        put("violations", Value::Array(violations));
    }
    if !preconditions.is_empty() {
        put("preconditions", Value::Array(preconditions));
    }
    if let Some(wait) = explained.retry_after {
        put("retryAfterSeconds", json!(wait.as_secs_f64()));
    }
    if let Some(words) = status.get_details_localized_message() {
        put(
            "localizedMessage",
            json!({ "locale": words.locale, "message": words.message }),
        );
    }
    problem
}

/// The HTTP status of a gRPC code, as google.rpc.Code gives it; an unknown method is a page not found.
fn http_status(status: &Status) -> StatusCode {
    match status.code() {
        Code::Ok => StatusCode::OK,
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => StatusCode::BAD_REQUEST,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::NotFound | Code::Unimplemented => StatusCode::NOT_FOUND,
        Code::Aborted | Code::AlreadyExists => StatusCode::CONFLICT,
        Code::ResourceExhausted if explain(status).reason == "COMMON_ERROR_REASON_MESSAGE_TOO_LARGE" => {
            StatusCode::PAYLOAD_TOO_LARGE
        }
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        // The caller went away: nobody reads this, but logs of proxies know the number.
        Code::Cancelled => StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST),
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        Code::Unknown | Code::Internal | Code::DataLoss => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
