//! Ends what ran out and removes what nobody needs any more.

use std::time::Duration;

use support_chassis::clock::Clock;
use support_chassis::db::Db;

use crate::domain::sends::WINDOW;
use crate::error::IdentityError;
use crate::metrics::Metrics;
use crate::ops::delegations::expire_delegations;
use crate::ops::expire_verifications::expire_verifications;
use crate::ops::weigh_risk::USES;
use crate::store;

/// How much one statement does at most, so that it stays short.
const AT_ONCE: i64 = 500;
/// How long a count of failures that stands at nothing is kept.
const FAILURES_KEPT: Duration = Duration::from_hours(24 * 30);
/// How long codes are counted by prefix and calling code: what is asked for are the last 24 hours.
const COUNTS_KEPT: Duration = Duration::from_hours(25);
/// How long it is kept what was reported of a number: no rule looks further back.
const NUMBERS_KEPT: Duration = Duration::from_hours(24 * 90);
/// After how long a code that waits is counted as overdue.
const OVERDUE: Duration = Duration::from_mins(1);

/// Ends what ran out and removes what nobody needs any more. Rounds may be cut off and repeated.
#[derive(Debug, Clone)]
pub struct Upkeep {
    /// The service's database.
    pub db: Db,
    /// What time it is.
    pub clock: Clock,
    /// Told how many codes wait.
    pub metrics: Metrics,
    /// How long a local outbox keeps its messages.
    pub local_retention: Duration,
    /// How long it is kept what customers were told.
    pub notification_retention: Duration,
}

impl Upkeep {
    /// One round.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn round(self) -> Result<(), IdentityError> {
        loop {
            let mut tx = self.db.begin().await?;
            let ended = expire_verifications(&mut tx, AT_ONCE).await?;
            tx.commit().await?;
            if i64::try_from(ended).unwrap_or(0) < AT_ONCE {
                break;
            }
        }
        loop {
            let mut tx = self.db.begin().await?;
            let ended = expire_delegations(&mut tx, AT_ONCE).await?;
            tx.commit().await?;
            if i64::try_from(ended).unwrap_or(0) < AT_ONCE {
                break;
            }
        }
        let now = self.clock.now();
        let mut connection = self.db.read().await?;
        store::send_windows::prune(&mut connection, now - WINDOW, AT_ONCE).await?;
        store::factors::prune_failures(&mut connection, now - FAILURES_KEPT, AT_ONCE).await?;
        store::partner_clients::prune_assertions(&mut connection, now, AT_ONCE).await?;
        store::risk::counts::prune(&mut connection, now - COUNTS_KEPT, now - USES, AT_ONCE).await?;
        store::risk::known::prune_numbers(&mut connection, now - NUMBERS_KEPT, AT_ONCE).await?;
        store::local_outbox::prune(&mut connection, now - self.local_retention, AT_ONCE).await?;
        store::happenings::prune(&mut connection, now - self.notification_retention, AT_ONCE).await?;
        self.metrics
            .overdue(store::deliveries::count_overdue(&mut connection, now - OVERDUE).await?);
        Ok(())
    }
}
