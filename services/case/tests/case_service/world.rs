//! A running service, its callers and its peers.

use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine as _;
use futures_util::FutureExt as _;
use sqlx::migrate::Migrator;
use support_case::domain::{AgentId, CaseId, CustomerId};
use support_case::{MIGRATOR, SERVICE};
use support_chassis::call::Caller;
use support_chassis::clock::Clock;
use support_chassis::db::{Db, DbError};
use support_chassis::error::{Explained, explain};
use support_chassis::feed::wait_until_caught_up;
use support_chassis::id::{Id, Ids};
use support_chassis::lifecycle::Lifecycle;
use support_chassis::passport::{PASSPORT_HEADER, Signer, signing_key};
use support_chassis::service::{Parts, Running, Service, migrate, run};
use support_chassis::settings::{DatabaseSettings, SettingDocs, Settings, TrustRole, TrustSettings};
use support_postgres::testing::{TestDatabase, database_from};
use support_proto::support::case::v1::case_service_client::CaseServiceClient;
use support_proto::support::case::v1::{
    Case, ListTimelineRequest, OpenCaseRequest, PostMessageRequest, TimelineEntry, TimelineEntryKind,
};
use support_proto::support::feed::v1::feed_service_client::FeedServiceClient;
use support_proto::support::feed::v1::{Event, SubscribeRequest};
use support_proto::support::options::v1::{AssuranceLevel, CallerKind};
use support_proto::support::types::v1::Channel as Way;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

/// No wait in these tests may take longer.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

const SERVICES: &[&str] = &["case", "routing", "repair-logistics"];

/// A peer has no tables but those of its feed.
static NO_TABLES: Migrator = Migrator::DEFAULT;

/// A peer: nothing but a feed.
const fn feed_only(name: &'static str) -> Service {
    Service {
        name,
        title: "tells what happened",
        migrator: &NO_TABLES,
        defaults: "",
        setting_docs: SettingDocs::none(),
        start: |_| async { Ok(Parts::new()) }.boxed(),
    }
}

static ROUTING: Service = feed_only("routing");
static REPAIR_LOGISTICS: Service = feed_only("repair-logistics");

fn signer(issuer: &str) -> Signer {
    let key = signing_key(&seed(issuer)).unwrap();
    Signer::new(issuer, &key, Duration::from_mins(5)).unwrap()
}

/// The signing key of a service, in the settings' form.
fn seed(issuer: &str) -> String {
    let mut seed = [7; 32];
    seed[..issuer.len()].copy_from_slice(issuer.as_bytes());
    base64::engine::general_purpose::STANDARD.encode(seed)
}

fn settings(databases: &[(&str, &str)]) -> Settings {
    let trusted = |issuer: &str, role| TrustSettings {
        issuer: issuer.to_owned(),
        role,
        public_key: base64::engine::general_purpose::STANDARD.encode(signer(issuer).public_key().as_bytes()),
    };
    let trust = [
        trusted("gateway", TrustRole::Gateway),
        trusted("case", TrustRole::Service),
        trusted("listener", TrustRole::Service),
    ];
    let settings = Settings::new(SERVICES)
        .set("region", "eu")
        .set("feed.poll_interval_ms", 20)
        // Many of these run at once on one server.
        .set("database.max_connections", 6)
        .set("database.acquire_timeout_ms", 20_000)
        .set("passport.trust", trust.to_vec());
    let settings = SERVICES.iter().fold(settings, |settings, name| {
        settings.set(&format!("{name}.passport.signing_key"), seed(name))
    });
    databases.iter().fold(settings, |settings, (name, url)| {
        settings.set(&format!("{name}.database.url"), *url)
    })
}

fn ids() -> Ids {
    Ids::new("eu".parse().unwrap(), Clock::system())
}

pub(crate) fn new_id() -> String {
    ids().next::<Id>().to_string()
}

pub(crate) fn new_agent() -> AgentId {
    ids().next()
}

/// A request id, or anything else that has to be a UUID.
pub(crate) fn request_id() -> String {
    ids().next::<Id>().uuid().to_string()
}

/// A caller as the gateway would vouch for them.
fn caller(kind: CallerKind, subject: String) -> Caller {
    Caller {
        kind,
        subject,
        organisation: None,
        scopes: ["cases.read", "cases.write", "cases.assign"].map(str::to_owned).into(),
        assurance: AssuranceLevel::Aal1,
        region: Some("eu".to_owned()),
        grant_id: None,
    }
}

type Bearer = Box<dyn FnMut(Request<()>) -> Result<Request<()>, Status> + Send>;

pub(crate) type Client = CaseServiceClient<InterceptedService<Channel, Bearer>>;

fn bearing(token: &str) -> Bearer {
    let token: tonic::metadata::MetadataValue<_> = token.parse().unwrap();
    Box::new(move |mut request| {
        request.metadata_mut().insert(PASSPORT_HEADER, token.clone());
        Ok(request)
    })
}

/// A database with the tables of the service.
pub(crate) async fn database() -> TestDatabase {
    database_from("case", |url| async move {
        let db = Db::connect(&DatabaseSettings::small(url)).await?;
        db.migrate(&MIGRATOR).await?;
        db.close().await;
        Ok::<_, DbError>(())
    })
    .await
}

/// A service that tells what happened.
pub(crate) struct Peer {
    name: &'static str,
    /// Its database, to write events into.
    pub(crate) db: Db,
    address: SocketAddr,
    _running: Running,
    _database: TestDatabase,
}

impl Peer {
    async fn start(service: &'static Service, life: &Lifecycle) -> Self {
        let database = support_postgres::testing::database().await;
        let settings = settings(&[(service.name, database.url())]);
        migrate(service, &settings).await.unwrap();
        let running = run(service, &settings, life, None).await.unwrap();
        let db = Db::connect(&DatabaseSettings::small(database.url())).await.unwrap();
        Self {
            name: service.name,
            db,
            address: running.address,
            _running: running,
            _database: database,
        }
    }

    /// Tells of something that happened to `subject`.
    pub(crate) async fn tell<E: support_proto::codec::Event>(&self, subject: Id, event: &E) {
        let mut tx = self.db.begin().await.unwrap();
        tx.append(subject, event).await.unwrap();
        tx.commit().await.unwrap();
    }
}

/// The service, running.
pub(crate) struct World {
    pub(crate) db: Db,
    pub(crate) routing: Option<Peer>,
    pub(crate) repairs: Option<Peer>,
    channel: Channel,
    life: Lifecycle,
    _running: Running,
    _database: TestDatabase,
}

impl Drop for World {
    fn drop(&mut self) {
        self.life.drain("the test is over");
    }
}

impl World {
    /// The service alone: its peers are down.
    pub(crate) async fn start() -> Self {
        // A port that is taken and answers nothing.
        let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = nobody.local_addr().unwrap();
        drop(nobody);
        Self::start_with(&Lifecycle::new(), None, None, address).await
    }

    /// The service and the feeds of its peers.
    pub(crate) async fn with_peers() -> Self {
        let life = Lifecycle::new();
        let routing = Peer::start(&ROUTING, &life).await;
        let repairs = Peer::start(&REPAIR_LOGISTICS, &life).await;
        let address = routing.address;
        Self::start_with(&life, Some(routing), Some(repairs), address).await
    }

    async fn start_with(life: &Lifecycle, routing: Option<Peer>, repairs: Option<Peer>, nobody: SocketAddr) -> Self {
        let database = database().await;
        let url = |peer: &Option<Peer>| format!("http://{}", peer.as_ref().map_or(nobody, |peer| peer.address));
        let settings = settings(&[("case", database.url())])
            .set("peers.routing", url(&routing))
            .set("peers.repair-logistics", url(&repairs));
        let running = run(&SERVICE, &settings, life, None).await.unwrap();
        let channel = Endpoint::from_shared(format!("http://{}", running.address))
            .unwrap()
            .connect_lazy();
        let db = Db::connect(&DatabaseSettings::small(database.url())).await.unwrap();
        Self {
            db,
            routing,
            repairs,
            channel,
            life: life.clone(),
            _running: running,
            _database: database,
        }
    }

    fn client(&self, caller: &Caller) -> Client {
        let token = signer("gateway").sign(caller, Clock::system().now()).unwrap();
        CaseServiceClient::with_interceptor(self.channel.clone(), bearing(&token))
    }

    /// A new customer, and the client they call with.
    pub(crate) fn customer(&self) -> (CustomerId, Client) {
        let customer: CustomerId = ids().next();
        (
            customer,
            self.client(&caller(CallerKind::Customer, customer.to_string())),
        )
    }

    /// A client with which the customer calls.
    pub(crate) fn calling_as(&self, customer: CustomerId) -> Client {
        self.client(&caller(CallerKind::Customer, customer.to_string()))
    }

    /// A client with which a member of staff calls.
    pub(crate) fn staff(&self) -> Client {
        self.client(&caller(CallerKind::Staff, "staff-1".to_owned()))
    }

    /// A client with which a customer calls whose passport names none.
    pub(crate) fn nameless(&self) -> Client {
        self.client(&caller(CallerKind::Customer, "somebody".to_owned()))
    }

    /// Waits until the service has applied all that `peer` told.
    pub(crate) async fn caught_up(&self, peer: &Peer) {
        let applied = wait_until_caught_up(&self.db, peer.name, &peer.db, LIMIT)
            .await
            .unwrap();
        assert!(applied, "the events of {} were not applied in time", peer.name);
    }

    /// The first `count` events of the service's feed.
    pub(crate) async fn events(&self, count: usize) -> Vec<Event> {
        let token = signer("listener").own(Clock::system().now()).unwrap();
        let mut client = FeedServiceClient::with_interceptor(self.channel.clone(), bearing(&token));
        let request = SubscribeRequest {
            consumer: "listener".to_owned(),
            after_position: 0,
            event_types: Vec::new(),
        };
        let mut stream = client.subscribe(request).await.unwrap().into_inner();
        let mut events = Vec::new();
        while events.len() < count {
            let message = tokio::time::timeout(LIMIT, stream.message())
                .await
                .expect("events in time");
            events.extend(message.unwrap().expect("the stream goes on").events);
        }
        events
    }

    /// The whole history of a case.
    pub(crate) async fn history(&self, case_id: &str) -> Vec<TimelineEntry> {
        let request = ListTimelineRequest {
            case_id: case_id.to_owned(),
            page_size: 1000,
            page_token: String::new(),
        };
        self.staff().list_timeline(request).await.unwrap().into_inner().entries
    }

    /// What happened to a case, in order.
    pub(crate) async fn kinds(&self, case_id: &str) -> Vec<TimelineEntryKind> {
        self.history(case_id).await.iter().map(TimelineEntry::kind).collect()
    }
}

/// A request to open a case, as a customer would send it.
pub(crate) fn opening() -> OpenCaseRequest {
    OpenCaseRequest {
        request_id: request_id(),
        channel: Way::Chat.into(),
        language: "de-at".to_owned(),
        subject: "Bildschirm bleibt schwarz".to_owned(),
        description: "Seit dem Update.".to_owned(),
        ..OpenCaseRequest::default()
    }
}

pub(crate) async fn open(client: &mut Client, request: OpenCaseRequest) -> Case {
    client.open_case(request).await.unwrap().into_inner().case.unwrap()
}

/// A request to say something.
pub(crate) fn saying(case_id: &str, body: &str) -> PostMessageRequest {
    PostMessageRequest {
        request_id: request_id(),
        case_id: case_id.to_owned(),
        channel: Way::Chat.into(),
        language: String::new(),
        body: body.to_owned(),
    }
}

pub(crate) fn case_id(case: &Case) -> CaseId {
    case.case_id.parse().unwrap()
}

/// What a refused call says.
pub(crate) fn refused<T: std::fmt::Debug>(answer: Result<T, Status>) -> Explained {
    explain(&answer.expect_err("the call should be refused"))
}
