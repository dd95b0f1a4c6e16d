//! The outbox: what happened, written in the transaction in which it happened. The [`feed`](crate::feed) serves it.
//!
//! [`Tx::append`](crate::db::Tx::append) is the usual way. Two rules keep the feed right:
//!
//! - Append after the subject's row is locked (or inserted) by this transaction. Positions are then drawn under the
//!   lock, and the events of one subject stand in the feed in the order in which they happened.
//! - A position comes from `outbox_next_position()` alone, never from a sequence or a literal.
//!
//! A hot path that is one statement inserts into `outbox` itself, with the values of an [`Entry`], and calls
//! [`Tx::mark_appended`](crate::db::Tx::mark_appended) (or runs in `Db::write`). PostgreSQL does not say in which order
//! it runs the parts of a `with`; so the insert into the outbox must *read from* the part that locks:
//!
//! ```sql
//! with locked as (update cases set state = $2 where id = $1 returning id)
//! insert into outbox (event_id, event_type, subject_id, occurred_at, trace_parent, payload)
//! select $3, $4, locked.id, $5, $6, $7 from locked
//! ```
//!
//! The default of `position` is then drawn for a row that `locked` has already returned.

use opentelemetry::trace::TraceContextExt as _;
use sqlx::PgConnection;
use support_proto::codec::Event;
use time::OffsetDateTime;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use uuid::Uuid;

use crate::db::DbError;
use crate::id::Id;

/// One event on its way into the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it happened to.
    pub subject: Id,
    /// The full name of the message: `support.case.v1.CaseOpened`.
    pub event_type: String,
    /// The encoded message.
    pub payload: Vec<u8>,
}

impl Entry {
    /// The entry of an event that happened to `subject`.
    pub fn new<E: Event>(subject: impl Into<Id>, event: &E) -> Self {
        Self {
            subject: subject.into(),
            event_type: E::full_name(),
            payload: event.encode_to_vec(),
        }
    }

    /// An id for it: made now, in the region of its subject.
    #[must_use]
    pub fn event_id(&self, now: OffsetDateTime) -> Id {
        Id::from_parts(self.subject.region(), now, rand::random())
    }
}

/// Writes entries in their order, with one statement. They carry the trace of the current span.
pub(crate) async fn append(
    connection: &mut PgConnection,
    entries: &[Entry],
    now: OffsetDateTime,
) -> Result<(), DbError> {
    let event_ids: Vec<Uuid> = entries.iter().map(|entry| entry.event_id(now).uuid()).collect();
    let event_types: Vec<String> = entries.iter().map(|entry| entry.event_type.clone()).collect();
    let subjects: Vec<Uuid> = entries.iter().map(|entry| entry.subject.uuid()).collect();
    let payloads: Vec<Vec<u8>> = entries.iter().map(|entry| entry.payload.clone()).collect();
    // Sorted before positions are drawn: the select list of the outer query is evaluated in the order of the inner one.
    sqlx::query!(
        "insert into outbox (position, event_id, event_type, subject_id, occurred_at, trace_parent, payload)
         select outbox_next_position(), entry.event_id, entry.event_type, entry.subject_id, $5, $6, entry.payload
         from (
             select * from unnest($1::uuid[], $2::text[], $3::uuid[], $4::bytea[])
                 with ordinality as given (event_id, event_type, subject_id, payload, place)
             order by place
         ) as entry",
        &event_ids,
        &event_types,
        &subjects,
        &payloads,
        now,
        trace_parent(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// W3C `traceparent` of the current span (<https://www.w3.org/TR/trace-context/>); empty where there is none.
#[must_use]
pub fn trace_parent() -> String {
    let context = tracing::Span::current().context();
    let span = context.span();
    let span = span.span_context();
    if span.is_valid() {
        format!(
            "00-{}-{}-{:02x}",
            span.trace_id(),
            span.span_id(),
            span.trace_flags().to_u8()
        )
    } else {
        String::new()
    }
}
