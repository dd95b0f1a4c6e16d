//! Starts a verification.

use support_chassis::db::Tx;
use support_proto::support::identity::v1::VerificationStarted;

use super::{Means, admit_send, text_of};
use crate::api::present;
use crate::domain::contact::{Contact, ContactKind};
use crate::domain::ids::{CaseId, CustomerId, DeliveryId, VerificationId};
use crate::domain::verification::{NewVerification, Purpose, Subject, Verification};
use crate::error::IdentityError;
use crate::store;

/// Of whom.
pub enum Claim {
    /// Whoever has this contact point.
    Contact {
        /// It.
        contact: Contact,
        /// The customer in whose session it is asked, who can thereby verify what they have added.
        own: Option<CustomerId>,
    },
    /// This customer, as staff know them.
    Customer(CustomerId),
}

/// What a verification is started with.
pub struct Start {
    /// Of whom.
    pub claim: Claim,
    /// What for.
    pub purpose: Purpose,
    /// The languages of the code's message; empty for the customer's own.
    pub languages: Vec<String>,
    /// The case it is for.
    pub case_id: Option<CaseId>,
}

/// Starts a verification and puts its code on its way; wake the delivery once this is committed.
///
/// A contact point that nobody has gets a verification like any other, by the same statements, that nothing approves: who
/// tries addresses learns neither from the answer nor from its time which of them are customers'.
///
/// # Errors
///
/// [`IdentityError::CustomerNotFound`] for a customer named by id; [`IdentityError::TooManySends`].
pub async fn start_verification(tx: &mut Tx, means: &Means, start: Start) -> Result<Verification, IdentityError> {
    let now = tx.now();
    let (contact, subject) = resolve(tx, means, start.claim).await?;
    let contact_key = means.keys.contact_key(&contact);
    admit_send(tx, &contact_key, now, &means.limits).await?;

    let id: VerificationId = means.ids.next();
    let code = means.chance.code();
    let code_mac = means.keys.code_mac(id, &code);
    let sealed_code = means.keys.seal(id, &code, means.chance.bytes())?;
    let (code_mac, sealed_code) = match subject {
        Some(_) => (code_mac, Some(sealed_code)),
        // The hash of no code, so that none is right, whatever the state machine says.
        None => (means.chance.bytes(), None),
    };
    let new = NewVerification {
        id,
        subject,
        method: contact.kind().into(),
        purpose: start.purpose,
        case_id: start.case_id,
        languages: start.languages,
        contact_key,
        code_mac,
        sealed_code,
    };
    let verification = Verification::start(new, now, means.limits.code_lifetime)
        .map_err(|_| IdentityError::Impossible("a new verification cannot be challenged"))?;
    store::verifications::insert(tx, &verification).await?;
    store::deliveries::insert(tx, means.ids.next::<DeliveryId>(), id, subject.is_some(), now).await?;
    let event = VerificationStarted {
        verification_id: id.to_string(),
        purpose: present::purpose(verification.purpose).into(),
        case_id: text_of(verification.case_id),
    };
    tx.append(id, &event).await?;
    Ok(verification)
}

async fn resolve(tx: &mut Tx, means: &Means, claim: Claim) -> Result<(Contact, Option<Subject>), IdentityError> {
    match claim {
        Claim::Contact { contact, own } => {
            let owner = store::customers::find_subject(tx, &contact, own).await?;
            let subject = owner.map(|(customer_id, contact_point_id)| Subject {
                customer_id,
                contact_point_id,
            });
            Ok((contact, subject))
        }
        Claim::Customer(customer_id) => {
            let customer = store::customers::get(tx, customer_id)
                .await?
                .ok_or(IdentityError::CustomerNotFound)?;
            let reaches_phones = means.limits.reaches_phones;
            let point = customer
                .preferred_contact(|kind| kind == ContactKind::Email || reaches_phones)
                .ok_or(IdentityError::Impossible("a customer without a contact point"))?;
            let subject = Subject {
                customer_id,
                contact_point_id: point.id,
            };
            Ok((point.contact.clone(), Some(subject)))
        }
    }
}
