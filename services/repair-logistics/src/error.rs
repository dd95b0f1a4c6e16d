//! Why this service refuses, each with its code and reason.

use std::time::Duration;

use support_chassis::call::Refusal;
use support_chassis::db::DbError;
use support_chassis::error::{Answer, InvalidFields, PeerError, ServiceError, Violation, into_status};
use support_chassis::page::PageError;
use support_chassis::vault::VaultError;
use support_proto::support::repair::v1::RepairErrorReason as Reason;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tonic::{Code, Status};

use crate::domain::payment::Pays;
use crate::domain::procedures::KindNotAllowed;
use crate::domain::provider::ProductLine;
use crate::domain::repair::{RepairId, StepRefused};
use crate::domain::state::{NotAllowed, Verb};
use crate::store::{providers, repairs};
use crate::wire;

/// The domain of this service's reasons.
const DOMAIN: &str = "support.repair.v1";

/// When to ask again about a case that is not known: news of a case takes some milliseconds to come here.
pub const RETRY_AFTER_UNKNOWN_CASE: Duration = Duration::from_millis(500);

/// Why a call is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such provider, or not one of the caller's organisation.
    #[error("no such provider")]
    ProviderNotFound,
    /// A provider with this code exists.
    #[error("a provider with this code exists")]
    ProviderExists,
    /// No such repair, or not one the caller may see.
    #[error("no such repair")]
    RepairNotFound,
    /// The repair's state does not allow it.
    #[error("the repair's state does not allow it")]
    RepairState {
        /// The repair.
        repair: RepairId,
        /// What the state machine refused.
        refused: NotAllowed,
    },
    /// The repair changed since its etag was read.
    #[error("the repair changed since its etag was read")]
    Changed,
    /// Others take what was granted, again and again.
    #[error("others take what was granted")]
    Overtaken,
    /// No device has this serial number.
    #[error("no device has this serial number")]
    DeviceNotFound,
    /// Warranty refuses the repair.
    #[error("the repair is refused by the terms of coverage")]
    CoverageRefused,
    /// More is to be paid than the customer has agreed to.
    #[error("more is to be paid than the customer has agreed to")]
    PriceNotAgreed(Pays),
    /// The provider does not repair this product line.
    #[error("the provider does not repair this product line")]
    ProductLineNotRepaired(ProductLine),
    /// By the procedures, a place of this kind does not repair this product line.
    #[error("a place of this kind does not repair this product line")]
    ProviderKindNotAllowed(KindNotAllowed),
    /// The order may not be begun any more since then.
    #[error("the order is too old")]
    OrderExpired(OffsetDateTime),
    /// By the procedures, the step is only taken with a note.
    #[error("the step is only taken with a note")]
    NoteRequired(Verb),
    /// The organisation has a repair with this reference.
    #[error("the organisation has a repair with this partner reference")]
    PartnerReferenceTaken,
    /// What the method, or the rules of what is changed, demand of whoever calls for the customer.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// No such case, as far as this service has heard.
    #[error("no such case is known")]
    CaseNotFound,
    /// The customer whose case it is was erased.
    #[error("the customer was erased")]
    CustomerErased,
    /// Fields break their rules.
    #[error(transparent)]
    InvalidFields(#[from] InvalidFields),
    /// The page token is none of this list.
    #[error(transparent)]
    Page(#[from] PageError),
    /// Another service did not give what was asked for.
    #[error("a peer did not answer as asked")]
    Peer(#[source] PeerError),
    /// Another service's answer lacks what its contract promises.
    #[error("answer of {service} has no valid {field}")]
    PeerAnswer {
        /// The service.
        service: &'static str,
        /// What is missing or wrong.
        field: &'static str,
    },
    /// The database did not do what was asked.
    #[error("database")]
    Database(#[source] DbError),
}

impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        match error.constraint() {
            Some(providers::CODE_KEY) => Self::ProviderExists,
            Some(repairs::CASE_FKEY) => Self::CaseNotFound,
            Some(repairs::PARTNER_REFERENCE_KEY) => Self::PartnerReferenceTaken,
            // Only who would seal something is told so; what is read is shown without the words.
            _ if matches!(error, DbError::Vault(VaultError::Erased)) => Self::CustomerErased,
            _ => Self::Database(error),
        }
    }
}

impl From<KindNotAllowed> for Error {
    fn from(refused: KindNotAllowed) -> Self {
        Self::ProviderKindNotAllowed(refused)
    }
}

impl Error {
    /// Why a step of `repair` is not taken.
    #[must_use]
    pub fn of_step(repair: RepairId, refused: StepRefused) -> Self {
        match refused {
            StepRefused::State(refused) => Self::RepairState { repair, refused },
            StepRefused::OrderExpired(valid_until) => Self::OrderExpired(valid_until),
            StepRefused::NoteRequired(verb) => Self::NoteRequired(verb),
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
        let of = |code, reason: Reason| Answer::new(code, DOMAIN, reason.as_str_name(), self.to_string());
        match self {
            Self::ProviderNotFound => of(Code::NotFound, Reason::ProviderNotFound),
            Self::ProviderExists => of(Code::AlreadyExists, Reason::ProviderExists),
            Self::RepairNotFound => of(Code::NotFound, Reason::RepairNotFound),
            Self::RepairState { repair, refused } => {
                let state = wire::state(refused.state).as_str_name();
                of(Code::FailedPrecondition, Reason::RepairState)
                    .with("state", state)
                    .with("action", refused.verb.as_str())
                    .precondition("REPAIR_STATE", repair.to_string(), state)
            }
            Self::Refused(refusal) => refusal.answer(),
            Self::Changed | Self::Overtaken => Answer::conflict(),
            Self::DeviceNotFound => of(Code::FailedPrecondition, Reason::DeviceNotFound),
            Self::CoverageRefused => of(Code::FailedPrecondition, Reason::CoverageRefused),
            Self::PriceNotAgreed(pays) => {
                let (currency, minor) = match pays {
                    Pays::Amount(amount) => (amount.currency.clone(), amount.minor.to_string()),
                    Pays::Nothing | Pays::Unknown => (String::new(), String::new()),
                };
                of(Code::FailedPrecondition, Reason::PriceNotAgreed)
                    .with("currency_code", currency)
                    .with("minor_units", minor)
            }
            Self::ProductLineNotRepaired(line) => of(Code::FailedPrecondition, Reason::ProductLineNotRepaired)
                .with("product_line", wire::product_line(*line).as_str_name()),
            Self::ProviderKindNotAllowed(refused) => of(Code::FailedPrecondition, Reason::ProviderKindNotAllowed)
                .with("product_line", wire::product_line(refused.line).as_str_name())
                .with("provider_kind", wire::kind(refused.kind).as_str_name()),
            Self::OrderExpired(valid_until) => of(Code::FailedPrecondition, Reason::OrderExpired)
                .with("valid_until", valid_until.format(&Rfc3339).unwrap_or_default()),
            Self::NoteRequired(verb) => of(Code::InvalidArgument, Reason::NoteRequired)
                .with("action", verb.as_str())
                .violation(Violation::new("note", "must say why")),
            Self::PartnerReferenceTaken => of(Code::AlreadyExists, Reason::PartnerReferenceTaken),
            Self::CaseNotFound => {
                of(Code::FailedPrecondition, Reason::CaseNotFound).retry_after(RETRY_AFTER_UNKNOWN_CASE)
            }
            Self::CustomerErased => of(Code::FailedPrecondition, Reason::CustomerErased),
            Self::InvalidFields(error) => error.answer(),
            Self::Page(error) => error.answer(),
            Self::Peer(error) => error.answer(),
            Self::PeerAnswer { .. } => Answer::internal(),
            Self::Database(error) => error.answer(),
        }
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        into_status(error)
    }
}
