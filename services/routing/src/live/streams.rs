//! The open streams of offers, and what each agent is offered and has in hand.
//!
//! One reader a process reads the offers that were made, and all that stands for those to whom something else has happened, whenever
//! something was committed, and shows them here; each stream tells its client the difference to what it told before. So a stream never misses the end
//! of an offer it told of, two replicas need not speak to each other, and a burst of commits is one read.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use uuid::Uuid;

use crate::domain::{AgentId, Offer, OfferId, Task, TaskId, TaskState};

/// What stands for an agent.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// The offers that stand, oldest first.
    pub offers: Vec<(Offer, Task)>,
    /// What is in hand, and whether it is the agent's own, in the order of its making.
    pub held: Vec<(Task, bool)>,
}

/// What stands for an agent.
pub type Standing = Arc<Shown>;

/// The open streams. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Streams(Arc<Mutex<Open>>);

#[derive(Debug, Default)]
struct Open {
    streams: HashMap<Uuid, watch::Sender<Option<Standing>>>,
    /// Whose streams have shown nothing yet.
    new: HashSet<Uuid>,
}

impl Streams {
    /// Opens a stream. It shows nothing until the reader has come round; wake it.
    #[must_use]
    pub fn open(&self, agent: AgentId) -> watch::Receiver<Option<Standing>> {
        let mut open = self.lock();
        let Open { streams, new } = &mut *open;
        let sender = streams.entry(agent.uuid()).or_insert_with(|| watch::Sender::new(None));
        if sender.receiver_count() == 0 {
            // What was shown to a stream that has ended may be old.
            sender.send_replace(None);
            new.insert(agent.uuid());
        }
        sender.subscribe()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lock().streams.is_empty()
    }

    /// The agents with an open stream.
    #[must_use]
    pub fn agents(&self) -> Vec<Uuid> {
        let mut open = self.lock();
        open.streams.retain(|_, sender| sender.receiver_count() > 0);
        open.streams.keys().copied().collect()
    }

    /// Those of the agents with an open stream, and whoever has opened one since this was last asked.
    #[must_use]
    pub fn to_show<'a>(&self, agents: impl Iterator<Item = &'a Uuid>) -> Vec<Uuid> {
        let mut open = self.lock();
        let mut to_show = std::mem::take(&mut open.new);
        to_show.extend(agents.filter(|agent| open.streams.contains_key(agent)));
        to_show.into_iter().collect()
    }

    /// Shows what `agents` are offered, `standing`, oldest first, and what they have in hand, `held`, and nothing else. Streams opened
    /// since `agents` were asked for wait for the next time.
    pub fn show(&self, agents: &[Uuid], standing: Vec<(Offer, Task)>, held: Vec<(AgentId, Task, bool)>) {
        let mut all: HashMap<Uuid, Shown> = HashMap::new();
        for (offer, task) in standing {
            let shown = all.entry(offer.agent.uuid()).or_default();
            shown.offers.push((offer, task));
        }
        for (agent, task, is_own) in held {
            all.entry(agent.uuid()).or_default().held.push((task, is_own));
        }
        let open = self.lock();
        for (agent, sender) in agents
            .iter()
            .filter_map(|agent| Some((agent, open.streams.get(agent)?)))
        {
            let now = all.remove(agent).unwrap_or_default();
            sender.send_if_modified(|shown| {
                let is_news = shown.as_ref().is_none_or(|shown| !is_same(shown, &now));
                if is_news {
                    *shown = Some(Arc::new(now));
                }
                is_news
            });
        }
    }

    /// Shows offers that were made, beside what is shown already. Where an agent's stream has shown nothing yet, it
    /// waits for all that stands.
    pub fn add(&self, made: Vec<(Offer, Task)>) {
        let open = self.lock();
        for (offer, task) in made {
            let Some(sender) = open.streams.get(&offer.agent.uuid()) else {
                continue;
            };
            sender.send_if_modified(|shown| {
                let Some(shown) = shown else {
                    return false;
                };
                let is_news = shown.offers.iter().all(|(other, _)| other.id != offer.id);
                if is_news {
                    let place = (offer.offered_at, offer.id);
                    let offers = &mut Arc::make_mut(shown).offers;
                    let at = offers.partition_point(|(other, _)| (other.offered_at, other.id) < place);
                    offers.insert(at, (offer, task));
                }
                is_news
            });
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_same(one: &Shown, other: &Shown) -> bool {
    fn offers(shown: &Shown) -> impl Iterator<Item = OfferId> {
        shown.offers.iter().map(|(offer, _)| offer.id)
    }
    fn held(shown: &Shown) -> impl Iterator<Item = (TaskId, TaskState, bool)> {
        let held = shown.held.iter();
        held.map(|(task, is_own)| (task.id, task.state, *is_own))
    }
    offers(one).eq(offers(other)) && held(one).eq(held(other))
}
