//! Tells of certifications that have ended, so that the engine hears of it, and of those that soon will.

use std::time::Duration;

use support_chassis::clock::Clock;
use support_chassis::db::Db;

use crate::domain::TrainingRules;
use crate::error::Error;
use crate::ops;
use crate::training::RuleBook;

/// How many are told of in one transaction.
const BATCH: i64 = 100;
/// How often what will end is looked for: it is told days ahead.
pub const WARNINGS: Duration = Duration::from_mins(1);

/// Tells of all that has ended.
///
/// # Errors
///
/// What the database says; what was told so far stays so.
pub async fn ends(db: &Db, clock: &Clock) -> Result<(), Error> {
    tell(db, clock, &TrainingRules::default()).await
}

/// Tells of all that soon ends, as the rules want it told; looked for among all that ends within the longest of their times.
///
/// # Errors
///
/// As [`ends`].
pub async fn warnings(db: &Db, clock: &Clock, rules: &RuleBook) -> Result<(), Error> {
    tell(db, clock, &rules.of_agents(clock.now())).await
}

async fn tell(db: &Db, clock: &Clock, rules: &TrainingRules) -> Result<(), Error> {
    loop {
        let mut tx = db.begin().await?;
        let told = ops::training::tell(&mut tx, rules, BATCH, clock.now()).await?;
        tx.commit().await?;
        if told == 0 {
            return Ok(());
        }
    }
}
