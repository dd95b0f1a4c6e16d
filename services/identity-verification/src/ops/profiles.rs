//! Changes what is known of a customer besides name and address.

use support_chassis::db::Tx;
use support_chassis::id::Ids;
use support_chassis::vault::Vault;

use crate::domain::audit::{Action, Actor, Deed};
use crate::domain::ids::CustomerId;
use crate::domain::profile::{Channel, Consent, ConsentKind, Need, Wording};
use crate::error::IdentityError;
use crate::store;

/// Locks the customer, and refuses who has read another version.
async fn lock(tx: &mut Tx, customer: CustomerId, version: Option<i64>) -> Result<i64, IdentityError> {
    let held = store::customers::lock_outline(tx, customer)
        .await?
        .ok_or(IdentityError::CustomerNotFound)?;
    if version.is_some_and(|version| version != held.version) {
        return Err(IdentityError::Conflict);
    }
    Ok(held.version)
}

/// Changes which languages a customer reads, and gives the customer's version after it.
///
/// # Errors
///
/// [`IdentityError::CustomerNotFound`], [`IdentityError::Conflict`].
pub async fn set_languages(
    tx: &mut Tx,
    customer: CustomerId,
    languages: &[String],
    version: Option<i64>,
) -> Result<i64, IdentityError> {
    let version = lock(tx, customer, version).await?;
    store::profiles::set_languages(tx, customer, languages).await?;
    store::audit::record_change(tx, Action::LanguagesChanged, customer, None).await?;
    Ok(version + 1)
}

/// Changes what a customer needs to be helped, and gives the customer's version after it.
///
/// # Errors
///
/// [`IdentityError::CustomerNotFound`], [`IdentityError::Conflict`].
pub async fn set_needs(
    tx: &mut Tx,
    vault: &Vault,
    customer: CustomerId,
    needs: &[Need],
    version: Option<i64>,
) -> Result<i64, IdentityError> {
    let version = lock(tx, customer, version).await?;
    store::profiles::set_needs(tx, vault, customer, needs).await?;
    // That they were changed; never what they are.
    store::audit::record_change(tx, Action::AccessibilityChanged, customer, None).await?;
    Ok(version + 1)
}

/// What is to be put on record.
#[derive(Debug, Clone)]
pub struct NewConsent {
    /// Of whom.
    pub customer_id: CustomerId,
    /// To what.
    pub kind: ConsentKind,
    /// Whether they consent.
    pub is_given: bool,
    /// Through which channel.
    pub channel: Channel,
    /// By which words.
    pub wording: Wording,
}

/// Puts on record that a customer consents, or no longer does.
///
/// # Errors
///
/// [`IdentityError::CustomerNotFound`].
pub async fn record_consent(tx: &mut Tx, ids: &Ids, new: NewConsent) -> Result<Consent, IdentityError> {
    // Under the customer's lock the order of the ids is the order of the records.
    lock(tx, new.customer_id, None).await?;
    let consent = Consent {
        id: ids.next(),
        customer_id: new.customer_id,
        kind: new.kind,
        is_given: new.is_given,
        recorded_at: tx.now(),
        channel: new.channel,
        wording: new.wording,
        actor_kind: Actor::of(tx.call()).kind,
    };
    store::profiles::insert_consent(tx, &consent).await?;
    let deed = Deed {
        subject_id: Some(consent.id.uuid()),
        fields: vec![consent.kind.as_str()],
        ..Deed::new(Action::ConsentRecorded, consent.customer_id)
    };
    store::audit::record(tx, &deed).await?;
    Ok(consent)
}
