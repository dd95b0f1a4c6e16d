//! One subscription: what is final, from a position on, as it comes.

use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream;
use prost::Message as _;
use support_proto::support::feed::v1::{Event, SubscribeRequest, SubscribeResponse};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use super::all_kept;
use super::server::pruned;
use super::shutting_down;
use crate::call::Call;
use crate::clock::timestamp;
use crate::db::{Db, DbError};
use crate::error::into_status;
use crate::id::Id;

/// The most events in one message.
const BATCH_EVENTS: i64 = 500;
/// The most bytes in one message, unless a single event is larger.
const BATCH_BYTES: usize = 1 << 20;
/// How many positions one query goes through: where few events are wanted, the search must not become one long statement.
const WINDOW: i64 = 50_000;
/// How long unwanted events are gathered before the consumer is told that the position moved.
const GATHER: Duration = Duration::from_millis(200);
/// How long a subscription without a deadline lasts: no stream is for ever.
const LONGEST: Duration = Duration::from_hours(1);

/// Where a subscription is. Each message is made when the one before has been taken, so a slow consumer holds no more
/// than one batch here.
#[derive(Debug)]
pub(super) struct Subscription {
    db: Db,
    event_types: Option<Vec<String>>,
    /// Pruning takes nothing of what it wants.
    wants_kept_alone: bool,
    /// Everything up to here has been sent, or is not wanted.
    cursor: i64,
    /// The consumer has been told so up to here.
    told: i64,
    told_at: Instant,
    heartbeat: Duration,
    safe: watch::Receiver<i64>,
    ends_at: Instant,
    draining: CancellationToken,
}

/// A part of the feed: the events wanted between two positions.
struct Batch {
    events: Vec<Event>,
    up_to: i64,
}

impl Subscription {
    pub(super) fn new(db: Db, call: &Call, request: SubscribeRequest, heartbeat: Duration) -> Self {
        let now = Instant::now();
        Self {
            safe: db.wake().watch(),
            db,
            wants_kept_alone: all_kept(&request.event_types),
            event_types: Some(request.event_types).filter(|types| !types.is_empty()),
            cursor: request.after_position,
            told: request.after_position,
            told_at: now,
            heartbeat,
            ends_at: call.deadline().unwrap_or(now + LONGEST),
            draining: call.draining().clone(),
        }
    }

    /// The messages, ended by an error that says why.
    pub(super) fn into_stream(self) -> impl Stream<Item = Result<SubscribeResponse, Status>> + Send {
        stream::unfold(Some(self), |subscription| async {
            let mut subscription = subscription?;
            match subscription.next().await {
                Ok(message) => Some((Ok(message), Some(subscription))),
                Err(status) => Some((Err(status), None)),
            }
        })
    }

    async fn next(&mut self) -> Result<SubscribeResponse, Status> {
        loop {
            if self.draining.is_cancelled() || Instant::now() >= self.ends_at {
                return Err(shutting_down());
            }
            let safe = *self.safe.borrow_and_update();
            if safe > self.cursor {
                let batch = self.read(safe).await?;
                self.cursor = batch.up_to;
                if !batch.events.is_empty() {
                    return Ok(self.tell(batch.events));
                }
            }
            let silence = if self.cursor > self.told {
                GATHER.min(self.heartbeat)
            } else {
                self.heartbeat
            };
            let speaks_at = self.told_at + silence;
            if Instant::now() >= speaks_at {
                return Ok(self.tell(Vec::new()));
            }
            if self.cursor < safe {
                continue;
            }
            tokio::select! {
                // The sender lives in `db`, so this ends only with news.
                _ = self.safe.changed() => {}
                () = self.draining.cancelled() => {}
                () = tokio::time::sleep_until(speaks_at.min(self.ends_at)) => {}
            }
        }
    }

    fn tell(&mut self, events: Vec<Event>) -> SubscribeResponse {
        self.told = self.cursor;
        self.told_at = Instant::now();
        SubscribeResponse {
            events,
            up_to_position: self.cursor,
        }
    }

    async fn read(&self, safe: i64) -> Result<Batch, Status> {
        match read(
            &self.db,
            self.cursor,
            safe,
            self.event_types.as_deref(),
            self.wants_kept_alone,
        )
        .await
        .map_err(into_status)?
        {
            Part::Batch(batch) => Ok(batch),
            Part::Pruned { earliest } => Err(pruned(earliest)),
        }
    }
}

/// What a query for a part of the feed finds.
enum Part {
    Batch(Batch),
    /// Some of it is gone.
    Pruned {
        earliest: i64,
    },
}

/// The events wanted after `cursor`, up to `safe` at most. What was pruned is read in the same snapshot as the events:
/// a consumer whose registration was deleted under it must not read past a hole.
///
/// The window begins at the first event there is: where all but a few were pruned, the holes cost nothing.
async fn read(
    db: &Db,
    cursor: i64,
    safe: i64,
    event_types: Option<&[String]>,
    wants_kept_alone: bool,
) -> Result<Part, DbError> {
    let rows = sqlx::query!(
        r#"select state.pruned_up_to, reach.top as "top!", event.position as "position?", event.event_id as "event_id?: Id",
                  event.event_type as "event_type?", event.subject_id as "subject_id?: Id",
                  event.occurred_at as "occurred_at?", event.trace_parent as "trace_parent?", event.payload as "payload?"
           from feed_state as state
           cross join lateral (
               select least($2::bigint, min(position) + $5::bigint) as top from outbox where position > $1 and position <= $2
           ) as reach
           left join lateral (
               select * from outbox
               where position > $1 and position <= reach.top and ($3::text[] is null or event_type = any($3))
               order by position limit $4
           ) as event on true
           order by event.position"#,
        cursor,
        safe,
        event_types,
        BATCH_EVENTS,
        WINDOW,
    )
    .fetch_all(db.pool())
    .await?;
    let top = rows.first().map_or(cursor, |row| row.top);
    let found = rows.len();
    let mut batch = Batch {
        events: Vec::with_capacity(found),
        up_to: cursor,
    };
    let mut bytes = 0;
    for row in rows {
        if row.pruned_up_to > cursor && !wants_kept_alone {
            return Ok(Part::Pruned {
                earliest: row.pruned_up_to + 1,
            });
        }
        let (Some(position), Some(event_id), Some(event_type), Some(subject_id), Some(occurred_at), Some(payload)) = (
            row.position,
            row.event_id,
            row.event_type,
            row.subject_id,
            row.occurred_at,
            row.payload,
        ) else {
            // The one row of a search that found nothing.
            break;
        };
        let event = Event {
            position,
            event_id: event_id.to_string(),
            event_type,
            subject_id: subject_id.to_string(),
            occurred_at: Some(timestamp(occurred_at)),
            trace_parent: row.trace_parent.unwrap_or_default(),
            payload: Bytes::from(payload),
        };
        bytes += event.encoded_len();
        if bytes > BATCH_BYTES && !batch.events.is_empty() {
            return Ok(Part::Batch(batch));
        }
        batch.up_to = position;
        batch.events.push(event);
    }
    if found < usize::try_from(BATCH_EVENTS).unwrap_or(usize::MAX) {
        // All there is in the window, so it is done with.
        batch.up_to = top;
    }
    Ok(Part::Batch(batch))
}
