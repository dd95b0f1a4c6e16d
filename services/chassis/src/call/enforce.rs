//! Holds the options of a method against a caller. The gateway and every service call this one function.

use support_proto::policy::Policy;
use support_proto::support::options::v1::{AssuranceLevel, CallerKind};
use support_proto::support::types::v1::CommonErrorReason;
use tonic::{Code, Status};

use super::Caller;
use crate::error::{Answer, ServiceError, into_status};

/// Why a caller may not call a method. `PERMISSION_DENIED`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum Refused {
    #[error("this kind of caller may not call this method")]
    Kind { kind: &'static str },
    #[error("the caller lacks the scope of this method")]
    Scope { scope: &'static str },
    #[error("the customer must verify more strongly first")]
    Assurance { required: AssuranceLevel },
    #[error("the customer was verified for another purpose")]
    Purpose { held: String, wanted: &'static [String] },
    #[error("a delegate cannot do this for the customer")]
    Delegate,
    #[error("the customer was verified for another case")]
    Case { held: String },
}

impl ServiceError for Refused {
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
///
/// # Errors
///
/// `PERMISSION_DENIED` with `CALLER_KIND_NOT_ALLOWED`, `SCOPE_MISSING`, `ASSURANCE_TOO_LOW`, `PURPOSE_MISMATCH` or
/// `DELEGATE_NOT_ALLOWED`.
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
    into_status(Refused::Kind { kind: "region" })
}

fn check(policy: &'static Policy, caller: &Caller) -> Result<(), Refused> {
    if caller.kind == CallerKind::Unspecified || !policy.callers.contains(&caller.kind) {
        return Err(Refused::Kind {
            kind: caller.kind_name(),
        });
    }
    let needs_scope = match caller.kind {
        CallerKind::Staff | CallerKind::Operator | CallerKind::Partner => true,
        CallerKind::Unspecified | CallerKind::Anonymous | CallerKind::Customer | CallerKind::Service => false,
    };
    if needs_scope && !policy.scope.is_empty() && !caller.has_scope(&policy.scope) {
        return Err(Refused::Scope { scope: &policy.scope });
    }
    if caller.kind == CallerKind::Customer && caller.assurance < policy.assurance {
        return Err(Refused::Assurance {
            required: policy.assurance,
        });
    }
    if caller.kind == CallerKind::Customer
        && caller.bounds.delegate.is_some()
        && !policy.delegates
        && !policy.callers.contains(&CallerKind::Anonymous)
    {
        return Err(Refused::Delegate);
    }
    // Credentials that are bound to no purpose are those of passports from before purposes stood in them.
    if caller.kind == CallerKind::Customer
        && !policy.purposes.is_empty()
        && let Some(held) = &caller.bounds.purpose
        && !policy.purposes.contains(held)
    {
        return Err(Refused::Purpose {
            held: held.clone(),
            wanted: &policy.purposes,
        });
    }
    Ok(())
}

/// Refuses a customer who was verified for another case.
pub(super) fn check_case(caller: &Caller, case_id: &str) -> Result<(), Status> {
    if caller.kind != CallerKind::Customer || caller.covers_case(case_id) {
        return Ok(());
    }
    let held = caller.bounds.case_id.clone().unwrap_or_default();
    Err(into_status(Refused::Case { held }))
}
