//! The open streams of offers, and what each agent is offered and has in hand.
//!
//! What this process offers itself is shown as soon as it is committed. One reader a process reads the offers that others made, and all
//! that stand to those to whom something else has happened, whenever something was committed, and shows them here; each stream tells
//! its client the difference to what it told before. So a stream never misses the end of an offer it told of, two replicas need not
//! speak to each other, and a burst of commits is one read.
//!
//! What is shown at once and what is read meet by counting: a reading that was begun before an offer was shown does not take it away, and
//! an offer is not shown any more to an agent for whom a reading was begun after it was: that may have seen its end already.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use uuid::Uuid;

use crate::domain::{AgentId, Decision, Offer, OfferId, Task, TaskId, TaskState};

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
    streams: HashMap<Uuid, Stream>,
    /// Whose streams have shown nothing yet, or may lack something.
    new: HashSet<Uuid>,
    /// Counts the readings and the tellings.
    count: u64,
    /// The tasks whose offers are shown by who makes them, once for each: the reader need not read them.
    told: HashSet<Uuid>,
}

#[derive(Debug)]
struct Stream {
    shown: watch::Sender<Option<Standing>>,
    /// When the last reading was begun.
    read: u64,
    /// What was shown beside what was read, and when.
    added: Vec<(OfferId, u64)>,
}

/// A reading of offers that has begun.
#[derive(Clone, Copy, Debug)]
pub struct Reading(u64);

/// Offers that are about to be committed, and will be told of by who makes them. Dropped, the reader tells of them.
#[derive(Debug)]
pub struct Telling {
    streams: Streams,
    /// Task and agent of each.
    offers: Vec<(Uuid, Uuid)>,
    begun: u64,
}

impl Telling {
    /// Shows those that were made. Gives whether the reader has to look after some of them.
    #[must_use]
    pub fn tell(mut self, made: &[(Offer, Task)]) -> bool {
        let mut open = self.streams.lock();
        let made_of: HashSet<Uuid> = made.iter().map(|(_, task)| task.id.uuid()).collect();
        self.offers.retain(|(task, _)| !made_of.contains(task));
        let now = open.next();
        let mut is_to_be_read = false;
        let Open { streams, new, .. } = &mut *open;
        for (offer, task) in made {
            let agent = offer.agent.uuid();
            let Some(stream) = streams.get_mut(&agent) else {
                continue;
            };
            // Nothing shown yet: the reading that will be may have begun before this offer was there.
            if stream.read > self.begun || stream.shown.borrow().is_none() {
                new.insert(agent);
                is_to_be_read = true;
            } else if stream.add(offer, task) {
                stream.added.push((offer.id, now));
            }
        }
        drop(open);
        is_to_be_read
    }
}

impl Drop for Telling {
    fn drop(&mut self) {
        let mut open = self.streams.lock();
        let Open { streams, new, told, .. } = &mut *open;
        for (task, agent) in &self.offers {
            // Committed after all, though we were not told so: the reader has passed it by.
            if !told.remove(task) && streams.contains_key(agent) {
                new.insert(*agent);
            }
        }
    }
}

impl Open {
    fn next(&mut self) -> u64 {
        self.count += 1;
        self.count
    }
}

impl Stream {
    /// Shows an offer beside what is shown; false where that stands already, or nothing is shown yet: then all that stands is waited
    /// for.
    fn add(&self, offer: &Offer, task: &Task) -> bool {
        self.shown.send_if_modified(|shown| {
            let Some(shown) = shown else {
                return false;
            };
            let is_news = shown.offers.iter().all(|(other, _)| other.id != offer.id);
            if is_news {
                let place = (offer.offered_at, offer.id);
                let offers = &mut Arc::make_mut(shown).offers;
                let at = offers.partition_point(|(other, _)| (other.offered_at, other.id) < place);
                offers.insert(at, (offer.clone(), task.clone()));
            }
            is_news
        })
    }
}

impl Streams {
    /// Opens a stream. It shows nothing until the reader has come round; wake it.
    #[must_use]
    pub fn open(&self, agent: AgentId) -> watch::Receiver<Option<Standing>> {
        let mut open = self.lock();
        let Open { streams, new, .. } = &mut *open;
        let stream = streams.entry(agent.uuid()).or_insert_with(|| Stream {
            shown: watch::Sender::new(None),
            read: 0,
            added: Vec::new(),
        });
        if stream.shown.receiver_count() == 0 {
            // What was shown to a stream that has ended may be old.
            stream.shown.send_replace(None);
            stream.added.clear();
            new.insert(agent.uuid());
        }
        stream.shown.subscribe()
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
        open.streams.retain(|_, stream| stream.shown.receiver_count() > 0);
        open.streams.keys().copied().collect()
    }

    /// Those of the agents with an open stream, and whoever has opened one or may lack something since this was last asked.
    #[must_use]
    pub fn to_show<'a>(&self, agents: impl Iterator<Item = &'a Uuid>) -> Vec<Uuid> {
        let mut open = self.lock();
        let mut to_show = std::mem::take(&mut open.new);
        to_show.extend(agents.filter(|agent| open.streams.contains_key(agent)));
        to_show.into_iter().collect()
    }

    /// Offers by `decisions` are about to be committed here.
    #[must_use]
    pub fn telling(&self, decisions: &[Decision]) -> Telling {
        let mut open = self.lock();
        // Where nobody listens there is no reader who would take them out.
        let decisions = if open.streams.is_empty() { &[] } else { decisions };
        let offers: Vec<(Uuid, Uuid)> = decisions
            .iter()
            .map(|Decision { pairing, .. }| (pairing.task.uuid(), pairing.agent.uuid()))
            .collect();
        open.told.extend(offers.iter().map(|(task, _)| *task));
        Telling {
            streams: self.clone(),
            offers,
            begun: open.next(),
        }
    }

    /// Those of the offered tasks whose offers nobody tells of here. Each offer is to be asked after once.
    #[must_use]
    pub fn untold(&self, offered: impl IntoIterator<Item = Uuid>) -> Vec<Uuid> {
        let mut open = self.lock();
        offered.into_iter().filter(|task| !open.told.remove(task)).collect()
    }

    /// The reader begins anew, and reads all: what was told of before is not asked after.
    pub fn forget_told(&self) {
        self.lock().told.clear();
    }

    /// A reading of what stands to `agents` begins: what is committed from now on it may lack.
    #[must_use]
    pub fn begin_reading(&self, agents: &[Uuid]) -> Reading {
        let mut open = self.lock();
        let now = open.next();
        for agent in agents {
            if let Some(stream) = open.streams.get_mut(agent) {
                stream.read = now;
            }
        }
        Reading(now)
    }

    /// Shows what `agents` are offered, `standing`, as it was read, oldest first, and what they have in hand, `held`, and nothing else but
    /// what was told of since the reading began. Streams opened since `agents` were asked for wait for the next time.
    pub fn show(
        &self,
        reading: Reading,
        agents: &[Uuid],
        standing: Vec<(Offer, Task)>,
        held: Vec<(AgentId, Task, bool)>,
    ) {
        let mut all: HashMap<Uuid, Shown> = HashMap::new();
        for (offer, task) in standing {
            let shown = all.entry(offer.agent.uuid()).or_default();
            shown.offers.push((offer, task));
        }
        for (agent, task, is_own) in held {
            all.entry(agent.uuid()).or_default().held.push((task, is_own));
        }
        let mut open = self.lock();
        for agent in agents {
            let Some(stream) = open.streams.get_mut(agent) else {
                continue;
            };
            let mut now = all.remove(agent).unwrap_or_default();
            stream.added.retain(|(_, at)| *at > reading.0);
            stream.shown.send_if_modified(|shown| {
                let since = shown.iter().flat_map(|shown| &shown.offers).filter(|(offer, _)| {
                    stream.added.iter().any(|(id, _)| *id == offer.id)
                        && now.offers.iter().all(|(other, _)| other.id != offer.id)
                });
                let since: Vec<_> = since.cloned().collect();
                if !since.is_empty() {
                    now.offers.extend(since);
                    now.offers.sort_by_key(|(offer, _)| (offer.offered_at, offer.id));
                }
                let is_news = shown.as_ref().is_none_or(|shown| !is_same(shown, &now));
                if is_news {
                    *shown = Some(Arc::new(now));
                }
                is_news
            });
        }
    }

    /// Shows offers that others made, beside what is shown already. Where an agent's stream has shown nothing yet, it
    /// waits for all that stands.
    pub fn add(&self, made: &[(Offer, Task)]) {
        let open = self.lock();
        for (offer, task) in made {
            if let Some(stream) = open.streams.get(&offer.agent.uuid()) {
                stream.add(offer, task);
            }
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

#[cfg(test)]
mod tests;
