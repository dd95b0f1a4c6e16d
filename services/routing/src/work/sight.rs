//! Who is there, and who has gone without a word.
//!
//! An agent with an open stream of offers is seen by it; others by their heartbeat. Whoever is at work by their presence
//! and has not been seen for a while goes offline, and what they were offered goes back to its place in line. What they
//! have accepted stays theirs.

use support_chassis::clock::Clock;
use support_chassis::db::Db;
use time::OffsetDateTime;

use crate::error::Error;
use crate::live::Live;
use crate::settings::RoutingSettings;
use crate::{ops, store};

/// How many agents are sent home in one round.
const BATCH: i64 = 1000;

/// Notes whom we see, and sends home whom nobody does. `started` is when this process began to look: whoever could not
/// reach us because we were not there gets the time to come back.
///
/// # Errors
///
/// What the database says; who was sent home so far stays so.
pub async fn round(
    db: &Db,
    clock: &Clock,
    live: &Live,
    settings: RoutingSettings,
    started: OffsetDateTime,
) -> Result<(), Error> {
    let now = clock.now();
    let seen = live.streams.agents();
    if !seen.is_empty() {
        store::agents::saw_all(&mut *db.read().await?, &seen, now).await?;
    }
    // Who was last seen then or earlier is gone.
    let before = now - settings.presence_timeout();
    if before < started {
        return Ok(());
    }
    let gone = store::agents::out_of_sight(&mut *db.read().await?, before, BATCH).await?;
    for agent in gone {
        let mut tx = db.begin().await?;
        let has_lapsed = ops::agents::lapse(&mut tx, agent, before, now).await?;
        tx.commit().await?;
        if has_lapsed {
            tracing::info!(%agent, "agent was out of sight for too long and is offline");
            live.changed();
        }
    }
    Ok(())
}
