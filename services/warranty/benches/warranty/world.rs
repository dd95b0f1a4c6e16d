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
use support_testing::{Door, call_as, channel, resident, signing_key, trust};
use support_warranty::SERVICE;
use support_warranty::domain::coverage::Damage;
use support_warranty::domain::money::{Amount, Currency, Rounding};
use support_warranty::domain::plan::{Agreed, Cancellation, PlanCover};
use support_warranty::store::facts::{self, Known};
use support_warranty::store::sweep;
use time::OffsetDateTime;
use time::macros::datetime;
use tonic::transport::Channel;

use crate::report::{Figure, Report};

/// Where they were sold.
const COUNTRIES: &str = "'DE', 'FR', 'ES', 'IT', 'GB', 'US', 'JP', 'CN', 'AU', 'SE', 'NO', 'PL', 'BR', 'IN'";

/// An expression for ids as the service makes them, which name its region, with a number at their end.
fn id(made: OffsetDateTime, number: &str) -> String {
    let first = Id::from_parts("eu".parse().unwrap(), made, 0).uuid().to_string();
    format!("('{}' || lpad(to_hex({number}), 12, '0'))::uuid", &first[..24])
}

/// What is agreed for the plans of the fleet.
fn agreed() -> Agreed {
    let euros = |minor| Amount::new(Currency::from_code("EUR").unwrap(), minor);
    Agreed {
        kind: "standard".to_owned(),
        name_key: "plan.standard".to_owned(),
        months: 24,
        rolling: false,
        price: euros(19_900),
        incidents_per_12_months: Some(2),
        covers: vec![PlanCover {
            damages: vec![Damage::None, Damage::Accidental, Damage::Liquid],
            components: Vec::new(),
            fee: euros(9_900),
        }],
        waiting_days: 0,
        payment_days: 14,
        grace_days: 0,
        renewal_window_days: None,
        cancellation: Cancellation {
            full_refund_days: 30,
            full_refund_source: "the maker's terms of the protection plan".to_owned(),
            charge_basis_points: 0,
            charge_at_most: None,
            rounding: Rounding::HalfUp,
        },
        transferable: true,
        version: "warranty/plan-terms@1".to_owned(),
        source: "the maker's terms of the protection plan".to_owned(),
    }
}

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
            .set("peers.identity-verification", ["http://127.0.0.1:9"])
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
            bounds: support_chassis::call::Bounds::default(),
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

    /// The number of the database's first process.
    pub(crate) async fn database_process(&self) -> u32 {
        let own = self.count_of("select pg_backend_pid()::bigint").await;
        let stat = std::fs::read_to_string(format!("/proc/{own}/stat")).unwrap_or_default();
        let parent = stat
            .rsplit_once(')')
            .and_then(|(_, rest)| rest.split_whitespace().nth(1));
        parent.and_then(|parent| parent.parse().ok()).unwrap_or_default()
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
        self.live().await;
        self.run("vacuum analyze").await;
    }

    /// What has become of the devices: one in eleven was repaired, one in nine has a plan for two years, one in fifty came in the place
    /// of another, and some were stolen or are looked into.
    async fn live(&self) {
        let devices = self.devices;
        let agreed = serde_json::to_string(&agreed()).unwrap().replace('\'', "''");
        self.run(&format!(
            "create temporary table fleet as
             select number, {device} as id, purchase_date as sold, purchase_country_code as country
             from generate_series(1, {devices}) as number join devices on devices.id = {device};
             insert into claims (id, device_id, outcome, state, day, components, reserved_at, ended_at, received_on, returned_on)
             select {claim}, id, 'limited_warranty', 'committed', sold, array['battery'], now(), now(), sold,
                    least(sold + 9, current_date)
             from fleet where number % 11 = 0;
             insert into plan_quotes (id, device_id, kind, buyer, agreed, quoted_at, expires_at)
             select {quote}, id, 'standard', 'business', '{agreed}', now(), now() + interval '3 days'
             from fleet where number % 9 = 0;
             insert into plans (id, quote_id, device_id, sold_by_organisation, kind, country_code, currency_code, state, renews,
                                enrolled_on, enrolled_at, state_changed_at, act_on)
             select {plan}, {quote}, id, 'fleet', 'standard', country, 'EUR',
                    case when sold + 730 > current_date then 'active' else 'expired' end, false, sold, now(), now(),
                    case when sold + 730 > current_date then sold + 730 end
             from fleet where number % 9 = 0;
             insert into plan_payments (id, plan_id, reference, outcome, amount_minor, currency_code, recorded_at)
             select {payment}, {plan}, 'FLEET-' || number, 'paid', 19900, 'EUR', now() from fleet where number % 9 = 0;
             insert into plan_periods (plan_id, number, from_day, until_day, paid_on, payment_id, agreed)
             select {plan}, 1, sold, sold + 729, sold, {payment}, '{agreed}' from fleet where number % 9 = 0;
             insert into device_marks (id, device_id, kind, mark, is_set, reason, reference, actor_kind, actor_id, at)
             select {mark}, id, 'lock', 'stolen', true, 'police_report', null, 'staff', 'agent-8', now()
             from fleet where number % 80 = 7
             union all
             select {mark}, id, 'flag', 'under_investigation', true, null, 'CASE-8', 'staff', 'agent-8', now()
             from fleet where number % 80 = 47;
             update devices set origin_id = id, chain_place = 0, retired_at = now()
             where id in (select id from fleet where number % 50 = 49);
             update devices set origin_id = first.id, chain_place = 1
             from fleet as first join fleet as next on next.number = first.number + 1
             where first.number % 50 = 49 and devices.id = next.id;
             insert into device_replacements (id, old_device_id, new_device_id, received_on, replaced_on, reason, actor_kind,
                                              actor_id, at)
             select {replacement}, id, next, current_date - 3, current_date - 1, 'repair', 'staff', 'agent-8', now()
             from (select number, id, lead(id) over (order by number) as next from fleet) as pair
             where number % 50 = 49 and next is not null;",
            device = id(datetime!(2026-01-02 00:00 UTC), "number"),
            claim = id(datetime!(2026-01-03 00:00 UTC), "number"),
            quote = id(datetime!(2026-01-04 00:00 UTC), "number"),
            plan = id(datetime!(2026-01-05 00:00 UTC), "number"),
            payment = id(datetime!(2026-01-06 00:00 UTC), "number"),
            mark = id(datetime!(2026-01-07 00:00 UTC), "number"),
            replacement = id(datetime!(2026-01-08 00:00 UTC), "number"),
        ))
        .await;
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
        let bytes = (resident() - before) / f64::from(self.devices) * 1e6;
        report.add(Figure::of("bytes_per_million_devices_memory", "B", bytes));
        known
    }
}
