//! What the tests of devices share: doors, fresh request ids, and how much there is in the tables.

use sqlx::AssertSqlSafe;
use support_chassis::call::Caller;
use support_chassis::id::Id;
use support_proto::support::warranty::v1 as warranty;
use support_proto::support::warranty::v1::device_life_service_client::DeviceLifeServiceClient;
use support_proto::support::warranty::v1::device_transfer_service_client::DeviceTransferServiceClient;
use support_proto::support::warranty::v1::proof_of_purchase_service_client::ProofOfPurchaseServiceClient;
use support_testing::Door;

use crate::world::{World, staff};

const TABLES: [&str; 9] = [
    "devices",
    "device_identifiers",
    "device_owners",
    "device_marks",
    "device_transfers",
    "device_replacements",
    "purchase_proofs",
    "purchase_corrections",
    "outbox",
];

/// How many rows each table has: what was refused changed none.
pub(super) async fn rows(world: &World) -> Vec<i64> {
    let mut counts = Vec::new();
    for table in TABLES {
        let count = sqlx::query_scalar(AssertSqlSafe(format!("select count(*) from {table}")))
            .fetch_one(world.db.pool())
            .await
            .unwrap();
        counts.push(count);
    }
    counts
}

pub(super) fn fresh(world: &World) -> String {
    let id: Id = world.ids.next();
    id.uuid().to_string()
}

pub(super) fn life(world: &World, caller: &Caller) -> DeviceLifeServiceClient<Door> {
    DeviceLifeServiceClient::new(world.door(caller))
}

pub(super) fn transfers(world: &World, caller: &Caller) -> DeviceTransferServiceClient<Door> {
    DeviceTransferServiceClient::new(world.door(caller))
}

pub(super) fn proofs(world: &World, caller: &Caller) -> ProofOfPurchaseServiceClient<Door> {
    ProofOfPurchaseServiceClient::new(world.door(caller))
}

/// Another member of staff.
pub(super) fn colleague() -> Caller {
    Caller {
        subject: "agent-8".to_owned(),
        ..staff()
    }
}

/// The device as staff see it.
pub(super) async fn seen(world: &World, device_id: &str) -> warranty::Device {
    let request = warranty::GetDeviceRequest {
        device_id: device_id.to_owned(),
    };
    world
        .devices(&staff())
        .get_device(request)
        .await
        .unwrap()
        .into_inner()
        .device
        .unwrap()
}
