//! Who tells whom that there is something new.

use std::sync::Arc;

use tokio::sync::{Notify, watch};

/// Shared by a database's transactions, its fence and its subscriptions. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Wake(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Tells this process's wakes from those of other replicas.
    name: String,
    /// A transaction that appended has been committed, here or in another replica.
    fence: Notify,
    /// One of this process' transactions has; other replicas are to be told.
    replicas: Notify,
    /// Everything up to here is final.
    safe: watch::Sender<i64>,
    /// Counts the commits heard of, for whoever wants to look at their effects without waiting for the fence.
    commits: watch::Sender<u64>,
}

impl Wake {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Inner {
            name: format!("{:016x}", rand::random::<u64>()),
            fence: Notify::new(),
            replicas: Notify::new(),
            safe: watch::Sender::new(0),
            commits: watch::Sender::new(0),
        }))
    }

    pub(crate) fn name(&self) -> &str {
        &self.0.name
    }

    /// Something was committed by this process.
    pub(crate) fn committed(&self) {
        // `Notify` keeps one permit: wakes that come while the waked one works are one wake, and none is lost.
        self.0.fence.notify_one();
        self.0.replicas.notify_one();
        self.count();
    }

    /// Something was committed by another process.
    pub(crate) fn committed_elsewhere(&self) {
        self.0.fence.notify_one();
        self.count();
    }

    fn count(&self) {
        self.0.commits.send_modify(|commits| *commits = commits.wrapping_add(1));
    }

    pub(crate) fn commits(&self) -> watch::Receiver<u64> {
        self.0.commits.subscribe()
    }

    pub(crate) async fn fence_wanted(&self) {
        self.0.fence.notified().await;
    }

    pub(crate) async fn replicas_to_tell(&self) {
        self.0.replicas.notified().await;
    }

    /// Everything up to `position` is final. Never goes back.
    pub(crate) fn raise(&self, position: i64) {
        self.0.safe.send_if_modified(|safe| {
            let raised = position > *safe;
            *safe = position.max(*safe);
            raised
        });
    }

    pub(crate) fn safe(&self) -> i64 {
        *self.0.safe.borrow()
    }

    pub(crate) fn watch(&self) -> watch::Receiver<i64> {
        self.0.safe.subscribe()
    }
}
