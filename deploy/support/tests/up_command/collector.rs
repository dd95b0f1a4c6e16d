//! A collector of telemetry: a real one, as far as the system can tell.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::logs::v1::logs_service_server::{LogsService, LogsServiceServer};
use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsServiceRequest, ExportLogsServiceResponse};
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::{
    MetricsService, MetricsServiceServer,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{ExportMetricsServiceRequest, ExportMetricsServiceResponse};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

/// What was sent, each span, log record and metric written out with all that is in it: names, attributes, events, states.
#[derive(Debug, Clone, Default)]
pub(crate) struct Collected {
    pub(crate) spans: Vec<String>,
    pub(crate) logs: Vec<String>,
    pub(crate) metrics: Vec<String>,
}

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Collected>>);

/// Listens as long as it lives.
pub(crate) struct Collector {
    pub(crate) address: SocketAddr,
    sink: Sink,
    _runtime: Runtime,
}

impl Collector {
    pub(crate) fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let (address, sink) = (listener.local_addr().unwrap(), Sink::default());
        let server = tonic::transport::Server::builder()
            .add_service(TraceServiceServer::new(sink.clone()).max_decoding_message_size(64 << 20))
            .add_service(LogsServiceServer::new(sink.clone()).max_decoding_message_size(64 << 20))
            .add_service(MetricsServiceServer::new(sink.clone()).max_decoding_message_size(64 << 20))
            .serve_with_incoming(TcpListenerStream::new(listener));
        runtime.spawn(server);
        Self {
            address,
            sink,
            _runtime: runtime,
        }
    }

    pub(crate) fn collected(&self) -> Collected {
        self.sink.0.lock().unwrap().clone()
    }
}

#[tonic::async_trait]
impl TraceService for Sink {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let resources = request.into_inner().resource_spans.into_iter();
        let scopes = resources.flat_map(|resource| resource.scope_spans);
        let spans = scopes.flat_map(|scope| scope.spans).map(|span| format!("{span:?}"));
        self.0.lock().unwrap().spans.extend(spans);
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl LogsService for Sink {
    async fn export(
        &self,
        request: Request<ExportLogsServiceRequest>,
    ) -> Result<Response<ExportLogsServiceResponse>, Status> {
        let resources = request.into_inner().resource_logs.into_iter();
        let scopes = resources.flat_map(|resource| resource.scope_logs);
        let records = scopes
            .flat_map(|scope| scope.log_records)
            .map(|record| format!("{record:?}"));
        self.0.lock().unwrap().logs.extend(records);
        Ok(Response::new(ExportLogsServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl MetricsService for Sink {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        let resources = request.into_inner().resource_metrics.into_iter();
        let scopes = resources.flat_map(|resource| resource.scope_metrics);
        let metrics = scopes
            .flat_map(|scope| scope.metrics)
            .map(|metric| format!("{metric:?}"));
        self.0.lock().unwrap().metrics.extend(metrics);
        Ok(Response::new(ExportMetricsServiceResponse::default()))
    }
}
