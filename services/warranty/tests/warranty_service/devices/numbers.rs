//! IMEI and MEID: each once, found in every form, told nobody.

use support_chassis::error::explain;
use support_proto::support::warranty::v1::{LookupDeviceRequest, PurchaseDateEvidence, RegisterDeviceRequest};
use tonic::Code;

use super::hands::{fresh, rows};
use crate::world::{World, customer, day, new_device, refused, staff, violated};

const IMEI: &str = "490154203237518";
const IMEI2: &str = "352099001761481";

fn looks_like(identifier: &str) -> LookupDeviceRequest {
    LookupDeviceRequest {
        identifier: identifier.to_owned(),
        ..LookupDeviceRequest::default()
    }
}

#[tokio::test]
async fn a_device_is_found_by_whatever_is_printed_on_it() {
    let world = World::start().await;
    world.product("PHN-12-128").await;
    let device = world
        .device("C39XK0A1B2", |request| {
            request.imei = "49-015420-323751-8".to_owned();
            request.imei2 = IMEI2.to_owned();
            request.meid = "29360 87365 0070 3710 0".to_owned();
            request.seller_reference = "STORE-7".to_owned();
        })
        .await;
    assert_eq!(
        (
            device.imei.as_str(),
            device.imei2.as_str(),
            device.meid.as_str(),
            device.seller_reference.as_str()
        ),
        (IMEI, IMEI2, "AF0123450ABCDE", "STORE-7")
    );
    let mut door = world.devices(&staff());
    for text in [
        "C39XK0A1B2",
        "c39xk-0a1b2",
        IMEI,
        "49 015420 323751 8",
        // Without its check digit, and with the version of the software.
        "49015420323751",
        "4901542032375103",
        IMEI2,
        "AF0123450ABCDE",
        "af 01 23 45 0a bc de c",
        "293608736500703710",
    ] {
        let found = door.lookup_device(looks_like(text)).await.unwrap().into_inner();
        assert_eq!(found.device.as_ref(), Some(&device), "{text}");
    }
    for text in ["490154203237519", "AF0123450ABCDF", "NOSUCH01"] {
        refused(
            door.lookup_device(looks_like(text)).await,
            Code::NotFound,
            "WARRANTY_ERROR_REASON_DEVICE_NOT_FOUND",
        );
    }
    let both = LookupDeviceRequest {
        serial_number: "C39XK0A1B2".to_owned(),
        identifier: IMEI.to_owned(),
    };
    assert_eq!(violated(door.lookup_device(both).await), ["identifier"]);
    assert_eq!(violated(door.lookup_device(looks_like("")).await), ["identifier"]);
    // Another's is not found by its number either.
    let mut stranger = world.devices(&customer(world.customer()));
    refused(
        stranger.lookup_device(looks_like(IMEI)).await,
        Code::NotFound,
        "WARRANTY_ERROR_REASON_DEVICE_NOT_FOUND",
    );
}

#[tokio::test]
async fn a_number_names_one_device_and_is_told_in_no_refusal() {
    let world = World::start().await;
    world.product("PHN-12-128").await;
    world.device("AAAA0001", |request| request.imei = IMEI.to_owned()).await;
    let before = rows(&world).await;
    let mut door = world.devices(&staff());
    let mut register = async |change: fn(&mut RegisterDeviceRequest)| {
        let mut request = new_device("AAAA0002");
        request.request_id = fresh(&world);
        change(&mut request);
        door.register_device(request).await
    };
    // Whichever of its radios it is.
    let second: fn(&mut RegisterDeviceRequest) = |request| {
        request.imei = IMEI2.to_owned();
        request.imei2 = IMEI.to_owned();
    };
    let status = register(second).await.unwrap_err();
    assert_eq!(explain(&status).reason, "WARRANTY_ERROR_REASON_IDENTIFIER_TAKEN");
    assert!(!format!("{status:?}").contains(IMEI));
    for (change, field) in [
        (
            (|request| request.imei = "490154203237519".to_owned()) as fn(&mut RegisterDeviceRequest),
            "imei",
        ),
        (|request| request.meid = "AF0123450ABCDED".to_owned(), "meid"),
        (|request| request.imei2 = IMEI2.to_owned(), "imei2"),
        (|request| request.purchase_date = None, "purchase_date"),
        (
            |request| request.first_activation_date = Some(day(2026, 3, 12)),
            "first_activation_date",
        ),
    ] {
        let status = register(change).await.unwrap_err();
        assert!(!format!("{status:?}").contains("0154203"), "{status:?}");
        let fields: Vec<_> = explain(&status)
            .violations
            .into_iter()
            .map(|violation| violation.field)
            .collect();
        assert!(fields.contains(&field.to_owned()), "{fields:?}");
    }
    assert_eq!(rows(&world).await, before);
}

#[tokio::test]
async fn a_day_of_purchase_is_estimated_from_the_activation_where_nothing_better_is_known() {
    let world = World::start().await;
    world.product("PHN-12-128").await;
    let device = world
        .device("AAAA0001", |request| {
            request.purchase_date = None;
            request.purchase_date_evidence = PurchaseDateEvidence::Estimated.into();
            request.first_activation_date = Some(day(2025, 5, 2));
        })
        .await;
    assert_eq!(device.purchase_date, Some(day(2025, 5, 2)));
    let before = rows(&world).await;
    // A new device is not sold after it was activated; a used one is.
    let later = |serial: &str, used: bool| RegisterDeviceRequest {
        purchase_date: Some(day(2025, 5, 4)),
        first_activation_date: Some(day(2025, 5, 2)),
        sold_used: used,
        ..new_device(serial)
    };
    let mut door = world.devices(&staff());
    refused(
        door.register_device(later("AAAA0002", false)).await,
        Code::FailedPrecondition,
        "WARRANTY_ERROR_REASON_PURCHASE_CONTRADICTED",
    );
    assert_eq!(rows(&world).await, before);
    door.register_device(later("AAAA0003", true)).await.unwrap();
    // A customer proves by a proof, not by saying so.
    let own = new_device("AAAA0004");
    let mut door = world.devices(&customer(world.customer()));
    assert_eq!(violated(door.register_device(own).await), ["purchase_date_evidence"]);
    // Ten hours ahead of UTC it is tomorrow: what was bought there this morning is registered.
    world.hand.set(time::macros::datetime!(2026-03-10 20:00 UTC));
    let today = |country: &str, serial: &str| RegisterDeviceRequest {
        purchase_date: Some(day(2026, 3, 11)),
        purchase_country_code: country.to_owned(),
        ..new_device(serial)
    };
    let mut door = world.devices(&staff());
    assert_eq!(
        violated(door.register_device(today("DE", "AAAA0005")).await),
        ["purchase_date"]
    );
    door.register_device(today("AU", "AAAA0006")).await.unwrap();
}
