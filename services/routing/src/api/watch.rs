//! The stream of one agent's offers.
//!
//! It tells the difference between what stands and what it told before. It ends at its deadline or when the server
//! stops, with a status that asks the client to come back (the server's layers see to that); the first answer of the
//! next stream holds all that stands, so nothing is lost in between.

use std::collections::HashSet;
use std::pin::Pin;

use futures_util::{Stream, stream};
use support_chassis::call::Call;
use support_chassis::db::Db;
use support_proto::support::routing::v1 as pb;
use tokio::sync::watch;
use tonic::Status;

use super::present;
use crate::domain::OfferId;
use crate::error::Error;
use crate::live::{Live, Standing};
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
    let told = Told { shown, offers: None };
    Ok(Box::pin(stream::unfold(told, |mut told| async {
        told.next().await.map(|answer| (Ok(answer), told))
    })))
}

struct Told {
    shown: watch::Receiver<Option<Standing>>,
    /// What the client knows to stand; none before the first answer.
    offers: Option<HashSet<OfferId>>,
}

impl Told {
    async fn next(&mut self) -> Option<pb::WatchOffersResponse> {
        loop {
            let standing = if self.offers.is_none() {
                // The first answer comes once the reader has been round, whether or not anything stands.
                self.shown.wait_for(Option::is_some).await.ok()?.clone()
            } else {
                self.shown.changed().await.ok()?;
                self.shown.borrow_and_update().clone()
            };
            let is_first = self.offers.is_none();
            let answer = self.tell(&standing.unwrap_or_default());
            if is_first || !answer.made.is_empty() || !answer.ended_offer_ids.is_empty() {
                return Some(answer);
            }
        }
    }

    fn tell(&mut self, standing: &Standing) -> pb::WatchOffersResponse {
        let before = self.offers.take().unwrap_or_default();
        let now: HashSet<OfferId> = standing.iter().map(|(offer, _)| offer.id).collect();
        let made = standing
            .iter()
            .filter(|(offer, _)| !before.contains(&offer.id))
            .map(|(offer, task)| present::offer(offer, task))
            .collect();
        let mut ended: Vec<OfferId> = before.difference(&now).copied().collect();
        ended.sort_unstable();
        self.offers = Some(now);
        pb::WatchOffersResponse {
            made,
            ended_offer_ids: ended.iter().map(OfferId::to_string).collect(),
        }
    }
}
