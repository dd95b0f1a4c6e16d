//! What other terms of plans would mean: whose plan would be renewed for another price, for another cover, or not at all.

use std::collections::BTreeMap;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use support_chassis::lifecycle::BoxError;
use support_chassis::standard::{Consequence, Fare, Findings, MoneyChange, Share, WhatIf};
use support_proto::support::warranty::v1::PlanTerms;
use time::Date;

use super::super::simulate::plans as everybody;
use super::book;
use crate::domain::country::Country;
use crate::domain::plan::Agreed;
use crate::domain::plan::book::Book;
use crate::store::plans::{self, Alike};

/// How many ids are named.
const EXAMPLES: usize = 10;

/// Tells of the plans that live in the place's countries what their next term would be by the terms that hold and by those that
/// are proposed. Plans that are alike (same kind, country, model and currency) are counted in the database, so that it takes
/// no longer for a million of them. Then tells for whom a plan would have changed something, had it been offered as is proposed.
pub(super) fn simulate(what_if: WhatIf<PlanTerms>) -> BoxFuture<'static, Result<Findings, BoxError>> {
    async move {
        let living = {
            let mut connection = what_if.db.read().await?;
            plans::living(&mut connection, &what_if.reach).await?
        };
        let mut told = consequences(&living, &what_if.held, &what_if.proposed, what_if.day);
        let mut findings = everybody(&what_if).await?;
        told.append(&mut findings.consequences);
        findings.consequences = told;
        Ok(findings)
    }
    .boxed()
}

/// Counts what would turn out differently, by plan and country and by what it was and would be.
pub(super) fn consequences(living: &[Alike], held: &PlanTerms, proposed: &PlanTerms, day: Date) -> Vec<Consequence> {
    let mut books: BTreeMap<Country, (Book, Book)> = BTreeMap::new();
    let mut changed: BTreeMap<(String, String, String), Consequence> = BTreeMap::new();
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
        let consequence = changed
            .entry((whom.clone(), was.clone(), would_be.clone()))
            .or_insert_with(|| Consequence {
                whom,
                before: was,
                after: would_be,
                fare: Some(fare(before.as_ref(), after.as_ref())),
                rule: alike.kind.clone(),
                ..Consequence::default()
            });
        note(consequence, alike, before.as_ref(), after.as_ref());
    }
    changed.into_values().collect()
}

/// Counts plans that are alike.
fn note(consequence: &mut Consequence, alike: &Alike, before: Option<&Agreed>, after: Option<&Agreed>) {
    consequence.count += alike.count;
    let room = EXAMPLES.saturating_sub(consequence.examples.len());
    let examples = alike.examples.iter().take(room).map(ToString::to_string);
    consequence.examples.extend(examples);
    let (country, product) = (alike.country.code(), alike.line.as_str());
    let mut shares = consequence.shares.iter_mut();
    match shares.find(|share| (share.country.as_str(), share.product.as_str()) == (country, product)) {
        Some(share) => share.count += alike.count,
        None => consequence.shares.push(Share {
            country: country.to_owned(),
            product: product.to_owned(),
            count: alike.count,
        }),
    }
    // What is not renewed costs nothing, and gives nothing.
    let difference = before
        .zip(after)
        .and_then(|(before, after)| after.price.checked_sub(before.price));
    let Some(each) = difference.filter(|difference| !difference.is_zero()) else {
        return;
    };
    let sum = each.minor.saturating_mul(alike.count);
    let code = each.currency.code();
    let place = consequence.money.iter().position(|money| money.currency == code);
    let place = place.unwrap_or_else(|| {
        consequence.money.push(MoneyChange {
            currency: code.to_owned(),
            more: 0,
            less: 0,
        });
        consequence.money.len() - 1
    });
    if let Some(money) = consequence.money.get_mut(place) {
        money.more = money.more.saturating_add(sum.max(0));
        money.less = money.less.saturating_add(sum.min(0).saturating_neg());
    }
}

/// How those fare whose plan is renewed otherwise. A price for another time or on other terms is neither better nor worse by itself.
fn fare(before: Option<&Agreed>, after: Option<&Agreed>) -> Fare {
    let (Some(before), Some(after)) = (before, after) else {
        return if after.is_some() { Fare::Better } else { Fare::Worse };
    };
    let same_but_for_price = Agreed {
        price: before.price,
        ..after.clone()
    };
    match after.price.partial_cmp(&before.price) {
        Some(std::cmp::Ordering::Less) if same_but_for_price == *before => Fare::Better,
        Some(std::cmp::Ordering::Greater) if same_but_for_price == *before => Fare::Worse,
        _ => Fare::Otherwise,
    }
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
