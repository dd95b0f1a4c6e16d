//! A running service with all that it stands on.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::SigningKey;
use futures_util::FutureExt as _;
use sqlx::migrate::Migrator;
use support_chassis::call::Caller;
use support_chassis::clock::Clock;
use support_chassis::db::{DatabaseSettings, Db, DbError};
use support_chassis::feed::wait_until_caught_up;
use support_chassis::id::{Id, Ids};
use support_chassis::lifecycle::Lifecycle;
use support_chassis::passport::{PASSPORT_HEADER, Signer};
use support_chassis::service::{Parts, Service, run};
use support_chassis::settings::{SettingDocs, Settings, TrustRole, TrustSettings};
use support_postgres::testing::{TestDatabase, database_from};
use support_proto::codec::Event;
use support_proto::support::case::v1::CaseOpened;
use support_proto::support::feed::v1 as feed;
use support_proto::support::feed::v1::feed_service_client::FeedServiceClient;
use support_proto::support::repair::v1 as repair;
use support_proto::support::repair::v1::provider_service_client::ProviderServiceClient;
use support_proto::support::repair::v1::repair_service_client::RepairServiceClient;
use support_proto::support::types::v1::ProductLine;
use support_proto::support::warranty::v1::Damage;
use support_repair_logistics::domain::repair::{CaseId, CustomerId};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

use crate::callers::{operator, reader};
use crate::fake_warranty::{FakeWarranty, Listening};

/// No wait in these tests may take longer.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

const GATEWAY: [u8; 32] = [1; 32];
const OWN: [u8; 32] = [2; 32];

/// The case service: nothing but its feed.
static CASE: Service = Service {
    name: "case",
    title: "tells of cases",
    migrator: &NO_TABLES,
    defaults: "",
    setting_docs: SettingDocs::none(),
    start: |_| std::future::ready(Ok(Parts::new())).boxed(),
};
static NO_TABLES: Migrator = Migrator::DEFAULT;

/// Puts a passport into every request.
#[derive(Clone)]
pub(crate) struct Bearer(String);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert(PASSPORT_HEADER, self.0.parse().unwrap());
        Ok(request)
    }
}

pub(crate) type Door = InterceptedService<Channel, Bearer>;

pub(crate) struct World {
    pub(crate) warranty: Listening,
    pub(crate) ids: Ids,
    db: Db,
    case: Db,
    channel: Channel,
    lifecycle: Lifecycle,
    _databases: [TestDatabase; 2],
}

/// A database with the schema of the service.
pub(crate) async fn database() -> TestDatabase {
    migrated("repair-logistics", &support_repair_logistics::MIGRATOR).await
}

async fn migrated(name: &str, migrator: &'static Migrator) -> TestDatabase {
    database_from(name, |url| async move {
        let db = Db::connect(&DatabaseSettings::small(url)).await?;
        db.migrate(migrator).await?;
        db.close().await;
        Ok::<_, DbError>(())
    })
    .await
}

fn settings(database: &TestDatabase, case: &TestDatabase) -> Settings {
    let trusted = |issuer: &str, role, seed: [u8; 32]| TrustSettings {
        issuer: issuer.to_owned(),
        role,
        public_key: STANDARD.encode(SigningKey::from_bytes(&seed).verifying_key().as_bytes()),
    };
    Settings::new(&["repair-logistics", "case"])
        .set("region", "eu")
        .set("listen", "127.0.0.1:0")
        .set("feed.poll_interval_ms", 20)
        .set("repair-logistics.database.url", database.url())
        .set("case.database.url", case.url())
        .set("database.max_connections", 5)
        .set("database.acquire_timeout_ms", 20_000)
        .set("passport.signing_key", STANDARD.encode(OWN))
        .set(
            "passport.trust",
            vec![
                trusted("gateway", TrustRole::Gateway, GATEWAY),
                trusted("repair-logistics", TrustRole::Service, OWN),
            ],
        )
}

impl World {
    pub(crate) async fn start() -> Self {
        let database = database().await;
        let case_database = migrated("feed-only", &NO_TABLES).await;
        let settings = settings(&database, &case_database);
        let lifecycle = Lifecycle::new();
        let ids = Ids::new("eu".parse().unwrap(), Clock::system());
        let warranty = FakeWarranty::start(ids.clone()).await;
        let case = run(&CASE, &settings, &lifecycle, None).await.unwrap();
        let settings = settings
            .set("peers.warranty", [format!("http://{}", warranty.address)])
            .set("peers.case", [format!("http://{}", case.address)]);
        let running = run(&support_repair_logistics::SERVICE, &settings, &lifecycle, None)
            .await
            .unwrap();
        let channel = Endpoint::from_shared(format!("http://{}", running.address))
            .unwrap()
            .connect_lazy();
        Self {
            warranty,
            ids,
            db: Db::connect(&DatabaseSettings::small(database.url())).await.unwrap(),
            case: Db::connect(&DatabaseSettings::small(case_database.url()))
                .await
                .unwrap(),
            channel,
            lifecycle,
            _databases: [database, case_database],
        }
    }

    pub(crate) fn passport(caller: &Caller) -> String {
        let signer = Signer::new("gateway", &SigningKey::from_bytes(&GATEWAY), Duration::from_mins(5)).unwrap();
        signer.sign(caller, Clock::system().now()).unwrap()
    }

    fn door(&self, caller: &Caller) -> Door {
        InterceptedService::new(self.channel.clone(), Bearer(Self::passport(caller)))
    }

    pub(crate) fn providers(&self, caller: &Caller) -> ProviderServiceClient<Door> {
        ProviderServiceClient::new(self.door(caller))
    }

    pub(crate) fn repairs(&self, caller: &Caller) -> RepairServiceClient<Door> {
        RepairServiceClient::new(self.door(caller))
    }

    /// A UUID never used before.
    pub(crate) fn request_id(&self) -> String {
        self.ids.next::<Id>().uuid().to_string()
    }

    pub(crate) fn new_provider(&self, code: &str, organisation: Option<&str>) -> repair::CreateProviderRequest {
        let kind = organisation.map_or(repair::ProviderKind::Depot, |_| repair::ProviderKind::Partner);
        repair::CreateProviderRequest {
            request_id: self.request_id(),
            code: code.to_owned(),
            name: format!("Repairs {code}"),
            kind: kind.into(),
            organisation_id: organisation.unwrap_or_default().to_owned(),
            country_code: "DE".to_owned(),
            product_lines: vec![ProductLine::Phone.into(), ProductLine::Laptop.into()],
        }
    }

    /// A provider of telephones and laptops; of the maker where no organisation is given.
    pub(crate) async fn provider(&self, code: &str, organisation: Option<&str>) -> repair::Provider {
        let request = self.new_provider(code, organisation);
        self.providers(&operator())
            .create_provider(request)
            .await
            .unwrap()
            .into_inner()
            .provider
            .unwrap()
    }

    /// Tells an event on the feed of case.
    pub(crate) async fn told(&self, subject: CaseId, event: &impl Event) {
        let mut tx = self.case.begin().await.unwrap();
        tx.append(subject, event).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// A case of this customer, which the service knows.
    pub(crate) async fn case_of(&self, customer: CustomerId) -> CaseId {
        let case: CaseId = self.ids.next();
        let opened = CaseOpened {
            case_id: case.to_string(),
            customer_id: customer.to_string(),
            ..CaseOpened::default()
        };
        self.told(case, &opened).await;
        self.caught_up().await;
        case
    }

    /// Waits until the service has applied all that case has told.
    pub(crate) async fn caught_up(&self) {
        assert!(wait_until_caught_up(&self.db, "case", &self.case, LIMIT).await.unwrap());
    }

    pub(crate) fn order(&self, case: CaseId, provider_code: &str, serial_number: &str) -> repair::SubmitRepairRequest {
        repair::SubmitRepairRequest {
            request_id: self.request_id(),
            case_id: case.to_string(),
            provider_code: provider_code.to_owned(),
            serial_number: serial_number.to_owned(),
            problem: "Der Akku hält nicht".to_owned(),
            language: "de".to_owned(),
            damage: Damage::None.into(),
            partner_reference: String::new(),
        }
    }

    /// The events of this type, in order, once there are `count` of them.
    pub(crate) async fn events<E: Event>(&self, count: usize) -> Vec<E> {
        let request = feed::SubscribeRequest {
            consumer: "reader".to_owned(),
            after_position: 0,
            event_types: vec![E::full_name()],
        };
        let door = self.door(&reader());
        let mut stream = FeedServiceClient::new(door)
            .subscribe(request)
            .await
            .unwrap()
            .into_inner();
        let mut events = Vec::new();
        let read = async {
            while events.len() < count {
                let part = stream.message().await.unwrap().unwrap();
                events.extend(part.events.iter().map(|event| E::decode(&event.payload[..]).unwrap()));
            }
        };
        tokio::time::timeout(LIMIT, read).await.expect("the events come");
        assert_eq!(events.len(), count);
        events
    }

    /// How many repairs there are.
    pub(crate) async fn count(&self) -> i64 {
        sqlx::query_scalar("select count(*) from repairs")
            .fetch_one(self.db.pool())
            .await
            .unwrap()
    }

    /// How many events of case were set aside.
    pub(crate) async fn parked(&self) -> i64 {
        sqlx::query_scalar("select count(*) from feed_parked")
            .fetch_one(self.db.pool())
            .await
            .unwrap()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.lifecycle.drain("the test is over");
    }
}
