//! Applies batches of events: effect and position in one transaction.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use rand::RngExt as _;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::{ApplyError, Consumer, Received, metrics, positions};
use crate::db::{Db, DbError};
use crate::error::chain;

/// After so many attempts an event that fails by a fault of ours is set aside.
pub const MOST_ATTEMPTS: u32 = 10;
/// The pause after the first failure; doubled with each.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How long a transaction goes on taking further events: each holds the rows it touched until the commit, against
/// callers who want them and against the consumer of another source, whose order is another.
const HOLD: Duration = Duration::from_millis(15);
/// The most events of a transaction, for the same reason.
const AT_ONCE: u64 = 32;
/// The longest reason that is stored.
const REASON_LIMIT: usize = 1000;

/// A part of the feed that follows on what was applied before.
#[derive(Debug)]
pub(super) struct Batch {
    /// Everything up to here was in the batches before it.
    pub(super) after: i64,
    pub(super) events: Vec<Received>,
    /// Everything up to here is done with once the events are applied.
    pub(super) up_to: i64,
}

/// Why a batch was not applied in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotApplied {
    /// The consumer was asked to stop.
    Stopped,
    /// The stored position is below where this batch begins: somebody has put it back. The events between must be read
    /// first.
    PutBack,
}

/// Why an attempt failed.
enum Failure {
    PutBack,
    /// Before or after the events: the database.
    Around(DbError),
    Event(ApplyError),
}

/// Applies the events of one source.
#[derive(Debug)]
pub(super) struct Applier<'c, C> {
    pub(super) db: &'c Db,
    pub(super) source: &'c str,
    pub(super) consumer: &'c C,
    pub(super) stop: &'c CancellationToken,
}

impl<C: Consumer> Applier<'_, C> {
    /// Applies a batch, in as many transactions and however often it takes. Where one fails, the rest is applied again
    /// event by event, so that what fails is found and what does not goes on.
    pub(super) async fn apply(&self, batch: &Batch) -> Result<(), NotApplied> {
        let mut after = batch.after;
        loop {
            match self.attempt(after, &batch.events, batch.up_to).await {
                Ok(reached) if reached >= batch.up_to => return Ok(()),
                Ok(reached) => after = reached,
                Err(Failure::PutBack) => return Err(NotApplied::PutBack),
                Err(Failure::Around(error)) => break self.note(&error),
                Err(Failure::Event(error)) => break self.note(&error),
            }
        }
        let applied = after;
        for event in batch.events.iter().filter(|event| event.position > applied) {
            self.apply_one(after, event).await?;
            after = event.position;
        }
        if batch.events.is_empty() || after < batch.up_to {
            self.until_applied(after, &[], batch.up_to).await?;
        }
        Ok(())
    }

    async fn apply_one(&self, after: i64, event: &Received) -> Result<(), NotApplied> {
        let alone = std::slice::from_ref(event);
        let Some(reason) = self.until_applied(after, alone, event.position).await? else {
            return Ok(());
        };
        let mut pause = FIRST_PAUSE;
        while let Err(error) = self.park(event, &reason).await {
            self.note(&error);
            self.pause(&mut pause).await?;
        }
        Ok(())
    }

    /// Attempts until it is done; or gives the reason why it must be given up.
    async fn until_applied(&self, after: i64, events: &[Received], up_to: i64) -> Result<Option<String>, NotApplied> {
        let mut faults = 0;
        let mut pause = FIRST_PAUSE;
        loop {
            match self.attempt(after, events, up_to).await {
                Ok(_) => return Ok(None),
                Err(Failure::PutBack) => return Err(NotApplied::PutBack),
                Err(Failure::Event(ApplyError::Park(reason))) => return Ok(Some(reason)),
                Err(Failure::Event(error @ ApplyError::Fault(_))) => {
                    faults += 1;
                    if faults >= MOST_ATTEMPTS {
                        return Ok(Some(chain(&error)));
                    }
                    self.note(&error);
                }
                Err(Failure::Event(error)) => self.note(&error),
                Err(Failure::Around(error)) => self.note(&error),
            }
            self.pause(&mut pause).await?;
        }
    }

    /// One transaction: those events that were not applied before, as many as it may hold, and the position. Gives the
    /// position reached; with at most one event that is `up_to`, or beyond it where somebody else was here.
    async fn attempt(&self, after: i64, events: &[Received], up_to: i64) -> Result<i64, Failure> {
        let mut tx = self.db.begin().await.map_err(Failure::Around)?;
        // A second replica of this consumer waits here, and then finds that there is nothing left to do.
        let held = positions::lock(&mut tx, self.source).await.map_err(Failure::Around)?;
        if held < after {
            return Err(Failure::PutBack);
        }
        let begun = Instant::now();
        let mut applied = 0;
        let mut reached = up_to.max(held);
        let mut last = held;
        for event in events.iter().filter(|event| event.position > held) {
            if applied > 0 && (applied >= AT_ONCE || begun.elapsed() >= HOLD) {
                reached = last;
                break;
            }
            let span = tracing::info_span!(
                "apply event",
                otel.name = format!("apply {}", event.event_type),
                source = self.source,
                position = event.position,
                event_id = %event.event_id,
            );
            if let Some(cause) = event.cause() {
                span.add_link(cause);
            }
            // Whatever a handler that panicked left behind is in the transaction, which is dropped.
            let outcome = AssertUnwindSafe(self.consumer.apply(&mut tx, event).instrument(span))
                .catch_unwind()
                .await;
            outcome
                .unwrap_or_else(|_| Err(ApplyError::Fault("handler panicked".into())))
                .map_err(Failure::Event)?;
            applied += 1;
            last = event.position;
        }
        if reached > held {
            let now = tx.now();
            positions::store(&mut tx, self.source, reached, now)
                .await
                .map_err(Failure::Around)?;
            tx.commit().await.map_err(Failure::Around)?;
        }
        metrics::applied(self.source, applied);
        Ok(reached)
    }

    /// Sets an event aside, and moves on past it.
    async fn park(&self, event: &Received, reason: &str) -> Result<(), DbError> {
        let reason: String = reason.chars().take(REASON_LIMIT).collect();
        let mut tx = self.db.begin().await?;
        let held = positions::lock(&mut tx, self.source).await?;
        if held >= event.position {
            return Ok(());
        }
        let now = tx.now();
        positions::park(&mut tx, event, &reason, now).await?;
        positions::store(&mut tx, self.source, event.position, now).await?;
        tx.commit().await?;
        tracing::error!(
            source = self.source,
            position = event.position,
            event_id = %event.event_id,
            event_type = event.event_type,
            subject = %event.subject,
            reason,
            "an event was set aside in feed_parked"
        );
        Ok(())
    }

    fn note(&self, error: &(dyn std::error::Error + 'static)) {
        metrics::failure(self.source);
        tracing::warn!(
            source = self.source,
            error = chain(error),
            "events were not applied, trying again"
        );
    }

    async fn pause(&self, pause: &mut Duration) -> Result<(), NotApplied> {
        let jittered = pause.mul_f64(rand::rng().random_range(0.5..1.0));
        *pause = (*pause * 2).min(LONGEST_PAUSE);
        tokio::select! {
            () = self.stop.cancelled() => Err(NotApplied::Stopped),
            () = tokio::time::sleep(jittered) => Ok(()),
        }
    }
}
