//! Writes down that codes ran out.

use support_chassis::db::Tx;
use support_chassis::outbox::Entry;

use super::ended;
use crate::error::IdentityError;
use crate::store;

/// Ends at most `limit` verifications whose time is over, and says how many they were.
///
/// Nothing waits for this: a code that ran out does not work whether it was written down or not. It erases the encrypted
/// codes and tells the others.
///
/// # Errors
///
/// Those of the database.
pub async fn expire_verifications(tx: &mut Tx, limit: i64) -> Result<usize, IdentityError> {
    let now = tx.now();
    let mut overdue = store::verifications::lock_overdue(tx, now, limit).await?;
    overdue.retain_mut(|verification| verification.expire(now));
    let ids: Vec<_> = overdue.iter().map(|verification| verification.id).collect();
    store::verifications::expire(tx, &ids, now).await?;
    let entries: Vec<_> = overdue
        .iter()
        .map(|verification| Entry::new(verification.id, &ended(verification)))
        .collect();
    tx.append_all(&entries).await?;
    Ok(ids.len())
}
