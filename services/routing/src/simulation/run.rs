//! Plays a scenario several times.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::floor::Floor;
use super::measured::Measured;
use super::scenario::Scenario;
use super::tally::Tally;

/// How much work may be put into it.
#[derive(Debug)]
pub struct Effort {
    threads: usize,
    events: u64,
    so_far: AtomicU64,
    stop: Arc<AtomicBool>,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stopped {
    /// More happened than was allowed.
    #[error("more happens than may be simulated at once")]
    TooMuch,
    /// Nobody waits for it any more.
    #[error("the simulation was stopped")]
    Asked,
}

/// What has happened is added up, and a wish to stop is looked for, each time that so much has.
const BETWEEN: u64 = 1024;

impl Effort {
    /// On as many threads as there are processors, without a limit.
    #[must_use]
    pub fn free() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self::limited(threads, u64::MAX, Arc::default())
    }

    /// On so many threads, until so much has happened in all replications together or `stop` is set.
    #[must_use]
    pub fn limited(threads: usize, events: u64, stop: Arc<AtomicBool>) -> Self {
        Self {
            threads: threads.max(1),
            events,
            so_far: AtomicU64::new(0),
            stop,
        }
    }

    /// So much has happened in a replication.
    pub(super) fn check(&self, events: u64) -> Result<(), Stopped> {
        if !events.is_multiple_of(BETWEEN) {
            return Ok(());
        }
        if self.so_far.fetch_add(BETWEEN, Ordering::Relaxed) + BETWEEN > self.events {
            return Err(Stopped::TooMuch);
        }
        if self.stop.load(Ordering::Relaxed) {
            return Err(Stopped::Asked);
        }
        Ok(())
    }
}

/// Plays a scenario so many times, and says how everybody fared.
///
/// # Errors
///
/// [`Stopped`].
pub fn simulate(scenario: &Scenario, replications: usize, effort: &Effort) -> Result<Measured, Stopped> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, Result<Tally, Stopped>)>> = Mutex::default();
    let work = || {
        loop {
            let replication = next.fetch_add(1, Ordering::Relaxed);
            if replication >= replications {
                return;
            }
            let floor = Floor::new(scenario, u64::try_from(replication).unwrap_or_default(), effort);
            let played = floor.play();
            let is_over = played.is_err();
            done.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push((replication, played));
            if is_over {
                return;
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..effort.threads.min(replications) {
            scope.spawn(work);
        }
        work();
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    // In their order, so that sums come out the same to the last bit.
    done.sort_by_key(|(replication, _)| *replication);
    let tallies: Vec<Tally> = done.into_iter().map(|(_, played)| played).collect::<Result<_, _>>()?;
    Ok(Measured::of(scenario, &tallies))
}
