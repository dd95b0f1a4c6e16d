//! What other rules of risk would have done to the verifications of the last weeks, beside what was done then.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::time::Instant;

use futures_util::TryStreamExt as _;
use support_chassis::db::{DbError, Tx};
use support_chassis::standard::{Consequence, Examination, Fare, Faring, Findings, WhatIf};
use support_proto::support::identity::v1::VerificationPolicy;

use super::consequence;
use crate::domain::risk::Outcome;
use crate::standard::risk::rules;
use crate::store::approvals::{Count, Sample};
use crate::store::risk::past;

/// How many are named of each kind.
const EXAMPLES: usize = 10;

/// Weighs again what something spoke against, where the proposed rules of risk are others than those that hold: the latest first, as
/// many as there is time for.
///
/// # Errors
///
/// Those of the database.
pub(super) async fn weigh_again(
    tx: &mut Tx,
    sample: &Sample,
    what_if: &WhatIf<VerificationPolicy>,
    until: Instant,
) -> Result<Findings, DbError> {
    let (held, proposed) = (rules(what_if.held.risk.as_ref()), rules(what_if.proposed.risk.as_ref()));
    if held == proposed {
        return Ok(Findings::default());
    }
    let total = past::count(tx, sample).await?;
    let mut tally = Tally::default();
    let mut weighed = past::read(tx, sample);
    while Instant::now() < until
        && let Some(found) = weighed.try_next().await?
    {
        let after = found.past.outcome(&proposed);
        // What the rules that hold would do as well is none of the draft's doing, also where others held then.
        let is_other = after != found.past.outcome(&held);
        let faring = tally.farings.entry(found.country_code.clone()).or_default();
        match after.cmp(&found.outcome) {
            Ordering::Greater if is_other => faring.worse += 1,
            Ordering::Less if is_other => faring.better += 1,
            _ => {
                faring.same += 1;
                continue;
            }
        }
        let count = tally
            .changed
            .entry((found.country_code, found.outcome, after))
            .or_default();
        count.number += 1;
        if count.examples.len() < EXAMPLES {
            count.examples.push(found.id);
        }
    }
    drop(weighed);
    Ok(tally.told(total))
}

/// What was found so far.
#[derive(Default)]
struct Tally {
    /// By country.
    farings: BTreeMap<String, Faring>,
    /// By country, what came of it then, and what would.
    changed: BTreeMap<(String, Outcome, Outcome), Count>,
}

impl Tally {
    fn told(self, total: i64) -> Findings {
        let farings = self
            .farings
            .into_iter()
            .map(|(country, faring)| Faring { country, ..faring });
        let farings: Vec<_> = farings.collect();
        let looked_at = farings.iter().map(|of| of.better + of.worse + of.same).sum();
        Findings {
            consequences: self.changed.iter().filter_map(change).collect(),
            examinations: vec![Examination {
                what: "verifications that something spoke against".to_owned(),
                total,
                looked_at,
                farings,
            }],
        }
    }
}

fn change(((country, before, after), count): (&(String, Outcome, Outcome), &Count)) -> Option<Consequence> {
    let whom = format!("verifications of customers in {country} that something spoke against");
    let told = consequence(&whom, count, said(*before), said(*after))?;
    Some(Consequence {
        fare: Some(if after > before { Fare::Worse } else { Fare::Better }),
        ..told
    })
}

fn said(outcome: Outcome) -> String {
    match outcome {
        Outcome::None => "nothing came of it",
        Outcome::Raised => "raised to AAL2",
        Outcome::Blocked => "blocked",
        Outcome::Denied => "denied",
    }
    .to_owned()
}
