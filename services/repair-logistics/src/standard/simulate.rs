//! What other procedures would mean: which of the latest repairs would have been late, and which orders could not be begun
//! any more.

use std::collections::BTreeSet;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use support_chassis::lifecycle::BoxError;
use support_chassis::standard::{Consequence, Findings, WhatIf};
use support_proto::support::repair::v1::RepairProcedures;
use time::{Duration, OffsetDateTime};

use super::{duration, turnaround};
use crate::domain::provider::Kind;
use crate::domain::repair::RepairId;
use crate::store::repairs::{self, Carried, Waiting};

/// How many repairs are looked at at most: the latest ones.
const LATEST: i64 = 10_000;
/// How many ids are named.
const EXAMPLES: usize = 10;

/// Holds the latest repairs of the place's providers against both procedures.
pub(super) fn simulate(what_if: WhatIf<RepairProcedures>) -> BoxFuture<'static, Result<Findings, BoxError>> {
    async move {
        let (carried, waiting) = {
            let mut connection = what_if.db.read().await?;
            (
                repairs::carried(&mut connection, &what_if.reach, LATEST).await?,
                repairs::waiting(&mut connection, &what_if.reach, LATEST).await?,
            )
        };
        let begins = what_if.day.midnight().assume_utc();
        Ok(consequences(&carried, &waiting, &what_if.held, &what_if.proposed, begins).into())
    }
    .boxed()
}

fn consequences(
    carried: &[Carried],
    waiting: &[Waiting],
    held: &RepairProcedures,
    proposed: &RepairProcedures,
    begins: OffsetDateTime,
) -> Vec<Consequence> {
    let mut found = Vec::new();
    for kind in Kind::ALL {
        let limit = |document: &RepairProcedures| turnaround(document.turnaround.get(kind.as_str())).whole();
        let of_kind: Vec<_> = carried.iter().filter(|repair| repair.kind == *kind).collect();
        let late = |limit: Duration| {
            let is_late = move |repair: &&Carried| repair.returned_at - repair.received_at > limit;
            of_kind.iter().copied().filter(is_late).map(|repair| repair.id)
        };
        let words = format!(
            "of the latest {} repairs at places of kind {}",
            of_kind.len(),
            kind.as_str()
        );
        found.extend(moved(
            &words,
            &late(limit(held)).collect(),
            &late(limit(proposed)).collect(),
            ["in time", "late"],
        ));
    }
    let expired = |document: &RepairProcedures| {
        let valid_for = duration(document.order_valid_for.as_ref());
        let is_old = move |order: &&Waiting| begins > order.submitted_at + valid_for;
        waiting.iter().filter(is_old).map(|order| order.id).collect()
    };
    let words = format!("of the latest {} orders whose devices have not come in", waiting.len());
    found.extend(moved(
        &words,
        &expired(held),
        &expired(proposed),
        ["can be begun", "too old"],
    ));
    found
}

/// Those for whom the second of two `words` would hold and does not, and the other way round. The latest are named.
fn moved(
    whom: &str,
    held: &BTreeSet<RepairId>,
    proposed: &BTreeSet<RepairId>,
    words: [&str; 2],
) -> impl Iterator<Item = Consequence> {
    let changes = [
        (proposed, held, words[0], words[1]),
        (held, proposed, words[1], words[0]),
    ];
    changes
        .map(|(these, those, before, after)| {
            let ids: Vec<RepairId> = these.difference(those).copied().collect();
            Consequence {
                whom: whom.to_owned(),
                count: i64::try_from(ids.len()).unwrap_or(i64::MAX),
                before: before.to_owned(),
                after: after.to_owned(),
                examples: ids.iter().rev().take(EXAMPLES).map(RepairId::to_string).collect(),
                ..Consequence::default()
            }
        })
        .into_iter()
        .filter(|consequence| consequence.count > 0)
}

#[cfg(test)]
mod tests {
    use support_chassis::clock::Clock;
    use support_chassis::id::Ids;
    use time::macros::datetime;

    use super::*;
    use crate::standard::REPAIR_PROCEDURES;

    #[test]
    fn who_would_be_late_or_too_old_is_counted() {
        let ids = Ids::new("eu".parse().unwrap(), Clock::system());
        let now = datetime!(2026-03-10 00:00 UTC);
        let carried: Vec<_> = [
            (Kind::Depot, 9),
            (Kind::Depot, 11),
            (Kind::Depot, 5),
            (Kind::Partner, 9),
        ]
        .map(|(kind, days)| Carried {
            id: ids.next(),
            kind,
            received_at: now - Duration::days(30),
            returned_at: now - Duration::days(30 - days),
        })
        .into();
        let waiting: Vec<_> = [1, 20, 40]
            .map(|days| Waiting {
                id: ids.next(),
                submitted_at: now - Duration::days(days),
            })
            .into();
        let held = REPAIR_PROCEDURES.parse_shipped().unwrap();
        let mut proposed = held.clone();
        let days = |days: i64| {
            Some(prost_types::Duration {
                seconds: days * 86_400,
                nanos: 0,
            })
        };
        proposed.turnaround.get_mut("depot").unwrap().repair_within = days(2);
        proposed.order_valid_for = days(10);

        let shown = |found: &[Consequence]| -> Vec<_> {
            let words = |one: &Consequence| (one.whom.clone(), one.count, one.before.clone(), one.after.clone());
            found.iter().map(words).collect()
        };
        let text = str::to_owned;
        let found = consequences(&carried, &waiting, &held, &proposed, now);
        let depots = text("of the latest 3 repairs at places of kind depot");
        let orders = text("of the latest 3 orders whose devices have not come in");
        assert_eq!(
            shown(&found),
            [
                (depots.clone(), 1, text("in time"), text("late")),
                (orders.clone(), 1, text("can be begun"), text("too old")),
            ]
        );
        assert_eq!(found[0].examples, [carried[0].id.to_string()]);
        assert_eq!(found[1].examples, [waiting[1].id.to_string()]);
        let back = consequences(&carried, &waiting, &proposed, &held, now);
        assert_eq!(
            shown(&back),
            [
                (depots, 1, text("late"), text("in time")),
                (orders, 1, text("too old"), text("can be begun")),
            ]
        );
        assert!(consequences(&carried, &waiting, &held, &held, now).is_empty());
    }
}
