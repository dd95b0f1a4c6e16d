//! `rpc.server.call.duration`: how long calls take, by method and code.

use http::{Request, Response};
use opentelemetry::metrics::Histogram;
use opentelemetry::{KeyValue, global};
use tokio::time::Instant;
use tonic::body::Body;
use tracing::Span;

use super::around::{Around, Door, answer};
use super::labels::{BOUNDS, code_label, method_label};
use super::{Observed, is_health};

/// Measures calls, health checks aside. A stream is measured to its end.
#[derive(Debug, Clone)]
pub struct Metrics {
    duration: Histogram<f64>,
}

impl Metrics {
    /// Measures with the meter provider that is installed now: later ones are not seen.
    #[must_use]
    pub fn new() -> Self {
        let duration = global::meter("support-chassis")
            .f64_histogram("rpc.server.call.duration")
            .with_description("How long calls take, to the last byte of the answer")
            .with_unit("s")
            .with_boundaries(BOUNDS.to_vec())
            .build();
        Self { duration }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Around for Metrics {
    async fn around<S: Door>(self, request: Request<Body>, inner: S) -> Response<Body> {
        if is_health(request.uri().path()) {
            return answer(inner, request).await;
        }
        let started = Instant::now();
        let method = method_label(request.uri().path()).to_owned();
        let response = answer(inner, request).await;
        Observed::watch(response, Span::current(), move |code| {
            self.duration.record(
                started.elapsed().as_secs_f64(),
                &[
                    KeyValue::new("rpc.system.name", "grpc"),
                    KeyValue::new("rpc.method", method),
                    KeyValue::new("rpc.response.status_code", code_label(code)),
                ],
            );
        })
    }
}
