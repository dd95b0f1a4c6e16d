//! Starts a verification.

use support_chassis::db::Tx;
use support_proto::support::identity::v1::VerificationStarted;
use time::OffsetDateTime;

use super::delegations::admit;
use super::redeem_factor::By;
use super::weigh_risk::{self, AtStart};
use super::{Means, NotAccepted, admit_send, dispatch, ended, text_of};
use crate::api::present;
use crate::domain::contact::{Contact, ContactKind};
use crate::domain::grant::Assurance;
use crate::domain::ids::{CaseId, CustomerId, GrantId, VerificationId};
use crate::domain::machine::Step;
use crate::domain::risk::Outcome;
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
    /// This customer, as staff know them, or as they know themselves in a session of theirs.
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
    /// By what it begins, where that is no code that is sent.
    pub method: Option<Method>,
    /// The session whose proofs count already: its customer and its grant.
    pub step_up: Option<(CustomerId, GrantId)>,
    /// The customer in whose name the person will act.
    pub acts_for: Option<CustomerId>,
    /// Who starts it, from where.
    pub by: By,
}

/// What it comes to.
struct Resolved {
    contact: Contact,
    /// The rules that it is answered by, and of what place.
    rules: Rules,
    country_code: Option<String>,
    limits: Limits,
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
/// [`IdentityError::TooManySends`]; [`IdentityError::DelegationRefused`] where a customer named by id may not act for another.
pub async fn start_verification(tx: &mut Tx, means: &Means, start: Start) -> Result<Verification, IdentityError> {
    let now = tx.now();
    let Resolved {
        contact,
        rules,
        country_code,
        limits,
        subject,
    } = resolve(tx, means, &start, now).await?;
    // Of a contact point it is told once it is proven: else whoever tries contact points would learn who acts for whom.
    if let (Claim::Customer(delegate), Some(customer)) = (&start.claim, start.acts_for) {
        admit(tx, means, (customer, *delegate), start.purpose).await?;
    }
    let method = Method::from(contact.kind());
    if rules.reached_from(start.method.unwrap_or(method)).is_none() {
        return Err(NotAccepted::under(start.purpose, rules).into());
    }
    let contact_key = means.keys.contact_key(&contact);
    let by = AtStart {
        contact: &contact,
        contact_key: &contact_key,
        case_id: start.case_id,
        country_code: country_code.as_deref(),
        can_raise: Assurance::of(&limits.methods) >= Some(Assurance::Aal2),
        by: &start.by,
    };
    let assessment = weigh_risk::at_start(tx, means, by).await?;
    let stopped = match assessment.outcome {
        Outcome::Blocked => Some(Step::Block),
        Outcome::Denied => Some(Step::Deny),
        Outcome::Raised | Outcome::None => None,
    };
    let proven = proven_before(tx, &start, subject.as_ref(), &limits).await?;
    let sends = start.method.is_none() && stopped.is_none();
    let sent_lately = if sends {
        admit_send(tx, &contact_key, now, &limits).await?
    } else {
        0
    };

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
        acts_for: start.acts_for,
        agent: start.by.staff.clone(),
        languages: start.languages,
        contact_key,
        code_mac,
        sealed_code,
        limits,
        country_code,
        proven,
        sends,
    };
    let made = match stopped {
        Some(step) => Verification::stopped(new, step, now),
        None => Verification::start(new, now),
    };
    let mut verification =
        made.map_err(|_| IdentityError::Impossible("a new verification is neither begun nor ended"))?;
    if assessment.outcome == Outcome::Raised {
        verification.raise();
    }
    store::verifications::insert(tx, &verification).await?;
    store::risk::insert(tx, id, &assessment).await?;
    if sends {
        dispatch(tx, means, &verification, sent_lately, now).await?;
    }
    let event = VerificationStarted {
        verification_id: id.to_string(),
        purpose: present::purpose(verification.purpose).into(),
        case_id: text_of(verification.case_id),
        standard_basis: verification.limits.basis.clone(),
    };
    tx.append(id, &event).await?;
    if stopped.is_some() {
        tx.append(id, &ended(&verification)).await?;
    }
    Ok(verification)
}

/// What the session has proven already that counts here: all of it, where it stands on a grant of the subject that lives and
/// whose assurance has not decayed.
async fn proven_before(
    tx: &mut Tx,
    start: &Start,
    subject: Option<&Subject>,
    limits: &Limits,
) -> Result<Vec<Method>, IdentityError> {
    let Some((customer, grant)) = start.step_up else {
        return Ok(Vec::new());
    };
    let now = tx.now();
    let counts = |method: &Method| {
        limits.methods.contains(method) && subject.is_some_and(|subject| subject.limits.methods.contains(method))
    };
    let grant = store::grants::get(tx, grant)
        .await?
        .filter(|grant| grant.customer_id == customer && subject.is_some_and(|subject| subject.customer_id == customer))
        .filter(|grant| grant.is_live(now) && grant.assurance_at(now) == grant.assurance);
    let proven: Vec<_> = grant.map(|grant| grant.methods).unwrap_or_default();
    let proven: Vec<_> = proven.into_iter().filter(counts).collect();
    // Something is to be proven now, whatever the session stands on: it begins with a factor that has not been.
    let first = start.method;
    Ok(if Assurance::of(&proven) >= Some(limits.assurance) {
        Vec::new()
    } else {
        proven.into_iter().filter(|method| Some(*method) != first).collect()
    })
}

async fn resolve(tx: &mut Tx, means: &Means, start: &Start, now: OffsetDateTime) -> Result<Resolved, IdentityError> {
    let rules = |country: Option<&str>| means.policy.rules(country, start.purpose, now);
    match &start.claim {
        Claim::Contact { contact, own } => {
            // Who the caller is says which rules they read, never whom the contact point belongs to.
            let country_code = match own {
                Some(customer) => store::customers::country_of(tx, *customer).await?,
                None => start.country_code.clone(),
            };
            let owner = store::customers::find_subject(tx, &means.vault, contact, *own).await?;
            // Looked up also where they are nobody's, for the time it takes.
            let own_rules = rules(owner.as_ref().map(|owner| owner.country_code.as_str()));
            let rules = rules(country_code.as_deref());
            let limits = Limits::new(&rules, now);
            let first = start.method.unwrap_or_else(|| contact.kind().into());
            let subject = owner.map(|owner| {
                let (customer, point) = (owner.customer_id, owner.contact_point_id);
                Subject::new(customer, point, owner.country_code, &own_rules, (first, &limits), now)
            });
            Ok(Resolved {
                contact: contact.clone(),
                rules,
                country_code,
                limits,
                subject,
            })
        }
        Claim::Customer(customer_id) => {
            let customer = store::customers::get(tx, &means.vault, *customer_id)
                .await?
                .ok_or(IdentityError::CustomerNotFound)?;
            let rules = rules(Some(&customer.country_code));
            let point = customer.preferred_contact(
                |kind| start.method.is_some() || rules.reached_from(kind.into()).is_some(),
                |kind| kind == ContactKind::Email || means.reaches_phones,
            );
            let Some(point) = point else {
                return Err(NotAccepted::under(start.purpose, rules).into());
            };
            let first = start.method.unwrap_or_else(|| point.contact.kind().into());
            let limits = Limits::new(&rules, now);
            let country = customer.country_code.clone();
            Ok(Resolved {
                contact: point.contact.clone(),
                subject: Some(Subject::new(
                    *customer_id,
                    point.id,
                    country,
                    &rules,
                    (first, &limits),
                    now,
                )),
                country_code: Some(customer.country_code.clone()),
                limits,
                rules,
            })
        }
    }
}
