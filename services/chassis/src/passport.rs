//! The passport: a short-lived token that says who calls.
//!
//! The gateway authenticates a caller once and signs what it found (JWT, `EdDSA` over Ed25519); services check the
//! signature themselves and trust no other header. A service that calls another carries the caller's passport on in
//! [`PASSPORT_HEADER`] and its own beside it in [`ACTOR_HEADER`]; on its own account it shows its own alone.
//!
//! [`Signer`] signs, [`Trust`] verifies: no database, no I/O, and a signature is checked once for the many calls that
//! carry it. Whom a signer may speak for hangs on its [`Role`]: the gateway for anyone, a service for itself alone, so
//! that a stolen key of one service opens nothing in a customer's name.

mod keys;
mod signer;
mod trust;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use support_proto::support::options::v1::{AssuranceLevel, CallerKind};
use support_proto::support::types::v1::CommonErrorReason;
use tonic::Code;

pub use keys::{KeyError, key_id, public_key, signing_key};
pub use signer::{SignError, Signer};
pub use trust::{Identity, Role, Trust, Trusted};

use crate::call::{Bounds, Caller, Certificate, ShownGrant};
use crate::error::{Answer, ServiceError};

/// The metadata key of the caller's passport.
pub const PASSPORT_HEADER: &str = "x-support-passport";
/// The metadata key of the passport of the service that acts for the caller.
pub const ACTOR_HEADER: &str = "x-support-actor";

/// What a passport says, as the claims of a JWT (RFC 7519).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Passport {
    /// Who signed it: the gateway's or a service's name.
    pub iss: String,
    /// Who calls: a customer id, the subject of a member of staff, a client id, a service's name.
    pub sub: String,
    /// What kind of caller it is.
    pub kind: Kind,
    /// The organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub org: Option<String>,
    /// What the caller has been granted.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub scopes: BTreeSet<String>,
    /// How surely the caller was recognised: 0 (not) to 3.
    #[serde(default)]
    pub aal: u8,
    /// The region the caller calls from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The grant it stands on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<String>,
    /// By what a customer has proven who they are (RFC 8176, section 1, with our own names).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// What a customer was verified for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// The case that a customer was verified for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    /// Who acts in a customer's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegate: Option<String>,
    /// The locations that a partner calls for; empty for its whole organisation.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub locations: BTreeSet<String>,
    /// The person who calls for a partner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub technician: Option<String>,
    /// The certificate of the caller's connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cert: Option<Certificate>,
    /// The customer's grant that a member of staff shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<ShownGrant>,
    /// Its own id, for the audit trail.
    pub jti: String,
    /// When it was signed, in seconds since 1970.
    pub iat: i64,
    /// When it ends, in seconds since 1970.
    pub exp: i64,
}

/// The kind of caller in a passport.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Someone who has not said who they are.
    Anonymous,
    /// A verified customer.
    Customer,
    /// A member of staff.
    Staff,
    /// A partner's system.
    Partner,
    /// Someone who runs the system.
    Operator,
    /// Another service.
    Service,
}

impl Kind {
    fn of(kind: CallerKind) -> Option<Self> {
        match kind {
            CallerKind::Unspecified => None,
            CallerKind::Anonymous => Some(Self::Anonymous),
            CallerKind::Customer => Some(Self::Customer),
            CallerKind::Staff => Some(Self::Staff),
            CallerKind::Partner => Some(Self::Partner),
            CallerKind::Operator => Some(Self::Operator),
            CallerKind::Service => Some(Self::Service),
        }
    }
}

impl From<Kind> for CallerKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Anonymous => Self::Anonymous,
            Kind::Customer => Self::Customer,
            Kind::Staff => Self::Staff,
            Kind::Partner => Self::Partner,
            Kind::Operator => Self::Operator,
            Kind::Service => Self::Service,
        }
    }
}

impl Passport {
    /// The caller that it describes.
    #[must_use]
    pub fn caller(&self) -> Caller {
        Caller {
            kind: self.kind.into(),
            subject: self.sub.clone(),
            organisation: self.org.clone(),
            scopes: self.scopes.clone(),
            assurance: AssuranceLevel::try_from(i32::from(self.aal)).unwrap_or(AssuranceLevel::Unspecified),
            region: self.region.clone(),
            grant_id: self.grant.clone(),
            bounds: Bounds {
                methods: self.amr.clone(),
                purpose: self.purpose.clone(),
                case_id: self.case.clone(),
                delegate: self.delegate.clone(),
                locations: self.locations.clone(),
                technician: self.technician.clone(),
                certificate: self.cert.clone(),
                // Of others it says nothing.
                shown: self.shown.clone().filter(|_| self.kind == Kind::Staff),
            },
        }
    }
}

/// Why a call's passport is not believed. UNAUTHENTICATED. The words do not help a forger: they say no more than the
/// three reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PassportError {
    /// There is none.
    #[error("the call carries no passport")]
    Missing,
    /// It was good and has run out.
    #[error("the passport has run out")]
    Expired,
    /// It is not a token, its signature is wrong, its signer unknown, or the signer may not speak for this caller.
    #[error("the passport is not valid: {0}")]
    Invalid(&'static str),
}

impl ServiceError for PassportError {
    fn answer(&self) -> Answer {
        match self {
            Self::Missing => Answer::common(
                Code::Unauthenticated,
                CommonErrorReason::CredentialsMissing,
                "the call carries no credentials",
            ),
            Self::Expired => Answer::common(
                Code::Unauthenticated,
                CommonErrorReason::CredentialsExpired,
                "the credentials ran out",
            ),
            Self::Invalid(_) => Answer::common(
                Code::Unauthenticated,
                CommonErrorReason::CredentialsInvalid,
                "the credentials are not valid",
            ),
        }
    }
}
