//! Locks and flags: who may set and lift them, and what they do to a decision.

use support_chassis::call::Caller;
use support_proto::support::warranty::v1::{
    ChangeFlagRequest, ChangeLockRequest, Device, DeviceFlag, DeviceHistoryKind, DeviceLock, DeviceLockChanged,
    GetDeviceHistoryRequest, GetDeviceRequest, LockReason,
};
use support_testing::showing;
use support_warranty::store::devices::standing;
use tonic::{Code, Status};

use super::hands::{fresh, life, rows, seen};
use crate::world::{World, customer, operator, partner, refused, service, staff, violated};

async fn lock(
    world: &World,
    caller: &Caller,
    device: &Device,
    (lock, lift, reason): (DeviceLock, bool, LockReason),
) -> Result<Device, Status> {
    let request = ChangeLockRequest {
        request_id: fresh(world),
        device_id: device.device_id.clone(),
        lock: lock.into(),
        lift,
        reason: reason.into(),
    };
    Ok(life(world, caller)
        .change_lock(request)
        .await?
        .into_inner()
        .device
        .unwrap())
}

async fn flag(world: &World, device: &Device, flag: DeviceFlag, clear: bool) -> Result<Device, Status> {
    let request = ChangeFlagRequest {
        request_id: fresh(world),
        device_id: device.device_id.clone(),
        flag: flag.into(),
        clear,
        reference: "FILE-12".to_owned(),
    };
    Ok(life(world, &operator())
        .change_flag(request)
        .await?
        .into_inner()
        .device
        .unwrap())
}

#[tokio::test]
async fn who_has_it_locks_it_and_staff_lift_what_was_stolen() {
    use DeviceLock::{Activation, Lost, Stolen};
    use LockReason::{CarrierReport, OwnerRequest, OwnershipProven, Recovered};
    let world = World::start().await;
    world.product("PHN-12-128").await;
    let owner = world.customer();
    let device = world
        .device("AAAA0001", |request| request.owner_customer_id = owner.to_string())
        .await;
    let owner = customer(owner);
    let set = lock(&world, &owner, &device, (Stolen, false, OwnerRequest))
        .await
        .unwrap();
    assert_eq!(set.locks, [i32::from(Stolen)]);
    lock(&world, &owner, &device, (Activation, false, OwnerRequest))
        .await
        .unwrap();
    lock(&world, &service(), &device, (Lost, false, CarrierReport))
        .await
        .unwrap();
    let before = rows(&world).await;
    for (caller, change, code, reason) in [
        (
            &owner,
            (Stolen, false, OwnerRequest),
            Code::FailedPrecondition,
            "MARK_STATE",
        ),
        (
            &owner,
            (Stolen, true, Recovered),
            Code::PermissionDenied,
            "MARK_NOT_ALLOWED",
        ),
        (
            &owner,
            (Lost, true, OwnershipProven),
            Code::PermissionDenied,
            "MARK_NOT_ALLOWED",
        ),
        (
            &staff(),
            (Activation, true, OwnerRequest),
            Code::PermissionDenied,
            "MARK_NOT_ALLOWED",
        ),
        (
            &customer(world.customer()),
            (Lost, true, Recovered),
            Code::NotFound,
            "DEVICE_NOT_FOUND",
        ),
    ] {
        refused(
            lock(&world, caller, &device, change).await,
            code,
            &format!("WARRANTY_ERROR_REASON_{reason}"),
        );
    }
    refused(
        lock(&world, &partner("asp-berlin"), &device, (Lost, true, Recovered)).await,
        Code::PermissionDenied,
        "COMMON_ERROR_REASON_CALLER_KIND_NOT_ALLOWED",
    );
    assert_eq!(rows(&world).await, before);
    lock(&world, &staff(), &device, (Stolen, true, OwnershipProven))
        .await
        .unwrap();
    lock(&world, &owner, &device, (Lost, true, Recovered)).await.unwrap();
    let left = seen(&world, &device.device_id).await;
    assert_eq!(left.locks, [i32::from(Activation)]);
    refused(
        lock(&world, &owner, &device, (Lost, true, Recovered)).await,
        Code::FailedPrecondition,
        "WARRANTY_ERROR_REASON_MARK_STATE",
    );
    let events = world.events::<DeviceLockChanged>(5).await;
    assert_eq!(events.iter().filter(|event| event.lifted).count(), 2);
    let request = GetDeviceHistoryRequest {
        device_id: device.device_id.clone(),
    };
    let history = life(&world, &staff())
        .get_device_history(request)
        .await
        .unwrap()
        .into_inner()
        .entries;
    let locks: Vec<_> = history
        .iter()
        .filter(|entry| matches!(entry.kind(), DeviceHistoryKind::LockSet | DeviceHistoryKind::LockLifted))
        .map(|entry| (entry.lock(), entry.actor_kind.as_str(), entry.reason.as_str()))
        .collect();
    assert_eq!(locks.len(), 5);
    assert!(locks.contains(&(Stolen, "staff", "ownership_proven")), "{locks:?}");
}

#[tokio::test]
async fn flags_are_the_operators_and_bar_what_they_say() {
    let world = World::start().await;
    world.product("PHN-12-128").await;
    let owner = world.customer();
    let device = world
        .device("AAAA0001", |request| request.owner_customer_id = owner.to_string())
        .await;
    flag(&world, &device, DeviceFlag::DemoUnit, false).await.unwrap();
    flag(&world, &device, DeviceFlag::Seized, false).await.unwrap();
    let before = rows(&world).await;
    refused(
        flag(&world, &device, DeviceFlag::Seized, false).await,
        Code::FailedPrecondition,
        "WARRANTY_ERROR_REASON_MARK_STATE",
    );
    let wordy = ChangeFlagRequest {
        request_id: fresh(&world),
        device_id: device.device_id.clone(),
        flag: DeviceFlag::Counterfeit.into(),
        clear: false,
        reference: "Mrs Smith said so".to_owned(),
    };
    assert_eq!(
        violated(life(&world, &operator()).change_flag(wordy).await),
        ["reference"]
    );
    assert_eq!(rows(&world).await, before);
    let id = device.device_id.parse().unwrap();
    let mut connection = world.db.read().await.unwrap();
    let bars = standing::of_devices(&mut connection, &[id])
        .await
        .unwrap()
        .remove(&id)
        .unwrap()
        .bars;
    assert_eq!(bars.iter().map(|bar| bar.as_str()).collect::<Vec<_>>(), ["seized"]);
    // Operators and staff see flags; whose device it is does not.
    assert_eq!(seen(&world, &device.device_id).await.flags.len(), 2);
    let request = GetDeviceRequest {
        device_id: device.device_id.clone(),
    };
    let own = world
        .devices(&customer(owner))
        .get_device(request)
        .await
        .unwrap()
        .into_inner();
    assert!(own.device.unwrap().flags.is_empty());
    flag(&world, &device, DeviceFlag::Seized, true).await.unwrap();
    let bars = standing::of_devices(&mut connection, &[id])
        .await
        .unwrap()
        .remove(&id)
        .unwrap()
        .bars;
    assert!(bars.is_empty());
}

#[tokio::test]
async fn that_the_owner_says_so_staff_show_by_the_owners_grant() {
    use DeviceLock::Stolen;
    use LockReason::{OwnerRequest, OwnershipProven, Recovered};
    let world = World::start().await;
    world.product("PHN-12-128").await;
    let (owner, somebody) = (world.customer().to_string(), world.customer().to_string());
    let device = world
        .device("AAAA0001", |request| request.owner_customer_id.clone_from(&owner))
        .await;
    let set = async || {
        lock(&world, &staff(), &device, (Stolen, false, OwnerRequest))
            .await
            .unwrap()
    };
    set().await;
    let before = rows(&world).await;
    for (caller, reason) in [
        (staff(), "MISSING"),
        (showing(&staff(), &somebody, "general_help"), "REFUSED"),
    ] {
        refused(
            lock(&world, &caller, &device, (Stolen, true, Recovered)).await,
            Code::PermissionDenied,
            &format!("COMMON_ERROR_REASON_GRANT_{reason}"),
        );
    }
    assert_eq!(rows(&world).await, before);
    let shown = showing(&staff(), &owner, "general_help");
    let left = lock(&world, &shown, &device, (Stolen, true, Recovered)).await.unwrap();
    assert!(left.locks.is_empty());
    // Proofs speak for themselves, and nobody needs to be asked to lock what is gone.
    set().await;
    lock(&world, &staff(), &device, (Stolen, true, OwnershipProven))
        .await
        .unwrap();
}
