//! Applies batches of events: effect and position in one transaction.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

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
    /// Applies a batch, however often it takes. A batch that fails is applied again event by event, so that what fails
    /// is found and what does not goes on.
    pub(super) async fn apply(&self, batch: &Batch) -> Result<(), NotApplied> {
        match self.attempt(batch.after, &batch.events, batch.up_to).await {
            Ok(()) => return Ok(()),
            Err(Failure::PutBack) => return Err(NotApplied::PutBack),
            Err(Failure::Around(error)) => self.note(&error),
            Err(Failure::Event(error)) => self.note(&error),
        }
        let mut after = batch.after;
        for event in &batch.events {
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
                Ok(()) => return Ok(None),
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

    /// One transaction: those events that were not applied before, and the position.
    async fn attempt(&self, after: i64, events: &[Received], up_to: i64) -> Result<(), Failure> {
        let mut tx = self.db.begin().await.map_err(Failure::Around)?;
        // A second replica of this consumer waits here, and then finds that there is nothing left to do.
        let held = positions::lock(&mut tx, self.source).await.map_err(Failure::Around)?;
        if held < after {
            return Err(Failure::PutBack);
        }
        let mut applied = 0;
        for event in events.iter().filter(|event| event.position > held) {
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
        }
        if up_to > held {
            let now = tx.now();
            positions::store(&mut tx, self.source, up_to, now)
                .await
                .map_err(Failure::Around)?;
            tx.commit().await.map_err(Failure::Around)?;
        }
        metrics::applied(self.source, applied);
        Ok(())
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
