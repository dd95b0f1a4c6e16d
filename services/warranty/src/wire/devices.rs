//! The values of the devices, as the contract writes them, and back: none where a request does not say one.

use support_proto::support::warranty::v1 as warranty;

use crate::domain::device::{
    Flag, Lock, LockReason, OwnedReason, ProofKind, ProofState, ReplacementReason, ReviewReason, TransferState,
};
use crate::ops::ImportedDevice;
use crate::store::devices::history::Happening;

mapped! {
    lock, read_lock: Lock <-> warranty::DeviceLock { Lost, Stolen, Activation }
    lock_reason, read_lock_reason: LockReason <-> warranty::LockReason {
        OwnerRequest, PoliceReport, CarrierReport, Recovered, SetInError, OwnershipProven, CourtOrder
    }
    flag, read_flag: Flag <-> warranty::DeviceFlag { DemoUnit, Refurbished, Seized, UnderInvestigation, Counterfeit }
    replacement_reason, read_replacement_reason: ReplacementReason <-> warranty::ReplacementReason {
        Repair, DeadOnArrival, Recall, Loss
    }
    proof_kind, read_proof_kind: ProofKind <-> warranty::ProofKind {
        Invoice, Receipt, OrderConfirmation, DeliveryNote, SellerRecord, GiftReceipt
    }
    review_reason, read_review_reason: ReviewReason <-> warranty::ReviewReason {
        ShowsSale, ConfirmedBySeller, Illegible, OtherDevice, NoDate, NotGenuine, NoProof
    }
}

/// Where a transfer stands.
pub(crate) fn transfer_state(state: TransferState) -> warranty::TransferState {
    match state {
        TransferState::Offered => warranty::TransferState::Offered,
        TransferState::Accepted => warranty::TransferState::Accepted,
        TransferState::Declined => warranty::TransferState::Declined,
        TransferState::Withdrawn => warranty::TransferState::Withdrawn,
        TransferState::Expired => warranty::TransferState::Expired,
    }
}

/// Where a proof stands.
pub(crate) fn proof_state(state: ProofState) -> warranty::ProofState {
    match state {
        ProofState::Submitted => warranty::ProofState::Submitted,
        ProofState::Accepted => warranty::ProofState::Accepted,
        ProofState::Rejected => warranty::ProofState::Rejected,
        ProofState::Withdrawn => warranty::ProofState::Withdrawn,
    }
}

/// Why staff gave a device to somebody; UNSPECIFIED where they did not.
pub(crate) fn reassign_reason(reason: OwnedReason) -> warranty::ReassignReason {
    match reason {
        OwnedReason::Registered | OwnedReason::Imported | OwnedReason::Transferred | OwnedReason::Replaced => {
            warranty::ReassignReason::Unspecified
        }
        OwnedReason::OwnershipProven => warranty::ReassignReason::OwnershipProven,
        OwnedReason::Inheritance => warranty::ReassignReason::Inheritance,
        OwnedReason::CourtOrder => warranty::ReassignReason::CourtOrder,
        OwnedReason::RegisteredInError => warranty::ReassignReason::RegisteredInError,
        OwnedReason::ReturnedToSeller => warranty::ReassignReason::ReturnedToSeller,
    }
}

/// Why staff give a device to somebody.
pub(crate) fn read_reassign_reason(reason: warranty::ReassignReason) -> Option<OwnedReason> {
    match reason {
        warranty::ReassignReason::Unspecified => None,
        warranty::ReassignReason::OwnershipProven => Some(OwnedReason::OwnershipProven),
        warranty::ReassignReason::Inheritance => Some(OwnedReason::Inheritance),
        warranty::ReassignReason::CourtOrder => Some(OwnedReason::CourtOrder),
        warranty::ReassignReason::RegisteredInError => Some(OwnedReason::RegisteredInError),
        warranty::ReassignReason::ReturnedToSeller => Some(OwnedReason::ReturnedToSeller),
    }
}

/// What happened to a device.
pub(crate) fn happening(happening: Happening) -> warranty::DeviceHistoryKind {
    match happening {
        Happening::Owned => warranty::DeviceHistoryKind::Owned,
        Happening::LockSet => warranty::DeviceHistoryKind::LockSet,
        Happening::LockLifted => warranty::DeviceHistoryKind::LockLifted,
        Happening::FlagSet => warranty::DeviceHistoryKind::FlagSet,
        Happening::FlagCleared => warranty::DeviceHistoryKind::FlagCleared,
        Happening::PurchaseCorrected => warranty::DeviceHistoryKind::PurchaseCorrected,
        Happening::Replaced => warranty::DeviceHistoryKind::Replaced,
        Happening::CameAsReplacement => warranty::DeviceHistoryKind::CameAsReplacement,
    }
}

/// What became of a row of an import.
pub(crate) fn imported(imported: ImportedDevice) -> warranty::ImportedRow {
    use warranty::ImportOutcome as Outcome;
    let (outcome, device_id, invalid_fields) = match imported {
        ImportedDevice::Registered(id) => (Outcome::Registered, id.to_string(), Vec::new()),
        ImportedDevice::Unchanged(id) => (Outcome::Unchanged, id.to_string(), Vec::new()),
        ImportedDevice::Invalid(fields) => (Outcome::Invalid, String::new(), fields),
        ImportedDevice::ProductNotFound => (Outcome::ProductNotFound, String::new(), Vec::new()),
        ImportedDevice::DeviceExists => (Outcome::DeviceExists, String::new(), Vec::new()),
        ImportedDevice::IdentifierTaken => (Outcome::IdentifierTaken, String::new(), Vec::new()),
        ImportedDevice::Repeated => (Outcome::Repeated, String::new(), Vec::new()),
    };
    warranty::ImportedRow {
        outcome: outcome.into(),
        device_id,
        invalid_fields,
    }
}
