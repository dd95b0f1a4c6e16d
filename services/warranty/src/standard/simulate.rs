//! What other rules would mean: who would fare differently, of all devices and of those about which something was decided.
//!
//! Every device that the place's rules reach is asked about on the first day of the change, for each kind of damage, and every
//! decision that was made there is made again for the day it was made for: once by what holds, once by what is proposed.
//! Both are read in batches, newest first, so that the memory it takes does not grow with the fleet; what does not get its
//! turn in the time there is was not tried, and the answer says so.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use support_chassis::db::{Db, DbError};
use support_chassis::standard::{Consequence, Reach};
use time::Date;
use tokio::time::Instant;

use crate::domain::country::Country;
use crate::domain::coverage::{Damage, Decision, Pays};
use crate::domain::facts::{Facts, Question};
use crate::store::{decisions, facts};

mod terms;

pub(super) use terms::simulate as simulate_terms;

/// How many devices or decisions are read at once.
const BATCH: u16 = 1_000;
/// How long is tried at one place; the call that waits for it may take 60 s for all places together.
const DEVICES_FOR: Duration = Duration::from_secs(12);
const DECISIONS_FOR: Duration = Duration::from_secs(6);
/// How many ids are named.
const EXAMPLES: usize = 10;

/// Decides by what holds and by what is proposed.
pub(super) trait Both: Send {
    /// Whether the change concerns devices sold in `country` at all. What it does not concern is counted and not decided.
    fn concerns(&mut self, country: Country) -> bool;

    /// Both decisions; none where nothing is decided by one of them.
    fn decide(&mut self, country: Country, facts: &Facts, question: &Question) -> Option<(Decision, Decision)>;
}

/// What would become of whom, by what it was and what it would be.
#[derive(Debug, Default)]
struct Changed(BTreeMap<(String, String), (i64, Vec<String>)>);

impl Changed {
    fn note(&mut self, words: (String, String), id: impl FnOnce() -> String) {
        let (count, examples) = self.0.entry(words).or_default();
        *count += 1;
        if examples.len() < EXAMPLES {
            examples.push(id());
        }
    }

    fn told(self, whom: String) -> impl Iterator<Item = Consequence> {
        self.0
            .into_iter()
            .map(move |((before, after), (count, examples))| Consequence {
                whom: whom.clone(),
                count,
                before,
                after,
                examples,
            })
    }
}

/// How far it got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tried {
    number: u64,
    /// The time was over before all of them were tried.
    cut: Option<Duration>,
}

impl Tried {
    /// `of all 1200 devices`, or how many of them were tried.
    fn whom(self, what: &str) -> String {
        match self.cut {
            None => format!("of all {} {what}", self.number),
            Some(limit) => format!(
                "of the latest {} {what}, the others not tried in {} s",
                self.number,
                limit.as_secs()
            ),
        }
    }
}

/// Tries all devices and decisions in reach. `day` is the first day of the change.
pub(super) async fn everybody(
    db: &Db,
    reach: &Reach,
    day: Date,
    both: &mut impl Both,
) -> Result<Vec<Consequence>, DbError> {
    let mut consequences = try_devices(db, reach, day, both, DEVICES_FOR).await?;
    consequences.extend(try_decisions(db, reach, both, DECISIONS_FOR).await?);
    Ok(consequences)
}

async fn try_devices(
    db: &Db,
    reach: &Reach,
    day: Date,
    both: &mut impl Both,
    limit: Duration,
) -> Result<Vec<Consequence>, DbError> {
    let end = Instant::now() + limit;
    let mut changed: HashMap<Damage, Changed> = HashMap::new();
    let mut tried = Tried { number: 0, cut: None };
    let mut last = None;
    loop {
        let known = facts::before(&mut *db.read().await?, reach, last, BATCH.into()).await?;
        let Some(oldest) = known.last() else { break };
        last = Some(oldest.device.id);
        for known in &known {
            tried.number += 1;
            let country = known.device.purchase_country;
            if !both.concerns(country) {
                continue;
            }
            // What is sold later is asked about on its first day.
            let day = day.max(known.facts.sale.day);
            for damage in Damage::ALL {
                let question = Question::of(day, *damage, country);
                let words = both
                    .decide(country, &known.facts, &question)
                    .and_then(|(before, after)| difference(&before, &after));
                if let Some(words) = words {
                    changed
                        .entry(*damage)
                        .or_default()
                        .note(words, || known.device.id.to_string());
                }
            }
        }
        if known.len() < usize::from(BATCH) {
            break;
        }
        if Instant::now() >= end {
            tried.cut = Some(limit);
            break;
        }
        tokio::task::yield_now().await;
    }
    let mut changed: Vec<_> = changed.into_iter().collect();
    changed.sort_unstable_by_key(|(damage, _)| *damage);
    let told = changed.into_iter().flat_map(|(damage, changed)| {
        let damage = damage.as_str().replace('_', " ");
        changed.told(format!("{}, damage {damage}", tried.whom("devices")))
    });
    Ok(told.collect())
}

async fn try_decisions(
    db: &Db,
    reach: &Reach,
    both: &mut impl Both,
    limit: Duration,
) -> Result<Vec<Consequence>, DbError> {
    let end = Instant::now() + limit;
    let mut changed = Changed::default();
    let mut tried = Tried { number: 0, cut: None };
    let mut last = None;
    loop {
        let past = decisions::before(&mut *db.read().await?, reach, last, BATCH.into()).await?;
        let Some(oldest) = past.last() else { break };
        last = Some(oldest.id);
        for past in &past {
            tried.number += 1;
            if !both.concerns(past.country) {
                continue;
            }
            let words = both
                .decide(past.country, &past.facts, &past.question)
                .and_then(|(before, after)| difference(&before, &after));
            if let Some(words) = words {
                changed.note(words, || past.id.to_string());
            }
        }
        if past.len() < usize::from(BATCH) {
            break;
        }
        if Instant::now() >= end {
            tried.cut = Some(limit);
            break;
        }
        tokio::task::yield_now().await;
    }
    Ok(changed.told(tried.whom("coverage decisions")).collect())
}

/// What it was and what it would be, in words; none where both are the same.
fn difference(before: &Decision, after: &Decision) -> Option<(String, String)> {
    let words = |decision: &Decision| decision.outcome.as_str().replace('_', " ");
    if before.outcome != after.outcome {
        return Some((words(before), words(after)));
    }
    let mut how = Vec::new();
    // No end is the latest of all.
    match (before.covered_until, after.covered_until) {
        (was, would_be) if was == would_be => {}
        (Some(was), Some(would_be)) if was < would_be => how.push("for longer"),
        (Some(_), None) => how.push("for longer"),
        _ => how.push("for less long"),
    }
    match (before.pays, after.pays) {
        (was, would_be) if was == would_be => {}
        (Pays::Unknown, _) => how.push("at a price that is known"),
        (_, Pays::Unknown) => how.push("at a price that is not known"),
        (Pays::Amount(was), Pays::Amount(would_be)) => how.push(match was.partial_cmp(&would_be) {
            Some(std::cmp::Ordering::Less) => "for more money",
            Some(_) => "for less money",
            None => "in another currency",
        }),
        (Pays::Amount(_), _) => how.push("for less money"),
        _ => how.push("for more money"),
    }
    if how.is_empty() {
        return None;
    }
    Some((words(before), format!("{}, {}", words(after), how.join(", "))))
}

#[cfg(test)]
mod tests;
