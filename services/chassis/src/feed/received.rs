//! An event as its consumer has it.

use bytes::Bytes;
use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};
use support_proto::codec;
use support_proto::support::feed::v1::Event;
use time::OffsetDateTime;

use super::ApplyError;
use crate::clock::from_timestamp;
use crate::id::Id;

/// An event of another service.
#[derive(Debug, Clone)]
pub struct Received {
    /// The service it comes from.
    pub source: String,
    /// Where it stands in that service's feed.
    pub position: i64,
    /// Its own id, the same in every delivery.
    pub event_id: Id,
    /// The full name of its message.
    pub event_type: String,
    /// What it happened to.
    pub subject: Id,
    /// When it happened, by the clock of its service.
    pub occurred_at: OffsetDateTime,
    /// W3C `traceparent` of the call that caused it; empty for none.
    pub trace_parent: String,
    pub(super) payload: Bytes,
}

/// The envelope of an event is not as the contract says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("event at position {position} has no valid {field}")]
pub(super) struct MalformedEvent {
    position: i64,
    field: &'static str,
}

impl Received {
    pub(super) fn new(source: &str, event: Event) -> Result<Self, MalformedEvent> {
        let malformed = |field| MalformedEvent {
            position: event.position,
            field,
        };
        Ok(Self {
            source: source.to_owned(),
            position: event.position,
            event_id: event.event_id.parse().map_err(|_| malformed("event_id"))?,
            subject: event.subject_id.parse().map_err(|_| malformed("subject_id"))?,
            occurred_at: event
                .occurred_at
                .as_ref()
                .and_then(from_timestamp)
                .ok_or_else(|| malformed("occurred_at"))?,
            event_type: event.event_type,
            trace_parent: event.trace_parent,
            payload: event.payload,
        })
    }

    /// The message, where it is an `E`; none where it is of another type.
    ///
    /// # Errors
    ///
    /// [`ApplyError::Park`] where the bytes are no such message.
    pub fn decode<E: codec::Event>(&self) -> Result<Option<E>, ApplyError> {
        if self.event_type != E::full_name() {
            return Ok(None);
        }
        E::decode(self.payload.clone())
            .map(Some)
            .map_err(|error| ApplyError::Park(format!("payload is no {}: {error}", self.event_type)))
    }

    /// The span that caused it; none where it is not known.
    pub(super) fn cause(&self) -> Option<SpanContext> {
        let mut parts = self.trace_parent.split('-');
        let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let context = SpanContext::new(
            TraceId::from_hex(trace).ok()?,
            SpanId::from_hex(span).ok()?,
            TraceFlags::new(u8::from_str_radix(flags, 16).ok()?),
            true,
            TraceState::default(),
        );
        (version == "00" && context.is_valid()).then_some(context)
    }
}
