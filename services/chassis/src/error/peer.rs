//! What the error of a peer means for our own caller.
//!
//! A peer's status never passes through: its words were meant for us, and its code speaks of our call, not of our
//! caller's. Where a caller can act on a peer's refusal, the service matches on [`PeerError::explained`] and gives a
//! reason of its own; the mapping here is for the rest.

use std::time::Duration;

use support_proto::support::types::v1::CommonErrorReason;
use tonic::{Code, Status};

use super::{Answer, Explained, RETRY_AFTER_OUTAGE, ServiceError, explain, into_status};

/// A call of a peer that did not give what was asked for.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{service} answered {} {}", .explained.code as i32, .explained.reason)]
pub struct PeerError {
    service: String,
    explained: Explained,
    #[source]
    status: Status,
}

/// Wraps the status of the peer called `service`.
#[must_use]
pub fn from_peer(service: impl Into<String>, status: Status) -> PeerError {
    PeerError {
        service: service.into(),
        explained: explain(&status),
        status,
    }
}

impl PeerError {
    /// What the peer said.
    #[must_use]
    pub fn explained(&self) -> &Explained {
        &self.explained
    }

    /// The peer's name.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }

    /// Whether the same call may succeed later without a change of anything.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(
            self.explained.code,
            Code::Unavailable | Code::DeadlineExceeded | Code::ResourceExhausted | Code::Aborted | Code::Cancelled
        ) || self.explained.retry_after.is_some()
    }

    fn unavailable(&self) -> Answer {
        let delay = self
            .explained
            .retry_after
            .unwrap_or(RETRY_AFTER_OUTAGE)
            .min(Duration::from_mins(1));
        Answer::dependency_unavailable(self.service.as_str()).retry_after(delay)
    }

    /// The peer's reason under our words. Its metadata stays behind: it speaks of our request, not of the caller's.
    fn refused(&self, code: Code, message: &'static str) -> Answer {
        Answer::new(
            code,
            self.explained.domain.clone(),
            self.explained.reason.clone(),
            message,
        )
        .with("service", self.service.as_str())
    }
}

impl ServiceError for PeerError {
    fn answer(&self) -> Answer {
        match self.explained.code {
            Code::DeadlineExceeded => Answer::deadline_exceeded(),
            Code::NotFound | Code::AlreadyExists | Code::FailedPrecondition | Code::OutOfRange
                if !self.explained.reason.is_empty() =>
            {
                self.refused(Code::FailedPrecondition, "a service that this call needs refuses")
            }
            // The caller's own passport went along, so what it lacks there it lacks for this call.
            Code::PermissionDenied if !self.explained.reason.is_empty() => {
                self.refused(Code::PermissionDenied, "the caller may not do what this call needs")
            }
            Code::Unauthenticated if self.explained.common() == Some(CommonErrorReason::CredentialsExpired) => {
                Answer::common(
                    Code::Unauthenticated,
                    CommonErrorReason::CredentialsExpired,
                    "the credentials ran out during the call",
                )
            }
            // We asked wrongly.
            Code::Ok
            | Code::InvalidArgument
            | Code::Unimplemented
            | Code::Unauthenticated
            | Code::PermissionDenied
            | Code::NotFound
            | Code::AlreadyExists
            | Code::FailedPrecondition
            | Code::OutOfRange => Answer::internal(),
            Code::Unavailable
            | Code::ResourceExhausted
            | Code::Aborted
            | Code::Cancelled
            | Code::Internal
            | Code::Unknown
            | Code::DataLoss => self.unavailable(),
        }
    }
}

impl From<PeerError> for Status {
    fn from(error: PeerError) -> Self {
        into_status(error)
    }
}
