//! A database with a clock moved by hand, and the use cases on it.

use std::time::Duration;

use support_calendars::Calendars;
use support_chassis::clock::{Clock, ManualClock};
use support_chassis::db::{Db, Tx};
use support_chassis::id::Ids;
use support_chassis::settings::DatabaseSettings;
use support_chassis::standard::{Document, Standard};
use support_postgres::testing::TestDatabase;
use support_routing::desk::RuleBook;
use support_routing::domain::{
    Agent, AgentId, Attributes, ByHand, CaseId, Channel, Decision, Details, HandCause, LanguageSkill, Named, OfferId,
    Opening, Pairing, Picture, Presence, ProductLine, ProductSkill, Reason, Ruled, Sharing, Shortlist, Stood, Task,
    TaskId,
};
use support_routing::error::Error;
use support_routing::live::Live;
use support_routing::ops::callbacks::Window;
use support_routing::ops::desk::{Desk, Onward};
use support_routing::ops::{self, agents::NewAgent, tasks::CaseEnd};
use support_routing::plan::Book;
use support_routing::waits::{Wait, Waits};
use support_routing::work::keeper::{Keeper, Mind};
use support_routing::work::sight::Sight;
use support_routing::{DESK_RULES, MIGRATOR, ROUTING_PLAN, store};
use time::OffsetDateTime;
use time::macros::datetime;

use crate::invariants::check;
use crate::model::Deed;

pub(crate) const START: OffsetDateTime = datetime!(2026-03-02 08:00 UTC);

// As shipped.
pub(crate) const OFFER_TIMEOUT: Duration = Duration::from_secs(20);
pub(crate) const REFUSAL_DELAY: Duration = Duration::from_mins(1);
pub(crate) const PRESENCE_TIMEOUT: Duration = Duration::from_mins(2);

/// An empty database with routing's schema.
pub(crate) async fn database() -> TestDatabase {
    support_testing::database("routing", &MIGRATOR).await
}

/// What is shipped, with other words in the place of some of its own.
pub(crate) fn plan_with(changes: &[(&str, &str)]) -> Book {
    let shipped = include_str!("../../standard/routing-plan.yaml").to_owned();
    let yaml = changes.iter().fold(shipped, |yaml, (from, to)| {
        assert!(yaml.contains(from), "{from}");
        yaml.replacen(from, to, 1)
    });
    Book::new(Standard::shipped(&Document::new(yaml.leak())), Calendars::shipped())
}

/// That a task goes to an agent, by the first of the plans.
pub(crate) fn decision(task: TaskId, version: i64, agent: AgentId) -> Decision {
    Decision {
        pairing: Pairing {
            task,
            version,
            agent,
            plan: 0,
        },
        reason: Reason {
            candidates: 1,
            ..Reason::default()
        },
        shortlist: Shortlist::alone(Stood {
            agent,
            load: 0,
            capacity: 6,
            idle_since: OffsetDateTime::UNIX_EPOCH,
        }),
    }
}

pub(crate) struct World {
    pub(crate) db: Db,
    pub(crate) ids: Ids,
    pub(crate) clock: Clock,
    pub(crate) hand: ManualClock,
    pub(crate) book: Book,
    pub(crate) keeper: Keeper,
    pub(crate) desk: Desk,
    /// What the keeper goes on with.
    mind: tokio::sync::Mutex<Option<Mind>>,
    database: TestDatabase,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::by(Book::new(Standard::shipped(&ROUTING_PLAN), Calendars::shipped())).await
    }

    /// Where other plans hold than those shipped.
    pub(crate) async fn by(book: Book) -> Self {
        let database = database().await;
        let (clock, hand) = Clock::manual(START);
        let db = Db::connect(&DatabaseSettings::small(database.url()))
            .await
            .unwrap()
            .with_clock(clock.clone());
        let ids = Ids::new("eu".parse().unwrap(), clock.clone());
        let keeper = Keeper::new(db.clone(), ids.clone(), clock.clone(), book.clone(), Live::default());
        let desk = Desk {
            ids: ids.clone(),
            plans: book.clone(),
            rules: RuleBook::new(Standard::shipped(&DESK_RULES)),
        };
        Self {
            db,
            ids,
            clock,
            hand,
            book,
            keeper,
            desk,
            mind: tokio::sync::Mutex::default(),
            database,
        }
    }

    /// Where the database is.
    pub(crate) fn url(&self) -> &str {
        self.database.url()
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    /// Makes an agent called `subject` who is available.
    pub(crate) async fn agent(
        &self,
        subject: &str,
        languages: &[&str],
        skills: &[ProductLine],
        capacity: i32,
    ) -> AgentId {
        let agent = self.agent_away(subject, languages, skills, capacity).await;
        self.presence(subject, Presence::Available).await;
        agent
    }

    /// Makes an agent called `subject` who is offline.
    pub(crate) async fn agent_away(
        &self,
        subject: &str,
        languages: &[&str],
        skills: &[ProductLine],
        capacity: i32,
    ) -> AgentId {
        let languages: Vec<_> = languages.iter().map(|language| (*language, 3)).collect();
        let skills: Vec<_> = skills.iter().map(|line| (*line, 3)).collect();
        self.create(subject, &languages, &skills, capacity).await
    }

    /// Makes an agent who is available and speaks and knows these at these levels, with room for one call.
    pub(crate) async fn agent_at(&self, languages: &[(&str, i16)], skills: &[(ProductLine, i16)]) -> AgentId {
        let subject = self.ids.next::<AgentId>().to_string();
        let agent = self.create(&subject, languages, skills, 6).await;
        self.presence(&subject, Presence::Available).await;
        agent
    }

    async fn create(
        &self,
        subject: &str,
        languages: &[(&str, i16)],
        skills: &[(ProductLine, i16)],
        capacity: i32,
    ) -> AgentId {
        let new = NewAgent {
            subject: subject.to_owned(),
            certifications: Vec::new(),
            details: Details {
                display_name: "Kim".to_owned().into(),
                picture: Picture::default(),
                site: "Cork".to_owned(),
                region: None,
                team: String::new(),
                time_zone: "Europe/Dublin".to_owned(),
                abilities: Vec::new(),
                languages: languages
                    .iter()
                    .map(|(language, level)| LanguageSkill {
                        language: language.parse().unwrap(),
                        level: *level,
                    })
                    .collect(),
                skills: skills
                    .iter()
                    .map(|(line, level)| ProductSkill {
                        product_line: *line,
                        level: *level,
                    })
                    .collect(),
                capacity,
                sharing: Sharing::default(),
            },
        };
        let mut tx = self.db.begin().await.unwrap();
        let agent = ops::agents::create(&mut tx, &self.ids, new, self.now()).await.unwrap();
        tx.commit().await.unwrap();
        agent.id()
    }

    pub(crate) async fn presence(&self, subject: &str, presence: Presence) -> Agent {
        let mut tx = self.db.begin().await.unwrap();
        let agent = ops::agents::set_presence(&mut tx, subject, presence, self.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        agent
    }

    pub(crate) fn opening(&self, channel: Channel, language: &str, line: Option<ProductLine>) -> Opening {
        Opening {
            case_id: self.ids.next(),
            attributes: Attributes {
                product_line: line,
                ..Attributes::new(channel, language.parse().unwrap())
            },
            named: Named::default(),
        }
    }

    /// Opens a task.
    pub(crate) async fn open(&self, opening: Opening) -> Task {
        let source: support_chassis::id::Id = self.ids.next();
        let mut tx = self.db.begin().await.unwrap();
        let task = ops::tasks::open(
            &mut tx,
            &self.ids,
            &self.book,
            opening,
            source.uuid(),
            self.now(),
            self.now(),
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        task.unwrap()
    }

    /// Opens a call in English about no product.
    pub(crate) async fn open_call(&self) -> Task {
        self.open(self.opening(Channel::Phone, "en", None)).await
    }

    pub(crate) async fn make_offers(&self) -> Option<OffsetDateTime> {
        let mut connection = self.db.read().await.unwrap();
        let mut place = self.mind.lock().await;
        let mut mind = match place.take() {
            Some(mind) => mind,
            None => self.keeper.read_all(&mut connection).await.unwrap(),
        };
        let again = self.keeper.offer_all(&mut connection, &mut mind).await.unwrap();
        *place = Some(mind);
        again
    }

    /// Makes offers as one who has just begun to decide, beside whoever decides already.
    pub(crate) async fn make_offers_anew(&self) -> Option<OffsetDateTime> {
        let mut connection = self.db.read().await.unwrap();
        let mut mind = self.keeper.read_all(&mut connection).await.unwrap();
        self.keeper.offer_all(&mut connection, &mut mind).await.unwrap()
    }

    /// The offers that stand to an agent: offer and task.
    pub(crate) async fn standing(&self, agent: AgentId) -> Vec<(OfferId, TaskId)> {
        let mut connection = self.db.read().await.unwrap();
        let standing = store::offers::standing(&mut connection, &[agent.uuid()]).await.unwrap();
        standing.into_iter().map(|(offer, task)| (offer.id, task.id)).collect()
    }

    /// Does something in a transaction. Where it is refused, its locks are gone before this returns: others leave out what
    /// is locked, and a test must know what they will find.
    pub(crate) async fn act<T>(&self, work: impl AsyncFnOnce(&mut Tx) -> Result<T, Error>) -> Result<T, Error> {
        let mut tx = self.db.begin().await?;
        let done = work(&mut tx).await;
        if done.is_ok() {
            tx.commit().await?;
        } else {
            tx.rollback().await?;
        }
        done
    }

    pub(crate) async fn accept(&self, subject: &str, offer: OfferId) -> Result<Task, Error> {
        self.act(async |tx| ops::offers::accept(tx, subject, offer, self.now()).await)
            .await
    }

    pub(crate) async fn reject(&self, subject: &str, offer: OfferId) -> Result<Task, Error> {
        self.act(async |tx| ops::offers::reject(tx, subject, offer, self.now()).await)
            .await
    }

    pub(crate) async fn complete(&self, subject: &str, task: TaskId) -> Result<Task, Error> {
        self.act(async |tx| ops::tasks::complete(tx, subject, task, self.now()).await)
            .await
    }

    /// Does by hand what `deed` says with a task: by whoever has it, or to or by another agent.
    pub(crate) async fn do_by_hand(
        &self,
        deed: Deed,
        task: TaskId,
        other: AgentId,
        name: &str,
        holder: &str,
    ) -> Result<(), Error> {
        let hand = |actor: &str| ByHand {
            actor: actor.to_owned(),
            cause: Some(HandCause::Workload),
            note: None,
        };
        let (own, by_holder, by_other) = (holder, hand(holder), hand(name));
        let onward = Onward {
            agent: (deed == Deed::TransferTo).then_some(other),
            ..Onward::default()
        };
        let (desk, now) = (&self.desk, self.now());
        let case = self.read_task(task).await.case_id;
        self.act(async |tx| match deed {
            Deed::EndContact => desk.end_contact(tx, own, task, now).await.map(drop),
            Deed::Transfer | Deed::TransferTo => desk.transfer(tx, task, onward, &by_holder, now).await.map(drop),
            Deed::Join => desk.add_participant(tx, task, other, &by_holder, now).await.map(drop),
            Deed::Leave => desk.remove_participant(tx, task, None, &by_other, now).await.map(drop),
            Deed::Remove => desk
                .remove_participant(tx, task, Some(other), &by_holder, now)
                .await
                .map(drop),
            Deed::HandOver => desk.hand_over(tx, task, other, false, &by_holder, now).await.map(drop),
            Deed::HandOverAndStay => desk.hand_over(tx, task, other, true, &by_holder, now).await.map(drop),
            Deed::Assign => desk.assign(tx, task, other, &by_other, now).await.map(drop),
            Deed::TakeOver => desk.take_over(tx, task, &by_other, now).await.map(drop),
            Deed::CallMe => desk.request_callback(tx, case, Window::default(), now).await.map(drop),
            Deed::CallMeLater => {
                let window = Window {
                    earliest: Some(now + Duration::from_secs(100)),
                    latest: Some(now + Duration::from_secs(500)),
                };
                desk.request_callback(tx, case, window, now).await.map(drop)
            }
            Deed::NotReached => desk.not_reached(tx, own, task, now).await.map(drop),
            Deed::PullBack => desk.pull_back(tx, task, &by_other, now).await.map(drop),
        })
        .await
    }

    pub(crate) async fn end_case(&self, case: CaseId, end: CaseEnd) -> Result<usize, Error> {
        self.act(async |tx| ops::tasks::cancel_of_case(tx, case, end, self.now()).await)
            .await
    }

    pub(crate) async fn expire(&self) -> usize {
        let mut tx = self.db.begin().await.unwrap();
        let ended = ops::offers::expire(&mut tx, 100, self.now()).await.unwrap();
        tx.commit().await.unwrap();
        ended
    }

    /// Lets callbacks into line whose time has come.
    pub(crate) async fn release(&self) -> usize {
        let mut tx = self.db.begin().await.unwrap();
        let released = ops::callbacks::release(&mut tx, 100, self.now()).await.unwrap();
        tx.commit().await.unwrap();
        released
    }

    /// How a case stands in line, read anew.
    pub(crate) async fn wait(&self, case: CaseId) -> Result<Wait, Error> {
        let waits = Waits::new(self.db.clone(), self.clock.clone(), self.book.clone());
        waits.of_case(case).await
    }

    /// Sends home who is out of sight.
    pub(crate) async fn look_round(&self) {
        self.look_round_since(START).await;
    }

    /// Does so in a process that began to look at `started`.
    pub(crate) async fn look_round_since(&self, started: OffsetDateTime) {
        let live = Live::default();
        let sight = Sight::new(self.db.clone(), self.clock.clone(), live, self.desk.clone(), started);
        sight.look().await.unwrap();
    }

    /// The plan that holds now for tasks of which no country is known.
    pub(crate) fn plans(&self) -> Vec<Ruled> {
        vec![Ruled {
            country: None,
            plan: self.book.of_tasks(None, self.now()),
        }]
    }

    pub(crate) async fn read_task(&self, id: TaskId) -> Task {
        store::tasks::find(&mut self.db.read().await.unwrap(), id)
            .await
            .unwrap()
            .unwrap()
    }

    pub(crate) async fn read_agent(&self, id: AgentId) -> Agent {
        store::agents::find(&mut self.db.read().await.unwrap(), id)
            .await
            .unwrap()
            .unwrap()
    }

    /// Holds the database against everything that must be so at any time.
    pub(crate) async fn check(&self) {
        check(&self.db).await;
    }
}
