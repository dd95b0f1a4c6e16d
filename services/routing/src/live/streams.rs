//! The open streams of offers and what each agent is offered.
//!
//! One reader a process reads the offers that stand, whenever something was committed, and shows them here; each stream
//! tells its client the difference to what it told before. So a stream never misses the end of an offer it told of, two
//! replicas need not speak to each other, and a burst of commits is one read.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use uuid::Uuid;

use crate::domain::{AgentId, Offer, Task};

/// The offers that stand to an agent, oldest first.
pub type Standing = Arc<Vec<(Offer, Task)>>;

/// The open streams. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Streams(Arc<Mutex<HashMap<AgentId, watch::Sender<Option<Standing>>>>>);

impl Streams {
    /// Opens a stream. It shows nothing until the reader has come round; wake it.
    #[must_use]
    pub fn open(&self, agent: AgentId) -> watch::Receiver<Option<Standing>> {
        let mut streams = self.lock();
        let sender = streams.entry(agent).or_insert_with(|| watch::Sender::new(None));
        if sender.receiver_count() == 0 {
            // What was shown to a stream that has ended may be old.
            sender.send_replace(None);
        }
        sender.subscribe()
    }

    /// The agents with an open stream.
    #[must_use]
    pub fn agents(&self) -> Vec<Uuid> {
        let mut streams = self.lock();
        streams.retain(|_, sender| sender.receiver_count() > 0);
        streams.keys().map(|agent| agent.uuid()).collect()
    }

    /// Shows what `agents` are offered: `standing`, oldest first, and nothing else. Streams opened since `agents` were
    /// asked for wait for the next time.
    pub fn show(&self, agents: &[Uuid], standing: Vec<(Offer, Task)>) {
        let mut offers: HashMap<Uuid, Vec<(Offer, Task)>> = HashMap::new();
        for (offer, task) in standing {
            offers.entry(offer.agent.uuid()).or_default().push((offer, task));
        }
        let asked: HashSet<&Uuid> = agents.iter().collect();
        let streams = self.lock();
        for (agent, sender) in streams.iter().filter(|(agent, _)| asked.contains(&agent.uuid())) {
            let offers = offers.remove(&agent.uuid()).unwrap_or_default();
            sender.send_if_modified(|shown| {
                let is_news = shown.as_ref().is_none_or(|shown| !is_same(shown, &offers));
                if is_news {
                    *shown = Some(Arc::new(offers));
                }
                is_news
            });
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AgentId, watch::Sender<Option<Standing>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_same(one: &[(Offer, Task)], other: &[(Offer, Task)]) -> bool {
    one.iter()
        .map(|(offer, _)| offer.id)
        .eq(other.iter().map(|(offer, _)| offer.id))
}
