//! What the field rules of the terms of plans cannot say.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use support_proto::support::warranty::v1::{Damage, PlanAmount, PlanAmounts, PlanKind, PlanTerms};

use crate::domain::country::Country;
use crate::domain::money::Currency;
use crate::standard::read::day;

/// What is wrong, with the path of its field.
#[derive(Default)]
struct Faults(Vec<(String, String)>);

/// Everything that is wrong with the terms of plans beyond their field rules.
pub(super) fn faults(terms: &PlanTerms) -> Vec<(String, String)> {
    let mut faults = Faults::default();
    faults.tiers(terms);
    let tiers: BTreeSet<&str> = terms.tiers.keys().map(String::as_str).collect();
    for (key, plan) in sorted(&terms.plans) {
        faults.plan(&format!("plans[{key:?}]"), plan, &tiers);
    }
    for (country, currency) in sorted(&terms.currencies) {
        let path = format!("currencies[{country:?}]");
        faults.country(&path, country);
        faults.currency(&path, currency);
    }
    faults.currency("other_currency_code", &terms.other_currency_code);
    for (country, _) in sorted(&terms.withdrawals) {
        faults.country(&format!("withdrawals[{country:?}]"), country);
    }
    faults.0
}

fn sorted<V>(map: &HashMap<String, V>) -> BTreeMap<&String, &V> {
    map.iter().collect()
}

impl Faults {
    fn add(&mut self, path: impl Into<String>, fault: impl Into<String>) {
        self.0.push((path.into(), fault.into()));
    }

    fn country(&mut self, path: &str, code: &str) {
        if Country::from_code(code).is_none() {
            self.add(path, "is no country of ISO 3166-1");
        }
    }

    fn currency(&mut self, path: &str, code: &str) {
        if Currency::from_code(code).is_none() {
            self.add(path, "is no currency of ISO 4217");
        }
    }

    /// A product has one tier.
    fn tiers(&mut self, terms: &PlanTerms) {
        let mut taken: BTreeMap<String, &str> = BTreeMap::new();
        for (key, tier) in sorted(&terms.tiers) {
            let path = format!("tiers[{key:?}]");
            let lines = tier.product_lines().map(|line| line.as_str_name().to_owned());
            for named in lines.chain(tier.model_prefixes.iter().cloned()) {
                if let Some(other) = taken.get(&named) {
                    self.add(&path, format!("names {named}, as {other:?} does"));
                } else {
                    taken.insert(named, key);
                }
            }
        }
    }

    fn plan(&mut self, path: &str, plan: &PlanKind, tiers: &BTreeSet<&str>) {
        for (field, text) in [("sold_from", &plan.sold_from), ("sold_until", &plan.sold_until)] {
            if !text.is_empty() && day(text).is_none() {
                self.add(format!("{path}.{field}"), "is no day of the calendar");
            }
        }
        if let (Some(first), Some(last)) = (day(&plan.sold_from), day(&plan.sold_until))
            && last < first
        {
            self.add(format!("{path}.sold_until"), "lies before sold_from");
        }
        for code in &plan.not_sold_in {
            self.country(&format!("{path}.not_sold_in"), code);
        }
        if plan.inspected_window_days < plan.purchase_window_days {
            self.add(
                format!("{path}.inspected_window_days"),
                "is less than purchase_window_days",
            );
        }
        self.amounts(&format!("{path}.prices"), &plan.prices, tiers);
        for (key, cover) in sorted(&plan.covers) {
            let path = format!("{path}.covers[{key:?}]");
            if cover.damages().any(|damage| damage == Damage::UnauthorisedChange) {
                self.add(
                    format!("{path}.damages"),
                    "covers what somebody without authority changed, which is refused",
                );
            }
            self.amounts(&format!("{path}.fees"), &cover.fees, tiers);
            self.fees(&format!("{path}.fees"), &cover.fees, &plan.prices);
        }
        if let Some(cancellation) = &plan.cancellation {
            let path = format!("{path}.cancellation.charge_at_most");
            for (code, _) in sorted(&cancellation.charge_at_most) {
                self.currency(&format!("{path}[{code:?}]"), code);
            }
        }
    }

    fn amounts(&mut self, path: &str, amounts: &HashMap<String, PlanAmounts>, tiers: &BTreeSet<&str>) {
        for (tier, amounts) in sorted(amounts) {
            let path = format!("{path}[{tier:?}]");
            if !tiers.contains(tier.as_str()) {
                self.add(&path, "is none of the tiers");
            }
            for (code, _) in sorted::<PlanAmount>(&amounts.by_currency) {
                self.currency(&format!("{path}.by_currency[{code:?}]"), code);
            }
        }
    }

    /// A fee that is missing in a currency would be none: to sell in it by an oversight would give everything away.
    fn fees(&mut self, path: &str, fees: &HashMap<String, PlanAmounts>, prices: &HashMap<String, PlanAmounts>) {
        for (tier, fees) in sorted(fees) {
            let Some(prices) = prices.get(tier) else {
                continue;
            };
            for (code, _) in sorted(&prices.by_currency) {
                if !fees.by_currency.contains_key(code) {
                    self.add(
                        format!("{path}[{tier:?}]"),
                        format!("has no fee in {code}, in which the plan has a price"),
                    );
                }
            }
        }
    }
}
