//! `POST /oauth2/token`: access tokens for partners' systems (OAuth 2.0 client credentials, RFC 6749, 4.4), by the library
//! they already use. A client shows who it is by its secret, by what it signed (`private_key_jwt`, RFC 7523) or by the
//! certificate of its connection (RFC 8705). It asks identity-verification like any caller of `IssuePartnerToken`, and tells
//! why a client is refused: `error` in the words of the RFC, `reason` in ours.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{self, HeaderValue};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use serde_json::json;
use support_chassis::error::explain;
use support_chassis::keyset::unchecked_claim;
use support_chassis::server::Stack;
use support_chassis::server::tls::Shown;
use support_proto::support::identity::v1::credential_service_client::CredentialServiceClient;
use support_proto::support::identity::v1::{IdentityErrorReason as Reason, IssuePartnerTokenRequest};
use tonic::body::Body;
use tonic::transport::server::TcpConnectInfo;
use tonic::{Code, Status};

use crate::bodies::Bodies;
use crate::json::respond;

/// The largest form that is read, in bytes.
const FORM_LIMIT: usize = 16 * 1024;
/// What a client assertion is (RFC 7523, 2.2).
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

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
    let mut wanted = tonic::Request::new(wanted);
    // Where the call comes from, and what the connection shows, is the same.
    if let Some(connection) = head.extensions.get::<TcpConnectInfo>() {
        wanted.extensions_mut().insert(connection.clone());
    }
    if let Some(shown) = head.extensions.get::<Shown>() {
        wanted.extensions_mut().insert(shown.clone());
    }
    match CredentialServiceClient::new(door).issue_partner_token(wanted).await {
        Ok(answer) => {
            let answer = answer.into_inner();
            let mut told = json!({
                "access_token": answer.access_token,
                "token_type": "Bearer",
                "expires_in": answer.expires_in_seconds,
                "scope": answer.scopes.join(" "),
            });
            if !answer.locations.is_empty() {
                told["location"] = answer.locations.join(" ").into();
            }
            let mut response = respond(StatusCode::OK, "application/json", &told);
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
    let (mut grant, mut assertion_type) = (String::new(), String::new());
    for (name, value) in url::form_urlencoded::parse(form) {
        match &*name {
            "grant_type" => grant = value.into_owned(),
            "client_id" => wanted.client_id = value.into_owned(),
            "client_secret" => wanted.client_secret = value.into_owned(),
            "client_assertion" => wanted.client_assertion = value.into_owned(),
            "client_assertion_type" => assertion_type = value.into_owned(),
            "location" => wanted.locations = value.split_ascii_whitespace().map(str::to_owned).collect(),
            "technician" => wanted.technician = value.into_owned(),
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
    if wanted.client_assertion.is_empty() {
        return Ok(wanted);
    }
    if assertion_type != ASSERTION_TYPE {
        return Err(("invalid_request", "the client assertion is of a type that is not known"));
    }
    if !wanted.client_secret.is_empty() {
        return Err(("invalid_request", "credentials are given twice"));
    }
    if wanted.client_id.is_empty() {
        // It need not be said twice (RFC 7521, 4.2). Whether it is true is seen by the signature.
        wanted.client_id = unchecked_claim(&wanted.client_assertion, "sub").unwrap_or_default();
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

/// What a refusal is called in the RFCs: the error, and what it says to people.
fn named(reason: Reason) -> (StatusCode, &'static str, &'static str) {
    match reason {
        Reason::ScopeNotGranted => (
            StatusCode::BAD_REQUEST,
            "invalid_scope",
            "a scope is not granted to the client",
        ),
        // RFC 8707, 2: the client may have tokens, and not for that.
        Reason::LocationNotGranted => (
            StatusCode::BAD_REQUEST,
            "invalid_target",
            "a location is not granted to the client",
        ),
        Reason::TechnicianMissing => (
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "people call through this client: the token must name the technician",
        ),
        Reason::ClientSuspended => (
            StatusCode::BAD_REQUEST,
            "unauthorized_client",
            "the client is suspended",
        ),
        Reason::ClientUnknown => (StatusCode::UNAUTHORIZED, "invalid_client", "there is no such client"),
        Reason::ClientAssertionRefused => (
            StatusCode::UNAUTHORIZED,
            "invalid_client",
            "what the client signed is not believed",
        ),
        Reason::ClientCertificateWrong => (
            StatusCode::UNAUTHORIZED,
            "invalid_client",
            "the connection shows no certificate of the client's",
        ),
        _ => (StatusCode::UNAUTHORIZED, "invalid_client", "the client was refused"),
    }
}

fn refused(status: &Status) -> Response<Body> {
    let explained = explain(status);
    let reason = Reason::from_str_name(&explained.reason)
        .filter(|_| explained.domain == "support.identity.v1" && status.code() != Code::Unavailable);
    if let Some(reason) = reason {
        let (http, error, what) = named(reason);
        let mut told = json!({ "error": error, "error_description": what, "reason": explained.reason });
        if let Some(cause) = explained.metadata.get("cause") {
            told["cause"] = cause.as_str().into();
        }
        let mut response = uncached(respond(http, "application/json", &told));
        if http == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic"));
        }
        return response;
    }
    match status.code() {
        Code::InvalidArgument
            if explained
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
    uncached(respond(
        status,
        "application/json",
        &json!({ "error": error, "error_description": what }),
    ))
}

fn uncached(mut response: Response<Body>) -> Response<Body> {
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
