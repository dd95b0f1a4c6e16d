//! How this service refuses.

use support_chassis::db::DbError;
use support_chassis::error::{Answer, CommonErrorReason, InvalidFields, ServiceError, Violation, into_status};
use support_chassis::page::PageError;
use support_chassis::vault::VaultError;
use support_proto::support::case::v1::CaseErrorReason;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tonic::{Code, Status};

use crate::domain::CaseId;
use crate::domain::case::{Case, Refusal};
use crate::domain::kinds::{Channel, CloseReason};
use crate::domain::state::IllegalAction;
use crate::wire::Mirrored as _;

/// The domain of this service's reasons in `google.rpc.ErrorInfo`.
pub const DOMAIN: &str = "support.case.v1";

/// Why a call is refused.
///
/// No constraint of the database stands for one of these: each holds something that the domain has decided before, so
/// one that does not hold is our own fault.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such case, or not one that the caller may see.
    #[error("no such case")]
    CaseNotFound,
    /// The case's state does not allow it.
    #[error("the case's state does not allow it")]
    CaseState {
        /// The case.
        case: CaseId,
        /// What the state machine refused.
        #[source]
        refused: IllegalAction,
    },
    /// The customer cannot open the case again any more.
    #[error("the time in which the customer may open the case again is over")]
    ReopenPeriodOver {
        /// The case.
        case: CaseId,
        /// Until when they could.
        until: OffsetDateTime,
        /// The versions of the service levels that say so.
        levels: String,
    },
    /// Staff has not said anything in the case, and it cannot be resolved before that.
    #[error("staff has not said anything in the case")]
    AnswerMissing {
        /// The case.
        case: CaseId,
        /// The channel it came by.
        channel: Channel,
        /// The versions of the service levels that say so.
        levels: String,
    },
    /// The case cannot be closed because the customer is silent.
    #[error("the customer has not been silent for long enough")]
    CustomerNotSilent {
        /// The case.
        case: CaseId,
        /// When they will have been; none where it is not their turn to speak.
        until: Option<OffsetDateTime>,
        /// The versions of the service levels that say so.
        levels: String,
    },
    /// Staff did not say whose case it is.
    #[error("staff must say whose case it is")]
    CustomerMissing,
    /// The customer was erased.
    #[error("the customer was erased")]
    CustomerErased,
    /// A customer named another one.
    #[error("a customer may open cases for no one else")]
    CustomerNotSelf,
    /// The customer's data belongs into another region.
    #[error("the customer lives in another region")]
    CustomerElsewhere,
    /// The caller is a customer, and only staff can say this.
    #[error("this kind of caller may not give this reason")]
    CloseReasonNotAllowed {
        /// The reason.
        reason: CloseReason,
    },
    /// The case changed since its etag was read.
    #[error("the case changed since its etag was read")]
    Changed,
    /// The passport of a customer names none.
    #[error("the passport's subject is not the id of a customer")]
    SubjectUnreadable,
    /// Fields break their rules.
    #[error(transparent)]
    Fields(#[from] InvalidFields),
    /// The page token is not ours.
    #[error(transparent)]
    Page(#[from] PageError),
    /// The database did not do what was asked.
    #[error(transparent)]
    Database(DbError),
}

impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        match error {
            // Only who would seal something is told so; what is read is shown without the words.
            DbError::Vault(VaultError::Erased) => Self::CustomerErased,
            error => Self::Database(error),
        }
    }
}

impl Error {
    /// What a refusal by the rules of cases means for a caller.
    #[must_use]
    pub fn refused(of: &Case, refused: Refusal) -> Self {
        let case = of.id;
        let levels = of
            .promise
            .as_ref()
            .map(|promise| promise.basis.clone())
            .unwrap_or_default();
        match refused {
            Refusal::State(refused) => Self::CaseState { case, refused },
            Refusal::ReopenPeriodOver { until } => Self::ReopenPeriodOver { case, until, levels },
            Refusal::AnswerMissing { channel } => Self::AnswerMissing { case, channel, levels },
            Refusal::CustomerNotSilent { until } => Self::CustomerNotSilent { case, until, levels },
        }
    }
}

/// A moment, as metadata say it (RFC 3339).
fn moment(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

/// The service levels do not allow it.
fn promised(case: CaseId, reason: CaseErrorReason, levels: &str, message: &'static str) -> Answer {
    refuse(Code::FailedPrecondition, reason, message)
        .with("standard_basis", levels)
        .precondition("SERVICE_LEVELS", case.to_string(), message)
}

fn refuse(code: Code, reason: CaseErrorReason, message: &'static str) -> Answer {
    Answer::new(code, DOMAIN, reason.as_str_name(), message)
}

impl ServiceError for Error {
    fn answer(&self) -> Answer {
        match self {
            Self::CaseNotFound => refuse(Code::NotFound, CaseErrorReason::CaseNotFound, "no such case"),
            Self::CaseState { case, refused } => {
                let state = refused.state.to_wire().as_str_name();
                let message = "the case's state does not allow it";
                refuse(Code::FailedPrecondition, CaseErrorReason::CaseState, message)
                    .with("state", state)
                    .with("action", refused.action.as_str())
                    .precondition("CASE_STATE", case.to_string(), refused.to_string())
            }
            Self::ReopenPeriodOver { case, until, levels } => {
                let message = "the time in which the customer may open the case again is over";
                promised(*case, CaseErrorReason::ReopenPeriodOver, levels, message).with("until", moment(*until))
            }
            Self::AnswerMissing { case, channel, levels } => {
                let message = "staff has not said anything in the case";
                promised(*case, CaseErrorReason::AnswerMissing, levels, message)
                    .with("channel", channel.to_wire().as_str_name())
            }
            Self::CustomerNotSilent { case, until, levels } => {
                let message = "the customer has not been silent for long enough";
                let answer = promised(*case, CaseErrorReason::CustomerNotSilent, levels, message);
                match until {
                    Some(until) => answer.with("until", moment(*until)),
                    None => answer,
                }
            }
            Self::CustomerMissing => refuse(
                Code::InvalidArgument,
                CaseErrorReason::CustomerMissing,
                "staff must say whose case it is",
            )
            .violation(Violation::new("customer_id", "must be set by staff")),
            Self::CustomerErased => refuse(
                Code::FailedPrecondition,
                CaseErrorReason::CustomerErased,
                "the customer was erased",
            ),
            Self::CustomerNotSelf => {
                let message = "a customer may open cases for no one else";
                refuse(Code::PermissionDenied, CaseErrorReason::CustomerNotSelf, message)
            }
            Self::CustomerElsewhere => {
                InvalidFields::from(Violation::new("customer_id", "lives in another region")).answer()
            }
            Self::CloseReasonNotAllowed { reason } => {
                let message = "this kind of caller may not give this reason";
                refuse(Code::PermissionDenied, CaseErrorReason::CloseReasonNotAllowed, message)
                    .with("close_reason", reason.to_wire().as_str_name())
            }
            Self::Changed => Answer::conflict(),
            Self::SubjectUnreadable => Answer::common(
                Code::Unauthenticated,
                CommonErrorReason::CredentialsInvalid,
                "the passport's subject is not the id of a customer",
            ),
            Self::Fields(error) => error.answer(),
            Self::Page(PageError) => Answer::common(
                Code::InvalidArgument,
                CommonErrorReason::PageTokenInvalid,
                "the page token is not one that this list gave for these arguments",
            ),
            Self::Database(error) => error.answer(),
        }
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        into_status(error)
    }
}
