//! The standard between regions: real services, each region with a database and keys of its own.

#[path = "standard/link.rs"]
pub(crate) mod link;
#[path = "standard/reading.rs"]
mod reading;
#[path = "standard/records.rs"]
mod records;
#[path = "standard/regions.rs"]
mod regions;
#[path = "standard/replicas.rs"]
mod replicas;
#[path = "standard/trust.rs"]
mod trust;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use ed25519_dalek::SigningKey;
use futures_util::FutureExt as _;
use prost_types::Duration as Lifetime;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use sqlx::migrate::Migrator;
use support_chassis::clock::Clock;
use support_chassis::lifecycle::Lifecycle;
use support_chassis::service::{Kit, Parts, Running, Service, migrate, run_at};
use support_chassis::settings::{SettingDocs, Settings, TrustRole, TrustSettings};
use support_chassis::standard::{
    Book, Document, Place, Publication, PublicationId, Record, Snapshot, Standard, Withdrawal, content, day_of,
};
use support_postgres::testing::TestDatabase;
use support_proto::support::identity::v1::VerificationPolicy;
use time::Date;
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::data::database;
use link::Link;

/// More than anything here takes.
const LIMIT: Duration = Duration::from_mins(1);

/// What the tests publish: how long a code works may be shortened.
static POLICY: Document<VerificationPolicy> = Document::new(
    "codes: {lifetime: 600s, sends: 5, checks: 5, sends_per_hour: 10}
purposes:
  payment: {assurance: ASSURANCE_LEVEL_AAL1, methods: [VERIFICATION_METHOD_EMAIL_CODE], grant_lifetime: 1800s}",
);
const POLICY_ID: &str = "ruler/verification-policy";
static MIGRATOR: Migrator = Migrator::DEFAULT;

static RULER: Service = Service {
    name: "ruler",
    title: "rules",
    migrator: &MIGRATOR,
    defaults: "",
    setting_docs: SettingDocs::none(),
    standards: &[&POLICY],
    start: |kit| {
        let url = kit.common.database.url.expose_secret().to_owned();
        KITS.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert_default()
            .insert(url, kit);
        async { Ok(Parts::new()) }.boxed()
    },
};

/// What each service was given when it started last, by its database.
static KITS: Mutex<Option<HashMap<String, Kit>>> = Mutex::new(None);

/// A region: its database, and where it listens.
struct Region {
    name: &'static str,
    database: TestDatabase,
    settings: Settings,
    address: SocketAddr,
    /// Taken until it first starts, so that nobody else gets the port.
    listener: Mutex<Option<TcpListener>>,
}

/// A process of a region.
struct Process {
    kit: Kit,
    standard: Standard<VerificationPolicy>,
    running: Running,
}

/// Regions that follow each other, the first with the authority.
struct World {
    regions: Vec<Region>,
    /// How each region reaches each other one, by the names of both.
    links: HashMap<(&'static str, &'static str), Link>,
}

fn key(region: &str) -> SigningKey {
    let mut seed = [7; 32];
    seed[..2].copy_from_slice(region.as_bytes());
    SigningKey::from_bytes(&seed)
}

fn base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

impl World {
    async fn new(names: &[&'static str]) -> Self {
        let mut listeners = HashMap::new();
        for name in names {
            listeners.insert(*name, TcpListener::bind("127.0.0.1:0").await.unwrap());
        }
        let address = |name: &str| listeners[name].local_addr().unwrap();
        let mut links = HashMap::new();
        for from in names {
            for to in names.iter().filter(|to| *to != from) {
                links.insert((*from, *to), Link::to(address(to)).await);
            }
        }
        let mut regions = Vec::new();
        for name in names {
            let database = database().await;
            let others = || names.iter().filter(|other| *other != name);
            let trust: Vec<TrustSettings> = others()
                .map(|other| TrustSettings {
                    issuer: "ruler".to_owned(),
                    role: TrustRole::Region,
                    public_key: base64(key(other).verifying_key().as_bytes()),
                })
                .collect();
            let followed: HashMap<&str, Vec<String>> = others()
                .map(|other| (*other, vec![format!("http://{}", links[&(*name, *other)].address())]))
                .collect();
            let settings = Settings::new(&["ruler"])
                .set("region", name)
                .set("database.url", database.url())
                .set("database.max_connections", 4)
                .set("passport.signing_key", base64(key(name).as_bytes()))
                .set("passport.trust", trust)
                .set("feed.heartbeat_seconds", 1)
                .set("standard.authority", names[0])
                .set("standard.regions", followed);
            migrate(&RULER, &settings).await.unwrap();
            let listener = listeners.remove(name).unwrap();
            regions.push(Region {
                name,
                database,
                settings,
                address: listener.local_addr().unwrap(),
                listener: Mutex::new(Some(listener)),
            });
        }
        Self { regions, links }
    }

    fn region(&self, name: &str) -> &Region {
        self.regions.iter().find(|region| region.name == name).unwrap()
    }

    fn link(&self, from: &'static str, to: &'static str) -> &Link {
        &self.links[&(from, to)]
    }

    async fn start(&self, name: &str) -> Process {
        self.region(name).start().await
    }
}

impl Region {
    /// Starts the process that the other regions reach.
    async fn start(&self) -> Process {
        let taken = self.listener.lock().unwrap().take();
        let listener = match taken {
            Some(listener) => listener,
            None => TcpListener::bind(self.address).await.unwrap(),
        };
        self.start_at(listener, &self.settings, Clock::system()).await
    }

    /// Starts another process, which only its database connects with the first.
    async fn start_replica(&self, settings: &Settings) -> Process {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        self.start_at(listener, settings, Clock::system()).await
    }

    /// Starts a process by another clock.
    async fn start_by(&self, clock: Clock) -> Process {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        self.start_at(listener, &self.settings, clock).await
    }

    async fn start_at(&self, listener: TcpListener, settings: &Settings, clock: Clock) -> Process {
        let running = run_at(&RULER, settings, &Lifecycle::new(), Some(listener), clock)
            .await
            .unwrap();
        let kit = KITS.lock().unwrap().as_ref().unwrap()[self.database.url()].clone();
        Process {
            standard: kit.standard(&POLICY),
            kit,
            running,
        }
    }
}

impl Process {
    fn book(&self) -> &Book {
        self.kit.book()
    }

    fn today(&self) -> Date {
        day_of(self.kit.clock.now())
    }

    async fn stop(self) {
        self.running.lifecycle.drain("test");
        self.running.finished().await.unwrap();
    }

    /// Publishes a content for a place, from today on, as whoever may.
    async fn publish(&self, place: Place, content: &Value) -> PublicationId {
        self.publish_with(place, content, |_| {}).await
    }

    /// The same, but for what `change` makes of it.
    async fn publish_with(
        &self,
        place: Place,
        content: &Value,
        change: impl FnOnce(&mut Publication),
    ) -> PublicationId {
        let mut tx = self.kit.db.begin().await.unwrap();
        let mut adding = self.book().adding(&mut tx).await.unwrap();
        let mut publication = self.publication(&adding.snapshot().clone(), place, content);
        change(&mut publication);
        let id = publication.id;
        adding.publish(&mut tx, Record::Publication(publication)).await.unwrap();
        tx.commit().await.unwrap();
        self.book().refresh().await.unwrap();
        id
    }

    fn publication(&self, known: &Snapshot, place: Place, content: &Value) -> Publication {
        let content = content.to_string();
        let holder = known.records().holder();
        let now = self.kit.clock.now();
        // Of two with the same first day the later one holds, also where a clock stands still.
        let last = known
            .records()
            .publications_for(POLICY_ID, &place)
            .map(|last| last.published_at)
            .max();
        let published_at = last.map_or(now, |last| now.max(last + Duration::from_micros(1)));
        Publication {
            id: self.kit.ids.next(),
            document: POLICY_ID.to_owned(),
            version: known.records().next_version(POLICY_ID, &place),
            effective_from: self.today(),
            published_at,
            author: "operator:one".to_owned(),
            approver: "operator:two".to_owned(),
            reason: "the test asks for it".to_owned(),
            digest: content::digest(&content),
            content: content.into(),
            tenure: holder
                .tenure
                .as_ref()
                .filter(|_| place == Place::Global)
                .map(|tenure| tenure.id),
            place,
        }
    }

    async fn withdraw(&self, publication: PublicationId) {
        let mut tx = self.kit.db.begin().await.unwrap();
        let mut adding = self.book().adding(&mut tx).await.unwrap();
        let withdrawal = Withdrawal {
            id: self.kit.ids.next(),
            publication,
            from_day: self.today(),
            withdrawn_at: self.kit.clock.now(),
            author: "operator:one".to_owned(),
            approver: "operator:two".to_owned(),
            reason: "the test asks for it".to_owned(),
        };
        adding.publish(&mut tx, Record::Withdrawal(withdrawal)).await.unwrap();
        tx.commit().await.unwrap();
        self.book().refresh().await.unwrap();
    }

    /// How long a code works at a place today, in seconds, and by which versions.
    fn lifetime(&self, place: &Place) -> (i64, String) {
        let held = self.standard.today(place);
        let seconds = held
            .codes
            .as_ref()
            .and_then(|codes| codes.lifetime)
            .map_or(0, |lifetime: Lifetime| lifetime.seconds);
        (seconds, held.basis.to_string())
    }

    /// Waits until a code works for so long at a place; gives the time it took.
    async fn until_lifetime(&self, place: &Place, seconds: i64) -> Duration {
        let began = Instant::now();
        let mut changes = self.standard.changes();
        let waiting = async {
            while self.lifetime(place).0 != seconds {
                changes.changed().await.unwrap();
            }
        };
        let in_time = tokio::time::timeout(LIMIT, waiting).await.is_ok();
        assert!(in_time, "{seconds} s never came to hold: {:?}", self.lifetime(place));
        began.elapsed()
    }

    /// What was set aside of a region's feed, with the reasons.
    async fn parked(&self) -> Vec<(String, String)> {
        sqlx::query!("select source, reason from feed_parked order by position")
            .fetch_all(self.kit.db.pool())
            .await
            .unwrap()
            .into_iter()
            .map(|row| (row.source, row.reason))
            .collect()
    }
}

/// Waits until `condition` holds.
async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let ends_at = Instant::now() + LIMIT;
    while !condition().await {
        assert!(Instant::now() < ends_at, "never came true: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The whole policy, in which a code works for so long.
fn policy(seconds: i64) -> Value {
    json!({
        "codes": {"checks": 5, "lifetime": format!("{seconds}s"), "sends": 5, "sends_per_hour": 10},
        "purposes": {"payment": {
            "assurance": "ASSURANCE_LEVEL_AAL1",
            "grant_lifetime": "1800s",
            "methods": ["VERIFICATION_METHOD_EMAIL_CODE"],
        }},
    })
}

/// An overlay by which a code works for so long.
fn shorter(seconds: i64) -> Value {
    json!({"codes": {"lifetime": format!("{seconds}s")}})
}

fn country(code: &str) -> Place {
    Place::country(code)
}
