//! Keeps a consumer subscribed to its source.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::time::Duration;

use bytes::Bytes;
use http_body::Body as HttpBody;
use rand::RngExt as _;
use support_proto::support::feed::v1::feed_service_client::FeedServiceClient;
use support_proto::support::feed::v1::{AcknowledgeRequest, SubscribeRequest, SubscribeResponse};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tonic::client::GrpcService;
use tonic::{Code, Status, Streaming};

use super::apply::{Applier, Batch, NotApplied};
use super::received::MalformedEvent;
use super::{AfterPruning, Consumer, Received, all_kept, positions};
use crate::db::{Db, DbError};
use crate::error::{CommonErrorReason, explain};

/// The pause after a subscription ended; doubled with each that brought nothing.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// At most one acknowledgement in this time: it only serves pruning.
const BETWEEN_ACKNOWLEDGEMENTS: Duration = Duration::from_secs(1);
/// A source that is silent for so long is gone, whatever the connection says: it speaks every fifteen seconds.
const LONGEST_SILENCE: Duration = Duration::from_mins(1);
/// So many endings in a row without a message are worth a line in the log.
const WORTH_A_WARNING: u32 = 5;

/// Why a session ended.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error("source ended the subscription: {0}")]
    Status(#[from] Box<Status>),
    #[error("source went silent")]
    Silent,
    #[error("source closed the subscription")]
    Closed,
    #[error(transparent)]
    Database(#[from] DbError),
    #[error("source sent what is no event: {0}")]
    Malformed(#[from] MalformedEvent),
    #[error("position was put back")]
    PutBack,
    #[error("consumer was asked to stop")]
    Stopped,
}

impl From<Status> for Ended {
    fn from(status: Status) -> Self {
        Self::Status(Box::new(status))
    }
}

/// A consumer at work.
struct Subscriber<'c, C, T> {
    db: &'c Db,
    /// The consuming service: the name under which it is registered at the source.
    name: &'c str,
    source: &'c str,
    consumer: &'c C,
    client: FeedServiceClient<T>,
    stop: &'c CancellationToken,
}

/// Applies the events of `source` to `db`, as the service called `name`, until `stop`. Whatever goes wrong in between, it
/// subscribes again and goes on at the stored position. A batch that is being applied when `stop` comes is finished;
/// dropped instead, it is rolled back, and applied next time.
///
/// Any number of replicas of a consumer may run: each event takes effect once, in order.
pub async fn consume<C, T>(
    db: Db,
    name: &str,
    source: &str,
    client: FeedServiceClient<T>,
    consumer: C,
    stop: CancellationToken,
) where
    C: Consumer,
    T: GrpcService<tonic::body::Body> + Clone + Send + Sync,
    T::Error: Into<Box<dyn StdError + Send + Sync>>,
    T::Future: Send,
    T::ResponseBody: HttpBody<Data = Bytes> + Send + 'static,
    <T::ResponseBody as HttpBody>::Error: Into<Box<dyn StdError + Send + Sync>> + Send,
{
    let mut subscriber = Subscriber {
        db: &db,
        name,
        source,
        consumer: &consumer,
        client,
        stop: &stop,
    };
    let mut pause = FIRST_PAUSE;
    let mut fruitless = 0_u32;
    while !stop.is_cancelled() {
        let mut messages = 0_u64;
        let ended = match subscriber.session(&mut messages).await {
            Err(Ended::Stopped) => return,
            Err(ended) => ended,
            Ok(never) => match never {},
        };
        if messages > 0 {
            (pause, fruitless) = (FIRST_PAUSE, 0);
        } else {
            fruitless = fruitless.saturating_add(1);
        }
        if fruitless == WORTH_A_WARNING {
            tracing::warn!(source, %ended, "events do not arrive, still trying");
        } else {
            tracing::debug!(source, %ended, "subscribing again");
        }
        subscriber.after_pruning(&ended).await;
        subscriber.after_restoration(&ended).await;
        let jittered = pause.mul_f64(rand::rng().random_range(0.5..1.0));
        pause = (pause * 2).min(LONGEST_PAUSE);
        stop.run_until_cancelled(tokio::time::sleep(jittered)).await;
    }
}

impl<C, T> Subscriber<'_, C, T>
where
    C: Consumer,
    T: GrpcService<tonic::body::Body> + Clone + Send + Sync,
    T::Error: Into<Box<dyn StdError + Send + Sync>>,
    T::Future: Send,
    T::ResponseBody: HttpBody<Data = Bytes> + Send + 'static,
    <T::ResponseBody as HttpBody>::Error: Into<Box<dyn StdError + Send + Sync>> + Send,
{
    /// One subscription, from the stored position to whatever ends it.
    async fn session(&mut self, messages: &mut u64) -> Result<Infallible, Ended> {
        positions::ensure(self.db, self.source, self.db.clock().now()).await?;
        let held = positions::held_position(self.db, self.source).await?;
        let event_types = self.consumer.event_types();
        let request = SubscribeRequest {
            consumer: self.name.to_owned(),
            after_position: held,
            event_types: event_types.iter().map(ToString::to_string).collect(),
        };
        let stream = tokio::select! {
            () = self.stop.cancelled() => return Err(Ended::Stopped),
            subscribed = self.client.subscribe(request) => subscribed?.into_inner(),
        };
        let (reached, news) = watch::channel(held);
        let acknowledging = async {
            if all_kept(&event_types) {
                // Nothing is held back for it.
                std::future::pending().await
            } else {
                acknowledge(self.client.clone(), self.name, news).await
            }
        };
        tokio::select! {
            ended = self.follow(stream, held, &reached, messages) => ended,
            never = acknowledging => match never {},
        }
    }

    async fn follow(
        &self,
        mut stream: Streaming<SubscribeResponse>,
        mut held: i64,
        reached: &watch::Sender<i64>,
        messages: &mut u64,
    ) -> Result<Infallible, Ended> {
        let applier = Applier {
            db: self.db,
            source: self.source,
            consumer: self.consumer,
            stop: self.stop,
        };
        loop {
            let message = tokio::select! {
                () = self.stop.cancelled() => return Err(Ended::Stopped),
                message = tokio::time::timeout(LONGEST_SILENCE, stream.message()) => {
                    message.map_err(|_| Ended::Silent)??.ok_or(Ended::Closed)?
                }
            };
            *messages += 1;
            if message.events.is_empty() && message.up_to_position <= held {
                self.consumer.heard();
                continue;
            }
            let batch = self.batch(held, message)?;
            // Not raced against `stop`: what has begun is finished.
            applier.apply(&batch).await.map_err(|why| match why {
                NotApplied::Stopped => Ended::Stopped,
                NotApplied::PutBack => Ended::PutBack,
            })?;
            held = batch.up_to;
            reached.send_replace(held);
            self.consumer.heard();
        }
    }

    fn batch(&self, after: i64, message: SubscribeResponse) -> Result<Batch, MalformedEvent> {
        let events: Vec<Received> = message
            .events
            .into_iter()
            .map(|event| Received::new(self.source, event))
            .collect::<Result<_, _>>()?;
        let last = events.last().map_or(after, |event| event.position);
        Ok(Batch {
            after,
            events,
            up_to: message.up_to_position.max(last),
        })
    }

    /// Where the source has pruned what this consumer has not seen, does what the consumer says.
    async fn after_pruning(&self, ended: &Ended) {
        let Ended::Status(status) = ended else { return };
        let explained = explain(status);
        if status.code() != Code::OutOfRange || explained.common() != Some(CommonErrorReason::FeedPositionPruned) {
            return;
        }
        let earliest = explained
            .metadata
            .get("earliest_position")
            .and_then(|earliest| earliest.parse::<i64>().ok());
        let held = positions::held_position(self.db, self.source).await;
        let (Some(earliest), Ok(held)) = (earliest, held) else {
            return;
        };
        match self.consumer.after_pruning(held) {
            AfterPruning::Halt => tracing::error!(
                source = self.source,
                held,
                earliest,
                "the source has pruned events that were not applied here"
            ),
            AfterPruning::FromEarliest => {
                tracing::warn!(
                    source = self.source,
                    held,
                    earliest,
                    "going on without the events that were pruned"
                );
                let now = self.db.clock().now();
                if let Err(error) = positions::skip_to(self.db, self.source, earliest - 1, now).await {
                    tracing::warn!(source = self.source, %error, "position was not moved");
                }
            }
        }
    }
}

impl<C: Consumer, T> Subscriber<'_, C, T> {
    /// Where the source never got to the position (it was restored from a backup), begins again if the consumer can.
    async fn after_restoration(&self, ended: &Ended) {
        let Ended::Status(status) = ended else { return };
        let is_beyond_end = status.code() == Code::InvalidArgument
            && explain(status)
                .violations
                .iter()
                .any(|violation| violation.field == "after_position");
        if !is_beyond_end || !self.consumer.is_repeatable() {
            return;
        }
        tracing::warn!(
            source = self.source,
            "the source has gone back, reading it from its beginning"
        );
        if let Err(error) = positions::begin_again(self.db, self.source, self.db.clock().now()).await {
            tracing::warn!(source = self.source, %error, "position was not moved");
        }
    }
}

/// Tells the source how far this consumer is, so that it may prune. What fails is made good by the next.
async fn acknowledge<T>(mut client: FeedServiceClient<T>, name: &str, mut reached: watch::Receiver<i64>) -> Infallible
where
    T: GrpcService<tonic::body::Body>,
    T::Error: Into<Box<dyn StdError + Send + Sync>>,
    T::ResponseBody: HttpBody<Data = Bytes> + Send + 'static,
    <T::ResponseBody as HttpBody>::Error: Into<Box<dyn StdError + Send + Sync>> + Send,
{
    loop {
        if reached.changed().await.is_err() {
            // The session is over, and with it this future.
            std::future::pending::<()>().await;
        }
        let position = *reached.borrow_and_update();
        let request = AcknowledgeRequest {
            consumer: name.to_owned(),
            position,
        };
        if let Err(status) = client.acknowledge(request).await {
            tracing::debug!(code = ?status.code(), "position was not acknowledged");
        }
        tokio::time::sleep(BETWEEN_ACKNOWLEDGEMENTS).await;
    }
}
