//! Devices: who registers them, who sees them.

mod cases;
mod hands;
mod imports;
mod marks;
mod numbers;
mod proofs;
mod replacements;
mod rules;
mod transfers;

use support_proto::support::warranty::v1::{
    DeviceRegistered, GetDeviceRequest, ListDevicesRequest, LookupDeviceRequest, PurchaseDateEvidence,
    RegisterDeviceRequest,
};
use support_warranty::domain::device::CustomerId;
use time::macros::datetime;
use tonic::Code;

use crate::world::{
    World, customer, day, new_device, operator, partner, refused, request_id, service, staff, violated,
};

#[tokio::test]
async fn a_device_is_registered_once() {
    let world = World::start().await;
    let product = world.product("PHN-12-128").await;
    let owner = world.customer();
    let device = world
        .device("C39XK0A1B2", |request| request.owner_customer_id = owner.to_string())
        .await;
    let of = device.product.as_ref().unwrap();
    assert_eq!(
        (&of.product_id, of.model_code.as_str()),
        (&product.product_id, "PHN-12-128")
    );
    assert_eq!(device.serial_number, "C39XK0A1B2");
    assert_eq!(device.owner_customer_id, owner.to_string());
    assert_eq!(
        (device.purchase_country_code.as_str(), device.purchase_date),
        ("DE", Some(day(2025, 3, 1)))
    );
    assert_eq!(device.purchase_date_evidence(), PurchaseDateEvidence::Proven);
    let again = world
        .device("C39XK0A1B2", |request| request.owner_customer_id = owner.to_string())
        .await;
    assert_eq!(again, device, "the stored answer");

    let mut other = new_device("C39XK0A1B2");
    other.request_id = request_id(9);
    let refusal = world.devices(&partner("asp-berlin")).register_device(other).await;
    refused(refusal, Code::AlreadyExists, "WARRANTY_ERROR_REASON_DEVICE_EXISTS");

    let events = world.events::<DeviceRegistered>(1).await;
    assert_eq!(events[0].device_id, device.device_id);
    assert_eq!(events[0].product_id, product.product_id);
    assert_eq!(events[0].owner_customer_id, "", "who has it is asked for, not told");
}

#[tokio::test]
async fn customers_register_for_themselves_and_partners_for_nobody() {
    let world = World::start().await;
    world.product("PHN-12-128").await;
    let (anna, ben) = (world.customer(), world.customer());
    let owned_by = |serial: &str, owner: Option<CustomerId>| RegisterDeviceRequest {
        owner_customer_id: owner.map(|owner| owner.to_string()).unwrap_or_default(),
        purchase_date_evidence: PurchaseDateEvidence::Declared.into(),
        ..new_device(serial)
    };
    let owner = |answer: tonic::Response<support_proto::support::warranty::v1::RegisterDeviceResponse>| {
        answer.into_inner().device.unwrap().owner_customer_id
    };

    let mut door = world.devices(&customer(anna));
    assert_eq!(
        owner(door.register_device(owned_by("AAAA0001", None)).await.unwrap()),
        anna.to_string()
    );
    assert_eq!(
        owner(door.register_device(owned_by("AAAA0002", Some(anna))).await.unwrap()),
        anna.to_string()
    );
    let refusal = door.register_device(owned_by("AAAA0003", Some(ben))).await;
    refused(refusal, Code::PermissionDenied, "WARRANTY_ERROR_REASON_OWNER_NOT_SELF");

    let mut door = world.devices(&partner("asp-berlin"));
    assert_eq!(
        owner(door.register_device(owned_by("AAAA0004", None)).await.unwrap()),
        ""
    );
    let refusal = door.register_device(owned_by("AAAA0005", Some(anna))).await;
    refused(refusal, Code::PermissionDenied, "WARRANTY_ERROR_REASON_OWNER_NOT_SELF");

    let mut door = world.devices(&operator());
    assert_eq!(
        owner(door.register_device(owned_by("AAAA0006", Some(ben))).await.unwrap()),
        ben.to_string()
    );
    assert_eq!(
        owner(door.register_device(owned_by("AAAA0007", None)).await.unwrap()),
        ""
    );
    // What was refused was not written.
    for serial in ["AAAA0003", "AAAA0005"] {
        let refusal = door
            .lookup_device(LookupDeviceRequest {
                serial_number: serial.to_owned(),
                ..LookupDeviceRequest::default()
            })
            .await;
        refused(refusal, Code::NotFound, "WARRANTY_ERROR_REASON_DEVICE_NOT_FOUND");
    }
}

#[tokio::test]
async fn what_cannot_have_been_sold_is_refused_by_field() {
    let world = World::start().await;
    world.product("PHN-12-128").await;
    let mut door = world.devices(&staff());
    let mut register = async |change: fn(&mut RegisterDeviceRequest)| {
        let mut request = new_device("BBBB0001");
        change(&mut request);
        door.register_device(request).await
    };
    // Released on 15 January 2020; today is 10 March 2026.
    assert_eq!(
        violated(register(|request| request.purchase_date = Some(day(2020, 1, 14))).await),
        ["purchase_date"]
    );
    assert_eq!(
        violated(register(|request| request.purchase_date = Some(day(2026, 3, 11))).await),
        ["purchase_date"]
    );
    let many = register(|request| {
        request.purchase_country_code = "UK".to_owned();
        request.purchase_date = Some(day(2025, 4, 31));
        request.owner_customer_id = "us-0198f2c4-0000-7000-8000-000000000001".to_owned();
    });
    assert_eq!(
        violated(many.await),
        ["owner_customer_id", "purchase_country_code", "purchase_date"]
    );
    let unknown = register(|request| request.model_code = "PHN-99".to_owned()).await;
    refused(unknown, Code::NotFound, "WARRANTY_ERROR_REASON_PRODUCT_NOT_FOUND");

    // The first and the last possible day. None of the refusals used up the request id.
    register(|request| request.purchase_date = Some(day(2020, 1, 15)))
        .await
        .unwrap();
    world
        .device("BBBB0002", |request| request.purchase_date = Some(day(2026, 3, 10)))
        .await;
    // Eleven o'clock in the morning, and midnight in New Zealand.
    world.hand.set(datetime!(2026-03-10 11:00 UTC));
    let mut door = world.devices(&staff());
    let tomorrow = |serial_number: &str, code: &str| RegisterDeviceRequest {
        purchase_country_code: code.to_owned(),
        purchase_date: Some(day(2026, 3, 11)),
        ..new_device(serial_number)
    };
    let in_germany = door.register_device(tomorrow("BBBB0003", "DE")).await;
    assert_eq!(violated(in_germany), ["purchase_date"]);
    door.register_device(tomorrow("BBBB0003", "NZ")).await.unwrap();
}

#[tokio::test]
async fn devices_are_seen_by_those_they_concern() {
    let world = World::start().await;
    world.product("PHN-12-128").await;
    let (anna, ben) = (world.customer(), world.customer());
    let device = world
        .device("CCCC0001", |request| request.owner_customer_id = anna.to_string())
        .await;
    let get = GetDeviceRequest {
        device_id: device.device_id.clone(),
    };
    let lookup = LookupDeviceRequest {
        serial_number: "CCCC0001".to_owned(),
        ..LookupDeviceRequest::default()
    };

    for caller in [customer(anna), staff(), operator(), service()] {
        let mut door = world.devices(&caller);
        assert_eq!(
            door.get_device(get.clone()).await.unwrap().into_inner().device.as_ref(),
            Some(&device)
        );
        assert_eq!(
            door.lookup_device(lookup.clone())
                .await
                .unwrap()
                .into_inner()
                .device
                .as_ref(),
            Some(&device)
        );
    }
    let mut door = world.devices(&partner("asp-berlin"));
    for seen in [
        door.get_device(get.clone()).await.unwrap().into_inner().device.unwrap(),
        door.lookup_device(lookup.clone())
            .await
            .unwrap()
            .into_inner()
            .device
            .unwrap(),
    ] {
        assert_eq!(
            (seen.device_id, seen.owner_customer_id),
            (device.device_id.clone(), String::new())
        );
    }
    let mut door = world.devices(&customer(ben));
    refused(
        door.get_device(get).await,
        Code::NotFound,
        "WARRANTY_ERROR_REASON_DEVICE_NOT_FOUND",
    );
    refused(
        door.lookup_device(lookup).await,
        Code::NotFound,
        "WARRANTY_ERROR_REASON_DEVICE_NOT_FOUND",
    );
}

#[tokio::test]
async fn devices_are_listed_newest_first() {
    let world = World::start().await;
    world.product("PHN-12-128").await;
    let (anna, ben) = (world.customer(), world.customer());
    for (number, owner) in [(1, anna), (2, ben), (3, anna), (4, anna)] {
        world.hand.advance(std::time::Duration::from_millis(5));
        world
            .device(&format!("DDDD000{number}"), |request| {
                request.owner_customer_id = owner.to_string();
            })
            .await;
    }
    let list = async |caller, owner: Option<CustomerId>, page_size, page_token: &str| {
        let request = ListDevicesRequest {
            owner_customer_id: owner.map(|owner| owner.to_string()).unwrap_or_default(),
            page_size,
            page_token: page_token.to_owned(),
            ..ListDevicesRequest::default()
        };
        let page = world.devices(&caller).list_devices(request).await?.into_inner();
        let serials: Vec<_> = page.devices.into_iter().map(|device| device.serial_number).collect();
        Ok::<_, tonic::Status>((serials, page.next_page_token))
    };
    let (page, token) = list(customer(anna), None, 2, "").await.unwrap();
    assert_eq!(page, ["DDDD0004", "DDDD0003"]);
    let (rest, end) = list(customer(anna), None, 2, &token).await.unwrap();
    assert_eq!((rest, end), (vec!["DDDD0001".to_owned()], String::new()));
    let foreign = list(customer(ben), None, 2, &token).await;
    refused(foreign, Code::InvalidArgument, "COMMON_ERROR_REASON_PAGE_TOKEN_INVALID");

    assert!(
        list(customer(ben), Some(anna), 0, "").await.unwrap().0.is_empty(),
        "another's"
    );
    assert_eq!(list(staff(), Some(ben), 0, "").await.unwrap().0, ["DDDD0002"]);
    assert_eq!(
        list(staff(), None, 3, "").await.unwrap().0,
        ["DDDD0004", "DDDD0003", "DDDD0002"]
    );
}
