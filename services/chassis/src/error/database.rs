//! What the errors of the database mean for the caller. A constraint that a caller can break is mapped by its name in
//! the service; one that comes as far as this is our own fault.

use support_proto::support::types::v1::CommonErrorReason;
use tonic::{Code, Status};

use super::{Answer, ServiceError, Violation, into_status};
use crate::db::DbError;

impl ServiceError for DbError {
    fn answer(&self) -> Answer {
        match self {
            Self::Unavailable(_) => Answer::dependency_unavailable("database"),
            Self::Conflict(_) => Answer::conflict(),
            Self::Timeout(_) => Answer::deadline_exceeded(),
            Self::RequestIdReused => Answer::common(
                Code::InvalidArgument,
                CommonErrorReason::RequestIdReused,
                "the request id was used before with another body",
            ),
            Self::RequestIdMalformed => Answer::common(
                Code::InvalidArgument,
                CommonErrorReason::InvalidFields,
                "fields break their rules",
            )
            .violation(Violation::new("request_id", "must be a uuid")),
            Self::Constraint { .. } | Self::Corrupt { .. } | Self::Vault(_) | Self::Migration(_) | Self::Other(_) => {
                Answer::internal()
            }
        }
    }
}

impl From<DbError> for Status {
    fn from(error: DbError) -> Self {
        into_status(error)
    }
}
