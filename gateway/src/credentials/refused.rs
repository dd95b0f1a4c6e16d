//! Why a token opens nothing.

use support_chassis::error::{Answer, ServiceError};
use support_chassis::passport::PassportError;

/// Why a token opens nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    /// It is not good.
    #[error(transparent)]
    Token(#[from] PassportError),
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
            Self::NoKeys { service } => Answer::dependency_unavailable(*service),
        }
    }
}
