//! A service with a fleet: five models with their parts, sold in fourteen countries over four years.

use std::net::SocketAddr;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use support_chassis::call::Caller;
use support_chassis::clock::Clock;
use support_chassis::id::Id;
use support_chassis::lifecycle::Lifecycle;
use support_chassis::service::{migrate, run};
use support_chassis::settings::{Settings, TrustRole};
use support_chassis::standard::Reach;
use support_postgres::{Options, Server};
use support_proto::support::options::v1::{AssuranceLevel, CallerKind};
use support_testing::{Door, call_as, channel, signing_key, trust};
use support_warranty::SERVICE;
use support_warranty::store::facts::{self, Known};
use support_warranty::store::sweep;
use time::OffsetDateTime;
use time::macros::datetime;
use tonic::transport::Channel;

use crate::report::{Figure, Report, real, resident};

/// Where they were sold.
const COUNTRIES: &str = "'DE', 'FR', 'ES', 'IT', 'GB', 'US', 'JP', 'CN', 'AU', 'SE', 'NO', 'PL', 'BR', 'IN'";

pub(crate) struct World {
    url: String,
    /// Of the superuser.
    admin: String,
    lifecycle: Lifecycle,
    channel: Channel,
    devices: u32,
}

/// A server that flushes what is committed, and is thrown away with this process.
pub(crate) fn server() -> Server {
    let directory = std::env::temp_dir().join(format!("support-bench-{}", std::process::id()));
    let options = Options {
        remove_at_end: true,
        ..Options::persistent(directory, 0)
    };
    Server::start(&options).unwrap()
}

impl World {
    pub(crate) async fn start(server: &Server, devices: u32) -> Self {
        let url = server.ensure_service_database("warranty", "bench").await.unwrap();
        let settings = Settings::new(&["warranty", "repair-logistics"])
            .set("region", "eu")
            .set("listen", "127.0.0.1:0")
            .set("warranty.database.url", url.as_str())
            .set("passport.signing_key", signing_key("warranty"))
            .set("peers.localisation", ["http://127.0.0.1:9"])
            .set("peers.repair-logistics", ["http://127.0.0.1:9"])
            .set(
                "passport.trust",
                vec![
                    trust("gateway", TrustRole::Gateway),
                    trust("warranty", TrustRole::Service),
                ],
            );
        migrate(&SERVICE, &settings).await.unwrap();
        let lifecycle = Lifecycle::new();
        let running = run(&SERVICE, &settings, &lifecycle, None).await.unwrap();
        let address: SocketAddr = running.address;
        let world = Self {
            url,
            admin: server.superuser_url(),
            lifecycle,
            channel: channel(address),
            devices,
        };
        world.fill().await;
        world
    }

    pub(crate) fn end(&self) {
        self.lifecycle.drain("the benchmark is over");
    }

    pub(crate) const fn channel(&self) -> &Channel {
        &self.channel
    }

    /// As staff who look after fleets.
    pub(crate) fn door(&self) -> Door {
        let caller = Caller {
            kind: CallerKind::Staff,
            subject: "agent-8".to_owned(),
            organisation: Some("maker".to_owned()),
            scopes: ["coverage.fleet".to_owned(), "coverage.decide".to_owned()].into(),
            assurance: AssuranceLevel::Aal1,
            region: Some("eu".to_owned()),
            grant_id: None,
        };
        call_as(&self.channel, &caller, Clock::system().now())
    }

    async fn connection(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.unwrap()
    }

    pub(crate) async fn run(&self, statements: &str) {
        let mut connection = self.connection().await;
        sqlx::raw_sql(AssertSqlSafe(statements.to_owned()))
            .execute(&mut connection)
            .await
            .unwrap();
    }

    /// Has the database write all its pages, so that every round begins alike.
    pub(crate) async fn checkpoint(&self) {
        let mut connection = PgConnection::connect(&self.admin).await.unwrap();
        sqlx::raw_sql("checkpoint").execute(&mut connection).await.unwrap();
    }

    pub(crate) async fn count_of(&self, statement: &str) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(statement.to_owned()))
            .fetch_one(&mut self.connection().await)
            .await
            .unwrap()
    }

    pub(crate) async fn count(&self, table: &str) -> i64 {
        self.count_of(&format!("select count(*) from {table}")).await
    }

    /// The bytes of tables with their indexes and what is stored beside.
    pub(crate) async fn bytes_of(&self, tables: &[&str]) -> i64 {
        let mut bytes = 0;
        for table in tables {
            bytes += self
                .count_of(&format!("select pg_total_relation_size('{table}')"))
                .await;
        }
        bytes
    }

    /// What the database says of whether a commit is on the disk.
    pub(crate) async fn durability(&self) -> String {
        let mut connection = self.connection().await;
        let (fsync, commit, pages, version): (String, String, String, String) = sqlx::query_as(
            "select current_setting('fsync'), current_setting('synchronous_commit'),
                    current_setting('full_page_writes'), current_setting('server_version')",
        )
        .fetch_one(&mut connection)
        .await
        .unwrap();
        format!("PostgreSQL {version}: fsync {fsync}, synchronous_commit {commit}, full_page_writes {pages}")
    }

    async fn fill(&self) {
        let devices = self.devices;
        // Ids as the service makes them, which name its region, with a number at their end.
        let at = |at: OffsetDateTime| Id::from_parts("eu".parse().unwrap(), at, 0).uuid().to_string();
        let id = |made: OffsetDateTime, number: &str| {
            format!("('{}' || lpad(to_hex({number}), 12, '0'))::uuid", &at(made)[..24])
        };
        let (early, late) = (datetime!(2026-01-01 00:00 UTC), datetime!(2026-01-02 00:00 UTC));
        self.run(&format!(
            "insert into products (id, model_code, name, product_line, limited_warranty_months, release_date, created_at,
                                   price_group, last_sold)
             values ({}, 'PHN-14-128', 'Phone 14', 'phone', 12, '2020-01-15', now(), 'phone-2022', null),
                    ({}, 'LAP-13-A', 'Book 13', 'laptop', 12, '2020-01-15', now(), 'book-13', '2026-01-31'),
                    ({}, 'TAB-12-5', 'Slate 12', 'tablet', 12, '2020-01-15', now(), 'slate-12', null),
                    ({}, 'WAT-U2', 'Watch Summit', 'watch', 24, '2020-01-15', now(), 'watch-summit', null),
                    ({}, 'AUD-BUDS-2', 'Buds 2', 'audio', 12, '2020-01-15', now(), 'buds', '2026-01-31');
             insert into product_components (product_id, component, place)
             select id, component, place - 1 from products
             cross join unnest(array['battery', 'display', 'speaker', 'housing']) with ordinality as one (component, place);
             insert into product_parts (product_id, component, part_number, name, wears, cosmetic, place)
             select product_id, component, upper(component) || '-1', component, component = 'battery',
                    component = 'housing', 0
             from product_components;
             insert into devices (id, product_id, serial_number, purchase_country_code, purchase_date,
                                  purchase_date_evidence, registered_at, owner_organisation)
             select {}, product.id, 'FLEET' || lpad(number::text, 7, '0'),
                    (array[{COUNTRIES}])[number % 14 + 1], current_date - number % 1500, 'proven', now(), 'fleet'
             from generate_series(1, {devices}) as number
             join (select id, row_number() over (order by id) as place from products) as product
               on product.place = number % 5 + 1;
             insert into device_owners (device_id, place, organisation, since, reason, actor_kind, actor_id)
             select id, 0, 'fleet', registered_at, 'imported', 'staff', 'agent-8' from devices;",
            id(early, "1"),
            id(early, "2"),
            id(early, "3"),
            id(early, "4"),
            id(early, "5"),
            id(late, "number"),
        ))
        .await;
        self.run("vacuum analyze").await;
    }

    /// What is known of all devices, read as the service reads it; tells how much memory that takes.
    pub(crate) async fn known(&self, report: &mut Report) -> Vec<Known> {
        let mut connection = self.connection().await;
        let reach = Reach::AllBut(std::collections::BTreeSet::new());
        let stretches = sweep::devices(&mut connection, &reach, 1000).await.unwrap();
        // Once beforehand, so that what reading itself takes is there already.
        let first = facts::of_stretch(&mut connection, &stretches[0]).await.unwrap();
        drop(first);
        let before = resident();
        let mut known: Vec<Known> = Vec::with_capacity(usize::try_from(self.devices).unwrap());
        for stretch in &stretches {
            known.append(&mut facts::of_stretch(&mut connection, stretch).await.unwrap());
        }
        assert_eq!(known.len(), usize::try_from(self.devices).unwrap());
        let bytes = real(resident() - before) / f64::from(self.devices) * 1e6;
        report.add(Figure::of("bytes_per_million_devices_memory", "B", bytes));
        known
    }
}
