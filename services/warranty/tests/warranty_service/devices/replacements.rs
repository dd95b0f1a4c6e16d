//! Replacements: the new unit has what the old one had; no unit is replaced twice.

use support_proto::support::types::v1::ProductLine;
use support_proto::support::warranty::v1::{
    ChangeFlagRequest, ChangeLockRequest, CoverageOutcome, Damage, DecideCoverageRequest, Device, DeviceFlag,
    DeviceLock, DeviceReplaced, LockReason, OfferTransferRequest, ReplaceDeviceRequest, ReplaceDeviceResponse,
    ReplacementReason, SubmitProofRequest,
};
use support_warranty::store::devices::standing;
use support_warranty::store::facts;
use time::macros::date;
use tonic::Code;

use super::hands::{fresh, life, proofs, rows, seen, transfers};
use crate::world::{World, customer, day, new_product, operator, partner, refused, staff, violated};

fn replace(world: &World, device: &Device, serial_number: &str) -> ReplaceDeviceRequest {
    ReplaceDeviceRequest {
        request_id: fresh(world),
        device_id: device.device_id.clone(),
        serial_number: serial_number.to_owned(),
        received_on: Some(day(2026, 3, 2)),
        replaced_on: Some(day(2026, 3, 5)),
        reason: ReplacementReason::Repair.into(),
        ..ReplaceDeviceRequest::default()
    }
}

async fn replaced(world: &World, request: ReplaceDeviceRequest) -> ReplaceDeviceResponse {
    life(world, &staff())
        .replace_device(request)
        .await
        .unwrap()
        .into_inner()
}

#[tokio::test]
async fn the_new_unit_has_what_the_old_one_had() {
    let world = World::start().await;
    world.product("PHN-12-128").await;
    // A newer model with less of a warranty, released after the sale.
    let mut newer = new_product("PHN-17-256");
    newer.limited_warranty_months = 6;
    newer.release_date = Some(day(2025, 9, 1));
    world.catalogue(&operator()).create_product(newer).await.unwrap();
    let owner = world.customer();
    let old = world
        .device("AAAA0001", |request| {
            request.owner_customer_id = owner.to_string();
            request.seller_reference = "STORE-7".to_owned();
            request.imei = "490154203237518".to_owned();
        })
        .await;
    let mut request = replace(&world, &old, "AAAA0002");
    request.model_code = "PHN-17-256".to_owned();
    let first = replaced(&world, request.clone()).await;
    assert_eq!(replaced(&world, request).await, first, "the stored answer");
    let (retired, new) = (first.replaced.unwrap(), first.replacement.unwrap());
    assert!(retired.retire_time.is_some() && new.retire_time.is_none());
    assert_eq!(retired.replaced_by_device_id, new.device_id);
    assert_eq!(new.replaces_device_id, old.device_id);
    assert_eq!(
        (
            new.owner_customer_id.clone(),
            new.purchase_country_code.as_str(),
            new.purchase_date,
            new.sold_used
        ),
        (owner.to_string(), "DE", old.purchase_date, false)
    );
    assert_eq!(
        (new.purchase_date_evidence, new.seller_reference.as_str()),
        (old.purchase_date_evidence, "STORE-7")
    );
    assert_eq!(
        (new.imei.as_str(), new.product.as_ref().unwrap().model_code.as_str()),
        ("", "PHN-17-256")
    );
    assert_eq!(seen(&world, &new.device_id).await, new);
    assert_eq!(seen(&world, &old.device_id).await, retired);
    let events = world.events::<DeviceReplaced>(1).await;
    assert_eq!(
        (&events[0].device_id, &events[0].replacement_device_id),
        (&old.device_id, &new.device_id)
    );

    // A chain of three: the last one has both replacements, the longest warranty, and knows the units before it.
    let mut request = replace(&world, &new, "AAAA0003");
    (request.received_on, request.replaced_on) = (Some(day(2026, 3, 7)), Some(day(2026, 3, 8)));
    let last = replaced(&world, request).await.replacement.unwrap();
    let ids: Vec<_> = [&old, &new, &last]
        .map(|device| device.device_id.parse().unwrap())
        .to_vec();
    let mut connection = world.db.read().await.unwrap();
    let known = standing::of_devices(&mut connection, &ids).await.unwrap();
    let standing = &known[&ids[2]];
    assert_eq!(standing.before, ids[..2]);
    let days: Vec<_> = standing
        .replacements
        .iter()
        .map(|repair| repair.returned.day())
        .collect();
    assert_eq!(
        (days, standing.warranty_months, standing.bars.len()),
        (vec![5, 8], 12, 0)
    );
    assert_eq!(
        known[&ids[0]].bars.iter().map(|bar| bar.as_str()).collect::<Vec<_>>(),
        ["replaced"]
    );
    assert_eq!((known[&ids[1]].before.len(), known[&ids[0]].before.len()), (1, 0));

    // A year of six months is over; the twelve months of the first unit are not the ground, the law is; and the replacement
    // itself is a repair.
    let asked = DecideCoverageRequest {
        request_id: fresh(&world),
        serial_number: "AAAA0003".to_owned(),
        damage: Damage::None.into(),
        ..DecideCoverageRequest::default()
    };
    let decision = world
        .coverage(&staff())
        .decide_coverage(asked)
        .await
        .unwrap()
        .into_inner()
        .decision
        .unwrap();
    let rule = |outcome: CoverageOutcome| decision.chain.iter().find(|rule| rule.outcome() == outcome).cloned();
    let warranty = rule(CoverageOutcome::LimitedWarranty).unwrap();
    assert_eq!(
        warranty.until,
        Some(day(2026, 3, 1)),
        "twelve months, as the unit that was sold had"
    );
    let repair = rule(CoverageOutcome::RepairWarranty).unwrap();
    assert!(repair.applies && repair.from == Some(day(2026, 3, 8)), "{repair:?}");
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table")]
async fn what_cannot_be_replaced_is_refused_and_nothing_is_written() {
    let world = World::start().await;
    world.product("PHN-12-128").await;
    let mut laptop = new_product("LAP-14");
    laptop.product_line = ProductLine::Laptop.into();
    world.catalogue(&operator()).create_product(laptop).await.unwrap();
    let owner = world.customer();
    let device = world
        .device("AAAA0001", |request| request.owner_customer_id = owner.to_string())
        .await;
    world
        .device("AAAA0009", |request| request.imei = "490154203237518".to_owned())
        .await;
    let before = rows(&world).await;
    let attempt = async |change: &dyn Fn(&mut ReplaceDeviceRequest)| {
        let mut request = replace(&world, &device, "AAAA0002");
        change(&mut request);
        life(&world, &partner("asp-berlin")).replace_device(request).await
    };
    for (change, code, reason) in [
        (
            &(|request: &mut ReplaceDeviceRequest| request.model_code = "LAP-14".to_owned())
                as &dyn Fn(&mut ReplaceDeviceRequest),
            Code::FailedPrecondition,
            "REPLACEMENT_MISMATCH",
        ),
        (
            &|request: &mut ReplaceDeviceRequest| request.model_code = "NO-SUCH".to_owned(),
            Code::NotFound,
            "PRODUCT_NOT_FOUND",
        ),
        (
            &|request: &mut ReplaceDeviceRequest| request.serial_number = "AAAA0009".to_owned(),
            Code::AlreadyExists,
            "DEVICE_EXISTS",
        ),
        (
            &|request: &mut ReplaceDeviceRequest| request.imei = "490154203237518".to_owned(),
            Code::AlreadyExists,
            "IDENTIFIER_TAKEN",
        ),
        (
            &|request: &mut ReplaceDeviceRequest| request.received_on = Some(day(2025, 2, 28)),
            Code::FailedPrecondition,
            "PURCHASE_CONTRADICTED",
        ),
        (
            &|request: &mut ReplaceDeviceRequest| request.device_id = world.customer().to_string(),
            Code::NotFound,
            "DEVICE_NOT_FOUND",
        ),
    ] {
        refused(attempt(change).await, code, &format!("WARRANTY_ERROR_REASON_{reason}"));
    }
    assert_eq!(
        violated(attempt(&|request: &mut ReplaceDeviceRequest| request.replaced_on = Some(day(2026, 3, 12))).await),
        ["replaced_on"]
    );
    assert_eq!(
        violated(attempt(&|request: &mut ReplaceDeviceRequest| request.received_on = Some(day(2026, 3, 6))).await),
        ["received_on"]
    );
    assert_eq!(rows(&world).await, before);

    // What is lost is replaced where a plan says so, and for no other reason; what is being looked into is not replaced.
    let lock = ChangeLockRequest {
        request_id: fresh(&world),
        device_id: device.device_id.clone(),
        lock: DeviceLock::Stolen.into(),
        lift: false,
        reason: LockReason::OwnerRequest.into(),
    };
    life(&world, &customer(owner)).change_lock(lock).await.unwrap();
    let flag = |clear: bool| ChangeFlagRequest {
        request_id: fresh(&world),
        device_id: device.device_id.clone(),
        flag: DeviceFlag::UnderInvestigation.into(),
        clear,
        reference: "FILE-12".to_owned(),
    };
    life(&world, &operator()).change_flag(flag(false)).await.unwrap();
    let before = rows(&world).await;
    let refusal = attempt(&|request: &mut ReplaceDeviceRequest| request.reason = ReplacementReason::Loss.into()).await;
    let refusal = refused(refusal, Code::FailedPrecondition, "WARRANTY_ERROR_REASON_DEVICE_LOCKED");
    assert_eq!(refusal.metadata["obstacles"], "under_investigation");
    assert_eq!(rows(&world).await, before);
    life(&world, &operator()).change_flag(flag(true)).await.unwrap();
    refused(
        attempt(&|_| ()).await,
        Code::FailedPrecondition,
        "WARRANTY_ERROR_REASON_DEVICE_LOCKED",
    );
    attempt(&|request: &mut ReplaceDeviceRequest| request.reason = ReplacementReason::Loss.into())
        .await
        .unwrap();

    // The retired one is given to nobody, replaced by nothing, locked no further and proven no more.
    let before = rows(&world).await;
    let retired = "WARRANTY_ERROR_REASON_DEVICE_RETIRED";
    refused(
        attempt(&|request: &mut ReplaceDeviceRequest| request.serial_number = "AAAA0003".to_owned()).await,
        Code::FailedPrecondition,
        retired,
    );
    let offer = OfferTransferRequest {
        request_id: fresh(&world),
        device_id: device.device_id.clone(),
        ..OfferTransferRequest::default()
    };
    refused(
        transfers(&world, &customer(owner)).offer_transfer(offer).await,
        Code::FailedPrecondition,
        retired,
    );
    let lock = ChangeLockRequest {
        request_id: fresh(&world),
        device_id: device.device_id.clone(),
        lock: DeviceLock::Lost.into(),
        lift: false,
        reason: LockReason::OwnerRequest.into(),
    };
    refused(
        life(&world, &customer(owner)).change_lock(lock).await,
        Code::FailedPrecondition,
        retired,
    );
    let proof = SubmitProofRequest {
        request_id: fresh(&world),
        device_id: device.device_id.clone(),
        kind: 1,
        purchase_date: Some(day(2025, 3, 1)),
        purchase_country_code: "DE".to_owned(),
        document_reference: "documents/0001".to_owned(),
        ..SubmitProofRequest::default()
    };
    refused(
        proofs(&world, &staff()).submit_proof(proof).await,
        Code::FailedPrecondition,
        retired,
    );
    assert_eq!(rows(&world).await, before);
}

#[tokio::test]
async fn two_at_once_never_both_replace_it() {
    let world = World::start().await;
    world.product("PHN-12-128").await;
    let device = world.device("AAAA0001", |_| ()).await;
    let attempts = (2..8).map(|number| {
        let mut door = life(&world, &staff());
        let request = replace(&world, &device, &format!("AAAA000{number}"));
        async move {
            door.replace_device(request)
                .await
                .map_err(|status| support_chassis::error::explain(&status).reason)
        }
    });
    let answers = futures_util::future::join_all(attempts).await;
    let made = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(made, 1, "{answers:?}");
    for refusal in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        assert_eq!(refusal, "WARRANTY_ERROR_REASON_DEVICE_RETIRED");
    }
    let devices: i64 = sqlx::query_scalar("select count(*) from devices")
        .fetch_one(world.db.pool())
        .await
        .unwrap();
    assert_eq!(devices, 2);
}

#[tokio::test]
async fn what_was_used_on_the_old_unit_counts_once_on_the_new_one() {
    let world = World::start().await;
    world.product("PHN-12-128").await;
    let old = world.device("AAAA0001", |_| ()).await;
    let new = replaced(&world, replace(&world, &old, "AAAA0002")).await;
    let mut request = replace(&world, &new.replacement.unwrap(), "AAAA0003");
    (request.received_on, request.replaced_on) = (Some(day(2026, 3, 7)), Some(day(2026, 3, 8)));
    replaced(&world, request).await;
    world
        .run(
            "insert into claims (id, device_id, outcome, state, rule_id, day, reserved_at, ended_at)
             select id, id, 'goodwill', 'committed', 'goodwill', '2026-03-01', now(), now()
             from devices where serial_number = 'AAAA0001'",
        )
        .await;
    let mut connection = world.db.read().await.unwrap();
    for serial_number in ["AAAA0001", "AAAA0002", "AAAA0003"] {
        let known = facts::of_serial_numbers(&mut connection, &[serial_number.to_owned()])
            .await
            .unwrap();
        assert_eq!(
            known[serial_number].facts.used.goodwill_on,
            [date!(2026 - 03 - 01)],
            "{serial_number}"
        );
    }
}
