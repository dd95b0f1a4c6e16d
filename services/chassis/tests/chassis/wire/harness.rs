//! A small case desk behind the real layers, over TCP or within the process.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use ed25519_dalek::SigningKey;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt as _, StreamExt as _};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use support_chassis::call::{Call, Caller};
use support_chassis::client::{Account, Peer};
use support_chassis::clock::{Clock, ManualClock};
use support_chassis::error::{Explained, explain, read_status};
use support_chassis::passport::{PASSPORT_HEADER, Role, Signer, Trust, Trusted};
use support_chassis::server::{Server, ServerOptions, Stack};
use support_proto::support::case::v1 as case;
use support_proto::support::case::v1::case_service_client::CaseServiceClient;
use support_proto::support::case::v1::case_service_server::{CaseService, CaseServiceServer};
use support_proto::support::feed::v1 as feed;
use support_proto::support::feed::v1::feed_service_server::{FeedService, FeedServiceServer};
use support_proto::support::options::v1::{AssuranceLevel, CallerKind};
use time::OffsetDateTime;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::metadata::MetadataMap;
use tonic::service::Routes;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Response, Status};

pub(crate) const CASE_ID: &str = "eu-0198f2c4-0000-7000-8000-000000000000";
pub(crate) const CUSTOMER_ID: &str = "eu-0198f2c4-0000-7000-8000-000000000001";
pub(crate) const GET_CASE: &str = "/support.case.v1.CaseService/GetCase";
pub(crate) const START: i64 = 1_800_000_000;

/// What the desk does with a call.
pub(crate) type Script = Arc<dyn Fn(Call, MetadataMap) -> BoxFuture<'static, Result<(), Status>> + Send + Sync>;

pub(crate) fn script<F>(work: impl Fn(Call, MetadataMap) -> F + Send + Sync + 'static) -> Script
where
    F: Future<Output = Result<(), Status>> + Send + 'static,
{
    Arc::new(move |call, metadata| work(call, metadata).boxed())
}

pub(crate) fn answers() -> Script {
    script(|_, _| async { Ok(()) })
}

pub(crate) fn never() -> Script {
    script(|_, _| std::future::pending())
}

#[derive(Clone)]
pub(crate) struct Desk {
    script: Script,
    pub(crate) calls: Arc<AtomicUsize>,
}

impl Desk {
    pub(crate) fn new(script: Script) -> Self {
        Self {
            script,
            calls: Arc::default(),
        }
    }

    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    async fn work<T>(&self, request: Request<T>) -> Result<(), Status> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let call = Call::of(&request)?;
        (self.script)(call, request.metadata().clone()).await
    }
}

macro_rules! not_played {
    ($($method:ident: $request:ident -> $response:ident),+ $(,)?) => {
        #[tonic::async_trait]
        impl CaseService for Desk {
            async fn get_case(
                &self,
                request: Request<case::GetCaseRequest>,
            ) -> Result<Response<case::GetCaseResponse>, Status> {
                self.work(request).await?;
                Ok(Response::new(case::GetCaseResponse::default()))
            }

            async fn open_case(
                &self,
                request: Request<case::OpenCaseRequest>,
            ) -> Result<Response<case::OpenCaseResponse>, Status> {
                self.work(request).await?;
                Ok(Response::new(case::OpenCaseResponse::default()))
            }

            $(async fn $method(
                &self,
                _: Request<case::$request>,
            ) -> Result<Response<case::$response>, Status> {
                Err(Status::unimplemented("not played here"))
            })+
        }
    };
}

not_played! {
    list_cases: ListCasesRequest -> ListCasesResponse,
    post_message: PostMessageRequest -> PostMessageResponse,
    list_messages: ListMessagesRequest -> ListMessagesResponse,
    assign_case: AssignCaseRequest -> AssignCaseResponse,
    resolve_case: ResolveCaseRequest -> ResolveCaseResponse,
    reopen_case: ReopenCaseRequest -> ReopenCaseResponse,
    close_case: CloseCaseRequest -> CloseCaseResponse,
    list_timeline: ListTimelineRequest -> ListTimelineResponse,
    change_language: ChangeLanguageRequest -> ChangeLanguageResponse,
    change_severity: ChangeSeverityRequest -> ChangeSeverityResponse,
}

#[tonic::async_trait]
impl FeedService for Desk {
    type SubscribeStream = BoxStream<'static, Result<feed::SubscribeResponse, Status>>;

    /// One message, then silence; after position 13 a panic.
    async fn subscribe(
        &self,
        request: Request<feed::SubscribeRequest>,
    ) -> Result<Response<Self::SubscribeStream>, Status> {
        let after = request.get_ref().after_position;
        let first = stream::iter([Ok(feed::SubscribeResponse {
            events: Vec::new(),
            up_to_position: after,
        })]);
        let rest = stream::pending().boxed();
        let rest = if after == 13 {
            stream::once(async { panic!("position 13") }).boxed()
        } else {
            rest
        };
        Ok(Response::new(first.chain(rest).boxed()))
    }

    async fn acknowledge(
        &self,
        request: Request<feed::AcknowledgeRequest>,
    ) -> Result<Response<feed::AcknowledgeResponse>, Status> {
        self.work(request).await?;
        Ok(Response::new(feed::AcknowledgeResponse {}))
    }
}

/// Who signs, and what time it is.
pub(crate) struct World {
    pub(crate) gateway: Arc<Signer>,
    pub(crate) routing: Arc<Signer>,
    pub(crate) trust: Trust,
    pub(crate) clock: Clock,
    pub(crate) time: ManualClock,
}

pub(crate) const LIFETIME: Duration = Duration::from_mins(5);

pub(crate) fn signer(issuer: &str, seed: u8) -> Arc<Signer> {
    Arc::new(Signer::new(issuer, &SigningKey::from_bytes(&[seed; 32]), LIFETIME).unwrap())
}

impl World {
    pub(crate) fn new() -> Self {
        let (clock, time) = Clock::manual(OffsetDateTime::from_unix_timestamp(START).unwrap());
        let (gateway, routing) = (signer("gateway", 1), signer("routing", 2));
        let trust = Trust::new([
            Trusted {
                issuer: "gateway".to_owned(),
                role: Role::Gateway,
                key: *gateway.public_key(),
            },
            Trusted {
                issuer: "routing".to_owned(),
                role: Role::Service,
                key: *routing.public_key(),
            },
        ]);
        Self {
            gateway,
            routing,
            trust,
            clock,
            time,
        }
    }

    pub(crate) fn options(&self) -> ServerOptions {
        ServerOptions::new(self.trust.clone(), self.clock.clone())
    }

    pub(crate) fn account(&self) -> Account {
        Account::new(Arc::clone(&self.routing), self.clock.clone())
    }

    pub(crate) fn pass(&self, caller: &Caller) -> String {
        self.gateway.sign(caller, self.clock.now()).unwrap()
    }

    /// The layers around a desk, within the process.
    pub(crate) fn stack(&self, desk: &Desk) -> Stack {
        let routes =
            Routes::new(CaseServiceServer::new(desk.clone())).add_service(FeedServiceServer::new(desk.clone()));
        Server::stack(&self.options(), CancellationToken::new(), routes)
    }

    /// A peer over desks within the process, asked in a customer's name.
    pub(crate) fn peer(&self, desks: &[&Desk]) -> CaseServiceClient<Peer> {
        let peer = Peer::in_process("case", desks.iter().map(|desk| self.stack(desk)), self.account());
        CaseServiceClient::new(peer.bearing(self.pass(&customer())))
    }

    /// A server on a port of its own.
    pub(crate) async fn serve(&self, desk: &Desk) -> Running {
        self.serve_with(desk, self.options()).await
    }

    pub(crate) async fn serve_with(&self, desk: &Desk, options: ServerOptions) -> Running {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (draining, aborting) = (CancellationToken::new(), CancellationToken::new());
        let server = Server::new(options)
            .service(CaseServiceServer::new(desk.clone()))
            .service(FeedServiceServer::new(desk.clone()));
        let serving = server.serve(listener, draining.clone(), aborting.clone());
        let task = tokio::spawn(async move { serving.await.unwrap() });
        Running {
            address,
            draining,
            aborting,
            task,
        }
    }
}

pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) draining: CancellationToken,
    pub(crate) aborting: CancellationToken,
    pub(crate) task: JoinHandle<()>,
}

impl Running {
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn channel(&self) -> Channel {
        Endpoint::from_shared(self.url()).unwrap().connect_lazy()
    }

    pub(crate) fn cases(&self) -> CaseServiceClient<Channel> {
        CaseServiceClient::new(self.channel())
    }

    /// Sends bytes that no client would, as one gRPC frame, and reads how it ended.
    pub(crate) async fn frame(&self, path: &str, token: &str, message: &[u8]) -> Explained {
        let mut frame = vec![0];
        frame.extend_from_slice(&u32::try_from(message.len()).unwrap().to_be_bytes());
        frame.extend_from_slice(message);
        self.raw(path, &[(PASSPORT_HEADER, token)], frame).await
    }

    pub(crate) async fn raw(&self, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Explained {
        let mut request = http::Request::post(format!("{}{path}", self.url()))
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::new(Full::new(Bytes::from(body)))).unwrap())
            .await
    }

    pub(crate) async fn send(&self, request: http::Request<Body>) -> Explained {
        // By hand: tonic's client would time out and speak up by itself.
        let stream = TcpStream::connect(self.address).await.unwrap();
        let connecting = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
        let (mut sender, connection) = connecting.await.unwrap();
        let _connection = AbortOnDrop(tokio::spawn(async move { drop(connection.await) }));
        let response = sender.send_request(request).await.unwrap();
        let (head, body) = response.into_parts();
        let collected = body.collect().await.unwrap();
        let status = read_status(&head.headers)
            .or_else(|| collected.trailers().and_then(read_status))
            .unwrap();
        explain(&status)
    }
}

struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.aborting.cancel();
        self.task.abort();
    }
}

pub(crate) fn customer() -> Caller {
    Caller {
        kind: CallerKind::Customer,
        subject: CUSTOMER_ID.to_owned(),
        organisation: None,
        scopes: BTreeSet::new(),
        assurance: AssuranceLevel::Aal1,
        region: Some("eu".to_owned()),
        grant_id: None,
        bounds: support_chassis::call::Bounds::default(),
    }
}

pub(crate) fn staff(scopes: &[&str]) -> Caller {
    Caller {
        kind: CallerKind::Staff,
        subject: "staff-7".to_owned(),
        organisation: Some("maker".to_owned()),
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        ..customer()
    }
}

/// A request with a passport.
pub(crate) fn with_passport<T>(message: T, token: &str) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert(PASSPORT_HEADER, token.parse().unwrap());
    request
}

pub(crate) fn get_case() -> case::GetCaseRequest {
    case::GetCaseRequest {
        case_id: CASE_ID.to_owned(),
    }
}

pub(crate) fn subscribe(after_position: i64) -> feed::SubscribeRequest {
    feed::SubscribeRequest {
        consumer: "routing".to_owned(),
        after_position,
        event_types: Vec::new(),
    }
}

/// Fails where a condition does not come about in time.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future)
        .await
        .unwrap_or_else(|_| panic!("not in time: {what}"))
}
