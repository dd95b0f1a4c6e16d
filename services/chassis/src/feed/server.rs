//! The feed's gRPC door.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use support_proto::codec::common_error;
use support_proto::support::feed::v1::feed_service_server::{FeedService, FeedServiceServer};
use support_proto::support::feed::v1::{AcknowledgeRequest, AcknowledgeResponse, SubscribeRequest, SubscribeResponse};
use tonic::{Code, Request, Response, Status};
use tonic_types::ErrorDetails;

use super::all_kept;
use super::registry::{self, Registration};
use super::subscription::Subscription;
use crate::call::{Call, refuse_region};
use crate::db::{Db, DbError};
use crate::error::{CommonErrorReason, InvalidFields, Violation, into_status};
use crate::settings::FeedSettings;

/// Serves a database's feed. [`run`](super::run) must be at work on the same [`Db`].
#[derive(Debug, Clone)]
pub struct Feed {
    db: Db,
    heartbeat: Duration,
}

impl Feed {
    /// The gRPC service over `db`.
    #[must_use]
    pub fn server(db: Db, settings: &FeedSettings) -> FeedServiceServer<Self> {
        FeedServiceServer::new(Self {
            db,
            heartbeat: settings.heartbeat(),
        })
    }
}

#[tonic::async_trait]
impl FeedService for Feed {
    type SubscribeStream = BoxStream<'static, Result<SubscribeResponse, Status>>;

    async fn subscribe(&self, request: Request<SubscribeRequest>) -> Result<Response<Self::SubscribeStream>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        own_name(&call, &request.consumer)?;
        if call.is_of_other_region() && !all_kept(&request.event_types) {
            // What happens here is about customers of this region, and stays here.
            return Err(refuse_region());
        }
        match self.register(&request).await.map_err(into_status)? {
            Registration::Done => {}
            Registration::Pruned { earliest } => return Err(pruned(earliest)),
            Registration::BeyondEnd => return Err(beyond_end("after_position")),
        }
        let subscription = Subscription::new(self.db.clone(), &call, request, self.heartbeat);
        Ok(Response::new(subscription.into_stream().boxed()))
    }

    async fn acknowledge(&self, request: Request<AcknowledgeRequest>) -> Result<Response<AcknowledgeResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        own_name(&call, &request.consumer)?;
        let mut connection = self.db.read().await.map_err(into_status)?;
        let is_known = registry::acknowledge(
            &mut connection,
            &request.consumer,
            request.position,
            self.db.clock().now(),
        )
        .await
        .map_err(into_status)?;
        if is_known {
            Ok(Response::new(AcknowledgeResponse {}))
        } else {
            Err(beyond_end("position"))
        }
    }
}

impl Feed {
    /// Registers the consumer, except where all it wants is kept anyhow: then nothing has to be held back for it.
    async fn register(&self, request: &SubscribeRequest) -> Result<Registration, DbError> {
        let (consumer, position) = (&request.consumer, request.after_position);
        if !all_kept(&request.event_types) {
            return registry::register(&self.db, consumer, position, self.db.clock().now()).await;
        }
        Ok(if registry::is_within(&self.db, position).await? {
            Registration::Done
        } else {
            Registration::BeyondEnd
        })
    }
}

/// A consumer speaks for itself: one that could acknowledge for others could have their events pruned.
fn own_name(call: &Call, consumer: &str) -> Result<(), Status> {
    if call.caller().subject == consumer {
        return Ok(());
    }
    Err(into_status(InvalidFields::from(Violation::new(
        "consumer",
        "must be the name of the calling service",
    ))))
}

/// The answer to a consumer that is behind what was pruned.
pub(super) fn pruned(earliest: i64) -> Status {
    let details = ErrorDetails::with_error_info("", "", [("earliest_position".to_owned(), earliest.to_string())]);
    common_error(
        Code::OutOfRange,
        CommonErrorReason::FeedPositionPruned,
        "feed no longer holds the position",
        details,
    )
}

/// The answer to a position that the feed never got to. To go on from there would be to miss, without a word, all that
/// will happen until the feed gets there.
fn beyond_end(field: &str) -> Status {
    into_status(InvalidFields::from(Violation::new(
        field,
        "is beyond the end of the feed",
    )))
}
