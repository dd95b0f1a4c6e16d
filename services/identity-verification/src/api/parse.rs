//! What requests have in common, and enumerations of the contract.

use support_chassis::error::Violation;
use support_proto::support::identity::v1::{
    ContactPointKind, Happening, NewContactPoint, VerificationMethod, VerificationPurpose,
};
use support_proto::support::options::v1::AssuranceLevel;

use crate::domain::contact::{Contact, ContactKind};
use crate::domain::grant::Assurance;
use crate::domain::happening::Kind;
use crate::domain::verification::{Method, Purpose};

/// Reads a contact point. The contract has seen that there is one, and one only.
pub(super) fn contact(field: &str, given: Option<&NewContactPoint>) -> Result<Contact, Violation> {
    let given = given.ok_or_else(|| Violation::new(field, "is missing"))?;
    let (part, contact) = if given.email.is_empty() {
        ("phone", Contact::phone(&given.phone))
    } else {
        ("email", Contact::email(&given.email))
    };
    contact.map_err(|error| Violation::new(format!("{field}.{part}"), error.to_string()))
}

/// Reads a purpose.
pub(crate) fn purpose(given: i32) -> Result<Purpose, Violation> {
    match VerificationPurpose::try_from(given) {
        Ok(VerificationPurpose::GeneralHelp) => Ok(Purpose::GeneralHelp),
        Ok(VerificationPurpose::AccountSecurity) => Ok(Purpose::AccountSecurity),
        Ok(VerificationPurpose::Payment) => Ok(Purpose::Payment),
        Ok(VerificationPurpose::RepairHandover) => Ok(Purpose::RepairHandover),
        Ok(VerificationPurpose::PlanChange) => Ok(Purpose::PlanChange),
        Ok(VerificationPurpose::Unspecified) | Err(_) => Err(Violation::new("purpose", "is none of the purposes")),
    }
}

/// Reads an assurance; none where no level is named.
pub(crate) fn assurance(given: i32) -> Option<Assurance> {
    match AssuranceLevel::try_from(given).ok()? {
        AssuranceLevel::Unspecified => None,
        AssuranceLevel::Aal1 => Some(Assurance::Aal1),
        AssuranceLevel::Aal2 => Some(Assurance::Aal2),
        AssuranceLevel::Aal3 => Some(Assurance::Aal3),
    }
}

/// Reads a method; none where none is named.
pub(crate) fn method(given: VerificationMethod) -> Option<Method> {
    match given {
        VerificationMethod::Unspecified => None,
        VerificationMethod::EmailCode => Some(Method::EmailCode),
        VerificationMethod::SmsCode => Some(Method::SmsCode),
        VerificationMethod::Totp => Some(Method::Totp),
        VerificationMethod::Passkey => Some(Method::Passkey),
        VerificationMethod::SupportPin => Some(Method::SupportPin),
        VerificationMethod::Push => Some(Method::Push),
        VerificationMethod::RecoveryCode => Some(Method::RecoveryCode),
        VerificationMethod::Document => Some(Method::Document),
    }
}

/// Reads a method that must be named.
pub(super) fn wanted_method(field: &str, given: i32) -> Result<Method, Violation> {
    VerificationMethod::try_from(given)
        .ok()
        .and_then(method)
        .ok_or_else(|| Violation::new(field, "is none of the methods"))
}

/// Reads something that a customer may be told of; none where the contract has no such thing.
pub(super) fn happening(given: i32) -> Option<Kind> {
    let name = Happening::try_from(given).ok()?.as_str_name();
    Kind::from_name(&name.strip_prefix("HAPPENING_")?.to_ascii_lowercase())
}

/// Reads a kind of address; none where none is named.
pub(crate) fn contact_kind(given: ContactPointKind) -> Option<ContactKind> {
    match given {
        ContactPointKind::Unspecified => None,
        ContactPointKind::Email => Some(ContactKind::Email),
        ContactPointKind::Phone => Some(ContactKind::Phone),
    }
}
