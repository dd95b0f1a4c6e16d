//! How an agent's capacity is shared out among the channels, and what there is room for.

use time::OffsetDateTime;

use super::{AgentId, Channel};

/// How many channels there are.
const COUNT: usize = Channel::ALL.len();
/// The share of a channel that the agent does not answer.
const NONE: u8 = 0;
/// The share of a channel that takes everything.
const WHOLE: u8 = u8::MAX;

/// The place of a channel among all.
fn place(channel: Channel) -> usize {
    channel as usize
}

/// Some of the channels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Channels(u8);

impl Channels {
    /// How many sets of channels there are.
    pub const SETS: usize = 1 << COUNT;

    /// Whether a channel is one of them.
    #[must_use]
    pub fn has(self, channel: Channel) -> bool {
        self.0 >> place(channel) & 1 == 1
    }

    /// These and one more.
    #[must_use]
    pub fn with(self, channel: Channel) -> Self {
        Self(self.0 | 1 << place(channel))
    }

    /// These without those.
    #[must_use]
    pub fn without(self, those: Self) -> Self {
        Self(self.0 & !those.0)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The set's number, below [`Channels::SETS`].
    #[must_use]
    pub fn number(self) -> usize {
        usize::from(self.0)
    }
}

impl FromIterator<Channel> for Channels {
    fn from_iter<I: IntoIterator<Item = Channel>>(channels: I) -> Self {
        channels.into_iter().fold(Self::default(), Self::with)
    }
}

/// How much of an agent's capacity a contact takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Share {
    /// So much, from 1 to 100.
    Units(u8),
    /// All of it, however much that is.
    Whole,
}

/// What an agent takes of each channel, how much of the capacity each contact takes, and which channels are held side by
/// side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sharing {
    shares: [u8; COUNT],
    /// What may be held beside each; itself always.
    mixes: [Channels; COUNT],
}

impl Default for Sharing {
    /// A caller and a visitor have all of a person; chats run side by side and with letters.
    fn default() -> Self {
        use Channel::{App, Chat, Email, Phone, Social, Store};
        let shares = [
            (Phone, Share::Whole),
            (Store, Share::Whole),
            (Chat, Share::Units(2)),
            (App, Share::Units(2)),
            (Email, Share::Units(1)),
            (Social, Share::Units(1)),
        ];
        let written = [Chat, App, Email, Social];
        let pairs = written.map(|one| written.map(|other| (one, other)));
        Self::new(&shares, pairs.as_flattened())
    }
}

impl Sharing {
    /// Of these channels, and no others; of each pair both may be held at once, whichever is named first.
    #[must_use]
    pub fn new(shares: &[(Channel, Share)], pairs: &[(Channel, Channel)]) -> Self {
        let mut sharing = Self {
            shares: [NONE; COUNT],
            mixes: [Channels::default(); COUNT],
        };
        for channel in Channel::ALL {
            sharing.mixes[place(*channel)] = Channels::default().with(*channel);
        }
        for (channel, share) in shares {
            sharing.shares[place(*channel)] = match share {
                Share::Units(units) => (*units).clamp(1, WHOLE - 1),
                Share::Whole => WHOLE,
            };
        }
        for (one, other) in pairs {
            let mixes = &mut sharing.mixes;
            mixes[place(*one)] = mixes[place(*one)].with(*other);
            mixes[place(*other)] = mixes[place(*other)].with(*one);
        }
        sharing
    }

    /// How much a contact by a channel takes; none where the agent does not answer it.
    #[must_use]
    pub fn share(&self, channel: Channel) -> Option<Share> {
        match self.shares[place(channel)] {
            NONE => None,
            WHOLE => Some(Share::Whole),
            units => Some(Share::Units(units)),
        }
    }

    /// Whether contacts by both channels may be held at once.
    #[must_use]
    pub fn mix(&self, one: Channel, other: Channel) -> bool {
        self.mixes[place(one)].has(other)
    }

    /// The shares in one number, eight bits each, the first channel lowest: 0 for none, 255 for the whole.
    #[must_use]
    pub fn packed_shares(&self) -> i64 {
        packed(self.shares)
    }

    /// The pairs of channels that must not be held at once, a bit each: the first with each after it, then the second with each
    /// after it, and so on; the first pair lowest.
    #[must_use]
    pub fn packed_apart(&self) -> i32 {
        pairs()
            .zip(0..)
            .filter(|((one, other), _)| !self.mix(*one, *other))
            .fold(0, |bits, (_, bit)| bits | 1 << bit)
    }

    /// What was packed; what cannot be there is taken for the whole.
    #[must_use]
    pub fn unpacked(shares: i64, apart: i32) -> Self {
        let shares: Vec<_> = Channel::ALL
            .iter()
            .zip(unpacked(shares))
            .filter(|(_, share)| *share != NONE)
            .map(|(channel, share)| match share {
                units @ 1..=100 => (*channel, Share::Units(units)),
                _ => (*channel, Share::Whole),
            })
            .collect();
        let together: Vec<_> = pairs()
            .zip(0..)
            .filter(|(_, bit)| apart >> bit & 1 == 0)
            .map(|(pair, _)| pair)
            .collect();
        Self::new(&shares, &together)
    }
}

/// Every two channels, once.
fn pairs() -> impl Iterator<Item = (Channel, Channel)> {
    let later = |place: usize| Channel::ALL.iter().skip(place + 1);
    let firsts = Channel::ALL.iter().enumerate();
    firsts.flat_map(move |(place, one)| later(place).map(|other| (*one, *other)))
}

fn packed(bytes: [u8; COUNT]) -> i64 {
    bytes
        .iter()
        .rev()
        .fold(0, |packed, byte| packed << 8 | i64::from(*byte))
}

fn unpacked(packed: i64) -> [u8; COUNT] {
    let bytes = packed.to_le_bytes();
    std::array::from_fn(|place| bytes[place])
}

/// How many contacts an agent holds, by channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Held([u8; COUNT]);

impl Held {
    /// How many by one channel. No capacity allows more than a hundred.
    #[must_use]
    pub fn of(&self, channel: Channel) -> u8 {
        self.0[place(channel)]
    }

    /// By which channels there is one.
    #[must_use]
    pub fn channels(&self) -> Channels {
        let channels = Channel::ALL.iter().copied();
        channels.filter(|channel| self.of(*channel) > 0).collect()
    }

    /// In one number, eight bits each, the first channel lowest.
    #[must_use]
    pub fn packed(&self) -> i64 {
        packed(self.0)
    }

    /// What was packed.
    #[must_use]
    pub fn unpacked(number: i64) -> Self {
        Self(unpacked(number))
    }
}

/// How much an agent holds. Every change of it is one of a task's (see [`apply`](super::apply)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Book {
    /// Whose it is.
    pub agent: AgentId,
    /// How much the agent may hold, 1 to 100.
    pub capacity: i32,
    /// How that is shared out.
    pub sharing: Sharing,
    /// The weight of what the agent holds, offers included; never over the capacity.
    pub load: i32,
    /// What the agent holds, offers included.
    pub held: Held,
    /// When the load last fell to nothing or the agent became available, whichever came later.
    pub idle_since: OffsetDateTime,
}

impl Book {
    /// Of somebody who holds nothing, and whose capacity is shared out as usual.
    #[must_use]
    pub fn new(agent: AgentId, capacity: i32, idle_since: OffsetDateTime) -> Self {
        Self {
            agent,
            capacity,
            sharing: Sharing::default(),
            load: 0,
            held: Held::default(),
            idle_since,
        }
    }

    /// By which channels the agent can take one more contact now.
    #[must_use]
    pub fn room(&self) -> Channels {
        let channels = Channel::ALL.iter().copied();
        channels.filter(|channel| self.weight_now(*channel).is_some()).collect()
    }

    /// How much one more contact by a channel would take; none where there is no room for it.
    #[must_use]
    pub fn weight_now(&self, channel: Channel) -> Option<i32> {
        let weight = match self.sharing.share(channel)? {
            Share::Units(units) => i32::from(units),
            Share::Whole => self.capacity,
        };
        let mixes = self.sharing.mixes[place(channel)];
        let fits = self.load + weight <= self.capacity && self.held.channels().without(mixes).is_empty();
        fits.then_some(weight)
    }

    /// With one more contact by a channel, and how much that takes; none where there is no room for it.
    #[must_use]
    pub fn taking(&self, channel: Channel) -> Option<(Self, i32)> {
        let weight = self.weight_now(channel)?;
        let mut after = *self;
        after.load += weight;
        after.held.0[place(channel)] += 1;
        Some((after, weight))
    }

    /// With one contact less, which took `weight`.
    #[must_use]
    pub fn giving_back(&self, channel: Channel, weight: i32, at: OffsetDateTime) -> Self {
        let mut after = *self;
        after.load -= weight;
        let held = &mut after.held.0[place(channel)];
        *held = held.saturating_sub(1);
        if after.load == 0 && self.load > 0 {
            after.idle_since = at;
        }
        after
    }

    /// The book where the capacity is another, or shared out in another way; none where what is held could not be held so.
    #[must_use]
    pub fn reshared(&self, capacity: i32, sharing: Sharing) -> Option<Self> {
        let held = self.held.channels();
        let channels = Channel::ALL.iter().copied();
        let mut taken = channels.filter(|channel| held.has(*channel));
        let is_kept = self.load <= capacity && taken.all(|one| held.without(sharing.mixes[place(one)]).is_empty());
        is_kept.then_some(Self {
            capacity,
            sharing,
            ..*self
        })
    }
}

#[cfg(test)]
mod tests;
