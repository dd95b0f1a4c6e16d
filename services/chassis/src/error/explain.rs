//! Reads a status back into its parts.

use std::collections::BTreeMap;
use std::time::Duration;

use support_proto::codec::COMMON_DOMAIN;
use support_proto::support::types::v1::CommonErrorReason;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::{Precondition, Violation};

/// What a status says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// The gRPC code.
    pub code: Code,
    /// The line for a developer.
    pub message: String,
    /// The reason; empty where the status has none (it did not come from one of our servers).
    pub reason: String,
    /// The package whose enum holds the reason.
    pub domain: String,
    /// The values of the error.
    pub metadata: BTreeMap<String, String>,
    /// The fields that break their rules.
    pub violations: Vec<Violation>,
    /// The states that stand in the way.
    pub preconditions: Vec<Precondition>,
    /// When it is worth coming back.
    pub retry_after: Option<Duration>,
}

impl Explained {
    /// The shared reason, where it is one.
    #[must_use]
    pub fn common(&self) -> Option<CommonErrorReason> {
        (self.domain == COMMON_DOMAIN)
            .then(|| CommonErrorReason::from_str_name(&self.reason))
            .flatten()
    }
}

/// Reads a status. Details that cannot be read count as none: they may come from anywhere.
#[must_use]
pub fn explain(status: &Status) -> Explained {
    let details = status.get_error_details();
    let info = details.error_info().cloned();
    Explained {
        code: status.code(),
        message: status.message().to_owned(),
        reason: info.as_ref().map(|info| info.reason.clone()).unwrap_or_default(),
        domain: info.as_ref().map(|info| info.domain.clone()).unwrap_or_default(),
        metadata: info.map(|info| info.metadata.into_iter().collect()).unwrap_or_default(),
        violations: details
            .bad_request()
            .map(|bad| {
                bad.field_violations
                    .iter()
                    .map(|violation| Violation::new(violation.field.as_str(), violation.description.as_str()))
                    .collect()
            })
            .unwrap_or_default(),
        preconditions: details
            .precondition_failure()
            .map(|failure| {
                failure
                    .violations
                    .iter()
                    .map(|state| Precondition {
                        kind: state.r#type.clone(),
                        subject: state.subject.clone(),
                        description: state.description.clone(),
                    })
                    .collect()
            })
            .unwrap_or_default(),
        retry_after: details.retry_info().and_then(|retry| retry.retry_delay),
    }
}
