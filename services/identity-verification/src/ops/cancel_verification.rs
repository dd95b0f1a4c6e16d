//! Gives a verification up.

use support_chassis::db::Tx;

use super::ended;
use crate::domain::ids::VerificationId;
use crate::domain::verification::Verification;
use crate::error::IdentityError;
use crate::store;

/// Gives a verification up: its code no longer works.
///
/// # Errors
///
/// [`IdentityError::VerificationNotFound`], [`IdentityError::VerificationNotOpen`].
pub async fn cancel_verification(tx: &mut Tx, id: VerificationId) -> Result<Verification, IdentityError> {
    let now = tx.now();
    let mut verification = store::verifications::lock(tx, id)
        .await?
        .ok_or(IdentityError::VerificationNotFound)?;
    verification
        .cancel(now)
        .map_err(|state| IdentityError::VerificationNotOpen { id, state })?;
    store::verifications::update(tx, &verification).await?;
    tx.append(id, &ended(&verification)).await?;
    Ok(verification)
}
