//! Answers about devices.

use support_chassis::clock::timestamp;
use support_chassis::day;
use support_chassis::id::Id;
use support_proto::support::warranty::v1 as warranty;
use time::OffsetDateTime;

use crate::api::present::product;
use crate::domain::device::{Imei, Meid, Owner, Proof, Transfer};
use crate::ops::Viewer;
use crate::store::devices::Registered;
use crate::store::devices::affected::Affected;
use crate::store::devices::history::Entry;
use crate::wire;

/// A device as `viewer` may see it.
pub(in crate::api) fn device(registered: Registered, viewer: &Viewer) -> warranty::Device {
    let device = registered.device;
    let owner = device.owner.filter(|_| viewer.sees_owner());
    let organisation = device.organisation.filter(|organisation| match viewer {
        Viewer::Insider => true,
        Viewer::Partner(own) => own == organisation,
        Viewer::Customer(_) | Viewer::Stranger => false,
    });
    let flags = device.flags.into_iter().filter(|_| *viewer == Viewer::Insider);
    let identifiers = device.identifiers;
    let imei = |imei: Option<Imei>| imei.map(|imei| imei.as_str().to_owned()).unwrap_or_default();
    let id = |id: Option<_>| {
        id.map(|id: crate::domain::device::DeviceId| id.to_string())
            .unwrap_or_default()
    };
    warranty::Device {
        device_id: device.id.to_string(),
        product: Some(product(registered.product)),
        serial_number: device.serial_number,
        owner_customer_id: owner.map(|owner| owner.to_string()).unwrap_or_default(),
        purchase_country_code: device.purchase_country.code().to_owned(),
        purchase_date: Some(day::to_proto(device.purchase_date)),
        purchase_date_evidence: wire::evidence(device.evidence).into(),
        register_time: Some(timestamp(device.registered_at)),
        sold_used: device.sold_used,
        owner_organisation_id: organisation.unwrap_or_default(),
        imei: imei(identifiers.imei),
        imei2: imei(identifiers.imei2),
        meid: identifiers
            .meid
            .as_ref()
            .map(Meid::as_str)
            .unwrap_or_default()
            .to_owned(),
        configuration: device.configuration.unwrap_or_default(),
        seller_reference: device.seller_reference.unwrap_or_default(),
        first_activation_date: device.first_activated_on.map(day::to_proto),
        locks: device
            .locks
            .into_iter()
            .map(|lock| wire::devices::lock(lock).into())
            .collect(),
        flags: flags.map(|flag| wire::devices::flag(flag).into()).collect(),
        replaces_device_id: id(device.replaces),
        replaced_by_device_id: id(device.replaced_by),
        retire_time: device.retired_at.map(timestamp),
    }
}

/// A transfer as it stands now.
pub(super) fn transfer(transfer: &Transfer, now: OffsetDateTime) -> warranty::DeviceTransfer {
    let state = transfer.state_at(now);
    let has_run_out = state != transfer.state;
    warranty::DeviceTransfer {
        transfer_id: transfer.id.to_string(),
        device_id: transfer.device_id.to_string(),
        state: wire::devices::transfer_state(state).into(),
        offer_time: Some(timestamp(transfer.offered_at)),
        expire_time: Some(timestamp(transfer.expires_at)),
        end_time: transfer
            .ended_at
            .or(has_run_out.then_some(transfer.expires_at))
            .map(timestamp),
        by_code: transfer.to.is_none(),
    }
}

/// A proof of purchase.
pub(super) fn proof(proof: Proof) -> warranty::ProofOfPurchase {
    let said = proof.said;
    warranty::ProofOfPurchase {
        proof_id: proof.id.to_string(),
        device_id: said.device_id.to_string(),
        state: wire::devices::proof_state(proof.state).into(),
        kind: wire::devices::proof_kind(said.kind).into(),
        purchase_date: Some(day::to_proto(said.day)),
        purchase_country_code: said.country.code().to_owned(),
        sold_used: said.used,
        seller_reference: said.seller_reference.unwrap_or_default(),
        document_reference: said.document_reference,
        case_id: said.case_id.as_ref().map(Id::to_string).unwrap_or_default(),
        submit_time: Some(timestamp(proof.submitted_at)),
        end_time: proof.ended_at.map(timestamp),
        reason: proof
            .reason
            .map_or(warranty::ReviewReason::Unspecified, wire::devices::review_reason)
            .into(),
    }
}

/// A decision that was made from another purchase than is known now.
pub(super) fn affected(affected: &Affected) -> warranty::AffectedDecision {
    warranty::AffectedDecision {
        decision_id: affected.id.to_string(),
        device_id: affected.device_id.to_string(),
        day: Some(day::to_proto(affected.day)),
        outcome: wire::outcome(affected.outcome).into(),
        decide_time: Some(timestamp(affected.decided_at)),
        purchase_date: Some(day::to_proto(affected.purchase_date)),
        purchase_country_code: affected.purchase_country.code().to_owned(),
    }
}

/// Something that happened to a device.
pub(super) fn happened(entry: Entry) -> warranty::DeviceHistoryEntry {
    let owner = entry.owner.as_ref();
    warranty::DeviceHistoryEntry {
        time: Some(timestamp(entry.at)),
        actor_kind: entry.actor_kind.as_str().to_owned(),
        actor_id: entry.actor_id,
        kind: wire::devices::happening(entry.happening).into(),
        owner_customer_id: owner
            .and_then(Owner::customer)
            .map(|customer| customer.to_string())
            .unwrap_or_default(),
        owner_organisation_id: owner.and_then(Owner::organisation).unwrap_or_default().to_owned(),
        lock: entry
            .lock
            .map_or(warranty::DeviceLock::Unspecified, wire::devices::lock)
            .into(),
        flag: entry
            .flag
            .map_or(warranty::DeviceFlag::Unspecified, wire::devices::flag)
            .into(),
        reason: entry.reason.unwrap_or_default(),
        reference: entry
            .named_reference
            .or(entry.reference.map(|reference| reference.to_string()))
            .unwrap_or_default(),
        purchase_date_before: entry.purchase.map(|(before, _)| day::to_proto(before)),
        purchase_date_after: entry.purchase.map(|(_, after)| day::to_proto(after)),
    }
}
