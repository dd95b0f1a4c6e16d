//! The whole service on a real port, beside a case service that only tells what happened to cases.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use support_chassis::call::Caller;
use support_chassis::client::{Account, Peer};
use support_chassis::clock::Clock;
use support_chassis::db::Db;
use support_chassis::id::{Id, Ids};
use support_chassis::lifecycle::Lifecycle;
use support_chassis::passport::Signer;
use support_chassis::service::{Running, Service, migrate, run};
use support_chassis::settings::{DatabaseSettings, Settings, TrustRole};
use support_chassis::standard::content;
use support_chassis::standard::schema::Schema;
use support_postgres::testing::{TestDatabase, database as any_database};
use support_proto::codec::Event;
use support_proto::support::case::v1 as case;
use support_proto::support::options::v1::{AssuranceLevel, CallerKind};
use support_proto::support::routing::v1 as pb;
use support_proto::support::routing::v1::agent_service_client::AgentServiceClient;
use support_proto::support::routing::v1::desk_service_client::DeskServiceClient;
use support_proto::support::routing::v1::simulation_service_client::SimulationServiceClient;
use support_proto::support::routing::v1::task_service_client::TaskServiceClient;
use support_proto::support::routing::v1::wait_service_client::WaitServiceClient;
use support_proto::support::types::v1::{Channel, ProductLine};
use support_routing::SERVICE;
use support_testing::{feed_only, signer, signing_key, trust};
use tonic::Streaming;

use crate::world::database;

/// How long a test waits for what must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A case service without an API: its outbox is all that routing knows of it.
static CASE: Service = feed_only("case");

pub(crate) struct System {
    pub(crate) routing: Running,
    pub(crate) life: Lifecycle,
    pub(crate) settings: Settings,
    /// Routing's database.
    pub(crate) db: Db,
    pub(crate) ids: Ids,
    cases: Db,
    gateway: Arc<Signer>,
    _databases: [TestDatabase; 2],
}

impl System {
    pub(crate) async fn start() -> Self {
        Self::start_with(|settings| settings).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(Settings) -> Settings) -> Self {
        let (routing_database, case_database) = tokio::join!(database(), any_database());
        let signers = vec![
            trust("gateway", TrustRole::Gateway),
            trust("routing", TrustRole::Service),
            trust("case", TrustRole::Service),
        ];
        let settings = Settings::new(&["routing", "case"])
            .set("region", "eu")
            // Many of these run at once on one server.
            .set("database.max_connections", 8)
            .set("database.acquire_timeout_ms", 20_000)
            .set("passport.trust", signers)
            .set("routing.passport.signing_key", signing_key("routing"))
            .set("case.passport.signing_key", signing_key("case"))
            .set("routing.database.url", routing_database.url())
            .set("case.database.url", case_database.url())
            // Tests write into its outbox behind its back.
            .set("case.feed.poll_interval_ms", 5);
        let life = Lifecycle::new();
        migrate(&CASE, &settings).await.unwrap();
        let case = run(&CASE, &settings, &life, None).await.unwrap();
        let settings = change(
            settings
                .set("peers.case", vec![format!("http://{}", case.address)])
                .set("peers.identity-verification", ["http://127.0.0.1:9"])
                .set("peers.localisation", ["http://127.0.0.1:9"]),
        );
        // A life of its own: a test may end it as a crash would, and what goes wrong in a child ends its parent.
        let routing_life = Lifecycle::new();
        let routing = run(&SERVICE, &settings, &routing_life, None).await.unwrap();
        let clock = Clock::system();
        Self {
            routing,
            life,
            settings,
            db: Db::connect(&DatabaseSettings::small(routing_database.url()))
                .await
                .unwrap(),
            cases: Db::connect(&DatabaseSettings::small(case_database.url()))
                .await
                .unwrap(),
            ids: Ids::new("eu".parse().unwrap(), clock),
            gateway: Arc::new(signer("gateway")),
            _databases: [routing_database, case_database],
        }
    }

    /// Tells of a case, as the case service would.
    pub(crate) async fn tell(&self, case: Id, event: &impl Event) {
        let mut tx = self.cases.begin().await.unwrap();
        tx.append(case, event).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Publishes a routing plan: from now on it holds at the place.
    pub(crate) async fn publish(&self, place: &str, content: &Value) {
        let channel = support_testing::channel(self.routing.address);
        support_testing::publish(&channel, "routing/routing-plan", place, content).await;
    }

    /// A case is opened by phone, in English, about a phone.
    pub(crate) async fn open_case(&self) -> Id {
        self.open_case_in("").await
    }

    /// Such a case that is served in a country.
    pub(crate) async fn open_case_in(&self, country: &str) -> Id {
        self.open_case_of(self.ids.next(), country).await
    }

    /// Such a case of a customer.
    pub(crate) async fn open_case_of(&self, customer: Id, country: &str) -> Id {
        let id: Id = self.ids.next();
        let opened = case::CaseOpened {
            case_id: id.to_string(),
            customer_id: customer.to_string(),
            channel: Channel::Phone.into(),
            language: "en-GB".to_owned(),
            product_line: ProductLine::Phone.into(),
            severity: case::Severity::High.into(),
            country_code: country.to_owned(),
            ..case::CaseOpened::default()
        };
        self.tell(id, &opened).await;
        id
    }

    pub(crate) async fn close_case(&self, id: Id) {
        let closed = case::CaseClosed {
            case_id: id.to_string(),
            close_reason: case::CloseReason::Solved.into(),
        };
        self.tell(id, &closed).await;
    }

    /// Routing, as somebody reaches it through the gateway.
    pub(crate) fn peer(&self, kind: CallerKind, subject: &str, scopes: &[&str]) -> Peer {
        self.peer_at(self.routing.address, kind, subject, scopes)
    }

    pub(crate) fn peer_at(
        &self,
        address: std::net::SocketAddr,
        kind: CallerKind,
        subject: &str,
        scopes: &[&str],
    ) -> Peer {
        let clock = Clock::system();
        let caller = Caller {
            kind,
            subject: subject.to_owned(),
            organisation: None,
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            assurance: AssuranceLevel::Unspecified,
            region: Some("eu".to_owned()),
            grant_id: None,
            bounds: support_chassis::call::Bounds::default(),
        };
        let token = self.gateway.sign(&caller, clock.now()).unwrap();
        let account = Account::new(Arc::clone(&self.gateway), clock);
        Peer::connect("routing", &[format!("http://{address}")], account)
            .unwrap()
            .bearing(token)
            .without_retries()
    }

    pub(crate) fn operator(&self) -> AgentServiceClient<Peer> {
        AgentServiceClient::new(self.peer(CallerKind::Operator, "olga", &["agents.write", "agents.read"]))
    }

    pub(crate) fn staff(&self, subject: &str) -> AgentServiceClient<Peer> {
        AgentServiceClient::new(self.peer(CallerKind::Staff, subject, &["tasks.work", "agents.read"]))
    }

    pub(crate) fn tasks(&self) -> TaskServiceClient<Peer> {
        TaskServiceClient::new(self.peer(CallerKind::Staff, "lead", &["tasks.read"]))
    }

    /// The desk, as an agent or a supervisor.
    pub(crate) fn desk(&self, subject: &str) -> DeskServiceClient<Peer> {
        DeskServiceClient::new(self.peer(CallerKind::Staff, subject, &["tasks.work", "tasks.supervise"]))
    }

    pub(crate) fn planner(&self) -> SimulationServiceClient<Peer> {
        SimulationServiceClient::new(self.peer(CallerKind::Operator, "olga", &["simulations.run"]))
    }

    /// The waits, as a customer who has proven who they are.
    pub(crate) fn waits(&self, customer: Id) -> WaitServiceClient<Peer> {
        self.waits_for(customer, None)
    }

    /// The same, where the customer was verified for one case alone.
    pub(crate) fn waits_for(&self, customer: Id, case: Option<Id>) -> WaitServiceClient<Peer> {
        let clock = Clock::system();
        let caller = Caller {
            kind: CallerKind::Customer,
            subject: customer.to_string(),
            organisation: None,
            scopes: ["cases.read", "cases.write"].map(str::to_owned).into_iter().collect(),
            assurance: AssuranceLevel::Aal1,
            region: Some("eu".to_owned()),
            grant_id: None,
            bounds: support_chassis::call::Bounds {
                case_id: case.map(|case| case.to_string()),
                ..support_chassis::call::Bounds::default()
            },
        };
        let token = self.gateway.sign(&caller, clock.now()).unwrap();
        let account = Account::new(Arc::clone(&self.gateway), clock);
        let peer = Peer::connect("routing", &[format!("http://{}", self.routing.address)], account).unwrap();
        WaitServiceClient::new(peer.bearing(token).without_retries())
    }

    /// Makes an agent who knows phones and speaks English, with room for one call.
    pub(crate) async fn agent(&self, subject: &str) -> pb::Agent {
        self.operator()
            .create_agent(new_agent(subject))
            .await
            .unwrap()
            .into_inner()
            .agent
            .unwrap()
    }

    pub(crate) async fn presence(&self, subject: &str, presence: pb::Presence) -> pb::Agent {
        let request = pb::SetPresenceRequest {
            request_id: request_id(),
            presence: presence.into(),
        };
        self.staff(subject)
            .set_presence(request)
            .await
            .unwrap()
            .into_inner()
            .agent
            .unwrap()
    }

    /// Opens the stream of an agent's offers and gives it with its first answer.
    pub(crate) async fn watch(&self, subject: &str) -> (Streaming<pb::WatchOffersResponse>, pb::WatchOffersResponse) {
        let mut stream = self
            .staff(subject)
            .watch_offers(pb::WatchOffersRequest {})
            .await
            .unwrap()
            .into_inner();
        let first = next_answer(&mut stream).await;
        (stream, first)
    }

    /// The tasks of a case, once there are so many in that state.
    pub(crate) async fn tasks_of(&self, case: Id, count: usize, state: pb::TaskState) -> Vec<pb::Task> {
        let request = pb::ListTasksRequest {
            states: vec![state.into()],
            case_id: case.to_string(),
            ..pb::ListTasksRequest::default()
        };
        let deadline = tokio::time::Instant::now() + PATIENCE;
        let mut commits = tokio::time::interval(Duration::from_millis(5));
        loop {
            commits.tick().await;
            let tasks = self
                .tasks()
                .list_tasks(request.clone())
                .await
                .unwrap()
                .into_inner()
                .tasks;
            if tasks.len() == count {
                return tasks;
            }
            assert!(
                tokio::time::Instant::now() < deadline,
                "{count} tasks {state:?}, not {tasks:?}"
            );
        }
    }
}

impl Drop for System {
    fn drop(&mut self) {
        self.routing.lifecycle.abort();
        self.life.abort();
    }
}

/// The routing plan that is shipped, changed.
pub(crate) fn shipped_but(change: impl FnOnce(&mut Value)) -> Value {
    let schema = Schema::of::<pb::RoutingPlan>(|_| Vec::new()).unwrap();
    let shipped = include_str!("../../standard/routing-plan.yaml");
    let mut plan = content::from_yaml(&schema, shipped).unwrap().to_value();
    change(&mut plan);
    plan
}

pub(crate) fn new_agent(subject: &str) -> pb::CreateAgentRequest {
    pb::CreateAgentRequest {
        request_id: request_id(),
        subject: subject.to_owned(),
        display_name: "Kim".to_owned(),
        site: "Cork".to_owned(),
        time_zone: "Europe/Dublin".to_owned(),
        languages: vec![pb::LanguageSkill {
            language: "en".to_owned(),
            level: 5,
        }],
        skills: vec![pb::ProductSkill {
            product_line: ProductLine::Phone.into(),
            level: 4,
        }],
        capacity: 6,
        ..pb::CreateAgentRequest::default()
    }
}

pub(crate) fn request_id() -> String {
    let id: Id = Ids::new("eu".parse().unwrap(), Clock::system()).next();
    id.uuid().to_string()
}

/// The next answer of a stream that is not only of what is in hand.
pub(crate) async fn next(stream: &mut Streaming<pb::WatchOffersResponse>) -> pb::WatchOffersResponse {
    loop {
        let answer = next_answer(stream).await;
        let is_of_offers = !answer.made.is_empty() || !answer.ended_offer_ids.is_empty();
        if is_of_offers || answer == pb::WatchOffersResponse::default() {
            return answer;
        }
    }
}

/// The next answer of a stream.
pub(crate) async fn next_answer(stream: &mut Streaming<pb::WatchOffersResponse>) -> pb::WatchOffersResponse {
    tokio::time::timeout(PATIENCE, stream.message())
        .await
        .expect("an answer comes")
        .unwrap()
        .expect("the stream is open")
}

/// The offer in the next answer of a stream, which must hold one and nothing else.
pub(crate) async fn next_offer(stream: &mut Streaming<pb::WatchOffersResponse>) -> pb::Offer {
    let mut answer = next(stream).await;
    assert_eq!((answer.made.len(), answer.ended_offer_ids.len()), (1, 0), "{answer:?}");
    answer.made.remove(0)
}

pub(crate) fn accept(offer: &pb::Offer) -> pb::AcceptOfferRequest {
    pb::AcceptOfferRequest {
        request_id: request_id(),
        offer_id: offer.offer_id.clone(),
    }
}

pub(crate) fn reject(offer: &pb::Offer) -> pb::RejectOfferRequest {
    pb::RejectOfferRequest {
        request_id: request_id(),
        offer_id: offer.offer_id.clone(),
    }
}

pub(crate) fn complete(task_id: &str) -> pb::CompleteTaskRequest {
    pb::CompleteTaskRequest {
        request_id: request_id(),
        task_id: task_id.to_owned(),
    }
}
