//! Who is there, and who has gone without a word.
//!
//! An agent with an open stream of offers is seen by it; others by their heartbeat. Whoever is at work by their presence
//! and has not been seen for as long as the routing plan of their site says goes offline, and what they were offered goes
//! back to its place in line. What they have accepted stays theirs.

use std::sync::{Arc, Mutex, PoisonError};

use support_chassis::clock::Clock;
use support_chassis::db::Db;
use time::{Duration, OffsetDateTime};

use crate::error::Error;
use crate::live::Live;
use crate::ops::desk::Desk;
use crate::store::desk::Bounds;
use crate::{ops, store};

/// How many agents are sent home in one round.
const BATCH: i64 = 1000;
/// How often agents are looked after in the time that they may be out of sight: often enough that one lost round sends
/// nobody home.
const LOOKS: i32 = 4;

/// Notes whom we see, and sends home whom nobody does. Clones are the same.
#[derive(Clone, Debug)]
pub struct Sight {
    db: Db,
    clock: Clock,
    live: Live,
    desk: Desk,
    /// When this process began to look: whoever could not reach us because we were not there gets the time to come back.
    started: OffsetDateTime,
    last: Arc<Mutex<Option<Look>>>,
}

/// A look that was taken.
#[derive(Debug)]
struct Look {
    at: OffsetDateTime,
    /// Where agents were at work.
    sites: Vec<String>,
}

impl Sight {
    /// Begins to look at `started`.
    #[must_use]
    pub fn new(db: Db, clock: Clock, live: Live, desk: Desk, started: OffsetDateTime) -> Self {
        Self {
            db,
            clock,
            live,
            desk,
            started,
            last: Arc::default(),
        }
    }

    /// Takes a look where it is time for one.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub async fn round(&self) -> Result<(), Error> {
        if self.is_time() { self.look().await } else { Ok(()) }
    }

    /// The plan may have changed since the last look, so it is asked anew.
    fn is_time(&self) -> bool {
        let now = self.clock.now();
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(last) = last.as_ref() else {
            return true;
        };
        let shortest = last.sites.iter().map(|site| self.timeout(site, now)).min();
        let shortest = shortest.unwrap_or_else(|| self.timeout("", now));
        now - last.at >= shortest / LOOKS
    }

    fn timeout(&self, site: &str, now: OffsetDateTime) -> Duration {
        self.desk.plans.of_agents(site, now).presence_timeout
    }

    /// Takes a look.
    ///
    /// # Errors
    ///
    /// What the database says; who was sent home so far stays so.
    pub async fn look(&self) -> Result<(), Error> {
        let now = self.clock.now();
        let seen = self.live.streams.agents();
        if !seen.is_empty() {
            store::agents::saw_all(&mut *self.db.read().await?, &seen, now).await?;
        }
        let sites = store::agents::sites_at_work(&mut *self.db.read().await?).await?;
        // Who was last seen then or earlier is gone.
        let before: Vec<_> = sites
            .iter()
            .map(|site| (site.clone(), now - self.timeout(site, now)))
            .filter(|(_, before)| *before >= self.started)
            .collect();
        if !before.is_empty() {
            self.send_home(&before, now).await?;
        }
        self.take_back(now).await?;
        let look = Look { at: now, sites };
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(look);
        Ok(())
    }

    /// Puts back into line what those hold who have been gone for too long.
    async fn take_back(&self, now: OffsetDateTime) -> Result<(), Error> {
        let sites = store::desk::sites_left(&mut *self.db.read().await?).await?;
        let bounds: Vec<Bounds> = sites
            .into_iter()
            .map(|site| {
                let rules = self.desk.rules.of_agents(&site, now);
                let live = now - rules.live_lapse;
                let written = live - rules.written_lapse;
                Bounds { site, live, written }
            })
            .collect();
        if bounds.is_empty() {
            return Ok(());
        }
        let left = store::desk::left_behind(&mut *self.db.read().await?, &bounds, BATCH).await?;
        for (task, agent, site) in left {
            let Some(bounds) = bounds.iter().find(|bounds| bounds.site == site) else {
                continue;
            };
            let mut tx = self.db.begin().await?;
            let has_lapsed = self.desk.lapse(&mut tx, task, agent, bounds, now).await?;
            tx.commit().await?;
            if has_lapsed {
                tracing::info!(%task, %agent, "agent has gone and what they had in hand is taken back");
                self.live.changed();
            }
        }
        Ok(())
    }

    async fn send_home(&self, before: &[(String, OffsetDateTime)], now: OffsetDateTime) -> Result<(), Error> {
        let gone = store::agents::out_of_sight(&mut *self.db.read().await?, before, BATCH).await?;
        for (agent, before) in gone {
            let mut tx = self.db.begin().await?;
            let has_lapsed = ops::agents::lapse(&mut tx, agent, before, now).await?;
            tx.commit().await?;
            if has_lapsed {
                tracing::info!(%agent, "agent was out of sight for too long and is offline");
                self.live.changed();
            }
        }
        Ok(())
    }
}
