//! Looks at the tasks that come, for the plan that is tried.

use support_chassis::clock::Clock;
use support_chassis::db::Db;
use support_chassis::id::Ids;

use crate::error::Error;
use crate::ops;
use crate::plan::Book;

/// One round: looks at all tasks that were queued since the last one.
///
/// # Errors
///
/// What the database says.
pub async fn round(db: &Db, ids: &Ids, clock: &Clock, book: &Book) -> Result<(), Error> {
    loop {
        let mut tx = db.begin().await?;
        let looked_at = ops::shadow::look(&mut tx, ids, book, clock.now()).await?;
        tx.commit().await?;
        if looked_at == 0 {
            return Ok(());
        }
    }
}
