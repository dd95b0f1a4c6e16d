//! How this service refuses.

mod answers;

use std::time::Duration;

use support_chassis::call;
use support_chassis::db::DbError;
use support_chassis::error::{Answer, InvalidFields, ServiceError, into_status};
use support_chassis::page::PageError;
use support_proto::support::identity::v1::IdentityErrorReason as Reason;
use tonic::{Code, Status};

use crate::api::present;
use crate::domain::delegation::{Fault, Refusal};
use crate::domain::erasure::{ErasureState, NotDecided};
use crate::domain::grant::Assurance;
use crate::domain::ids::{LocationId, VerificationId};
use crate::domain::machine::State;
use crate::keys::{AssertionRefused, SealBroken, TokenError};
use crate::ops::NotAccepted;
use crate::webauthn::PasskeyRefused;

/// The domain of this service's reasons.
pub const DOMAIN: &str = "support.identity.v1";

/// Everything that this service answers with instead of what was asked for. No variant holds a person's data.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// Fields break rules that the contract cannot state.
    #[error(transparent)]
    Invalid(#[from] InvalidFields),
    /// No such customer, or not one the caller may see.
    #[error("no such customer")]
    CustomerNotFound,
    /// The contact point belongs to another customer.
    #[error("the contact point belongs to another customer")]
    ContactPointTaken,
    /// No such contact point of the customer.
    #[error("no such contact point of the customer")]
    ContactPointNotFound,
    /// No other contact point proves the customer to be themselves.
    #[error("no other contact point proves the customer to be themselves")]
    LastContactPoint,
    /// The record changed since its etag was read.
    #[error("the record has changed since it was read")]
    Conflict,
    /// No such verification.
    #[error("no such verification")]
    VerificationNotFound,
    /// The verification has ended.
    #[error("verification {id} is {}", .state.as_str())]
    VerificationNotOpen {
        /// Which.
        id: VerificationId,
        /// How.
        state: State,
    },
    /// Not the code that was sent.
    #[error("not the code that was sent")]
    CodeWrong {
        /// How many more can be tried.
        checks_left: i16,
    },
    /// No checks are left.
    #[error("no checks are left")]
    TooManyChecks,
    /// No sends are left for this verification or, for now, this contact point.
    #[error("no sends are left")]
    TooManySends {
        /// When a code can be sent again to this contact point; none where the verification itself has no sends left.
        retry_after: Option<Duration>,
    },
    /// No such grant, or not one the caller may see.
    #[error("no such grant")]
    GrantNotFound,
    /// The client's secret is wrong, or it has none.
    #[error("the client is refused")]
    ClientRefused,
    /// No such client.
    #[error("no such client")]
    ClientUnknown,
    /// No such client to be read or changed.
    #[error("no such client")]
    ClientNotFound,
    /// What the client signed is not believed.
    #[error("what the client signed is not believed: {0}")]
    AssertionRefused(AssertionRefused),
    /// The keys of the client cannot be fetched from where they are published.
    #[error("the keys of the client cannot be fetched")]
    ClientKeysUnreachable,
    /// The connection shows no certificate of the client's.
    #[error("the connection shows no certificate of the client's")]
    CertificateWrong,
    /// The client is suspended.
    #[error("the client is suspended")]
    ClientSuspended,
    /// The client may not have a scope it asks for.
    #[error("the client may not have the scope {scope}")]
    ScopeNotGranted {
        /// Which.
        scope: String,
    },
    /// The client may not act for a location it asks for.
    #[error("the client may not act for the location {location}")]
    LocationNotGranted {
        /// Which.
        location: LocationId,
    },
    /// People call through this client, and the token names none.
    #[error("the token names no technician")]
    TechnicianMissing,
    /// Messages are sent for real here.
    #[error("messages are sent for real here")]
    LocalOutboxDisabled,
    /// Only staff may name a customer by id to verify.
    #[error("only staff may name a customer by id")]
    SubjectNotAllowed,
    /// The rules do not take the method for the purpose.
    #[error("the rules do not take this for {}", .0.purpose.as_str())]
    MethodNotAccepted(Box<NotAccepted>),
    /// What was brought proves nothing.
    #[error("what was brought proves nothing")]
    FactorWrong {
        /// How many more can be tried.
        checks_left: i16,
    },
    /// Too many failures.
    #[error("too many failures: nothing is looked at for now")]
    FactorWait {
        /// For how long.
        retry_after: Duration,
    },
    /// No such authenticator, or not one the caller may see.
    #[error("no such authenticator")]
    AuthenticatorNotFound,
    /// What was brought to confirm an authenticator does not.
    #[error("the authenticator is refused")]
    AuthenticatorRefused,
    /// The customer has as many as can be.
    #[error("the customer has {limit} authenticators of this kind")]
    TooManyAuthenticators {
        /// How many can be.
        limit: i64,
    },
    /// Who has authenticators changes them only in a session of AAL2.
    #[error("authenticators are changed in a session of AAL2")]
    StepUpNeeded,
    /// The device has not answered yet.
    #[error("the device has not answered yet")]
    PushPending,
    /// No such prompt of this device, or it has ended.
    #[error("no such prompt")]
    PromptNotFound,
    /// The session's grant has ended.
    #[error("the grant has ended")]
    GrantEnded,
    /// No verification of the level asked for stands for this case.
    #[error("the customer's data stays masked")]
    DisclosureRefused {
        /// The level.
        needed: Assurance,
    },
    /// No such organisation.
    #[error("no such organisation")]
    OrganisationNotFound,
    /// No such membership, or not one the caller may end.
    #[error("no such membership")]
    MembershipNotFound,
    /// No such delegation, or not one the caller may see.
    #[error("no such delegation")]
    DelegationNotFound,
    /// They may not act in this customer's name.
    #[error("they may not act for the customer: {}", .cause.as_str())]
    DelegationRefused {
        /// Why.
        cause: Refusal,
    },
    /// The rules do not allow the delegation.
    #[error("the rules do not allow the delegation: {}", .cause.as_str())]
    DelegationNotAllowed {
        /// Why.
        cause: Fault,
        /// What the rules are made of.
        basis: String,
    },
    /// The customer was not verified for it, or not surely enough.
    #[error("the customer's consent does not stand")]
    DelegationConsentMissing {
        /// How surely they must be known.
        needed: Assurance,
    },
    /// There is nothing to clear.
    #[error("verification {id} is not blocked, but {}", .state.as_str())]
    VerificationNotBlocked {
        /// Which.
        id: VerificationId,
        /// How it is.
        state: State,
    },
    /// Whoever started a verification does not clear it.
    #[error("whoever started a verification does not clear it")]
    ReviewerInvolved,
    /// No such erasure, or not one the caller may see.
    #[error("no such erasure")]
    ErasureNotFound,
    /// The erasure is decided already.
    #[error("the erasure is {}", .0.as_str())]
    ErasureNotRequested(ErasureState),
    /// Who asked for an erasure cannot approve it.
    #[error("who asked for it cannot approve it")]
    SecondPersonNeeded,
    /// A passkey's ceremony could not begin.
    #[error("a ceremony could not begin")]
    Ceremony(#[from] PasskeyRefused),
    /// What the method, or the rules of what is changed, demand of whoever calls for the customer.
    #[error(transparent)]
    Refused(#[from] call::Refusal),
    /// The page token is not one of this list.
    #[error(transparent)]
    Page(#[from] PageError),
    /// The database did not do what was asked.
    #[error("the database did not do what was asked")]
    Database(#[source] DbError),
    /// A token could not be signed.
    #[error("a token could not be signed")]
    Token(#[from] TokenError),
    /// A code could not be sealed.
    #[error("a code could not be sealed")]
    Seal(#[from] SealBroken),
    /// Something that the code rules out has happened.
    #[error("impossible: {0}")]
    Impossible(&'static str),
}

impl From<DbError> for IdentityError {
    fn from(error: DbError) -> Self {
        match error.constraint() {
            Some("contact_lookups_hash_key") => Self::ContactPointTaken,
            // A credential that is bound already, to whomever.
            Some("authenticators_credential_key") => Self::AuthenticatorRefused,
            // Two additions to one customer: the lock on the customer rules it out, and if it did not, it is a lost race.
            Some("contact_points_customer_ordinal_key") => Self::Conflict,
            _ => Self::Database(error),
        }
    }
}

impl From<NotDecided> for IdentityError {
    fn from(error: NotDecided) -> Self {
        match error {
            NotDecided::NotRequested(state) => Self::ErasureNotRequested(state),
            NotDecided::SamePerson => Self::SecondPersonNeeded,
        }
    }
}

impl From<sqlx::Error> for IdentityError {
    fn from(error: sqlx::Error) -> Self {
        DbError::from(error).into()
    }
}

impl ServiceError for IdentityError {
    fn answer(&self) -> Answer {
        let refuse = |code, reason: Reason, message| Answer::new(code, DOMAIN, reason.as_str_name(), message);
        match self {
            Self::Invalid(error) => error.answer(),
            Self::CustomerNotFound => refuse(Code::NotFound, Reason::CustomerNotFound, "no such customer"),
            Self::Conflict => Answer::conflict(),
            Self::VerificationNotFound => refuse(Code::NotFound, Reason::VerificationNotFound, "no such verification"),
            Self::VerificationNotOpen { id, state } => {
                let state = present::state(*state).as_str_name();
                refuse(
                    Code::FailedPrecondition,
                    Reason::VerificationNotOpen,
                    "the verification has ended",
                )
                .with("state", state)
                .precondition("VERIFICATION_STATE", id.to_string(), state)
            }
            Self::CodeWrong { checks_left } => {
                refuse(Code::PermissionDenied, Reason::CodeWrong, "not the code that was sent")
                    .with("checks_left", checks_left.to_string())
            }
            Self::TooManyChecks => refuse(Code::ResourceExhausted, Reason::TooManyChecks, "no checks are left"),
            Self::TooManySends { retry_after } => {
                let answer = refuse(Code::ResourceExhausted, Reason::TooManySends, "no sends are left");
                match retry_after {
                    Some(delay) => answer.retry_after(*delay),
                    None => answer,
                }
            }
            Self::GrantNotFound => refuse(Code::NotFound, Reason::GrantNotFound, "no such grant"),
            Self::ClientRefused
            | Self::ClientUnknown
            | Self::ClientNotFound
            | Self::AssertionRefused(_)
            | Self::ClientKeysUnreachable
            | Self::CertificateWrong
            | Self::ClientSuspended
            | Self::ScopeNotGranted { .. }
            | Self::LocationNotGranted { .. }
            | Self::TechnicianMissing => self.answer_of_clients(),
            Self::LocalOutboxDisabled => refuse(
                Code::FailedPrecondition,
                Reason::LocalOutboxDisabled,
                "messages are sent for real here",
            )
            .precondition("OUTBOX", "local outbox", "disabled"),
            Self::SubjectNotAllowed => refuse(
                Code::PermissionDenied,
                Reason::SubjectNotAllowed,
                "only staff may name a customer by id",
            ),
            Self::MethodNotAccepted(told) => {
                let purpose = present::purpose(told.purpose).as_str_name();
                let methods: Vec<_> = told
                    .methods
                    .iter()
                    .map(|method| present::method(*method).as_str_name())
                    .collect();
                let assurance = told.assurance.map(|asked| present::assurance(asked).as_str_name());
                refuse(
                    Code::FailedPrecondition,
                    Reason::MethodNotAccepted,
                    "the rules do not take this for this purpose",
                )
                .with("purpose", purpose)
                .with("assurance", assurance.unwrap_or_default())
                .with("methods", methods.join(","))
                .with("standard_basis", &told.basis)
                .precondition("VERIFICATION_POLICY", purpose, "the method is not accepted")
            }
            Self::FactorWrong { .. }
            | Self::FactorWait { .. }
            | Self::AuthenticatorNotFound
            | Self::AuthenticatorRefused
            | Self::TooManyAuthenticators { .. }
            | Self::StepUpNeeded
            | Self::PushPending
            | Self::PromptNotFound
            | Self::GrantEnded => self.answer_of_factors(),
            Self::ContactPointTaken
            | Self::ContactPointNotFound
            | Self::LastContactPoint
            | Self::DisclosureRefused { .. }
            | Self::OrganisationNotFound
            | Self::MembershipNotFound => self.answer_of_people(),
            Self::DelegationNotFound
            | Self::DelegationRefused { .. }
            | Self::DelegationNotAllowed { .. }
            | Self::DelegationConsentMissing { .. } => self.answer_of_delegations(),
            Self::VerificationNotBlocked { .. } | Self::ReviewerInvolved => self.answer_of_risk(),
            Self::ErasureNotFound | Self::ErasureNotRequested(_) | Self::SecondPersonNeeded => {
                self.answer_of_erasures()
            }
            Self::Refused(refusal) => refusal.answer(),
            Self::Page(error) => error.answer(),
            Self::Database(error) => error.answer(),
            Self::Token(_) | Self::Seal(_) | Self::Ceremony(_) | Self::Impossible(_) => Answer::internal(),
        }
    }
}

impl From<IdentityError> for Status {
    fn from(error: IdentityError) -> Self {
        into_status(error)
    }
}
