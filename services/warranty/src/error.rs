//! Why this service refuses, each with its code and reason.

use support_chassis::db::DbError;
use support_chassis::error::{Answer, InvalidFields, ServiceError, Violation, into_status};
use support_chassis::page::PageError;
use support_proto::support::warranty::v1::WarrantyErrorReason as Reason;
use tonic::{Code, Status};

use crate::domain::coverage::Undecided;
use crate::store::{devices, products};

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
            Some(devices::SERIAL_NUMBER_KEY) => Self::DeviceExists,
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

impl From<Violation> for Error {
    fn from(violation: Violation) -> Self {
        Self::InvalidFields(violation.into())
    }
}

impl ServiceError for Error {
    fn answer(&self) -> Answer {
        let (code, reason) = match self {
            Self::ProductNotFound => (Code::NotFound, Reason::ProductNotFound),
            Self::ProductExists => (Code::AlreadyExists, Reason::ProductExists),
            Self::DeviceNotFound => (Code::NotFound, Reason::DeviceNotFound),
            Self::DeviceExists => (Code::AlreadyExists, Reason::DeviceExists),
            Self::OwnerNotSelf => (Code::PermissionDenied, Reason::OwnerNotSelf),
            Self::DayBeforePurchase => (Code::FailedPrecondition, Reason::DayBeforePurchase),
            Self::DecisionNotFound => (Code::NotFound, Reason::DecisionNotFound),
            Self::PartNotOfModel => (Code::FailedPrecondition, Reason::PartNotOfModel),
            Self::InvalidFields(error) => return error.answer(),
            Self::Page(error) => return error.answer(),
            Self::Database(error) => return error.answer(),
        };
        Answer::new(code, DOMAIN, reason.as_str_name(), self.to_string())
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        into_status(error)
    }
}
