//! Any order of things that can happen, on a floor of a few people, against the reference.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::select;

use super::reference::{expected, goes_before, is_good_enough, let_alone_until, needs, reference, weight};
use super::*;
use crate::domain::{
    Acquaintance, CaseId, Change, Channel, Condition, Demand, Demanded, Pairing, Queue, Rule, Scope, Share, Sharing,
    Standing, Task, TaskState, apply,
};
use crate::explain::stood;

const LANGUAGES: &[&str] = &["en", "en-GB", "es", "es-MX", "ja"];
const LINES: &[ProductLine] = &[ProductLine::Phone, ProductLine::Laptop];
/// The first is of no plan, the second of each, the others of some.
const QUEUES: &[&str] = &["gone", "general", "lane", "spare"];
const COUNTRIES: &[Option<&str>] = &[None, Some("DE"), Some("FR")];

/// Something that happens.
#[derive(Clone, Debug)]
enum Step {
    Open {
        language: &'static str,
        line: Option<ProductLine>,
        channel: Channel,
        priority: i16,
        country: usize,
        waited: i64,
        /// Whom it names, and whether the customer speaks something else too.
        named: [Option<usize>; 2],
        speaks_more: bool,
    },
    /// Whoever has a task passes it on to a queue, which the plan may have or not.
    Pass(usize, &'static str),
    /// Somebody comes, or is somebody else from now on.
    Come(usize, Person),
    Go(usize),
    Accept(usize),
    Refuse(usize),
    Complete(usize),
    Cancel(usize),
    Wait(i64),
    Plan(usize, usize),
    /// The process ends, and another begins with what is known.
    Crash,
}

/// What somebody can do.
#[derive(Clone, Debug)]
struct Person {
    languages: Vec<(&'static str, i16)>,
    skills: Vec<(ProductLine, i16)>,
    capacity: i32,
    sharing: Sharing,
    site: &'static str,
    region: &'static str,
    is_certified: bool,
}

fn any_person() -> impl Strategy<Value = Person> {
    (
        proptest::sample::subsequence(LANGUAGES, 1..3),
        proptest::sample::subsequence(LINES, 0..=2),
        proptest::array::uniform4(1..=5_i16),
        select(&[1, 2, 3, 6, 7, 12][..]),
        any_sharing(),
        select(&["cork", "cupertino", ""][..]),
        select(&["emea", "amr"][..]),
        any::<bool>(),
    )
        .prop_map(
            |(languages, skills, levels, capacity, sharing, site, region, is_certified)| Person {
                languages: languages.into_iter().zip(levels).collect(),
                skills: skills.into_iter().zip(levels.into_iter().skip(2)).collect(),
                capacity,
                sharing,
                site,
                region,
                is_certified,
            },
        )
}

/// The usual, and others.
fn any_sharing() -> impl Strategy<Value = Sharing> {
    use Channel::{App, Chat, Email, Phone, Social, Store};
    let two = Share::Units(2);
    let one = Share::Units(1);
    select(vec![
        Sharing::default(),
        Sharing::default(),
        // A call leaves room for letters.
        Sharing::new(&[(Phone, Share::Units(4)), (Email, one)], &[(Phone, Email)]),
        // Nothing beside anything else.
        Sharing::new(&[(Phone, Share::Whole), (Chat, two), (Email, one), (Social, one)], &[]),
        // In a ring, so that what mixes with both does not mix each with each.
        Sharing::new(
            &[(Store, Share::Units(3)), (Chat, one), (App, two), (Email, one)],
            &[(Store, Chat), (Chat, App), (App, Email)],
        ),
        Sharing::new(&[(Email, Share::Whole)], &[]),
    ])
}

fn any_step() -> impl Strategy<Value = Step> {
    let any = 0..64_usize;
    let open = (
        select(LANGUAGES),
        proptest::option::of(select(LINES)),
        select(Channel::ALL),
        select(&[3_i16, 5, 7, 9][..]),
        0..COUNTRIES.len(),
        select(&[-30_i64, 0, 0, 0, 1, 59, 200][..]),
        proptest::array::uniform2(proptest::option::weighted(0.2, 0..5_usize)),
        proptest::bool::ANY,
    )
        .prop_map(
            |(language, line, channel, priority, country, waited, named, speaks_more)| Step::Open {
                language,
                line,
                channel,
                priority,
                country,
                waited,
                named,
                speaks_more,
            },
        );
    prop_oneof![
        8 => open,
        4 => (0..5_usize, any_person()).prop_map(|(agent, person)| Step::Come(agent, person)),
        2 => (0..5_usize).prop_map(Step::Go),
        3 => any.clone().prop_map(Step::Accept),
        3 => any.clone().prop_map(Step::Refuse),
        3 => any.clone().prop_map(Step::Complete),
        2 => (any.clone(), select(QUEUES)).prop_map(|(task, queue)| Step::Pass(task, queue)),
        1 => any.prop_map(Step::Cancel),
        4 => select(&[0_i64, 1, 10, 20, 30, 61, 300][..]).prop_map(Step::Wait),
        1 => (0..COUNTRIES.len(), 0..6_usize).prop_map(|(country, variant)| Step::Plan(country, variant)),
        1 => Just(Step::Crash),
    ]
}

/// Made once: conditions take their time to be read.
static VARIANTS: LazyLock<Vec<Plan>> = LazyLock::new(|| (0..6).map(made_variant).collect());

fn variant(number: usize) -> Plan {
    VARIANTS[number].clone()
}

/// Plans that turn different screws.
fn made_variant(number: usize) -> Plan {
    let base = plan(vec![
        step(60, 2, 2, &[]),
        step(120, 2, 0, &[]),
        step(240, 3, 1, &["en"]),
    ]);
    let mut plan = base.clone();
    match number {
        0 => {}
        1 => plan.steps.clear(),
        2 => {
            plan.priorities.ageing_step = Duration::seconds(45);
            plan.priorities.ageing_limit = 9;
            plan.refusal_delay = Duration::ZERO;
        }
        4 => {
            // Who is known to the customer alone, then the site, then the region, then anywhere.
            plan.rules = vec![
                rule("known", "has_last_agent || has_account_manager", |demand| {
                    demand.first = [Acquaintance::LastAgent, Acquaintance::AccountManager].into();
                    demand.first_for = Duration::seconds(90);
                }),
                rule("here", "country != ''", |demand| {
                    demand.scope = Scope::within(vec!["cork".to_owned()], Vec::new());
                }),
                rule("certified", "product_line == 'phone'", |demand| {
                    demand.certifications = ["cert/one".parse().unwrap()].into();
                }),
            ];
            plan.steps[0].regions = vec!["emea".to_owned()];
            plan.steps[1].sites = vec!["cupertino".to_owned()];
            plan.steps[2].anywhere = true;
        }
        5 => {
            // A lane before all, whom one knows first without waiting for them, neighbours, a second language.
            let mut lane = rule("lane", "language == 'ja' || product_line == 'laptop'", |demand| {
                demand.skills = vec![Demanded {
                    skill: Skill::product(ProductLine::Phone),
                    level: 3,
                    kept: 1,
                }];
            });
            lane.queue = Some("lane".to_owned());
            plan.rules = vec![
                lane,
                rule("known", "", |demand| demand.first = [Acquaintance::LastAgent].into()),
            ];
            let lane = Queue {
                before_all: true,
                hours_of: Vec::new(),
            };
            plan.queues = [("lane".to_owned(), lane)].into();
            plan.queues.insert("spare".to_owned(), Queue::default());
            plan.steps[0].neighbours = true;
            plan.steps[1].further_languages = true;
            let laptop = (Skill::product(ProductLine::Laptop), 2);
            plan.neighbours = [(Skill::product(ProductLine::Phone), vec![laptop])].into();
        }
        _ => {
            // Queues to which nothing comes but by hand: one that goes before all, one that asks for more.
            plan.queues = [
                (
                    "lane".to_owned(),
                    Queue {
                        before_all: true,
                        ..Queue::default()
                    },
                ),
                ("spare".to_owned(), Queue::default()),
            ]
            .into();
            let mut spare = rule("spare", "language == 'xx'", |demand| {
                demand.certifications = ["cert/one".parse().unwrap()].into();
                demand.scope = Scope::within(vec!["cork".to_owned()], Vec::new());
            });
            spare.queue = Some("spare".to_owned());
            spare.priority = 8;
            plan.rules = vec![spare];
            plan.steps[1].sites = vec!["cupertino".to_owned()];
            plan.language_level = 5;
            plan.steps[0].after = Duration::seconds(20);
            plan.priorities.ageing_limit = 4;
        }
    }
    plan.basis = format!("routing/routing-plan@{number}");
    plan
}

fn rule(name: &str, when: &str, ask: impl FnOnce(&mut Demand)) -> Rule {
    let mut demand = Demand::default();
    ask(&mut demand);
    Rule {
        name: name.to_owned(),
        when: Condition::parse(when).unwrap(),
        queue: None,
        priority: 0,
        demand,
        is_last: false,
    }
}

/// What a task says of itself beside what stands in it.
#[derive(Clone)]
struct Said {
    /// Whom it names.
    named: Named,
    /// Whether its customer speaks something else too.
    speaks_more: bool,
    /// The queue that it was passed on to.
    queue: Option<String>,
}

/// The floor: everything that the tables would hold. What happens to tasks and books is what the rules say.
struct Floor {
    now: OffsetDateTime,
    engine: Engine,
    plans: [usize; COUNTRIES.len()],
    tasks: BTreeMap<TaskId, Task>,
    /// What the tasks say beside.
    said: BTreeMap<TaskId, Said>,
    let_go_by: BTreeMap<TaskId, Vec<(AgentId, OffsetDateTime)>>,
    /// Since when the offers stand.
    offered: BTreeMap<TaskId, OffsetDateTime>,
    /// Everybody, and whether they are available.
    agents: BTreeMap<AgentId, (Candidate, bool)>,
    count: u64,
}

fn country(number: usize) -> Option<Country> {
    COUNTRIES[number].map(|code| code.parse().unwrap())
}

impl Floor {
    fn new() -> Self {
        Self {
            now: NOW,
            engine: Engine::new(),
            plans: [0; COUNTRIES.len()],
            tasks: BTreeMap::new(),
            said: BTreeMap::new(),
            let_go_by: BTreeMap::new(),
            offered: BTreeMap::new(),
            agents: BTreeMap::new(),
            count: 0,
        }
    }

    fn plan_of(&self, of: Option<Country>) -> Plan {
        let number = (0..COUNTRIES.len()).find(|number| country(*number) == of).unwrap();
        variant(self.plans[number])
    }

    fn queued(&self, task: &Task) -> Queued {
        let Said {
            named,
            speaks_more,
            queue,
        } = &self.said[&task.id];
        let further = speaks_more.then(|| "es-AR".parse().unwrap());
        Queued {
            task: task.id,
            version: task.version,
            attributes: Arc::new(Attributes {
                product_line: task.product_line,
                country: task.country,
                further_languages: further.into_iter().collect(),
                queue: queue.clone(),
                ..Attributes::new(task.channel, task.language.clone())
            }),
            named: named.clone(),
            priority: task.priority,
            queue_time: task.queue_time,
            let_go_by: self.let_go_by.get(&task.id).cloned().unwrap_or_default(),
        }
    }

    /// Tells the engine what has become of a task and of who holds it.
    fn tell_task(&mut self, id: TaskId) {
        let task = &self.tasks[&id];
        if task.state == TaskState::Queued {
            let plan = self.plan_of(task.country);
            let queued = self.queued(task);
            self.engine.put_task(queued, self.now, |_| plan);
        } else {
            self.engine.remove_task(id);
        }
    }

    fn tell_agent(&mut self, id: AgentId) {
        match &self.agents[&id] {
            (agent, true) => self.engine.put_agent(agent),
            (_, false) => self.engine.remove_agent(id),
        }
    }

    fn change(&mut self, id: TaskId, change: Change) {
        let task = &self.tasks[&id];
        let holder = task.agent.filter(|_| task.state.is_held());
        let book = holder.map(|agent| self.agents[&agent].0.book);
        let changed = apply(task, book.as_ref(), change, self.now).unwrap();
        self.tasks.insert(id, changed.task);
        self.offered.remove(&id);
        if let (Some(agent), Change::Rejected | Change::TimedOut | Change::Transferred) = (holder, change) {
            let list = self.let_go_by.entry(id).or_default();
            list.retain(|(who, _)| *who != agent);
            list.push((agent, self.now));
        }
        if let Some(book) = changed.book {
            self.agents.get_mut(&book.agent).unwrap().0.book = book;
            self.tell_agent(book.agent);
        }
        self.tell_task(id);
    }

    fn pick(&self, pick: usize, states: &[TaskState]) -> Option<TaskId> {
        let fitting: Vec<_> = self
            .tasks
            .values()
            .filter(|task| states.contains(&task.state))
            .collect();
        (!fitting.is_empty()).then(|| fitting[pick % fitting.len()].id)
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Open { .. } => self.open(step),
            Step::Come(agent, person) => self.come(*agent, person),
            Step::Go(agent) => self.go(id(u64::try_from(*agent).unwrap())),
            Step::Accept(pick) => self.let_happen(*pick, &[TaskState::Offered], Change::Accepted),
            Step::Refuse(pick) => self.let_happen(*pick, &[TaskState::Offered], Change::Rejected),
            Step::Pass(pick, queue) => self.pass(*pick, queue),
            Step::Complete(pick) => self.let_happen(*pick, &[TaskState::Accepted], Change::Completed),
            Step::Cancel(pick) => self.let_happen(
                *pick,
                &[TaskState::Queued, TaskState::Offered, TaskState::Accepted],
                Change::Canceled,
            ),
            Step::Wait(seconds) => self.wait(*seconds),
            Step::Plan(number, to) => {
                self.plans[*number] = *to;
                let ruled = Ruled {
                    country: country(*number),
                    plan: variant(*to),
                };
                self.engine.put_plan(ruled, self.now);
            }
            Step::Crash => self.rebuild(),
        }
    }

    fn let_happen(&mut self, pick: usize, states: &[TaskState], change: Change) {
        if let Some(task) = self.pick(pick, states) {
            self.change(task, change);
        }
    }

    fn pass(&mut self, pick: usize, queue: &str) {
        let Some(id) = self.pick(pick, &[TaskState::Accepted]) else {
            return;
        };
        self.said.get_mut(&id).unwrap().queue = Some(queue.to_owned());
        let task = &self.tasks[&id];
        let queued = self.queued(task);
        let priority = self.plan_of(task.country).priority(&queued.attributes, &queued.named);
        self.tasks.get_mut(&id).unwrap().priority = priority;
        self.change(id, Change::Transferred);
    }

    fn open(&mut self, step: &Step) {
        let Step::Open {
            language,
            line,
            channel,
            priority,
            country: number,
            waited,
            named: [last_agent, account_manager],
            speaks_more,
        } = *step
        else {
            return;
        };
        self.count += 1;
        let task = Task {
            id: id(1000 + self.count * 7919 % 1009),
            version: 1,
            case_id: id::<CaseId>(self.count),
            state: TaskState::Queued,
            channel,
            language: language.parse().unwrap(),
            product_line: line,
            priority,
            weight: 0,
            agent: None,
            offer_count: 0,
            queue_time: self.now - Duration::seconds(waited),
            accept_time: None,
            end_time: None,
            country: country(number),
            basis: None,
        };
        let whom = |number: Option<usize>| number.map(|number| id(u64::try_from(number).unwrap()));
        let named = Named {
            last_agent: whom(last_agent),
            account_manager: whom(account_manager),
        };
        let id = task.id;
        let said = Said {
            named,
            speaks_more,
            queue: None,
        };
        self.said.insert(id, said);
        self.tasks.insert(id, task);
        self.tell_task(id);
    }

    fn come(&mut self, number: usize, person: &Person) {
        let number = u64::try_from(number).unwrap();
        let mut agent = candidate(number, &person.languages, &person.skills, person.capacity, 0);
        agent.book.idle_since = self.now;
        agent.book.sharing = person.sharing;
        let certifications = person.is_certified.then(|| "cert/one".parse().unwrap());
        agent.profile = agent
            .profile
            .at(person.site.to_owned(), person.region.to_owned())
            .certified(certifications.into_iter().collect());
        if let Some((before, was_available)) = self.agents.get(&agent.book.agent) {
            let Some(mut book) = before.book.reshared(person.capacity, person.sharing) else {
                return;
            };
            if !was_available {
                book.idle_since = self.now;
            }
            agent.book = book;
        }
        let id = agent.book.agent;
        self.agents.insert(id, (agent, true));
        self.tell_agent(id);
    }

    fn go(&mut self, agent: AgentId) {
        let Some((_, is_available)) = self.agents.get_mut(&agent) else {
            return;
        };
        *is_available = false;
        self.tell_agent(agent);
        let offered = self
            .tasks
            .values()
            .filter(|task| task.state == TaskState::Offered && task.agent == Some(agent));
        for task in offered.map(|task| task.id).collect::<Vec<_>>() {
            self.change(task, Change::Withdrawn);
        }
    }

    fn wait(&mut self, seconds: i64) {
        self.now += Duration::seconds(seconds);
        let over = |at: &OffsetDateTime| *at + plan(vec![]).offer_timeout <= self.now;
        let due: Vec<_> = self
            .offered
            .iter()
            .filter(|(_, at)| over(at))
            .map(|(task, _)| *task)
            .collect();
        for task in due {
            self.change(task, Change::TimedOut);
        }
    }

    fn rebuild(&mut self) {
        self.engine = Engine::new();
        for agent in self.agents.keys().copied().collect::<Vec<_>>() {
            self.tell_agent(agent);
        }
        for task in self.tasks.keys().copied().collect::<Vec<_>>() {
            self.tell_task(task);
        }
    }

    fn waiting(&self) -> Vec<Queued> {
        let waiting = self.tasks.values().filter(|task| task.state == TaskState::Queued);
        waiting.map(|task| self.queued(task)).collect()
    }

    fn available(&self) -> Vec<Candidate> {
        let available = self.agents.values().filter(|(_, is_available)| *is_available);
        available.map(|(agent, _)| agent.clone()).collect()
    }

    /// The engine decides, so many at a time; that is what the reference decides. Each is carried out.
    fn decide(&mut self, limit: usize) -> Result<(), TestCaseError> {
        let (waiting, available) = (self.waiting(), self.available());
        let right = reference(self.now, &waiting, &available, &|country| self.plan_of(country));
        let mut decisions = Vec::new();
        loop {
            let some = self.engine.decide(self.now, limit);
            if some.is_empty() {
                break;
            }
            decisions.extend(some);
        }
        prop_assert_eq!(decisions.iter().map(expected).collect::<Vec<_>>(), right);
        let mut had = Vec::new();
        for decision in &decisions {
            let Pairing {
                task,
                version,
                agent,
                plan,
            } = decision.pairing;
            prop_assert_eq!(self.tasks[&task].version, version, "nothing is offered twice");
            let ruled = &self.engine.plans()[plan];
            prop_assert_eq!(&ruled.plan, &self.plan_of(self.tasks[&task].country));
            let book = self.agents[&agent].0.book;
            had.push(book);
            let offered = apply(&self.tasks[&task], Some(&book), Change::Offered, self.now);
            let offered = offered.map_err(|refused| TestCaseError::fail(format!("{refused}")))?;
            prop_assert_eq!(
                offered.task.queue_time,
                self.tasks[&task].queue_time,
                "the place is kept"
            );
            self.agents.get_mut(&agent).unwrap().0.book = offered.book.unwrap();
            self.tasks.insert(task, offered.task);
            self.offered.insert(task, self.now);
        }
        let decisions: Vec<_> = decisions.into_iter().zip(had).collect();
        self.check(&decisions, &waiting)
    }

    /// Nobody who could be served is left waiting, and nobody was passed over by who came later.
    fn check(&self, decisions: &[(Decision, Book)], before: &[Queued]) -> Result<(), TestCaseError> {
        let (left, available) = (self.waiting(), self.available());
        prop_assert_eq!(
            (self.engine.tasks(), self.engine.agents()),
            (left.len(), available.len())
        );
        for task in &left {
            let plan = self.plan_of(task.attributes.country);
            let widest = needs(task, &plan, self.now).pop().unwrap();
            let ruling = plan.ruling(&task.attributes, &task.named);
            for agent in &available {
                let stood = stood(task, &plan, &ruling, agent, self.now);
                prop_assert!(stood.standing != Standing::Fits, "it is explained otherwise");
                prop_assert_eq!(
                    stood.wanting.is_empty(),
                    stood.standing == Standing::LetItGoBy,
                    "what is wanting is told"
                );
                let book = agent.book;
                prop_assert!(book.load <= book.capacity);
                let is_let_alone = let_alone_until(task, &plan, book.agent).is_some_and(|until| until > self.now);
                let fits = is_good_enough(agent, &widest) && !is_let_alone;
                prop_assert!(
                    !fits || weight(&book, task.attributes.channel).is_none(),
                    "{task:?} could go to {agent:?}"
                );
                let given = decisions.iter().filter(|(_, had)| had.agent == book.agent);
                for (decision, had) in given {
                    let later = before.iter().find(|later| later.task == decision.pairing.task).unwrap();
                    let plan_of_later = self.plan_of(later.attributes.country);
                    prop_assert!(
                        !fits
                            || weight(had, task.attributes.channel).is_none()
                            || goes_before((later, &plan_of_later), (task, &plan), self.now),
                        "{task:?} waits longer than {later:?}"
                    );
                }
            }
        }
        if let Some(due) = self.engine.next_due() {
            prop_assert!(due > self.now, "what is due is done");
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn whatever_happens_the_decision_is_the_obvious_one(
        steps in proptest::collection::vec((any_step(), proptest::option::weighted(0.8, 1..4_usize)), 1..80),
    ) {
        let mut floor = Floor::new();
        for (step, limit) in &steps {
            floor.take(step);
            // At times several things have happened before it comes to a decision.
            if let Some(limit) = limit {
                floor.decide(*limit)?;
            }
        }
        floor.decide(usize::MAX)?;
        // Whoever begins anew has nothing to add.
        floor.rebuild();
        prop_assert_eq!(floor.engine.decide(floor.now, usize::MAX), []);
    }
}
