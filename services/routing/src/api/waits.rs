//! `WaitService`.

use std::pin::Pin;
use std::time::Duration;

use futures_util::{Stream, stream};
use support_chassis::call::Call;
use support_chassis::clock::{from_timestamp, timestamp};
use support_chassis::db::Db;
use support_chassis::error::Violation;
use support_chassis::id;
use support_proto::support::options::v1::CallerKind;
use support_proto::support::routing::v1 as pb;
use support_proto::support::routing::v1::wait_service_server::WaitService;
use time::OffsetDateTime;
use tokio::time::{Interval, MissedTickBehavior};
use tonic::{Request, Response, Status};

use super::present;
use crate::contract;
use crate::domain::waits::{Confidence, Estimate};
use crate::domain::{CaseId, CustomerId};
use crate::error::Error;
use crate::live::Live;
use crate::ops::callbacks::Window;
use crate::ops::desk::Desk;
use crate::store;
use crate::store::waits::Callback;
use crate::waits::{Unknown, Wait, Waits};

/// Between two looks of a stream.
const LOOK: Duration = Duration::from_secs(2);

/// Tells customers how they stand in line, and has them called back.
#[derive(Clone, Debug)]
pub struct WaitApi {
    /// The database.
    pub db: Db,
    /// How customers stand in line.
    pub waits: Waits,
    /// What the use cases go by.
    pub desk: Desk,
    /// Whom to wake.
    pub live: Live,
}

/// What `WatchWait` answers with.
type WaitStream = Pin<Box<dyn Stream<Item = Result<pb::WatchWaitResponse, Status>> + Send>>;

impl WaitApi {
    /// That the case is there for whoever calls: to customers there are none but their own, and to those who were verified for one
    /// none but that.
    async fn allow(&self, call: &Call, case: CaseId) -> Result<(), Status> {
        if call.caller().kind != CallerKind::Customer {
            return Ok(());
        }
        let customer: CustomerId = call.customer_id().ok_or(Error::TaskNotFound)?;
        let mut connection = self.db.read().await.map_err(Error::from)?;
        let owner = store::waits::customer(&mut connection, case)
            .await
            .map_err(Error::from)?;
        if owner != Some(customer) {
            return Err(Error::TaskNotFound.into());
        }
        call.check_case(case)
    }
}

#[tonic::async_trait]
impl WaitService for WaitApi {
    type WatchWaitStream = WaitStream;

    async fn get_wait(&self, request: Request<pb::GetWaitRequest>) -> Result<Response<pb::GetWaitResponse>, Status> {
        let call = Call::of(&request)?;
        let case = id::parse("case_id", &request.get_ref().case_id)?;
        self.allow(&call, case).await?;
        let wait = self.waits.of_case(case).await?;
        Ok(Response::new(pb::GetWaitResponse {
            wait: Some(present_wait(&wait)),
        }))
    }

    async fn watch_wait(
        &self,
        request: Request<pb::WatchWaitRequest>,
    ) -> Result<Response<Self::WatchWaitStream>, Status> {
        let call = Call::of(&request)?;
        let case = id::parse("case_id", &request.get_ref().case_id)?;
        self.allow(&call, case).await?;
        // What cannot be watched is said at once, not in the stream.
        self.waits.of_case(case).await?;
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let watching = Watching {
            waits: self.waits.clone(),
            case,
            looks,
            told: None,
            is_over: false,
        };
        Ok(Response::new(Box::pin(stream::unfold(
            watching,
            |mut watching| async { watching.next().await.map(|answer| (answer, watching)) },
        ))))
    }

    async fn request_callback(
        &self,
        request: Request<pb::RequestCallbackRequest>,
    ) -> Result<Response<pb::RequestCallbackResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let case = id::parse("case_id", &request.case_id)?;
        self.allow(&call, case).await?;
        let window = Window {
            earliest: moment("earliest_time", request.earliest_time.as_ref())?,
            latest: moment("latest_time", request.latest_time.as_ref())?,
        };
        let answer = self
            .db
            .write(&call, &request, async |tx| {
                let now = tx.now();
                let (task, callback) = self.desk.request_callback(tx, case, window, now).await?;
                Ok::<_, Error>(pb::RequestCallbackResponse {
                    task: Some(present::task(&task)),
                    callback: Some(present_callback(&callback)),
                })
            })
            .await?;
        self.live.offered();
        self.live.changed();
        Ok(Response::new(answer))
    }
}

struct Watching {
    waits: Waits,
    case: CaseId,
    looks: Interval,
    /// What was told last, but for when it was read.
    told: Option<pb::Wait>,
    is_over: bool,
}

impl Watching {
    async fn next(&mut self) -> Option<Result<pb::WatchWaitResponse, Status>> {
        while !self.is_over {
            self.looks.tick().await;
            let wait = match self.waits.of_case(self.case).await {
                Ok(wait) => present_wait(&wait),
                // The last task has ended since.
                Err(Error::TaskNotFound) => return None,
                Err(error) => {
                    self.is_over = true;
                    return Some(Err(error.into()));
                }
            };
            self.is_over = !matches!(wait.state(), pb::TaskState::Queued | pb::TaskState::Offered);
            let timeless = pb::Wait {
                read_time: None,
                ..wait.clone()
            };
            if self.told.as_ref() != Some(&timeless) {
                self.told = Some(timeless);
                return Some(Ok(pb::WatchWaitResponse { wait: Some(wait) }));
            }
        }
        None
    }
}

fn moment(field: &str, given: Option<&prost_types::Timestamp>) -> Result<Option<OffsetDateTime>, Status> {
    let Some(given) = given else {
        return Ok(None);
    };
    let moment = from_timestamp(given).ok_or_else(|| Violation::new(field, "must be a time"))?;
    Ok(Some(moment))
}

fn present_wait(wait: &Wait) -> pb::Wait {
    let unknown = wait.estimate.and_then(Result::err).map(|why| match why {
        Unknown::TooFewTaken => pb::WaitUnknown::TooFewTaken,
        Unknown::Closed => pb::WaitUnknown::Closed,
        Unknown::Later => pb::WaitUnknown::Later,
    });
    pb::Wait {
        task_id: wait.task.id.to_string(),
        state: contract::task_state(wait.task.state).into(),
        place: wait.place.map_or(0, |place| i32::try_from(place).unwrap_or(i32::MAX)),
        estimate: wait
            .estimate
            .and_then(Result::ok)
            .map(|(guess, taken)| present_estimate(guess, taken)),
        unknown: unknown.unwrap_or_default().into(),
        open_time: wait.opens.map(timestamp),
        read_time: Some(timestamp(wait.at)),
        callback: wait.callback.as_ref().map(present_callback),
    }
}

/// In whole seconds: more would claim more than is known.
fn present_estimate(guess: Estimate, taken: u32) -> pb::WaitEstimate {
    let seconds = |duration: time::Duration| prost_types::Duration {
        seconds: duration.whole_seconds(),
        nanos: 0,
    };
    let confidence = match guess.confidence {
        Confidence::Low => pb::WaitConfidence::Low,
        Confidence::Medium => pb::WaitConfidence::Medium,
        Confidence::High => pb::WaitConfidence::High,
    };
    pb::WaitEstimate {
        low: Some(seconds(guess.low)),
        likely: Some(seconds(guess.likely)),
        high: Some(seconds(guess.high)),
        confidence: confidence.into(),
        taken: i32::try_from(taken).unwrap_or(i32::MAX),
    }
}

fn present_callback(callback: &Callback) -> pb::Callback {
    pb::Callback {
        earliest_time: callback.earliest.map(timestamp),
        latest_time: callback.latest.map(timestamp),
        attempts: callback.attempts,
    }
}
