//! Waiting for what comes by events: soon, but not at once.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

/// How long anything may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(40);

/// What `future` gives, in time.
///
/// # Panics
///
/// Where it takes too long.
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    let Ok(value) = timeout(PATIENCE, future).await else {
        panic!("not in time: {what}");
    };
    value
}

/// Asks until there is something.
///
/// # Panics
///
/// Where there is nothing in time.
pub async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(Instant::now() < end, "not in time: {what}");
        sleep(Duration::from_millis(20)).await;
    }
}
