//! From what we hold to what the contract carries.

use support_chassis::clock::timestamp;
use support_proto::support::identity::v1 as pb;
use support_proto::support::localisation::v1::TextOrigin;
use support_proto::support::options::v1::AssuranceLevel;
use support_proto::support::types::v1::PersonName;
use time::OffsetDateTime;

use crate::domain::authenticator::{Authenticator, AuthenticatorState};
use crate::domain::contact::{Contact, ContactKind};
use crate::domain::customer::{ContactPoint, Customer};
use crate::domain::erasure::{Erasure, ErasureState, Reason};
use crate::domain::grant::{Assurance, Grant};
use crate::domain::happening::{Kind, Preferences};
use crate::domain::ids::ErasureId;
use crate::domain::machine::State;
use crate::domain::verification::{Method, Purpose, Verification};
use crate::store::erasures::Progress;
use crate::store::local_outbox::Message;
use crate::store::notifications::{self, Listed};
use crate::words::{BODY_KEY, CatalogueVersion, SUBJECT_KEY};

/// What of a customer is masked, in the order of the contract.
const MASKED: [pb::CustomerField; 3] = [
    pb::CustomerField::Name,
    pb::CustomerField::Email,
    pb::CustomerField::Phone,
];

/// How much of a customer is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Showing<'f> {
    /// All of it: to the customer.
    Whole,
    /// Masks: to everybody else.
    Masked,
    /// These fields, to those who may; the rest masked.
    Only(&'f [pb::CustomerField]),
}

impl Showing<'_> {
    fn shows(self, field: pb::CustomerField) -> bool {
        match self {
            Self::Whole => true,
            Self::Masked => false,
            Self::Only(fields) => fields.contains(&field),
        }
    }
}

/// A customer.
#[must_use]
pub fn customer(customer: &Customer, showing: Showing<'_>) -> pb::Customer {
    let name = if showing.shows(pb::CustomerField::Name) {
        customer.name.clone()
    } else {
        customer.name.masked()
    };
    pb::Customer {
        customer_id: customer.id.to_string(),
        name: Some(PersonName {
            given_name: name.given,
            family_name: name.family,
            display_name: name.display,
        }),
        languages: customer.languages.clone(),
        country_code: customer.country_code.clone(),
        contact_points: customer
            .contact_points
            .iter()
            .map(|point| contact_point(point, showing))
            .collect(),
        create_time: Some(timestamp(customer.created_at)),
        etag: customer.version.to_string(),
        masked_fields: MASKED
            .into_iter()
            .filter(|field| !showing.shows(*field))
            .map(Into::into)
            .collect(),
    }
}

fn contact_point(point: &ContactPoint, showing: Showing<'_>) -> pb::ContactPoint {
    let field = match point.contact.kind() {
        ContactKind::Email => pb::CustomerField::Email,
        ContactKind::Phone => pb::CustomerField::Phone,
    };
    pb::ContactPoint {
        contact_point_id: point.id.to_string(),
        kind: contact_kind(point.contact.kind()).into(),
        value: if showing.shows(field) {
            point.contact.value().to_owned()
        } else {
            String::new()
        },
        masked_value: point.contact.masked(),
        verify_time: point.verified_at.map(timestamp),
    }
}

/// A kind of address.
#[must_use]
pub fn contact_kind(kind: ContactKind) -> pb::ContactPointKind {
    match kind {
        ContactKind::Email => pb::ContactPointKind::Email,
        ContactKind::Phone => pb::ContactPointKind::Phone,
    }
}

/// A verification as it is at `now`, by the limits it is answered by.
#[must_use]
pub fn verification(verification: &Verification, now: OffsetDateTime) -> pb::Verification {
    pb::Verification {
        verification_id: verification.id.to_string(),
        state: state(verification.state_at(now)).into(),
        purpose: purpose(verification.purpose).into(),
        sends_left: verification.sends_left().into(),
        checks_left: verification.checks_left().into(),
        expire_time: Some(timestamp(verification.limits.expires_at)),
        case_id: verification.case_id.map(|id| id.to_string()).unwrap_or_default(),
        standard_basis: verification.limits.basis.clone(),
        proven: methods(&verification.proven),
        assurance_reached: verification
            .reached()
            .map_or(AssuranceLevel::Unspecified, assurance)
            .into(),
        assurance_needed: assurance(verification.limits.assurance).into(),
        methods: methods(&verification.limits.methods),
        acts_for_customer_id: text(verification.acts_for),
    }
}

fn methods(given: &[Method]) -> Vec<i32> {
    given.iter().map(|given| method(*given).into()).collect()
}

/// A grant as it is at `now`.
#[must_use]
pub fn grant(grant: &Grant, now: OffsetDateTime) -> pb::Grant {
    let held = grant.assurance_at(now);
    pb::Grant {
        grant_id: grant.id.to_string(),
        customer_id: grant.customer_id.to_string(),
        assurance: assurance(held).into(),
        assurance_expire_time: grant
            .decay
            .filter(|_| held == grant.assurance)
            .map(|decay| timestamp(decay.ends_at())),
        methods: methods(&grant.methods),
        purpose: purpose(grant.purpose).into(),
        case_id: grant.case_id.map(|id| id.to_string()).unwrap_or_default(),
        grant_time: Some(timestamp(grant.granted_at)),
        expire_time: Some(timestamp(grant.expires_at)),
        revoke_time: grant.revoked_at.map(timestamp),
        standard_basis: grant.standard_basis.clone(),
        delegate_customer_id: text(grant.delegation.map(|(delegate, _)| delegate)),
        delegation_id: text(grant.delegation.map(|(_, delegation)| delegation)),
        agent_id: grant.agent.clone().unwrap_or_default(),
    }
}

/// An authenticator, with what its customer calls it where that may be seen.
#[must_use]
pub fn authenticator(authenticator: &Authenticator, shows_name: bool) -> pb::Authenticator {
    pb::Authenticator {
        authenticator_id: authenticator.id.to_string(),
        method: method(authenticator.method).into(),
        display_name: if shows_name {
            authenticator.display_name.clone()
        } else {
            String::new()
        },
        state: match authenticator.state {
            AuthenticatorState::Pending => pb::AuthenticatorState::Pending,
            AuthenticatorState::Active => pb::AuthenticatorState::Active,
            AuthenticatorState::Locked => pb::AuthenticatorState::Locked,
            // Those are not shown.
            AuthenticatorState::Ended => pb::AuthenticatorState::Unspecified,
        }
        .into(),
        create_time: Some(timestamp(authenticator.created_at)),
        use_time: authenticator.used_at.map(timestamp),
        expire_time: authenticator.expires_at.map(timestamp),
        uses_left: i32::try_from(authenticator.uses_left).unwrap_or(i32::MAX),
    }
}

/// A message of the local outbox.
#[must_use]
pub fn outbox_message(message: Message) -> pb::OutboxMessage {
    let (subject_origin, body_origin) = message.origin.map_or((None, None), |origin| {
        (
            Some(text_origin(SUBJECT_KEY, origin.subject)),
            Some(text_origin(BODY_KEY, origin.body)),
        )
    });
    pb::OutboxMessage {
        recipient: message.recipient,
        subject: message.subject,
        body: message.body,
        language: message.language,
        subject_origin,
        body_origin,
        send_time: Some(timestamp(message.sent_at)),
        verification_id: message.verification_id.map(|id| id.to_string()).unwrap_or_default(),
        html: message.html.unwrap_or_default(),
        delivery_id: message.delivery_id.to_string(),
    }
}

/// A state.
#[must_use]
pub fn state(state: State) -> pb::VerificationState {
    match state {
        State::Created => pb::VerificationState::Created,
        State::Challenged => pb::VerificationState::Challenged,
        State::Approved => pb::VerificationState::Approved,
        State::Denied => pb::VerificationState::Denied,
        State::Expired => pb::VerificationState::Expired,
        State::MaxAttempts => pb::VerificationState::MaxAttempts,
        State::Canceled => pb::VerificationState::Canceled,
        State::Blocked => pb::VerificationState::Blocked,
    }
}

/// A purpose.
#[must_use]
pub fn purpose(purpose: Purpose) -> pb::VerificationPurpose {
    match purpose {
        Purpose::GeneralHelp => pb::VerificationPurpose::GeneralHelp,
        Purpose::AccountSecurity => pb::VerificationPurpose::AccountSecurity,
        Purpose::Payment => pb::VerificationPurpose::Payment,
        Purpose::RepairHandover => pb::VerificationPurpose::RepairHandover,
        Purpose::PlanChange => pb::VerificationPurpose::PlanChange,
    }
}

/// An assurance.
#[must_use]
pub fn assurance(assurance: Assurance) -> AssuranceLevel {
    match assurance {
        Assurance::Aal1 => AssuranceLevel::Aal1,
        Assurance::Aal2 => AssuranceLevel::Aal2,
        Assurance::Aal3 => AssuranceLevel::Aal3,
    }
}

/// A method.
#[must_use]
pub fn method(method: Method) -> pb::VerificationMethod {
    match method {
        Method::EmailCode => pb::VerificationMethod::EmailCode,
        Method::SmsCode => pb::VerificationMethod::SmsCode,
        Method::Totp => pb::VerificationMethod::Totp,
        Method::Passkey => pb::VerificationMethod::Passkey,
        Method::SupportPin => pb::VerificationMethod::SupportPin,
        Method::Push => pb::VerificationMethod::Push,
        Method::RecoveryCode => pb::VerificationMethod::RecoveryCode,
        Method::Document => pb::VerificationMethod::Document,
    }
}

/// A notification, without words.
#[must_use]
pub fn notification(listed: Listed) -> pb::Notification {
    let address = listed.address.as_ref();
    let origin = |(key, from): (String, CatalogueVersion)| text_origin(&key, from);
    pb::Notification {
        notification_id: listed.id.to_string(),
        happening: happening(listed.kind).into(),
        customer_id: text(listed.customer_id),
        case_id: text(listed.case_id),
        subject_id: text(listed.subject_id),
        channel: address
            .map_or(pb::ContactPointKind::Unspecified, |address| {
                contact_kind(address.kind())
            })
            .into(),
        masked_address: address.map(Contact::masked).unwrap_or_default(),
        state: match listed.state {
            notifications::State::Pending => pb::NotificationState::Pending,
            notifications::State::Sent => pb::NotificationState::Sent,
            notifications::State::Dropped => pb::NotificationState::Dropped,
            notifications::State::Failed => pb::NotificationState::Failed,
        }
        .into(),
        reason: listed.reason.unwrap_or_default(),
        subject_origin: listed.subject.map(origin),
        text_origin: listed.text.map(origin),
        more_origin: listed.more.map(origin),
        happen_time: Some(timestamp(listed.occurred_at)),
        end_time: listed.ended_at.map(timestamp),
        standard_basis: listed.basis,
        delivery_id: text(listed.delivery_id),
    }
}

fn text(id: Option<impl ToString>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}

/// How a customer wants to be told.
#[must_use]
pub fn preferences(preferences: Preferences) -> pb::ContactPreferences {
    pb::ContactPreferences {
        preferred_kind: preferences
            .preferred
            .map_or(pb::ContactPointKind::Unspecified, contact_kind)
            .into(),
        muted: preferences
            .muted
            .into_iter()
            .map(|kind| happening(kind).into())
            .collect(),
        plain_text_only: preferences.plain_text_only,
        time_zone: preferences.time_zone.unwrap_or_default(),
    }
}

/// An erasure, and how far every service is with it.
#[must_use]
pub fn erasure<'p>(erasure: &Erasure, progress: impl Iterator<Item = &'p (ErasureId, Progress)>) -> pb::Erasure {
    let (decided_by, decided_at) = erasure.decided.clone().unzip();
    pb::Erasure {
        erasure_id: erasure.id.to_string(),
        customer_id: erasure.customer_id.to_string(),
        state: erasure_state(erasure.state).into(),
        reason: match erasure.reason {
            Reason::CustomerWish => pb::PersonalDataReason::CustomerWish,
            Reason::PurposeOver => pb::PersonalDataReason::PurposeOver,
            Reason::LegalOrder => pb::PersonalDataReason::LegalOrder,
            Reason::MistakenRecord => pb::PersonalDataReason::MistakenRecord,
        }
        .into(),
        case_id: erasure.case_id.map(|id| id.to_string()).unwrap_or_default(),
        requested_by: erasure.requested_by.clone(),
        request_time: Some(timestamp(erasure.requested_at)),
        decided_by: decided_by.unwrap_or_default(),
        decide_time: decided_at.map(timestamp),
        complete_time: erasure.completed_at.map(timestamp),
        services: progress
            .map(|(_, progress)| pb::ServiceErasure {
                service: progress.service.clone(),
                erase_time: progress.done.map(|(at, _)| timestamp(at)),
                records: progress.done.map(|(_, records)| records).unwrap_or_default(),
            })
            .collect(),
    }
}

/// How far an erasure is.
#[must_use]
pub fn erasure_state(state: ErasureState) -> pb::ErasureState {
    match state {
        ErasureState::Requested => pb::ErasureState::Requested,
        ErasureState::Withdrawn => pb::ErasureState::Withdrawn,
        ErasureState::Running => pb::ErasureState::Running,
        ErasureState::Completed => pb::ErasureState::Completed,
    }
}

/// Something that a customer may be told of: the contract has the same names, in capitals.
#[must_use]
pub fn happening(kind: Kind) -> pb::Happening {
    let name = format!("HAPPENING_{}", kind.as_str().to_ascii_uppercase());
    pb::Happening::from_str_name(&name).unwrap_or_default()
}

fn text_origin(key: &str, from: CatalogueVersion) -> TextOrigin {
    TextOrigin {
        key: key.to_owned(),
        locale: from.locale,
        version: from.version,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_has_every_happening_by_its_name() {
        let values: std::collections::BTreeSet<i32> = Kind::ALL.iter().map(|kind| happening(*kind).into()).collect();
        assert!(!values.contains(&0));
        assert_eq!(values.len(), Kind::ALL.len());
    }
}
