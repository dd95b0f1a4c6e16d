//! What theory says of agents who can all do the same: arrivals by chance (Poisson), services of exponential length.
//!
//! *Erlang B*: who finds nobody free goes away. *Erlang C*: everybody waits. *Erlang A* (Palm): who waits gives up after
//! an exponential patience. The load is in erlangs: contacts a second times seconds of work each. All sums here are of
//! positive terms relative to the largest, so that they hold for thousands of agents as for two.

use crate::simulation::chance::count;

/// A queue of one kind of contact before agents who are all alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Queue {
    /// How many contacts arrive a second.
    pub arrivals: f64,
    /// How long each takes on average, in seconds.
    pub service: f64,
    /// How long customers wait on average before they give up, in seconds; none where they never do.
    pub patience: Option<f64>,
}

/// How customers fare.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Theory {
    /// The share that is not answered at once.
    pub delayed: f64,
    /// The share that gives up.
    pub abandonment: f64,
    /// How long all wait on average, those who give up too, in seconds.
    pub wait_of_all: f64,
    /// The share that is answered within the target.
    pub service_level: f64,
}

/// The share that finds nobody free, where nobody waits (Erlang B).
#[must_use]
pub fn blocked(agents: usize, load: f64) -> f64 {
    // Of the inverse, as the share itself becomes too small to be told from nothing.
    let mut inverse = 1.0;
    for agent in 1..=agents {
        inverse = 1.0 + inverse * count(agent) / load;
    }
    1.0 / inverse
}

/// The share that has to wait, where everybody does (Erlang C); 1 where more comes than can be done.
#[must_use]
pub fn delayed(agents: usize, load: f64) -> f64 {
    let agents_free = count(agents) - load;
    if agents_free <= 0.0 {
        return 1.0;
    }
    let blocked = blocked(agents, load);
    blocked * count(agents) / (agents_free + load * blocked)
}

/// Sums end where what is left is no more than this of them.
const SMALL: f64 = 1e-13;

impl Queue {
    /// How much work arrives, in erlangs.
    #[must_use]
    pub fn load(&self) -> f64 {
        self.arrivals * self.service
    }

    /// How customers fare with so many agents, in the long run, where those are well served that are answered within
    /// `target` seconds.
    #[must_use]
    pub fn with(&self, agents: usize, target: f64) -> Theory {
        if self.arrivals <= 0.0 {
            return Theory {
                delayed: 0.0,
                abandonment: 0.0,
                wait_of_all: 0.0,
                service_level: 1.0,
            };
        }
        match self.patience {
            Some(patience) if patience > 0.0 => self.impatient(agents, patience, target),
            Some(_) => {
                let blocked = blocked(agents, self.load());
                Theory {
                    delayed: blocked,
                    abandonment: blocked,
                    wait_of_all: 0.0,
                    service_level: 1.0 - blocked,
                }
            }
            None => self.patient(agents, target),
        }
    }

    fn patient(&self, agents: usize, target: f64) -> Theory {
        let delayed = delayed(agents, self.load());
        let ahead = count(agents) / self.service - self.arrivals;
        let is_stable = ahead > 0.0;
        Theory {
            delayed,
            abandonment: 0.0,
            wait_of_all: if is_stable { delayed / ahead } else { f64::INFINITY },
            service_level: if is_stable {
                1.0 - delayed * (-ahead * target).exp()
            } else {
                0.0
            },
        }
    }

    /// Erlang A. What is reckoned is relative to the share of time in which all agents are busy and nobody waits.
    fn impatient(&self, agents: usize, patience: f64, target: f64) -> Theory {
        let (served, leaves) = (count(agents) / self.service, 1.0 / patience);
        // Erlang B is this state's share of all up to it. What is reckoned is taken as often, as the others come to nothing
        // where it does.
        let blocked = blocked(agents, self.load());
        // Of those who find `ahead` others waiting, exp(-leaves * time until it is their turn) follows the beta law of
        // served/leaves and ahead + 1. So it is known how many stay, and of those how many are answered in time.
        let (shape, kept) = (served / leaves, (-leaves * target).exp());
        let (mut state, mut states, mut waiting, mut in_time) = (1.0, 0.0, 0.0, 0.0);
        let mut later = kept.powf(shape + 1.0);
        let mut term = later;
        let mut ahead = 0_usize;
        loop {
            let number = count(ahead);
            states += state;
            waiting += state * number;
            let stays = if shape + number > 0.0 {
                shape / (shape + number + 1.0)
            } else {
                0.0
            };
            in_time += state * stays * (1.0 - later).max(0.0);
            term *= (1.0 - kept) * (shape + 1.0 + number) / (number + 1.0);
            later += term;
            ahead += 1;
            let rate = self.arrivals / (served + count(ahead) * leaves);
            state *= rate;
            if rate < 1.0 && state * count(ahead + 1) < SMALL * states || ahead > 10_000_000 {
                break;
            }
        }
        let below = 1.0 - blocked;
        let all = below + states * blocked;
        let wait = waiting * blocked / all / self.arrivals;
        Theory {
            delayed: states * blocked / all,
            abandonment: wait * leaves,
            wait_of_all: wait,
            service_level: (below + in_time * blocked) / all,
        }
    }

    /// The least number of agents with which the share that is answered within `target` seconds is at least `service_level`, and the
    /// share that gives up at most `abandonment`; none where `most` do not do it.
    #[must_use]
    pub fn agents(&self, target: f64, service_level: f64, abandonment: f64, most: usize) -> Option<usize> {
        let does = |agents: usize| {
            let theory = self.with(agents, target);
            theory.service_level >= service_level && theory.abandonment <= abandonment
        };
        // Each agent more serves everybody better, so it can be halved.
        if !does(most) {
            return None;
        }
        let (mut least, mut enough) = (0_usize, most);
        while least < enough {
            let middle = least.midpoint(enough);
            if does(middle) {
                enough = middle;
            } else {
                least = middle + 1;
            }
        }
        Some(enough)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(ours: f64, theirs: f64, by: f64) {
        assert!(
            (ours - theirs).abs() <= by * theirs.abs().max(1e-12),
            "{ours} is not {theirs}"
        );
    }

    #[test]
    fn b_and_c_are_those_of_the_tables() {
        // Erlang's own tables, as every textbook has them.
        near(blocked(1, 1.0), 0.5, 1e-12);
        near(blocked(10, 5.0), 0.018_384_57, 1e-6);
        near(blocked(20, 12.0), 0.009_796_4, 1e-3);
        near(delayed(1, 0.7), 0.7, 1e-12);
        near(delayed(2, 1.0), 1.0 / 3.0, 1e-12);
        near(delayed(10, 8.0), 0.409_180_1, 1e-6);
        near(delayed(5, 6.0), 1.0, 0.0);
    }

    #[test]
    fn thousands_of_agents_are_as_exact_as_two() {
        // With the load one square root below so many agents the share that waits comes near to a limit (Halfin and Whitt):
        // 1 / (1 + b F(b) / f(b)), here for b = 1.
        let limit = 1.0 / (1.0 + 0.841_344_746 / 0.241_970_725);
        let at = |agents: usize| delayed(agents, count(agents) - count(agents).sqrt());
        assert!((at(1_000_000) - limit).abs() < 1e-3 && (at(10_000) - limit).abs() < 1e-2);
        assert!(blocked(5_000, 1_000.0) >= 0.0 && blocked(5_000, 1_000.0) < 1e-300);
        let queue = Queue {
            arrivals: 50.0,
            service: 100.0,
            patience: Some(200.0),
        };
        let theory = queue.with(5_000, 20.0);
        assert!(theory.abandonment > 0.0 && theory.abandonment < 0.02, "{theory:?}");
        assert!(theory.service_level > 0.9 && theory.service_level < 1.0, "{theory:?}");
    }

    /// The same by brute force: the states one after the other, and the density of the wait by its integral.
    fn slowly(queue: &Queue, agents: usize, target: f64) -> Theory {
        let (service, leaves) = (1.0 / queue.service, 1.0 / queue.patience.unwrap());
        let mut shares = vec![1.0_f64];
        for state in 1..400 {
            let out = count(state.min(agents)) * service + count(state.saturating_sub(agents)) * leaves;
            shares.push(shares[state - 1] * queue.arrivals / out);
        }
        let all: f64 = shares.iter().sum();
        let busy: f64 = shares[agents..].iter().sum::<f64>() / all;
        let waiting: f64 = shares
            .iter()
            .enumerate()
            .map(|(state, share)| share * count(state.saturating_sub(agents)))
            .sum();
        // A customer with `ahead` others before them: the chain of those ahead, in small steps of time.
        let steps = 20_000;
        let step = target / count(steps);
        let mut in_time: f64 = shares[..agents].iter().sum::<f64>();
        let mut line: Vec<f64> = shares[agents..].to_vec();
        let mut stays = 1.0;
        for _ in 0..steps {
            let before = line.clone();
            for (ahead, held) in line.iter_mut().enumerate() {
                let rate = |ahead: usize| count(agents) * service + count(ahead) * leaves;
                *held -= before[ahead] * rate(ahead) * step;
                if let Some(next) = before.get(ahead + 1) {
                    *held += next * rate(ahead + 1) * step;
                }
            }
            in_time += before[0] * count(agents) * service * step * stays * (1.0 - leaves * step / 2.0);
            stays *= 1.0 - leaves * step;
        }
        Theory {
            delayed: busy,
            abandonment: waiting / all * leaves / queue.arrivals,
            wait_of_all: waiting / all / queue.arrivals,
            service_level: in_time / all,
        }
    }

    #[test]
    fn a_is_what_its_chain_of_states_gives() {
        for (arrivals, patience, agents, target) in [
            (0.05, 60.0, 8, 20.0),
            (0.04, 300.0, 10, 30.0),
            (0.08, 120.0, 10, 60.0),
            (0.02, 30.0, 1, 10.0),
        ] {
            let queue = Queue {
                arrivals,
                service: 180.0,
                patience: Some(patience),
            };
            let (ours, slowly) = (queue.with(agents, target), slowly(&queue, agents, target));
            near(ours.delayed, slowly.delayed, 1e-9);
            near(ours.abandonment, slowly.abandonment, 1e-9);
            near(ours.wait_of_all, slowly.wait_of_all, 1e-9);
            near(ours.service_level, slowly.service_level, 1e-3);
        }
    }

    #[test]
    fn a_lies_between_b_and_c() {
        let with = |patience| Queue {
            arrivals: 0.05,
            service: 180.0,
            patience,
        };
        let (hasty, c) = (with(Some(1e-4)).with(12, 20.0), with(None).with(12, 20.0));
        near(hasty.abandonment, blocked(12, 9.0), 1e-3);
        let patient = with(Some(1e9)).with(12, 20.0);
        near(patient.delayed, c.delayed, 1e-3);
        near(patient.wait_of_all, c.wait_of_all, 1e-2);
        near(patient.service_level, c.service_level, 1e-3);
    }

    #[test]
    fn the_least_number_of_agents_is_the_least() {
        for patience in [None, Some(120.0)] {
            let queue = Queue {
                arrivals: 0.1,
                service: 240.0,
                patience,
            };
            let agents = queue.agents(20.0, 0.8, 0.05, 1_000).unwrap();
            let fares = |agents| queue.with(agents, 20.0);
            assert!(fares(agents).service_level >= 0.8 && fares(agents).abandonment <= 0.05);
            let fewer = fares(agents - 1);
            assert!(fewer.service_level < 0.8 || fewer.abandonment > 0.05, "{agents}");
            assert_eq!(queue.agents(20.0, 0.8, 0.05, 20), None);
        }
        let nothing = Queue {
            arrivals: 0.0,
            service: 240.0,
            patience: None,
        };
        assert_eq!(nothing.agents(20.0, 0.8, 0.05, 100), Some(0));
    }
}
