//! Where callers, staff and workshops of one replay meet.

use std::collections::HashMap;

use support_proto::support::case::v1::Case;
use tokio::sync::{Semaphore, watch};

use super::board::Board;
use super::clock::DayClock;
use super::faults::Faults;
use super::people::People;
use super::workshop::Workshops;
use crate::session::{Caller, Session};

/// What everybody in a replay shares.
pub struct Floor {
    /// The run's name: the same name asks for the same things.
    pub run: String,
    /// The connection.
    pub session: Session,
    /// Somebody who may look at everything.
    pub operator: Caller,
    /// The day's clock.
    pub clock: DayClock,
    /// Who is on the telephone.
    pub board: Board,
    /// The callers.
    pub people: People,
    /// The partners.
    pub workshops: Workshops,
    /// What went wrong.
    pub faults: Faults,
    /// How many callers are verified at the same time.
    pub doors: Semaphore,
    /// The cases that an earlier process of the same run has left, by call.
    pub found: HashMap<String, Case>,
    /// The agents of the run by id, to settle what an earlier process has left.
    pub agents: HashMap<String, Caller>,
    /// How many calls are settled, of all.
    pub settled: watch::Sender<usize>,
    /// How many agents are at work.
    pub at_work: watch::Sender<usize>,
    /// How many callers are waiting.
    pub waiting: watch::Sender<usize>,
    /// How many calls there are.
    pub calls: usize,
}

impl Floor {
    /// Waits until every call is settled.
    pub async fn all_settled(&self) {
        let mut settled = self.settled.subscribe();
        // The floor outlives its waiters, and the sender with it.
        let _ = settled.wait_for(|settled| *settled >= self.calls).await;
    }
}
