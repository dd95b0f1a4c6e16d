//! What a collector receives.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ed25519_dalek::SigningKey;
use opentelemetry::trace::TraceContextExt as _;
use opentelemetry_proto::tonic::collector::logs::v1::logs_service_server::{LogsService, LogsServiceServer};
use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsServiceRequest, ExportLogsServiceResponse};
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::{
    MetricsService, MetricsServiceServer,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{ExportMetricsServiceRequest, ExportMetricsServiceResponse};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use support_chassis::client::{Account, Peer};
use support_chassis::clock::Clock;
use support_chassis::lifecycle::Lifecycle;
use support_chassis::passport::Signer;
use support_chassis::service::{migrate, run};
use support_chassis::telemetry;
use support_postgres::testing::database;
use support_proto::support::identity::v1::grant_service_client::GrantServiceClient;
use support_proto::support::identity::v1::{ListGrantsRequest, RevokeGrantRequest};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Code, Request, Response, Status};
use tracing::Instrument as _;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::ledger::{self, LEDGER, READER};

const LIMIT: Duration = Duration::from_secs(30);

/// A collector that keeps what it is sent.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Collected>>);

#[derive(Default)]
struct Collected {
    spans: Vec<Span>,
    services: Vec<String>,
    metrics: Vec<String>,
    logs: Vec<LogRecord>,
}

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let mut collected = self.0.lock().unwrap();
        for resource in request.into_inner().resource_spans {
            let attributes = resource.resource.unwrap_or_default().attributes;
            collected.services.extend(
                attributes
                    .into_iter()
                    .filter(|pair| pair.key == "service.name")
                    .map(|pair| format!("{:?}", pair.value)),
            );
            collected
                .spans
                .extend(resource.scope_spans.into_iter().flat_map(|scope| scope.spans));
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl MetricsService for Collector {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        let scopes = request
            .into_inner()
            .resource_metrics
            .into_iter()
            .flat_map(|resource| resource.scope_metrics);
        let names = scopes.flat_map(|scope| scope.metrics).map(|metric| metric.name);
        self.0.lock().unwrap().metrics.extend(names);
        Ok(Response::new(ExportMetricsServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl LogsService for Collector {
    async fn export(
        &self,
        request: Request<ExportLogsServiceRequest>,
    ) -> Result<Response<ExportLogsServiceResponse>, Status> {
        let scopes = request
            .into_inner()
            .resource_logs
            .into_iter()
            .flat_map(|resource| resource.scope_logs);
        self.0
            .lock()
            .unwrap()
            .logs
            .extend(scopes.flat_map(|scope| scope.log_records));
        Ok(Response::new(ExportLogsServiceResponse::default()))
    }
}

impl Collector {
    /// Starts it and says where it is.
    async fn start(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tonic::transport::Server::builder()
            .add_service(TraceServiceServer::new(self.clone()))
            .add_service(MetricsServiceServer::new(self.clone()))
            .add_service(LogsServiceServer::new(self.clone()));
        tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
        format!("http://{address}")
    }

    /// Waits until what was collected is enough.
    async fn until(&self, guard: &telemetry::Guard, what: &str, enough: impl Fn(&Collected) -> bool) {
        let deadline = tokio::time::Instant::now() + LIMIT;
        loop {
            guard.flush().await;
            if enough(&self.0.lock().unwrap()) {
                return;
            }
            assert!(
                tokio::time::Instant::now() < deadline,
                "never collected: {what}; spans: {}",
                self.names()
            );
            tokio::task::yield_now().await;
        }
    }

    fn names(&self) -> String {
        self.0
            .lock()
            .unwrap()
            .spans
            .iter()
            .map(|span| span.name.clone())
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// Alone in installing telemetry: there is one a process. All its signals are looked at here for that reason.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_trace_leads_from_the_caller_through_the_outbox_to_the_consumer() {
    let collector = Collector::default();
    let (ledgers, readers) = (database().await, database().await);
    let settings = ledger::settings(&ledgers)
        .set("reader.database.url", readers.url())
        .set("telemetry.otlp_endpoint", collector.start().await)
        .set("telemetry.metric_interval_seconds", 3600);
    let guard = telemetry::init("support", &LEDGER.settings(&settings).check(true).unwrap()).unwrap();

    migrate(&LEDGER, &settings).await.unwrap();
    migrate(&READER, &settings).await.unwrap();
    let life = Lifecycle::new();
    let running = run(&LEDGER, &settings, &life, None).await.unwrap();
    let endpoint = format!("http://{}", running.address);
    let settings = settings.set("peers.ledger", vec![endpoint.as_str()]);
    let reading = run(&READER, &settings, &life, None).await.unwrap();

    let signer = Signer::new("gateway", &SigningKey::from_bytes(&[9; 32]), LIMIT).unwrap();
    let account = Account::new(Arc::new(signer), Clock::system());
    let peer = Peer::connect("ledger", &[endpoint], account)
        .unwrap()
        .bearing(ledger::passport(&ledger::staff()));
    let mut client = GrantServiceClient::new(peer);
    let grant_id = ledger::grant_id();
    let root = tracing::info_span!("a person's click");
    let trace_id = root.context().span().span_context().trace_id().to_bytes().to_vec();
    async {
        let request_id = "0198f2c4-0000-7000-8000-000000000002".to_owned();
        client
            .revoke_grant(RevokeGrantRequest {
                request_id,
                grant_id: grant_id.clone(),
            })
            .await
            .unwrap();
        // And one that panics, for the log.
        let request = ListGrantsRequest {
            customer_id: grant_id.clone(),
            ..ListGrantsRequest::default()
        };
        assert_eq!(client.list_grants(request).await.unwrap_err().code(), Code::Internal);
    }
    .instrument(root)
    .await;

    collector
        .until(&guard, "the spans of the trace", |collected| {
            revoke(collected, &trace_id, SpanKind::Client).is_some()
                && revoke(collected, &trace_id, SpanKind::Server).is_some()
                && applied(collected, &trace_id).is_some()
        })
        .await;
    assert_connected(&collector.0.lock().unwrap(), &trace_id);
    collector
        .until(&guard, "a log record of the trace", |collected| {
            collected
                .logs
                .iter()
                .any(|record| record.trace_id == trace_id && record.severity_text == "ERROR")
        })
        .await;
    collector
        .until(&guard, "the metrics", |collected| {
            [
                "rpc.server.call.duration",
                "rpc.client.call.duration",
                "db.client.connection.count",
                "support.outbox.depth",
            ]
            .iter()
            .all(|name| collected.metrics.iter().any(|metric| metric == name))
        })
        .await;

    // What happens last must arrive as well.
    tracing::info_span!("the last word").in_scope(|| ());
    life.drain("test");
    assert_eq!(reading.finished().await, Ok(()));
    assert_eq!(running.finished().await, Ok(()));
    guard.shutdown().await;
    assert!(collector.names().contains("the last word"));
}

/// The span of the call, on one side.
fn revoke<'c>(collected: &'c Collected, trace_id: &[u8], kind: SpanKind) -> Option<&'c Span> {
    let is = |span: &&Span| span.trace_id == trace_id && span.kind == kind as i32 && span.name.contains("RevokeGrant");
    collected.spans.iter().find(is)
}

/// The span of the event's effect.
fn applied<'c>(collected: &'c Collected, trace_id: &[u8]) -> Option<&'c Span> {
    collected
        .spans
        .iter()
        .find(|span| span.links.iter().any(|link| link.trace_id == trace_id))
}

fn assert_connected(collected: &Collected, trace_id: &[u8]) {
    let client = revoke(collected, trace_id, SpanKind::Client).unwrap();
    let server = revoke(collected, trace_id, SpanKind::Server).unwrap();
    assert_eq!(
        server.parent_span_id, client.span_id,
        "the server's span hangs under the client's"
    );
    let applied = applied(collected, trace_id).unwrap();
    assert!(applied.name.contains("GrantRevoked"), "{}", applied.name);
    assert_ne!(applied.trace_id, trace_id, "what follows is linked, not part of it");
    let cause = &applied.links[0].span_id;
    assert!(
        collected
            .spans
            .iter()
            .any(|span| &span.span_id == cause && span.trace_id == trace_id),
        "the link leads to a span of the trace"
    );
    assert!(
        collected.services.iter().all(|service| service.contains("support")),
        "{:?}",
        collected.services
    );
}
