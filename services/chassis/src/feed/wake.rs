//! Who tells whom that there is something new.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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
    /// Counts the commits heard of that added to the records of the standard.
    standard: watch::Sender<u64>,
    /// Other replicas have yet to be told of one.
    standard_untold: AtomicBool,
}

/// What a wake between replicas says: who sends it, and whether the standard has new records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    name: String,
    standard: bool,
}

/// Stands behind the name where the standard has new records.
const STANDARD: &str = " standard";

impl Told {
    pub(super) fn to_payload(&self) -> String {
        format!("{}{}", self.name, if self.standard { STANDARD } else { "" })
    }

    pub(super) fn from_payload(payload: &str) -> Self {
        let name = payload.strip_suffix(STANDARD);
        Self {
            name: name.unwrap_or(payload).to_owned(),
            standard: name.is_some(),
        }
    }
}

impl Wake {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Inner {
            name: format!("{:016x}", rand::random::<u64>()),
            fence: Notify::new(),
            replicas: Notify::new(),
            safe: watch::Sender::new(0),
            commits: watch::Sender::new(0),
            standard: watch::Sender::new(0),
            standard_untold: AtomicBool::new(false),
        }))
    }

    /// Something was committed by this process.
    pub(crate) fn committed(&self) {
        // `Notify` keeps one permit: wakes that come while the waked one works are one wake, and none is lost.
        self.0.fence.notify_one();
        self.0.replicas.notify_one();
        self.count();
    }

    /// Records were added to the standard by this process.
    pub(crate) fn standard_committed(&self) {
        self.0.standard_untold.store(true, Ordering::Release);
        self.0.replicas.notify_one();
        raise_count(&self.0.standard);
    }

    /// What other replicas are to be told now.
    pub(super) fn to_tell(&self) -> Told {
        Told {
            name: self.0.name.clone(),
            standard: self.0.standard_untold.swap(false, Ordering::AcqRel),
        }
    }

    /// A replica, perhaps this one, has told; none where it is not known what was told, for the connection was lost.
    pub(super) fn heard(&self, told: Option<Told>) {
        if told.as_ref().is_some_and(|told| told.name == self.0.name) {
            return;
        }
        self.0.fence.notify_one();
        self.count();
        if told.is_none_or(|told| told.standard) {
            raise_count(&self.0.standard);
        }
    }

    fn count(&self) {
        raise_count(&self.0.commits);
    }

    /// Changes with every commit heard of that added to the records of the standard.
    pub(crate) fn standard(&self) -> watch::Receiver<u64> {
        self.0.standard.subscribe()
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

fn raise_count(count: &watch::Sender<u64>) {
    count.send_modify(|count| *count = count.wrapping_add(1));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(wake: &Wake) -> (u64, u64) {
        (*wake.commits().borrow(), *wake.standard().borrow())
    }

    #[test]
    fn replicas_hear_what_it_was_about_and_not_themselves() {
        let (here, there) = (Wake::new(), Wake::new());
        let tell = || Told::from_payload(&here.to_tell().to_payload());
        here.committed();
        assert_eq!(counts(&here), (1, 0));
        there.heard(Some(tell()));
        assert_eq!(counts(&there), (1, 0));
        here.standard_committed();
        assert_eq!(counts(&here), (1, 1));
        let told = tell();
        here.heard(Some(told.clone()));
        assert_eq!(counts(&here), (1, 1), "its own wake is no news");
        there.heard(Some(told));
        assert_eq!(counts(&there), (2, 1));
        there.heard(Some(tell()));
        assert_eq!(counts(&there), (3, 1), "it is told once");
        there.heard(None);
        assert_eq!(counts(&there), (4, 2), "what was lost may have been anything");
    }
}
