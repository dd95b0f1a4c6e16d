//! A running service with all that it stands on.

use support_chassis::call::Caller;
use support_chassis::clock::{Clock, ManualClock};
use support_chassis::db::{DatabaseSettings, Db};
use support_chassis::feed::wait_until_caught_up;
use support_chassis::id::{Id, Ids};
use support_chassis::lifecycle::Lifecycle;
use support_chassis::service::{Service, run, run_at};
use support_chassis::settings::{Settings, TrustRole};
use support_chassis::vault::{KeyRing, Vault};
use support_postgres::testing::TestDatabase;
use support_proto::codec::Event;
use support_proto::support::case::v1::CaseOpened;
use support_proto::support::repair::v1 as repair;
use support_proto::support::repair::v1::provider_service_client::ProviderServiceClient;
use support_proto::support::repair::v1::repair_service_client::RepairServiceClient;
use support_proto::support::standard::v1::standard_service_client::StandardServiceClient;
use support_proto::support::standard::v1::{CheckContentRequest, CheckReport};
use support_proto::support::types::v1::ProductLine;
use support_proto::support::warranty::v1::Damage;
use support_repair_logistics::domain::repair::{CaseId, CustomerId};
use support_testing::{Door, LIMIT, call_as, events_of, feed_only, publish_at, signing_key, trust};
use tonic::transport::Channel;

use crate::callers::{lawgiver, operator, reader};
use crate::fake_warranty::{FakeWarranty, Listening};

/// The procedures of repair.
const PROCEDURES: &str = "repair-logistics/repair-procedures";

/// The case service: nothing but its feed.
static CASE: Service = feed_only("case");

pub(crate) struct World {
    pub(crate) warranty: Listening,
    pub(crate) ids: Ids,
    pub(crate) db: Db,
    case: Db,
    channel: Channel,
    lifecycle: Lifecycle,
    /// What time it is for the service.
    clock: Clock,
    _databases: [TestDatabase; 2],
}

/// A database with the schema of the service.
pub(crate) async fn database() -> TestDatabase {
    support_testing::database("repair-logistics", &support_repair_logistics::MIGRATOR).await
}

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

fn settings(database: &TestDatabase, case: &TestDatabase) -> Settings {
    Settings::new(&["repair-logistics", "case"])
        .set("region", "eu")
        .set("listen", "127.0.0.1:0")
        .set("feed.poll_interval_ms", 20)
        .set("repair-logistics.database.url", database.url())
        .set("case.database.url", case.url())
        .set("database.max_connections", 5)
        .set("database.acquire_timeout_ms", 20_000)
        .set("peers.identity-verification", ["http://127.0.0.1:9"])
        .set("vault.keys", VAULT_KEYS)
        .set("vault.lookup_keys", LOOKUP_KEYS)
        .set("passport.signing_key", signing_key("repair-logistics"))
        .set(
            "passport.trust",
            vec![
                trust("gateway", TrustRole::Gateway),
                trust("repair-logistics", TrustRole::Service),
            ],
        )
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::start_at(Clock::system()).await
    }

    /// With a clock that a test moves on, beginning now.
    pub(crate) async fn start_by_hand() -> (Self, ManualClock) {
        let (clock, hand) = Clock::manual(Clock::system().now());
        (Self::start_at(clock).await, hand)
    }

    async fn start_at(clock: Clock) -> Self {
        let database = database().await;
        let case_database = support_testing::database("feed-only", CASE.migrator).await;
        let settings = settings(&database, &case_database);
        let lifecycle = Lifecycle::new();
        let ids = Ids::new("eu".parse().unwrap(), Clock::system());
        let warranty = FakeWarranty::start(ids.clone(), clock.clone()).await;
        let case = run(&CASE, &settings, &lifecycle, None).await.unwrap();
        let settings = settings
            .set("peers.warranty", [format!("http://{}", warranty.address)])
            .set("peers.case", [format!("http://{}", case.address)]);
        let running = run_at(
            &support_repair_logistics::SERVICE,
            &settings,
            &lifecycle,
            None,
            clock.clone(),
        )
        .await
        .unwrap();
        let channel = support_testing::channel(running.address);
        Self {
            warranty,
            ids,
            db: Db::connect(&DatabaseSettings::small(database.url())).await.unwrap(),
            case: Db::connect(&DatabaseSettings::small(case_database.url()))
                .await
                .unwrap(),
            channel,
            lifecycle,
            clock,
            _databases: [database, case_database],
        }
    }

    /// Publishes an overlay of the procedures: from now on it holds there.
    pub(crate) async fn publish(&self, place: &str, content: &serde_json::Value) {
        publish_at(&self.channel, PROCEDURES, place, content, self.clock.now()).await;
    }

    /// What an overlay of the procedures would mean.
    pub(crate) async fn check(&self, place: &str, content: &serde_json::Value) -> CheckReport {
        let asked = CheckContentRequest {
            document: PROCEDURES.to_owned(),
            place: place.to_owned(),
            content: content.to_string(),
            effective_from: None,
        };
        let answer = StandardServiceClient::new(self.door(&lawgiver()))
            .check_content(asked)
            .await;
        answer.unwrap().into_inner().report.unwrap()
    }

    fn door(&self, caller: &Caller) -> Door {
        call_as(&self.channel, caller, self.clock.now())
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
            ..repair::SubmitRepairRequest::default()
        }
    }

    /// The events of this type, in order, once there are `count` of them.
    pub(crate) async fn events<E: Event>(&self, count: usize) -> Vec<E> {
        events_of(self.door(&reader()), count).await
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
