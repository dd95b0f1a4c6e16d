//! Those who write what was decided, several at once.
//!
//! All offers to an agent are written by one hand and in their order, so that hands need not wait for each other. While they write,
//! what comes meanwhile is decided: neither the database waits for the decisions nor they for the database.

use std::hash::{BuildHasher as _, RandomState};

use crate::domain::Decision;

/// How many offers are made in one transaction: so many that the commit costs each of them little, and so few that the first
/// need not wait long for the last.
const BATCH: usize = 250;
/// How many transactions are under way at once.
const WIDTH: usize = 6;
/// How many decisions wait for a hand at the most: what is decided late knows more.
const WAITING: usize = 2 * BATCH * WIDTH;

/// Those who write.
#[derive(Debug, Default)]
pub(super) struct Hands {
    hands: [Hand; WIDTH],
    hasher: RandomState,
}

/// One of them.
#[derive(Debug, Default)]
struct Hand {
    is_busy: bool,
    waiting: Vec<Decision>,
}

impl Hands {
    /// For how many decisions there is room.
    pub(super) fn room(&self) -> usize {
        let waiting: usize = self.hands.iter().map(|hand| hand.waiting.len()).sum();
        WAITING.saturating_sub(waiting)
    }

    /// Hands over a decision.
    pub(super) fn take(&mut self, decision: Decision) {
        let hash = self.hasher.hash_one(decision.pairing.agent);
        let hand = usize::try_from(hash % WIDTH as u64).unwrap_or_default();
        self.hands[hand].waiting.push(decision);
    }

    /// What those who are free begin with: the number of each, and what it writes.
    pub(super) fn begin(&mut self) -> Vec<(usize, Vec<Decision>)> {
        let free = self
            .hands
            .iter_mut()
            .enumerate()
            .filter(|(_, hand)| !hand.is_busy && !hand.waiting.is_empty());
        free.map(|(number, hand)| {
            hand.is_busy = true;
            let count = hand.waiting.len().min(BATCH);
            (number, hand.waiting.drain(..count).collect())
        })
        .collect()
    }

    /// Whether nobody writes and nothing waits to be written.
    pub(super) fn is_idle(&self) -> bool {
        self.hands.iter().all(|hand| !hand.is_busy && hand.waiting.is_empty())
    }

    /// Somebody has written.
    pub(super) fn end(&mut self, number: usize) {
        if let Some(hand) = self.hands.get_mut(number) {
            hand.is_busy = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use support_chassis::clock::Clock;
    use support_chassis::id::Ids;
    use time::macros::datetime;

    use super::*;
    use crate::domain::{AgentId, Pairing, Reason};

    #[test]
    fn offers_to_an_agent_are_written_by_one_hand_in_their_order() {
        let (clock, _) = Clock::manual(datetime!(2026-01-01 00:00 UTC));
        let ids = Ids::seeded("eu".parse().unwrap(), clock, 1);
        let agents: Vec<AgentId> = (0..20).map(|_| ids.next()).collect();
        let mut hands = Hands::default();
        let mut version = 0;
        while hands.room() > 0 {
            version += 1;
            hands.take(Decision {
                pairing: Pairing {
                    task: ids.next(),
                    version,
                    agent: agents[usize::try_from(version).unwrap() % agents.len()],
                    plan: 0,
                },
                reason: Reason::default(),
            });
        }
        let mut written: Vec<(AgentId, i64)> = Vec::new();
        while let first = hands.begin()
            && !first.is_empty()
        {
            // Whoever is at work gets nothing more, though much waits.
            assert!(hands.begin().is_empty());
            let mut seen = Vec::new();
            for (number, batch) in first {
                assert!(!batch.is_empty() && batch.len() <= BATCH);
                let of: Vec<AgentId> = batch.iter().map(|decision| decision.pairing.agent).collect();
                assert!(of.iter().all(|agent| !seen.contains(agent)), "an agent with two hands");
                seen.extend(of);
                written.extend(
                    batch
                        .iter()
                        .map(|decision| (decision.pairing.agent, decision.pairing.version)),
                );
                hands.end(number);
            }
        }
        assert_eq!(written.len(), WAITING);
        for agent in agents {
            let versions = written
                .iter()
                .filter(|(of, _)| *of == agent)
                .map(|(_, version)| *version);
            assert!(versions.is_sorted());
        }
    }
}
