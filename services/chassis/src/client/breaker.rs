//! A circuit breaker: an endpoint that fails again and again is left alone for a while, then tried by one call.
//!
//! It counts consecutive failures, not a rate: an endpoint that is down fails every call, and one that fails some calls
//! is better judged by retries and their budget than taken out with all its capacity.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// So many failures in a row open the circuit.
pub(super) const FAILURES: u32 = 5;
/// How long it stays open first; doubled with each probe that fails.
pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest it stays open.
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// The breaker of one endpoint, with the number of its calls in flight.
#[derive(Debug, Clone, Default)]
pub(super) struct Breaker(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    in_flight: usize,
    failures: u32,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    pause: Duration,
    until: Instant,
    probing: bool,
}

/// Whether an endpoint can be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Readiness {
    /// It can; so many calls are in flight.
    Ready { in_flight: usize },
    /// Not before this is over.
    Open { wait: Duration },
}

impl Breaker {
    pub(super) fn readiness(&self, now: Instant) -> Readiness {
        let state = self.state();
        match &state.open {
            Some(open) if open.probing => Readiness::Open { wait: open.pause },
            Some(open) if now < open.until => Readiness::Open { wait: open.until - now },
            _ => Readiness::Ready {
                in_flight: state.in_flight,
            },
        }
    }

    /// Begins a call; none where the circuit is open or another call probes it.
    pub(super) fn begin(&self, now: Instant) -> Option<Ticket> {
        let mut state = self.state();
        let mut probe = false;
        if let Some(open) = &mut state.open {
            if open.probing || now < open.until {
                return None;
            }
            open.probing = true;
            probe = true;
        }
        state.in_flight += 1;
        Some(Ticket {
            breaker: self.clone(),
            probe,
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change below is whole before anything can panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call in flight. Dropped without a verdict (the caller gave up) it says nothing of the endpoint.
#[derive(Debug)]
pub(super) struct Ticket {
    breaker: Breaker,
    probe: bool,
}

impl Ticket {
    /// The endpoint answered.
    pub(super) fn succeeded(self) {
        let mut state = self.breaker.state();
        state.failures = 0;
        // A late answer of a call that began before the circuit opened closes it too: the endpoint lives.
        state.open = None;
    }

    /// The endpoint did not.
    pub(super) fn failed(self, now: Instant) {
        let mut state = self.breaker.state();
        state.failures = state.failures.saturating_add(1);
        let pause = match &state.open {
            Some(open) if self.probe => (open.pause * 2).min(LONGEST_PAUSE),
            None if state.failures >= FAILURES => FIRST_PAUSE,
            // Not enough, or opened by others meanwhile: this failure is of the same outage.
            Some(_) | None => return,
        };
        state.open = Some(Open {
            pause,
            until: now + pause,
            probing: false,
        });
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut state = self.breaker.state();
        state.in_flight -= 1;
        if self.probe
            && let Some(open) = &mut state.open
        {
            open.probing = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fail(breaker: &Breaker, now: Instant) {
        breaker.begin(now).unwrap().failed(now);
    }

    #[tokio::test]
    async fn opens_after_failures_in_a_row_and_lets_one_probe_through() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        for _ in 1..FAILURES {
            fail(&breaker, now);
        }
        breaker.begin(now).unwrap().succeeded();
        for _ in 1..FAILURES {
            fail(&breaker, now);
        }
        assert_eq!(breaker.readiness(now), Readiness::Ready { in_flight: 0 });
        fail(&breaker, now);
        assert_eq!(breaker.readiness(now), Readiness::Open { wait: FIRST_PAUSE });
        assert!(breaker.begin(now).is_none());

        let later = now + FIRST_PAUSE;
        let probe = breaker.begin(later).unwrap();
        assert!(breaker.begin(later).is_none(), "only one call probes");
        probe.failed(later);
        assert_eq!(breaker.readiness(later), Readiness::Open { wait: FIRST_PAUSE * 2 });

        let much_later = later + FIRST_PAUSE * 2;
        drop(breaker.begin(much_later).unwrap());
        breaker
            .begin(much_later)
            .expect("a probe that was given up leaves room for the next")
            .succeeded();
        assert_eq!(breaker.readiness(much_later), Readiness::Ready { in_flight: 0 });
    }

    #[tokio::test]
    async fn never_stays_open_longer_than_the_longest_pause() {
        let (breaker, mut now) = (Breaker::default(), Instant::now());
        for _ in 0..FAILURES {
            fail(&breaker, now);
        }
        for _ in 0..20 {
            let Readiness::Open { wait } = breaker.readiness(now) else {
                panic!("closed by a failure")
            };
            assert!(wait <= LONGEST_PAUSE);
            now += wait;
            fail(&breaker, now);
        }
    }
}
