//! The agents who are available, those idle the longest first.

use std::collections::{BTreeSet, HashMap};

use super::bits::Bits;
use super::micros;
use super::slab::Slab;
use crate::domain::{AgentId, Book, Channel, Channels};

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
    /// The agents with room for the same channels.
    tiers: Vec<Tier>,
    /// The tier of each set of channels, where anybody has had room for just these.
    tier_of: Vec<Option<usize>>,
    /// The tiers with room for each channel.
    tiers_for: [Vec<usize>; Channel::ALL.len()],
    /// The classes of each channel.
    classes_of: [Bits; Channel::ALL.len()],
    /// Who may fit what they did not before.
    gained: Vec<u32>,
}

/// Somebody who is available.
#[derive(Debug)]
pub(super) struct Available {
    pub(super) book: Book,
    /// What there is room for.
    pub(super) room: Channels,
    pub(super) group: u32,
    has_gained: bool,
}

/// Agents with room for the same channels, by their groups.
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

    /// The tiers of those with room for a contact by a channel.
    pub(super) fn tiers_for(&self, channel: Channel) -> impl Iterator<Item = &Tier> {
        let numbers = self.tiers_for.get(channel as usize).map(Vec::as_slice);
        numbers.unwrap_or_default().iter().map(|tier| &self.tiers[*tier])
    }

    /// The classes for whose tasks agents with this room have some; none where they have none at all.
    pub(super) fn classes_at(&self, room: Channels) -> Option<&Bits> {
        Some(&self.tiers[self.tier_with(room)?].classes)
    }

    /// There is a class of tasks of this channel.
    pub(super) fn add_class(&mut self, class: u32, channel: Channel) {
        self.classes_of[channel as usize].set(class, true);
        for tier in &self.tiers_for[channel as usize] {
            self.tiers[*tier].classes.set(class, true);
        }
    }

    /// There are no classes any more.
    pub(super) fn forget_classes(&mut self) {
        for tier in &mut self.tiers {
            tier.classes = Bits::default();
        }
        self.classes_of = Default::default();
    }

    /// The tier of agents with this room; none where there is none, or nobody has had it yet.
    fn tier_with(&self, room: Channels) -> Option<usize> {
        self.tier_of.get(room.number()).copied().flatten()
    }

    /// Makes it where it is new.
    fn make_tier(&mut self, room: Channels) -> Option<usize> {
        if room.is_empty() {
            return None;
        }
        let known = self.tier_with(room);
        known.or_else(|| {
            let new = self.tiers.len();
            let mut tier = Tier::default();
            for channel in Channel::ALL.iter().filter(|channel| room.has(**channel)) {
                tier.classes.add(&self.classes_of[*channel as usize]);
                self.tiers_for[*channel as usize].push(new);
            }
            self.tiers.push(tier);
            self.tier_of.resize(Channels::SETS, None);
            self.tier_of[room.number()] = Some(new);
            Some(new)
        })
    }

    /// Takes somebody in, or what has become of them. They are looked at anew where they may fit more than before: where they
    /// can do other things, or have more room.
    pub(super) fn put(&mut self, book: Book, group: u32, is_another: bool) {
        let room = book.room();
        let Some(number) = self.number_of.get(&book.agent).copied() else {
            let agent = Available {
                book,
                room,
                group,
                has_gained: false,
            };
            let number = self.agents.add(agent);
            self.number_of.insert(book.agent, number);
            self.sit(number);
            self.mark(number);
            return;
        };
        let Some(before) = self
            .agents
            .get(number)
            .map(|agent| (agent.book, agent.group, agent.room))
        else {
            return;
        };
        if before == (book, group, room) && !is_another {
            return;
        }
        self.rise(number);
        if let Some(agent) = self.agents.get_mut(number) {
            agent.book = book;
            agent.room = room;
            agent.group = group;
        }
        self.sit(number);
        let (_, _, was) = before;
        if is_another || !room.without(was).is_empty() {
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
        if let Some(agent) = self.agents.get(number) {
            let (room, group, seat) = (agent.room, agent.group, seat(number, agent));
            if let Some(tier) = self.make_tier(room) {
                self.tiers[tier].put(group, seat);
            }
        }
    }

    fn rise(&mut self, number: u32) {
        if let Some(agent) = self.agents.get(number)
            && let Some(tier) = self.tier_with(agent.room)
        {
            let (group, seat) = (agent.group, seat(number, agent));
            self.tiers[tier].take(group, &seat);
        }
    }
}
