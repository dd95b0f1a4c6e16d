//! The span of a call, under the trace that the caller began.

use http::{HeaderMap, Request, Response};
use opentelemetry::propagation::Extractor;
use opentelemetry::{Context, global};
use tonic::Code;
use tonic::body::Body;
use tracing::field::Empty;
use tracing::{Instrument as _, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::around::{Around, Door, answer};
use super::labels::{code_label, method_label};
use super::{Observed, is_health};

/// Opens a span for every call but health checks, named by the method, with the caller's W3C trace context as parent.
#[derive(Debug, Clone, Copy)]
pub struct Trace;

impl Around for Trace {
    async fn around<S: Door>(self, request: Request<Body>, inner: S) -> Response<Body> {
        if is_health(request.uri().path()) {
            return answer(inner, request).await;
        }
        let span = open(&request);
        let response = answer(inner, request).instrument(span.clone()).await;
        Observed::watch(response, span.clone(), move |code| close(&span, code))
    }
}

/// The trace context in headers; an empty one where there is none.
#[must_use]
pub fn extract_context(headers: &HeaderMap) -> Context {
    global::get_text_map_propagator(|propagator| propagator.extract(&Headers(headers)))
}

fn open(request: &Request<Body>) -> Span {
    let method = method_label(request.uri().path());
    let span = tracing::info_span!(
        "call",
        otel.name = method,
        otel.kind = "server",
        otel.status_code = Empty,
        rpc.system.name = "grpc",
        rpc.method = method,
        rpc.response.status_code = Empty,
        support.caller.kind = Empty,
        support.caller.id = Empty,
        support.actor = Empty,
    );
    // Fails only where no tracer is installed, and then nothing is traced.
    let _ = span.set_parent(extract_context(request.headers()));
    span
}

fn close(span: &Span, code: Code) {
    span.record("rpc.response.status_code", code_label(code));
    // By the semantic conventions only these are a server's error; a NOT_FOUND is an answer.
    if matches!(
        code,
        Code::Unknown
            | Code::DeadlineExceeded
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
    ) {
        span.record("otel.status_code", "ERROR");
    }
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }
}
