//! What a consumer of events is.

use std::fmt::Display;
use std::str::FromStr;

use futures_util::future::BoxFuture;

use super::Received;
use crate::db::{DbError, Tx};
use crate::lifecycle::BoxError;

/// Applies the events of another service.
pub trait Consumer: Send + Sync + 'static {
    /// The event types wanted, as full message names; empty for all. What is not wanted is passed over for good: a
    /// type added later comes from then on.
    fn event_types(&self) -> Vec<&'static str>;

    /// Applies one event in `tx`, which also stores the position: so its effect takes place exactly once. Everything
    /// it does must be in `tx`; a mail sent from here could be sent twice (write it to a table and let work send it).
    ///
    /// Several events share a transaction. An error rolls all of it back.
    fn apply<'t>(&'t self, tx: &'t mut Tx, event: &'t Received) -> BoxFuture<'t, Result<(), ApplyError>>;

    /// What to do where the source has pruned events that this consumer, which holds everything up to `held`, has not
    /// seen. By default a consumer that never held anything begins with what there is, and any other halts: events are
    /// lost to it, and a person has to decide.
    fn after_pruning(&self, held: i64) -> AfterPruning {
        if held == 0 {
            AfterPruning::FromEarliest
        } else {
            AfterPruning::Halt
        }
    }

    /// Whether an event may be applied again to no effect. Then a source that never got to the position held here, because
    /// it was restored from a backup, is read from its beginning; otherwise a person has to decide.
    fn is_repeatable(&self) -> bool {
        false
    }

    /// The source has spoken: everything it had to say up to now is applied. Called often, even where nothing happens, at
    /// least once in the source's heartbeat.
    fn heard(&self) {}
}

/// What to do where events are lost to pruning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterPruning {
    /// Go on with the earliest event there is.
    FromEarliest,
    /// Say so at ERROR, and try again until a person has put it right.
    Halt,
}

/// Why an event was not applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// Something it needs is not there now. Tried again until it is, and the rest of the feed waits.
    #[error("cannot be applied now")]
    Retry(#[source] BoxError),
    /// A fault of ours, it seems. Tried again, and set aside after [`MOST_ATTEMPTS`](super::MOST_ATTEMPTS) attempts.
    #[error("cannot be applied")]
    Fault(#[source] BoxError),
    /// It can never be applied: it is set aside in `feed_parked` at once, for this reason (no person's data), and the
    /// rest of the feed goes on.
    #[error("can never be applied: {0}")]
    Park(String),
}

/// Reads the field `name` of an event. What is malformed stays so: the event is set aside. The error's text is kept with it,
/// so `T` must not be a type whose errors quote what people wrote.
///
/// # Errors
///
/// [`ApplyError::Park`] where the value cannot be read.
pub fn read_field<T: FromStr<Err: Display>>(name: &str, value: &str) -> Result<T, ApplyError> {
    value
        .parse()
        .map_err(|error| ApplyError::Park(format!("{name} {error}")))
}

/// What may pass is retried; a constraint or a value that cannot be read is a fault.
impl From<DbError> for ApplyError {
    fn from(error: DbError) -> Self {
        if error.is_transient() {
            Self::Retry(error.into())
        } else {
            Self::Fault(error.into())
        }
    }
}

impl From<sqlx::Error> for ApplyError {
    fn from(error: sqlx::Error) -> Self {
        DbError::from(error).into()
    }
}
