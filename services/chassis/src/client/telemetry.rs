//! The span and the metrics of a call that goes out.

use http::{HeaderMap, HeaderName, HeaderValue, Response};
use opentelemetry::metrics::{Counter, Histogram};
use opentelemetry::propagation::Injector;
use opentelemetry::{KeyValue, global};
use tokio::time::Instant;
use tonic::body::Body;
use tonic::{Code, Status};
use tracing::Span;
use tracing::field::Empty;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::server::Observed;
use crate::server::labels::{BOUNDS, code_label, method_label};

/// Measures the calls of one peer.
#[derive(Debug)]
pub(super) struct Telemetry {
    peer: String,
    duration: Histogram<f64>,
    retries: Counter<u64>,
}

impl Telemetry {
    pub(super) fn new(peer: &str) -> Self {
        let meter = global::meter("support-chassis");
        Self {
            peer: peer.to_owned(),
            duration: meter
                .f64_histogram("rpc.client.call.duration")
                .with_description("How long calls of other services take, retries included")
                .with_unit("s")
                .with_boundaries(BOUNDS.to_vec())
                .build(),
            retries: meter
                .u64_counter("support.client.retries")
                .with_description("Tries after the first")
                .build(),
        }
    }

    pub(super) fn open(&self, path: &str) -> Span {
        let method = method_label(path);
        tracing::info_span!(
            "peer call",
            otel.name = method,
            otel.kind = "client",
            otel.status_code = Empty,
            rpc.system.name = "grpc",
            rpc.method = method,
            rpc.response.status_code = Empty,
            peer.service = self.peer,
        )
    }

    pub(super) fn retried(&self, path: &str) {
        self.retries.add(
            1,
            &[
                KeyValue::new("rpc.method", method_label(path).to_owned()),
                KeyValue::new("peer.service", self.peer.clone()),
            ],
        );
    }

    /// Measures a call to the end of its answer.
    pub(super) async fn measure(
        &self,
        path: String,
        span: Span,
        call: impl Future<Output = Result<Response<Body>, Status>>,
    ) -> Result<Response<Body>, Status> {
        let (started, duration, peer) = (Instant::now(), self.duration.clone(), self.peer.clone());
        let closing = span.clone();
        let ended = move |code: Code| {
            closing.record("rpc.response.status_code", code_label(code));
            if code != Code::Ok {
                // By the semantic conventions every status but OK is an error to the client.
                closing.record("otel.status_code", "ERROR");
            }
            duration.record(
                started.elapsed().as_secs_f64(),
                &[
                    KeyValue::new("rpc.system.name", "grpc"),
                    KeyValue::new("rpc.method", method_label(&path).to_owned()),
                    KeyValue::new("rpc.response.status_code", code_label(code)),
                    KeyValue::new("peer.service", peer),
                ],
            );
        };
        match call.await {
            Ok(response) => Ok(Observed::watch(response, span, ended)),
            Err(status) => {
                ended(status.code());
                Err(status)
            }
        }
    }
}

/// Writes the current span's trace context into headers.
pub(super) fn inject_context(headers: &mut HeaderMap) {
    let context = Span::current().context();
    global::get_text_map_propagator(|propagator| propagator.inject_context(&context, &mut Headers(headers)));
}

struct Headers<'a>(&'a mut HeaderMap);

impl Injector for Headers<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(key.as_bytes()), HeaderValue::from_str(&value)) {
            self.0.insert(name, value);
        }
    }
}
