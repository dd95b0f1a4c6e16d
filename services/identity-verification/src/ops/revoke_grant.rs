//! Ends a grant.

use support_chassis::db::Tx;
use support_proto::support::identity::v1::GrantRevoked;
use uuid::Uuid;

use crate::domain::audit::{Action, Deed};
use crate::domain::grant::Grant;
use crate::domain::ids::{CustomerId, GrantId};
use crate::error::IdentityError;
use crate::store;

/// Puts grants of a customer that ended with something else (`because`, its id) on record, and tells of them.
///
/// # Errors
///
/// Those of the database.
pub(super) async fn tell_revoked(
    tx: &mut Tx,
    customer_id: CustomerId,
    grants: Vec<GrantId>,
    because: Uuid,
) -> Result<(), IdentityError> {
    for grant in grants {
        let deed = Deed {
            grant_id: Some(grant),
            subject_id: Some(because),
            ..Deed::new(Action::GrantRevoked, customer_id)
        };
        store::audit::record(tx, &deed).await?;
        let event = GrantRevoked {
            grant_id: grant.to_string(),
            customer_id: customer_id.to_string(),
        };
        tx.append(grant, &event).await?;
    }
    Ok(())
}

/// Ends a grant at once. One that has ended stays as it is. A customer (`own`) can end only their own.
///
/// # Errors
///
/// [`IdentityError::GrantNotFound`].
pub async fn revoke_grant(tx: &mut Tx, id: GrantId, own: Option<CustomerId>) -> Result<Grant, IdentityError> {
    let now = tx.now();
    let mut grant = store::grants::lock(tx, id)
        .await?
        .filter(|grant| own.is_none_or(|customer| customer == grant.customer_id))
        .ok_or(IdentityError::GrantNotFound)?;
    if grant.revoke(now) {
        store::grants::set_revoked(tx, &grant).await?;
        store::audit::record(tx, &Deed::of_grant(Action::GrantRevoked, &grant)).await?;
        let event = GrantRevoked {
            grant_id: id.to_string(),
            customer_id: grant.customer_id.to_string(),
        };
        tx.append(id, &event).await?;
    }
    Ok(grant)
}
