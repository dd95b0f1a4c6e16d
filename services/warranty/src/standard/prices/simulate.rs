//! What other prices would mean: which repairs would cost more or less, where and by how much, and for how many devices.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use support_chassis::lifecycle::BoxError;
use support_chassis::standard::{Consequence, Fare, Findings, Share, WhatIf};
use support_proto::support::warranty::v1::RepairPrices;

use super::super::simulate::prices as everybody;
use super::{life_rule, prices};
use crate::domain::country::Country;
use crate::domain::coverage::Damage;
use crate::domain::money::Amount;
use crate::domain::prices::Prices;
use crate::store::parts::{self, Counted};

/// How many models are named.
const EXAMPLES: usize = 10;
/// How many consequences are told; what is beyond is told as one.
const MOST: usize = 300;

/// Prices everything in the place's countries twice, by the prices that hold and by those proposed; then tells who would pay otherwise,
/// of all devices and decisions.
pub(super) fn simulate(what_if: WhatIf<RepairPrices>) -> BoxFuture<'static, Result<Findings, BoxError>> {
    async move {
        let counted = parts::count(&mut *what_if.db.read().await?).await?;
        let is_reached = |country: &str| what_if.reach.holds(Some(country));
        let mut told = consequences(&counted, &what_if.held.document, &what_if.proposed.document, is_reached);
        let mut findings = everybody(&what_if).await?;
        told.append(&mut findings.consequences);
        findings.consequences = told;
        Ok(findings)
    }
    .boxed()
}

/// What is priced: the group of models, the component, none for the whole device.
type What = (String, Option<String>);
/// What it costs and what it would.
type Price = (Option<Shown>, Option<Shown>);

/// An amount that can be put in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Shown {
    code: &'static str,
    minor: i64,
    exponent: u16,
}

impl From<Amount> for Shown {
    fn from(amount: Amount) -> Self {
        Self {
            code: amount.currency.code(),
            minor: amount.minor,
            exponent: amount.currency.exponent(),
        }
    }
}

impl Shown {
    fn words(self) -> String {
        let unit = 10_i64.pow(self.exponent.into());
        let (whole, rest) = (self.minor / unit, self.minor % unit);
        let places = usize::from(self.exponent);
        if places == 0 {
            format!("{} {whole}", self.code)
        } else {
            format!("{} {whole}.{rest:0places$}", self.code)
        }
    }
}

/// Where a price changes in the same way.
#[derive(Debug, Default)]
struct Reached {
    countries: BTreeSet<String>,
    damages: BTreeSet<Damage>,
}

fn consequences(
    counted: &Counted,
    held: &RepairPrices,
    proposed: &RepairPrices,
    is_reached: impl Fn(&str) -> bool,
) -> Vec<Consequence> {
    let codes: BTreeSet<&String> = (held.countries.keys().chain(proposed.countries.keys()))
        .filter(|code| is_reached(code))
        .collect();
    let mut changed: BTreeMap<(What, Price), Reached> = BTreeMap::new();
    for code in codes {
        let Some(country) = Country::from_code(code) else {
            continue;
        };
        let before = prices(held, String::new(), country);
        let after = prices(proposed, String::new(), country);
        for (what, damage, price) in differences(&before, &after) {
            let reached = changed.entry((what, price)).or_default();
            reached.countries.insert(code.clone());
            reached.damages.insert(damage);
        }
    }
    let mut found: Vec<_> = changed
        .into_iter()
        .map(|((what, price), reached)| consequence(counted, &what, price, &reached))
        .collect();
    // Those that concern most devices first; a stable sort keeps the order of groups and components.
    found.sort_by_key(|consequence| std::cmp::Reverse(consequence.count));
    let beyond: i64 = found.split_off(found.len().min(MOST)).iter().map(|one| one.count).sum();
    if beyond > 0 {
        found.push(Consequence {
            whom: "devices with further prices that change".to_owned(),
            count: beyond,
            before: "as it is".to_owned(),
            after: "another price".to_owned(),
            ..Consequence::default()
        });
    }
    found.extend(lives(counted, held, proposed));
    found
}

/// All prices that differ, by what is repaired and how it came to harm.
fn differences(before: &Prices, after: &Prices) -> Vec<(What, Damage, Price)> {
    let known: BTreeSet<What> = (before.known().chain(after.known()))
        .map(|(group, component)| (group.to_owned(), component.map(str::to_owned)))
        .collect();
    let mut found = Vec::new();
    for what in known {
        for damage in Damage::ALL {
            let of = |prices: &Prices| prices.of(&what.0, what.1.as_deref(), *damage).map(Shown::from);
            let price = (of(before), of(after));
            if price.0 != price.1 {
                found.push((what.clone(), *damage, price));
            }
        }
    }
    found
}

fn consequence(counted: &Counted, (group, component): &What, price: Price, reached: &Reached) -> Consequence {
    let component = component.as_deref().unwrap_or("the whole device");
    // Where it is the same whatever happened, what happened is not said. What is gone is not repaired.
    let is_always = (Damage::ALL.iter())
        .filter(|damage| !matches!(damage, Damage::Loss | Damage::Theft))
        .all(|damage| reached.damages.contains(damage));
    let damages: Vec<_> = (reached.damages.iter())
        .map(|damage| damage.as_str().replace('_', " "))
        .collect();
    let damages = if is_always {
        String::new()
    } else {
        format!("damage {}, ", damages.join(", "))
    };
    let countries: Vec<_> = reached.countries.iter().map(String::as_str).collect();
    let devices = |country: &&str| counted.devices.get(&(group.clone(), (*country).to_owned()));
    Consequence {
        whom: format!(
            "devices of {group} that need {component}, {damages}{}",
            countries.join(", ")
        ),
        count: countries.iter().filter_map(devices).sum(),
        before: price.0.map_or_else(|| "no price is known".to_owned(), Shown::words),
        after: after(price),
        fare: Some(fare(price)),
        shares: countries
            .iter()
            .filter_map(|country| {
                Some(Share {
                    country: (*country).to_owned(),
                    product: group.clone(),
                    count: *devices(country)?,
                })
            })
            .collect(),
        examples: counted
            .models
            .get(group)
            .into_iter()
            .flatten()
            .take(EXAMPLES)
            .map(ToString::to_string)
            .collect(),
        ..Consequence::default()
    }
}

/// Whether that is better for whoever has it repaired.
fn fare(price: Price) -> Fare {
    match price {
        (Some(before), Some(after)) if before.code == after.code && after.minor < before.minor => Fare::Better,
        (Some(before), Some(after)) if before.code == after.code => Fare::Worse,
        _ => Fare::Otherwise,
    }
}

/// What it would cost, and by how much that is more or less.
fn after(price: Price) -> String {
    match price {
        (_, None) => "no price is known".to_owned(),
        (Some(before), Some(after)) if before.code == after.code => {
            let by = Shown {
                minor: (after.minor - before.minor).abs(),
                ..after
            };
            let more = if after.minor > before.minor { "more" } else { "less" };
            // In tenths of a per cent; of nothing there is no share.
            let share = (i128::from(by.minor) * 1000).checked_div(i128::from(before.minor));
            let share = share.map_or_else(String::new, |share| format!(" ({}.{} %)", share / 10, share % 10));
            format!("{}, {} {more}{share}", after.words(), by.words())
        }
        (_, Some(after)) => after.words(),
    }
}

/// What another rule of how long models are repaired would mean, for the models that are not sold any more.
fn lives(counted: &Counted, held: &RepairPrices, proposed: &RepairPrices) -> Option<Consequence> {
    let (before, after) = (life_rule(held, String::new()), life_rule(proposed, String::new()));
    let words = |rule: &crate::domain::catalogue::LifeRule| {
        format!(
            "vintage after {} years, obsolete after {}",
            rule.vintage_after_years, rule.obsolete_after_years
        )
    };
    (words(&before) != words(&after)).then(|| Consequence {
        whom: "models that are not sold any more".to_owned(),
        count: counted.ended,
        before: words(&before),
        after: words(&after),
        ..Consequence::default()
    })
}

/// What is counted, where nothing is.
#[cfg(test)]
pub(super) fn consequences_of(
    devices: &[(&str, &str, i64)],
    held: &RepairPrices,
    proposed: &RepairPrices,
) -> Vec<Consequence> {
    let devices = devices
        .iter()
        .map(|(group, country, count)| (((*group).to_owned(), (*country).to_owned()), *count))
        .collect();
    let counted = Counted {
        devices,
        models: std::collections::HashMap::new(),
        ended: 3,
    };
    consequences(&counted, held, proposed, |_| true)
}
