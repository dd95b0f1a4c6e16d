//! Who stood for a task when it was offered, and why it went by them.

use time::OffsetDateTime;

use super::{AgentId, Book, Lack};

/// How an agent who is available stands to a task that waits, those who are nearest to it first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// Fits, and has room.
    Fits,
    /// Fits, but let it go by, and is not asked again yet.
    LetItGoBy,
    /// Fits, but has no room for it.
    NoRoom,
    /// Something is wanting.
    Lacks(Lack),
}

impl Standing {
    /// All there are, each at the place of its number.
    pub const ALL: [Self; 8] = [
        Self::Fits,
        Self::LetItGoBy,
        Self::NoRoom,
        Self::Lacks(Lack::Agent),
        Self::Lacks(Lack::Language),
        Self::Lacks(Lack::Skill),
        Self::Lacks(Lack::Certification),
        Self::Lacks(Lack::Place),
    ];

    /// Its number, which is kept for ever with what was decided.
    #[must_use]
    pub fn number(self) -> usize {
        match self {
            Self::Fits => 0,
            Self::LetItGoBy => 1,
            Self::NoRoom => 2,
            Self::Lacks(Lack::Agent) => 3,
            Self::Lacks(Lack::Language) => 4,
            Self::Lacks(Lack::Skill) => 5,
            Self::Lacks(Lack::Certification) => 6,
            Self::Lacks(Lack::Place) => 7,
        }
    }
}

/// An agent as they stood just before a task was given away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stood {
    /// Who.
    pub agent: AgentId,
    /// How much they held.
    pub load: i32,
    /// How much they can hold.
    pub capacity: i32,
    /// When they last had put down everything, or became available.
    pub idle_since: OffsetDateTime,
}

impl From<&Book> for Stood {
    fn from(book: &Book) -> Self {
        Self {
            agent: book.agent,
            load: book.load,
            capacity: book.capacity,
            idle_since: book.idle_since,
        }
    }
}

/// Who stood for a task when it was offered. It is small, and of one size, however many agents there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortlist {
    /// Who was asked.
    pub taken: Stood,
    /// Who would have been next: they fitted and had room too, in this order.
    pub next: [Option<Stood>; Self::NEXT],
    /// Of all others who were available how many stood so, by the number of the standing. What they are held against is what was
    /// asked when it was offered; who may be asked again stands with those who fit.
    pub counts: [u32; Standing::ALL.len()],
}

impl Shortlist {
    /// How many are named beside whoever was asked.
    pub const NEXT: usize = 3;

    /// Nobody else was there.
    #[must_use]
    pub fn alone(taken: Stood) -> Self {
        Self {
            taken,
            next: [None; Self::NEXT],
            counts: [0; Standing::ALL.len()],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_standing_is_at_its_place() {
        for (place, standing) in Standing::ALL.into_iter().enumerate() {
            assert_eq!(standing.number(), place);
        }
    }
}
