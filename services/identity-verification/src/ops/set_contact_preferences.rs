//! Writes how a customer wants to be told.

use support_chassis::db::Tx;

use crate::domain::audit::Action;
use crate::domain::happening::Preferences;
use crate::domain::ids::CustomerId;
use crate::error::IdentityError;
use crate::store;

/// Writes how a customer wants to be told, in place of what was there, and gives the customer's version after it. `version` is
/// the version that the caller has read, if it wants to know of other changes.
///
/// # Errors
///
/// [`IdentityError::CustomerNotFound`], [`IdentityError::Conflict`].
pub async fn set_contact_preferences(
    tx: &mut Tx,
    customer_id: CustomerId,
    preferences: &Preferences,
    version: Option<i64>,
) -> Result<i64, IdentityError> {
    let customer = store::customers::lock_outline(tx, customer_id)
        .await?
        .ok_or(IdentityError::CustomerNotFound)?;
    if version.is_some_and(|version| version != customer.version) {
        return Err(IdentityError::Conflict);
    }
    store::preferences::set(tx, customer_id, preferences).await?;
    store::audit::record_change(tx, Action::ContactPreferencesChanged, customer_id, None).await?;
    Ok(customer.version + 1)
}
