//! Sends a code again.

use support_chassis::db::Tx;

use super::{Means, admit_send, dispatch};
use crate::domain::ids::VerificationId;
use crate::domain::verification::{SendRefused, Verification};
use crate::error::IdentityError;
use crate::store;

/// Puts the same code on its way once more; wake the delivery once this is committed.
///
/// # Errors
///
/// [`IdentityError::VerificationNotFound`], [`IdentityError::VerificationNotOpen`], [`IdentityError::TooManySends`].
pub async fn resend_code(tx: &mut Tx, means: &Means, id: VerificationId) -> Result<Verification, IdentityError> {
    let now = tx.now();
    let mut verification = store::verifications::lock(tx, id)
        .await?
        .ok_or(IdentityError::VerificationNotFound)?;
    verification.send_again(now).map_err(|refused| match refused {
        SendRefused::NotOpen(state) => IdentityError::VerificationNotOpen { id, state },
        SendRefused::NoSendsLeft => IdentityError::TooManySends { retry_after: None },
    })?;
    let sent_lately = admit_send(tx, &verification.contact_key, now, &verification.limits).await?;
    store::verifications::update(tx, &verification).await?;
    dispatch(tx, means, &verification, sent_lately, now).await?;
    Ok(verification)
}
