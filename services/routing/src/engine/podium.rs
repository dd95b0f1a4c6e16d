//! The first few of very many, without putting the others in order.

use super::row::{Rank, Seat};
use crate::domain::Shortlist;

/// Whoever comes first, and who comes next.
#[derive(Debug, Default)]
pub(super) struct Podium {
    /// In their order, none after the last.
    seats: [Option<Seat>; 1 + Shortlist::NEXT],
}

impl Podium {
    /// Whoever ranks after this has no place on it.
    pub(super) fn last(&self) -> Rank {
        let last = self.seats.last().copied().flatten();
        last.map_or(Rank::MAX, |(rank, ..)| rank)
    }

    /// Takes in somebody who goes before one who is on it. False where they do not: nor does anybody after them.
    pub(super) fn put(&mut self, seat: Seat) -> bool {
        let goes_before = |other: &Option<Seat>| other.is_none_or(|other| seat < other);
        let Some(place) = self.seats.iter().position(goes_before) else {
            return false;
        };
        self.seats[place..].rotate_right(1);
        self.seats[place] = Some(seat);
        true
    }

    /// The numbers of the first and of those after them.
    pub(super) fn numbers(&self) -> (Option<u32>, [Option<u32>; Shortlist::NEXT]) {
        let [first, next @ ..] = self.seats.map(|seat| seat.map(|(_, _, number)| number));
        (first, next)
    }
}

#[cfg(test)]
mod tests {
    use support_chassis::id::Id;
    use time::macros::datetime;

    use super::*;

    #[test]
    fn the_first_few_stand_in_their_order() {
        let agent = Id::from_parts("eu".parse().unwrap(), datetime!(2026-03-02 08:00 UTC), 1).into();
        let mut podium = Podium::default();
        assert_eq!(podium.numbers(), (None, [None; Shortlist::NEXT]));
        for rank in [5, 3, 9, 7, 1, 8, 4] {
            podium.put((Rank::from(rank), agent, rank));
        }
        assert_eq!(podium.numbers(), (Some(1), [Some(3), Some(4), Some(5)]));
        assert_eq!(podium.last(), 5);
        assert!(!podium.put((6, agent, 6)), "nor anybody after them");
    }
}
