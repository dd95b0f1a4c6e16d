//! The front of the door: tells gRPC, gRPC-Web, JSON and the few plain HTTP requests apart. All calls then go through one
//! stack, whatever they were written in.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request, Response, StatusCode, Version};
use serde_json::json;
use support_chassis::server::{Stack, answer};
use tonic::body::Body;
use tonic_web::GrpcWebLayer;
use tower::{Layer as _, Service};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::bodies::Bodies;
use crate::certificates;
use crate::credentials::GRANT_HEADER;
use crate::health::Health;
use crate::json::{self, problem::problem, respond};
use crate::oauth;
use crate::words::Words;

/// The front.
#[derive(Clone)]
pub(crate) struct Front {
    calls: Stack,
    health: Health,
    words: Words,
    bodies: Bodies,
    max_json_bytes: usize,
    is_told_certificates: bool,
}

/// What a request wants.
enum Wanted {
    Grpc,
    GrpcWeb(&'static str),
    Json,
    Token,
    Alive,
    Ready,
    /// Nothing we have.
    Unknown,
}

impl Front {
    /// `calls` takes gRPC. Where a proxy is believed that says which certificates clients show, `is_told_certificates`.
    pub(crate) fn new(
        calls: Stack,
        health: Health,
        words: Words,
        bodies: Bodies,
        max_json_bytes: usize,
        is_told_certificates: bool,
    ) -> Self {
        Self {
            calls,
            health,
            words,
            bodies,
            max_json_bytes,
            is_told_certificates,
        }
    }

    async fn answer(self, mut request: Request<Body>) -> Response<Body> {
        if self.is_told_certificates
            && let Some(shown) = certificates::told(request.headers())
        {
            request.extensions_mut().insert(shown);
        }
        match wanted(request.method(), request.uri().path(), request.headers()) {
            // Over HTTP/1 the trailers, and with them the status, would be lost on the way.
            Wanted::Grpc if request.version() < Version::HTTP_2 => {
                json::bad_request("gRPC needs HTTP/2; over HTTP/1 use gRPC-Web or JSON").into_http()
            }
            Wanted::Grpc => answer(self.calls, request).await,
            Wanted::GrpcWeb(media) => {
                // The layer knows the media types only as they are written here.
                let media = HeaderValue::from_static(media);
                request.headers_mut().insert(header::CONTENT_TYPE, media);
                answer(GrpcWebLayer::new().layer(self.calls), request).await
            }
            Wanted::Json => json::call(request, self.calls, &self.words, &self.bodies, self.max_json_bytes).await,
            Wanted::Token => oauth::token(request, self.calls, &self.bodies).await,
            Wanted::Alive => respond(StatusCode::OK, "application/json", &json!({ "alive": true })),
            Wanted::Ready => self.health.ready(),
            Wanted::Unknown => problem(&json::bad_request(
                "nothing answers to this method, path and content type: a call is a POST to /package.Service/Method with \
                 content type application/json, application/grpc or application/grpc-web",
            )),
        }
    }
}

fn wanted(method: &Method, path: &str, headers: &HeaderMap) -> Wanted {
    let content = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    match (method, path) {
        (&Method::GET, "/healthz") => return Wanted::Alive,
        (&Method::GET, "/readyz") => return Wanted::Ready,
        (_, "/oauth2/token") => return Wanted::Token,
        _ => {}
    }
    // Media types are without regard to case, and may have parameters.
    let media = content
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    match media.as_str() {
        "application/json" => Wanted::Json,
        "application/grpc-web" | "application/grpc-web+proto" if method == Method::POST => {
            Wanted::GrpcWeb("application/grpc-web+proto")
        }
        "application/grpc-web-text" | "application/grpc-web-text+proto" if method == Method::POST => {
            Wanted::GrpcWeb("application/grpc-web-text+proto")
        }
        "application/grpc" | "application/grpc+proto" => Wanted::Grpc,
        _ => Wanted::Unknown,
    }
}

impl Service<Request<Body>> for Front {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let front = self.clone();
        Box::pin(async move { Ok(front.answer(request).await) })
    }
}

/// Which web pages may call, and which headers their scripts may read.
pub(crate) fn cors(origins: &[String]) -> CorsLayer {
    let exposed =
        ["grpc-status", "grpc-message", "grpc-status-details-bin", "retry-after"].map(HeaderName::from_static);
    let allowed = [
        header::AUTHORIZATION,
        header::CONTENT_TYPE,
        header::ACCEPT_LANGUAGE,
        HeaderName::from_static("x-grpc-web"),
        HeaderName::from_static("x-user-agent"),
        HeaderName::from_static(GRANT_HEADER),
        HeaderName::from_static("grpc-timeout"),
        HeaderName::from_static("traceparent"),
        HeaderName::from_static("tracestate"),
    ];
    let origins = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()))
    };
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::POST, Method::GET])
        .allow_headers(allowed)
        .expose_headers(exposed)
        .max_age(std::time::Duration::from_hours(1))
}
