//! Rows that earlier services wrote, after all the migrations since: nothing that was decided reads otherwise.

mod rows;

use std::borrow::Cow;

use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use support_chassis::db::{DatabaseSettings, Db};
use support_postgres::testing::{self, TestDatabase};
use support_proto::support::types::v1::Date;
use support_proto::support::warranty::v1::device_life_service_client::DeviceLifeServiceClient;
use support_proto::support::warranty::v1::fleet_service_client::FleetServiceClient;
use support_proto::support::warranty::v1::{
    CoverageDecision, CoverageOutcome, Damage, DecideCoverageRequest, GetCoverageDecisionRequest,
    GetDeviceHistoryRequest, ListCoverageDecisionsRequest, ListProductChangesRequest, PaymentKind, ReproductionState,
    UseKind, WeighedRule,
};
use support_warranty::MIGRATOR;
use support_warranty::domain::facts::{Facts, Question};
use time::macros::date;

use crate::world::{World, day, operator, partner, request_id, staff};

/// The last migration before decisions held their facts, and the last before they were stored whole.
const WITHOUT_FACTS: i64 = 20_261_121_000_100;
const WITH_CHAIN_TABLE: i64 = 20_261_122_131_000;

/// A database on which the migrations up to and with `last` were run.
async fn migrated_to(database: &TestDatabase, last: i64) {
    let migrations = MIGRATOR.iter().filter(|migration| migration.version <= last).cloned();
    let migrator = Migrator {
        migrations: Cow::Owned(migrations.collect()),
        ..Migrator::DEFAULT
    };
    let db = Db::connect(&DatabaseSettings::small(database.url())).await.unwrap();
    db.migrate(&migrator).await.unwrap();
    db.close().await;
}

async fn run(database: &TestDatabase, statements: &str) {
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(statements.to_owned()))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
}

/// The service over a database that began with the first service and had every one since.
async fn scene() -> World {
    let database = testing::database().await;
    migrated_to(&database, WITHOUT_FACTS).await;
    run(&database, rows::FIRST).await;
    migrated_to(&database, WITH_CHAIN_TABLE).await;
    run(&database, rows::SECOND).await;
    migrated_to(&database, i64::MAX).await;
    World::start_over(database).await
}

/// The UUID with this number, of the region of these tests.
fn uuid(number: u64) -> String {
    format!("0198f2c4-0000-7250-8000-{number:012x}")
}

fn id(number: u64) -> String {
    format!("eu-{}", uuid(number))
}

async fn read(world: &World, number: u64) -> (CoverageDecision, ReproductionState) {
    let request = GetCoverageDecisionRequest {
        decision_id: id(number),
        locale: String::new(),
    };
    let answer = world.coverage(&staff()).get_coverage_decision(request).await.unwrap();
    let answer = answer.into_inner();
    (answer.decision.unwrap(), answer.reproduction.unwrap().state())
}

/// Id, outcome, whether it applies, whether it decided, first and last day, source and reason of a rule.
type Row<'a> = (
    &'a str,
    CoverageOutcome,
    bool,
    bool,
    Option<Date>,
    Option<Date>,
    &'a str,
    &'a str,
);

fn row(rule: &WeighedRule) -> Row<'_> {
    (
        &rule.rule_id,
        rule.outcome(),
        rule.applies,
        rule.decided,
        rule.from,
        rule.until,
        &rule.source,
        rule.reason_key.strip_prefix("coverage.reason.").unwrap(),
    )
}

/// Number and device, damage, day, outcome, until when and for how many days, what is paid, and the chain of a decision.
type Decided = (
    (u64, u64),
    Damage,
    Date,
    CoverageOutcome,
    (Option<Date>, i32),
    PaymentKind,
    Vec<Row<'static>>,
);

#[expect(clippy::too_many_lines, reason = "a table")]
fn decided() -> [Decided; 4] {
    use CoverageOutcome::{LimitedWarranty, OutOfWarranty, Refused, RepairWarranty, StatutoryRight};
    let sold = Some(day(2024, 2, 29));
    let (year, two) = (Some(day(2025, 2, 28)), Some(day(2026, 2, 28)));
    let law = "Directive (EU) 2019/771";
    [
        (
            (0x101, 0x11),
            Damage::None,
            day(2024, 12, 31),
            LimitedWarranty,
            (year, 59),
            PaymentKind::Nothing,
            vec![
                (
                    "limited-warranty",
                    LimitedWarranty,
                    true,
                    true,
                    sold,
                    year,
                    "maker",
                    "within_period",
                ),
                (
                    "statutory-eu",
                    StatutoryRight,
                    true,
                    false,
                    sold,
                    two,
                    law,
                    "within_period",
                ),
                (
                    "out-of-warranty",
                    OutOfWarranty,
                    true,
                    false,
                    sold,
                    None,
                    "maker",
                    "repair_at_price",
                ),
            ],
        ),
        (
            (0x102, 0x11),
            Damage::Liquid,
            day(2026, 1, 3),
            OutOfWarranty,
            (None, 0),
            PaymentKind::Unknown,
            vec![
                (
                    "limited-warranty",
                    LimitedWarranty,
                    false,
                    false,
                    None,
                    None,
                    "maker",
                    "liquid_damage",
                ),
                (
                    "out-of-warranty",
                    OutOfWarranty,
                    true,
                    true,
                    sold,
                    None,
                    "maker",
                    "repair_at_price",
                ),
            ],
        ),
        (
            (0x103, 0x11),
            Damage::UnauthorisedChange,
            day(2026, 1, 3),
            Refused,
            (None, 0),
            PaymentKind::NoRepair,
            vec![(
                "unauthorised",
                Refused,
                true,
                true,
                sold,
                None,
                "maker",
                "unauthorised_change",
            )],
        ),
        (
            (0x104, 0x13),
            Damage::None,
            day(2026, 2, 20),
            RepairWarranty,
            (Some(day(2026, 5, 11)), 80),
            PaymentKind::Nothing,
            vec![
                (
                    "limited-warranty",
                    LimitedWarranty,
                    false,
                    false,
                    Some(day(2025, 1, 10)),
                    Some(day(2026, 1, 9)),
                    "maker",
                    "period_over",
                ),
                (
                    "repair-warranty",
                    RepairWarranty,
                    true,
                    true,
                    Some(day(2026, 2, 10)),
                    Some(day(2026, 5, 11)),
                    "maker",
                    "within_period",
                ),
            ],
        ),
    ]
}

#[tokio::test]
async fn what_was_decided_before_reads_as_it_did() {
    let world = scene().await;
    for ((number, device), damage, on, outcome, (covered_until, days_remaining), pays, chain) in decided() {
        let (decision, state) = read(&world, number).await;
        assert_eq!(state, ReproductionState::NotRecorded, "{number:x}");
        assert_eq!(decision.device_id, id(device));
        assert_eq!(
            (decision.damage(), decision.day, decision.outcome()),
            (damage, Some(on), outcome)
        );
        assert_eq!(
            (decision.covered_until, decision.days_remaining),
            (covered_until, days_remaining)
        );
        assert_eq!(decision.chain.iter().map(row).collect::<Vec<_>>(), chain, "{number:x}");
        assert_eq!(decision.pays.unwrap().kind(), pays, "{number:x}");
        assert_eq!(decision.uses.unwrap().kind(), UseKind::Nothing);
        assert_eq!(
            (decision.price, decision.parts.len(), decision.incidents_left),
            (None, 0, None)
        );
        let sold_in = if device == 0x13 { "US" } else { "DE" };
        assert_eq!(decision.place_country_code, sold_in);
    }
    // Each is in the list of its device, newest first; a partner still reads what it asked for.
    let listed = async |caller| {
        let request = ListCoverageDecisionsRequest {
            device_id: id(0x11),
            ..ListCoverageDecisionsRequest::default()
        };
        let answer = FleetServiceClient::new(world.door(&caller))
            .list_coverage_decisions(request)
            .await;
        let decisions = answer.unwrap().into_inner().decisions.into_iter();
        decisions.map(|decision| decision.decision_id).collect::<Vec<_>>()
    };
    assert_eq!(listed(staff()).await, [id(0x103), id(0x102), id(0x101)]);
    assert_eq!(listed(partner("asp-berlin")).await, [id(0x102)]);
}

#[tokio::test]
async fn what_decisions_were_made_from_is_kept_whole() {
    let world = scene().await;
    let facts = async |number: u64| {
        let statement = format!(
            "select jsonb_build_array(facts, question)::text from coverage_decisions where id = '{}'",
            uuid(number)
        );
        serde_json::from_str::<(Facts, Question)>(&world.text(&statement).await).unwrap()
    };
    let (of_used, question) = facts(0x104).await;
    assert_eq!(
        (of_used.sale.day, of_used.sale.warranty_months, of_used.sale.used),
        (date!(2025 - 01 - 10), 12, true)
    );
    let repairs: Vec<_> = of_used
        .sale
        .repairs
        .iter()
        .map(|repair| (repair.received, repair.returned))
        .collect();
    assert_eq!(
        repairs,
        [
            (date!(2025 - 03 - 01), date!(2025 - 03 - 04)),
            (date!(2026 - 02 - 01), date!(2026 - 02 - 10)),
        ]
    );
    assert_eq!(
        (of_used.unit.model_code.as_str(), of_used.unit.serial_number.as_str()),
        ("PHN-12-128", "AAAA0003")
    );
    assert_eq!((question.day, question.place.code()), (date!(2026 - 02 - 20), "US"));
    // Of those that came before repairs were told, what the catalogue and the device said.
    let (of_new, _) = facts(0x101).await;
    assert_eq!(
        (of_new.sale.day, of_new.sale.used, of_new.sale.repairs.iter().len()),
        (date!(2024 - 02 - 29), false, 0)
    );
}

#[tokio::test]
async fn devices_and_products_of_before_go_on() {
    let world = scene().await;
    let request = GetDeviceHistoryRequest { device_id: id(0x11) };
    let history = DeviceLifeServiceClient::new(world.door(&staff()))
        .get_device_history(request)
        .await;
    let entries = history.unwrap().into_inner().entries;
    assert_eq!(entries.len(), 1, "who had it when it was registered: {entries:?}");
    assert_eq!(
        (entries[0].actor_kind.as_str(), entries[0].actor_id.as_str()),
        ("system", "warranty")
    );
    let request = ListProductChangesRequest {
        product_id: id(0x2),
        ..ListProductChangesRequest::default()
    };
    let changes = world
        .catalogue(&operator())
        .list_product_changes(request)
        .await
        .unwrap();
    let changes = changes.into_inner().changes;
    assert_eq!((changes.len(), changes[0].changed_by.as_str()), (1, "service:warranty"));
    assert_eq!(changes[0].fields, [], "it was added");

    // And are decided about like those of today.
    for (number, serial_number, outcome) in [
        (1, "AAAA0001", CoverageOutcome::OutOfWarranty),
        (2, "AAAA0002", CoverageOutcome::LimitedWarranty),
        (3, "AAAA0003", CoverageOutcome::OutOfWarranty),
    ] {
        let request = DecideCoverageRequest {
            request_id: request_id(number),
            serial_number: serial_number.to_owned(),
            damage: Damage::None.into(),
            ..DecideCoverageRequest::default()
        };
        let decision = world.coverage(&staff()).decide_coverage(request).await.unwrap();
        let decision = decision.into_inner().decision.unwrap();
        assert_eq!(decision.outcome(), outcome, "{serial_number}");
        let get = GetCoverageDecisionRequest {
            decision_id: decision.decision_id,
            locale: String::new(),
        };
        let read = world
            .coverage(&staff())
            .get_coverage_decision(get)
            .await
            .unwrap()
            .into_inner();
        assert_eq!(read.reproduction.unwrap().state(), ReproductionState::Same);
    }
}
