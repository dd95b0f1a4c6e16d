//! What the service does unasked: it listens to what other services tell of its cases.
//!
//! Both sources name a case only after they have heard of it from this service's own feed. So an event about an unknown
//! case can never become right by waiting: a database was put back to an older state, or a fault is somewhere. It is set
//! aside for a person (`feed_parked`), and the rest goes on.

mod repair;
mod routing;

use support_chassis::feed::{ApplyError, Received};
use support_chassis::id::Id;

use crate::domain::timeline::{Detail, Kind, Note, Source};

pub use repair::RepairEvents;
pub use routing::RoutingEvents;

/// Whether the case was found.
fn found(is_known: bool) -> Result<(), ApplyError> {
    if is_known {
        Ok(())
    } else {
        Err(ApplyError::Park("no such case".to_owned()))
    }
}

/// A line of the history about `subject`.
fn note(event: &Received, source: Source, kind: Kind, subject: Id) -> Note {
    Note {
        kind,
        source,
        subject,
        detail: None,
        actor: None,
        occur_time: event.occurred_at,
    }
}

/// The name of an enum value as the history quotes it; none for UNSPECIFIED, which says nothing (a newer service may
/// also tell values that this one does not know).
fn detail(name: &'static str) -> Option<Detail> {
    if name.ends_with("_UNSPECIFIED") {
        None
    } else {
        Detail::parse(name).ok()
    }
}
