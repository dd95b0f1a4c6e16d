//! A gateway before small services, all on real ports.

pub(crate) mod backends;
pub(crate) mod http;
pub(crate) mod tokens;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use ::http::Request;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use ed25519_dalek::SigningKey;
use http_body_util::Full;
use serde_json::{Value, json};
use support_chassis::clock::Clock;
use support_chassis::lifecycle::Lifecycle;
use support_chassis::passport::{Role, Trust, Trusted};
use support_chassis::server::{Server, ServerOptions};
use support_chassis::settings::Settings;
use support_proto::support::case::v1 as case;
use support_proto::support::case::v1::case_service_client::CaseServiceClient;
use support_proto::support::case::v1::case_service_server::CaseServiceServer;
use support_proto::support::identity::v1::credential_service_server::CredentialServiceServer;
use support_proto::support::identity::v1::factor_service_server::FactorServiceServer;
use support_proto::support::identity::v1::partner_client_service_server::PartnerClientServiceServer;
use support_testing::Localisation;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::transport::{Channel, Endpoint};

use backends::{Desk, Feed, Identity, Offers, Rules, Spy};
use http::{Answered, Arriving, http1, http2};
use tokens::Issuer;

pub(crate) const SERVICES: [&str; 6] = [
    "identity-verification",
    "case",
    "routing",
    "warranty",
    "repair-logistics",
    "localisation",
];
pub(crate) const GET_CASE: &str = "/support.case.v1.CaseService/GetCase";
pub(crate) const OPEN_CASE: &str = "/support.case.v1.CaseService/OpenCase";
pub(crate) const WATCH_OFFERS: &str = "/support.routing.v1.AgentService/WatchOffers";
pub(crate) const CASE_ID: &str = "eu-0198f2c4-0000-7000-8000-000000000000";
pub(crate) const ORIGIN: &str = "https://desk.example.com";

const SIGNING_SEED: [u8; 32] = [7; 32];

/// Whom the services believe: the gateway.
pub(crate) fn trust() -> Trust {
    Trust::new([Trusted {
        issuer: "gateway".to_owned(),
        role: Role::Gateway,
        key: SigningKey::from_bytes(&SIGNING_SEED).verifying_key(),
    }])
}

/// One service that runs.
struct Backend {
    draining: CancellationToken,
    aborting: CancellationToken,
    task: JoinHandle<()>,
}

/// The gateway and what stands behind it.
pub(crate) struct Stage {
    pub(crate) address: SocketAddr,
    pub(crate) desk: Desk,
    pub(crate) identity: Identity,
    pub(crate) localisation: Localisation,
    pub(crate) spy: Spy,
    /// The standards of two services.
    pub(crate) rules: BTreeMap<&'static str, Rules>,
    offers: Offers,
    opened: mpsc::UnboundedReceiver<Feed>,
    places: BTreeMap<&'static str, SocketAddr>,
    backends: BTreeMap<&'static str, Backend>,
    pub(crate) lifecycle: Lifecycle,
    running: Option<support_gateway::Running>,
}

impl Stage {
    /// Everything runs.
    pub(crate) async fn start() -> Self {
        Self::without(&[]).await
    }

    /// Everything runs but these.
    pub(crate) async fn without(absent: &[&str]) -> Self {
        Self::with(absent, json!({})).await
    }

    /// The same, with settings of the gateway that win over the usual ones.
    pub(crate) async fn with(absent: &[&str], overrides: Value) -> Self {
        let (opened, streams) = mpsc::unbounded_channel();
        let mut listeners = BTreeMap::new();
        for service in SERVICES {
            listeners.insert(service, TcpListener::bind("127.0.0.1:0").await.unwrap());
        }
        let places: BTreeMap<_, _> = listeners
            .iter()
            .map(|(name, listener)| (*name, listener.local_addr().unwrap()))
            .collect();
        let (running, lifecycle) = gateway(&places, overrides).await;
        let mut stage = Self {
            address: running.address,
            desk: Desk::default(),
            identity: Identity::default(),
            localisation: backends::localisation(),
            spy: Spy::default(),
            rules: ["case", "warranty"].map(|name| (name, Rules::default())).into(),
            offers: Offers { opened },
            opened: streams,
            places,
            backends: BTreeMap::new(),
            lifecycle,
            running: Some(running),
        };
        for (name, listener) in listeners {
            if !absent.contains(&name) {
                stage.serve(name, listener);
            }
        }
        stage
    }

    /// Everything runs but this, whose port takes connections that nobody serves.
    pub(crate) async fn with_mute(name: &'static str) -> (Self, TcpListener) {
        let stage = Self::without(&[name]).await;
        let mute = TcpListener::bind(stage.places[name]).await.unwrap();
        (stage, mute)
    }

    fn serve(&mut self, name: &'static str, listener: TcpListener) {
        let mut options = ServerOptions::new(trust(), Clock::system());
        // The whole contract for each of six services would be most of the work of a test.
        options.reflection = false;
        let server = Server::new(options);
        let server = match name {
            "case" => server.service(CaseServiceServer::new(self.desk.clone())),
            "identity-verification" => server
                .service(CredentialServiceServer::new(self.identity.clone()))
                .service(FactorServiceServer::new(self.identity.clone()))
                .service(PartnerClientServiceServer::new(self.identity.clone())),
            "localisation" => server.service(self.localisation.server()),
            "warranty" => server.service(self.spy.clone()),
            "routing" => server.service(self.offers.clone()),
            _ => server,
        };
        let server = match self.rules.get(name) {
            Some(rules) => server.service(rules.clone()),
            None => server,
        };
        let (draining, aborting) = (CancellationToken::new(), CancellationToken::new());
        let serving = server.serve(listener, draining.clone(), aborting.clone());
        let task = tokio::spawn(async move { serving.await.unwrap() });
        let backend = Backend {
            draining,
            aborting,
            task,
        };
        self.backends.insert(name, backend);
    }

    /// Starts a service that is absent, where it is expected.
    pub(crate) async fn raise(&mut self, name: &'static str) {
        let listener = TcpListener::bind(self.places[name]).await.unwrap();
        self.serve(name, listener);
    }

    /// Kills a service: its port is closed and its connections are cut.
    pub(crate) async fn kill(&mut self, name: &'static str) {
        let backend = self.backends.remove(name).unwrap();
        backend.aborting.cancel();
        backend.draining.cancel();
        backend.task.await.unwrap();
    }

    /// The next stream of offers that somebody opened.
    pub(crate) async fn opened(&mut self) -> Feed {
        soon("a stream is opened", self.opened.recv()).await.unwrap()
    }

    /// Waits for the gateway to have ended.
    pub(crate) async fn finished(&mut self) -> Result<(), support_chassis::lifecycle::Fault> {
        soon("the gateway ends", self.running.take().unwrap().finished()).await
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn channel(&self) -> Channel {
        Endpoint::from_shared(self.url()).unwrap().connect_lazy()
    }

    pub(crate) fn cases(&self) -> CaseServiceClient<Channel> {
        CaseServiceClient::new(self.channel())
    }

    /// `GetCase` by gRPC with a token.
    pub(crate) async fn get_case(&self, token: &str) -> Result<case::GetCaseResponse, tonic::Status> {
        let call = bearing(get_case(), token);
        Ok(self.cases().get_case(call).await?.into_inner())
    }

    /// A gRPC call of raw bytes.
    pub(crate) async fn grpc(&self, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answered {
        let mut all = vec![("content-type", "application/grpc"), ("te", "trailers")];
        all.extend_from_slice(headers);
        let request = self.post(&format!("{}{path}", self.url()), &all, body);
        soon("a grpc answer", async {
            http2(self.address, request).await.whole().await
        })
        .await
    }

    /// A JSON call over HTTP/1.1.
    pub(crate) async fn json(&self, path: &str, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Answered {
        let mut all = vec![("content-type", "application/json")];
        all.extend_from_slice(headers);
        self.plain(path, &all, body).await
    }

    /// A POST over HTTP/1.1.
    pub(crate) async fn plain(&self, path: &str, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Answered {
        soon("an answer", async {
            self.open(path, headers, body).await.whole().await
        })
        .await
    }

    /// The same; the answer may go on.
    pub(crate) async fn open(&self, path: &str, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Arriving {
        let request = self.post(path, headers, body.into());
        http1(self.address, request).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answered {
        let request = Request::get(path)
            .header("host", "gateway")
            .body(Full::default())
            .unwrap();
        soon("an answer", async { http1(self.address, request).await.whole().await }).await
    }

    fn post(&self, target: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Request<Full<Bytes>> {
        let mut request = Request::post(target);
        if !target.starts_with("http") {
            request = request.header("host", self.address.to_string());
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Full::from(body)).unwrap()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.lifecycle.drain("the test ends");
        self.lifecycle.abort();
        for backend in self.backends.values() {
            backend.aborting.cancel();
            backend.task.abort();
        }
    }
}

async fn gateway(
    places: &BTreeMap<&'static str, SocketAddr>,
    overrides: Value,
) -> (support_gateway::Running, Lifecycle) {
    let peers: BTreeMap<_, _> = places
        .iter()
        .map(|(name, address)| (*name, vec![format!("http://{address}")]))
        .collect();
    let settings = Settings::new(&["gateway"])
        .values(
            "the test",
            json!({
                "region": "eu",
                "peers": peers,
                "gateway": {
                    "passport": { "signing_key": STANDARD.encode(SIGNING_SEED) },
                    "allowed_origins": [ORIGIN],
                    "health_interval_ms": 100,
                    "issuers": [{
                        "issuer": tokens::PROVIDER,
                        "kinds": ["staff", "operator"],
                        "jwks": Issuer::provider().jwks(),
                    }],
                },
            }),
        )
        .values("this test", overrides);
    let lifecycle = Lifecycle::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let running = support_gateway::run(&settings, &lifecycle, Some(listener))
        .await
        .unwrap();
    (running, lifecycle)
}

pub(crate) fn get_case() -> case::GetCaseRequest {
    case::GetCaseRequest {
        case_id: CASE_ID.to_owned(),
    }
}

/// A request with a bearer token; none where it is empty.
pub(crate) fn bearing<T>(message: T, token: &str) -> tonic::Request<T> {
    let mut request = tonic::Request::new(message);
    if !token.is_empty() {
        let value = format!("Bearer {token}").parse().unwrap();
        request.metadata_mut().insert("authorization", value);
    }
    request
}

pub(crate) fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

/// Fails where a condition does not come about in time.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future)
        .await
        .unwrap_or_else(|_| panic!("not in time: {what}"))
}

/// Waits for a condition that has to be asked for.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    soon(what, async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}
