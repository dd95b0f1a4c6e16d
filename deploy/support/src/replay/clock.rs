//! The clock of a replay: the day's seconds, passing faster than ours by a factor, and standing still while the system is
//! away. Without that, everybody on the line would give up during a crash that in their time lasted an hour.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep};

/// Seconds since the day's midnight pass here. Clones are the same clock.
#[derive(Debug, Clone)]
pub struct DayClock {
    state: Arc<Mutex<State>>,
    changes: watch::Sender<()>,
    speed: f64,
}

#[derive(Debug, Clone, Copy)]
struct State {
    /// The time of day at `since`.
    base: f64,
    /// When it last began to run; none while it stands.
    since: Option<Instant>,
    /// How long it has stood in all, in our time.
    stood: Duration,
    /// Since when it stands.
    stands_since: Option<Instant>,
}

impl DayClock {
    /// A clock that shows `start` and runs `speed` times as fast as ours.
    #[must_use]
    pub fn new(start: f64, speed: f64) -> Self {
        let state = State {
            base: start,
            since: Some(Instant::now()),
            stood: Duration::ZERO,
            stands_since: None,
        };
        Self {
            state: Arc::new(Mutex::new(state)),
            changes: watch::Sender::new(()),
            speed,
        }
    }

    /// The time of day, in seconds.
    #[must_use]
    pub fn now(&self) -> f64 {
        self.at(&self.state())
    }

    /// How long the clock has stood in all, in our time.
    #[must_use]
    pub fn stood(&self) -> Duration {
        let state = self.state();
        state.stood + state.stands_since.map(|since| since.elapsed()).unwrap_or_default()
    }

    /// That many seconds of the day in our time.
    #[must_use]
    pub fn ours(&self, seconds: f64) -> Duration {
        Duration::try_from_secs_f64(seconds / self.speed).unwrap_or_default()
    }

    /// How many seconds of the day pass in that much of our time.
    #[must_use]
    pub fn seconds_in(&self, ours: Duration) -> f64 {
        ours.as_secs_f64() * self.speed
    }

    /// Stops the clock.
    pub fn stand(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.since.is_some() {
            state.base = self.at(&state);
            state.since = None;
            state.stands_since = Some(Instant::now());
        }
        drop(state);
        self.changes.send_replace(());
    }

    /// Lets it run again.
    pub fn run(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(since) = state.stands_since.take() {
            state.stood += since.elapsed();
            state.since = Some(Instant::now());
        }
        drop(state);
        self.changes.send_replace(());
    }

    /// Waits until the clock shows `time`.
    pub async fn until(&self, time: f64) {
        let mut changes = self.changes.subscribe();
        loop {
            let state = self.state();
            let left = time - self.at(&state);
            if left <= 0.0 {
                return;
            }
            if state.since.is_some() {
                tokio::select! {
                    () = sleep(self.ours(left)) => {}
                    _ = changes.changed() => {}
                }
            } else if changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// Waits for that many seconds of the day.
    pub async fn pass(&self, seconds: f64) {
        self.until(self.now() + seconds).await;
    }

    /// Stands while the system is away and runs while it is there, for as long as it is polled.
    pub async fn follow(&self, mut away: watch::Receiver<bool>) {
        loop {
            if *away.borrow_and_update() {
                self.stand();
            } else {
                self.run();
            }
            if away.changed().await.is_err() {
                return;
            }
        }
    }

    fn state(&self) -> State {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn at(&self, state: &State) -> f64 {
        state.base
            + state
                .since
                .map_or(0.0, |since| since.elapsed().as_secs_f64() * self.speed)
    }
}

/// `26130` as `07:15:30`.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a time of day is small and positive"
)]
pub fn written(time: f64) -> String {
    let seconds = time.max(0.0) as u64;
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(one: f64, other: f64) -> bool {
        (one - other).abs() < 1.0
    }

    #[tokio::test(start_paused = true)]
    async fn the_day_passes_faster_and_stands_still_while_nobody_answers() {
        let clock = DayClock::new(1000.0, 100.0);
        let (away, seen) = watch::channel(false);
        let following = tokio::spawn({
            let clock = clock.clone();
            async move { clock.follow(seen).await }
        });
        let begun = Instant::now();
        clock.until(1500.0).await;
        assert!(close(begun.elapsed().as_secs_f64(), 5.0));

        away.send_replace(true);
        sleep(Duration::from_mins(1)).await;
        assert!(close(clock.now(), 1500.0), "{}", clock.now());
        let waiting = tokio::spawn({
            let clock = clock.clone();
            async move { clock.pass(200.0).await }
        });
        sleep(Duration::from_mins(1)).await;
        assert!(!waiting.is_finished());

        away.send_replace(false);
        waiting.await.unwrap();
        assert!(close(begun.elapsed().as_secs_f64(), 127.0), "{:?}", begun.elapsed());
        assert!(close(clock.stood().as_secs_f64(), 120.0) && close(clock.now(), 1700.0));
        drop(away);
        following.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_past_is_not_waited_for() {
        let clock = DayClock::new(1000.0, 1.0);
        let begun = Instant::now();
        clock.until(10.0).await;
        assert_eq!(begun.elapsed(), Duration::ZERO);
        assert_eq!(
            (written(26130.9), written(-5.0)),
            ("07:15:30".to_owned(), "00:00:00".to_owned())
        );
    }
}
