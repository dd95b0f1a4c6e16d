//! A running service, its callers and its peers.

use std::net::SocketAddr;

use serde_json::Value;
use support_case::domain::{AgentId, CaseId, CustomerId};
use support_case::{MIGRATOR, SERVICE};
use support_chassis::call::Caller;
use support_chassis::clock::Clock;
use support_chassis::db::Db;
use support_chassis::error::{Explained, explain};
use support_chassis::feed::wait_until_caught_up;
use support_chassis::id::{Id, Ids};
use support_chassis::lifecycle::Lifecycle;
use support_chassis::service::{Running, Service, migrate, run};
use support_chassis::settings::{DatabaseSettings, Settings, TrustRole};
use support_chassis::standard::content;
use support_chassis::standard::schema::Schema;
use support_chassis::vault::{KeyRing, Vault};
use support_postgres::testing::TestDatabase;
use support_proto::support::case::v1::case_playbook_service_client::CasePlaybookServiceClient;
use support_proto::support::case::v1::case_service_client::CaseServiceClient;
use support_proto::support::case::v1::{
    Case, ListTimelineRequest, OpenCaseRequest, PostMessageRequest, ServiceLevels, TimelineEntry, TimelineEntryKind,
};
use support_proto::support::feed::v1::Event;
use support_proto::support::options::v1::{AssuranceLevel, CallerKind};
use support_proto::support::standard::v1::CheckReport;
use support_proto::support::types::v1::Channel as Way;
use support_testing::{Door, LIMIT, call_as, call_by, feed_only, signing_key, trust};
use tonic::Status;
use tonic::transport::Channel;

const SERVICE_LEVELS: &str = "case/service-levels";

const SERVICES: &[&str] = &["case", "routing", "repair-logistics"];

static ROUTING: Service = feed_only("routing");
static REPAIR_LOGISTICS: Service = feed_only("repair-logistics");

/// The keys of personal data: of 32 bytes 1, and of 32 bytes 2.
const VAULT_KEYS: &str = "first AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
const LOOKUP_KEYS: &str = "first AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";

/// What the service seals by.
pub(crate) fn vault() -> Vault {
    Vault::new(
        KeyRing::parse(VAULT_KEYS).unwrap(),
        KeyRing::parse(LOOKUP_KEYS).unwrap(),
    )
}

fn settings(databases: &[(&str, &str)]) -> Settings {
    let trusted = [
        trust("gateway", TrustRole::Gateway),
        trust("case", TrustRole::Service),
        trust("reader", TrustRole::Service),
    ];
    let settings = Settings::new(SERVICES)
        .set("region", "eu")
        .set("feed.poll_interval_ms", 20)
        // Many of these run at once on one server.
        .set("database.max_connections", 6)
        .set("database.acquire_timeout_ms", 20_000)
        .set("passport.trust", trusted.to_vec())
        .set("vault.keys", VAULT_KEYS)
        .set("vault.lookup_keys", LOOKUP_KEYS);
    let settings = SERVICES.iter().fold(settings, |settings, name| {
        settings.set(&format!("{name}.passport.signing_key"), signing_key(name))
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
        bounds: support_chassis::call::Bounds::default(),
    }
}

pub(crate) type Client = CaseServiceClient<Door>;

/// A database with the tables of the service.
pub(crate) async fn database() -> TestDatabase {
    support_testing::database("case", &MIGRATOR).await
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
        Self::start_with(&Lifecycle::new(), None, None, address, address).await
    }

    /// The service and what stands at `localisation`'s address; its other peers are down.
    pub(crate) async fn with_localisation(localisation: SocketAddr) -> Self {
        let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = nobody.local_addr().unwrap();
        drop(nobody);
        Self::start_with(&Lifecycle::new(), None, None, address, localisation).await
    }

    /// The service and the feeds of its peers.
    pub(crate) async fn with_peers() -> Self {
        let life = Lifecycle::new();
        let routing = Peer::start(&ROUTING, &life).await;
        let repairs = Peer::start(&REPAIR_LOGISTICS, &life).await;
        let address = routing.address;
        Self::start_with(&life, Some(routing), Some(repairs), address, address).await
    }

    /// The service and the feeds of its peers, with localisation at an address.
    pub(crate) async fn with_peers_and(localisation: SocketAddr) -> Self {
        let life = Lifecycle::new();
        let routing = Peer::start(&ROUTING, &life).await;
        let repairs = Peer::start(&REPAIR_LOGISTICS, &life).await;
        let address = routing.address;
        Self::start_with(&life, Some(routing), Some(repairs), address, localisation).await
    }

    async fn start_with(
        life: &Lifecycle,
        routing: Option<Peer>,
        repairs: Option<Peer>,
        nobody: SocketAddr,
        localisation: SocketAddr,
    ) -> Self {
        let database = database().await;
        let url = |peer: &Option<Peer>| format!("http://{}", peer.as_ref().map_or(nobody, |peer| peer.address));
        let settings = settings(&[("case", database.url())])
            .set("peers.localisation", [format!("http://{localisation}")])
            .set("peers.routing", url(&routing))
            .set("peers.repair-logistics", url(&repairs))
            .set("peers.identity-verification", ["http://127.0.0.1:9"]);
        let running = run(&SERVICE, &settings, life, None).await.unwrap();
        let channel = support_testing::channel(running.address);
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
        CaseServiceClient::new(call_as(&self.channel, caller, Clock::system().now()))
    }

    /// A new customer, and the client they call with.
    pub(crate) fn customer(&self) -> (CustomerId, Client) {
        let customer: CustomerId = ids().next();
        (
            customer,
            self.client(&caller(CallerKind::Customer, customer.to_string())),
        )
    }

    /// A client with which a customer calls who was verified for one case.
    pub(crate) fn customer_for(&self, customer: CustomerId, case_id: &str) -> Client {
        let mut caller = caller(CallerKind::Customer, customer.to_string());
        caller.bounds.case_id = Some(case_id.to_owned());
        self.client(&caller)
    }

    /// A client with which the customer calls.
    pub(crate) fn calling_as(&self, customer: CustomerId) -> Client {
        self.client(&caller(CallerKind::Customer, customer.to_string()))
    }

    /// A client with which a member of staff calls.
    pub(crate) fn staff(&self) -> Client {
        self.client(&caller(CallerKind::Staff, "staff-1".to_owned()))
    }

    /// A client with which a member of staff reads and marks playbooks.
    pub(crate) fn desk(&self) -> CasePlaybookServiceClient<Door> {
        let staff = caller(CallerKind::Staff, "staff-1".to_owned());
        CasePlaybookServiceClient::new(call_as(&self.channel, &staff, Clock::system().now()))
    }

    /// A client with which another service calls, on its own account.
    pub(crate) fn service(&self) -> Client {
        self.client(&Caller::service("reader"))
    }

    /// A client with which a customer calls whose passport names none.
    pub(crate) fn nameless(&self) -> Client {
        self.client(&caller(CallerKind::Customer, "somebody".to_owned()))
    }

    /// Publishes service levels: from now on they hold at the place.
    pub(crate) async fn publish(&self, place: &str, content: &Value) {
        support_testing::publish(&self.channel, SERVICE_LEVELS, place, content).await;
    }

    /// What service levels would mean for a place.
    pub(crate) async fn check(&self, place: &str, content: &Value) -> CheckReport {
        support_testing::check(&self.channel, SERVICE_LEVELS, place, content).await
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
        let reader = Caller::service("reader");
        support_testing::events(call_by("reader", &self.channel, &reader, Clock::system().now()), count).await
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

/// What is shipped, changed.
pub(crate) fn shipped_but(change: impl FnOnce(&mut Value)) -> Value {
    let schema = Schema::of::<ServiceLevels>(|_| Vec::new()).unwrap();
    let shipped = include_str!("../../standard/service-levels.yaml");
    let mut levels = content::from_yaml(&schema, shipped).unwrap().to_value();
    change(&mut levels);
    levels
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
        text_origin: None,
    }
}

pub(crate) fn case_id(case: &Case) -> CaseId {
    case.case_id.parse().unwrap()
}

/// What a refused call says.
pub(crate) fn refused<T: std::fmt::Debug>(answer: Result<T, Status>) -> Explained {
    explain(&answer.expect_err("the call should be refused"))
}
