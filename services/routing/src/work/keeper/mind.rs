//! What the keeper decides by: the engine, and how far it has followed what happens.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::PgConnection;
use support_chassis::clock::Clock;
use support_chassis::db::DbError;
use support_chassis::id::Id;
use time::OffsetDateTime;
use tokio::sync::watch;
use uuid::Uuid;

use crate::domain::{Candidate, Decision, Ruled, TrainingRules};
use crate::engine::{Engine, Queued};
use crate::ops::offers::Made;
use crate::plan::Book;
use crate::store::{happened, line};
use crate::work::follower::Follower;

/// How long to wait at first for what others have under way; where they take longer, all is read once more when they have
/// ended.
const FOR_OTHERS: Duration = Duration::from_millis(300);
/// Between two looks at whether they have.
const PAUSE: Duration = Duration::from_millis(2);

/// What the keeper decides by.
#[derive(Debug)]
pub struct Mind {
    pub(super) engine: Engine,
    follower: Follower,
    /// Whether all that was under way when this began to follow was read.
    is_whole: bool,
    book: Book,
    plans: watch::Receiver<u64>,
    /// What agents must be certified for.
    training: TrainingRules,
    /// The engine's plans, for who carries out what was decided by them; none where they may have changed.
    held: Option<Arc<[Ruled]>>,
    /// Tasks that we have offered, or are about to, and not heard of yet.
    offered: HashSet<Uuid>,
    /// Tasks and agents of what was decided and is not written yet, and how often: their rows say less than the engine knows, and
    /// are not read before.
    under_way: HashMap<Uuid, usize>,
    /// What could not be offered, and to whom: to be read again.
    tasks: HashSet<Uuid>,
    agents: HashSet<Uuid>,
}

impl Mind {
    /// Reads everything there is to decide about.
    pub(super) async fn read(connection: &mut PgConnection, book: Book, clock: &Clock) -> Result<Self, DbError> {
        let begun = Instant::now();
        let mut follower = Follower::begin(connection).await?;
        while !follower.settle(connection).await? && begun.elapsed() < FOR_OTHERS {
            tokio::time::sleep(PAUSE).await;
        }
        let mut mind = Self {
            engine: Engine::new(),
            is_whole: follower.settle(connection).await?,
            follower,
            plans: book.changes(),
            training: book.training(clock.now()),
            held: None,
            book,
            offered: HashSet::new(),
            under_way: HashMap::new(),
            tasks: HashSet::new(),
            agents: HashSet::new(),
        };
        mind.read_all(connection, clock).await?;
        tracing::info!(
            agents = mind.engine.agents(),
            tasks = mind.engine.tasks(),
            milliseconds = begun.elapsed().as_millis(),
            "all who are available and all that waits was read"
        );
        Ok(mind)
    }

    async fn read_all(&mut self, connection: &mut PgConnection, clock: &Clock) -> Result<(), DbError> {
        self.engine = Engine::new();
        self.held = None;
        let agents = line::all_agents(connection, clock.now()).await?;
        let tasks = line::all_tasks(connection).await?;
        self.put(&agents, tasks, clock);
        Ok(())
    }

    /// An agent is there, as far as their certifications let their skills count.
    fn put_agent(&mut self, agent: &Candidate) {
        self.engine.put_agent(&Candidate {
            book: agent.book,
            profile: self.training.counted(agent.profile.clone()),
        });
    }

    fn put(&mut self, agents: &[Candidate], tasks: Vec<Queued>, clock: &Clock) {
        for agent in agents {
            self.put_agent(agent);
        }
        let now = clock.now();
        for task in tasks {
            self.engine
                .put_task(task, now, |country| self.book.of_tasks(country, now));
        }
    }

    /// Reads what has changed, and the plans where they may have.
    pub(super) async fn catch_up(&mut self, connection: &mut PgConnection, clock: &Clock) -> Result<(), DbError> {
        if self.plans.has_changed().unwrap_or_default() {
            self.plans.mark_unchanged();
            self.read_plans(clock);
            let training = self.book.training(clock.now());
            if training != self.training {
                self.training = training;
                self.is_whole = false;
            }
        }
        if !self.is_whole && self.under_way.is_empty() && self.follower.settle(connection).await? {
            self.read_all(connection, clock).await?;
            self.is_whole = true;
        }
        let touched = self.follower.read(connection).await?;
        self.tasks.extend(touched.tasks);
        self.agents.extend(touched.agents);
        let by_others: Vec<Uuid> = touched
            .offered
            .into_iter()
            .filter(|task| !self.offered.remove(task))
            .collect();
        if !by_others.is_empty() {
            let agents = happened::offered_to(connection, &by_others).await?;
            self.agents.extend(agents);
            self.tasks.extend(by_others);
        }
        let (mut gone, ids) = self.take_due(|mind| &mut mind.agents);
        if !ids.is_empty() {
            let agents = line::agents(connection, &ids, clock.now()).await?;
            for agent in &agents {
                gone.remove(&agent.book.agent.uuid());
                self.put_agent(agent);
            }
            for agent in gone.into_iter().filter_map(id) {
                self.engine.remove_agent(agent);
            }
        }
        let (mut gone, ids) = self.take_due(|mind| &mut mind.tasks);
        if !ids.is_empty() {
            let tasks = line::tasks(connection, &ids).await?;
            for task in &tasks {
                gone.remove(&task.task.uuid());
            }
            self.put(&[], tasks, clock);
            for task in gone.into_iter().filter_map(id) {
                self.engine.remove_task(task);
            }
        }
        Ok(())
    }

    fn read_plans(&mut self, clock: &Clock) {
        self.held = None;
        let now = clock.now();
        let countries: Vec<_> = self.engine.plans().iter().map(|ruled| ruled.country).collect();
        for country in countries {
            let plan = self.book.of_tasks(country, now);
            self.engine.put_plan(Ruled { country, plan }, now);
        }
    }

    /// Takes out what is to be read now: all but that of which something is under way.
    fn take_due(&mut self, of: fn(&mut Self) -> &mut HashSet<Uuid>) -> (HashSet<Uuid>, Vec<Uuid>) {
        let (later, now): (HashSet<Uuid>, HashSet<Uuid>) = std::mem::take(of(self))
            .into_iter()
            .partition(|id| self.under_way.contains_key(id));
        *of(self) = later;
        let ids = now.iter().copied().collect();
        (now, ids)
    }

    /// Decides at most so many offers, which are under way from now on.
    pub(super) fn decide(&mut self, now: OffsetDateTime, limit: usize) -> Vec<Decision> {
        // Everything is to be read once more: what is under way is waited for.
        if !self.is_whole && !self.under_way.is_empty() {
            return Vec::new();
        }
        let decisions = self.engine.decide(now, limit);
        for Decision { pairing, .. } in &decisions {
            self.offered.insert(pairing.task.uuid());
            for id in [pairing.task.uuid(), pairing.agent.uuid()] {
                *self.under_way.entry(id).or_default() += 1;
            }
        }
        decisions
    }

    /// The plans that the engine decides by.
    pub(super) fn plans(&mut self) -> Arc<[Ruled]> {
        let plans = self.engine.plans();
        let held = self.held.take().filter(|held| held.len() == plans.len());
        let held = held.unwrap_or_else(|| plans.into());
        self.held = Some(Arc::clone(&held));
        held
    }

    /// Takes in what came of what was decided.
    pub(super) fn note(&mut self, decided: &[Decision], made: Made) {
        for Decision { pairing, .. } in decided {
            for id in [pairing.task.uuid(), pairing.agent.uuid()] {
                if let Entry::Occupied(mut count) = self.under_way.entry(id) {
                    *count.get_mut() -= 1;
                    if *count.get() == 0 {
                        count.remove();
                    }
                }
            }
        }
        for pairing in made.refused {
            self.offered.remove(&pairing.task.uuid());
            self.engine.remove_task(pairing.task);
            self.engine.remove_agent(pairing.agent);
            self.tasks.insert(pairing.task.uuid());
            self.agents.insert(pairing.agent.uuid());
        }
    }
}

/// None where it is no id: not one of our agents or tasks.
fn id<T: From<Id>>(uuid: Uuid) -> Option<T> {
    Id::from_uuid(uuid).ok().map(T::from)
}
