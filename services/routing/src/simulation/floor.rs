//! One replication: a heap of what happens next, and what happens then.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use time::Duration;

use super::chance::Chance;
use super::foretold::Foretold;
use super::live::{LetGoBy, Live, number};
use super::run::{Effort, Stopped};
use super::scenario::{Arrivals, Group, Scenario, Span, Work, micros};
use super::tally::{Came, End, Tally};
use crate::domain::waits::Estimate as Guess;
use crate::domain::{Candidate, Change, Decision, Task, TaskState};

/// What happens by itself, once it is time.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// The next contact of a work arrives.
    Arrives(usize),
    /// An agent answers an offer, which is the so manieth of its contact, or its time runs out.
    Answers(u64, i32, Change),
    /// An agent is done with a customer.
    Parts(u64),
    /// An agent has written a contact up.
    WrittenUp(u64),
    /// A customer gives up, who was passed on so often.
    GivesUp(u64, u32),
    /// An agent begins to take work.
    Comes(usize),
    /// An agent takes no more work.
    Goes(usize),
}

/// An event in the order of time; at the same time, what was known of first.
#[derive(Clone, Copy, Debug)]
struct Due {
    at: i64,
    number: u64,
    event: Event,
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

struct Contact {
    number: u64,
    task: Task,
    let_go_by: LetGoBy,
    work: usize,
    arrived: i64,
    handling: Option<Duration>,
    wrap_up: Option<Duration>,
    /// What the customer was told of the wait.
    told: Option<Guess>,
    /// How often it was passed on.
    passes: u32,
    /// Whether the customer is called back instead of waiting.
    is_callback: bool,
}

struct Agent<'a> {
    candidate: Candidate,
    group: usize,
    spans: &'a [Span],
    next_span: usize,
    is_here: bool,
    /// The contacts in hand, offers included.
    held: Vec<u64>,
    /// Until when it is counted how they were kept.
    counted: i64,
}

/// Where contacts of a work come from.
struct Source {
    chance: Chance,
    /// The next arrival of a trace, or the stretch of the rates.
    place: usize,
    /// The last arrival, in seconds.
    at: f64,
}

/// Contacts under the lower bits of their numbers, which are given out again.
#[derive(Default)]
struct Contacts {
    slots: Vec<Option<Contact>>,
    vacant: Vec<usize>,
    count: u64,
}

/// How many bits of a contact's number are its slot.
const SLOT: u32 = 24;

impl Contacts {
    /// A number that no contact had, whose slot is free.
    fn number(&mut self) -> u64 {
        let slot = self.vacant.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        self.count += 1;
        self.count << SLOT | u64::try_from(slot).unwrap_or_default()
    }

    fn slot(number: u64) -> usize {
        usize::try_from(number & ((1 << SLOT) - 1)).unwrap_or_default()
    }

    fn put(&mut self, contact: Contact) {
        let slot = Self::slot(contact.number);
        self.slots[slot] = Some(contact);
    }

    fn get(&mut self, number: u64) -> Option<&mut Contact> {
        let contact = self.slots.get_mut(Self::slot(number))?.as_mut()?;
        (contact.number == number).then_some(contact)
    }

    fn remove(&mut self, number: u64) {
        if self.get(number).is_some() {
            let slot = Self::slot(number);
            self.slots[slot] = None;
            self.vacant.push(slot);
        }
    }
}

/// Everybody and everything of one replication.
pub(super) struct Floor<'a> {
    scenario: &'a Scenario,
    effort: &'a Effort,
    live: Live,
    now: i64,
    /// Nothing arrives any more.
    end: i64,
    due: BinaryHeap<Reverse<Due>>,
    known: u64,
    contacts: Contacts,
    waiting: usize,
    /// Who just came, until it is decided whether they wait.
    newcomer: Option<u64>,
    foretold: Option<Foretold>,
    agents: Vec<Agent<'a>>,
    sources: Vec<Source>,
    hands: Chance,
    /// Who is passed on and called back, and how they fare then.
    turns: Chance,
    tally: Tally,
}

/// After the last arrival those who wait are served for at most as long.
const AFTER: Duration = Duration::days(7);

impl<'a> Floor<'a> {
    pub(super) fn new(scenario: &'a Scenario, replication: u64, effort: &'a Effort) -> Self {
        let chance =
            |purpose: usize| Chance::of(scenario.seed, replication, u64::try_from(purpose).unwrap_or_default());
        let mut floor = Self {
            scenario,
            effort,
            live: Live::new(scenario),
            now: 0,
            end: micros(scenario.length),
            due: BinaryHeap::new(),
            known: 0,
            contacts: Contacts::default(),
            waiting: 0,
            newcomer: None,
            foretold: scenario.foretells.then(|| Foretold::new(scenario)),
            agents: Vec::new(),
            sources: Vec::new(),
            hands: chance(0),
            turns: chance(2 + scenario.works.len()),
            tally: Tally::new(scenario),
        };
        let mut absences = chance(1);
        for (group, of) in scenario.groups.iter().enumerate() {
            for shift in &of.shifts {
                for _ in 0..shift.agents {
                    // Drawn also where nobody is ever absent, so that a group more changes nothing for the others.
                    let is_absent = absences.share() < of.absence;
                    floor.hire(group, of, if is_absent { &[] } else { &shift.spans });
                }
            }
        }
        for work in 0..scenario.works.len() {
            floor.sources.push(Source {
                chance: chance(2 + work),
                place: 0,
                at: 0.0,
            });
            floor.await_next(work);
        }
        floor
    }

    fn hire(&mut self, group: usize, of: &Group, spans: &'a [Span]) {
        let number = self.agents.len();
        self.agents.push(Agent {
            candidate: self.live.candidate(of, u64::try_from(number).unwrap_or_default()),
            group,
            spans,
            next_span: 0,
            is_here: false,
            held: Vec::new(),
            counted: 0,
        });
        if let Some(span) = spans.first() {
            self.schedule(micros(span.from), Event::Comes(number));
        }
    }

    /// Plays it to its end.
    pub(super) fn play(mut self) -> Result<Tally, Stopped> {
        let last = self.end.saturating_add(micros(AFTER));
        while self.now < self.end || self.waiting > 0 {
            let next = self.due.peek().map(|Reverse(due)| due.at);
            let by_time = self.live.next_due().filter(|at| next.is_none_or(|next| *at < next));
            let Some(at) = by_time.or(next).filter(|at| *at <= last) else {
                break;
            };
            self.now = at.max(self.now);
            self.live.set_time(self.now);
            if by_time.is_none()
                && let Some(Reverse(due)) = self.due.pop()
            {
                self.happen(due.event);
            }
            self.settle()?;
            if let Some(newcomer) = self.newcomer.take() {
                self.foretell(newcomer);
                self.call_back(newcomer);
            }
        }
        for number in 0..self.agents.len() {
            self.count(number);
        }
        let left: Vec<_> = self.contacts.slots.iter().flatten().collect();
        for contact in left.into_iter().filter(|contact| is_waiting(&contact.task)) {
            let came = Came {
                by_transfer: contact.passes > 0,
                is_callback: false,
            };
            self.tally.ended(
                contact.work,
                contact.arrived,
                self.now - contact.arrived,
                End::Unserved,
                came,
            );
        }
        Ok(self.tally)
    }

    /// Lets the engine decide until there is nothing to decide.
    fn settle(&mut self) -> Result<(), Stopped> {
        self.tally.events += 1;
        self.effort.check(self.tally.events)?;
        loop {
            let decisions = self.live.decide();
            if decisions.is_empty() {
                return Ok(());
            }
            for decision in decisions {
                self.tally.events += 1;
                self.effort.check(self.tally.events)?;
                self.offer(&decision);
            }
        }
    }

    fn schedule(&mut self, at: i64, event: Event) {
        self.known += 1;
        let number = self.known;
        self.due.push(Reverse(Due { at, number, event }));
    }

    fn schedule_after(&mut self, after: Duration, event: Event) {
        self.schedule(self.now.saturating_add(micros(after)), event);
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Arrives(work) => self.arrive(work),
            Event::Answers(contact, offer, change) => self.answer(contact, offer, change),
            Event::Parts(contact) => self.part(contact),
            Event::WrittenUp(contact) => self.change(contact, Change::Completed),
            Event::GivesUp(contact, passes) => self.give_up(contact, passes),
            Event::Comes(agent) => self.come(agent),
            Event::Goes(agent) => self.go(agent),
        }
    }

    /// Finds out when the next contact of a work arrives.
    fn await_next(&mut self, work: usize) {
        let source = &mut self.sources[work];
        let at = match &self.scenario.works[work].arrivals {
            Arrivals::Trace(arrivals) => arrivals.get(source.place).map(|arrival| micros(arrival.at)),
            Arrivals::Rates { every, counts } => source.next(every.as_seconds_f64(), counts, self.scenario.length),
        };
        if let Some(at) = at.filter(|at| *at < self.end) {
            self.schedule(at, Event::Arrives(work));
        }
    }

    fn arrive(&mut self, number: usize) {
        let work: &Work = &self.scenario.works[number];
        let source = &mut self.sources[number];
        // All of it is drawn for each contact, whatever is known of it, so that each has its own.
        let drawn = [&work.patience, &work.handling, &work.wrap_up].map(|law| law.draw(&mut source.chance));
        let [mut patience, mut handling, wrap_up] = drawn;
        if let Arrivals::Trace(arrivals) = &work.arrivals {
            if let Some(arrival) = arrivals.get(source.place) {
                patience = arrival.patience.or(patience);
                handling = arrival.handling.or(handling);
            }
            source.place += 1;
        }
        let contact = self.contacts.number();
        let task = self.live.open(contact, &work.asks, work.head_start);
        self.contacts.put(Contact {
            number: contact,
            task,
            let_go_by: LetGoBy::new(),
            work: number,
            arrived: self.now,
            handling,
            wrap_up,
            told: None,
            passes: 0,
            is_callback: false,
        });
        self.waiting += 1;
        self.newcomer = Some(contact);
        if let Some(patience) = patience {
            self.schedule_after(patience, Event::GivesUp(contact, 0));
        }
        self.await_next(number);
    }

    /// Tells who just came, and has to wait, how long that will be.
    fn foretell(&mut self, number: u64) {
        if let Some(foretold) = &mut self.foretold
            && let Some(contact) = self.contacts.get(number).filter(|contact| is_waiting(&contact.task))
        {
            let priorities = self.live.priorities(&self.scenario.works[contact.work].asks);
            contact.told = foretold.came(contact.work, &contact.task, &priorities, self.live.now());
        }
    }

    /// Some of those who just came, and have to wait, are called back instead.
    fn call_back(&mut self, number: u64) {
        let waits = |contact: &&mut Contact| contact.task.state == TaskState::Queued;
        let Some(contact) = self.contacts.get(number).filter(waits) else {
            return;
        };
        let share = self.scenario.works[contact.work].callback;
        if share > 0.0 && self.turns.share() < share {
            contact.is_callback = true;
            self.change(number, Change::CallbackRequested);
        }
    }

    /// Holds a contact out to an agent, who answers in their own time.
    fn offer(&mut self, decision: &Decision) {
        let (contact, agent) = (number(decision.pairing.task), number(decision.pairing.agent));
        let Ok(agent) = usize::try_from(agent) else { return };
        self.count(agent);
        let holder = &mut self.agents[agent];
        let Some(held) = self.contacts.get(contact) else {
            return;
        };
        let there = Some((&mut holder.candidate, holder.is_here));
        if self
            .live
            .change(
                &mut held.task,
                &self.scenario.works[held.work].asks,
                &mut held.let_go_by,
                there,
                Change::Offered,
            )
            .is_err()
        {
            return;
        }
        holder.held.push(contact);
        let offer = held.task.offer_count;
        let group = &self.scenario.groups[holder.group];
        let timeout = self.live.offer_timeout(decision);
        let mood = if group.refusal + group.no_answer > 0.0 {
            self.hands.share()
        } else {
            1.0
        };
        let answers = group.answer.draw(&mut self.hands);
        let (after, change) = match answers.filter(|after| *after < timeout && mood >= group.no_answer) {
            None => (timeout, Change::TimedOut),
            Some(after) if mood < group.no_answer + group.refusal => (after, Change::Rejected),
            Some(after) => (after, Change::Accepted),
        };
        if after.is_positive() {
            self.schedule_after(after, Event::Answers(contact, offer, change));
        } else {
            self.answer(contact, offer, change);
        }
    }

    fn answer(&mut self, number: u64, offer: i32, change: Change) {
        let stands =
            |contact: &&mut Contact| contact.task.state == TaskState::Offered && contact.task.offer_count == offer;
        let Some(contact) = self.contacts.get(number).filter(stands) else {
            return;
        };
        let (work, arrived, handling) = (contact.work, contact.arrived, contact.handling);
        let (task, told) = (contact.task.id, contact.told);
        let came = Came {
            by_transfer: contact.passes > 0,
            is_callback: contact.is_callback,
        };
        let agent = contact
            .task
            .agent
            .map(self::number)
            .and_then(|agent| usize::try_from(agent).ok());
        self.change(number, change);
        if change != Change::Accepted {
            return;
        }
        self.waiting -= 1;
        if let Some(foretold) = &mut self.foretold {
            foretold.left(work, task, true, self.live.now());
            if !came.is_callback {
                self.tally.came_true(arrived, self.now - arrived, told);
            }
        }
        self.tally.ended(work, arrived, self.now - arrived, End::Answered, came);
        if let Some(agent) = agent {
            self.tally.answered_by(self.agents[agent].group, arrived);
        }
        if let Some(handling) = handling {
            self.schedule_after(handling, Event::Parts(number));
        }
    }

    fn part(&mut self, number: u64) {
        if self.pass_on(number) {
            return;
        }
        let wrap_up = self.contacts.get(number).and_then(|contact| contact.wrap_up);
        match wrap_up.filter(|wrap_up| wrap_up.is_positive()) {
            Some(wrap_up) => {
                self.change(number, Change::ContactEnded);
                self.schedule_after(wrap_up, Event::WrittenUp(number));
            }
            None => self.change(number, Change::Completed),
        }
    }

    /// Some go on in another work instead of being done with.
    fn pass_on(&mut self, number: u64) -> bool {
        let scenario = self.scenario;
        let Some(contact) = self.contacts.get(number) else {
            return false;
        };
        let transfer = scenario.works[contact.work].transfer;
        let Some(transfer) = transfer.filter(|transfer| self.turns.share() < transfer.share) else {
            return false;
        };
        let to = &scenario.works[transfer.to];
        contact.work = transfer.to;
        contact.arrived = self.now;
        contact.passes += 1;
        contact.is_callback = false;
        contact.told = None;
        contact.handling = to.handling.draw(&mut self.turns);
        contact.wrap_up = to.wrap_up.draw(&mut self.turns);
        contact.task.language = to.asks.language.clone();
        contact.task.product_line = to.asks.product_line;
        let passes = contact.passes;
        if let Some(patience) = to.patience.draw(&mut self.turns) {
            self.schedule_after(patience, Event::GivesUp(number, passes));
        }
        self.waiting += 1;
        self.change(number, Change::Transferred);
        true
    }

    fn give_up(&mut self, number: u64, passes: u32) {
        let still_waits =
            |contact: &&mut Contact| is_waiting(&contact.task) && contact.passes == passes && !contact.is_callback;
        let Some(contact) = self.contacts.get(number).filter(still_waits) else {
            return;
        };
        let (work, arrived, task) = (contact.work, contact.arrived, contact.task.id);
        let came = Came {
            by_transfer: contact.passes > 0,
            is_callback: false,
        };
        self.change(number, Change::Canceled);
        if let Some(foretold) = &mut self.foretold {
            foretold.left(work, task, false, self.live.now());
        }
        self.waiting -= 1;
        self.tally.ended(work, arrived, self.now - arrived, End::GaveUp, came);
    }

    fn come(&mut self, number: usize) {
        let agent = &mut self.agents[number];
        let Some(span) = agent.spans.get(agent.next_span) else {
            return;
        };
        let until = micros(span.to);
        agent.next_span += 1;
        self.count(number);
        let agent = &mut self.agents[number];
        agent.is_here = true;
        self.live.comes(&mut agent.candidate);
        self.schedule(until, Event::Goes(number));
    }

    fn go(&mut self, number: usize) {
        self.count(number);
        let agent = &mut self.agents[number];
        agent.is_here = false;
        self.live.goes(&agent.candidate);
        if let Some(span) = agent.spans.get(agent.next_span) {
            let from = micros(span.from);
            self.schedule(from, Event::Comes(number));
        }
        for contact in self.agents[number].held.clone() {
            let held = self.contacts.get(contact);
            if held.is_some_and(|held| held.task.state == TaskState::Offered) {
                self.change(contact, Change::Withdrawn);
            }
        }
    }

    /// Lets something happen to a contact and to whoever holds it.
    fn change(&mut self, number: u64, change: Change) {
        let Some(contact) = self.contacts.get(number) else {
            return;
        };
        let holder = contact.task.agent.filter(|_| contact.task.state.is_held());
        let holder = holder.and_then(|agent| usize::try_from(self::number(agent)).ok());
        if let Some(agent) = holder {
            self.count(agent);
        }
        let Some(contact) = self.contacts.get(number) else {
            return;
        };
        let there = holder.and_then(|agent| self.agents.get_mut(agent));
        let there = there.map(|agent| (&mut agent.candidate, agent.is_here));
        if self
            .live
            .change(
                &mut contact.task,
                &self.scenario.works[contact.work].asks,
                &mut contact.let_go_by,
                there,
                change,
            )
            .is_err()
        {
            return;
        }
        let (is_held, is_ended) = (contact.task.state.is_held(), contact.task.state.is_ended());
        if let Some(agent) = holder.filter(|_| !is_held) {
            self.agents[agent].held.retain(|held| *held != number);
        }
        if is_ended {
            self.contacts.remove(number);
        }
    }

    /// Counts how an agent was kept until now.
    fn count(&mut self, number: usize) {
        let agent = &mut self.agents[number];
        let is_busy = !agent.held.is_empty();
        if agent.is_here || is_busy {
            self.tally.kept(agent.group, agent.counted, self.now, is_busy);
        }
        agent.counted = self.now;
    }
}

impl Source {
    /// When the next contact comes, in microseconds: chance runs as fast as the rates say.
    fn next(&mut self, every: f64, counts: &[f64], length: Duration) -> Option<i64> {
        let mut ahead = self.chance.exponential();
        while self.at < length.as_seconds_f64() {
            let until = super::chance::count(self.place + 1) * every;
            let rate = counts[self.place % counts.len()] / every;
            let at = self.at + ahead / rate;
            if rate > 0.0 && at < until {
                self.at = at;
                return Some(micros(super::chance::seconds(at)));
            }
            ahead -= (until - self.at) * rate;
            self.at = until;
            self.place += 1;
        }
        None
    }
}

fn is_waiting(task: &Task) -> bool {
    matches!(task.state, TaskState::Queued | TaskState::Offered)
}
