//! Transfers: by offer and acceptance, by staff, once.

use std::time::Duration;

use support_proto::support::warranty::v1::{
    AcceptTransferRequest, ChangeLockRequest, Device, DeviceHistoryKind, DeviceLock, DeviceTransferEnded,
    DeviceTransferOffered, DeviceTransferred, EndTransferRequest, GetDeviceHistoryRequest, GetTransferRequest,
    LockReason, OfferTransferRequest, OfferTransferResponse, ReassignDeviceRequest, ReassignReason, TransferState,
};
use support_warranty::domain::device::CustomerId;
use tonic::Code;

use super::hands::{fresh, life, rows, seen, transfers};
use crate::world::{World, customer, partner, refused, staff, violated};

async fn owned(world: &World, owner: CustomerId) -> Device {
    world.product("PHN-12-128").await;
    world
        .device("AAAA0001", |request| request.owner_customer_id = owner.to_string())
        .await
}

fn offer(world: &World, device: &Device, to: Option<CustomerId>) -> OfferTransferRequest {
    OfferTransferRequest {
        request_id: fresh(world),
        device_id: device.device_id.clone(),
        to_customer_id: to.map(|to| to.to_string()).unwrap_or_default(),
        ..OfferTransferRequest::default()
    }
}

async fn offered(world: &World, by: CustomerId, request: OfferTransferRequest) -> OfferTransferResponse {
    transfers(world, &customer(by))
        .offer_transfer(request)
        .await
        .unwrap()
        .into_inner()
}

fn accept(world: &World, transfer_id: &str, code: &str) -> AcceptTransferRequest {
    AcceptTransferRequest {
        request_id: fresh(world),
        transfer_id: transfer_id.to_owned(),
        code: code.to_owned(),
    }
}

fn end(world: &World, transfer_id: &str) -> EndTransferRequest {
    EndTransferRequest {
        request_id: fresh(world),
        transfer_id: transfer_id.to_owned(),
    }
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, step by step")]
async fn a_device_goes_to_whom_it_is_offered() {
    let world = World::start().await;
    let (anna, ben, eve) = (world.customer(), world.customer(), world.customer());
    let device = owned(&world, anna).await;
    let answer = offered(&world, anna, offer(&world, &device, Some(ben))).await;
    let transfer = answer.transfer.unwrap();
    assert_eq!(
        (transfer.state(), transfer.by_code, answer.code.as_str()),
        (TransferState::Offered, false, "")
    );

    let before = rows(&world).await;
    let again = transfers(&world, &customer(anna))
        .offer_transfer(offer(&world, &device, None))
        .await;
    refused(
        again,
        Code::FailedPrecondition,
        "WARRANTY_ERROR_REASON_TRANSFER_PENDING",
    );
    for stranger in [customer(eve), partner("asp-berlin")] {
        let taken = transfers(&world, &stranger)
            .accept_transfer(accept(&world, &transfer.transfer_id, ""))
            .await;
        refused(taken, Code::NotFound, "WARRANTY_ERROR_REASON_TRANSFER_NOT_FOUND");
        let ended = transfers(&world, &stranger)
            .end_transfer(end(&world, &transfer.transfer_id))
            .await;
        refused(ended, Code::NotFound, "WARRANTY_ERROR_REASON_TRANSFER_NOT_FOUND");
        let request = GetTransferRequest {
            transfer_id: transfer.transfer_id.clone(),
        };
        let read = transfers(&world, &stranger).get_transfer(request).await;
        refused(read, Code::NotFound, "WARRANTY_ERROR_REASON_TRANSFER_NOT_FOUND");
    }
    let both = accept(&world, &transfer.transfer_id, "0000");
    assert_eq!(
        violated(transfers(&world, &customer(ben)).accept_transfer(both).await),
        ["code"]
    );
    assert_eq!(rows(&world).await, before);

    let request = accept(&world, &transfer.transfer_id, "");
    let mut door = transfers(&world, &customer(ben));
    let taken = door.accept_transfer(request.clone()).await.unwrap().into_inner();
    assert_eq!(taken.transfer.as_ref().unwrap().state(), TransferState::Accepted);
    // Nothing but the owner is another.
    let new = taken.device.clone().unwrap();
    assert_eq!(
        new,
        Device {
            owner_customer_id: ben.to_string(),
            ..device.clone()
        }
    );
    assert_eq!(
        door.accept_transfer(request).await.unwrap().into_inner(),
        taken,
        "the stored answer"
    );
    let mut old = world.devices(&customer(anna));
    let get = support_proto::support::warranty::v1::GetDeviceRequest {
        device_id: device.device_id.clone(),
    };
    refused(
        old.get_device(get).await,
        Code::NotFound,
        "WARRANTY_ERROR_REASON_DEVICE_NOT_FOUND",
    );
    let before = rows(&world).await;
    let late = door.accept_transfer(accept(&world, &transfer.transfer_id, "")).await;
    refused(late, Code::FailedPrecondition, "WARRANTY_ERROR_REASON_TRANSFER_STATE");
    let late = door.end_transfer(end(&world, &transfer.transfer_id)).await;
    refused(late, Code::FailedPrecondition, "WARRANTY_ERROR_REASON_TRANSFER_STATE");
    assert_eq!(rows(&world).await, before);

    let events = world.events::<DeviceTransferred>(1).await;
    assert_eq!(
        (&events[0].device_id, &events[0].transfer_id),
        (&device.device_id, &transfer.transfer_id)
    );
    assert!(!format!("{events:?}").contains(&ben.to_string()));
    assert_eq!(world.events::<DeviceTransferOffered>(1).await.len(), 1);
    let request = GetDeviceHistoryRequest {
        device_id: device.device_id.clone(),
    };
    let history = life(&world, &staff())
        .get_device_history(request)
        .await
        .unwrap()
        .into_inner()
        .entries;
    let owners: Vec<_> = history
        .iter()
        .filter(|entry| entry.kind() == DeviceHistoryKind::Owned)
        .map(|entry| {
            (
                entry.owner_customer_id.clone(),
                entry.reason.as_str(),
                entry.actor_kind.as_str(),
            )
        })
        .collect();
    assert_eq!(
        owners,
        [
            (anna.to_string(), "registered", "staff"),
            (ben.to_string(), "transferred", "customer")
        ]
    );
}

#[tokio::test]
async fn a_code_is_worth_the_device_and_is_drawn_anew_for_every_repetition() {
    let world = World::start().await;
    let (anna, ben) = (world.customer(), world.customer());
    let device = owned(&world, anna).await;
    let request = offer(&world, &device, None);
    let first = offered(&world, anna, request.clone()).await;
    let second = offered(&world, anna, request).await;
    assert_eq!(first.transfer, second.transfer);
    assert_eq!(second.code.len(), 19);
    assert_ne!(first.code, second.code);
    let stored: Vec<u8> =
        sqlx::query_scalar("select response from idempotency_keys where method like '%OfferTransfer'")
            .fetch_one(world.db.pool())
            .await
            .unwrap();
    assert!(!String::from_utf8_lossy(&stored).contains(&second.code[..4]));

    let mut door = transfers(&world, &customer(ben));
    let id = first.transfer.unwrap().transfer_id;
    let before = rows(&world).await;
    for wrong in [
        accept(&world, "", &first.code),
        accept(&world, &id, ""),
        accept(&world, "", "0000-0000"),
    ] {
        let refusal = door.accept_transfer(wrong).await;
        refused(refusal, Code::NotFound, "WARRANTY_ERROR_REASON_TRANSFER_NOT_FOUND");
    }
    // Its own giver has it already.
    let refusal = transfers(&world, &customer(anna))
        .accept_transfer(accept(&world, "", &second.code))
        .await;
    refused(
        refusal,
        Code::FailedPrecondition,
        "WARRANTY_ERROR_REASON_TRANSFER_TO_SELF",
    );
    assert_eq!(rows(&world).await, before);
    let spoken = second.code.to_lowercase().replace('-', " ");
    let taken = door
        .accept_transfer(accept(&world, "", &spoken))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(taken.device.unwrap().owner_customer_id, ben.to_string());
    let again = door.accept_transfer(accept(&world, "", &second.code)).await;
    refused(again, Code::NotFound, "WARRANTY_ERROR_REASON_TRANSFER_NOT_FOUND");
}

#[tokio::test]
async fn an_offer_ends_by_itself_or_by_either_side() {
    let world = World::start().await;
    let (anna, ben) = (world.customer(), world.customer());
    let device = owned(&world, anna).await;
    let id = |answer: OfferTransferResponse| answer.transfer.unwrap().transfer_id;
    let ended = async |caller, id: &str| {
        let mut door = transfers(&world, &caller);
        door.end_transfer(end(&world, id))
            .await
            .unwrap()
            .into_inner()
            .transfer
            .unwrap()
            .state()
    };
    let first = id(offered(&world, anna, offer(&world, &device, Some(ben))).await);
    assert_eq!(ended(customer(ben), &first).await, TransferState::Declined);
    let second = id(offered(&world, anna, offer(&world, &device, Some(ben))).await);
    assert_eq!(ended(customer(anna), &second).await, TransferState::Withdrawn);
    let third = id(offered(&world, anna, offer(&world, &device, Some(ben))).await);
    assert_eq!(ended(staff(), &third).await, TransferState::Withdrawn);

    let mut brief = offer(&world, &device, Some(ben));
    brief.days = 1;
    let fourth = id(offered(&world, anna, brief).await);
    world.hand.advance(Duration::from_hours(24));
    let request = GetTransferRequest {
        transfer_id: fourth.clone(),
    };
    let read = transfers(&world, &customer(anna))
        .get_transfer(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(read.transfer.unwrap().state(), TransferState::Expired);
    let late = transfers(&world, &customer(ben))
        .accept_transfer(accept(&world, &fourth, ""))
        .await;
    refused(late, Code::FailedPrecondition, "WARRANTY_ERROR_REASON_TRANSFER_STATE");
    // Whether the round has passed or not, it can be offered anew; each end is told once.
    offered(&world, anna, offer(&world, &device, None)).await;
    let states: Vec<_> = world
        .events::<DeviceTransferEnded>(4)
        .await
        .iter()
        .map(DeviceTransferEnded::state)
        .collect();
    assert_eq!(
        states,
        [
            TransferState::Declined,
            TransferState::Withdrawn,
            TransferState::Withdrawn,
            TransferState::Expired
        ]
    );
}

/// An offer that nobody looks at any more is ended by the service itself.
#[tokio::test]
async fn what_ran_out_is_told_unasked() {
    let world = World::start().await;
    let anna = world.customer();
    let device = owned(&world, anna).await;
    offered(&world, anna, offer(&world, &device, None)).await;
    world.hand.advance(Duration::from_hours(24 * 8));
    let ended = world.events::<DeviceTransferEnded>(1).await;
    assert_eq!(ended[0].state(), TransferState::Expired);
}

#[tokio::test]
async fn locks_stand_in_the_way_of_every_transfer() {
    let world = World::start().await;
    let (anna, ben) = (world.customer(), world.customer());
    let device = owned(&world, anna).await;
    let lock = |lift: bool, reason: LockReason| ChangeLockRequest {
        request_id: fresh(&world),
        device_id: device.device_id.clone(),
        lock: DeviceLock::Lost.into(),
        lift,
        reason: reason.into(),
    };
    let offer_of = offered(&world, anna, offer(&world, &device, Some(ben)))
        .await
        .transfer
        .unwrap();
    life(&world, &customer(anna))
        .change_lock(lock(false, LockReason::OwnerRequest))
        .await
        .unwrap();
    let before = rows(&world).await;
    let taken = transfers(&world, &customer(ben))
        .accept_transfer(accept(&world, &offer_of.transfer_id, ""))
        .await;
    let refusal = refused(taken, Code::FailedPrecondition, "WARRANTY_ERROR_REASON_DEVICE_LOCKED");
    assert_eq!(refusal.metadata.get("obstacles").map(String::as_str), Some("lost"));
    let reassign = |to: CustomerId| ReassignDeviceRequest {
        request_id: fresh(&world),
        device_id: device.device_id.clone(),
        to_customer_id: to.to_string(),
        to_organisation_id: String::new(),
        reason: ReassignReason::Inheritance.into(),
    };
    let given = transfers(&world, &staff()).reassign_device(reassign(ben)).await;
    refused(given, Code::FailedPrecondition, "WARRANTY_ERROR_REASON_DEVICE_LOCKED");
    let new = transfers(&world, &customer(anna))
        .offer_transfer(offer(&world, &device, None))
        .await;
    refused(new, Code::FailedPrecondition, "WARRANTY_ERROR_REASON_DEVICE_LOCKED");
    assert_eq!(rows(&world).await, before);

    life(&world, &customer(anna))
        .change_lock(lock(true, LockReason::Recovered))
        .await
        .unwrap();
    let self_given = transfers(&world, &staff()).reassign_device(reassign(anna)).await;
    refused(
        self_given,
        Code::FailedPrecondition,
        "WARRANTY_ERROR_REASON_TRANSFER_TO_SELF",
    );
    // Staff give it away: what was offered is withdrawn.
    transfers(&world, &staff())
        .reassign_device(reassign(ben))
        .await
        .unwrap();
    assert_eq!(seen(&world, &device.device_id).await.owner_customer_id, ben.to_string());
    let request = GetTransferRequest {
        transfer_id: offer_of.transfer_id.clone(),
    };
    let read = transfers(&world, &staff())
        .get_transfer(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(read.transfer.unwrap().state(), TransferState::Withdrawn);
}

#[tokio::test]
async fn an_organisation_gives_and_takes_its_own() {
    let world = World::start().await;
    let anna = world.customer();
    world.product("PHN-12-128").await;
    let device = world
        .device("AAAA0001", |request| {
            request.owner_organisation_id = "airline".to_owned();
        })
        .await;
    let before = rows(&world).await;
    let foreign = transfers(&world, &partner("asp-berlin"))
        .offer_transfer(offer(&world, &device, Some(anna)))
        .await;
    refused(foreign, Code::PermissionDenied, "WARRANTY_ERROR_REASON_NOT_OWNER");
    let nobodys = transfers(&world, &customer(anna))
        .offer_transfer(offer(&world, &device, None))
        .await;
    refused(nobodys, Code::NotFound, "WARRANTY_ERROR_REASON_DEVICE_NOT_FOUND");
    let mut to_itself = offer(&world, &device, None);
    to_itself.to_organisation_id = "airline".to_owned();
    let refusal = transfers(&world, &partner("airline")).offer_transfer(to_itself).await;
    refused(
        refusal,
        Code::FailedPrecondition,
        "WARRANTY_ERROR_REASON_TRANSFER_TO_SELF",
    );
    let mut two = offer(&world, &device, Some(anna));
    two.to_organisation_id = "airline".to_owned();
    assert_eq!(
        violated(transfers(&world, &partner("airline")).offer_transfer(two).await),
        ["to_organisation_id"]
    );
    assert_eq!(rows(&world).await, before);
    let offered = transfers(&world, &partner("airline"))
        .offer_transfer(offer(&world, &device, Some(anna)))
        .await
        .unwrap()
        .into_inner();
    let id = offered.transfer.unwrap().transfer_id;
    transfers(&world, &customer(anna))
        .accept_transfer(accept(&world, &id, ""))
        .await
        .unwrap();
    let now = seen(&world, &device.device_id).await;
    assert_eq!(
        (now.owner_customer_id, now.owner_organisation_id),
        (anna.to_string(), String::new())
    );
}

/// Of many who have the code at the same moment one gets the device, and the history has one new owner.
#[tokio::test]
async fn two_at_once_never_both_get_it() {
    let world = World::start().await;
    let anna = world.customer();
    let device = owned(&world, anna).await;
    let code = offered(&world, anna, offer(&world, &device, None)).await.code;
    let takers: Vec<_> = (0..8).map(|_| world.customer()).collect();
    let attempts = takers.iter().map(|taker| {
        let mut door = transfers(&world, &customer(*taker));
        let request = accept(&world, "", &code);
        async move { door.accept_transfer(request).await.is_ok() }
    });
    let got: Vec<bool> = futures_util::future::join_all(attempts).await;
    assert_eq!(got.iter().filter(|got| **got).count(), 1, "{got:?}");
    let winner = takers[got.iter().position(|got| *got).unwrap()];
    assert_eq!(
        seen(&world, &device.device_id).await.owner_customer_id,
        winner.to_string()
    );
    let owners: i64 = sqlx::query_scalar("select count(*) from device_owners")
        .fetch_one(world.db.pool())
        .await
        .unwrap();
    assert_eq!(owners, 2);
    // Nor are there two offers.
    let offers = (0..8).map(|_| {
        let mut door = transfers(&world, &customer(winner));
        let request = offer(&world, &device, None);
        async move { door.offer_transfer(request).await.is_ok() }
    });
    let made = futures_util::future::join_all(offers).await;
    assert_eq!(made.iter().filter(|made| **made).count(), 1, "{made:?}");
}
