//! Takes connections and serves them until it is told to stop.

use std::convert::Infallible;
use std::time::Duration;

use http::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::transport::server::TcpConnectInfo;
use tower::{Service, ServiceExt as _};

use super::tls::{Shown, Tls};

/// How often a silent connection is asked whether it still lives, and how long it may take to say so: load balancers
/// drop connections without a word.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(30);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(10);
/// The most calls at once on one connection.
const STREAMS_PER_CONNECTION: u32 = 1024;
/// The largest header list that is read, in bytes: two passports of 8 KiB and some.
const HEADER_LIST_LIMIT: u32 = 32 * 1024;
/// The flow-control windows, in bytes. The default of 64 KiB makes a large message wait for the network four times.
const STREAM_WINDOW: u32 = 1024 * 1024;
const CONNECTION_WINDOW: u32 = 4 * 1024 * 1024;
/// How long to wait when the process is out of file descriptors: accepting again at once would fail again at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How long a client may take to send the headers of an HTTP/1 request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// What is spoken on a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocols {
    /// HTTP/2 alone, as gRPC needs it.
    Http2,
    /// HTTP/1 as well, for browsers and scripts.
    Http1And2,
}

/// What is spoken on a port, and whether it is encrypted there.
#[derive(Debug, Clone)]
pub struct Speaks {
    /// What.
    pub protocols: Protocols,
    /// How it is encrypted; none where it is not.
    pub tls: Option<Tls>,
}

impl From<Protocols> for Speaks {
    fn from(protocols: Protocols) -> Self {
        Self { protocols, tls: None }
    }
}

/// Serves HTTP on `listener` with `service`. Once `draining` is cancelled no connection is taken, those
/// open are told to go away and may finish their calls within `bound`; then, or when `aborting` is cancelled, they are
/// cut.
pub async fn accept<S>(
    listener: TcpListener,
    speaks: impl Into<Speaks>,
    service: S,
    draining: CancellationToken,
    aborting: CancellationToken,
    bound: Duration,
) where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send + 'static>
        + Clone
        + Send
        + 'static,
{
    let Speaks { protocols, tls } = speaks.into();
    let mut builder = Builder::new(TokioExecutor::new());
    match protocols {
        Protocols::Http2 => builder = builder.http2_only(),
        Protocols::Http1And2 => {
            builder
                .http1()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_TIMEOUT);
        }
    }
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(KEEP_ALIVE_INTERVAL)
        .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
        .max_concurrent_streams(STREAMS_PER_CONNECTION)
        .max_header_list_size(HEADER_LIST_LIMIT)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW);
    let graceful = GracefulShutdown::new();
    // Dropping it cuts every connection, also where this future itself is dropped.
    let mut connections = JoinSet::new();
    loop {
        let stream = tokio::select! {
            () = draining.cancelled() => break,
            () = aborting.cancelled() => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be taken");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
            // Forget those that ended.
            Some(_) = connections.join_next() => continue,
        };
        let info = prepare(&stream);
        let service = service.clone();
        let Some(tls) = tls.clone() else {
            let connection = builder
                .serve_connection(TokioIo::new(stream), serving(service, info, None))
                .into_owned();
            connections.spawn(ended(graceful.watch(connection)));
            continue;
        };
        let (builder, watcher) = (builder.clone(), graceful.watcher());
        connections.spawn(async move {
            // Whoever does not finish their handshake has no call that a drain would wait for.
            let Some((stream, shown)) = tls.accept(stream).await else {
                return;
            };
            let connection = builder
                .serve_connection(TokioIo::new(stream), serving(service, info, shown))
                .into_owned();
            ended(watcher.watch(connection)).await;
        });
    }
    // Closed at once: whoever connects now must find nobody and go elsewhere.
    drop(listener);
    tokio::select! {
        () = graceful.shutdown() => {}
        () = aborting.cancelled() => {}
        () = tokio::time::sleep(bound) => {
            tracing::warn!(connections = connections.len(), "calls did not finish within the drain and are cut");
        }
    }
}

/// The service of one connection: every request says where it came from.
fn serving<S>(
    service: S,
    info: TcpConnectInfo,
    shown: Option<Shown>,
) -> TowerToHyperService<
    impl Service<Request<hyper::body::Incoming>, Response = Response<Body>, Error = Infallible, Future: Send> + Clone + Send,
>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send + 'static>
        + Clone
        + Send
        + 'static,
{
    TowerToHyperService::new(service.map_request(move |request: Request<hyper::body::Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(info.clone());
        if let Some(shown) = &shown {
            request.extensions_mut().insert(shown.clone());
        }
        request
    }))
}

async fn ended<E: std::fmt::Display>(connection: impl Future<Output = Result<(), E>>) {
    if let Err(error) = connection.await {
        // The other end went away, or spoke something else.
        tracing::debug!(%error, "a connection ended");
    }
}

fn prepare(stream: &TcpStream) -> TcpConnectInfo {
    // Small answers must not wait for more to send.
    let _ = stream.set_nodelay(true);
    TcpConnectInfo {
        local_addr: stream.local_addr().ok(),
        remote_addr: stream.peer_addr().ok(),
    }
}
