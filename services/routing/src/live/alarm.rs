//! A wake that can also be set to a time.

use std::sync::Arc;
use std::time::Duration;

use support_chassis::clock::Clock;
use support_chassis::lifecycle::BoxError;
use time::OffsetDateTime;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

/// Wakes periodic work when it is rung or when its time has come. Clones are the same.
#[derive(Clone, Debug)]
pub struct Alarm {
    wake: Arc<Notify>,
    due: watch::Sender<Option<OffsetDateTime>>,
}

impl Default for Alarm {
    fn default() -> Self {
        Self {
            wake: Arc::default(),
            due: watch::Sender::new(None),
        }
    }
}

impl Alarm {
    /// What it notifies: keeps one permit, so that a wake that comes during a round is not lost.
    #[must_use]
    pub fn wake(&self) -> Arc<Notify> {
        Arc::clone(&self.wake)
    }

    /// Wakes now.
    pub fn ring(&self) {
        self.wake.notify_one();
    }

    /// Wakes at `due`; earlier settings no longer count. None for not at all.
    pub fn set(&self, due: Option<OffsetDateTime>) {
        self.due.send_replace(due);
    }

    /// Keeps the time until `draining`.
    ///
    /// # Errors
    ///
    /// Never.
    pub async fn run(self, clock: Clock, draining: CancellationToken) -> Result<(), BoxError> {
        let mut due = self.due.subscribe();
        loop {
            let at = *due.borrow_and_update();
            let reached = async {
                match at {
                    Some(at) => tokio::time::sleep(Duration::try_from(at - clock.now()).unwrap_or_default()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = draining.cancelled() => return Ok(()),
                // The sender lives in `self`.
                _ = due.changed() => {}
                () = reached => {
                    // Only what was set before: another time may just have been set.
                    self.due.send_if_modified(|due| {
                        let is_ours = *due == at;
                        if is_ours {
                            *due = None;
                        }
                        is_ours
                    });
                    self.ring();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn it_rings_at_the_latest_time_that_was_set() {
        let (clock, draining) = (Clock::system(), CancellationToken::new());
        let alarm = Alarm::default();
        let running = tokio::spawn(alarm.clone().run(clock.clone(), draining.clone()));
        alarm.set(Some(clock.now() + Duration::from_hours(1)));
        alarm.set(Some(clock.now() + Duration::from_millis(5)));
        timeout(Duration::from_secs(10), alarm.wake().notified())
            .await
            .expect("it rings");
        alarm.set(Some(clock.now() - Duration::from_secs(1)));
        timeout(Duration::from_secs(10), alarm.wake().notified())
            .await
            .expect("what is past rings at once");
        draining.cancel();
        running.await.unwrap().unwrap();
    }
}
