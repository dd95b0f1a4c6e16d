//! The running service, and those who call it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use support_chassis::call::Caller;
use support_chassis::client::{Account, Peer};
use support_chassis::clock::Clock;
use support_chassis::db::Db;
use support_chassis::error::{Explained, explain};
use support_chassis::id::Ids;
use support_chassis::lifecycle::Lifecycle;
use support_chassis::service::{Running, migrate, run};
use support_chassis::settings::{Settings, TrustRole};
use support_localisation::SERVICE;
use support_postgres::testing::{TestDatabase, database_from};
use support_proto::support::feed::v1::Event;
use support_proto::support::localisation::v1::answer_service_client::AnswerServiceClient;
use support_proto::support::localisation::v1::delivery_service_client::DeliveryServiceClient;
use support_proto::support::localisation::v1::knowledge_service_client::KnowledgeServiceClient;
use support_proto::support::localisation::v1::locale_service_client::LocaleServiceClient;
use support_proto::support::localisation::v1::message_service_client::MessageServiceClient;
use support_proto::support::localisation::v1::playbook_service_client::PlaybookServiceClient;
use support_proto::support::localisation::v1::region_service_client::RegionServiceClient;
use support_proto::support::localisation::v1::translation_service_client::TranslationServiceClient;
use support_proto::support::options::v1::{AssuranceLevel, CallerKind};
use support_proto::support::standard::v1::standard_service_client::StandardServiceClient;
use support_testing::{Door, LIMIT, call_as, signing_key, trust};
use tokio::net::TcpListener;
use tonic::transport::Channel;
use tonic::{Code, Status};

/// Where nobody answers: the service goes on without what it would hear there.
const NOBODY: &str = "http://127.0.0.1:9";

/// The service, running.
pub(crate) struct World {
    database: Option<TestDatabase>,
    channel: Channel,
    life: Lifecycle,
    running: Running,
}

impl World {
    /// A new deployment, with the shipped messages.
    pub(crate) async fn new() -> Self {
        Self::start(migrated().await, |settings| settings).await
    }

    /// A new deployment without a word in it.
    pub(crate) async fn bare() -> Self {
        Self::start(migrated().await, |settings| {
            settings.set("localisation.seed_shipped_messages", false)
        })
        .await
    }

    /// A new deployment without a word in it, with the case service at this address.
    pub(crate) async fn with_cases(url: &str) -> Self {
        Self::start(migrated().await, |settings| {
            settings
                .set("localisation.seed_shipped_messages", false)
                .set("peers.case", [url])
        })
        .await
    }

    /// A replica over a database that there is.
    pub(crate) async fn start(database: TestDatabase, change: impl FnOnce(Settings) -> Settings) -> Self {
        let (life, running, channel) = replica(database.url(), change).await;
        Self {
            database: Some(database),
            channel,
            life,
            running,
        }
    }

    /// Another replica over the same database.
    pub(crate) async fn replica(&self) -> Replica {
        self.replica_at(None, |settings| settings).await
    }

    /// The same at a port that is held for it, with other settings.
    pub(crate) async fn replica_at(
        &self,
        listener: Option<TcpListener>,
        change: impl FnOnce(Settings) -> Settings,
    ) -> Replica {
        let life = Lifecycle::new();
        let settings = change(settings(self.url()));
        let running = run(&SERVICE, &settings, &life, listener).await.unwrap();
        Replica {
            channel: support_testing::channel(running.address),
            life,
            running,
        }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.running.address
    }

    pub(crate) fn delivery(&self, caller: &Caller) -> DeliveryServiceClient<Door> {
        DeliveryServiceClient::new(door(&self.channel, caller))
    }

    pub(crate) async fn db(&self) -> Db {
        connect(self.url()).await
    }

    fn url(&self) -> &str {
        self.database.as_ref().unwrap().url()
    }

    /// Takes the database away from the running service.
    pub(crate) fn lose_database(&mut self) {
        self.database = None;
    }

    pub(crate) fn locales(&self, caller: &Caller) -> LocaleServiceClient<Door> {
        LocaleServiceClient::new(door(&self.channel, caller))
    }

    pub(crate) fn messages(&self, caller: &Caller) -> MessageServiceClient<Door> {
        MessageServiceClient::new(door(&self.channel, caller))
    }

    pub(crate) fn translations(&self, caller: &Caller) -> TranslationServiceClient<Door> {
        TranslationServiceClient::new(door(&self.channel, caller))
    }

    pub(crate) fn knowledge(&self, caller: &Caller) -> KnowledgeServiceClient<Door> {
        KnowledgeServiceClient::new(door(&self.channel, caller))
    }

    pub(crate) fn answers(&self, caller: &Caller) -> AnswerServiceClient<Door> {
        AnswerServiceClient::new(door(&self.channel, caller))
    }

    pub(crate) fn playbooks(&self, caller: &Caller) -> PlaybookServiceClient<Door> {
        PlaybookServiceClient::new(door(&self.channel, caller))
    }

    pub(crate) fn regions(&self, caller: &Caller) -> RegionServiceClient<Door> {
        RegionServiceClient::new(door(&self.channel, caller))
    }

    pub(crate) fn standard(&self, caller: &Caller) -> StandardServiceClient<Door> {
        StandardServiceClient::new(door(&self.channel, caller))
    }

    pub(crate) fn door(&self, caller: &Caller) -> Door {
        door(&self.channel, caller)
    }

    pub(crate) fn channel(&self) -> &Channel {
        &self.channel
    }

    /// The first `count` events of the service's feed.
    pub(crate) async fn events(&self, count: usize) -> Vec<Event> {
        support_testing::events(door(&self.channel, &Caller::service("reader")), count).await
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.life.abort();
    }
}

/// Another process over the database of a [`World`].
pub(crate) struct Replica {
    channel: Channel,
    life: Lifecycle,
    running: Running,
}

impl Replica {
    pub(crate) fn answers(&self, caller: &Caller) -> AnswerServiceClient<Door> {
        AnswerServiceClient::new(door(&self.channel, caller))
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.running.address
    }

    /// Takes it away, in the middle of whatever it does.
    pub(crate) async fn die(self) {
        self.life.abort();
        let _ = self.life.finished(LIMIT).await;
    }

    pub(crate) fn messages(&self, caller: &Caller) -> MessageServiceClient<Door> {
        MessageServiceClient::new(door(&self.channel, caller))
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.life.abort();
    }
}

async fn replica(url: &str, change: impl FnOnce(Settings) -> Settings) -> (Lifecycle, Running, Channel) {
    let life = Lifecycle::new();
    let running = run(&SERVICE, &change(settings(url)), &life, None).await.unwrap();
    let channel = support_testing::channel(running.address);
    (life, running, channel)
}

/// A database with the service's schema.
pub(crate) async fn migrated() -> TestDatabase {
    database_from("localisation", async |url: String| {
        migrate(&SERVICE, &settings(&url)).await.map(drop)
    })
    .await
}

pub(crate) async fn connect(url: &str) -> Db {
    let common = SERVICE.settings(&settings(url)).check(true).unwrap();
    Db::connect(&common.database).await.unwrap()
}

fn settings(url: &str) -> Settings {
    Settings::new(&["localisation"])
        .set("region", "eu")
        .set("database.url", url)
        .set("database.max_connections", 8)
        .set("database.acquire_timeout_ms", 20_000)
        .set("feed.poll_interval_ms", 50)
        .set("localisation.refresh_interval_ms", 50)
        .set("localisation.figures_interval_ms", 50)
        .set("peers.case", [NOBODY])
        .set("peers.identity-verification", [NOBODY])
        .set("passport.signing_key", signing_key("localisation"))
        .set(
            "passport.trust",
            vec![
                trust("gateway", TrustRole::Gateway),
                trust("warranty", TrustRole::Service),
            ],
        )
}

/// Localisation at these addresses, as another service calls it.
pub(crate) fn peer(addresses: &[SocketAddr]) -> Peer {
    let endpoints: Vec<String> = addresses.iter().map(|address| format!("http://{address}")).collect();
    let account = Account::new(Arc::new(support_testing::signer("warranty")), Clock::system());
    Peer::connect("localisation", &endpoints, account).unwrap()
}

fn door(channel: &Channel, caller: &Caller) -> Door {
    call_as(channel, caller, Clock::system().now())
}

pub(crate) fn ids() -> Ids {
    Ids::new("eu".parse().unwrap(), Clock::system())
}

fn caller(kind: CallerKind, subject: &str, scopes: &[&str]) -> Caller {
    Caller {
        kind,
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        assurance: AssuranceLevel::Unspecified,
        ..Caller::service(subject)
    }
}

pub(crate) fn anonymous() -> Caller {
    caller(CallerKind::Anonymous, "visit-1", &[])
}

pub(crate) fn customer() -> Caller {
    let id: support_chassis::id::Id = ids().next();
    Caller {
        assurance: AssuranceLevel::Aal1,
        ..caller(CallerKind::Customer, &id.to_string(), &[])
    }
}

pub(crate) fn partner() -> Caller {
    Caller {
        organisation: Some("org-1".to_owned()),
        ..caller(CallerKind::Partner, "client-1", &["playbooks.read"])
    }
}

pub(crate) fn staff() -> Caller {
    caller(
        CallerKind::Staff,
        "sam",
        &[
            "articles.approve",
            "articles.publish",
            "articles.read",
            "articles.write",
            "cases.read",
            "cases.write",
            "playbooks.read",
        ],
    )
}

/// Who writes texts, and reads others'.
pub(crate) fn translator(subject: &str) -> Caller {
    caller(
        CallerKind::Staff,
        subject,
        &["translations.read", "translations.write", "translations.approve"],
    )
}

pub(crate) fn operator() -> Caller {
    caller(
        CallerKind::Operator,
        "olga",
        &[
            "messages.publish",
            "messages.read",
            "articles.approve",
            "articles.publish",
            "articles.read",
            "articles.write",
            "translations.read",
        ],
    )
}

/// Who writes rules.
pub(crate) fn lawgiver() -> Caller {
    caller(CallerKind::Operator, "leo", &["standard.read", "standard.write"])
}

/// A request id that was not given before in this process.
pub(crate) fn request_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("0198f2c4-0000-7000-8000-{:012x}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// What a refused call says; `reason` without its prefix.
pub(crate) fn assert_refused<T: std::fmt::Debug>(answer: Result<T, Status>, code: Code, reason: &str) -> Explained {
    let status = answer.expect_err("the call is refused");
    let explained = explain(&status);
    assert_eq!(status.code(), code, "{status:?}");
    assert!(
        explained.reason.ends_with(&format!("ERROR_REASON_{reason}")),
        "{} is not {reason}",
        explained.reason
    );
    explained
}

/// Waits until `condition` holds.
pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    let deadline = tokio::time::Instant::now() + LIMIT;
    while !condition().await {
        assert!(tokio::time::Instant::now() < deadline, "{what}: not within {LIMIT:?}");
        tokio::task::yield_now().await;
    }
}
