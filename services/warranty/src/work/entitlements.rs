//! Ends reservations that nobody has finished in time. What is over stands in the database, so that nothing is forgotten when the
//! process ends, and several of them do not get into each other's way.

use support_chassis::db::{Db, DbError};

use crate::ops;

/// How many reservations are ended in one transaction.
const BATCH: i64 = 100;

/// Ends all that are over.
///
/// # Errors
///
/// What the database says; what was ended so far stays so.
pub async fn expire(db: &Db) -> Result<(), DbError> {
    loop {
        let mut tx = db.begin().await?;
        let ended = ops::expire_claims(&mut tx, BATCH).await?;
        tx.commit().await?;
        if i64::try_from(ended).unwrap_or(i64::MAX) < BATCH {
            return Ok(());
        }
    }
}
