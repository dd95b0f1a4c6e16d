//! Holds the options of a method against a caller. The gateway and every service call this one function.

use support_proto::policy::Policy;
use support_proto::support::options::v1::{AssuranceLevel, CallerKind};
use support_proto::support::types::v1::CommonErrorReason;
use tonic::{Code, Status};

use super::{Caller, ShownGrant};
use crate::error::{Answer, ServiceError, into_status};

/// Why a caller may not call a method. `PERMISSION_DENIED`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The method is not for such callers.
    #[error("this kind of caller may not call this method")]
    Kind {
        /// The kind, in short.
        kind: &'static str,
    },
    /// The scope was not granted.
    #[error("the caller lacks the scope of this method")]
    Scope {
        /// The scope.
        scope: &'static str,
    },
    /// The customer is not known surely enough.
    #[error("the customer must verify more strongly first")]
    Assurance {
        /// What is asked for.
        required: AssuranceLevel,
    },
    /// The customer was verified for something else.
    #[error("the customer was verified for another purpose")]
    Purpose {
        /// What for.
        held: String,
        /// What would do.
        wanted: Vec<String>,
    },
    /// The customer must do this in person.
    #[error("a delegate cannot do this for the customer")]
    Delegate,
    /// The customer was verified for another case.
    #[error("the customer was verified for another case")]
    Case {
        /// Which.
        held: String,
    },
    /// A member of staff shows no grant of the customer.
    #[error("the customer's grant must be shown")]
    GrantMissing {
        /// How surely the customer must be known.
        required: AssuranceLevel,
        /// For what they must have been verified; empty for any.
        purposes: Vec<String>,
    },
    /// The grant that a member of staff shows does not do.
    #[error("the grant that is shown does not do: {0}")]
    GrantRefused(GrantCause),
}

/// Why a grant that is shown does not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantCause {
    /// It is no token of ours.
    Malformed,
    /// It has run out.
    Expired,
    /// Somebody ended it.
    Revoked,
    /// It was given to another member of staff.
    AnotherAgent,
    /// The call is about another customer.
    AnotherCustomer,
    /// Only staff show one.
    NotStaff,
}

impl GrantCause {
    /// As errors spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::AnotherAgent => "another_agent",
            Self::AnotherCustomer => "another_customer",
            Self::NotStaff => "not_staff",
        }
    }
}

impl std::fmt::Display for GrantCause {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// What a customer's grant must be for something to be done by it.
#[derive(Debug, Clone, Copy)]
pub struct Needed<'a> {
    /// How surely the customer must be known.
    pub assurance: AssuranceLevel,
    /// For what they must have been verified, as tokens spell it; empty for any.
    pub purposes: &'static [&'static str],
    /// Which case it is about; none where it is about none.
    pub case_id: Option<&'a str>,
    /// Whether a delegate may stand in for them.
    pub delegates: bool,
}

impl ServiceError for Refusal {
    fn answer(&self) -> Answer {
        let refuse = |reason, message| Answer::common(Code::PermissionDenied, reason, message);
        match self {
            Self::Kind { kind } => refuse(
                CommonErrorReason::CallerKindNotAllowed,
                "this kind of caller may not call this method",
            )
            .with("caller_kind", *kind),
            Self::Scope { scope } => refuse(
                CommonErrorReason::ScopeMissing,
                "the caller lacks the scope of this method",
            )
            .with("scope", *scope),
            Self::Assurance { required } => refuse(
                CommonErrorReason::AssuranceTooLow,
                "the customer must verify more strongly first",
            )
            .with("required_level", required.as_str_name()),
            Self::Purpose { held, wanted } => refuse(
                CommonErrorReason::PurposeMismatch,
                "the customer was verified for another purpose",
            )
            .with("purpose", held)
            .with("purposes", wanted.join(",")),
            Self::Delegate => refuse(
                CommonErrorReason::DelegateNotAllowed,
                "a delegate cannot do this in the customer's name",
            ),
            Self::Case { held } => refuse(
                CommonErrorReason::CaseMismatch,
                "the customer was verified for another case",
            )
            .with("case_id", held),
            Self::GrantMissing { required, purposes } => refuse(
                CommonErrorReason::GrantMissing,
                "the customer must be verified, and their grant shown",
            )
            .with("required_level", required.as_str_name())
            .with("purposes", purposes.join(",")),
            Self::GrantRefused(cause) => refuse(CommonErrorReason::GrantRefused, "the grant that is shown does not do")
                .with("cause", cause.as_str()),
        }
    }
}

/// Whether `caller` may call the method of `policy`.
///
/// - The kind must be among those the method names.
/// - Staff, operators and partners need the method's scope. Customers act on what is theirs, services are our own, and
///   an anonymous caller has been granted nothing.
/// - Customers need the method's assurance, and a verification for one of its purposes.
/// - Whoever acts in a customer's name may do what the method opens to delegates, and what is open to anybody.
/// - Staff show a customer's grant where the method demands it, which must be what the customer's own would have to be. Whose it is,
///   the service checks, which knows whom the call is about ([`Call::check_grant`](super::Call::check_grant)).
///
/// # Errors
///
/// `PERMISSION_DENIED` with `CALLER_KIND_NOT_ALLOWED`, `SCOPE_MISSING`, `ASSURANCE_TOO_LOW`, `PURPOSE_MISMATCH`,
/// `DELEGATE_NOT_ALLOWED` or `GRANT_MISSING`.
pub fn enforce(policy: &'static Policy, caller: &Caller) -> Result<(), Status> {
    check(policy, caller).map_err(into_status)
}

/// Whether the same service in another region may call the method of `policy`: it may read the feed, and the feed gives it
/// no more than the events that are kept.
///
/// # Errors
///
/// `PERMISSION_DENIED` with `CALLER_KIND_NOT_ALLOWED`.
pub fn enforce_region(policy: &'static Policy) -> Result<(), Status> {
    if policy.path == "/support.feed.v1.FeedService/Subscribe" {
        return Ok(());
    }
    Err(refuse_region())
}

/// The answer to another region that asks for more than it may have.
pub(crate) fn refuse_region() -> Status {
    into_status(Refusal::Kind { kind: "region" })
}

fn check(policy: &'static Policy, caller: &Caller) -> Result<(), Refusal> {
    if caller.kind == CallerKind::Unspecified || !policy.callers.contains(&caller.kind) {
        return Err(Refusal::Kind {
            kind: caller.kind_name(),
        });
    }
    let needs_scope = match caller.kind {
        CallerKind::Staff | CallerKind::Operator | CallerKind::Partner => true,
        CallerKind::Unspecified | CallerKind::Anonymous | CallerKind::Customer | CallerKind::Service => false,
    };
    if needs_scope && !policy.scope.is_empty() && !caller.has_scope(&policy.scope) {
        return Err(Refusal::Scope { scope: &policy.scope });
    }
    let open = policy.callers.contains(&CallerKind::Anonymous);
    match caller.kind {
        CallerKind::Customer => {
            let bounds = &caller.bounds;
            let held = Held {
                assurance: caller.assurance,
                purpose: bounds.purpose.as_deref(),
                is_delegate: bounds.delegate.is_some(),
            };
            held.check(policy.assurance, &policy.purposes, policy.delegates || open)
        }
        CallerKind::Staff if policy.shown_grant => match &caller.bounds.shown {
            Some(shown) => Held::of(shown).check(policy.assurance, &policy.purposes, policy.delegates),
            None => Err(Refusal::GrantMissing {
                required: policy.assurance,
                purposes: policy.purposes.clone(),
            }),
        },
        _ => Ok(()),
    }
}

/// What somebody holds of a customer: the customer their own session, staff what they show.
struct Held<'a> {
    assurance: AssuranceLevel,
    /// None of those whose passports are from before purposes stood in them.
    purpose: Option<&'a str>,
    is_delegate: bool,
}

impl<'a> Held<'a> {
    fn of(shown: &'a ShownGrant) -> Self {
        Self {
            assurance: AssuranceLevel::try_from(i32::from(shown.aal)).unwrap_or(AssuranceLevel::Unspecified),
            purpose: Some(&shown.purpose),
            is_delegate: shown.delegate.is_some(),
        }
    }

    fn check(&self, assurance: AssuranceLevel, purposes: &[impl AsRef<str>], delegates: bool) -> Result<(), Refusal> {
        if self.assurance < assurance {
            return Err(Refusal::Assurance { required: assurance });
        }
        if self.is_delegate && !delegates {
            return Err(Refusal::Delegate);
        }
        if let Some(held) = self.purpose
            && !purposes.is_empty()
            && !purposes.iter().any(|purpose| purpose.as_ref() == held)
        {
            return Err(Refusal::Purpose {
                held: held.to_owned(),
                wanted: purposes.iter().map(|purpose| purpose.as_ref().to_owned()).collect(),
            });
        }
        Ok(())
    }
}

/// Refuses staff who show no grant of `customer`, or, where `needed` says what it must be, not one that is.
pub(super) fn check_grant(caller: &Caller, customer: &str, needed: Option<&Needed<'_>>) -> Result<(), Refusal> {
    if caller.kind != CallerKind::Staff {
        return Ok(());
    }
    let Some(shown) = &caller.bounds.shown else {
        let purposes = needed.map_or(&[][..], |needed| needed.purposes);
        return Err(Refusal::GrantMissing {
            required: needed.map_or(AssuranceLevel::Aal1, |needed| needed.assurance),
            purposes: purposes.iter().map(|purpose| (*purpose).to_owned()).collect(),
        });
    };
    if shown.customer != customer {
        return Err(Refusal::GrantRefused(GrantCause::AnotherCustomer));
    }
    let Some(needed) = needed else { return Ok(()) };
    Held::of(shown).check(needed.assurance, needed.purposes, needed.delegates)?;
    match (&shown.case, needed.case_id) {
        (Some(held), Some(case)) if held != case => Err(Refusal::Case { held: held.clone() }),
        _ => Ok(()),
    }
}

/// Refuses a customer who was verified for another case.
pub(super) fn check_case(caller: &Caller, case_id: &str) -> Result<(), Status> {
    match &caller.bounds.case_id {
        Some(held) if caller.kind == CallerKind::Customer && held != case_id => {
            Err(into_status(Refusal::Case { held: held.clone() }))
        }
        Some(_) | None => Ok(()),
    }
}
