//! What is in memory: who is to be woken, and the streams of offers. All of it can be lost: state is in the database,
//! and a slow poll finds whatever a lost wake would have.

mod alarm;
mod streams;

use std::sync::Arc;

use tokio::sync::Notify;

pub use alarm::Alarm;
pub use streams::{Shown, Standing, Streams};

/// Who is to be woken, and the streams of offers. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Live {
    /// Wakes the keeper of the engine: something was committed that may let a task find its agent.
    pub keeper: Alarm,
    /// Wakes the timer that ends offers.
    pub expiry: Alarm,
    /// Wakes the reader of standing offers.
    pub reader: Arc<Notify>,
    /// The streams of offers.
    pub streams: Streams,
}

impl Live {
    /// Something was committed that may let a task find its agent, or end an offer.
    pub fn changed(&self) {
        self.keeper.ring();
        self.reader.notify_one();
    }

    /// Offers were made.
    pub fn offered(&self) {
        self.expiry.ring();
        self.reader.notify_one();
    }
}
