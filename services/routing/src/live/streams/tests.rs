//! Whoever makes offers, ends them and reads them comes in between each other as they like: in the end every stream shows what stands.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use support_chassis::clock::Clock;
use support_chassis::id::Ids;
use time::OffsetDateTime;
use time::macros::datetime;

use super::*;
use crate::domain::{Channel, Pairing, Reason, Shortlist, Stood, TaskState};

/// What stands, and what happened.
struct World {
    streams: Streams,
    ids: Ids,
    now: OffsetDateTime,
    agents: Vec<AgentId>,
    standing: Vec<(Offer, Task)>,
    happened: Vec<Happened>,
}

#[derive(Clone, Copy)]
enum Happened {
    Offered(Uuid),
    Touched(Uuid),
}

/// Where the reader is in its round.
enum Round {
    Listening,
    Heard {
        agents: Vec<Uuid>,
        offered: Vec<Uuid>,
    },
    Reading {
        reading: Reading,
        agents: Vec<Uuid>,
        standing: Vec<(Offer, Task)>,
        offered: Vec<Uuid>,
    },
    Shown {
        offered: Vec<Uuid>,
    },
    Adding {
        standing: Vec<(Offer, Task)>,
    },
}

impl World {
    fn new(seed: u64) -> Self {
        let now = datetime!(2026-01-01 00:00 UTC);
        let (clock, _) = Clock::manual(now);
        let ids = Ids::seeded("eu".parse().unwrap(), clock, seed);
        let agents = (0..3).map(|_| ids.next()).collect();
        Self {
            streams: Streams::default(),
            ids,
            now,
            agents,
            standing: Vec::new(),
            happened: Vec::new(),
        }
    }

    fn offer(&self, agent: AgentId) -> (Offer, Task) {
        let task = Task {
            id: self.ids.next(),
            version: 2,
            case_id: self.ids.next(),
            state: TaskState::Offered,
            channel: Channel::Chat,
            language: "en".parse().unwrap(),
            product_line: None,
            priority: 5,
            weight: 1,
            agent: Some(agent),
            offer_count: 1,
            queue_time: self.now,
            accept_time: None,
            end_time: None,
            country: None,
            basis: None,
        };
        let offer = Offer {
            id: self.ids.next(),
            task: task.id,
            agent,
            offered_at: self.now,
            expires_at: self.now,
            basis: None,
        };
        (offer, task)
    }

    fn commit(&mut self, made: (Offer, Task)) {
        self.happened.push(Happened::Offered(made.1.id.uuid()));
        self.standing.push(made);
    }

    fn end(&mut self, at: usize) {
        let (offer, _) = self.standing.remove(at);
        self.happened.push(Happened::Touched(offer.agent.uuid()));
    }

    /// One step of the reader.
    fn read(&self, round: Round, seen: &mut usize) -> Round {
        match round {
            Round::Listening => {
                let (mut agents, mut offered) = (Vec::new(), Vec::new());
                for happened in &self.happened[*seen..] {
                    match happened {
                        Happened::Offered(task) => offered.push(*task),
                        Happened::Touched(agent) => agents.push(*agent),
                    }
                }
                *seen = self.happened.len();
                let agents = self.streams.to_show(agents.iter());
                let offered = self.streams.untold(offered);
                Round::Heard { agents, offered }
            }
            Round::Heard { agents, offered } => {
                let reading = self.streams.begin_reading(&agents);
                let standing = self.standing.iter();
                let standing = standing.filter(|(offer, _)| agents.contains(&offer.agent.uuid()));
                let standing = standing.cloned().collect();
                Round::Reading {
                    reading,
                    agents,
                    standing,
                    offered,
                }
            }
            Round::Reading {
                reading,
                agents,
                standing,
                offered,
            } => {
                self.streams.show(reading, &agents, standing, Vec::new());
                Round::Shown { offered }
            }
            Round::Shown { offered } => {
                let standing = self.standing.iter();
                let standing = standing.filter(|(_, task)| offered.contains(&task.id.uuid()));
                Round::Adding {
                    standing: standing.cloned().collect(),
                }
            }
            Round::Adding { standing } => {
                self.streams.add(&standing);
                Round::Listening
            }
        }
    }
}

fn decision(offer: &Offer) -> Decision {
    Decision {
        pairing: Pairing {
            task: offer.task,
            version: 1,
            agent: offer.agent,
            plan: 0,
        },
        reason: Reason::default(),
        shortlist: Shortlist::alone(Stood {
            agent: offer.agent,
            load: 0,
            capacity: 6,
            idle_since: offer.offered_at,
        }),
    }
}

#[test]
fn whatever_the_order_a_stream_shows_what_stands_in_the_end() {
    let mut told_at_once = 0;
    for seed in 0..2_000 {
        let mut random = StdRng::seed_from_u64(seed);
        let mut world = World::new(seed);
        let watching: Vec<_> = world.agents.iter().map(|agent| world.streams.open(*agent)).collect();
        let (mut round, mut seen) = (Round::Listening, 0);
        let mut begun: Vec<(Telling, (Offer, Task))> = Vec::new();
        let mut committed: Vec<(Telling, (Offer, Task))> = Vec::new();
        for _ in 0..random.random_range(1..60) {
            let agent = world.agents[random.random_range(0..world.agents.len())];
            match random.random_range(0..13) {
                0 | 1 => {
                    let made = world.offer(agent);
                    begun.push((world.streams.telling(&[decision(&made.0)]), made));
                }
                2 | 3 if !begun.is_empty() => {
                    let (telling, made) = begun.swap_remove(random.random_range(0..begun.len()));
                    world.commit(made.clone());
                    committed.push((telling, made));
                }
                4 if !begun.is_empty() => drop(begun.swap_remove(random.random_range(0..begun.len()))),
                5 | 6 if !committed.is_empty() => {
                    let (telling, made) = committed.swap_remove(random.random_range(0..committed.len()));
                    told_at_once += u32::from(!telling.tell(&[made]));
                }
                // The answer to the commit was lost.
                7 if !committed.is_empty() => drop(committed.swap_remove(random.random_range(0..committed.len()))),
                8 => world.commit(world.offer(agent)),
                9 if !world.standing.is_empty() => world.end(random.random_range(0..world.standing.len())),
                _ => round = world.read(round, &mut seen),
            }
        }
        begun.clear();
        for (telling, made) in committed {
            let _ = telling.tell(&[made]);
        }
        // The rest of this round, and a whole one.
        for _ in 0..10 {
            round = world.read(round, &mut seen);
        }
        for (agent, shown) in world.agents.iter().zip(watching) {
            let shown = shown.borrow();
            let mut shown: Vec<OfferId> = shown
                .iter()
                .flat_map(|shown| &shown.offers)
                .map(|(offer, _)| offer.id)
                .collect();
            let standing = world.standing.iter().filter(|(offer, _)| offer.agent == *agent);
            let mut standing: Vec<OfferId> = standing.map(|(offer, _)| offer.id).collect();
            shown.sort_unstable();
            standing.sort_unstable();
            assert_eq!(shown, standing, "schedule {seed}");
        }
    }
    assert!(told_at_once > 1_000, "only {told_at_once} were told of at once");
}
