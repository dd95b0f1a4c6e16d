//! The stream of a fleet: questions in, batches through the database, answers out.
//!
//! What arrived by the time there is room for a batch is one, up to [`BATCH`] questions: a slow asker is answered question by
//! question, a fast one by the hundred. [`AT_ONCE`] batches are under way at a time, so that the disk's flush of one is spent
//! deciding the next. What is read is bounded by that, and by the answers that nobody has taken yet: a reader who pauses stops
//! the questions, by the flow control of HTTP/2.
//!
//! A batch runs as a task of its own, since a transaction must not stand open while nobody polls the stream. One that began is
//! finished, also when the caller has gone away: it is stored whole, and its questions sent again get its decisions.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::stream::{self, FuturesUnordered, Stream, StreamExt as _};
use sha2::{Digest as _, Sha256};
use sqlx::types::Uuid;
use support_chassis::call::Call;
use support_chassis::db::DbError;
use support_chassis::error::{Violation, into_status};
use support_proto::codec::{Inbound as _, invalid_fields};
use support_proto::support::warranty::v1::{
    DecideCoverageRequest, DecideCoverageStreamRequest, DecideCoverageStreamResponse,
};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};
use tracing::Instrument as _;

use super::super::{Api, coverage, sentences};
use super::{answer, refusal};
use crate::error::Error;
use crate::ops::{self, FleetQuestion, Viewer};
use crate::store::decisions::ItemKey;
use crate::words;

/// The most questions of a batch.
const BATCH: usize = 256;
/// The most batches of one stream that are under way at once.
const AT_ONCE: usize = 4;
/// The most batches that are answered and wait for whoever reads.
const ANSWERED: usize = 1;
/// How often a batch is tried that lost a race, or its connection.
const TRIES: usize = 3;

type Answers = Vec<DecideCoverageStreamResponse>;
type Answered = Result<DecideCoverageStreamResponse, Status>;
/// What is read of the answers.
pub(super) type Given = Pin<Box<dyn Stream<Item = Answered> + Send>>;

/// Whose questions they are.
struct Asker {
    api: Api,
    viewer: Viewer,
    /// Hashed in front of every request id: another caller's are other questions.
    scope: Sha256,
}

/// Answers what comes in. The answers are read from what this gives; once that is dropped, no further batch begins.
pub(super) fn run(api: Api, call: &Call, incoming: Streaming<DecideCoverageStreamRequest>) -> Given {
    let (answers, given) = mpsc::channel(ANSWERED);
    let asker = Asker {
        viewer: Viewer::of(call),
        scope: Sha256::new_with_prefix(call.idempotency_scope()),
        api,
    };
    tokio::spawn(drive(Arc::new(asker), incoming, answers).in_current_span());
    // Batch by batch, so that whoever writes them to the network has as many at once as fit into a frame.
    Box::pin(ReceiverStream::new(given).flat_map(|batch| match batch {
        Ok(batch) => stream::iter(batch).map(Ok).left_stream(),
        Err(status) => stream::iter([Err(status)]).right_stream(),
    }))
}

async fn drive(
    asker: Arc<Asker>,
    incoming: Streaming<DecideCoverageStreamRequest>,
    answers: mpsc::Sender<Result<Answers, Status>>,
) {
    let mut chunks = incoming.enumerate().ready_chunks(BATCH);
    let mut under_way: FuturesUnordered<JoinHandle<Result<Answers, Status>>> = FuturesUnordered::new();
    let mut ended = None;
    while ended.is_none() || !under_way.is_empty() {
        tokio::select! {
            // Nobody reads the answers any more.
            () = answers.closed() => return,
            Some(batch) = under_way.next() => {
                let batch = batch.unwrap_or_else(|_| Err(support_chassis::error::internal_status()));
                // Where it failed, its questions have no answer; those of the batches beside it may have, and are told when asked
                // again.
                let has_failed = batch.is_err();
                if answers.send(batch).await.is_err() || has_failed {
                    return;
                }
            }
            chunk = chunks.next(), if ended.is_none() && under_way.len() < AT_ONCE => match chunk {
                None => ended = Some(Ok(())),
                Some(chunk) => {
                    let (questions, end) = split(chunk);
                    ended = end.map(Err);
                    if !questions.is_empty() {
                        let asker = Arc::clone(&asker);
                        under_way.push(tokio::spawn(answer_batch(asker, questions).in_current_span()));
                    }
                }
            },
        }
    }
    if let Some(Err(status)) = ended {
        let _ = answers.send(Err(status)).await;
    }
}

/// The questions that were read, with their numbers, and the error by which reading ended.
fn split(
    chunk: Vec<(usize, Result<DecideCoverageStreamRequest, Status>)>,
) -> (Vec<(i64, DecideCoverageRequest)>, Option<Status>) {
    let mut questions = Vec::with_capacity(chunk.len());
    for (number, read) in chunk {
        match read {
            Ok(read) => {
                let sequence = i64::try_from(number).unwrap_or(i64::MAX).saturating_add(1);
                questions.push((sequence, read.question.unwrap_or_default()));
            }
            Err(status) => return (questions, Some(status)),
        }
    }
    (questions, None)
}

async fn answer_batch(asker: Arc<Asker>, batch: Vec<(i64, DecideCoverageRequest)>) -> Result<Answers, Status> {
    let mut answers = Vec::with_capacity(batch.len());
    let (mut named, mut questions) = (Vec::with_capacity(batch.len()), Vec::with_capacity(batch.len()));
    for (sequence, request) in batch {
        match asker.parse(&request) {
            Ok(question) => {
                named.push((sequence, request.request_id, request.locale));
                questions.push(question);
            }
            Err(status) => {
                let request_id =
                    Uuid::try_parse(&request.request_id).map_or_else(|_| String::new(), |_| request.request_id);
                answers.push(refusal(sequence, request_id, &status));
            }
        }
    }
    let decided = asker
        .decide(&questions)
        .await
        .map_err(|error| Status::from(Error::Database(error)))?;
    // By the language that is asked for: most ask for none, and all of a batch for the same.
    let mut said: BTreeMap<String, Vec<DecideCoverageStreamResponse>> = BTreeMap::new();
    for ((sequence, request_id, locale), decided) in named.into_iter().zip(decided) {
        match decided {
            Ok(kept) => {
                let decision = answer(sequence, request_id, coverage::said_in(&locale, kept));
                said.entry(locale).or_default().push(decision);
            }
            Err(error) => answers.push(refusal(sequence, request_id, &into_status(error))),
        }
    }
    for (locale, mut said) in said {
        let decisions = said.iter_mut().filter_map(|answer| answer.decision.as_mut());
        words::write(&asker.api.words, &locale, sentences::of(decisions));
        answers.append(&mut said);
    }
    Ok(answers)
}

impl Asker {
    fn parse(&self, request: &DecideCoverageRequest) -> Result<FleetQuestion, Status> {
        request.check().map_err(|error| invalid_fields(&error))?;
        let request_id = Uuid::try_parse(&request.request_id)
            .map_err(|_| Error::from(Violation::new("request_id", "must be a uuid")))?;
        let ask = coverage::parse(request, &self.viewer).map_err(Error::from)?;
        let key = self.scope.clone().chain_update(request_id.as_bytes()).finalize();
        let mut half = [0; 16];
        half.copy_from_slice(&key[..16]);
        Ok(FleetQuestion {
            item: ItemKey {
                key: Uuid::from_bytes(half),
                digest: Sha256::digest(prost::Message::encode_to_vec(request)).into(),
            },
            ask,
        })
    }

    /// Decides a batch, again where it lost a race or its connection: what was stored is found, and nothing is stored twice.
    async fn decide(
        &self,
        questions: &[FleetQuestion],
    ) -> Result<Vec<Result<crate::store::decisions::Kept, Error>>, DbError> {
        if questions.is_empty() {
            return Ok(Vec::new());
        }
        let api = &self.api;
        // As many at once as leave connections for single calls.
        let _room = api.fleets.acquire().await;
        let mut tries = 1;
        loop {
            match ops::decide_batch(&api.db, &api.ids, &api.rules, &self.viewer, questions).await {
                Err(DbError::Conflict(_) | DbError::Unavailable(_)) if tries < TRIES => tries += 1,
                result => return result,
            }
        }
    }
}

/// How many batches the process decides at once, of all streams: half of its connections.
pub(crate) fn room(connections: u32) -> Semaphore {
    Semaphore::new(usize::try_from(connections / 2).unwrap_or(1).max(1))
}
