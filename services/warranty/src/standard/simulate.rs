//! What other rules would mean: who would fare differently, of all devices and of those about which something was decided.
//!
//! Every device that the place's rules reach is asked about on the first day of the change, for each kind of damage, as it would be at
//! the door: with the prices, the plans that could have been bought and all that is known of it. Every decision that was made there is
//! made again for the day it was made for. Both go once by what holds and once by what is proposed, each with what holds of the other
//! documents at the place and on the day.
//!
//! Devices and decisions are read in stretches, several at a time, the latest first, and decided beside the calls, so that
//! a whole fleet is done in the time that a call has and the memory it takes does not grow with it. What does not get its turn in that
//! time is not tried, and the report says so.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream;
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _};
use support_chassis::db::Db;
use support_chassis::lifecycle::BoxError;
use support_chassis::standard::{Examination, Findings, Reach};
use time::Date;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use self::tally::{Case, Tally};
use self::worlds::Worlds;
use crate::domain::coverage::Damage;
use crate::store::decisions::{self, Past};
use crate::store::facts;
use crate::store::sweep::{self, Stretch};

mod of_documents;
mod tally;
mod worlds;

pub(super) use of_documents::{plans, prices, terms};

/// How many devices or decisions are read at once.
const STRETCH: u16 = 1_000;

/// How many stretches this process reads and decides at a time, for all that ask: as many as it has processors, and at least two so
/// that one is read while another is decided.
static AT_A_TIME: LazyLock<usize> = LazyLock::new(|| {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    processors.clamp(2, 8)
});
static TURNS: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(*AT_A_TIME));

/// How the decisions are found that the change concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Concerned {
    /// By the country of purchase.
    BySale,
    /// By the place of the repair.
    ByRepair,
}

/// What is to be tried: everybody whom a change concerns.
struct Sweep {
    db: Db,
    reach: Reach,
    /// The first day of the change.
    day: Date,
    worlds: Arc<Worlds>,
    concerned: Concerned,
}

/// Tries all devices and decisions that a change concerns.
async fn everybody(sweep: Sweep, within: Duration) -> Result<Findings, BoxError> {
    let sweep = Arc::new(sweep);
    let begin = Instant::now();
    // Each device is decided for each kind of damage, so that they have the larger share.
    let mut findings = sweep.devices(begin + within * 3 / 5).await?;
    let of_decisions = sweep.decisions(begin + within).await?;
    findings.consequences.extend(of_decisions.consequences);
    findings.examinations.extend(of_decisions.examinations);
    Ok(findings)
}

/// What comes of a stretch.
type Trying = BoxFuture<'static, Result<Tried, BoxError>>;

impl Sweep {
    async fn devices(self: &Arc<Self>, until: Instant) -> Result<Findings, BoxError> {
        let stretches = sweep::devices(&mut *self.db.read().await?, &self.reach, STRETCH).await?;
        let found = self.try_all(stretches, until, |stretch| {
            Arc::clone(self).devices_of(stretch, until).boxed()
        });
        Ok(found.await?.told("devices"))
    }

    async fn devices_of(self: Arc<Self>, stretch: Stretch, until: Instant) -> Result<Tried, BoxError> {
        if !self.worlds.concerns(stretch.country) {
            let cases = Damage::ALL.iter().map(|damage| Case::Damage(*damage));
            return Ok(Tried::untouched(cases, stretch));
        }
        let known = facts::of_stretch(&mut *self.db.read().await?, &stretch).await?;
        aside(move || {
            let mut tried = Tried::default();
            for known in known.iter().take_while(|_| Instant::now() < until) {
                // What is sold later is asked about on its first day.
                let day = self.day.max(known.facts.sale.day);
                self.worlds.try_device(known, day, &mut tried.tally);
                tried.number += 1;
            }
            tried
        })
        .await
    }

    async fn decisions(self: &Arc<Self>, until: Instant) -> Result<Findings, BoxError> {
        let everywhere = Reach::AllBut(BTreeSet::new());
        let reach = match self.concerned {
            Concerned::BySale => &self.reach,
            Concerned::ByRepair => &everywhere,
        };
        let stretches = sweep::decisions(&mut *self.db.read().await?, reach, STRETCH).await?;
        let found = self.try_all(stretches, until, |stretch| {
            Arc::clone(self).decisions_of(stretch, until).boxed()
        });
        Ok(found.await?.told("coverage decisions"))
    }

    async fn decisions_of(self: Arc<Self>, stretch: Stretch, until: Instant) -> Result<Tried, BoxError> {
        if self.concerned == Concerned::BySale && !self.worlds.concerns(stretch.country) {
            return Ok(Tried::untouched([Case::Asked], stretch));
        }
        let asked = decisions::of_stretch(&mut *self.db.read().await?, &stretch).await?;
        aside(move || {
            let mut tried = Tried::default();
            for past in asked.iter().take_while(|_| Instant::now() < until) {
                if self.concerns(past) {
                    self.worlds.try_again(past, &mut tried.tally);
                } else {
                    tried.tally.add(Tally::untouched([Case::Asked], 1));
                }
                tried.number += 1;
            }
            tried
        })
        .await
    }

    /// Whether a decision could come out otherwise.
    fn concerns(&self, past: &Past) -> bool {
        match self.concerned {
            Concerned::BySale => true,
            Concerned::ByRepair => {
                let place = past.question.place;
                self.reach.holds(Some(place.code())) && self.worlds.concerns(place)
            }
        }
    }

    /// Tries all stretches, the first ones first, until the time is over.
    async fn try_all(
        &self,
        stretches: Vec<Stretch>,
        until: Instant,
        one: impl Fn(Stretch) -> Trying + Send,
    ) -> Result<Tried, BoxError> {
        let mut all = Tried {
            total: stretches.iter().map(|stretch| stretch.size).sum(),
            ..Tried::default()
        };
        let trying = stretches.into_iter().map(|stretch| {
            let trying = one(stretch);
            async move {
                let _turn = TURNS.acquire().await?;
                if Instant::now() >= until {
                    return Ok(None);
                }
                Ok::<_, BoxError>(Some(trying.await?))
            }
            .boxed()
        });
        // In their order, so that the same question has the same answer.
        let trying: Vec<_> = trying.collect();
        // Half of the connections are left to the calls.
        let connections = self.db.pool().options().get_max_connections() / 2;
        let at_a_time = usize::try_from(connections).map_or(1, |most| most.clamp(1, *AT_A_TIME));
        let mut done = stream::iter(trying).buffered(at_a_time);
        while let Some(tried) = done.try_next().await? {
            if let Some(tried) = tried {
                all.number += tried.number;
                all.tally.add(tried.tally);
            }
        }
        Ok(all)
    }
}

/// Decides beside the calls: a stretch takes a processor for some tenths of a second.
async fn aside(work: impl FnOnce() -> Tried + Send + 'static) -> Result<Tried, BoxError> {
    Ok(tokio::task::spawn_blocking(work).await?)
}

/// What was tried, and what came of it.
#[derive(Debug, Default)]
struct Tried {
    /// How many there are.
    total: i64,
    /// How many were tried.
    number: i64,
    tally: Tally,
}

impl Tried {
    /// A stretch that the change does not concern.
    fn untouched(cases: impl IntoIterator<Item = Case>, stretch: Stretch) -> Self {
        Self {
            number: stretch.size,
            tally: Tally::untouched(cases, stretch.size),
            ..Self::default()
        }
    }

    fn told(self, what: &str) -> Findings {
        let whom = whom(self.number, self.total, what);
        let (consequences, farings) = self.tally.told(&whom);
        Findings {
            consequences,
            examinations: vec![Examination {
                what: what.to_owned(),
                total: self.total,
                looked_at: self.number,
                farings,
            }],
        }
    }
}

/// `of all 1200 devices`, or how many of them were tried.
fn whom(number: i64, total: i64, what: &str) -> String {
    if number >= total {
        format!("of all {total} {what}")
    } else {
        format!("of the latest {number} of {total} {what}, the others not tried in the time of the call")
    }
}

#[cfg(test)]
mod tests;
