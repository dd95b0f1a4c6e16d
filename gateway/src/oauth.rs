//! `POST /oauth2/token`: access tokens for partners' systems (OAuth 2.0 client credentials, RFC 6749, 4.4), by the library
//! they already use. It asks identity-verification like any caller of `IssuePartnerToken`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{self, HeaderValue};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use serde_json::json;
use support_chassis::error::explain;
use support_chassis::server::Stack;
use support_proto::support::identity::v1::IssuePartnerTokenRequest;
use support_proto::support::identity::v1::credential_service_client::CredentialServiceClient;
use tonic::body::Body;
use tonic::{Code, Status};

use crate::bodies::Bodies;
use crate::json::respond;

/// The largest form that is read, in bytes.
const FORM_LIMIT: usize = 16 * 1024;

/// Answers a token request.
pub(crate) async fn token(request: Request<Body>, door: Stack, bodies: &Bodies) -> Response<Body> {
    let (head, body) = request.into_parts();
    if head.method != Method::POST {
        return refusal(
            StatusCode::METHOD_NOT_ALLOWED,
            "invalid_request",
            "a token request is a POST",
        );
    }
    if !is_form(&head.headers) {
        return refusal(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "the body is not application/x-www-form-urlencoded",
        );
    }
    let Ok(form) = bodies.collect(body, FORM_LIMIT).await else {
        return refusal(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "the form did not arrive, or is too long",
        );
    };
    let wanted = match asked_for(&head.headers, &form.bytes) {
        Ok(wanted) => wanted,
        Err((error, what)) => return refusal(StatusCode::BAD_REQUEST, error, what),
    };
    match CredentialServiceClient::new(door).issue_partner_token(wanted).await {
        Ok(answer) => {
            let answer = answer.into_inner();
            let mut response = respond(
                StatusCode::OK,
                "application/json",
                &json!({
                    "access_token": answer.access_token,
                    "token_type": "Bearer",
                    "expires_in": answer.expires_in_seconds,
                    "scope": answer.scopes.join(" "),
                }),
            );
            response
                .headers_mut()
                .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
        Err(status) => refused(&status),
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"))
}

/// Reads the form, and the client's credentials from it or from Basic authentication (RFC 6749, 2.3.1), not both.
fn asked_for(headers: &HeaderMap, form: &[u8]) -> Result<IssuePartnerTokenRequest, (&'static str, &'static str)> {
    let mut wanted = IssuePartnerTokenRequest::default();
    let mut grant = String::new();
    for (name, value) in url::form_urlencoded::parse(form) {
        match &*name {
            "grant_type" => grant = value.into_owned(),
            "client_id" => wanted.client_id = value.into_owned(),
            "client_secret" => wanted.client_secret = value.into_owned(),
            "scope" => wanted.scopes = value.split_ascii_whitespace().map(str::to_owned).collect(),
            // Others must be ignored (RFC 6749, 3.2).
            _ => {}
        }
    }
    if grant != "client_credentials" {
        return Err(("unsupported_grant_type", "the grant type is not client_credentials"));
    }
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        if !wanted.client_secret.is_empty() {
            return Err(("invalid_request", "credentials are given twice"));
        }
        (wanted.client_id, wanted.client_secret) =
            basic(value).ok_or(("invalid_request", "the authorization header is not Basic"))?;
    }
    Ok(wanted)
}

fn basic(value: &HeaderValue) -> Option<(String, String)> {
    let (scheme, encoded) = value.to_str().ok()?.split_once(' ')?;
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    // Both are form-encoded before they are joined.
    let plain = |part: &str| {
        url::form_urlencoded::parse(format!("x={part}").as_bytes())
            .next()
            .map(|(_, value)| value.into_owned())
    };
    scheme
        .eq_ignore_ascii_case("basic")
        .then_some((plain(id)?, plain(secret)?))
}

fn refused(status: &Status) -> Response<Body> {
    match status.code() {
        Code::Unauthenticated => {
            let mut response = refusal(StatusCode::UNAUTHORIZED, "invalid_client", "the client was refused");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic"));
            response
        }
        Code::InvalidArgument
            if explain(status)
                .violations
                .iter()
                .any(|wrong| wrong.field.starts_with("scopes")) =>
        {
            refusal(StatusCode::BAD_REQUEST, "invalid_scope", "a scope is none")
        }
        Code::InvalidArgument => refusal(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "the request breaks its rules",
        ),
        // RFC 6749 knows no such error for this place; the HTTP status says it.
        _ => refusal(
            StatusCode::SERVICE_UNAVAILABLE,
            "temporarily_unavailable",
            "no token can be given now",
        ),
    }
}

fn refusal(status: StatusCode, error: &str, what: &str) -> Response<Body> {
    let mut response = respond(
        status,
        "application/json",
        &json!({ "error": error, "error_description": what }),
    );
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
