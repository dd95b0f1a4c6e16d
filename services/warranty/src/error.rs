//! Why this service refuses, each with its code and reason.

mod plans;

use support_chassis::call::Refusal;
use support_chassis::db::DbError;
use support_chassis::error::{Answer, InvalidFields, ServiceError, Violation, into_status};
use support_chassis::page::PageError;
use support_proto::support::warranty::v1::WarrantyErrorReason as Reason;
use time::Date;
use tonic::{Code, Status};

pub use self::plans::PlanError;

use crate::domain::claim::{Bound, State};
use crate::domain::coverage::{Outcome, Undecided};
use crate::domain::device::Obstacle;
use crate::store::{claims, devices, families, plans as plan_store, products};
use crate::wire;

/// The domain of this service's reasons.
const DOMAIN: &str = "support.warranty.v1";

/// Why a call is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such product.
    #[error("no such product")]
    ProductNotFound,
    /// A product with this model code exists.
    #[error("a product with this model code exists")]
    ProductExists,
    /// No such device, or not one the caller may see.
    #[error("no such device")]
    DeviceNotFound,
    /// A device with this serial number exists.
    #[error("a device with this serial number exists")]
    DeviceExists,
    /// A device is registered for somebody the caller may not register for.
    #[error("the caller may not register a device for this owner")]
    OwnerNotSelf,
    /// The day lies before the device was bought.
    #[error("the day lies before the device was bought")]
    DayBeforePurchase,
    /// No such decision, or not one the caller may see.
    #[error("no such decision")]
    DecisionNotFound,
    /// A part that was asked about is none of the device's model.
    #[error("the part is none of the device's model")]
    PartNotOfModel,
    /// No such entitlement, or not one the caller may see.
    #[error("no such entitlement")]
    EntitlementNotFound,
    /// The decision grants nothing that could be used.
    #[error("the decision grants nothing that could be used")]
    NothingGranted,
    /// The decision is too old, for a day that has not come, or by a plan that has ended since.
    #[error("the decision is too old, for a day that has not come, or by a plan that has ended since")]
    DecisionNotCurrent,
    /// What the decision grants is reserved or used.
    #[error("what the decision grants is reserved or used")]
    DecisionClaimed,
    /// Nothing is left of what the decision grants.
    #[error("nothing is left of what the decision grants")]
    EntitlementUsedUp(Outcome),
    /// The entitlement's state does not allow it.
    #[error("the entitlement's state does not allow it")]
    EntitlementState {
        /// The state it is in.
        state: State,
        /// What was asked for.
        action: &'static str,
    },
    /// The entitlement belongs to a repair, and what becomes of that decides.
    #[error("the entitlement belongs to a repair")]
    EntitlementBound,
    /// No family of models has this key.
    #[error("no such family of models")]
    ProductFamilyNotFound,
    /// A family of models with this key exists.
    #[error("a family of models with this key exists")]
    ProductFamilyExists,
    /// A correction would take away what devices of the product were sold by.
    #[error("devices of the product were sold by what would be taken away")]
    ProductInUse {
        /// What must stay, by the names of the fields.
        fields: Vec<&'static str>,
    },
    /// The product has no such component.
    #[error("the product has no such component")]
    ComponentNotFound,
    /// The product is not repaired any more.
    #[error("the product is not repaired any more")]
    ProductObsolete {
        /// The last day on which it was.
        repaired_until: Date,
    },
    /// No price of the repair is known at the place.
    #[error("no price of this repair is known at the place")]
    RepairPriceUnknown,
    /// The resource is not what it was when its etag was read.
    #[error("the resource changed since it was read")]
    Changed,
    /// Of plans.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// An IMEI or MEID is another device's.
    #[error("the imei or meid is another device's")]
    IdentifierTaken,
    /// The device was replaced by another.
    #[error("the device was replaced by another")]
    DeviceRetired,
    /// Locks or flags of the device stand in the way.
    #[error("a lock or a flag of the device stands in the way")]
    DeviceLocked(Vec<Obstacle>),
    /// No such transfer, or not one the caller may see.
    #[error("no such transfer")]
    TransferNotFound,
    /// The transfer is not open any more.
    #[error("the transfer is not open any more")]
    TransferState,
    /// The device is offered to somebody already.
    #[error("the device is offered to somebody already")]
    TransferPending,
    /// Who would get the device has it already.
    #[error("who would get the device has it already")]
    TransferToSelf,
    /// Only who has the device may do this.
    #[error("only who has the device may do this")]
    NotOwner,
    /// The other unit is of another product line.
    #[error("the other unit is of another product line")]
    ReplacementMismatch,
    /// The lock or flag is set already, or is not set.
    #[error("the lock or flag is set already, or is not set")]
    MarkState,
    /// The caller may not set or lift this lock for this reason.
    #[error("the caller may not set or lift this lock for this reason")]
    MarkNotAllowed,
    /// No such proof of purchase, or not one the caller may see.
    #[error("no such proof of purchase")]
    ProofNotFound,
    /// The proof of purchase was reviewed or withdrawn already.
    #[error("the proof of purchase was reviewed or withdrawn already")]
    ProofState,
    /// A proof of purchase of this device waits for its review.
    #[error("a proof of purchase of this device waits for its review")]
    ProofPending,
    /// Who submitted a proof, or whose case it is, does not review it.
    #[error("who submitted a proof of purchase, or whose case it is, does not review it")]
    ReviewerInvolved,
    /// The day of purchase contradicts what is known of the device.
    #[error("the day of purchase contradicts what is known of the device")]
    PurchaseContradicted,
    /// What the method, or the rules of what is changed, demand of whoever calls for the customer.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Fields break their rules.
    #[error(transparent)]
    InvalidFields(#[from] InvalidFields),
    /// The page token is none of this list.
    #[error(transparent)]
    Page(#[from] PageError),
    /// The database did not do what was asked.
    #[error("database")]
    Database(#[source] DbError),
}

impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        match error.constraint() {
            Some(products::MODEL_CODE_KEY) => Self::ProductExists,
            Some(claims::DECISION_KEY) => Self::DecisionClaimed,
            Some(families::FAMILY_KEY) => Self::ProductFamilyExists,
            Some(devices::SERIAL_NUMBER_KEY) => Self::DeviceExists,
            Some(plan_store::ONE_OF_A_KIND) => PlanError::AlreadyHeld.into(),
            Some(plan_store::QUOTE_KEY) => PlanError::QuoteUsed.into(),
            Some(plan_store::REFERENCE_KEY) => PlanError::PaymentReferenceReused.into(),
            Some(devices::IDENTIFIERS_KEY) => Self::IdentifierTaken,
            Some(devices::transfers::ONE_OPEN) => Self::TransferPending,
            Some(devices::proofs::ONE_OPEN) => Self::ProofPending,
            Some(name) if devices::replacements::ONCE.contains(&name) => Self::DeviceRetired,
            _ => Self::Database(error),
        }
    }
}

impl From<Undecided> for Error {
    fn from(undecided: Undecided) -> Self {
        match undecided {
            Undecided::DayBeforePurchase => Self::DayBeforePurchase,
            Undecided::PartNotOfModel(_) => Self::PartNotOfModel,
        }
    }
}

impl Error {
    /// That a claim in this state allows no `action`.
    #[must_use]
    pub const fn claim_state(state: State, action: &'static str) -> Self {
        Self::EntitlementState { state, action }
    }
}

impl From<Bound> for Error {
    fn from(_: Bound) -> Self {
        Self::EntitlementBound
    }
}

impl From<Violation> for Error {
    fn from(violation: Violation) -> Self {
        Self::InvalidFields(violation.into())
    }
}

impl ServiceError for Error {
    fn answer(&self) -> Answer {
        let of = |code, reason: Reason| Answer::new(code, DOMAIN, reason.as_str_name(), self.to_string());
        let (code, reason) = match self {
            Self::ProductNotFound => (Code::NotFound, Reason::ProductNotFound),
            Self::ProductExists => (Code::AlreadyExists, Reason::ProductExists),
            Self::DeviceNotFound => (Code::NotFound, Reason::DeviceNotFound),
            Self::DeviceExists => (Code::AlreadyExists, Reason::DeviceExists),
            Self::OwnerNotSelf => (Code::PermissionDenied, Reason::OwnerNotSelf),
            Self::DayBeforePurchase => (Code::FailedPrecondition, Reason::DayBeforePurchase),
            Self::DecisionNotFound => (Code::NotFound, Reason::DecisionNotFound),
            Self::PartNotOfModel => (Code::FailedPrecondition, Reason::PartNotOfModel),
            Self::EntitlementNotFound => (Code::NotFound, Reason::EntitlementNotFound),
            Self::NothingGranted => (Code::FailedPrecondition, Reason::NothingGranted),
            Self::DecisionNotCurrent => (Code::FailedPrecondition, Reason::DecisionNotCurrent),
            Self::DecisionClaimed => (Code::AlreadyExists, Reason::DecisionClaimed),
            Self::EntitlementUsedUp(outcome) => {
                let answer = of(Code::FailedPrecondition, Reason::EntitlementUsedUp);
                return answer.with("outcome", wire::outcome(*outcome).as_str_name());
            }
            Self::EntitlementState { state, action } => {
                let state = wire::claim_state(*state).as_str_name();
                let answer = of(Code::FailedPrecondition, Reason::EntitlementState);
                return answer.with("state", state).with("action", *action);
            }
            Self::EntitlementBound => (Code::FailedPrecondition, Reason::EntitlementBound),
            Self::ProductFamilyNotFound => (Code::NotFound, Reason::ProductFamilyNotFound),
            Self::ProductFamilyExists => (Code::AlreadyExists, Reason::ProductFamilyExists),
            Self::ProductInUse { fields } => {
                let answer = of(Code::FailedPrecondition, Reason::ProductInUse);
                return answer.with("fields", fields.join(", "));
            }
            Self::ComponentNotFound => (Code::NotFound, Reason::ComponentNotFound),
            Self::ProductObsolete { repaired_until } => {
                let answer = of(Code::FailedPrecondition, Reason::ProductObsolete);
                return answer.with("repaired_until", repaired_until.to_string());
            }
            Self::RepairPriceUnknown => (Code::NotFound, Reason::RepairPriceUnknown),
            Self::Changed => return Answer::conflict(),
            Self::Plan(error) => return error.answer(DOMAIN),
            Self::IdentifierTaken => (Code::AlreadyExists, Reason::IdentifierTaken),
            Self::DeviceRetired => (Code::FailedPrecondition, Reason::DeviceRetired),
            Self::DeviceLocked(obstacles) => {
                let names: Vec<_> = obstacles.iter().map(|obstacle| obstacle.as_str()).collect();
                let answer = of(Code::FailedPrecondition, Reason::DeviceLocked);
                return answer.with("obstacles", names.join(","));
            }
            Self::TransferNotFound => (Code::NotFound, Reason::TransferNotFound),
            Self::TransferState => (Code::FailedPrecondition, Reason::TransferState),
            Self::TransferPending => (Code::FailedPrecondition, Reason::TransferPending),
            Self::TransferToSelf => (Code::FailedPrecondition, Reason::TransferToSelf),
            Self::NotOwner => (Code::PermissionDenied, Reason::NotOwner),
            Self::ReplacementMismatch => (Code::FailedPrecondition, Reason::ReplacementMismatch),
            Self::MarkState => (Code::FailedPrecondition, Reason::MarkState),
            Self::MarkNotAllowed => (Code::PermissionDenied, Reason::MarkNotAllowed),
            Self::ProofNotFound => (Code::NotFound, Reason::ProofNotFound),
            Self::ProofState => (Code::FailedPrecondition, Reason::ProofState),
            Self::ProofPending => (Code::FailedPrecondition, Reason::ProofPending),
            Self::ReviewerInvolved => (Code::PermissionDenied, Reason::ReviewerInvolved),
            Self::PurchaseContradicted => (Code::FailedPrecondition, Reason::PurchaseContradicted),
            Self::Refused(refusal) => return refusal.answer(),
            Self::InvalidFields(error) => return error.answer(),
            Self::Page(error) => return error.answer(),
            Self::Database(error) => return error.answer(),
        };
        of(code, reason)
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        into_status(error)
    }
}
