//! Lets others act for a customer, ends that, and says whether somebody may.

use support_chassis::clock::timestamp;
use support_chassis::db::Tx;
use support_proto::support::identity::v1::{DelegationCreated, DelegationEnded};
use time::OffsetDateTime;

use super::Means;
use super::revoke_grant::tell_revoked;
use crate::api::delegations::{end as shown_end, purposes as shown_purposes};
use crate::domain::audit::{Action, Deed};
use crate::domain::delegation::{AskedBy, DELEGATIONS_LIMIT, DelegateKind, Delegation, End, Fault, Refusal};
use crate::domain::grant::{Assurance, Grant};
use crate::domain::happening::Kind;
use crate::domain::ids::{CaseId, CustomerId, DelegationId, GrantId};
use crate::domain::verification::{Purpose, Verification};
use crate::error::IdentityError;
use crate::store;
use crate::store::happenings::Happening;

/// What the customer has consented by.
#[derive(Debug, Clone, Copy)]
pub enum Consent {
    /// Their own session, by its grant.
    Session(Option<GrantId>),
    /// That they were verified for this case, in which staff ask for it.
    Case(CaseId),
}

impl Consent {
    /// The case in which staff ask.
    #[must_use]
    pub fn case_id(self) -> Option<CaseId> {
        match self {
            Self::Session(_) => None,
            Self::Case(case_id) => Some(case_id),
        }
    }
}

/// What is agreed.
#[derive(Debug, Clone)]
pub struct NewDelegation {
    /// For whom.
    pub customer_id: CustomerId,
    /// Who.
    pub delegate_id: CustomerId,
    /// As what.
    pub kind: DelegateKind,
    /// For what.
    pub purposes: Vec<Purpose>,
    /// Until when.
    pub expires_at: OffsetDateTime,
    /// By what.
    pub consent: Consent,
}

/// Lets somebody act for a customer. One of the same two that lasts makes way for it.
///
/// # Errors
///
/// [`IdentityError::CustomerNotFound`] for either; [`IdentityError::DelegationConsentMissing`];
/// [`IdentityError::DelegationNotAllowed`].
pub async fn create_delegation(tx: &mut Tx, means: &Means, new: NewDelegation) -> Result<Delegation, IdentityError> {
    let now = tx.now();
    // Whoever changes who acts for the same customer waits here.
    let customer = store::customers::lock_outline(tx, new.customer_id)
        .await?
        .ok_or(IdentityError::CustomerNotFound)?;
    let (rules, basis) = means.policy.delegations(&customer.country_code, now);
    let not_allowed = |cause| IdentityError::DelegationNotAllowed {
        cause,
        basis: basis.clone(),
    };
    let consent = consent(tx, &new, rules.assurance, now).await?;
    if new.delegate_id == new.customer_id {
        return Err(not_allowed(Fault::Itself));
    }
    store::customers::outline(tx, new.delegate_id)
        .await?
        .ok_or(IdentityError::CustomerNotFound)?;
    rules.allow(&new.purposes, new.expires_at, now).map_err(&not_allowed)?;
    let mut open = 0;
    for held in store::delegations::lock_open(tx, new.customer_id).await? {
        if held.delegate_id == new.delegate_id || held.ended_at(now).is_some() {
            end_delegation(tx, held, End::Replaced).await?;
        } else {
            open += 1;
        }
    }
    if open >= DELEGATIONS_LIMIT {
        return Err(not_allowed(Fault::TooMany));
    }
    let case_id = new.consent.case_id();
    let made = Delegation {
        id: means.ids.next(),
        customer_id: new.customer_id,
        delegate_id: new.delegate_id,
        kind: new.kind,
        purposes: new.purposes,
        started_at: now,
        expires_at: new.expires_at,
        ended: None,
        asked_by: if case_id.is_some() {
            AskedBy::Staff
        } else {
            AskedBy::Customer
        },
        consent_grant_id: consent.id,
        case_id,
        standard_basis: basis.clone(),
    };
    store::delegations::insert(tx, &made).await?;
    tell_of(tx, means, &made).await?;
    Ok(made)
}

/// The grant that the customer's consent stands on: one of their own, never one of somebody who acts for them.
async fn consent(
    tx: &mut Tx,
    new: &NewDelegation,
    needed: Assurance,
    now: OffsetDateTime,
) -> Result<Grant, IdentityError> {
    let grants = match new.consent {
        Consent::Session(None) => Vec::new(),
        Consent::Session(Some(grant)) => Vec::from_iter(store::grants::get(tx, grant).await?),
        Consent::Case(case) => store::grants::live_for_case(tx, new.customer_id, case, now).await?,
    };
    grants
        .into_iter()
        .find(|grant| {
            grant.customer_id == new.customer_id
                && grant.delegation.is_none()
                && grant.is_live(now)
                && grant.assurance_at(now) >= needed
        })
        .ok_or(IdentityError::DelegationConsentMissing { needed })
}

/// Puts a new delegation on record, and tells the others and the customer.
async fn tell_of(tx: &mut Tx, means: &Means, made: &Delegation) -> Result<(), IdentityError> {
    let now = tx.now();
    let deed = Deed {
        case_id: made.case_id,
        grant_id: Some(made.consent_grant_id),
        subject_id: Some(made.id.uuid()),
        fields: made.purposes.iter().map(|purpose| purpose.as_str()).collect(),
        ..Deed::new(Action::DelegationCreated, made.customer_id)
    };
    store::audit::record(tx, &deed).await?;
    let event = DelegationCreated {
        delegation_id: made.id.to_string(),
        customer_id: made.customer_id.to_string(),
        delegate_customer_id: made.delegate_id.to_string(),
        purposes: shown_purposes(&made.purposes),
        end_time: Some(timestamp(made.expires_at)),
    };
    tx.append(made.id, &event).await?;
    let happening = Happening {
        day: Some(made.expires_at.date()),
        ..Happening::of_account(means.ids.next(), Kind::DelegateAdded, made.customer_id, now)
    };
    Ok(store::happenings::record(tx, &happening, now).await?)
}

/// Ends a delegation for one of its sides (`own`), or for staff. One that has ended stays as it is.
///
/// # Errors
///
/// [`IdentityError::DelegationNotFound`].
pub async fn revoke_delegation(
    tx: &mut Tx,
    id: DelegationId,
    own: Option<CustomerId>,
) -> Result<Delegation, IdentityError> {
    let held = store::delegations::lock(tx, id)
        .await?
        .filter(|held| own.is_none_or(|own| own == held.customer_id || own == held.delegate_id))
        .ok_or(IdentityError::DelegationNotFound)?;
    end_delegation(tx, held, End::Revoked).await
}

/// Ends what a customer who is erased is either side of. Says how many those were.
///
/// # Errors
///
/// Those of the database.
pub async fn erase_delegations(tx: &mut Tx, customer: CustomerId) -> Result<u64, IdentityError> {
    let held = store::delegations::lock_of_either(tx, customer).await?;
    let count = u64::try_from(held.len()).unwrap_or(u64::MAX);
    for held in held {
        end_delegation(tx, held, End::Erased).await?;
    }
    Ok(count)
}

/// Writes down which delegations ran out, up to `limit`, and says how many those were.
///
/// # Errors
///
/// Those of the database.
pub async fn expire_delegations(tx: &mut Tx, limit: i64) -> Result<usize, IdentityError> {
    let now = tx.now();
    let overdue = store::delegations::lock_overdue(tx, now, limit).await?;
    let count = overdue.len();
    for held in overdue {
        end_delegation(tx, held, End::Expired).await?;
    }
    Ok(count)
}

/// Ends a locked delegation, and the grants that were made by it.
async fn end_delegation(tx: &mut Tx, mut held: Delegation, end: End) -> Result<Delegation, IdentityError> {
    let now = tx.now();
    if !held.end(now, end) {
        return Ok(held);
    }
    store::delegations::set_ended(tx, &held).await?;
    let end = held.ended.map_or(end, |(_, end)| end);
    let deed = Deed {
        subject_id: Some(held.id.uuid()),
        fields: vec![end.as_str()],
        ..Deed::new(Action::DelegationEnded, held.customer_id)
    };
    store::audit::record(tx, &deed).await?;
    let event = DelegationEnded {
        delegation_id: held.id.to_string(),
        customer_id: held.customer_id.to_string(),
        delegate_customer_id: held.delegate_id.to_string(),
        end: shown_end(end).into(),
    };
    tx.append(held.id, &event).await?;
    let ended = store::grants::end_of_delegation(tx, held.id, now).await?;
    tell_revoked(tx, held.customer_id, ended, held.id.uuid()).await?;
    Ok(held)
}

/// The delegation by which whoever a verification has proven may act for the customer it names; none where it names none. The outer
/// errors are the database's, the inner ones why they may not.
///
/// # Errors
///
/// Those of the database.
pub(super) async fn mandate(
    tx: &mut Tx,
    means: &Means,
    verification: &Verification,
    delegate: CustomerId,
) -> Result<Option<Result<Delegation, Refusal>>, IdentityError> {
    let Some(customer) = verification.acts_for else {
        return Ok(None);
    };
    let now = tx.now();
    let found = store::delegations::latest(tx, customer, delegate).await?;
    let outline = store::customers::outline(tx, customer).await?;
    let Some((held, outline)) = found.zip(outline) else {
        return Ok(Some(Err(Refusal::None)));
    };
    let country = outline.country_code.as_str();
    let (delegations, _) = means.policy.delegations(country, now);
    let rules = means.policy.rules(Some(country), verification.purpose, now);
    let covered = held.covers(verification.purpose, &verification.proven, (&rules, &delegations), now);
    Ok(Some(covered.map(|()| held)))
}

/// Refuses at once who is known before they have proven anything and may not act for the customer they name.
///
/// # Errors
///
/// [`IdentityError::DelegationRefused`].
pub(super) async fn admit(
    tx: &mut Tx,
    means: &Means,
    (customer, delegate): (CustomerId, CustomerId),
    purpose: Purpose,
) -> Result<(), IdentityError> {
    let now = tx.now();
    let found = store::delegations::latest(tx, customer, delegate).await?;
    let outline = store::customers::outline(tx, customer).await?;
    let told = match found.zip(outline) {
        None => Err(Refusal::None),
        Some((held, outline)) => {
            let (rules, _) = means.policy.delegations(&outline.country_code, now);
            held.covers_purpose(purpose, &rules, now)
        }
    };
    told.map_err(|cause| IdentityError::DelegationRefused { cause })
}
