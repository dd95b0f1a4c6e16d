//! Brings about what time brings about for plans: renewals that fall due, terms that are over, graces that are over,
//! enrolments that nobody paid.
//!
//! Each thing is a transaction of its own, and what is due stands in the database: whatever stops this work, it goes on
//! where it was, and two replicas do nothing twice.

use std::time::Duration;

use support_chassis::clock::Clock;
use support_chassis::db::Db;
use support_chassis::standard::Standard;
use support_proto::support::warranty::v1::PlanTerms;

use crate::domain::plan::PlanId;
use crate::error::Error;
use crate::{ops, store};

/// How often to look. What is due is found by an index of the days, so that to look costs next to nothing.
pub const EVERY: Duration = Duration::from_secs(1);
/// How many plans are looked up at once.
const BATCH: i64 = 200;

/// Does all that is due by now.
///
/// # Errors
///
/// What the database says; what was done so far stays done.
pub async fn round(db: &Db, clock: &Clock, terms: &Standard<PlanTerms>) -> Result<(), Error> {
    let today = ops::plans::due_today(clock.now());
    loop {
        let mut after = None;
        let mut done = 0_usize;
        let mut fault = None;
        loop {
            let due = store::plans::due(&mut *db.read().await?, &today, after, BATCH).await?;
            for (_, id) in &due {
                // A plan that fails keeps no other from its turn.
                match one(db, terms, *id).await {
                    Ok(acted) => done += usize::from(acted),
                    Err(error) => fault = Some(error),
                }
            }
            after = due.last().copied();
            if due.len() < usize::try_from(BATCH).unwrap_or(usize::MAX) {
                break;
            }
        }
        if done == 0 {
            return fault.map_or(Ok(()), Err);
        }
    }
}

/// One thing, for one plan.
async fn one(db: &Db, terms: &Standard<PlanTerms>, id: PlanId) -> Result<bool, Error> {
    let mut tx = db.begin().await?;
    let acted = ops::plans::keep_up(&mut tx, terms, id).await?;
    if acted {
        tx.commit().await?;
    }
    Ok(acted)
}
