//! The fence: up to which position the feed is final. The argument stands at the head of the module above.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::{Duration, Instant};

use sqlx::PgPool;

use super::{Wake, metrics};
use crate::db::{Db, DbError};

/// The pause between two looks: writers that commit all the time are looked at together.
const PAUSE: Duration = Duration::from_millis(2);
/// The longest pause while something in flight holds the fence back; its end may come without a wake.
const LONGEST_PAUSE: Duration = Duration::from_millis(50);
/// How long the fence may be held back before somebody should know.
const LONG_DELAY: Duration = Duration::from_secs(10);
/// So many sightings are remembered one by one; after that, the newest stands for all that would follow.
const MOST_SIGHTINGS: usize = 64;

/// What one look at the database shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Look {
    /// The highest position visible.
    position: i64,
    /// A transaction id taken after that; none where the position is no news.
    taken: Option<i64>,
    /// All transactions with lower ids had ended when the look began.
    oldest_running: i64,
}

/// A position that is final once all transactions below `taken` have ended.
#[derive(Debug, Clone, Copy)]
struct Sighting {
    position: i64,
    taken: i64,
    at: Instant,
}

#[derive(Debug, Default)]
struct Fence {
    /// Rising in both position and id.
    sightings: VecDeque<Sighting>,
    /// The highest position ever seen.
    seen: i64,
}

impl Fence {
    /// Takes a look in; gives the position that has become final by it, if one has.
    fn take(&mut self, look: Look, at: Instant) -> Option<i64> {
        if let Some(taken) = look.taken.filter(|_| look.position > self.seen) {
            self.seen = look.position;
            if self.sightings.len() >= MOST_SIGHTINGS {
                // A later id with a higher position is as right, only later.
                self.sightings.pop_back();
            }
            self.sightings.push_back(Sighting {
                position: look.position,
                taken,
                at,
            });
        }
        let mut final_up_to = None;
        while let Some(first) = self
            .sightings
            .front()
            .filter(|first| first.taken <= look.oldest_running)
        {
            final_up_to = Some(first.position);
            self.sightings.pop_front();
        }
        final_up_to
    }

    /// How long the oldest sighting has been waiting.
    fn delay(&self, now: Instant) -> Duration {
        self.sightings
            .front()
            .map_or(Duration::ZERO, |first| now.duration_since(first.at))
    }
}

/// Looks whenever something was committed, and at least every `poll`.
pub(super) async fn keep(db: &Db, poll: Duration) -> Infallible {
    let mut fence = Fence::default();
    let mut pause = PAUSE;
    let mut is_late = false;
    loop {
        match look(db.feed_pool(), fence.seen).await {
            Ok(look) => {
                if let Some(position) = fence.take(look, Instant::now()) {
                    db.wake().raise(position);
                    pause = PAUSE;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "feed cannot look at its outbox");
                tokio::time::sleep(poll).await;
                continue;
            }
        }
        let delay = fence.delay(Instant::now());
        metrics::fence_delay(delay);
        if delay > LONG_DELAY && !is_late {
            tracing::warn!(seconds = delay.as_secs(), "feed waits for a long transaction");
        }
        is_late = delay > LONG_DELAY;
        tokio::time::sleep(PAUSE).await;
        let wait = if fence.sightings.is_empty() { poll } else { pause };
        pause = (pause * 2).min(LONGEST_PAUSE);
        wake_or(db.wake(), wait).await;
    }
}

async fn wake_or(wake: &Wake, wait: Duration) {
    tokio::select! {
        () = wake.fence_wanted() => {}
        () = tokio::time::sleep(wait) => {}
    }
}

/// One look, one statement. The part `top` is computed before the id is taken, for the id is only asked for once its row
/// is there, and the snapshot was taken before either. Where nothing is new no id is spent.
async fn look(pool: &PgPool, seen: i64) -> Result<Look, DbError> {
    let row = sqlx::query!(
        r#"with top as materialized (
               select greatest((select max(position) from outbox), (select pruned_up_to from feed_state), 0) as position,
                      pg_snapshot_xmin(pg_current_snapshot())::text::bigint as oldest_running
           )
           select position as "position!", oldest_running as "oldest_running!",
                  case when position > $1 then pg_current_xact_id()::text::bigint end as taken
           from top"#,
        seen,
    )
    .fetch_one(pool)
    .await?;
    Ok(Look {
        position: row.position,
        taken: row.taken,
        oldest_running: row.oldest_running,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(position: i64, taken: i64, oldest_running: i64) -> Look {
        Look {
            position,
            taken: Some(taken),
            oldest_running,
        }
    }

    #[test]
    fn a_position_is_final_when_all_earlier_transactions_have_ended() {
        let (mut fence, at) = (Fence::default(), Instant::now());
        // 100 drew 6 and runs; 99 drew 7 and has committed.
        assert_eq!(fence.take(look(7, 101, 100), at), None);
        assert_eq!(
            fence.take(
                Look {
                    taken: None,
                    ..look(7, 0, 100)
                },
                at
            ),
            None
        );
        assert_eq!(
            fence.take(
                Look {
                    taken: None,
                    ..look(7, 0, 102)
                },
                at
            ),
            Some(7)
        );
    }

    #[test]
    fn where_nothing_runs_one_look_suffices() {
        assert_eq!(Fence::default().take(look(7, 101, 101), Instant::now()), Some(7));
    }

    #[test]
    fn under_steady_load_it_moves_with_each_look() {
        let (mut fence, at) = (Fence::default(), Instant::now());
        assert_eq!(fence.take(look(10, 100, 95), at), None);
        assert_eq!(fence.take(look(20, 110, 105), at), Some(10));
        assert_eq!(fence.take(look(30, 120, 115), at), Some(20));
    }

    #[test]
    fn however_long_it_is_held_back_it_remembers_little_and_gets_there() {
        let (mut fence, at) = (Fence::default(), Instant::now());
        for step in 0..1000 {
            assert_eq!(fence.take(look(step + 1, 100 + step, 99), at), None);
        }
        assert!(fence.sightings.len() <= MOST_SIGHTINGS);
        assert_eq!(
            fence.take(look(1000, 2000, 1098), at),
            Some(63),
            "the newest stands for all after it"
        );
        assert_eq!(fence.take(look(1000, 2000, 1099), at), Some(1000));
    }
}
