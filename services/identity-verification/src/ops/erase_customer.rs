//! Erases a customer: one asks, another approves, every service says when it is done.

use support_chassis::db::Tx;
use support_chassis::id::Ids;
use support_chassis::outbox::Entry;
use support_proto::support::identity::v1::{AuthenticatorEnded, ErasureCompleted, GrantRevoked, VerificationEnded};
use support_proto::support::privacy::v1::CustomerErased;
use time::OffsetDateTime;

use super::delegations::erase_delegations;
use super::{tell_owner, text_of};
use crate::NAME;
use crate::api::present;
use crate::domain::audit::{Action, Deed};
use crate::domain::erasure::{Erasure, ErasureState, FOLLOWERS, Reason};
use crate::domain::happening::Kind;
use crate::domain::ids::{CaseId, CustomerId, ErasureId};
use crate::domain::machine::State;
use crate::domain::verification::Method;
use crate::error::IdentityError;
use crate::keys::{CodeKeys, Counted};
use crate::store::{self, audit, customers, erasures, leaving, sealed};

/// Asks that a customer be erased; where that was asked before and not taken back, gives what was asked.
///
/// # Errors
///
/// [`IdentityError::CustomerNotFound`].
pub async fn request_erasure(
    tx: &mut Tx,
    ids: &Ids,
    (id, customer): (ErasureId, CustomerId),
    reason: Reason,
    case_id: Option<CaseId>,
    by: &str,
) -> Result<Erasure, IdentityError> {
    // Two who ask at once wait for each other here.
    let known = customers::lock_outline(tx, customer).await?;
    if let Some(asked) = erasures::of_customer(tx, customer).await? {
        return Ok(asked);
    }
    known.ok_or(IdentityError::CustomerNotFound)?;
    let asked = Erasure {
        id,
        customer_id: customer,
        state: ErasureState::Requested,
        reason,
        case_id,
        requested_by: by.to_owned(),
        requested_at: tx.now(),
        decided: None,
        completed_at: None,
    };
    erasures::insert(tx, &asked).await?;
    let deed = Deed {
        case_id,
        subject_id: Some(id.uuid()),
        ..Deed::new(Action::ErasureRequested, customer)
    };
    audit::record(tx, &deed).await?;
    tell_owner(tx, ids, Kind::ErasureRequested, customer).await?;
    Ok(asked)
}

/// Takes an erasure back. A customer (`own`) can do so with their own only.
///
/// # Errors
///
/// [`IdentityError::ErasureNotFound`], [`IdentityError::ErasureNotRequested`].
pub async fn withdraw_erasure(
    tx: &mut Tx,
    id: ErasureId,
    own: Option<CustomerId>,
    by: &str,
) -> Result<Erasure, IdentityError> {
    let mut erasure = erasures::lock(tx, id)
        .await?
        .filter(|erasure| own.is_none_or(|customer| customer == erasure.customer_id))
        .ok_or(IdentityError::ErasureNotFound)?;
    erasure.withdraw(by, tx.now())?;
    erasures::save(tx, &erasure).await?;
    audit::record_change(tx, Action::ErasureWithdrawn, erasure.customer_id, id.uuid()).await?;
    Ok(erasure)
}

/// Approves an erasure and erases the customer here: the data key and what the contact points are found by are destroyed, everything
/// of theirs that goes on is ended, and the others are told, in one transaction.
///
/// # Errors
///
/// [`IdentityError::ErasureNotFound`], [`IdentityError::ErasureNotRequested`], [`IdentityError::SecondPersonNeeded`].
pub async fn approve_erasure(tx: &mut Tx, keys: &CodeKeys, id: ErasureId, by: &str) -> Result<Erasure, IdentityError> {
    let now = tx.now();
    let mut erasure = erasures::lock(tx, id).await?.ok_or(IdentityError::ErasureNotFound)?;
    erasure.approve(by, now)?;
    erasures::save(tx, &erasure).await?;
    erasures::expect(tx, id, &FOLLOWERS).await?;
    erasures::expect(tx, id, &[NAME]).await?;

    let customer = erasure.customer_id;
    let told = CustomerErased {
        customer_id: customer.to_string(),
        erasure_id: id.to_string(),
    };
    let had_key = sealed::erase(tx, customer, now).await?;
    let (mut entries, ended) = end_all(tx, keys, customer, now).await?;
    entries.push(Entry::new(customer, &told));
    tx.append_all(&entries).await?;
    let records = i64::try_from(ended)
        .unwrap_or(i64::MAX)
        .saturating_add(i64::from(had_key));
    erasures::done(tx, id, NAME, records, now).await?;
    audit::record_change(tx, Action::CustomerErased, customer, id.uuid()).await?;
    Ok(erasure)
}

/// Ends what goes on of a customer; gives the events of it, and how many records that were.
async fn end_all(
    tx: &mut Tx,
    keys: &CodeKeys,
    customer: CustomerId,
    now: OffsetDateTime,
) -> Result<(Vec<Entry>, u64), IdentityError> {
    let customer_id = customer.to_string();
    let mut entries = Vec::new();
    let messages = leaving::end_messages(tx, customer, now).await?;
    let profile = leaving::end_profile(tx, customer, now).await?;
    // What was counted of their addresses tells, to whoever has the key, that they were here.
    for contact in leaving::contact_keys(tx, customer).await? {
        store::factors::forget_failures(tx, &keys.failure_counters(&contact, Method::ALL)).await?;
        let prompts = keys.counter(Counted::Prompts(&contact)).to_vec();
        leaving::forget_contact(tx, &[contact.to_vec(), prompts]).await?;
    }
    // First, so that each says how it ended: the grants made by them go with them.
    let delegations = erase_delegations(tx, customer).await?;
    for grant in leaving::end_grants(tx, customer, now).await? {
        let event = GrantRevoked {
            grant_id: grant.to_string(),
            customer_id: customer_id.clone(),
        };
        entries.push(Entry::new(grant, &event));
    }
    for (authenticator, method) in leaving::end_authenticators(tx, customer, now).await? {
        let method = support_chassis::db::stored(Method::from_name(&method), "authenticators", "method")?;
        let event = AuthenticatorEnded {
            authenticator_id: authenticator.to_string(),
            customer_id: customer_id.clone(),
            method: present::method(method).into(),
            locked: false,
        };
        entries.push(Entry::new(authenticator, &event));
    }
    for (verification, case_id) in leaving::end_verifications(tx, customer, now).await? {
        let event = VerificationEnded {
            verification_id: verification.to_string(),
            state: present::state(State::Canceled).into(),
            customer_id: String::new(),
            case_id: text_of(case_id),
        };
        entries.push(Entry::new(verification, &event));
    }
    let records = messages
        .saturating_add(profile)
        .saturating_add(delegations)
        .saturating_add(u64::try_from(entries.len()).unwrap_or(u64::MAX));
    Ok((entries, records))
}

/// Writes down that a service has erased. With the last one the erasure is complete, which is told. Of an erasure that is not known,
/// or from a service that is not waited for, there is nothing to do.
///
/// # Errors
///
/// Those of the database.
pub async fn acknowledge_erasure(
    tx: &mut Tx,
    id: ErasureId,
    service: &str,
    records: i64,
    at: OffsetDateTime,
) -> Result<(), IdentityError> {
    let Some(mut erasure) = erasures::lock(tx, id).await? else {
        tracing::warn!(erasure = %id, service, "a service has erased whom nobody here asked to erase");
        return Ok(());
    };
    let left = erasures::done(tx, id, service, records, at).await?;
    if left > 0 || !erasure.complete(tx.now()) {
        return Ok(());
    }
    erasures::save(tx, &erasure).await?;
    let event = ErasureCompleted {
        erasure_id: id.to_string(),
        customer_id: erasure.customer_id.to_string(),
    };
    tx.append(id, &event).await?;
    Ok(())
}
