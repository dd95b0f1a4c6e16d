//! What routing does unasked: it makes tasks of what happens to cases, finds an agent for each, ends offers whose time
//! is over, sends home who is gone, and reads the offers for the streams.

mod cases;
pub mod expiry;
pub mod follower;
pub mod keeper;
pub mod reader;
pub mod shadow;
pub mod sight;
pub mod training;

pub use cases::CaseEvents;

use support_chassis::lifecycle::BoxError;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::live::Live;

/// Passes on that something was committed: by a call, by the consumer of case events, or by another replica.
///
/// # Errors
///
/// Never.
pub async fn wake(mut commits: watch::Receiver<u64>, live: Live, draining: CancellationToken) -> Result<(), BoxError> {
    loop {
        tokio::select! {
            () = draining.cancelled() => return Ok(()),
            changed = commits.changed() => {
                if changed.is_err() {
                    // The database's handle is gone, and with it everything that could change.
                    draining.cancelled().await;
                    return Ok(());
                }
                live.changed();
            }
        }
    }
}
