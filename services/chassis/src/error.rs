//! How a service refuses.
//!
//! A service has one error enum. It implements [`ServiceError`], which maps each variant to an [`Answer`]: code, reason,
//! metadata. [`into_status`] turns the answer into the status on the wire and is the one place where errors are logged:
//! our own fault once, as a chain, at ERROR, while the caller reads "internal error" and a trace id; a dependency that
//! fails at WARN; the caller's fault at DEBUG.
//!
//! Every status carries a `google.rpc.ErrorInfo`, and none is larger than HTTP/2 headers bear ([`bound`]).
//! [`explain`] reads a status back, for clients and tests.

mod bound;
mod database;
mod explain;
mod fields;
mod peer;
mod wire;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::time::Duration;

use opentelemetry::trace::TraceContextExt as _;
use support_proto::codec::COMMON_DOMAIN;
pub use support_proto::support::types::v1::CommonErrorReason;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, PreconditionViolation, StatusExt as _};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

pub use bound::{DETAILS_LIMIT, MESSAGE_LIMIT, bound};
pub use explain::{Explained, explain};
pub use fields::{InvalidFields, Parsed, Violation, Violations};
pub use peer::{PeerError, from_peer};
pub use wire::{failed, read_status, write_status};

/// How long a caller should wait after it lost a race: the winner is about to be done.
pub const RETRY_AFTER_CONFLICT: Duration = Duration::from_millis(50);
/// How long a caller should wait for something that does not answer.
pub const RETRY_AFTER_OUTAGE: Duration = Duration::from_secs(1);

/// An error of a service that can be answered on the wire.
pub trait ServiceError: Error {
    /// The answer to it. Match exhaustively, so that a new variant cannot be forgotten.
    fn answer(&self) -> Answer;
}

/// What a caller is told about an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The gRPC code.
    pub code: Code,
    /// The package whose enum holds the reason, for example `support.case.v1`.
    pub domain: Cow<'static, str>,
    /// The reason: the name of an enum value, for example `CASE_ERROR_REASON_CASE_NOT_FOUND`.
    pub reason: Cow<'static, str>,
    /// Every value that changes from case to case. Ids and numbers, never a person's data.
    pub metadata: BTreeMap<String, String>,
    /// The fields that break their rules.
    pub violations: Vec<Violation>,
    /// The states that stand in the way.
    pub preconditions: Vec<Precondition>,
    /// When it is worth coming back; none where it is not.
    pub retry_after: Option<Duration>,
    /// One line for a developer: lower case, no full stop, no field's value.
    pub message: Cow<'static, str>,
}

/// A state that stands in the way of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Precondition {
    /// The kind of state, for example `CASE_STATE`.
    pub kind: String,
    /// What is in that state: a resource's id.
    pub subject: String,
    /// What is wrong with it.
    pub description: String,
}

impl Answer {
    /// An answer with a reason of the service's own enum (`reason.as_str_name()`).
    #[must_use]
    pub fn new(
        code: Code,
        domain: impl Into<Cow<'static, str>>,
        reason: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            code,
            domain: domain.into(),
            reason: reason.into(),
            metadata: BTreeMap::new(),
            violations: Vec::new(),
            preconditions: Vec::new(),
            retry_after: None,
            message: message.into(),
        }
    }

    /// An answer with a reason that all services share.
    #[must_use]
    pub fn common(code: Code, reason: CommonErrorReason, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(code, COMMON_DOMAIN, reason.as_str_name(), message)
    }

    /// Our own fault. The chain is logged by [`into_status`]; the caller learns nothing but a trace id.
    #[must_use]
    pub fn internal() -> Self {
        Self::common(Code::Internal, CommonErrorReason::Internal, "internal error")
    }

    /// Someone else was faster (ABORTED): read again and try again.
    #[must_use]
    pub fn conflict() -> Self {
        Self::common(Code::Aborted, CommonErrorReason::Conflict, "another change came first")
            .retry_after(RETRY_AFTER_CONFLICT)
    }

    /// Something that the call needs does not answer (UNAVAILABLE). `service` names it to the caller.
    #[must_use]
    pub fn dependency_unavailable(service: impl Into<String>) -> Self {
        Self::common(
            Code::Unavailable,
            CommonErrorReason::DependencyUnavailable,
            "something this call needs does not answer",
        )
        .with("service", service)
        .retry_after(RETRY_AFTER_OUTAGE)
    }

    /// The call took longer than it may.
    #[must_use]
    pub fn deadline_exceeded() -> Self {
        Self::common(
            Code::DeadlineExceeded,
            CommonErrorReason::DeadlineExceeded,
            "the call took longer than its deadline",
        )
    }

    /// Adds a value to the metadata.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(key.into(), value.into());
        self
    }

    /// Adds a field that breaks its rules.
    #[must_use]
    pub fn violation(mut self, violation: Violation) -> Self {
        self.violations.push(violation);
        self
    }

    /// Adds a state that stands in the way.
    #[must_use]
    pub fn precondition(
        mut self,
        kind: impl Into<String>,
        subject: impl Into<String>,
        description: impl Into<String>,
    ) -> Self {
        self.preconditions.push(Precondition {
            kind: kind.into(),
            subject: subject.into(),
            description: description.into(),
        });
        self
    }

    /// Says when it is worth coming back.
    #[must_use]
    pub fn retry_after(mut self, delay: Duration) -> Self {
        self.retry_after = Some(delay);
        self
    }

    /// The status on the wire, within its bounds. Logs nothing: for errors use [`into_status`].
    #[must_use]
    pub fn to_status(&self) -> Status {
        let mut details = ErrorDetails::new();
        details.set_error_info(
            self.reason.as_ref(),
            self.domain.as_ref(),
            self.metadata
                .clone()
                .into_iter()
                .collect::<std::collections::HashMap<_, _>>(),
        );
        if !self.violations.is_empty() {
            let violations: Vec<_> = self
                .violations
                .iter()
                .map(|violation| FieldViolation::new(violation.field.as_str(), violation.description.as_str()))
                .collect();
            details.set_bad_request(violations);
        }
        if !self.preconditions.is_empty() {
            let preconditions: Vec<_> = self
                .preconditions
                .iter()
                .map(|state| {
                    PreconditionViolation::new(state.kind.as_str(), state.subject.as_str(), state.description.as_str())
                })
                .collect();
            details.set_precondition_failure(preconditions);
        }
        if self.retry_after.is_some() {
            details.set_retry_info(self.retry_after);
        }
        bound(Status::with_error_details(self.code, self.message.as_ref(), details))
    }
}

/// Turns an error into the status on the wire, and logs it where it belongs.
///
/// Use it as `.map_err(into_status)` at the door, and from `impl From<Error> for Status`.
#[expect(
    clippy::needless_pass_by_value,
    reason = "an error ends here, and `map_err(into_status)` hands it over"
)]
pub fn into_status<E: ServiceError>(error: E) -> Status {
    let answer = error.answer();
    match answer.code {
        Code::Internal | Code::Unknown | Code::DataLoss => {
            let trace_id = trace_id();
            tracing::error!(
                error = chain(&error),
                reason = answer.reason.as_ref(),
                trace_id = trace_id.as_deref().unwrap_or_default(),
                "call failed by our own fault"
            );
            internal(trace_id)
        }
        Code::Unavailable => {
            tracing::warn!(
                error = chain(&error),
                reason = answer.reason.as_ref(),
                "a dependency does not answer"
            );
            answer.to_status()
        }
        code => {
            tracing::debug!(error = chain(&error), reason = answer.reason.as_ref(), %code, "call refused");
            answer.to_status()
        }
    }
}

/// The status of a fault of our own that has been logged already under the current trace.
#[must_use]
pub fn internal_status() -> Status {
    internal(trace_id())
}

fn internal(trace_id: Option<String>) -> Status {
    let answer = Answer::internal();
    match trace_id {
        Some(trace_id) => answer.with("trace_id", trace_id),
        None => answer,
    }
    .to_status()
}

/// The id of the trace that the current span belongs to; none where nothing is traced.
#[must_use]
pub fn trace_id() -> Option<String> {
    let context = tracing::Span::current().context();
    let span = context.span();
    let id = span.span_context().trace_id();
    (id != opentelemetry::TraceId::INVALID).then(|| id.to_string())
}

/// An error and all its sources in one line, for logs.
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = write!(line, ": {cause}");
        source = cause.source();
    }
    line
}
