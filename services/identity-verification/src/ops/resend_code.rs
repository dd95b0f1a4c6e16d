//! Sends a code again.

use support_chassis::db::Tx;

use super::{Means, NotAccepted, admit_send, dispatch};
use crate::domain::ids::VerificationId;
use crate::domain::verification::{SendRefused, Verification};
use crate::error::IdentityError;
use crate::store;

/// Puts the same code on its way once more; wake the delivery once this is committed.
///
/// # Errors
///
/// [`IdentityError::VerificationNotFound`], [`IdentityError::VerificationNotOpen`], [`IdentityError::TooManySends`],
/// [`IdentityError::MethodNotAccepted`] where it began with another factor and codes do not count.
pub async fn resend_code(tx: &mut Tx, means: &Means, id: VerificationId) -> Result<Verification, IdentityError> {
    let mut verification = store::verifications::lock(tx, id)
        .await?
        .ok_or(IdentityError::VerificationNotFound)?;
    send_again(tx, means, &mut verification).await?;
    Ok(verification)
}

/// The same of a locked verification.
pub(super) async fn send_again(
    tx: &mut Tx,
    means: &Means,
    verification: &mut Verification,
) -> Result<(), IdentityError> {
    let (id, now) = (verification.id, tx.now());
    if !verification.limits.methods.contains(&verification.method) {
        return Err(NotAccepted::by(verification).into());
    }
    verification.send_again(now).map_err(|refused| match refused {
        SendRefused::NotOpen(state) => IdentityError::VerificationNotOpen { id, state },
        SendRefused::NoSendsLeft => IdentityError::TooManySends { retry_after: None },
    })?;
    let sent_lately = admit_send(tx, &verification.contact_key, now, &verification.limits).await?;
    store::verifications::update(tx, verification).await?;
    dispatch(tx, means, verification, sent_lately, now).await
}
