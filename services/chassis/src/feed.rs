//! The feed: what happened in a service, given to others in order, each event taking effect exactly once.
//!
//! A service serves its outbox by [`FeedService`](support_proto::support::feed::v1) ([`Feed`]). Another service
//! [`consume`]s it: it applies events in transactions of its own database that also store the position reached, so the
//! effect and the position are one, whatever crashes.
//!
//! # What may be read: the fence
//!
//! Positions are drawn from a sequence before commit. So a reader can see position 7 while 6 is not committed yet; if it
//! noted "7" and went on, it would never see 6. Which positions are *final*, so that nothing can appear at or below them?
//!
//! It does not help to compare transaction ids row by row: "show rows whose xid is below the oldest running one, in the
//! order of positions" is wrong. Transaction 100 draws position 6. Transaction 99, begun earlier, draws 7 and commits. The
//! oldest running is 100, so row 7 (xid 99) is shown; then 6 commits, and the reader is past it. Ordering by (xid,
//! position) instead loses nothing, but turns round the events of one subject: a transaction can get its id early and
//! wait long for the subject's lock.
//!
//! We use a fence. Three facts carry it:
//!
//! 1. `outbox_next_position()` takes the transaction's id *before* it draws the position. PostgreSQL enters an id into
//!    the list of running transactions before it gives it out. So whoever holds a position is in that list until it ends.
//! 2. The sequence hands out positions one by one. If position P is visible, every lower one was drawn before that,
//!    and its transaction had its id before that.
//! 3. Transaction ids are handed out in order.
//!
//! The fence takes, in one statement and in this order: a snapshot S, in it P = the highest position visible, then an
//! id X for itself. Let Q < P be a position not visible in S. It was drawn before S (2), so its transaction's id was
//! taken before S (1), and so before X: it is lower than X (3). Once a snapshot says that all transactions below X have ended
//! (`pg_snapshot_xmin` is at least X), the one that drew Q has ended, and Q is either visible or will never exist.
//! As that holds for every Q, everything up to P is final: `safe = P`. Subscriptions read up to `safe`, no further.
//!
//! Whether xmin has reached X may be read from S itself: what had ended when S was taken stays ended. So where nothing
//! runs, one look suffices. The snapshot's own upper bound cannot stand in for X: it is only one above the last *ended*
//! transaction, and a running one may have an id above it.
//!
//! The order of one subject's events is that of the changes, as positions are drawn while the subject's row is locked.
//! Rollbacks leave gaps in the positions; nobody minds. A transaction that stays open delays the feed (that of every
//! database of the server, for ids are the server's), and cannot break it; `idle_in_transaction_session_timeout`
//! bounds it, `support.feed.fence.delay` shows it. Subscriptions must read from the primary: a standby may lag behind
//! what is safe here.
//!
//! # Who wakes whom
//!
//! A commit wakes the fence of its own process directly ([`Tx::commit`](crate::db::Tx::commit)); other replicas hear of
//! it by a NOTIFY, at most two hundred a second, on a connection of its own: inside the business transaction, NOTIFY would
//! take a lock at commit that serialises all writers. Should a wake get lost, the fence looks every second anyhow.
//!
//! # What is kept
//!
//! A consumer's first subscription registers it. Events are pruned once they are older than the retention and every
//! registered consumer has acknowledged them ([`prune`]). A consumer that is behind what was pruned is told so
//! (`FEED_POSITION_PRUNED`), never silently moved.
//!
//! Events that the contract calls `kept` are history that whoever comes later must learn whole: they are never pruned. A
//! subscription for such events alone is not registered, holds nothing back, acknowledges nothing, and can begin anywhere
//! at any time.

mod apply;
mod consumer;
mod fence;
mod metrics;
mod positions;
mod received;
mod registry;
mod replicas;
mod retention;
mod server;
mod session;
mod subscription;
mod wake;

use std::time::Duration;

use support_proto::policy::kept_events;
use tokio_util::sync::CancellationToken;

pub use apply::MOST_ATTEMPTS;
pub use consumer::{AfterPruning, ApplyError, Consumer, read_field};
pub use positions::{held_position, wait_until_caught_up};
pub use received::Received;
pub use retention::prune;
pub use server::Feed;
pub use session::consume;
pub(crate) use wake::Wake;

use crate::db::Db;
use crate::error::CommonErrorReason;
use crate::settings::FeedSettings;

/// Keeps the feed of `db` going until `stop`: the fence, and the exchange of wakes with other replicas. Once in a process
/// and database; without it nothing is ever final, and no event is served. Never fails: where the database does not
/// answer it waits.
pub async fn run(db: Db, settings: FeedSettings, stop: CancellationToken) {
    let work = async {
        tokio::join!(
            fence::keep(&db, settings.poll_interval()),
            replicas::tell(&db),
            replicas::listen(&db)
        );
    };
    stop.run_until_cancelled(work).await;
}

/// Whether a subscription wants nothing but what is never pruned.
fn all_kept<T: AsRef<str>>(event_types: &[T]) -> bool {
    !event_types.is_empty() && event_types.iter().all(|wanted| kept_events().contains(wanted.as_ref()))
}

/// The answer to a subscription that has to end: come back with the position you reached.
fn shutting_down() -> tonic::Status {
    support_proto::codec::common_error(
        tonic::Code::Unavailable,
        CommonErrorReason::ShuttingDown,
        "subscription ends, resume at the position reached",
        tonic_types::ErrorDetails::with_retry_info(Some(Duration::ZERO)),
    )
}
