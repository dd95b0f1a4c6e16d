//! Renews a session.

use support_chassis::db::Tx;

use crate::domain::grant::Grant;
use crate::domain::ids::{CustomerId, GrantId};
use crate::error::IdentityError;
use crate::store;

/// Renews the session that stands on a grant of the customer: an assurance above AAL1 that has not decayed lasts on.
///
/// # Errors
///
/// [`IdentityError::GrantNotFound`], [`IdentityError::GrantEnded`].
pub async fn renew_session(tx: &mut Tx, id: GrantId, own: CustomerId) -> Result<Grant, IdentityError> {
    let now = tx.now();
    let mut grant = store::grants::lock(tx, id)
        .await?
        .filter(|grant| grant.customer_id == own)
        .ok_or(IdentityError::GrantNotFound)?;
    if !grant.is_live(now) {
        return Err(IdentityError::GrantEnded);
    }
    if grant.renew(now) {
        store::grants::set_renewed(tx, &grant).await?;
    }
    Ok(grant)
}
