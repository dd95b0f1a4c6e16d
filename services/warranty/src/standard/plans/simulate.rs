//! What other terms of plans would mean: whose plan would be renewed for another price, for another cover, or not at all.

use std::collections::BTreeMap;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use support_chassis::lifecycle::BoxError;
use support_chassis::standard::{Consequence, WhatIf};
use support_proto::support::warranty::v1::PlanTerms;
use time::Date;

use super::book;
use crate::domain::country::Country;
use crate::domain::plan::Agreed;
use crate::domain::plan::book::Book;
use crate::store::plans::{self, Alike};

/// How many ids are named.
const EXAMPLES: usize = 10;

/// Tells of the plans that live in the place's countries what their next term would be by the terms that hold and by those that
/// are proposed. Plans that are alike (same kind, country, model and currency) are counted in the database, so that it takes
/// no longer for a million of them.
pub(super) fn simulate(what_if: WhatIf<PlanTerms>) -> BoxFuture<'static, Result<Vec<Consequence>, BoxError>> {
    async move {
        let living = {
            let mut connection = what_if.db.read().await?;
            plans::living(&mut connection, &what_if.reach).await?
        };
        Ok(consequences(&living, &what_if.held, &what_if.proposed, what_if.day))
    }
    .boxed()
}

/// Counts what would turn out differently, by plan and country and by what it was and would be.
pub(super) fn consequences(living: &[Alike], held: &PlanTerms, proposed: &PlanTerms, day: Date) -> Vec<Consequence> {
    let mut books: BTreeMap<Country, (Book, Book)> = BTreeMap::new();
    let mut changed: BTreeMap<(String, String, String), (i64, Vec<String>)> = BTreeMap::new();
    for alike in living {
        let (held, proposed) = books.entry(alike.country).or_insert_with(|| {
            let of = |document| book(document, String::new(), alike.country);
            (of(held), of(proposed))
        });
        let of = |book: &Book| book.renew(&alike.kind, alike.line, &alike.model, alike.currency, day);
        let (before, after) = (of(held), of(proposed));
        if before == after {
            continue;
        }
        let (was, would_be) = (words(before.as_ref()), words(after.as_ref()));
        let would_be = if was == would_be {
            format!("{would_be}, on other terms")
        } else {
            would_be
        };
        let whom = format!("plans that live, {}, {}", alike.kind, alike.country.code());
        let (count, examples) = changed.entry((whom, was, would_be)).or_default();
        *count += alike.count;
        let room = EXAMPLES.saturating_sub(examples.len());
        examples.extend(alike.examples.iter().take(room).map(ToString::to_string));
    }
    changed
        .into_iter()
        .map(|((whom, before, after), (count, examples))| Consequence {
            whom,
            count,
            before,
            after,
            examples,
        })
        .collect()
}

fn words(next: Option<&Agreed>) -> String {
    match next {
        None => "not renewed".to_owned(),
        Some(agreed) => format!(
            "renewed for {} minor units of {}, {} months",
            agreed.price.minor,
            agreed.price.currency.code(),
            agreed.months
        ),
    }
}
