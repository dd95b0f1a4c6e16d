//! Takes a contact point off a customer's record.

use support_chassis::db::Tx;

use super::authenticators::{Owner, guarded};
use super::cancel_verification::cancel_verification;
use super::revoke_grant::tell_revoked;
use super::{Means, contact_point_changed};
use crate::domain::audit::Action;
use crate::domain::customer::Customer;
use crate::domain::happening::Kind;
use crate::domain::ids::{ContactPointId, GrantId};
use crate::error::IdentityError;
use crate::store;

/// Removes a contact point for good: what waits for a proof by it is canceled, what was verified by it ends (but for `kept`, the grant it
/// is called by), and the customer is told, there too. `version` is the version that the caller has read, if it wants to know of other
/// changes.
///
/// # Errors
///
/// [`IdentityError::CustomerNotFound`], [`IdentityError::Conflict`], [`IdentityError::ContactPointNotFound`],
/// [`IdentityError::LastContactPoint`], [`IdentityError::StepUpNeeded`].
pub async fn remove_contact_point(
    tx: &mut Tx,
    means: &Means,
    owner: Owner,
    id: ContactPointId,
    (version, kept): (Option<i64>, Option<GrantId>),
) -> Result<Customer, IdentityError> {
    let customer = store::customers::lock(tx, &means.vault, owner.customer_id)
        .await?
        .ok_or(IdentityError::CustomerNotFound)?;
    if version.is_some_and(|version| version != customer.version) {
        return Err(IdentityError::Conflict);
    }
    if !customer.contact_points.iter().any(|point| point.id == id) {
        return Err(IdentityError::ContactPointNotFound);
    }
    if !customer.is_known_without(id) {
        return Err(IdentityError::LastContactPoint);
    }
    guarded(tx, &means.vault, owner).await?;
    let now = tx.now();
    store::customers::remove_contact_point(tx, customer.id, id, now).await?;
    store::audit::record_change(tx, Action::ContactPointRemoved, customer.id, id.uuid()).await?;
    for verification in store::verifications::open_by(tx, id).await? {
        cancel_verification(tx, verification).await?;
    }
    let ended = store::grants::end_of_contact_point(tx, id, kept, now).await?;
    tell_revoked(tx, customer.id, ended, id.uuid()).await?;
    // Who takes an account over ends by removing its owner from it: they hear of it where they were.
    let removed = contact_point_changed(&means.ids, Kind::ContactPointRemoved, customer.id, id, now);
    store::happenings::record(tx, &removed, now).await?;
    store::customers::get(tx, &means.vault, customer.id)
        .await?
        .ok_or(IdentityError::CustomerNotFound)
}
