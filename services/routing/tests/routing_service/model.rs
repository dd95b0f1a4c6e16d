//! Any order of things that can happen, against the real use cases on a real database.

use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use sqlx::PgConnection;
use support_routing::domain::{
    AgentId, CaseId, Channel, Offer, OfferEnd, Presence, ProductLine, Severity, TaskId, TaskState,
};
use support_routing::error::Error;
use support_routing::ops::tasks::CaseEnd;
use support_routing::store;
use time::OffsetDateTime;

use crate::world::{REFUSAL_DELAY, World};

const AGENTS: &[(&str, &[&str], &[ProductLine], i32)] = &[
    ("amy", &["en"], &[ProductLine::Phone], 6),
    ("ben", &["en", "es"], &[ProductLine::Phone, ProductLine::Laptop], 7),
    ("eva", &["es", "de"], &[ProductLine::Laptop], 3),
];

#[derive(Clone, Debug)]
enum Step {
    Open(Channel, &'static str, Option<ProductLine>, Severity),
    Presence(usize, Presence),
    Match(bool),
    Accept(usize),
    Reject(usize),
    Complete(usize),
    EndCase(usize, CaseEnd),
    Desk(Deed, usize, usize),
    Wait(u64),
    Expire,
    LookRound,
}

/// What is done by hand with a task, to or by an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    EndContact,
    Transfer,
    TransferTo,
    Join,
    Leave,
    Remove,
    HandOver,
    HandOverAndStay,
    Assign,
    TakeOver,
    PullBack,
    CallMe,
    CallMeLater,
    NotReached,
}

const DEEDS: &[Deed] = &[
    Deed::EndContact,
    Deed::Transfer,
    Deed::TransferTo,
    Deed::Join,
    Deed::Join,
    Deed::Leave,
    Deed::Remove,
    Deed::HandOver,
    Deed::HandOverAndStay,
    Deed::Assign,
    Deed::Assign,
    Deed::TakeOver,
    Deed::PullBack,
    Deed::CallMe,
    Deed::CallMeLater,
    Deed::NotReached,
    Deed::NotReached,
];

fn any_step() -> impl Strategy<Value = Step> {
    let line = proptest::option::of(proptest::sample::select(&[ProductLine::Phone, ProductLine::Laptop][..]));
    let language = proptest::sample::select(&["en", "en-GB", "es-MX", "de-AT", "ja"][..]);
    let any = 0..64_usize;
    prop_oneof![
        4 => (
            proptest::sample::select(Channel::ALL),
            language,
            line,
            proptest::sample::select(Severity::ALL)
        ).prop_map(|(channel, language, line, severity)| Step::Open(channel, language, line, severity)),
        3 => (0..AGENTS.len(), proptest::sample::select(&[
            Presence::Available, Presence::Available, Presence::Available, Presence::Break, Presence::Offline,
        ][..])).prop_map(|(agent, presence)| Step::Presence(agent, presence)),
        5 => proptest::bool::weighted(0.2).prop_map(Step::Match),
        3 => any.clone().prop_map(Step::Accept),
        2 => any.clone().prop_map(Step::Reject),
        2 => any.clone().prop_map(Step::Complete),
        1 => (any, proptest::sample::select(&[CaseEnd::Resolved, CaseEnd::Closed][..]))
            .prop_map(|(case, end)| Step::EndCase(case, end)),
        8 => (proptest::sample::select(DEEDS), 0..64_usize, 0..AGENTS.len())
            .prop_map(|(deed, task, agent)| Step::Desk(deed, task, agent)),
        2 => proptest::sample::select(&[1_u64, 5, 19, 25, 61, 130, 1800][..]).prop_map(Step::Wait),
        2 => Just(Step::Expire),
        1 => Just(Step::LookRound),
    ]
}

/// What we remember of an offer, apart from the database.
struct Known {
    offer: Offer,
    end: Option<OfferEnd>,
}

struct Model {
    world: World,
    agents: Vec<AgentId>,
    tasks: Vec<(TaskId, CaseId, OffsetDateTime)>,
    offers: Vec<Known>,
}

impl Model {
    async fn new() -> Self {
        let world = World::new().await;
        let mut agents = Vec::new();
        for (subject, languages, skills, capacity) in AGENTS {
            agents.push(world.agent(subject, languages, skills, *capacity).await);
        }
        Self {
            world,
            agents,
            tasks: Vec::new(),
            offers: Vec::new(),
        }
    }

    fn subject(&self, agent: AgentId) -> &'static str {
        AGENTS[self.agents.iter().position(|id| *id == agent).unwrap()].0
    }

    async fn take(&mut self, step: &Step) {
        match step {
            Step::Open(channel, language, line, severity) => {
                let mut opening = self.world.opening(*channel, language, *line);
                opening.attributes.severity = *severity;
                let task = self.world.open(opening).await;
                self.tasks.push((task.id, task.case_id, task.queue_time));
            }
            Step::Presence(agent, presence) => self.set_presence(*agent, *presence).await,
            Step::Match(is_new) => self.make_offers(*is_new).await,
            Step::Accept(pick) => self.answer(*pick, true).await,
            Step::Reject(pick) => self.answer(*pick, false).await,
            Step::Complete(pick) => self.complete(*pick).await,
            Step::EndCase(pick, end) => self.end_case(*pick, *end).await,
            Step::Desk(deed, pick, agent) => self.by_hand(*deed, *pick, *agent).await,
            Step::Wait(seconds) => self.world.hand.advance(Duration::from_secs(*seconds)),
            Step::Expire => {
                let now = self.world.now();
                let due = self.end_where(OfferEnd::TimedOut, |offer| offer.expires_at <= now);
                assert_eq!(self.world.expire().await, due, "all that is due ends, and nothing else");
                self.world.release().await;
                let mut connection = self.world.db.read().await.unwrap();
                assert_eq!(
                    store::waits::due(&mut connection, now, 100).await.unwrap(),
                    Vec::<uuid::Uuid>::new(),
                    "whose time has come stands in line"
                );
            }
            Step::LookRound => {
                self.world.look_round().await;
                for agent in self.agents.clone() {
                    if self.world.read_agent(agent).await.presence == Presence::Offline {
                        self.end_where(OfferEnd::Withdrawn, |offer| offer.agent == agent);
                    }
                }
            }
        }
    }

    /// Notes the end of all offers that stand and fulfil `is_meant`.
    fn end_where(&mut self, end: OfferEnd, is_meant: impl Fn(&Offer) -> bool) -> usize {
        let ended = self
            .offers
            .iter_mut()
            .filter(|known| known.end.is_none() && is_meant(&known.offer));
        ended.map(|known| known.end = Some(end)).count()
    }

    async fn set_presence(&mut self, agent: usize, presence: Presence) {
        let id = self.agents[agent];
        let before = self.world.read_agent(id).await;
        let after = self.world.presence(AGENTS[agent].0, presence).await;
        assert_eq!(after.presence, presence);
        if before.presence == presence {
            assert_eq!(after, before, "a heartbeat changes nothing");
        } else if presence != Presence::Available {
            self.end_where(OfferEnd::Withdrawn, |offer| offer.agent == id);
        }
    }

    /// At times by who has followed all that happened, at times by who comes to it anew.
    async fn make_offers(&mut self, is_new: bool) {
        if is_new {
            self.world.make_offers_anew().await;
        } else {
            self.world.make_offers().await;
        }
        let agents: Vec<_> = self.agents.iter().map(|agent| agent.uuid()).collect();
        let mut connection = self.world.db.read().await.unwrap();
        for (offer, task) in store::offers::standing(&mut connection, &agents).await.unwrap() {
            if self.offers.iter().any(|known| known.offer.id == offer.id) {
                continue;
            }
            let (_, _, queue_time) = self.tasks.iter().find(|(id, _, _)| *id == task.id).unwrap();
            assert_eq!(task.queue_time, *queue_time, "the place in line is kept");
            let is_asked_again = self.offers.iter().any(|known| {
                known.offer.task == offer.task
                    && known.offer.agent == offer.agent
                    && matches!(known.end, Some(OfferEnd::Rejected | OfferEnd::TimedOut))
                    && known.offer.offered_at + REFUSAL_DELAY > offer.offered_at
            });
            assert!(!is_asked_again, "who let a task go by is left alone for a while");
            self.offers.push(Known { offer, end: None });
        }
        self.check_line(&mut connection).await;
    }

    /// Nobody who could be served is left waiting.
    async fn check_line(&self, connection: &mut PgConnection) {
        let available = store::line::all_agents(connection, self.world.now()).await.unwrap();
        let now = self.world.now();
        let plan = &self.world.plans()[0].plan;
        for task in store::line::all_tasks(connection).await.unwrap() {
            let ruling = plan.ruling(&task.attributes, &task.named);
            let needs = ruling.needs(&task.named, now - task.queue_time);
            for agent in &available {
                let is_let_alone = task
                    .let_go_by
                    .iter()
                    .any(|(who, last)| *who == agent.book.agent && *last + REFUSAL_DELAY > now);
                let fits =
                    agent.book.room().has(task.attributes.channel) && agent.profile.fulfils(needs.last().unwrap());
                assert!(!fits || is_let_alone, "{task:?} could go to {agent:?}");
            }
        }
    }

    async fn answer(&mut self, pick: usize, takes: bool) {
        if self.offers.is_empty() {
            return;
        }
        let index = recent(pick, self.offers.len());
        let (offer, end) = (self.offers[index].offer.clone(), self.offers[index].end);
        let subject = self.subject(offer.agent);
        let answer = if takes {
            self.world.accept(subject, offer.id).await
        } else {
            self.world.reject(subject, offer.id).await
        };
        let is_over = offer.expires_at <= self.world.now();
        match (answer, end, is_over) {
            (Ok(task), None, false) => {
                let (state, end) = if takes {
                    (TaskState::Accepted, OfferEnd::Accepted)
                } else {
                    (TaskState::Queued, OfferEnd::Rejected)
                };
                assert_eq!(task.state, state);
                self.offers[index].end = Some(end);
            }
            (Err(Error::OfferEnded(told)), None, true) => assert_eq!(told, OfferEnd::TimedOut),
            (Err(Error::OfferEnded(told)), Some(end), _) => assert_eq!(told, end),
            (answer, end, is_over) => panic!("{answer:?} to an offer that ended as {end:?} ({is_over})"),
        }
    }

    async fn complete(&mut self, pick: usize) {
        if self.tasks.is_empty() {
            return;
        }
        let (id, _, _) = self.tasks[recent(pick, self.tasks.len())];
        let task = self.world.read_task(id).await;
        let subject = task.agent.map_or("amy", |agent| self.subject(agent));
        match (self.world.complete(subject, id).await, task.state) {
            (Ok(done), TaskState::Accepted | TaskState::Wrapping) => assert_eq!(done.state, TaskState::Completed),
            (Err(Error::TaskNotFound), _) => assert_eq!(task.agent, None),
            (Err(Error::TaskState { state, .. }), before) => {
                assert_eq!(state, before);
                assert!(!matches!(before, TaskState::Accepted | TaskState::Wrapping) && task.agent.is_some());
            }
            (answer, before) => panic!("{answer:?} to a task that was {before}"),
        }
    }

    async fn end_case(&mut self, pick: usize, end: CaseEnd) {
        if self.tasks.is_empty() {
            return;
        }
        let (id, case, _) = self.tasks[recent(pick, self.tasks.len())];
        let before = self.world.read_task(id).await.state;
        let canceled = self.world.end_case(case, end).await.unwrap();
        let is_needless = match before {
            TaskState::Queued | TaskState::Offered => true,
            TaskState::Accepted | TaskState::Wrapping => end == CaseEnd::Closed,
            TaskState::Completed | TaskState::Canceled => false,
        };
        assert_eq!(
            canceled,
            usize::from(is_needless),
            "a case that is {end:?} with a task that was {before}"
        );
        if is_needless {
            assert_eq!(self.world.read_task(id).await.state, TaskState::Canceled);
            self.end_where(OfferEnd::Canceled, |offer| offer.task == id);
        }
    }
}

impl Model {
    /// What is done by hand comes about where it may, and nowhere else.
    async fn by_hand(&mut self, deed: Deed, pick: usize, agent: usize) {
        if self.tasks.is_empty() {
            return;
        }
        let (id, _, _) = self.tasks[recent(pick, self.tasks.len())];
        let (other, name) = (self.agents[agent], AGENTS[agent].0);
        let before = self.world.read_task(id).await;
        let joined = store::desk::participants(&mut self.world.db.read().await.unwrap(), id)
            .await
            .unwrap();
        let is_in = joined.iter().any(|one| one.agent == other);
        let has = before.agent == Some(other)
            && matches!(
                before.state,
                TaskState::Offered | TaskState::Accepted | TaskState::Wrapping
            );
        let target = self.world.read_agent(other).await;
        // Whoever has joined gives back what that takes before they take the task over.
        let part = joined.iter().find(|one| one.agent == other);
        let book = part.map_or(target.book, |part| {
            target.book.giving_back(before.channel, part.weight, self.world.now())
        });
        let has_room = book.taking(before.channel).is_some();
        let may_be_given = has_room && !has && target.presence == Presence::Available;
        let is_open = before.state == TaskState::Accepted;
        let callback = store::waits::callback(&mut self.world.db.read().await.unwrap(), id)
            .await
            .unwrap();
        let holder = before.agent.map_or("amy", |agent| self.subject(agent));
        let (may, after) = match deed {
            Deed::EndContact => (is_open, TaskState::Wrapping),
            Deed::Transfer => (is_open, TaskState::Queued),
            Deed::TransferTo => (is_open && may_be_given, TaskState::Offered),
            Deed::Join => (
                is_open && may_be_given && !is_in && joined.len() < 3,
                TaskState::Accepted,
            ),
            Deed::Leave | Deed::Remove | Deed::HandOver | Deed::HandOverAndStay => {
                (is_open && is_in, TaskState::Accepted)
            }
            Deed::Assign => (before.state == TaskState::Queued && may_be_given, TaskState::Offered),
            Deed::TakeOver => (
                matches!(
                    before.state,
                    TaskState::Queued | TaskState::Offered | TaskState::Accepted
                ) && has_room
                    && !has,
                TaskState::Accepted,
            ),
            Deed::CallMe | Deed::CallMeLater => (before.state == TaskState::Queued, TaskState::Queued),
            Deed::NotReached => match callback {
                Some(callback) if callback.attempts >= 2 => (is_open, TaskState::Canceled),
                callback => (is_open && callback.is_some(), TaskState::Queued),
            },
            Deed::PullBack => (
                matches!(before.state, TaskState::Offered | TaskState::Accepted),
                TaskState::Queued,
            ),
        };
        let done = self.world.do_by_hand(deed, id, other, name, holder).await;
        assert_eq!(
            done.is_ok(),
            may,
            "{deed:?} by {name}: {done:?} to {before:?}, joined by {joined:?}"
        );
        let now = self.world.read_task(id).await;
        if !may {
            assert_eq!(now, before, "what is refused changes nothing");
            return;
        }
        assert_eq!(now.state, after, "{deed:?}");
        assert_eq!(now.queue_time, before.queue_time, "the place in line is kept");
        match deed {
            Deed::TransferTo | Deed::HandOver | Deed::HandOverAndStay | Deed::Assign | Deed::TakeOver => {
                assert_eq!(now.agent, Some(other));
            }
            Deed::Transfer | Deed::PullBack | Deed::CallMe | Deed::CallMeLater => assert_eq!(now.agent, None),
            Deed::NotReached => assert_eq!(now.agent.is_none(), after == TaskState::Queued),
            Deed::EndContact | Deed::Join | Deed::Leave | Deed::Remove => assert_eq!(now.agent, before.agent),
        }
        if before.state == TaskState::Offered {
            self.end_where(OfferEnd::Withdrawn, |offer| offer.task == id);
        }
        if now.state == TaskState::Offered {
            let mut connection = self.world.db.read().await.unwrap();
            let standing = store::offers::standing(&mut connection, &[other.uuid()]).await.unwrap();
            let offer = standing
                .into_iter()
                .map(|(offer, _)| offer)
                .find(|offer| offer.task == id)
                .unwrap();
            self.offers.push(Known { offer, end: None });
        }
    }
}

/// Mostly one of the last few, with which something can still be done; at times an old one.
fn recent(pick: usize, count: usize) -> usize {
    if pick.is_multiple_of(8) {
        pick % count
    } else {
        count - 1 - pick % count.min(4)
    }
}

#[test]
fn whatever_happens_in_whatever_order_the_books_are_right() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let config = Config {
        cases: 16,
        max_shrink_iters: 200,
        failure_persistence: None,
        ..Config::default()
    };
    let steps = proptest::collection::vec(any_step(), 1..90);
    TestRunner::new(config)
        .run(&steps, |steps| {
            runtime.block_on(async {
                let mut model = Model::new().await;
                for step in &steps {
                    model.take(step).await;
                    model.world.check().await;
                }
                model.world.db.close().await;
            });
            Ok(())
        })
        .unwrap();
}
