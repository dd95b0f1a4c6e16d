//! Ends offers of devices whose time is over.

use std::time::Duration;

use support_chassis::db::Db;

use crate::error::Error;
use crate::ops;

/// How often is looked for them.
pub const PERIOD: Duration = Duration::from_secs(10);

/// One round. May be cut off and repeated.
///
/// # Errors
///
/// Those of the database.
pub async fn expire(db: Db) -> Result<(), Error> {
    loop {
        let mut tx = db.begin().await?;
        let ended = ops::expire_transfers(&mut tx).await?;
        tx.commit().await?;
        if ended == 0 {
            return Ok(());
        }
    }
}
