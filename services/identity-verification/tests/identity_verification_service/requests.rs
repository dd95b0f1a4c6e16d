//! Who calls here, and with what.

use support_chassis::call::Caller;
use support_chassis::clock::Clock;
use support_chassis::id::{Id, Ids};
use support_proto::support::identity::v1::{
    CheckCodeRequest, CreateCustomerRequest, NewContactPoint, StartVerificationRequest, Verification,
    VerificationPurpose,
};
use support_proto::support::options::v1::{AssuranceLevel, CallerKind};
use support_proto::support::types::v1::PersonName;

pub(crate) fn request_id() -> String {
    Ids::new("eu".parse().unwrap(), Clock::system())
        .next::<Id>()
        .uuid()
        .to_string()
}

pub(crate) fn some_id() -> String {
    Ids::new("eu".parse().unwrap(), Clock::system())
        .next::<Id>()
        .to_string()
}

pub(crate) fn email(address: &str) -> NewContactPoint {
    NewContactPoint {
        email: address.to_owned(),
        ..NewContactPoint::default()
    }
}

pub(crate) fn phone(number: &str) -> NewContactPoint {
    NewContactPoint {
        phone: number.to_owned(),
        ..NewContactPoint::default()
    }
}

pub(crate) fn new_customer(contact_points: Vec<NewContactPoint>) -> CreateCustomerRequest {
    CreateCustomerRequest {
        request_id: request_id(),
        name: Some(PersonName {
            given_name: "Ada".to_owned(),
            family_name: "Lovelace".to_owned(),
            display_name: "Ada Lovelace".to_owned(),
        }),
        languages: vec!["de-CH".to_owned(), "en".to_owned()],
        country_code: "CH".to_owned(),
        contact_points,
    }
}

pub(crate) fn start(contact_point: NewContactPoint) -> StartVerificationRequest {
    StartVerificationRequest {
        request_id: request_id(),
        purpose: VerificationPurpose::GeneralHelp.into(),
        contact_point: Some(contact_point),
        ..StartVerificationRequest::default()
    }
}

pub(crate) fn check(verification: &Verification, code: &str) -> CheckCodeRequest {
    CheckCodeRequest {
        request_id: request_id(),
        verification_id: verification.verification_id.clone(),
        code: code.to_owned(),
        ..CheckCodeRequest::default()
    }
}

fn caller(kind: CallerKind, subject: &str, scopes: &[&str]) -> Caller {
    Caller {
        kind,
        subject: subject.to_owned(),
        organisation: None,
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        assurance: AssuranceLevel::Unspecified,
        region: Some("eu".to_owned()),
        grant_id: None,
        bounds: support_chassis::call::Bounds::default(),
    }
}

pub(crate) fn visitor() -> Caller {
    caller(CallerKind::Anonymous, "visit-1", &[])
}

pub(crate) fn staff() -> Caller {
    let scopes = [
        "customers.read",
        "customers.write",
        "verifications.start",
        "customers.reveal",
        "grants.revoke",
    ];
    caller(CallerKind::Staff, "agent-7", &scopes)
}

/// Staff who may erase and export.
pub(crate) fn guardian(subject: &str) -> Caller {
    caller(CallerKind::Staff, subject, &["customers.erase", "customers.export"])
}

pub(crate) fn operator() -> Caller {
    let scopes = [
        "audit.read",
        "customers.read",
        "customers.write",
        "grants.revoke",
        "partners.write",
        "outbox.read",
        "standard.read",
    ];
    caller(CallerKind::Operator, "operator-1", &scopes)
}

/// Who acts for a customer, by a grant.
pub(crate) fn delegate(customer_id: &str, delegate_id: &str, grant_id: &str) -> Caller {
    let mut acting = customer(customer_id);
    acting.grant_id = Some(grant_id.to_owned());
    acting.bounds.delegate = Some(delegate_id.to_owned());
    acting
}

pub(crate) fn customer(customer_id: &str) -> Caller {
    Caller {
        assurance: AssuranceLevel::Aal1,
        ..caller(CallerKind::Customer, customer_id, &[])
    }
}
