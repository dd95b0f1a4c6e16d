//! What can be seen of a process from outside: logs on stderr, and traces, metrics and logs sent to a collector by OTLP
//! where one is named.
//!
//! Every span has a trace id, collector or not: log lines and internal errors carry it, so that a caller's complaint leads
//! to the lines about it. ERROR means that a person is needed; a caller's mistake is never one. Ids, no people, in logs
//! and spans alike.

mod line;
pub mod semconv;

use std::panic::PanicHookInfo;
use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{KeyValue, global};
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_otlp::{ExporterBuildError, LogExporter, MetricExporter, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkError;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{EnvFilter, Targets};
use tracing_subscriber::layer::{Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};

use crate::settings::{Common, LogFormat};

/// The variable that chooses what is logged.
const LOG_VARIABLE: &str = "RUST_LOG";
/// What is logged where it says nothing: libraries only when something is wrong.
const LOG_DEFAULT: &str = "warn,support=info,support_chassis=info,support_gateway=info,support_case=info,\
                           support_identity_verification=info,support_localisation=info,support_postgres=info,\
                           support_repair_logistics=info,support_routing=info,support_warranty=info";
/// What carries telemetry itself must not be told of by telemetry: each batch sent would make the next.
const CARRIERS: [&str; 5] = ["opentelemetry", "h2", "hyper", "tonic", "tower"];
/// How long a collector may take to accept a batch.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the last batches may take at the end.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// Keeps telemetry going; [`Guard::shutdown`] sends what is left.
#[must_use = "what is not yet sent is lost unless `shutdown` is called"]
pub struct Guard {
    traces: SdkTracerProvider,
    metrics: Option<SdkMeterProvider>,
    logs: Option<SdkLoggerProvider>,
}

/// Telemetry could not be started.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The exporter refuses its settings.
    #[error("telemetry cannot be exported")]
    Exporter(#[from] ExporterBuildError),
    /// It was started before in this process.
    #[error("telemetry runs already")]
    Twice(#[from] TryInitError),
    /// `RUST_LOG` or the setting is wrong.
    #[error("RUST_LOG or telemetry.log_filter is no log filter")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
}

/// Starts telemetry, once in a process. `name` is the process's: the service's, or `support` where several share it.
/// Call it inside the runtime: the exporters live there.
///
/// # Errors
///
/// A wrong `RUST_LOG`, exporter settings that cannot work, or a second call.
pub fn init(name: &str, common: &Common) -> Result<Guard, TelemetryError> {
    let settings = &common.telemetry;
    let filter = match std::env::var(LOG_VARIABLE) {
        Ok(filter) if !filter.is_empty() => EnvFilter::try_new(filter)?,
        _ if settings.log_filter.is_empty() => EnvFilter::try_new(LOG_DEFAULT)?,
        _ => EnvFilter::try_new(&settings.log_filter)?,
    };
    let resource = resource(name, common);
    let endpoint = Some(settings.otlp_endpoint.as_str()).filter(|endpoint| !endpoint.is_empty());

    let mut traces = SdkTracerProvider::builder().with_resource(resource.clone());
    let (mut metrics, mut logs) = (None, None);
    if let Some(endpoint) = endpoint {
        let spans = SpanExporter::builder()
            .with_tonic()
            .with_endpoint(endpoint)
            .with_timeout(EXPORT_TIMEOUT)
            .build()?;
        traces = traces.with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(
            settings.sample_ratio,
        ))));
        traces = traces.with_batch_exporter(spans);

        let exporter = MetricExporter::builder()
            .with_tonic()
            .with_endpoint(endpoint)
            .with_timeout(EXPORT_TIMEOUT)
            .build()?;
        let interval = Duration::from_secs(settings.metric_interval_seconds);
        let reader = PeriodicReader::builder(exporter).with_interval(interval).build();
        metrics = Some(
            SdkMeterProvider::builder()
                .with_resource(resource.clone())
                .with_reader(reader)
                .build(),
        );

        let exporter = LogExporter::builder()
            .with_tonic()
            .with_endpoint(endpoint)
            .with_timeout(EXPORT_TIMEOUT)
            .build()?;
        logs = Some(
            SdkLoggerProvider::builder()
                .with_resource(resource)
                .with_batch_exporter(exporter)
                .build(),
        );
    } else {
        // Nobody collects: spans still get ids for the log lines, but nothing is recorded.
        traces = traces.with_sampler(Sampler::AlwaysOff);
    }
    let traces = traces.build();

    tracing_subscriber::registry()
        .with(to_stderr(settings.log_format, name).with_filter(filter))
        .with(
            tracing_opentelemetry::layer()
                .with_tracer(traces.tracer("support"))
                // Where in the source a span began is of no use to whoever reads a trace, and costs in each span.
                .with_location(false)
                .with_threads(false)
                .with_filter(exported()),
        )
        .with(
            logs.as_ref()
                .map(OpenTelemetryTracingBridge::new)
                .with_filter(exported()),
        )
        .try_init()?;
    global::set_text_map_propagator(TraceContextPropagator::new());
    global::set_tracer_provider(traces.clone());
    if let Some(metrics) = &metrics {
        global::set_meter_provider(metrics.clone());
    }
    Ok(Guard { traces, metrics, logs })
}

impl Guard {
    /// Sends what is left, for five seconds at most, and stops. In a thread of its own: on the runtime it would wait for
    /// an exporter that waits for the runtime, and lose everything.
    pub async fn shutdown(self) {
        let sent = tokio::task::spawn_blocking(move || {
            let ended = [
                self.traces.shutdown_with_timeout(SHUTDOWN_TIMEOUT),
                self.metrics
                    .map_or(Ok(()), |metrics| metrics.shutdown_with_timeout(SHUTDOWN_TIMEOUT)),
                self.logs
                    .map_or(Ok(()), |logs| logs.shutdown_with_timeout(SHUTDOWN_TIMEOUT)),
            ];
            ended.into_iter().collect::<Result<(), OTelSdkError>>()
        });
        match sent.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the last telemetry was not sent"),
            Err(error) => tracing::warn!(%error, "telemetry did not end well"),
        }
    }

    /// Sends what has gathered so far.
    pub async fn flush(&self) {
        let (traces, metrics, logs) = (self.traces.clone(), self.metrics.clone(), self.logs.clone());
        let sent = tokio::task::spawn_blocking(move || {
            [
                traces.force_flush(),
                metrics.map_or(Ok(()), |metrics| metrics.force_flush()),
                logs.map_or(Ok(()), |logs| logs.force_flush()),
            ]
            .into_iter()
            .collect::<Result<(), OTelSdkError>>()
        });
        if let Ok(Err(error)) = sent.await {
            tracing::warn!(%error, "telemetry was not sent");
        }
    }
}

impl std::fmt::Debug for Guard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guard")
            .field("exporting", &self.metrics.is_some())
            .finish_non_exhaustive()
    }
}

fn resource(name: &str, common: &Common) -> Resource {
    Resource::builder()
        .with_service_name(name.to_owned())
        .with_attributes([
            KeyValue::new(semconv::SERVICE_VERSION, env!("CARGO_PKG_VERSION")),
            KeyValue::new(semconv::SERVICE_INSTANCE_ID, hex::encode(rand::random::<[u8; 8]>())),
            KeyValue::new(semconv::SERVICE_NAMESPACE, "support"),
            KeyValue::new(semconv::DEPLOYMENT_ENVIRONMENT_NAME, common.environment.as_str()),
            KeyValue::new(semconv::CLOUD_REGION, common.region.to_string()),
        ])
        .build()
}

fn exported() -> Targets {
    CARRIERS
        .iter()
        .fold(Targets::new().with_default(LevelFilter::INFO), |targets, carrier| {
            targets.with_target(*carrier, LevelFilter::OFF)
        })
}

fn to_stderr<S>(format: LogFormat, name: &str) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    match format {
        LogFormat::Json => layer.event_format(line::Json::new(name)).boxed(),
        LogFormat::Text => {
            let ansi = std::io::IsTerminal::is_terminal(&std::io::stderr());
            layer.with_ansi(ansi).event_format(line::Text).boxed()
        }
    }
}

/// From now on a panic is a log line like any other fault of ours, with the trace it happened in. For the executable:
/// under a test harness it would hide the words of a failed assertion.
pub fn log_panics() {
    std::panic::set_hook(Box::new(log_panic));
}

fn log_panic(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let thread = std::thread::current().name().unwrap_or_default().to_owned();
    let words = panic.payload_as_str().unwrap_or("no words");
    let words: String = words.chars().take(300).collect();
    tracing::error!(place, thread, words, "panic");
}
