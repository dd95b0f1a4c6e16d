//! Reads the offers that stand, and what agents have in hand, for the streams.

use std::sync::Arc;

use support_chassis::db::Db;
use tokio::sync::Mutex;
use uuid::Uuid;

use super::follower::Follower;
use crate::error::Error;
use crate::live::Live;
use crate::store;

/// Reads what stands for those to whom something has happened, and to whoever has just begun to look. Clones follow
/// together.
#[derive(Clone, Debug)]
pub struct Reader {
    db: Db,
    live: Live,
    progress: Arc<Mutex<Option<Progress>>>,
}

#[derive(Debug)]
struct Progress {
    follower: Follower,
    /// Whether all that was under way when this began was shown.
    is_whole: bool,
}

impl Reader {
    /// A reader that has read nothing.
    #[must_use]
    pub fn new(db: Db, live: Live) -> Self {
        Self {
            db,
            live,
            progress: Arc::default(),
        }
    }

    /// Reads once, and shows it to the streams.
    ///
    /// # Errors
    ///
    /// What the database says. All is read anew then.
    pub async fn round(&self) -> Result<(), Error> {
        let mut place = self.progress.lock().await;
        // Out of its place while it is used: what a round has heard of that fails or is cut off is not lost, as the next
        // begins anew.
        let progress = place.take();
        if self.live.streams.is_empty() {
            return Ok(());
        }
        let mut connection = self.db.read().await?;
        let Progress {
            mut follower,
            mut is_whole,
        } = if let Some(progress) = progress {
            progress
        } else {
            self.live.streams.forget_told();
            Progress {
                follower: Follower::begin(&mut connection).await?,
                is_whole: false,
            }
        };
        let (agents, offered): (Vec<Uuid>, Vec<Uuid>) = if is_whole {
            let touched = follower.read(&mut connection).await?;
            let agents = self.live.streams.to_show(touched.agents.iter());
            (agents, self.live.streams.untold(touched.offered))
        } else {
            is_whole = follower.settle(&mut connection).await?;
            let touched = follower.read(&mut connection).await?;
            let _ = self.live.streams.untold(touched.offered);
            (self.live.streams.agents(), Vec::new())
        };
        if !agents.is_empty() {
            let reading = self.live.streams.begin_reading(&agents);
            let standing = store::offers::standing(&mut connection, &agents).await?;
            let held = store::desk::held_by(&mut connection, &agents).await?;
            self.live.streams.show(reading, &agents, standing, held);
        }
        if !offered.is_empty() {
            let standing = store::offers::standing_of(&mut connection, &offered).await?;
            self.live.streams.add(&standing);
        }
        *place = Some(Progress { follower, is_whole });
        Ok(())
    }
}
