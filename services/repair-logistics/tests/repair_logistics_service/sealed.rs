//! What people write of a repair, at rest.

use support_chassis::privacy::PersonalData as _;
use support_chassis::vault;
use support_proto::support::repair::v1::{
    GetRepairRequest, ReceiveDeviceRequest, RecordDiagnosisRequest, Repair, RepairState,
};
use support_proto::support::types::v1::ProductLine;
use support_repair_logistics::domain::repair::CustomerId;
use support_repair_logistics::store::held::Held;
use support_repair_logistics::store::sealed::seal_clear;
use support_testing::{Holds, columns_are_known, tables_that_hold};
use tonic::Code;

use crate::callers::{partner, refused, staff};
use crate::world::{World, database, vault as keys};

const PARTNER: &str = "asp-berlin";
const NEEDLES: [&str; 2] = ["Akku", "Karton"];

/// A service with a repair whose device came in with a note.
async fn noted() -> (World, CustomerId, Repair) {
    let world = World::start().await;
    world.provider("ASP-BER-01", Some(PARTNER)).await;
    world.warranty.fake.knows("AAAA0001", ProductLine::Phone);
    let customer: CustomerId = world.ids.next();
    let order = world.order(world.case_of(customer).await, "ASP-BER-01", "AAAA0001");
    let ordered = world.repairs(&partner(PARTNER)).submit_repair(order).await;
    let received = ReceiveDeviceRequest {
        request_id: world.request_id(),
        repair_id: ordered.unwrap().into_inner().repair.unwrap().repair_id,
        etag: String::new(),
        note: "Kein Karton".to_owned(),
    };
    let received = world.repairs(&partner(PARTNER)).receive_device(received).await;
    let repair = received.unwrap().into_inner().repair.unwrap();
    (world, customer, repair)
}

async fn read(world: &World, id: &str) -> Repair {
    let get = GetRepairRequest {
        repair_id: id.to_owned(),
    };
    let answer = world.repairs(&staff()).get_repair(get).await.unwrap();
    answer.into_inner().repair.unwrap()
}

/// The tables in which a row holds one of the needles.
async fn tables_with_words(world: &World) -> Vec<String> {
    tables_that_hold(world.db.pool(), 8, &NEEDLES).await
}

async fn exported(world: &World, customer: CustomerId) -> serde_json::Value {
    let mut connection = world.db.read().await.unwrap();
    let held = Held { vault: keys() };
    let records = held.export(&mut connection, customer.uuid()).await.unwrap();
    records[0].document.clone()
}

/// Erases a customer as the service does when it is told to, and says of how many records.
async fn erase(world: &World, customer: CustomerId) -> u64 {
    let held = Held { vault: keys() };
    let mut tx = world.db.begin().await.unwrap();
    let now = tx.now();
    vault::destroy(tx.conn(), customer.uuid(), now).await.unwrap();
    let records = held.erase(&mut tx, customer.uuid()).await.unwrap();
    tx.commit().await.unwrap();
    records
}

#[tokio::test]
async fn no_word_is_in_any_table_and_all_are_read() {
    let (world, customer, repair) = noted().await;
    assert_eq!(tables_with_words(&world).await, Vec::<String>::new());
    assert_eq!(
        (&*repair.problem, &*repair.note, repair.words_erased),
        ("Der Akku hält nicht", "Kein Karton", false)
    );
    assert_eq!(read(&world, &repair.repair_id).await, repair);
    let document = exported(&world, customer).await;
    assert_eq!(
        (&document["problem"], &document["note"]),
        (&repair.problem.into(), &repair.note.into())
    );
    assert_eq!(document.get("sealed_problem"), None);
}

#[tokio::test]
async fn what_every_column_holds_is_known() {
    let database = database().await;
    let pool = sqlx::PgPool::connect(database.url()).await.unwrap();
    columns_are_known(
        &pool,
        &[
            (
                Holds::Code,
                "providers.code providers.country_code repairs.language repairs.diagnosis_code repairs.procedures_version
                 repairs.customer_pays_currency",
            ),
            (
                Holds::Id,
                "providers.organisation_id repairs.organisation_id repair_steps.actor_id repair_steps.technician",
            ),
            (Holds::Reference, "repairs.serial_number repairs.partner_reference"),
            (Holds::Staff, "providers.name"),
            (Holds::Sealed, "repairs.sealed_problem repairs.sealed_note"),
            (Holds::Drained, "repairs.problem repairs.note"),
        ],
    )
    .await;
}

#[tokio::test]
async fn what_a_build_before_wrote_in_the_clear_is_read_and_then_sealed_once() {
    let (world, customer, repair) = noted().await;
    // The order as that build stored it, and a note of that build beside one of this.
    let write = |statement: &'static str| sqlx::raw_sql(statement).execute(world.db.pool());
    write("update repairs set sealed_problem = null, problem = 'Der Akku ist warm', note = 'Zweiter Karton'")
        .await
        .unwrap();
    assert_eq!(tables_with_words(&world).await, ["repairs"]);
    let found = read(&world, &repair.repair_id).await;
    assert_eq!((&*found.problem, &*found.note), ("Der Akku ist warm", "Zweiter Karton"));
    let (keys, again) = (keys(), keys());
    let (one, other) = tokio::join!(seal_clear(&world.db, &keys), seal_clear(&world.db, &again));
    assert_eq!(one.unwrap() + other.unwrap(), 1);
    assert_eq!(tables_with_words(&world).await, Vec::<String>::new());
    assert_eq!(read(&world, &repair.repair_id).await, found);
    assert_eq!(seal_clear(&world.db, &keys).await.unwrap(), 0);
    // What it still writes of somebody who was erased is not kept.
    erase(&world, customer).await;
    write("update repairs set note = 'Dritter Karton'").await.unwrap();
    assert_eq!(read(&world, &repair.repair_id).await.note, "");
    assert_eq!(seal_clear(&world.db, &keys).await.unwrap(), 1);
    assert_eq!(tables_with_words(&world).await, Vec::<String>::new());
}

#[tokio::test]
async fn of_who_is_erased_the_repair_goes_on_and_the_words_are_gone() {
    let (world, customer, before) = noted().await;
    assert_eq!(erase(&world, customer).await, 1);
    assert_eq!(erase(&world, customer).await, 0, "once more changes nothing");
    let erased = read(&world, &before.repair_id).await;
    assert!(erased.words_erased);
    assert_eq!((&*erased.problem, &*erased.note), ("", ""));
    assert_eq!(erased.serial_number, before.serial_number);
    assert!(exported(&world, customer).await["problem"].is_null());

    let again = world.order(before.case_id.parse().unwrap(), "ASP-BER-01", "AAAA0001");
    let answer = world.repairs(&partner(PARTNER)).submit_repair(again).await;
    refused(answer, Code::FailedPrecondition, "REPAIR_ERROR_REASON_CUSTOMER_ERASED");
    // A note is taken, for the procedures may ask for one, and not kept.
    let diagnosis = RecordDiagnosisRequest {
        request_id: world.request_id(),
        repair_id: before.repair_id,
        etag: String::new(),
        diagnosis_code: "BATTERY".to_owned(),
        note: "Karton zurück".to_owned(),
    };
    let answer = world.repairs(&partner(PARTNER)).record_diagnosis(diagnosis).await;
    let diagnosed = answer.unwrap().into_inner().repair.unwrap();
    assert_eq!((diagnosed.state(), &*diagnosed.note), (RepairState::Diagnosed, ""));
    assert_eq!(tables_with_words(&world).await, Vec::<String>::new());
}
