//! The stream of one agent's offers, and of what they have in hand.
//!
//! It tells the difference between what stands and what it told before. It ends at its deadline or when the server
//! stops, with a status that asks the client to come back (the server's layers see to that); the first answer of the
//! next stream holds all that stands, so nothing is lost in between.

use std::collections::{HashMap, HashSet};
use std::pin::Pin;

use futures_util::{Stream, stream};
use support_chassis::call::Call;
use support_chassis::db::Db;
use support_proto::support::routing::v1 as pb;
use tokio::sync::watch;
use tonic::Status;

use super::present;
use crate::domain::{OfferId, TaskId, TaskState};
use crate::error::Error;
use crate::live::{Live, Shown, Standing};
use crate::store;

/// What `WatchOffers` answers with.
pub(super) type OfferStream = Pin<Box<dyn Stream<Item = Result<pb::WatchOffersResponse, Status>> + Send>>;

pub(super) async fn open(db: &Db, live: &Live, call: &Call) -> Result<OfferStream, Error> {
    let agent = {
        let mut connection = db.read().await?;
        let agent = store::agents::find_by_subject(&mut connection, &call.caller().subject).await?;
        agent.ok_or(Error::AgentNotFound)?.id()
    };
    let shown = live.streams.open(agent);
    live.reader.notify_one();
    let told = Told { shown, known: None };
    Ok(Box::pin(stream::unfold(told, |mut told| async {
        told.next().await.map(|answer| (Ok(answer), told))
    })))
}

/// What a client knows.
#[derive(Default)]
struct Known {
    offers: HashSet<OfferId>,
    held: HashMap<TaskId, (TaskState, bool)>,
}

struct Told {
    shown: watch::Receiver<Option<Standing>>,
    /// What the client knows to stand; none before the first answer.
    known: Option<Known>,
}

impl Told {
    async fn next(&mut self) -> Option<pb::WatchOffersResponse> {
        loop {
            let standing = if self.known.is_none() {
                // The first answer comes once the reader has been round, whether or not anything stands.
                self.shown.wait_for(Option::is_some).await.ok()?.clone()
            } else {
                self.shown.changed().await.ok()?;
                self.shown.borrow_and_update().clone()
            };
            let is_first = self.known.is_none();
            let answer = self.tell(&standing.unwrap_or_default());
            if is_first || answer != pb::WatchOffersResponse::default() {
                return Some(answer);
            }
        }
    }

    fn tell(&mut self, standing: &Standing) -> pb::WatchOffersResponse {
        let Shown { offers, held } = standing.as_ref();
        let before = self.known.take().unwrap_or_default();
        let now = Known {
            offers: offers.iter().map(|(offer, _)| offer.id).collect(),
            held: held
                .iter()
                .map(|(task, is_own)| (task.id, (task.state, *is_own)))
                .collect(),
        };
        let made = offers.iter().filter(|(offer, _)| !before.offers.contains(&offer.id));
        let mut ended: Vec<OfferId> = before.offers.difference(&now.offers).copied().collect();
        ended.sort_unstable();
        let news = held
            .iter()
            .filter(|(task, is_own)| before.held.get(&task.id) != Some(&(task.state, *is_own)));
        let gone = before.held.keys().filter(|task| !now.held.contains_key(task));
        let mut gone: Vec<TaskId> = gone.copied().collect();
        gone.sort_unstable();
        let answer = pb::WatchOffersResponse {
            made: made.map(|(offer, task)| present::offer(offer, task)).collect(),
            ended_offer_ids: ended.iter().map(OfferId::to_string).collect(),
            held: news
                .map(|(task, is_own)| pb::HeldTask {
                    task: Some(present::task(task)),
                    is_own: *is_own,
                })
                .collect(),
            gone_task_ids: gone.iter().map(TaskId::to_string).collect(),
        };
        self.known = Some(now);
        answer
    }
}
