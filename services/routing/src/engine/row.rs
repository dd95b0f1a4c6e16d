//! The agents who are available, those idle the longest first.

use std::collections::{BTreeSet, HashMap};

use super::bits::Bits;
use super::index::Class;
use super::micros;
use super::slab::{Slab, number};
use crate::domain::{AgentId, Book};

/// Lower goes first: the load, then since when the agent is idle.
pub(super) type Rank = u128;

/// An agent among those with room: rank, id, number.
pub(super) type Seat = (Rank, AgentId, u32);

/// Later than any agent.
const NOBODY: Rank = Rank::MAX;

/// The agents who are available.
#[derive(Debug, Default)]
pub(super) struct Row {
    agents: Slab<Available>,
    number_of: HashMap<AgentId, u32>,
    /// How much room tasks take, each once, from the least.
    weights: Vec<i32>,
    /// The agents with room for a task of `weights` at the same place, and for none of the next.
    pub(super) tiers: Vec<Tier>,
    /// Who may fit what they did not before.
    gained: Vec<u32>,
}

/// Somebody who is available.
#[derive(Debug)]
pub(super) struct Available {
    pub(super) book: Book,
    pub(super) group: u32,
    has_gained: bool,
}

/// Agents with about the same room, by their groups.
#[derive(Debug, Default)]
pub(super) struct Tier {
    /// The rank of the first of each group.
    pub(super) heads: Vec<Rank>,
    /// The groups of which there is somebody.
    pub(super) groups: Bits,
    pub(super) seats: Vec<BTreeSet<Seat>>,
    /// The classes whose tasks they have room for.
    classes: Bits,
}

impl Tier {
    fn put(&mut self, group: u32, seat: Seat) {
        let place = group as usize;
        if place >= self.seats.len() {
            self.seats.resize_with(place + 1, BTreeSet::new);
            self.heads.resize(place + 1, NOBODY);
        }
        self.seats[place].insert(seat);
        if seat.0 < self.heads[place] {
            self.heads[place] = seat.0;
            self.groups.set(group, true);
        }
    }

    fn take(&mut self, group: u32, seat: &Seat) {
        let place = group as usize;
        self.seats[place].remove(seat);
        if seat.0 == self.heads[place] {
            self.heads[place] = self.seats[place].first().map_or(NOBODY, |(rank, ..)| *rank);
            self.groups.set(group, !self.seats[place].is_empty());
        }
    }
}

fn rank(book: &Book) -> Rank {
    // The sign turned round, so that what lies before 1970 comes before what lies after.
    let idle = micros(book.idle_since).cast_unsigned() ^ (1 << 63);
    Rank::from(book.load.max(0).unsigned_abs()) << 64 | Rank::from(idle)
}

pub(super) fn seat(number: u32, agent: &Available) -> Seat {
    (rank(&agent.book), agent.book.agent, number)
}

impl Row {
    pub(super) fn len(&self) -> usize {
        self.agents.len()
    }

    pub(super) fn get(&self, number: u32) -> Option<&Available> {
        self.agents.get(number)
    }

    pub(super) fn find(&self, id: AgentId) -> Option<(u32, &Available)> {
        let number = *self.number_of.get(&id)?;
        Some((number, self.agents.get(number)?))
    }

    /// The tier of agents with room for a task of this weight; those after it have room as well. None where no task of
    /// this weight has come yet.
    pub(super) fn tier_of(&self, weight: i32) -> Option<usize> {
        self.weights.binary_search(&weight).ok()
    }

    /// The tier of an agent; none where they have no room for anything that was ever asked.
    pub(super) fn tier_with(&self, book: &Book) -> Option<usize> {
        let room = book.capacity - book.load;
        self.weights.partition_point(|weight| *weight <= room).checked_sub(1)
    }

    /// The classes whose tasks agents of a tier have room for.
    pub(super) fn classes_at(&self, tier: usize) -> &Bits {
        &self.tiers[tier].classes
    }

    /// There is a class of tasks of this weight.
    pub(super) fn add_class(&mut self, class: u32, weight: i32) {
        for (tier, least) in self.tiers.iter_mut().zip(&self.weights) {
            tier.classes.set(class, weight <= *least);
        }
    }

    /// These are the classes.
    pub(super) fn count_classes(&mut self, classes: &[Class]) {
        for (place, class) in classes.iter().enumerate() {
            self.add_class(number(place), class.weight);
        }
    }

    /// There are no classes any more.
    pub(super) fn forget_classes(&mut self) {
        for tier in &mut self.tiers {
            tier.classes = Bits::default();
        }
    }

    /// Makes a tier for tasks of this weight. False where there is one.
    pub(super) fn add_weight(&mut self, weight: i32) -> bool {
        let Err(place) = self.weights.binary_search(&weight) else {
            return false;
        };
        self.weights.insert(place, weight);
        self.tiers = self.weights.iter().map(|_| Tier::default()).collect();
        for number in self.agents.numbers() {
            self.sit(number);
        }
        true
    }

    /// Takes somebody in, or what has become of them. They are looked at anew where they may fit more than before: where they
    /// can do other things, or have more room.
    pub(super) fn put(&mut self, book: Book, group: u32, is_another: bool) {
        let Some(number) = self.number_of.get(&book.agent).copied() else {
            let agent = Available {
                book,
                group,
                has_gained: false,
            };
            let number = self.agents.add(agent);
            self.number_of.insert(book.agent, number);
            self.sit(number);
            self.mark(number);
            return;
        };
        let Some(before) = self.agents.get(number).map(|agent| (agent.book, agent.group)) else {
            return;
        };
        if before == (book, group) && !is_another {
            return;
        }
        self.rise(number);
        if let Some(agent) = self.agents.get_mut(number) {
            agent.book = book;
            agent.group = group;
        }
        self.sit(number);
        let (was, _) = before;
        if is_another || book.capacity - book.load > was.capacity - was.load {
            self.mark(number);
        }
    }

    /// Lets somebody go. Gives their group.
    pub(super) fn remove(&mut self, id: AgentId) -> Option<u32> {
        let number = self.number_of.remove(&id)?;
        self.rise(number);
        self.agents.take(number).map(|agent| agent.group)
    }

    /// Somebody is to be looked at for tasks they may fit.
    pub(super) fn mark(&mut self, number: u32) {
        if let Some(agent) = self.agents.get_mut(number)
            && !agent.has_gained
        {
            agent.has_gained = true;
            self.gained.push(number);
        }
    }

    /// Whoever was marked since it was last asked.
    pub(super) fn take_gained(&mut self) -> Vec<u32> {
        let mut gained = std::mem::take(&mut self.gained);
        gained.retain(|number| {
            let agent = self.agents.get_mut(*number);
            agent.is_some_and(|agent| std::mem::take(&mut agent.has_gained))
        });
        gained
    }

    pub(super) fn has_gained(&self) -> bool {
        !self.gained.is_empty()
    }

    fn sit(&mut self, number: u32) {
        if let Some(agent) = self.agents.get(number)
            && let Some(tier) = self.tier_with(&agent.book)
        {
            let (group, seat) = (agent.group, seat(number, agent));
            self.tiers[tier].put(group, seat);
        }
    }

    fn rise(&mut self, number: u32) {
        if let Some(agent) = self.agents.get(number)
            && let Some(tier) = self.tier_with(&agent.book)
        {
            let (group, seat) = (agent.group, seat(number, agent));
            self.tiers[tier].take(group, &seat);
        }
    }
}
