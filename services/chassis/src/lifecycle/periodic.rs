//! Work that comes round again.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use rand::RngExt as _;
use tokio::sync::Notify;
use tokio::time::Instant;
use tracing::Instrument as _;

use super::{BoxError, Lifecycle, TASK, chain};

/// The wait after a first failure; doubled with each further one, up to the period.
const FIRST_RETRY: Duration = Duration::from_secs(1);
/// Between two log lines about the same failing work.
const LOG_EVERY: Duration = Duration::from_mins(1);
/// From so many failures in a row on, a person should look.
const ALARMING: u32 = 10;

impl Lifecycle {
    /// Runs `work` at once and then about every `period` (a tenth more or less, so that replicas do not march in step),
    /// or as soon as `wake` is notified, until the life drains. A round that has begun is finished.
    ///
    /// Rounds must be idempotent, as any of them may be cut off. A failed one is tried again soon. Failures are logged
    /// at WARN, from the tenth in a row on at ERROR, not more often than once a minute, with the number left out.
    pub fn every<W, F, E>(
        &self,
        period: Duration,
        wake: Option<Arc<Notify>>,
        mut work: W,
    ) -> impl Future<Output = Result<(), BoxError>> + Send + 'static
    where
        W: FnMut() -> F + Send + 'static,
        F: Future<Output = Result<(), E>> + Send,
        E: Into<BoxError> + Send,
    {
        let draining = self.draining();
        async move {
            let mut failures = Failures::default();
            while !draining.is_cancelled() {
                let name = TASK.try_with(Clone::clone).unwrap_or_default();
                // A trace of its own: one that lasted as long as the process would never be sent.
                let span = tracing::info_span!(parent: None, "work", otel.name = format!("work {name}"), work = name);
                let pause = match work().instrument(span).await {
                    Ok(()) => {
                        failures.recovered(&name);
                        jittered(period)
                    }
                    Err(error) => {
                        let error = error.into();
                        jittered(failures.failed(&name, &*error).min(period))
                    }
                };
                let woken = async {
                    match &wake {
                        Some(wake) => wake.notified().await,
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    () = draining.cancelled() => {}
                    () = tokio::time::sleep(pause) => {}
                    () = woken => {}
                }
            }
            Ok(())
        }
    }
}

fn jittered(period: Duration) -> Duration {
    period.mul_f64(rand::rng().random_range(0.9..1.1))
}

/// What has failed since it last worked.
#[derive(Default)]
struct Failures {
    in_a_row: u32,
    unlogged: u32,
    last_logged: Option<Instant>,
}

impl Failures {
    /// Notes a failure and says how long to wait at most.
    fn failed(&mut self, work: &str, error: &(dyn std::error::Error + 'static)) -> Duration {
        self.in_a_row = self.in_a_row.saturating_add(1);
        if self.last_logged.is_some_and(|last| last.elapsed() < LOG_EVERY) {
            self.unlogged += 1;
        } else {
            let (error, in_a_row, unlogged) = (chain(error), self.in_a_row, self.unlogged);
            if in_a_row >= ALARMING {
                tracing::error!(work, error, in_a_row, unlogged, "periodic work keeps failing");
            } else {
                tracing::warn!(work, error, in_a_row, unlogged, "periodic work failed");
            }
            self.unlogged = 0;
            self.last_logged = Some(Instant::now());
        }
        FIRST_RETRY.saturating_mul(1 << (self.in_a_row - 1).min(16))
    }

    fn recovered(&mut self, work: &str) {
        if self.in_a_row > 0 {
            tracing::info!(work, failures = self.in_a_row, "periodic work succeeds again");
            *self = Self {
                last_logged: self.last_logged,
                ..Self::default()
            };
        }
    }
}
