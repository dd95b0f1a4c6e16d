//! Brings codes to their customers.
//!
//! A delivery is taken on for a while (its lease), worked on outside any transaction, and ended. A worker that dies in
//! between leaves it to be taken on again: a code may arrive twice, and is never lost. What is worked on at the same time
//! is bounded, and a slow mail server holds back nobody but those whose mail it is slow with.

mod attempt;

use std::sync::Arc;
use std::time::Duration;

use support_chassis::clock::Clock;
use support_chassis::db::{Db, DbError};
use support_chassis::id::Ids;
use support_chassis::lifecycle::{BoxError, Lifecycle};
use tokio::sync::{Notify, Semaphore};
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use self::attempt::Outcome;
use crate::error::IdentityError;
use crate::keys::CodeKeys;
use crate::mail::Mailer;
use crate::metrics::Metrics;
use crate::settings::DeliverySettings;
use crate::store::deliveries::{self, Claimed, End};
use crate::words::Words;

/// The wait after a first attempt that failed; doubled with each further one.
const FIRST_RETRY: Duration = Duration::from_secs(1);
/// The longest wait: a code works for minutes.
const LONGEST_RETRY: Duration = Duration::from_secs(30);

/// How long the first words are waited for when the service starts.
const WORDS_AT_START: Duration = Duration::from_secs(2);

/// Where messages go.
#[derive(Debug, Clone)]
pub enum Courier {
    /// To their readers, by mail.
    Smtp(Mailer),
    /// Into a table.
    Local,
}

/// Brings codes to their customers.
#[derive(Debug)]
pub struct Deliverer {
    /// The service's database.
    pub db: Db,
    /// What time it is.
    pub clock: Clock,
    /// Where ids come from.
    pub ids: Ids,
    /// For the encrypted codes.
    pub keys: CodeKeys,
    /// Where words come from.
    pub words: Words,
    /// Where messages go.
    pub courier: Courier,
    /// Told when there is something to deliver.
    pub wake: Arc<Notify>,
    /// Counts deliveries.
    pub metrics: Metrics,
    /// How many at once, how often, how long.
    pub settings: DeliverySettings,
}

impl Deliverer {
    /// Delivers until the service drains; what has been taken on by then is finished.
    pub async fn run(self: Arc<Self>, lifecycle: Lifecycle) -> Result<(), BoxError> {
        let draining = lifecycle.draining();
        let words = tokio::time::timeout(WORDS_AT_START, self.words.arrived());
        // The first codes have words as well, or go their way without.
        let _ = draining.run_until_cancelled(words).await;
        let tasks = TaskTracker::new();
        let places = Arc::new(Semaphore::new(usize::try_from(self.settings.concurrency).unwrap_or(1)));
        let (period, wake) = (
            Duration::from_millis(self.settings.poll_interval_ms),
            Arc::clone(&self.wake),
        );
        let round = {
            let tasks = tasks.clone();
            move || Arc::clone(&self).round(tasks.clone(), Arc::clone(&places))
        };
        lifecycle.every(period, Some(wake), round).await?;
        tasks.close();
        tasks.wait().await;
        Ok(())
    }

    /// Takes on as many deliveries as there are free places.
    async fn round(self: Arc<Self>, tasks: TaskTracker, places: Arc<Semaphore>) -> Result<(), DbError> {
        let free = places.available_permits();
        if free == 0 {
            // Whoever gives up a place asks for a round.
            return Ok(());
        }
        let now = self.clock.now();
        let lease_end = now + Duration::from_secs(self.settings.lease_seconds.into());
        let mut connection = self.db.read().await?;
        let claimed = deliveries::claim(&mut connection, now, lease_end, i64::try_from(free).unwrap_or(1)).await?;
        drop(connection);
        let may_be_more = claimed.len() == free;
        for delivery in claimed {
            // Only rounds take places, one after the other, so as many are free as were counted.
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                break;
            };
            let deliverer = Arc::clone(&self);
            let span = tracing::info_span!(
                parent: None, "deliver", delivery = %delivery.id, verification = %delivery.verification_id
            );
            let task = async move {
                deliverer.deliver(delivery).await;
                drop(place);
                if may_be_more {
                    deliverer.wake.notify_one();
                }
            };
            tasks.spawn(task.instrument(span));
        }
        Ok(())
    }

    async fn deliver(&self, delivery: Claimed) {
        let outcome = match self.attempt(delivery).await {
            Ok(outcome) => outcome,
            Err(error) => {
                // The lease runs out, and the next worker has the same chance. Nothing was lost.
                let error = support_chassis::error::chain(&error);
                tracing::warn!(error, "a delivery was not finished");
                self.metrics.delivered("unfinished");
                return;
            }
        };
        if let Err(error) = self.settle(delivery, outcome).await {
            tracing::warn!(
                error = support_chassis::error::chain(&error),
                "the end of a delivery was not written down"
            );
        }
    }

    async fn settle(&self, delivery: Claimed, outcome: Outcome) -> Result<(), IdentityError> {
        let now = self.clock.now();
        match outcome {
            Outcome::Ended(end, origin) => {
                let mut connection = self.db.read().await?;
                deliveries::end(&mut connection, delivery.id, end, origin.as_ref(), now).await?;
                self.tell(end);
            }
            Outcome::Kept(message) => {
                let mut tx = self.db.begin().await?;
                crate::store::local_outbox::insert(&mut tx, &message).await?;
                deliveries::end(&mut tx, delivery.id, End::Sent, message.origin.as_ref(), now).await?;
                tx.commit().await?;
                self.tell(End::Sent);
            }
            Outcome::PutOff {
                render_failures,
                reason,
            } => {
                let due_at = now + backoff(delivery.attempts);
                let mut connection = self.db.read().await?;
                deliveries::put_off(&mut connection, delivery.id, due_at, render_failures).await?;
                tracing::info!(reason, attempts = delivery.attempts, "a delivery is put off");
                self.metrics.delivered("put_off");
            }
        }
        Ok(())
    }

    fn tell(&self, end: End) {
        match end {
            End::Sent => {
                tracing::debug!("a code was delivered");
                self.metrics.delivered("sent");
            }
            End::Dropped(reason) => {
                tracing::debug!(reason, "a delivery was dropped");
                self.metrics.delivered("dropped");
            }
            End::Failed(reason) => {
                tracing::warn!(reason, "a code cannot be delivered");
                self.metrics.delivered("failed");
            }
        }
    }
}

fn backoff(attempts: i16) -> Duration {
    let doublings = u32::try_from(attempts.max(1) - 1).unwrap_or(0).min(16);
    FIRST_RETRY.saturating_mul(1 << doublings).min(LONGEST_RETRY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_half_a_minute() {
        let waits: Vec<u64> = (0..9).map(|attempts| backoff(attempts).as_secs()).collect();
        assert_eq!(waits, [1, 1, 2, 4, 8, 16, 30, 30, 30]);
        assert_eq!(backoff(i16::MAX), LONGEST_RETRY);
    }
}
