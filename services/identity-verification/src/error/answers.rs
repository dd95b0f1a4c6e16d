//! What callers read of refusals, by what they are about.

use std::time::Duration;

use support_chassis::error::Answer;
use support_proto::support::identity::v1::IdentityErrorReason as Reason;
use support_proto::support::options::v1::AssuranceLevel;
use tonic::Code;

use super::{DOMAIN, IdentityError};
use crate::api::present;

impl IdentityError {
    pub(super) fn answer_of_people(&self) -> Answer {
        let refuse = |code, reason: Reason, message| Answer::new(code, DOMAIN, reason.as_str_name(), message);
        match self {
            Self::ContactPointTaken => refuse(
                Code::AlreadyExists,
                Reason::ContactPointTaken,
                "the contact point belongs to another customer",
            ),
            Self::ContactPointNotFound => refuse(
                Code::NotFound,
                Reason::ContactPointNotFound,
                "no such contact point of the customer",
            ),
            Self::LastContactPoint => refuse(
                Code::FailedPrecondition,
                Reason::LastContactPoint,
                "no other contact point proves the customer to be themselves",
            )
            .precondition("CONTACT_POINT", "contact_point", "the last"),
            Self::DisclosureRefused { needed } => refuse(
                Code::PermissionDenied,
                Reason::DisclosureRefused,
                "no verification of the level asked for stands for this case",
            )
            .with("required_level", present::assurance(*needed).as_str_name()),
            Self::OrganisationNotFound => refuse(Code::NotFound, Reason::OrganisationNotFound, "no such organisation"),
            Self::MembershipNotFound => refuse(Code::NotFound, Reason::MembershipNotFound, "no such membership"),
            _ => Answer::internal(),
        }
    }

    pub(super) fn answer_of_delegations(&self) -> Answer {
        let refuse = |code, reason: Reason, message| Answer::new(code, DOMAIN, reason.as_str_name(), message);
        match self {
            Self::DelegationNotFound => refuse(Code::NotFound, Reason::DelegationNotFound, "no such delegation"),
            Self::DelegationRefused { cause } => refuse(
                Code::PermissionDenied,
                Reason::DelegationRefused,
                "they may not act in this customer's name",
            )
            .with("cause", cause.as_str()),
            Self::DelegationNotAllowed { cause, basis } => refuse(
                Code::FailedPrecondition,
                Reason::DelegationNotAllowed,
                "the rules do not allow the delegation",
            )
            .with("cause", cause.as_str())
            .with("standard_basis", basis)
            .precondition("VERIFICATION_POLICY", "delegations", cause.as_str()),
            Self::DelegationConsentMissing { needed } => refuse(
                Code::PermissionDenied,
                Reason::DelegationConsentMissing,
                "the customer has not been verified for this",
            )
            .with("required_level", present::assurance(*needed).as_str_name()),
            _ => Answer::internal(),
        }
    }

    pub(super) fn answer_of_clients(&self) -> Answer {
        let refuse = |code, reason: Reason, message| Answer::new(code, DOMAIN, reason.as_str_name(), message);
        match self {
            Self::ClientUnknown => refuse(Code::Unauthenticated, Reason::ClientUnknown, "no such client"),
            Self::ClientRefused => refuse(Code::Unauthenticated, Reason::ClientRefused, "the client is refused"),
            Self::ClientNotFound => refuse(Code::NotFound, Reason::ClientNotFound, "no such client"),
            Self::AssertionRefused(cause) => refuse(
                Code::Unauthenticated,
                Reason::ClientAssertionRefused,
                "what the client signed is not believed",
            )
            .with("cause", cause.to_string()),
            Self::ClientKeysUnreachable => refuse(
                Code::Unavailable,
                Reason::ClientKeysUnreachable,
                "the keys of the client cannot be fetched",
            )
            .retry_after(Duration::from_secs(5)),
            Self::CertificateWrong => refuse(
                Code::Unauthenticated,
                Reason::ClientCertificateWrong,
                "the connection shows no certificate of the client's",
            ),
            Self::ClientSuspended => refuse(
                Code::PermissionDenied,
                Reason::ClientSuspended,
                "the client is suspended",
            ),
            Self::ScopeNotGranted { scope } => refuse(
                Code::PermissionDenied,
                Reason::ScopeNotGranted,
                "the client may not have a scope it asks for",
            )
            .with("scope", scope),
            Self::LocationNotGranted { location } => refuse(
                Code::PermissionDenied,
                Reason::LocationNotGranted,
                "the client may not act for a location it asks for",
            )
            .with("location", location.to_string()),
            Self::TechnicianMissing => refuse(
                Code::FailedPrecondition,
                Reason::TechnicianMissing,
                "people call through this client: the token must name the technician",
            )
            .precondition("PARTNER_CLIENT", "technician", "is missing"),
            // Those above are all that come here.
            _ => Answer::internal(),
        }
    }

    pub(super) fn answer_of_risk(&self) -> Answer {
        let refuse = |code, reason: Reason, message| Answer::new(code, DOMAIN, reason.as_str_name(), message);
        match self {
            Self::VerificationNotBlocked { id, state } => {
                let state = present::state(*state).as_str_name();
                refuse(
                    Code::FailedPrecondition,
                    Reason::VerificationNotBlocked,
                    "the verification is not blocked",
                )
                .with("state", state)
                .precondition("VERIFICATION_STATE", id.to_string(), state)
            }
            Self::ReviewerInvolved => refuse(
                Code::PermissionDenied,
                Reason::ReviewerInvolved,
                "whoever started a verification does not clear it",
            ),
            _ => Answer::internal(),
        }
    }

    pub(super) fn answer_of_erasures(&self) -> Answer {
        let refuse = |code, reason: Reason, message| Answer::new(code, DOMAIN, reason.as_str_name(), message);
        match self {
            Self::ErasureNotFound => refuse(Code::NotFound, Reason::ErasureNotFound, "no such erasure"),
            Self::ErasureNotRequested(state) => {
                let state = present::erasure_state(*state).as_str_name();
                refuse(
                    Code::FailedPrecondition,
                    Reason::ErasureNotRequested,
                    "the erasure is decided already",
                )
                .with("state", state)
                .precondition("ERASURE_STATE", "erasure", state)
            }
            Self::SecondPersonNeeded => refuse(
                Code::PermissionDenied,
                Reason::SecondPersonNeeded,
                "who asked for it cannot approve it",
            ),
            _ => Answer::internal(),
        }
    }

    pub(super) fn answer_of_factors(&self) -> Answer {
        let refuse = |code, reason: Reason, message| Answer::new(code, DOMAIN, reason.as_str_name(), message);
        match self {
            Self::FactorWrong { checks_left } => refuse(
                Code::PermissionDenied,
                Reason::FactorWrong,
                "what was brought proves nothing",
            )
            .with("checks_left", checks_left.to_string()),
            Self::FactorWait { retry_after } => refuse(
                Code::ResourceExhausted,
                Reason::FactorWait,
                "too many failures, nothing is looked at for now",
            )
            .retry_after(*retry_after),
            Self::AuthenticatorNotFound => {
                refuse(Code::NotFound, Reason::AuthenticatorNotFound, "no such authenticator")
            }
            Self::AuthenticatorRefused => refuse(
                Code::FailedPrecondition,
                Reason::AuthenticatorRefused,
                "the authenticator is refused",
            )
            .precondition("AUTHENTICATOR", "authenticator", "not confirmed"),
            Self::TooManyAuthenticators { limit } => refuse(
                Code::FailedPrecondition,
                Reason::TooManyAuthenticators,
                "there are as many authenticators of this kind as can be",
            )
            .with("limit", limit.to_string())
            .precondition("AUTHENTICATOR", "authenticators", "full"),
            Self::StepUpNeeded => refuse(
                Code::PermissionDenied,
                Reason::StepUpNeeded,
                "authenticators are changed in a session of AAL2",
            )
            .with("required_level", AssuranceLevel::Aal2.as_str_name()),
            Self::PushPending => refuse(
                Code::FailedPrecondition,
                Reason::PushPending,
                "the device has not answered yet",
            )
            .precondition("PROMPT", "prompt", "pending"),
            Self::PromptNotFound => refuse(Code::NotFound, Reason::PromptNotFound, "no such prompt"),
            Self::GrantEnded => refuse(Code::FailedPrecondition, Reason::GrantEnded, "the grant has ended")
                .precondition("GRANT", "grant", "ended"),
            _ => Answer::internal(),
        }
    }
}
