//! What requests have in common.

use support_chassis::error::Violation;
use support_proto::support::identity::v1::{NewContactPoint, VerificationPurpose};

use crate::domain::contact::Contact;
use crate::domain::verification::Purpose;

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
pub(super) fn purpose(given: i32) -> Result<Purpose, Violation> {
    match VerificationPurpose::try_from(given) {
        Ok(VerificationPurpose::GeneralHelp) => Ok(Purpose::GeneralHelp),
        Ok(VerificationPurpose::AccountSecurity) => Ok(Purpose::AccountSecurity),
        Ok(VerificationPurpose::Payment) => Ok(Purpose::Payment),
        Ok(VerificationPurpose::RepairHandover) => Ok(Purpose::RepairHandover),
        Ok(VerificationPurpose::PlanChange) => Ok(Purpose::PlanChange),
        Ok(VerificationPurpose::Unspecified) | Err(_) => Err(Violation::new("purpose", "is none of the purposes")),
    }
}
