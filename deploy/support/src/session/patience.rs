//! Sending the same request again while the system is away.

use std::time::Duration;

use support_chassis::error::{CommonErrorReason, explain};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tonic::{Code, Response, Status};

use super::Session;

/// How long an outage may last before a caller gives up, and how it waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// How long one call may fail in a row before its error is handed on.
    pub limit: Duration,
    /// The longest that one attempt may take. Longer than every deadline of the contract's unary methods (10 s).
    pub attempt: Duration,
    /// The first pause between attempts; it doubles with each.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            limit: Duration::from_mins(3),
            attempt: Duration::from_secs(15),
            first_pause: Duration::from_millis(20),
            longest_pause: Duration::from_millis(500),
        }
    }
}

impl Patience {
    /// No patience at all: the first failure counts.
    #[must_use]
    pub fn none() -> Self {
        Self {
            limit: Duration::ZERO,
            ..Self::default()
        }
    }

    /// The pause after the `attempt`th failure in a row (from 1), with what the server asked for as its least. Without
    /// jitter: the callers of one program are few and have their own rhythm.
    #[must_use]
    pub fn pause(&self, attempt: u32, asked: Option<Duration>) -> Duration {
        let doubled = self
            .first_pause
            .saturating_mul(1_u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX));
        doubled
            .min(self.longest_pause)
            .max(asked.unwrap_or_default().min(Duration::from_secs(5)))
    }
}

/// A failure after which the same request may have another answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The system is away or out of reach.
    Away,
    /// It is there, and asks to be called again: it is busy, a part of it does not answer, another writer won, or one service
    /// has not yet heard what another did.
    NotNow,
}

/// Whether a failure says that the same request may have another answer later. `None` where it is a refusal.
#[must_use]
pub fn again(status: &Status) -> Option<Failure> {
    let explained = explain(status);
    match status.code() {
        // No server of ours says so little: it was a connection that broke, or was never made.
        Code::Unavailable | Code::Unknown | Code::Cancelled | Code::Internal if explained.reason.is_empty() => {
            Some(Failure::Away)
        }
        Code::Unavailable if explained.common() == Some(CommonErrorReason::ShuttingDown) => Some(Failure::Away),
        Code::Unavailable | Code::DeadlineExceeded => Some(Failure::NotNow),
        _ => explained.retry_after.map(|_| Failure::NotNow),
    }
}

/// Whether the system answers.
#[derive(Debug)]
pub struct Presence {
    away: watch::Sender<bool>,
    outages: watch::Sender<u64>,
    resent: watch::Sender<u64>,
}

impl Default for Presence {
    fn default() -> Self {
        Self {
            away: watch::Sender::new(false),
            outages: watch::Sender::new(0),
            resent: watch::Sender::new(0),
        }
    }
}

impl Presence {
    /// Tells when the system goes away (true) and comes back (false).
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<bool> {
        self.away.subscribe()
    }

    /// How often the system went away.
    #[must_use]
    pub fn outages(&self) -> u64 {
        *self.outages.borrow()
    }

    /// How many requests were sent again.
    #[must_use]
    pub fn resent(&self) -> u64 {
        *self.resent.borrow()
    }

    /// A call found the system away.
    pub fn lost(&self) {
        if self.away.send_if_modified(|away| !std::mem::replace(away, true)) {
            self.outages.send_modify(|outages| *outages += 1);
        }
    }

    /// A call was answered.
    pub fn found(&self) {
        self.away.send_if_modified(|away| std::mem::replace(away, false));
    }
}

impl Session {
    /// Sends a call until it is answered: again, with the same request, while the system is away, busy or asks for it, as
    /// long as the session's patience lasts. Only for reads and calls with a `request_id`. Within this crate `call!` reads
    /// better.
    ///
    /// # Errors
    ///
    /// The answer where it is a refusal; the last failure where patience has run out.
    // Not an `AsyncFn`: the compiler cannot tell yet that the future of one can be sent to another thread.
    pub async fn retrying<T, F>(&self, call: impl Fn() -> F) -> Result<T, Status>
    where
        F: Future<Output = Result<Response<T>, Status>>,
    {
        let patience = self.patience;
        let begun = Instant::now();
        let mut failures = 0;
        loop {
            let answer = timeout(patience.attempt, call())
                .await
                .unwrap_or_else(|_| Err(Status::unavailable("no answer within the patience of one attempt")));
            let status = match answer {
                Ok(answer) => {
                    self.presence.found();
                    return Ok(answer.into_inner());
                }
                Err(status) => status,
            };
            match again(&status) {
                Some(Failure::Away) => self.presence.lost(),
                Some(Failure::NotNow) => self.presence.found(),
                None => {
                    self.presence.found();
                    return Err(status);
                }
            }
            failures += 1;
            let pause = patience.pause(failures, explain(&status).retry_after);
            if begun.elapsed() + pause > patience.limit {
                return Err(status);
            }
            self.presence.resent.send_modify(|resent| *resent += 1);
            sleep(pause).await;
        }
    }
}

/// `call!(caller.cases().get_case(request))`: the answer, by [`Session::retrying`].
macro_rules! call {
    ($caller:ident.$service:ident().$method:ident($request:expr)) => {{
        let request = $request;
        $caller
            .session()
            .retrying(|| {
                let (mut client, request) = ($caller.$service(), request.clone());
                async move { client.$method(request).await }
            })
            .await
    }};
}
pub(crate) use call;

#[cfg(test)]
mod tests {
    use std::future::ready;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use support_chassis::error::Answer;

    use super::*;

    fn session(limit: Duration) -> Session {
        // Nobody listens there, and nobody is asked: the calls are closures.
        let patience = Patience {
            limit,
            first_pause: Duration::from_millis(1),
            ..Patience::default()
        };
        Session::connect("http://127.0.0.1:1").unwrap().with_patience(patience)
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_heed_the_server() {
        let patience = Patience::default();
        let pauses: Vec<_> = [1, 2, 3, 6, 40]
            .map(|attempt| patience.pause(attempt, None).as_millis())
            .into();
        assert_eq!(pauses, [20, 40, 80, 500, 500]);
        assert_eq!(patience.pause(1, Some(Duration::from_secs(1))), Duration::from_secs(1));
        assert_eq!(patience.pause(1, Some(Duration::from_hours(1))), Duration::from_secs(5));
    }

    #[test]
    fn outages_are_told_from_refusals() {
        assert_eq!(again(&Status::unavailable("")), Some(Failure::Away));
        assert_eq!(again(&Status::unknown("transport error")), Some(Failure::Away));
        assert_eq!(again(&Answer::internal().to_status()), None);
        let stopping = Answer::common(Code::Unavailable, CommonErrorReason::ShuttingDown, "stopping");
        assert_eq!(again(&stopping.to_status()), Some(Failure::Away));
        assert_eq!(
            again(&Answer::dependency_unavailable("case").to_status()),
            Some(Failure::NotNow)
        );
        assert_eq!(again(&Answer::conflict().to_status()), Some(Failure::NotNow));
        assert_eq!(again(&Answer::deadline_exceeded().to_status()), Some(Failure::NotNow));
        assert_eq!(again(&Status::aborted("")), None);
        let fields = Answer::common(Code::InvalidArgument, CommonErrorReason::InvalidFields, "no");
        assert_eq!(again(&fields.to_status()), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_is_sent_until_the_system_is_back() {
        let session = session(Duration::from_mins(1));
        let (sent, mut away) = (AtomicUsize::new(0), session.presence().watch());
        let answer = session
            .retrying(|| {
                ready(match sent.fetch_add(1, Ordering::Relaxed) {
                    0..3 => Err(Status::unavailable("")),
                    3 => Err(Answer::conflict().to_status()),
                    _ => Ok(Response::new(7)),
                })
            })
            .await;
        assert_eq!((answer.unwrap(), sent.load(Ordering::Relaxed)), (7, 5));
        assert_eq!((session.presence().outages(), session.presence().resent()), (1, 4));
        assert!(!*away.borrow_and_update());
    }

    #[tokio::test(start_paused = true)]
    async fn patience_ends_and_refusals_end_it_at_once() {
        let session = session(Duration::from_secs(2));
        let begun = Instant::now();
        let gone = session
            .retrying(|| ready(Err::<Response<()>, _>(Status::unavailable("away"))))
            .await;
        assert_eq!(gone.unwrap_err().code(), Code::Unavailable);
        assert!(begun.elapsed() <= Duration::from_secs(2) && *session.presence().watch().borrow());

        let sent = AtomicUsize::new(0);
        let refused = session
            .retrying(|| {
                sent.fetch_add(1, Ordering::Relaxed);
                ready(Err::<Response<()>, _>(Status::not_found("no")))
            })
            .await;
        assert_eq!(
            (refused.unwrap_err().code(), sent.load(Ordering::Relaxed)),
            (Code::NotFound, 1)
        );
        assert!(!*session.presence().watch().borrow());
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_without_answer_is_an_outage() {
        let session = session(Duration::from_secs(20));
        let silent = session
            .retrying(std::future::pending::<Result<Response<()>, Status>>)
            .await;
        assert_eq!(silent.unwrap_err().code(), Code::Unavailable);
    }

    #[tokio::test]
    async fn retrying_can_be_spawned() {
        fn sendable(_: impl Send) {}
        let caller = session(Duration::ZERO).anonymous();
        sendable(async move {
            call!(
                caller
                    .cases()
                    .get_case(support_proto::support::case::v1::GetCaseRequest::default())
            )
        });
    }
}
