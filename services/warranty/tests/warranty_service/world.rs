//! A running service with its database, a clock that stands still, and callers.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use support_chassis::call::Caller;
use support_chassis::clock::{Clock, ManualClock};
use support_chassis::db::{DatabaseSettings, Db, DbError};
use support_chassis::error::{Explained, explain};
use support_chassis::feed::wait_until_caught_up;
use support_chassis::id::Ids;
use support_chassis::lifecycle::Lifecycle;
use support_chassis::service::{Service, run_at};
use support_chassis::settings::{Settings, TrustRole};
use support_postgres::testing::TestDatabase;
use support_proto::codec::Event;
use support_proto::support::options::v1::{AssuranceLevel, CallerKind};
use support_proto::support::types::v1::{Date, ProductLine};
use support_proto::support::warranty::v1 as warranty;
use support_proto::support::warranty::v1::catalogue_service_client::CatalogueServiceClient;
use support_proto::support::warranty::v1::coverage_service_client::CoverageServiceClient;
use support_proto::support::warranty::v1::device_service_client::DeviceServiceClient;
use support_proto::support::warranty::v1::entitlement_service_client::EntitlementServiceClient;
use support_proto::support::warranty::v1::plan_service_client::PlanServiceClient;
use support_testing::{Door, LIMIT, call_as, events_of, feed_only, signing_key, trust};
use support_warranty::domain::claim::RepairId;
use support_warranty::domain::device::CustomerId;
use time::OffsetDateTime;
use time::macros::datetime;
use tonic::transport::Channel;
use tonic::{Code, Status};

/// What time it is when a test begins.
pub(crate) const NOW: OffsetDateTime = datetime!(2026-03-10 09:30 UTC);

pub(crate) struct World {
    pub(crate) hand: ManualClock,
    pub(crate) clock: Clock,
    channel: Channel,
    pub(crate) ids: Ids,
    lifecycle: Lifecycle,
    /// The database of the service.
    pub(crate) db: Db,
    /// What repair-logistics tells from; none where nobody listens to it.
    repairs: Option<Db>,
    _repairs_database: Option<TestDatabase>,
    database: TestDatabase,
}

/// Repair-logistics: nothing but its feed.
static REPAIR_LOGISTICS: Service = feed_only("repair-logistics");

/// Where nobody answers: the service goes on without what it would hear there.
const NOBODY: &str = "http://127.0.0.1:9";

/// A database with the schema of the service.
pub(crate) async fn database() -> TestDatabase {
    support_testing::database("warranty", &support_warranty::MIGRATOR).await
}

/// Runs a statement that the database may refuse.
pub(crate) async fn run(connection: &mut PgConnection, statement: String) -> Result<(), DbError> {
    sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(connection)
        .await
        .map(drop)
        .map_err(DbError::from)
}

impl World {
    /// Without localisation and without repair-logistics.
    pub(crate) async fn start() -> Self {
        Self::start_over(database().await).await
    }

    /// The same over a database that is there already.
    pub(crate) async fn start_over(database: TestDatabase) -> Self {
        Self::start_with(database, None, NOBODY).await
    }

    /// With a repair-logistics that tells what a test has it tell.
    pub(crate) async fn start_with_repairs() -> Self {
        let repairs = support_testing::database("feed-only", REPAIR_LOGISTICS.migrator).await;
        Self::start_with(database().await, Some(repairs), NOBODY).await
    }

    /// With localisation at this address.
    pub(crate) async fn start_with_words(words: &str) -> Self {
        Self::start_with(database().await, None, words).await
    }

    async fn start_with(database: TestDatabase, repairs: Option<TestDatabase>, words: &str) -> Self {
        let (clock, hand) = Clock::manual(NOW);
        let mut settings = Settings::new(&["warranty", "repair-logistics"])
            .set("region", "eu")
            .set("listen", "127.0.0.1:0")
            .set("feed.poll_interval_ms", 20)
            .set("warranty.database.url", database.url())
            .set("database.max_connections", 5)
            .set("database.acquire_timeout_ms", 20_000)
            .set("passport.signing_key", signing_key("warranty"))
            .set("peers.identity-verification", ["http://127.0.0.1:9"])
            .set("peers.localisation", [words])
            .set(
                "passport.trust",
                vec![
                    trust("gateway", TrustRole::Gateway),
                    trust("warranty", TrustRole::Service),
                ],
            );
        let lifecycle = Lifecycle::new();
        let mut repairs_db = None;
        let mut address = NOBODY.to_owned();
        if let Some(repairs) = &repairs {
            settings = settings.set("repair-logistics.database.url", repairs.url());
            let running = run_at(&REPAIR_LOGISTICS, &settings, &lifecycle, None, clock.clone())
                .await
                .unwrap();
            address = format!("http://{}", running.address);
            let db = Db::connect(&DatabaseSettings::small(repairs.url())).await.unwrap();
            repairs_db = Some(db.with_clock(clock.clone()));
        }
        let settings = settings.set("peers.repair-logistics", [address]);
        let running = run_at(&support_warranty::SERVICE, &settings, &lifecycle, None, clock.clone())
            .await
            .unwrap();
        let channel = support_testing::channel(running.address);
        let ids = Ids::new("eu".parse().unwrap(), clock.clone());
        Self {
            hand,
            clock: clock.clone(),
            channel,
            ids,
            lifecycle,
            db: Db::connect(&DatabaseSettings::small(database.url()))
                .await
                .unwrap()
                .with_clock(clock),
            repairs: repairs_db,
            _repairs_database: repairs,
            database,
        }
    }

    /// Repair-logistics tells this of a repair, and the service hears it.
    pub(crate) async fn told(&self, subject: RepairId, event: &impl Event) {
        let repairs = self.repairs.as_ref().unwrap();
        let mut tx = repairs.begin().await.unwrap();
        tx.append(subject, event).await.unwrap();
        tx.commit().await.unwrap();
        let heard = wait_until_caught_up(&self.db, "repair-logistics", repairs, LIMIT).await;
        assert!(heard.unwrap());
    }

    /// How many events of repair-logistics were set aside.
    pub(crate) async fn parked(&self) -> i64 {
        sqlx::query_scalar("select count(*) from feed_parked")
            .fetch_one(self.db.pool())
            .await
            .unwrap()
    }

    pub(crate) fn customer(&self) -> CustomerId {
        self.ids.next()
    }

    pub(crate) fn channel(&self) -> &Channel {
        &self.channel
    }

    pub(crate) fn door(&self, caller: &Caller) -> Door {
        call_as(&self.channel, caller, self.clock.now())
    }

    pub(crate) fn catalogue(&self, caller: &Caller) -> CatalogueServiceClient<Door> {
        CatalogueServiceClient::new(self.door(caller))
    }

    pub(crate) fn devices(&self, caller: &Caller) -> DeviceServiceClient<Door> {
        DeviceServiceClient::new(self.door(caller))
    }

    pub(crate) fn coverage(&self, caller: &Caller) -> CoverageServiceClient<Door> {
        CoverageServiceClient::new(self.door(caller))
    }

    pub(crate) fn entitlements(&self, caller: &Caller) -> EntitlementServiceClient<Door> {
        EntitlementServiceClient::new(self.door(caller))
    }

    pub(crate) fn plans(&self, caller: &Caller) -> PlanServiceClient<Door> {
        PlanServiceClient::new(self.door(caller))
    }

    /// A telephone with 12 months of the maker, sold from January 2020.
    pub(crate) async fn product(&self, model_code: &str) -> warranty::Product {
        let request = new_product(model_code);
        self.catalogue(&operator())
            .create_product(request)
            .await
            .unwrap()
            .into_inner()
            .product
            .unwrap()
    }

    /// A device of that telephone, registered by staff.
    pub(crate) async fn device(
        &self,
        serial_number: &str,
        change: impl FnOnce(&mut warranty::RegisterDeviceRequest),
    ) -> warranty::Device {
        let mut request = new_device(serial_number);
        change(&mut request);
        self.devices(&staff())
            .register_device(request)
            .await
            .unwrap()
            .into_inner()
            .device
            .unwrap()
    }

    /// Runs a statement on the database.
    pub(crate) async fn run(&self, statement: &str) {
        let mut connection = PgConnection::connect(self.database.url()).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
            .execute(&mut connection)
            .await
            .unwrap();
    }

    /// How many rows there are in a table.
    pub(crate) async fn count(&self, table: &str) -> i64 {
        let mut connection = PgConnection::connect(self.database.url()).await.unwrap();
        sqlx::query_scalar(AssertSqlSafe(format!("select count(*) from {table}")))
            .fetch_one(&mut connection)
            .await
            .unwrap()
    }

    /// The one text that a statement gives.
    pub(crate) async fn text(&self, statement: &str) -> String {
        let mut connection = PgConnection::connect(self.database.url()).await.unwrap();
        sqlx::query_scalar(AssertSqlSafe(statement.to_owned()))
            .fetch_one(&mut connection)
            .await
            .unwrap()
    }

    /// How many decisions are stored, once no transaction is open that could add some and the number stays.
    pub(crate) async fn settled(&self) -> i64 {
        let mut connection = PgConnection::connect(self.database.url()).await.unwrap();
        let mut seen = (-1, 0);
        let settling = async {
            loop {
                let (stored, busy): (i64, i64) = sqlx::query_as(
                    "select (select count(*) from coverage_decisions),
                            (select count(*) from pg_stat_activity where datname = current_database()
                             and pid <> pg_backend_pid() and state <> 'idle')",
                )
                .fetch_one(&mut connection)
                .await
                .unwrap();
                seen = if seen.0 == stored && busy == 0 {
                    (stored, seen.1 + 1)
                } else {
                    (stored, 0)
                };
                // As often as any pause between two batches is not.
                if seen.1 == 50 {
                    return stored;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(LIMIT, settling).await.expect("it comes to rest")
    }

    /// The events of this type, in order, once there are enough.
    pub(crate) async fn events_until<E: Event>(&self, enough: impl Fn(&[E]) -> bool) -> Vec<E> {
        let door = self.door(&caller(CallerKind::Service, "reader", None));
        support_testing::events_until(door, enough).await
    }

    /// The events of this type, in order, once there are `count` of them.
    pub(crate) async fn events<E: Event>(&self, count: usize) -> Vec<E> {
        events_of(self.door(&caller(CallerKind::Service, "reader", None)), count).await
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.lifecycle.drain("the test is over");
    }
}

const SCOPES: [&str; 12] = [
    "devices.approve",
    "plans.read",
    "plans.settle",
    "plans.write",
    "coverage.fleet",
    "entitlements.write",
    "entitlements.read",
    "products.write",
    "devices.write",
    "devices.read",
    "coverage.decide",
    "products.read",
];

fn caller(kind: CallerKind, subject: &str, organisation: Option<&str>) -> Caller {
    Caller {
        kind,
        subject: subject.to_owned(),
        organisation: organisation.map(str::to_owned),
        scopes: SCOPES.map(str::to_owned).into(),
        assurance: AssuranceLevel::Aal1,
        region: Some("eu".to_owned()),
        grant_id: None,
        bounds: support_chassis::call::Bounds::default(),
    }
}

pub(crate) fn operator() -> Caller {
    caller(CallerKind::Operator, "operator-1", Some("maker"))
}

/// An operator who reads the standard.
pub(crate) fn lawgiver() -> Caller {
    Caller {
        scopes: ["standard.read".to_owned()].into(),
        ..operator()
    }
}

pub(crate) fn staff() -> Caller {
    caller(CallerKind::Staff, "agent-7", Some("maker"))
}

/// Staff who look after an organisation's devices.
pub(crate) fn fleet_manager() -> Caller {
    caller(CallerKind::Staff, "agent-8", Some("maker"))
}

pub(crate) fn partner(organisation: &str) -> Caller {
    caller(
        CallerKind::Partner,
        &format!("client-of-{organisation}"),
        Some(organisation),
    )
}

pub(crate) fn customer(id: CustomerId) -> Caller {
    caller(CallerKind::Customer, &id.to_string(), None)
}

pub(crate) fn service() -> Caller {
    caller(CallerKind::Service, "repair-logistics", None)
}

pub(crate) fn anonymous() -> Caller {
    Caller {
        scopes: std::collections::BTreeSet::new(),
        ..caller(CallerKind::Anonymous, "visit-1", None)
    }
}

/// The request id with this number.
pub(crate) fn request_id(number: u64) -> String {
    format!("0198f2c4-0000-7000-8000-{number:012x}")
}

pub(crate) fn day(year: i32, month: i32, day: i32) -> Date {
    Date { year, month, day }
}

/// A number for a request id, from what the request is about.
fn number(text: &str) -> u64 {
    text.bytes()
        .fold(7, |number, byte| (number * 131 + u64::from(byte)) % (1 << 47))
}

pub(crate) fn new_product(model_code: &str) -> warranty::CreateProductRequest {
    warranty::CreateProductRequest {
        request_id: request_id(number(model_code)),
        model_code: model_code.to_owned(),
        name: format!("Phone {model_code}"),
        product_line: ProductLine::Phone.into(),
        limited_warranty_months: 12,
        release_date: Some(day(2020, 1, 15)),
        ..warranty::CreateProductRequest::default()
    }
}

/// A device of `PHN-12-128`, sold in Germany on 1 March 2025, of nobody.
pub(crate) fn new_device(serial_number: &str) -> warranty::RegisterDeviceRequest {
    warranty::RegisterDeviceRequest {
        request_id: request_id(number(serial_number)),
        model_code: "PHN-12-128".to_owned(),
        serial_number: serial_number.to_owned(),
        purchase_country_code: "DE".to_owned(),
        purchase_date: Some(day(2025, 3, 1)),
        purchase_date_evidence: warranty::PurchaseDateEvidence::Proven.into(),
        ..warranty::RegisterDeviceRequest::default()
    }
}

/// Asserts that a call was refused with this code and reason, and gives the rest.
pub(crate) fn refused<T: std::fmt::Debug>(answer: Result<T, Status>, code: Code, reason: &str) -> Explained {
    let explained = explain(&answer.expect_err("the call is refused"));
    assert_eq!((explained.code, explained.reason.as_str()), (code, reason));
    explained
}

/// The fields that a call was refused for.
pub(crate) fn violated<T: std::fmt::Debug>(answer: Result<T, Status>) -> Vec<String> {
    let explained = refused(answer, Code::InvalidArgument, "COMMON_ERROR_REASON_INVALID_FIELDS");
    let mut fields: Vec<_> = explained
        .violations
        .into_iter()
        .map(|violation| violation.field)
        .collect();
    fields.sort();
    fields
}
