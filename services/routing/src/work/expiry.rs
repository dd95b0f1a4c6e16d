//! Ends offers whose time is over, and lets callbacks into line whose time has come. It sleeps until the next one's is, and does not go round in between but for the slow
//! poll.

use std::time::Duration;

use support_chassis::clock::Clock;
use support_chassis::db::Db;

use crate::error::Error;
use crate::live::Live;
use crate::{ops, store};

/// How many are ended, or let in, in one transaction.
const BATCH: i64 = 100;
/// How long to wait for those who are just changing what is due.
const SOON: Duration = Duration::from_millis(20);

/// Ends what is due, and sets the alarm for what is next.
///
/// # Errors
///
/// What the database says; what was ended so far stays so.
pub async fn round(db: &Db, clock: &Clock, live: &Live) -> Result<(), Error> {
    loop {
        let mut tx = db.begin().await?;
        let ended = ops::offers::expire(&mut tx, BATCH, clock.now()).await?;
        tx.commit().await?;
        if ended == 0 {
            break;
        }
        live.changed();
    }
    loop {
        let mut tx = db.begin().await?;
        let released = ops::callbacks::release(&mut tx, BATCH, clock.now()).await?;
        tx.commit().await?;
        if released == 0 {
            break;
        }
        live.changed();
    }
    let mut connection = db.read().await?;
    let over = store::offers::next_due(&mut connection).await?;
    let due = store::waits::next_due(&mut connection).await?;
    let next = over.into_iter().chain(due).min();
    live.expiry.set(next.map(|next| next.max(clock.now() + SOON)));
    Ok(())
}
