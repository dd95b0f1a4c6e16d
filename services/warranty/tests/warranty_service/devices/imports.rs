//! Many devices of an organisation at once: every row answered, none twice.

use support_proto::support::warranty::v1::{
    DeviceRegistered, ImportDevicesRequest, ImportOutcome, ImportRow, ImportedRow, ListDevicesRequest,
    PurchaseDateEvidence,
};
use tonic::Code;

use super::hands::{fresh, life, rows};
use crate::world::{World, day, operator, partner, refused, staff, violated};

fn row(serial_number: &str) -> ImportRow {
    ImportRow {
        model_code: "PHN-12-128".to_owned(),
        serial_number: serial_number.to_owned(),
        purchase_country_code: "DE".to_owned(),
        purchase_date: Some(day(2025, 3, 1)),
        purchase_date_evidence: PurchaseDateEvidence::Declared.into(),
        ..ImportRow::default()
    }
}

fn import(world: &World, rows: Vec<ImportRow>) -> ImportDevicesRequest {
    ImportDevicesRequest {
        request_id: fresh(world),
        owner_organisation_id: String::new(),
        rows,
    }
}

fn outcomes(rows: &[ImportedRow]) -> Vec<ImportOutcome> {
    rows.iter().map(ImportedRow::outcome).collect()
}

#[tokio::test]
async fn every_row_is_answered_and_none_is_registered_twice() {
    use ImportOutcome::{DeviceExists, IdentifierTaken, Invalid, ProductNotFound, Registered, Repeated, Unchanged};
    let world = World::start().await;
    world.product("PHN-12-128").await;
    world
        .device("TAKEN001", |request| request.imei = "490154203237518".to_owned())
        .await;
    let with = |serial: &str, change: fn(&mut ImportRow)| {
        let mut row = row(serial);
        change(&mut row);
        row
    };
    let wanted = vec![
        row("FLEET001"),
        with("FLEET002", |row| row.imei = "352099001761481".to_owned()),
        row("TAKEN001"),
        with("FLEET003", |row| row.imei2 = "352099001761481".to_owned()),
        with("FLEET004", |row| row.imei = "352099001761481".to_owned()),
        with("FLEET005", |row| row.meid = "AF0123450ABCDED".to_owned()),
        with("FLEET006", |row| row.model_code = "NO-SUCH".to_owned()),
        with("FLEET007", |row| row.imei = "490154203237518".to_owned()),
        with("FLEET008", |row| row.purchase_date = Some(day(2026, 3, 11))),
        with("fleet009", |row| {
            row.purchase_date_evidence = PurchaseDateEvidence::Proven.into();
        }),
        row("FLEET001"),
        with("FLEET010", |row| {
            row.purchase_date = None;
            row.purchase_date_evidence = PurchaseDateEvidence::Estimated.into();
            row.first_activation_date = Some(day(2025, 9, 9));
        }),
    ];
    let request = import(&world, wanted.clone());
    let mut door = life(&world, &partner("airline"));
    let answer = door.import_devices(request.clone()).await.unwrap().into_inner();
    assert_eq!(
        outcomes(&answer.rows),
        [
            Registered,
            Registered,
            DeviceExists,
            Invalid,
            Repeated,
            Invalid,
            ProductNotFound,
            IdentifierTaken,
            Invalid,
            Invalid,
            Repeated,
            Registered
        ]
    );
    assert_eq!(
        answer.rows[9].invalid_fields,
        ["serial_number", "purchase_date_evidence"]
    );
    assert_eq!(answer.rows[8].invalid_fields, ["purchase_date"]);
    assert_eq!(
        door.import_devices(request).await.unwrap().into_inner(),
        answer,
        "the stored answer"
    );
    // Sent again as another call: the same devices, and nothing new.
    let before = rows(&world).await;
    let again = door.import_devices(import(&world, wanted)).await.unwrap().into_inner();
    assert_eq!(again.rows[0].outcome(), Unchanged);
    assert_eq!(again.rows[0].device_id, answer.rows[0].device_id);
    assert_eq!(rows(&world).await, before);
    // Another organisation's import does not learn which device it is.
    let foreign = life(&world, &partner("bank"))
        .import_devices(import(&world, vec![row("FLEET001")]))
        .await
        .unwrap();
    let foreign = &foreign.into_inner().rows[0];
    assert_eq!((foreign.outcome(), foreign.device_id.as_str()), (DeviceExists, ""));
    assert_eq!(world.events::<DeviceRegistered>(4).await.len(), 4);

    let listed = async |caller, organisation: &str| {
        let request = ListDevicesRequest {
            owner_organisation_id: organisation.to_owned(),
            ..ListDevicesRequest::default()
        };
        world
            .devices(&caller)
            .list_devices(request)
            .await
            .unwrap()
            .into_inner()
            .devices
    };
    let own = listed(partner("airline"), "").await;
    assert_eq!(own.len(), 3);
    assert!(own.iter().all(|device| device.owner_organisation_id == "airline"));
    assert_eq!(listed(staff(), "airline").await.len(), 3);
    assert!(listed(partner("bank"), "airline").await.is_empty());
    assert!(listed(partner("bank"), "").await.is_empty());
}

#[tokio::test]
async fn an_organisation_imports_for_itself_alone() {
    let world = World::start().await;
    world.product("PHN-12-128").await;
    let before = rows(&world).await;
    let mut foreign = import(&world, vec![row("FLEET001")]);
    foreign.owner_organisation_id = "bank".to_owned();
    let not_self = "WARRANTY_ERROR_REASON_OWNER_NOT_SELF";
    refused(
        life(&world, &partner("airline")).import_devices(foreign.clone()).await,
        Code::PermissionDenied,
        not_self,
    );
    let nobodys = life(&world, &operator())
        .import_devices(import(&world, vec![row("FLEET001")]))
        .await;
    refused(nobodys, Code::PermissionDenied, not_self);
    let many = (0..501).map(|number| row(&format!("FLEET{number:03}"))).collect();
    assert_eq!(
        violated(
            life(&world, &partner("airline"))
                .import_devices(import(&world, many))
                .await
        ),
        ["rows"]
    );
    assert_eq!(rows(&world).await, before);
    foreign.request_id = fresh(&world);
    let made = life(&world, &operator())
        .import_devices(foreign)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(outcomes(&made.rows), [ImportOutcome::Registered]);
}

/// The same fleet from several sides at the same moment: each device once, and every caller gets an answer for every row.
#[tokio::test]
async fn imports_at_once_register_each_device_once() {
    let world = World::start().await;
    world.product("PHN-12-128").await;
    let fleet: Vec<_> = (0..500).map(|number| row(&format!("FLEET{number:03}"))).collect();
    let attempts = (0..3).map(|_| {
        let mut door = life(&world, &partner("airline"));
        let request = import(&world, fleet.clone());
        async move { door.import_devices(request).await.unwrap().into_inner().rows }
    });
    let answers = futures_util::future::join_all(attempts).await;
    for number in 0..500 {
        let of_row: Vec<_> = answers.iter().map(|rows| rows[number].outcome()).collect();
        assert_eq!(
            of_row
                .iter()
                .filter(|outcome| **outcome == ImportOutcome::Registered)
                .count(),
            1,
            "{of_row:?}"
        );
        assert!(
            answers
                .iter()
                .all(|rows| rows[number].device_id == answers[0][number].device_id)
        );
    }
    let devices: i64 = sqlx::query_scalar("select count(*) from devices")
        .fetch_one(world.db.pool())
        .await
        .unwrap();
    assert_eq!(devices, 500);
}
