//! Why a token opens nothing.

use support_chassis::call::{GrantCause, Refusal};
use support_chassis::error::{Answer, ServiceError};
use support_chassis::passport::PassportError;
use support_proto::support::types::v1::CommonErrorReason;
use tonic::Code;

/// Why a token opens nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    /// It is not good.
    #[error(transparent)]
    Token(#[from] PassportError),
    /// It is bound to a certificate that the connection does not show.
    #[error("it is bound to a certificate that the connection does not show")]
    Certificate,
    /// The customer's grant that is shown beside it does not do.
    #[error("the grant that is shown beside it does not do: {0}")]
    Grant(GrantCause),
    /// The client it was given to is suspended.
    #[error("the client it was given to is suspended")]
    Suspended,
    /// Nobody can say whether it is good: the keys that it may be signed with have never been had. To answer
    /// UNAUTHENTICATED would make programs throw away good tokens.
    #[error("the keys of {service} have not been fetched yet")]
    NoKeys {
        /// Whose keys.
        service: &'static str,
    },
}

impl ServiceError for Refused {
    fn answer(&self) -> Answer {
        match self {
            Self::Token(error) => error.answer(),
            Self::Certificate => Answer::common(
                Code::Unauthenticated,
                CommonErrorReason::CertificateMismatch,
                "the token is bound to a certificate that the connection does not show",
            ),
            Self::Grant(cause) => Refusal::GrantRefused(*cause).answer(),
            Self::Suspended => Answer::common(
                Code::PermissionDenied,
                CommonErrorReason::ClientSuspended,
                "the client is suspended",
            ),
            Self::NoKeys { service } => Answer::dependency_unavailable(*service),
        }
    }
}
