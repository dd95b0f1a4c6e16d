//! How patient customers are, from what was seen of them.

use time::Duration;

use super::Law;
use super::chance::count;

/// A wait that was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endured {
    /// How long it was.
    pub waited: Duration,
    /// Whether the customer gave up then. Of one who was served it is known only that they were willing to wait so long.
    pub gave_up: bool,
}

/// The law of patience that these waits speak for (Kaplan and Meier, 1958): at each time at which somebody gave up, of those who
/// were still waiting as large a share. What is left after the longest wait never gives up.
#[must_use]
pub fn survival(mut waits: Vec<Endured>) -> Law {
    // Among equals those who gave up come first: who was served then was still waiting.
    waits.sort_by_key(|wait| (wait.waited, !wait.gave_up));
    let mut steps: Vec<(Duration, f64)> = Vec::new();
    let mut patient = 1.0;
    for (place, wait) in waits.iter().enumerate() {
        if !wait.gave_up {
            continue;
        }
        let waiting = count(waits.len() - place);
        patient *= 1.0 - 1.0 / waiting;
        match steps.last_mut().filter(|(at, _)| *at == wait.waited) {
            Some((_, gone)) => *gone = 1.0 - patient,
            None => steps.push((wait.waited, 1.0 - patient)),
        }
    }
    if steps.is_empty() {
        Law::Never
    } else {
        Law::Steps(steps.into())
    }
}

#[cfg(test)]
mod tests {
    use super::super::chance::Chance;
    use super::*;

    fn waits(list: &[(i64, bool)]) -> Vec<Endured> {
        let one = |(waited, gave_up): &(i64, bool)| Endured {
            waited: Duration::seconds(*waited),
            gave_up: *gave_up,
        };
        list.iter().map(one).collect()
    }

    #[test]
    fn those_who_were_served_speak_until_then() {
        // Of four one gives up at 10 (3/4 are left), one is served at 20, of two one gives up at 30 (3/8), one is served.
        let law = survival(waits(&[(30, true), (10, true), (20, false), (40, false)]));
        let Law::Steps(steps) = law else { panic!("{law:?}") };
        assert_eq!(steps.len(), 2);
        assert_eq!((steps[0].0, steps[1].0), (Duration::seconds(10), Duration::seconds(30)));
        assert!((steps[0].1 - 0.25).abs() < 1e-12 && (steps[1].1 - 0.625).abs() < 1e-12);
        assert_eq!(survival(waits(&[(5, false)])), Law::Never);
    }

    #[test]
    fn patience_is_found_again_however_much_of_it_was_cut_off() {
        let truth = Law::Exponential {
            mean: Duration::seconds(100),
        };
        let mut chance = Chance::of(1, 0, 0);
        let seen = (0..40_000).map(|_| {
            let patience = truth.draw(&mut chance).unwrap();
            let served = Duration::seconds_f64(60.0 * chance.exponential());
            Endured {
                waited: patience.min(served),
                gave_up: patience <= served,
            }
        });
        let Law::Steps(steps) = survival(seen.collect()) else {
            panic!("somebody gave up");
        };
        let gone_by = |second: i64| {
            let place = steps.partition_point(|(at, _)| *at <= Duration::seconds(second));
            steps[place - 1].1
        };
        for second in [20, 50, 100] {
            let truth = 1.0 - (-Duration::seconds(second).as_seconds_f64() / 100.0).exp();
            let found = gone_by(second);
            assert!((found - truth).abs() < 0.02, "{second}: {found} for {truth}");
        }
    }
}
