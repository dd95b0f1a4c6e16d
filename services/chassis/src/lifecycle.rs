//! How a process lives and ends.
//!
//! Two tokens say what is asked: the *soft* one that work should come to its end (calls in flight finish, streams tell
//! their clients to resume elsewhere, loops stop between two rounds), the *hard* one that time is up. Every task is
//! critical: one that ends early, fails or panics takes the process down in good order with a red exit, because a service
//! whose consumer died silently looks healthy and is not. Whoever restarts it (Kubernetes, systemd) decides how often.

mod periodic;
mod signals;

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Any error, as tasks return them.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// How long tasks that were cut off get to drop what they hold.
const CUT_OFF: Duration = Duration::from_secs(2);

tokio::task_local! {
    /// The name of the task that runs, for what it logs.
    static TASK: String;
}

/// The life of a process, or of one service in it. Clones share it.
#[derive(Clone)]
pub struct Lifecycle {
    soft: CancellationToken,
    hard: CancellationToken,
    /// Its own tasks, then those of each life around it: whoever waits for the process waits for all.
    trackers: Vec<TaskTracker>,
    state: Arc<State>,
    parent: Option<Arc<Lifecycle>>,
}

#[derive(Default)]
struct State {
    /// The first thing that went wrong; what follows is mostly its consequence.
    fault: Mutex<Option<Fault>>,
    running: Mutex<BTreeMap<u64, String>>,
}

/// Tells tasks of one name apart.
static NEXT_TASK: AtomicU64 = AtomicU64::new(0);

/// Why a life ended red.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A task returned although nobody had asked for an end.
    #[error("task {task} ended early")]
    EndedEarly {
        /// Its name.
        task: String,
    },
    /// A task failed.
    #[error("task {task} failed: {cause}")]
    Failed {
        /// Its name.
        task: String,
        /// The error and its causes.
        cause: String,
    },
    /// A task panicked.
    #[error("task {task} panicked")]
    Panicked {
        /// Its name.
        task: String,
    },
    /// Tasks were still at work when the time to drain was over, and were cut off.
    #[error("tasks did not end in time: {}", tasks.join(", "))]
    DrainTimedOut {
        /// Their names.
        tasks: Vec<String>,
    },
    /// A second signal asked to stop at once.
    #[error("stopped at once, as asked")]
    Aborted,
}

impl Lifecycle {
    /// A life of its own.
    #[must_use]
    pub fn new() -> Self {
        Self {
            soft: CancellationToken::new(),
            hard: CancellationToken::new(),
            trackers: vec![TaskTracker::new()],
            state: Arc::default(),
            parent: None,
        }
    }

    /// A life within this one: it can end alone, it ends with this one, and what goes wrong in it ends this one.
    #[must_use]
    pub fn child(&self) -> Self {
        let mut trackers = vec![TaskTracker::new()];
        trackers.extend(self.trackers.iter().cloned());
        Self {
            soft: self.soft.child_token(),
            hard: self.hard.child_token(),
            trackers,
            state: Arc::default(),
            parent: Some(Arc::new(self.clone())),
        }
    }

    /// Cancelled when work should come to its end.
    #[must_use]
    pub fn draining(&self) -> CancellationToken {
        self.soft.clone()
    }

    /// Cancelled when time is up; futures given to [`Lifecycle::spawn`] are then dropped where they stand.
    #[must_use]
    pub fn aborting(&self) -> CancellationToken {
        self.hard.clone()
    }

    /// Whether work should come to its end.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.soft.is_cancelled()
    }

    /// Asks all work to come to its end.
    pub fn drain(&self, why: &str) {
        if !self.soft.is_cancelled() {
            tracing::info!(why, "draining");
            self.soft.cancel();
        }
    }

    /// Stops at once; the exit is red.
    pub fn abort(&self) {
        self.record(Fault::Aborted);
        self.soft.cancel();
        self.hard.cancel();
    }

    /// The first thing that went wrong so far.
    #[must_use]
    pub fn fault(&self) -> Option<Fault> {
        self.state.fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Starts a task that must live as long as the process.
    pub fn spawn<E: Into<BoxError>>(
        &self,
        name: impl Into<String>,
        task: impl Future<Output = Result<(), E>> + Send + 'static,
    ) {
        let name = name.into();
        let life = self.clone();
        let id = NEXT_TASK.fetch_add(1, Ordering::Relaxed);
        self.entered(id, &name);
        let tokens: Vec<_> = self.trackers.iter().map(TaskTracker::token).collect();
        tokio::spawn(async move {
            let outcome = life
                .hard
                .run_until_cancelled(TASK.scope(name.clone(), AssertUnwindSafe(task).catch_unwind()))
                .await;
            life.judge(
                name,
                outcome.map(|ended| ended.map(|result| result.map_err(Into::into))),
            );
            life.left(id);
            drop(tokens);
        });
    }

    fn judge(&self, task: String, outcome: Option<std::thread::Result<Result<(), BoxError>>>) {
        let fault = match outcome {
            // Cut off; whoever cut it off says so.
            None => return,
            Some(Ok(Ok(()))) if self.is_draining() => return,
            Some(Ok(Ok(()))) => Fault::EndedEarly { task },
            Some(Ok(Err(error))) if self.is_draining() => {
                // Peers drain at the same time: what breaks between them now is no fault.
                tracing::info!(task, error = %chain(&*error), "task failed while draining");
                return;
            }
            Some(Ok(Err(error))) => Fault::Failed {
                task,
                cause: chain(&*error),
            },
            Some(Err(_)) => Fault::Panicked { task },
        };
        tracing::error!(fault = %fault, "critical task is gone");
        self.record(fault);
        self.drain("a critical task is gone");
    }

    fn record(&self, fault: Fault) {
        self.state
            .fault
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert_with(|| fault.clone());
        if let Some(parent) = &self.parent {
            parent.record(fault);
            parent.drain("a part of the process is gone");
        }
    }

    /// Waits until the end is asked for and all tasks have ended, cutting them off once `bound` has passed since it was
    /// asked for.
    ///
    /// # Errors
    ///
    /// The first thing that went wrong.
    pub async fn finished(&self, bound: Duration) -> Result<(), Fault> {
        self.soft.cancelled().await;
        let tasks = &self.trackers[0];
        tasks.close();
        tokio::select! {
            () = tasks.wait() => {}
            () = self.hard.cancelled() => {}
            () = tokio::time::sleep(bound) => {
                let left = self.running();
                tracing::warn!(tasks = left.join(", "), "tasks did not end in time");
                self.record(Fault::DrainTimedOut { tasks: left });
            }
        }
        self.hard.cancel();
        if tokio::time::timeout(CUT_OFF, tasks.wait()).await.is_err() {
            tracing::error!(tasks = self.running().join(", "), "tasks are stuck");
        }
        self.fault().map_or(Ok(()), Err)
    }

    fn entered(&self, id: u64, name: &str) {
        self.lock_running().insert(id, name.to_owned());
        if let Some(parent) = &self.parent {
            parent.entered(id, name);
        }
    }

    fn left(&self, id: u64) {
        self.lock_running().remove(&id);
        if let Some(parent) = &self.parent {
            parent.left(id);
        }
    }

    fn running(&self) -> Vec<String> {
        self.lock_running().values().cloned().collect()
    }

    fn lock_running(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, String>> {
        self.state.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Lifecycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lifecycle")
            .field("draining", &self.is_draining())
            .field("fault", &self.fault())
            .field("running", &self.running())
            .finish()
    }
}

/// An error with its causes on one line.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut line = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        // Some errors print their source themselves.
        if !line.ends_with(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        next = cause.source();
    }
    line
}

#[cfg(test)]
mod tests;
