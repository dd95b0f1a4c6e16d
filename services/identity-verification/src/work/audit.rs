//! Gives the entries of the audit trail their places in its chain.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use support_chassis::db::Db;
use time::OffsetDateTime;

use crate::error::IdentityError;
use crate::store;

/// How often entries are looked for that have no place yet.
pub const PERIOD: Duration = Duration::from_secs(1);
/// How often the head is logged: kept with the logs, outside the database, it shows a trail that was made anew as a whole.
const LOG_EVERY: Duration = Duration::from_mins(10);

/// Links what was recorded. Clones share what they have logged.
#[derive(Debug, Clone)]
pub struct Linker {
    db: Db,
    logged_at: Arc<Mutex<Option<OffsetDateTime>>>,
}

impl Linker {
    /// In this database.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self {
            db,
            logged_at: Arc::default(),
        }
    }

    /// Links all there is. Rounds may be cut off and repeated; where another process is at it, there is nothing to do.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn round(self) -> Result<(), IdentityError> {
        let mut head = None;
        while let Some((count, last)) = store::audit::link_entries(&self.db).await? {
            if count == 0 {
                break;
            }
            head = Some(last);
        }
        let now = self.db.clock().now();
        let mut logged_at = self.logged_at.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(head) = head
            && logged_at.is_none_or(|at| now - at >= LOG_EVERY)
        {
            tracing::info!(
                audit.position = head.position,
                audit.hash = BASE64.encode(head.hash),
                "audit trail linked"
            );
            *logged_at = Some(now);
        }
        Ok(())
    }
}
