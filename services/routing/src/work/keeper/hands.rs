//! Those who write what was decided, several at once.
//!
//! While an offer to an agent is being written, nobody else writes to that agent: hands need not wait for each other, and offers to an
//! agent are written in their order. While they write, what comes meanwhile is decided: neither the database waits for the
//! decisions nor they for the database.

use std::collections::{HashSet, VecDeque};

use crate::domain::{AgentId, Decision};

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
    /// To whom each that is busy writes.
    busy: [Option<Vec<AgentId>>; WIDTH],
    /// To whom somebody writes.
    agents: HashSet<AgentId>,
    /// What nobody writes yet, in the order of the decisions.
    waiting: VecDeque<Decision>,
}

impl Hands {
    /// For how many decisions there is room.
    pub(super) fn room(&self) -> usize {
        WAITING.saturating_sub(self.waiting.len())
    }

    /// Hands over a decision.
    pub(super) fn take(&mut self, decision: Decision) {
        self.waiting.push_back(decision);
    }

    /// What those who are free begin with: the number of each, and what it writes. What waits is divided among them.
    pub(super) fn begin(&mut self) -> Vec<(usize, Vec<Decision>)> {
        let mut free: Vec<usize> = (0..WIDTH).filter(|number| self.busy[*number].is_none()).collect();
        let mut begun = Vec::new();
        while let Some(number) = free.pop()
            && !self.waiting.is_empty()
        {
            let share = self.waiting.len().div_ceil(free.len() + 1).min(BATCH);
            let batch = self.next(share);
            if batch.is_empty() {
                break;
            }
            let mut agents: Vec<AgentId> = batch.iter().map(|decision| decision.pairing.agent).collect();
            agents.sort_unstable();
            agents.dedup();
            self.agents.extend(&agents);
            self.busy[number] = Some(agents);
            begun.push((number, batch));
        }
        begun
    }

    /// The first `count` of those that wait to whom nobody writes.
    fn next(&mut self, count: usize) -> Vec<Decision> {
        let mut batch = Vec::with_capacity(count);
        let mut left = VecDeque::with_capacity(self.waiting.len());
        while let Some(decision) = self.waiting.pop_front() {
            if batch.len() == count {
                left.push_back(decision);
                left.append(&mut self.waiting);
            } else if self.agents.contains(&decision.pairing.agent) {
                left.push_back(decision);
            } else {
                batch.push(decision);
            }
        }
        self.waiting = left;
        batch
    }

    /// Whether somebody has nothing to do.
    pub(super) fn has_free(&self) -> bool {
        self.busy.iter().any(Option::is_none)
    }

    /// Whether nobody writes and nothing waits to be written.
    pub(super) fn is_idle(&self) -> bool {
        self.busy.iter().all(Option::is_none) && self.waiting.is_empty()
    }

    /// Somebody has written.
    pub(super) fn end(&mut self, number: usize) {
        for agent in self.busy.get_mut(number).and_then(Option::take).unwrap_or_default() {
            self.agents.remove(&agent);
        }
    }
}

#[cfg(test)]
mod tests {
    use support_chassis::clock::Clock;
    use support_chassis::id::Ids;
    use time::macros::datetime;

    use super::*;
    use crate::domain::{AgentId, Pairing, Reason, Shortlist, Stood};

    fn alone(agent: AgentId) -> Shortlist {
        Shortlist::alone(Stood {
            agent,
            load: 0,
            capacity: 6,
            idle_since: datetime!(2026-01-01 00:00 UTC),
        })
    }

    #[test]
    fn nobody_writes_to_an_agent_to_whom_another_writes() {
        let (clock, _) = Clock::manual(datetime!(2026-01-01 00:00 UTC));
        let ids = Ids::seeded("eu".parse().unwrap(), clock, 1);
        let agents: Vec<AgentId> = (0..20).map(|_| ids.next()).collect();
        let mut under_way: VecDeque<(usize, Vec<Decision>)> = VecDeque::new();
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
                shortlist: alone(agents[usize::try_from(version).unwrap() % agents.len()]),
            });
        }
        let mut written: Vec<(AgentId, i64)> = Vec::new();
        loop {
            for (number, batch) in hands.begin() {
                assert!(!batch.is_empty() && batch.len() <= BATCH);
                let to = |batch: &[Decision]| -> HashSet<AgentId> {
                    batch.iter().map(|decision| decision.pairing.agent).collect()
                };
                for (other, theirs) in &under_way {
                    assert_ne!(*other, number, "it is busy");
                    assert!(to(theirs).is_disjoint(&to(&batch)), "an agent with two hands");
                }
                under_way.push_back((number, batch));
            }
            let Some((number, batch)) = under_way.pop_front() else {
                break;
            };
            written.extend(
                batch
                    .iter()
                    .map(|decision| (decision.pairing.agent, decision.pairing.version)),
            );
            hands.end(number);
        }
        assert!(hands.is_idle());
        assert_eq!(written.len(), WAITING);
        for agent in agents {
            let versions = written
                .iter()
                .filter(|(of, _)| *of == agent)
                .map(|(_, version)| *version);
            assert!(versions.is_sorted());
        }
    }

    #[test]
    fn a_few_are_begun_at_once_and_many_are_divided() {
        let (clock, _) = Clock::manual(datetime!(2026-01-01 00:00 UTC));
        let ids = Ids::seeded("eu".parse().unwrap(), clock, 1);
        let decision = || Decision {
            pairing: Pairing {
                task: ids.next(),
                version: 1,
                agent: ids.next(),
                plan: 0,
            },
            reason: Reason::default(),
            shortlist: alone(ids.next()),
        };
        let mut hands = Hands::default();
        hands.take(decision());
        let begun = |hands: &mut Hands| -> Vec<usize> { hands.begin().iter().map(|(_, batch)| batch.len()).collect() };
        assert_eq!(begun(&mut hands), [1]);
        for _ in 0..20 {
            hands.take(decision());
        }
        assert_eq!(begun(&mut hands), [4; WIDTH - 1]);
        assert!(!hands.has_free());
    }
}
