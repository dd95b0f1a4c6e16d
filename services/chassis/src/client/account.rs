//! Our own name and passport towards peers.

use std::sync::Arc;

use crate::clock::Clock;
use crate::error::{Answer, ServiceError};
use crate::passport::{SignError, Signer};

/// In whose name calls go out.
#[derive(Debug, Clone)]
pub struct Account {
    signer: Arc<Signer>,
    clock: Clock,
}

impl Account {
    /// The name of `signer`.
    #[must_use]
    pub fn new(signer: Arc<Signer>, clock: Clock) -> Self {
        Self { signer, clock }
    }

    /// Our own passport, as it is good now.
    pub(super) fn token(&self) -> Result<Arc<str>, SignError> {
        self.signer.own(self.clock.now())
    }
}

impl ServiceError for SignError {
    fn answer(&self) -> Answer {
        Answer::internal()
    }
}
