//! The document as a country reads it.

use std::collections::HashMap;

use support_proto::support::types::v1::ProductLine as WireLine;
use support_proto::support::warranty::v1::{self as wire, PlanAmount, PlanAmounts, PlanBuyer, PlanRounding, PlanTerms};

use crate::domain::country::Country;
use crate::domain::money::{Currency, Rounding};
use crate::domain::plan::Buyer;
use crate::domain::plan::book::{Amounts, Book, Cover, Kind, Tier};
use crate::domain::product::ProductLine;
use crate::standard::read::day;
use crate::wire::{read_damage, read_product_line};

/// How the terms say that a plan has no limit of incidents.
const NO_LIMIT: i32 = 999;

/// What `document` offers for devices bought in `country`. The order does not depend on that of the document's maps.
pub(super) fn book(document: &PlanTerms, version: String, country: Country) -> Book {
    let code = document.currencies.get(country.code());
    let currency = code.and_then(|code| Currency::from_code(code));
    let withdrawal = document.withdrawals.get(country.code());
    Book {
        version,
        // The check of the document knows no other currencies.
        currency: currency
            .or_else(|| Currency::from_code(&document.other_currency_code))
            .unwrap_or(Currency::US_DOLLAR),
        quote_valid_hours: number(document.quote_valid_hours),
        payment_days: number(document.payment_days),
        withdrawal: withdrawal.map(|law| (number(law.days), law.source.clone())),
        tiers: sorted(&document.tiers).map(|(key, tier)| tier_of(key, tier)).collect(),
        kinds: sorted(&document.plans)
            .map(|(key, plan)| kind(key, plan, country))
            .collect(),
    }
}

/// A map's entries by their keys: the order of a hash map is none.
fn sorted<V>(map: &HashMap<String, V>) -> impl Iterator<Item = (&String, &V)> {
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_unstable_by_key(|(key, _)| *key);
    entries.into_iter()
}

fn tier_of(key: &str, tier: &wire::PlanPriceTier) -> Tier {
    Tier {
        key: key.to_owned(),
        lines: lines(tier.product_lines()),
        model_prefixes: tier.model_prefixes.clone(),
    }
}

fn lines(lines: impl Iterator<Item = WireLine>) -> Vec<ProductLine> {
    lines.filter_map(read_product_line).collect()
}

fn kind(key: &str, plan: &wire::PlanKind, country: Country) -> Kind {
    let cancellation = plan.cancellation.clone().unwrap_or_default();
    Kind {
        key: key.to_owned(),
        name_key: plan.name_key.clone(),
        sold_from: day(&plan.sold_from),
        sold_until: day(&plan.sold_until),
        sold_here: !plan.not_sold_in.iter().any(|code| code == country.code()),
        buyers: plan.buyers().filter_map(buyer).collect(),
        lines: lines(plan.product_lines()),
        not_for_models: plan.not_for_models.clone(),
        for_used: plan.for_used,
        months: number(plan.term_months),
        rolling: plan.rolling,
        renewable: plan.renewable,
        renewal_window_days: number(plan.renewal_window_days),
        grace_days: number(plan.grace_days),
        purchase_window_days: number(plan.purchase_window_days),
        inspected_window_days: number(plan.inspected_window_days),
        waiting_days: number(plan.waiting_days),
        transferable: plan.transferable,
        incidents_per_12_months: (plan.incidents_per_12_months < NO_LIMIT)
            .then(|| number(plan.incidents_per_12_months)),
        covers: sorted(&plan.covers).map(|(_, cover)| cover_of(cover)).collect(),
        prices: amounts(&plan.prices),
        full_refund_days: number(cancellation.full_refund_days),
        charge_basis_points: number(cancellation.charge_basis_points),
        charge_at_most: by_currency(&cancellation.charge_at_most),
        rounding: rounding(cancellation.rounding()),
        source: plan.source.clone(),
    }
}

fn cover_of(cover: &wire::PlanCover) -> Cover {
    Cover {
        damages: cover.damages().filter_map(read_damage).collect(),
        components: cover.components.clone(),
        fees: amounts(&cover.fees),
    }
}

fn amounts(by_tier: &HashMap<String, PlanAmounts>) -> Amounts {
    by_tier
        .iter()
        .map(|(tier, amounts)| (tier.clone(), by_currency(&amounts.by_currency)))
        .collect()
}

fn by_currency(amounts: &HashMap<String, PlanAmount>) -> std::collections::BTreeMap<Currency, i64> {
    amounts
        .iter()
        .filter_map(|(code, amount)| Some((Currency::from_code(code)?, amount.minor_units)))
        .collect()
}

fn buyer(buyer: PlanBuyer) -> Option<Buyer> {
    match buyer {
        PlanBuyer::Unspecified => None,
        PlanBuyer::Consumer => Some(Buyer::Consumer),
        PlanBuyer::Business => Some(Buyer::Business),
    }
}

/// Up where the document says nothing, which its check does not let pass.
fn rounding(rounding: PlanRounding) -> Rounding {
    match rounding {
        PlanRounding::Unspecified | PlanRounding::Up => Rounding::Up,
        PlanRounding::HalfUp => Rounding::HalfUp,
        PlanRounding::HalfEven => Rounding::HalfEven,
        PlanRounding::Down => Rounding::Down,
    }
}

/// A number that the field rules keep within bounds far below this type's.
fn number(value: i32) -> u16 {
    u16::try_from(value.max(0)).unwrap_or(u16::MAX)
}
