//! Where simulated agents and contacts meet the rules that run live: the only file of the simulation that knows how a task, a
//! book or a candidate is made.

use std::sync::Arc;

use support_chassis::id::{Id, Region};
use time::{Duration, OffsetDateTime};

use super::scenario::{Group, Plans, Scenario};
use crate::domain::{
    AgentId, Attributes, Book, Candidate, Change, Decision, Held, Named, Opening, Priorities, Profile, Refused, Share,
    Sharing, Task, TaskState, apply, open,
};
use crate::engine::{Engine, Queued};

/// Who let a task go by, and when they last did.
pub(super) type LetGoBy = Vec<(AgentId, OffsetDateTime)>;

/// The engine that decides live, at a simulated time.
pub(super) struct Live {
    engine: Engine,
    plans: Plans,
    region: Region,
    begin: OffsetDateTime,
    now: OffsetDateTime,
}

impl Live {
    pub(super) fn new(scenario: &Scenario) -> Self {
        Self {
            engine: Engine::new(),
            plans: scenario.plans.clone(),
            region: scenario.region,
            begin: scenario.begin,
            now: scenario.begin,
        }
    }

    /// It is now so many microseconds since the beginning.
    pub(super) fn set_time(&mut self, micros: i64) {
        self.now = self.begin + Duration::microseconds(micros);
    }

    /// When it is.
    pub(super) fn now(&self) -> OffsetDateTime {
        self.now
    }

    /// Who goes first of the tasks that ask the same.
    pub(super) fn priorities(&self, asks: &Attributes) -> Priorities {
        self.plans.of(asks.country).priorities
    }

    /// When time alone changes something next, in microseconds since the beginning.
    pub(super) fn next_due(&self) -> Option<i64> {
        let due = self.engine.next_due()? - self.begin;
        i64::try_from(due.whole_microseconds()).ok()
    }

    pub(super) fn decide(&mut self) -> Vec<Decision> {
        self.engine.decide(self.now, usize::MAX)
    }

    /// How long an offer stands.
    pub(super) fn offer_timeout(&self, decision: &Decision) -> Duration {
        self.engine.plans()[decision.pairing.plan].plan.offer_timeout
    }

    /// Somebody of a group, who is not there yet.
    pub(super) fn candidate(&self, group: &Group, number: u64) -> Candidate {
        Candidate {
            book: Book {
                agent: Id::from_parts(self.region, self.begin, number).into(),
                capacity: group.capacity,
                load: 0,
                held: Held::default(),
                sharing: Sharing::default(),
                idle_since: self.begin,
            },
            profile: profile(group),
        }
    }

    /// Somebody takes work from now on.
    pub(super) fn comes(&mut self, agent: &mut Candidate) {
        agent.book.idle_since = self.now;
        self.engine.put_agent(agent);
    }

    /// Somebody takes no more work.
    pub(super) fn goes(&mut self, agent: &Candidate) {
        self.engine.remove_agent(agent.book.agent);
    }

    /// A new task, in line as if it had waited for `head_start` already.
    pub(super) fn open(&mut self, number: u64, asks: &Arc<Attributes>, head_start: Duration) -> Task {
        let opening = Opening {
            case_id: Id::from_parts(self.region, self.now, number).into(),
            attributes: Attributes::clone(asks),
            named: Named::default(),
        };
        let id = Id::from_parts(self.region, self.now, number).into();
        let plan = self.plans.of(asks.country);
        let task = open(id, opening, plan, self.now - head_start, self.now).task;
        self.put(&task, asks, &[]);
        task
    }

    /// Lets something happen to a task and to whoever holds it or is offered it, and tells the engine.
    pub(super) fn change(
        &mut self,
        task: &mut Task,
        asks: &Arc<Attributes>,
        let_go_by: &mut LetGoBy,
        holder: Option<(&mut Candidate, bool)>,
        change: Change,
    ) -> Result<(), Refused> {
        let book = holder.as_ref().map(|(agent, _)| agent.book);
        let changed = apply(task, book.as_ref(), change, self.now)?;
        *task = changed.task;
        if let (Some((agent, is_here)), Some(book)) = (holder, changed.book) {
            if matches!(change, Change::Rejected | Change::TimedOut | Change::Transferred) {
                let_go_by.retain(|(who, _)| *who != book.agent);
                let_go_by.push((book.agent, self.now));
            }
            agent.book = book;
            if is_here {
                self.engine.put_agent(agent);
            }
        }
        if task.state == TaskState::Queued {
            self.put(task, asks, let_go_by);
        } else {
            self.engine.remove_task(task.id);
        }
        Ok(())
    }

    fn put(&mut self, task: &Task, asks: &Arc<Attributes>, let_go_by: &[(AgentId, OffsetDateTime)]) {
        let queued = Queued {
            task: task.id,
            version: task.version,
            attributes: Arc::clone(asks),
            named: Named::default(),
            priority: task.priority,
            queue_time: task.queue_time,
            let_go_by: let_go_by.to_vec(),
        };
        let plans = &self.plans;
        self.engine
            .put_task(queued, self.now, |country| plans.of(country).clone());
    }
}

/// The number that an id of ours was made with.
pub(super) fn number(id: impl Into<Id>) -> u64 {
    id.into().uuid().as_u64_pair().1 & ((1 << 62) - 1)
}

/// What a group can do of the works of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Abilities {
    /// By work: how many contacts one of the group can hold at once; none where they cannot take it before anything is
    /// relaxed.
    pub at_once: Vec<Option<f64>>,
}

impl Abilities {
    /// What a group can do.
    #[must_use]
    pub fn of(scenario: &Scenario, group: &Group) -> Self {
        let profile = profile(group);
        let at_once = scenario.works.iter().map(|work| {
            let asks = &work.asks;
            let ruling = scenario.plans.of(asks.country).ruling(asks, &Named::default());
            let fits = ruling.stages.first().is_some_and(|stage| profile.fulfils(&stage.need));
            match Sharing::default().share(asks.channel).filter(|_| fits)? {
                Share::Whole => Some(1.0),
                Share::Units(units) => Some((f64::from(group.capacity) / f64::from(units)).floor()),
            }
        });
        Self {
            at_once: at_once.collect(),
        }
    }
}

fn profile(group: &Group) -> Profile {
    Profile::new(group.languages.clone(), group.skills.clone())
        .at(group.site.clone(), group.region.clone())
        .certified(group.certifications.clone())
}
