//! Starts a verification.

use support_chassis::db::Tx;
use support_proto::support::identity::v1::VerificationStarted;
use time::OffsetDateTime;

use super::{Means, admit_send, dispatch, text_of};
use crate::api::present;
use crate::domain::contact::{Contact, ContactKind};
use crate::domain::ids::{CaseId, CustomerId, VerificationId};
use crate::domain::rules::{Limits, Rules};
use crate::domain::verification::{Method, NewVerification, Purpose, Subject, Verification};
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
    /// The country the person says they live in, ISO 3166-1 alpha-2; not looked at where it is known.
    pub country_code: Option<String>,
}

/// What it comes to.
struct Resolved {
    contact: Contact,
    /// The rules that it is answered by.
    rules: Rules,
    subject: Option<Subject>,
}

/// Starts a verification and puts its code on its way; wake the delivery once this is committed.
///
/// A contact point that nobody has gets a verification like any other, by the same statements, that nothing approves: who
/// tries addresses learns neither from the answer nor from its time which of them are customers'.
///
/// # Errors
///
/// [`IdentityError::CustomerNotFound`] for a customer named by id; [`IdentityError::MethodNotAccepted`];
/// [`IdentityError::TooManySends`].
pub async fn start_verification(tx: &mut Tx, means: &Means, start: Start) -> Result<Verification, IdentityError> {
    let now = tx.now();
    let Resolved {
        contact,
        rules,
        subject,
    } = resolve(tx, means, &start, now).await?;
    let method = Method::from(contact.kind());
    if rules.satisfied_by(method).is_none() {
        return Err(not_accepted(start.purpose, rules));
    }
    let limits = Limits::new(&rules, now);
    let contact_key = means.keys.contact_key(&contact);
    let sent_lately = admit_send(tx, &contact_key, now, &limits).await?;

    let id: VerificationId = means.ids.next();
    let code = means.chance.code();
    let code_mac = means.keys.code_mac(id, &code);
    let sealed_code = means.keys.seal(id, &code, means.chance.bytes())?;
    let (code_mac, sealed_code) = match &subject {
        Some(_) => (code_mac, Some(sealed_code)),
        // The hash of no code, so that none is right, whatever the state machine says.
        None => (means.chance.bytes(), None),
    };
    let new = NewVerification {
        id,
        subject,
        method,
        purpose: start.purpose,
        case_id: start.case_id,
        languages: start.languages,
        contact_key,
        code_mac,
        sealed_code,
        limits,
    };
    let verification = Verification::start(new, now)
        .map_err(|_| IdentityError::Impossible("a new verification cannot be challenged"))?;
    store::verifications::insert(tx, &verification).await?;
    dispatch(tx, means, &verification, sent_lately, now).await?;
    let event = VerificationStarted {
        verification_id: id.to_string(),
        purpose: present::purpose(verification.purpose).into(),
        case_id: text_of(verification.case_id),
        standard_basis: verification.limits.basis.clone(),
    };
    tx.append(id, &event).await?;
    Ok(verification)
}

async fn resolve(tx: &mut Tx, means: &Means, start: &Start, now: OffsetDateTime) -> Result<Resolved, IdentityError> {
    let rules = |country: Option<&str>| means.policy.rules(country, start.purpose, now);
    match &start.claim {
        Claim::Contact { contact, own } => {
            // Who the caller is says which rules they read, never whom the contact point belongs to.
            let country = match own {
                Some(customer) => store::customers::country_of(tx, *customer).await?,
                None => start.country_code.clone(),
            };
            let owner = store::customers::find_subject(tx, contact, *own).await?;
            // Looked up also where they are nobody's, for the time it takes.
            let own_rules = rules(owner.as_ref().map(|owner| owner.country_code.as_str()));
            let subject = owner.map(|owner| {
                let (customer, point) = (owner.customer_id, owner.contact_point_id);
                Subject::new(customer, point, &own_rules, contact.kind().into(), now)
            });
            Ok(Resolved {
                contact: contact.clone(),
                rules: rules(country.as_deref()),
                subject,
            })
        }
        Claim::Customer(customer_id) => {
            let customer = store::customers::get(tx, *customer_id)
                .await?
                .ok_or(IdentityError::CustomerNotFound)?;
            let rules = rules(Some(&customer.country_code));
            let point = customer.preferred_contact(
                |kind| rules.satisfied_by(kind.into()).is_some(),
                |kind| kind == ContactKind::Email || means.reaches_phones,
            );
            let Some(point) = point else {
                return Err(not_accepted(start.purpose, rules));
            };
            let method = point.contact.kind().into();
            Ok(Resolved {
                contact: point.contact.clone(),
                subject: Some(Subject::new(*customer_id, point.id, &rules, method, now)),
                rules,
            })
        }
    }
}

fn not_accepted(purpose: Purpose, rules: Rules) -> IdentityError {
    IdentityError::MethodNotAccepted {
        purpose,
        rules: Box::new(rules),
    }
}
