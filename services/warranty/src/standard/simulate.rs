//! What other terms would mean: who of those for whom a decision was made lately would have been owed something else.

use std::collections::{BTreeMap, HashMap};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use support_chassis::lifecycle::BoxError;
use support_chassis::standard::{Consequence, WhatIf};
use support_proto::support::warranty::v1::CoverageTerms;

use super::terms;
use crate::domain::country::Country;
use crate::domain::coverage::{Decision, decide};
use crate::domain::facts::{Facts, Question, Rules};
use crate::domain::prices::Prices;
use crate::domain::terms::Terms;
use crate::store::decisions::{self, Past};

/// How many decisions are made again at most: the latest ones.
const LATEST: i64 = 10_000;
/// How many ids are named.
const EXAMPLES: usize = 10;

/// Makes the latest decisions of the place's countries again, each for the day it was made for: once by the terms that
/// hold, once by those proposed.
pub(super) fn simulate(what_if: WhatIf<CoverageTerms>) -> BoxFuture<'static, Result<Vec<Consequence>, BoxError>> {
    async move {
        let past = {
            let mut connection = what_if.db.read().await?;
            decisions::latest(&mut connection, &what_if.reach, LATEST).await?
        };
        Ok(consequences(&past, &what_if.held, &what_if.proposed))
    }
    .boxed()
}

/// Counts what would turn out differently, by what it was and what it would be.
fn consequences(past: &[Past], held: &CoverageTerms, proposed: &CoverageTerms) -> Vec<Consequence> {
    let prices = Prices::default();
    let mut by_country: HashMap<Country, (Terms, Terms)> = HashMap::new();
    let mut changed: BTreeMap<(String, String), (i64, Vec<String>)> = BTreeMap::new();
    for decision in past {
        let (held, proposed) = by_country.entry(decision.country).or_insert_with(|| {
            let of = |document| terms(document, "", decision.country);
            (of(held), of(proposed))
        });
        let facts = Facts::of(decision.sale.clone(), "", "");
        let question = Question::of(decision.day, decision.damage, decision.country);
        let made = |terms: &Terms| {
            let rules = Rules {
                terms,
                prices: &prices,
                offers: &[],
            };
            decide(&rules, &facts, &question).ok()
        };
        let (Some(before), Some(after)) = (made(held), made(proposed)) else {
            continue;
        };
        if let Some(words) = difference(&before, &after) {
            let (count, examples) = changed.entry(words).or_default();
            *count += 1;
            if examples.len() < EXAMPLES {
                examples.push(decision.id.to_string());
            }
        }
    }
    changed
        .into_iter()
        .map(|((before, after), (count, examples))| Consequence {
            whom: format!("of the latest {} coverage decisions", past.len()),
            count,
            before,
            after,
            examples,
        })
        .collect()
}

/// What it was and what it would be, in words; none where both are the same.
fn difference(before: &Decision, after: &Decision) -> Option<(String, String)> {
    let words = |decision: &Decision| decision.outcome.as_str().replace('_', " ");
    if before.outcome != after.outcome {
        return Some((words(before), words(after)));
    }
    // No end is the latest of all.
    let longer = match (before.covered_until, after.covered_until) {
        (was, would_be) if was == would_be => return None,
        (Some(was), Some(would_be)) => was < would_be,
        (Some(_), None) => true,
        (None, _) => false,
    };
    let how_long = if longer { "for longer" } else { "for less long" };
    Some((words(before), format!("{}, {how_long}", words(after))))
}

#[cfg(test)]
mod tests {
    use support_chassis::clock::Clock;
    use support_chassis::id::Ids;
    use time::macros::date;

    use super::*;
    use crate::domain::coverage::Damage;
    use crate::domain::product::ProductLine;
    use crate::domain::sale::{Repairs, Sale};
    use crate::standard::COVERAGE_TERMS;

    #[test]
    fn what_turns_out_differently_is_counted_by_what_becomes_of_it() {
        let ids = Ids::new("eu".parse().unwrap(), Clock::system());
        let past = |day, damage| Past {
            id: ids.next(),
            country: Country::from_code("US").unwrap(),
            sale: Sale {
                day: date!(2024 - 03 - 01),
                line: ProductLine::Phone,
                warranty_months: 12,
                used: false,
                repairs: Repairs::default(),
            },
            day,
            damage,
        };
        let mut all = vec![
            past(date!(2024 - 06 - 01), Damage::None),
            past(date!(2024 - 06 - 01), Damage::Liquid),
            past(date!(2027 - 06 - 01), Damage::None),
        ];
        all.extend((0..12).map(|_| past(date!(2025 - 06 - 01), Damage::None)));
        let held = COVERAGE_TERMS.parse_shipped().unwrap();
        let mut proposed = held.clone();
        let promise = proposed.limited_warranties.get_mut("limited-warranty").unwrap();
        promise.months = 24;

        let found = consequences(&all, &held, &proposed);
        let shown: Vec<_> = found
            .iter()
            .map(|one| (one.before.as_str(), one.after.as_str(), one.count, one.examples.len()))
            .collect();
        assert_eq!(
            shown,
            [
                ("limited warranty", "limited warranty, for longer", 1, 1),
                ("out of warranty", "limited warranty", 12, 10),
            ]
        );
        assert_eq!(found[0].examples, [all[0].id.to_string()]);
        assert_eq!(found[0].whom, "of the latest 15 coverage decisions");
        assert!(consequences(&all, &held, &held).is_empty());
        let back = consequences(&all, &proposed, &held);
        assert_eq!(back[0].after, "limited warranty, for less long");
    }
}
