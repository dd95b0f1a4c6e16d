//! Who calls, and what a refusal says.

use support_chassis::call::Caller;
use support_chassis::error::{Explained, explain};
use support_proto::support::options::v1::{AssuranceLevel, CallerKind};
use support_repair_logistics::domain::repair::CustomerId;
use tonic::{Code, Status};

const SCOPES: [&str; 6] = [
    "providers.write",
    "providers.read",
    "repairs.write",
    "repairs.read",
    "devices.read",
    "coverage.decide",
];

fn caller(kind: CallerKind, subject: &str, organisation: Option<&str>) -> Caller {
    Caller {
        kind,
        subject: subject.to_owned(),
        organisation: organisation.map(str::to_owned),
        scopes: SCOPES.map(str::to_owned).into(),
        assurance: AssuranceLevel::Aal1,
        region: Some("eu".to_owned()),
        grant_id: None,
        bounds: support_chassis::call::Bounds::default(),
    }
}

pub(crate) fn operator() -> Caller {
    caller(CallerKind::Operator, "operator-1", Some("maker"))
}

/// An operator who reads the standard.
pub(crate) fn lawgiver() -> Caller {
    Caller {
        scopes: ["standard.read".to_owned()].into(),
        ..operator()
    }
}

pub(crate) fn staff() -> Caller {
    caller(CallerKind::Staff, "agent-7", Some("maker"))
}

/// A partner's system, of this organisation.
pub(crate) fn partner(organisation: &str) -> Caller {
    caller(
        CallerKind::Partner,
        &format!("client-of-{organisation}"),
        Some(organisation),
    )
}

/// The same with a token for one location.
pub(crate) fn partner_at(organisation: &str, location: &str) -> Caller {
    let mut caller = partner(organisation);
    caller.bounds.locations.insert(location.to_owned());
    caller
}

pub(crate) fn customer(id: CustomerId) -> Caller {
    caller(CallerKind::Customer, &id.to_string(), None)
}

pub(crate) fn reader() -> Caller {
    caller(CallerKind::Service, "reader", None)
}

/// Asserts that a call was refused with this code and reason, and gives the rest.
pub(crate) fn refused<T: std::fmt::Debug>(answer: Result<T, Status>, code: Code, reason: &str) -> Explained {
    let explained = explain(&answer.expect_err("the call is refused"));
    assert_eq!(
        (explained.code, explained.reason.as_str()),
        (code, reason),
        "{}",
        explained.message
    );
    explained
}

/// The fields that a call was refused for.
pub(crate) fn violated<T: std::fmt::Debug>(answer: Result<T, Status>) -> Vec<String> {
    let explained = refused(answer, Code::InvalidArgument, "COMMON_ERROR_REASON_INVALID_FIELDS");
    let mut fields: Vec<_> = explained
        .violations
        .into_iter()
        .map(|violation| violation.field)
        .collect();
    fields.sort();
    fields
}
