//! What the terms of plans offer at a place: which plans there are, for what, at which price, and why one cannot be bought.

use std::collections::BTreeMap;

use support_chassis::named;
use time::Date;

use super::{Agreed, Buyer, Cancellation, PlanCover, PlanOffer};
use crate::domain::calendar::days_later;
use crate::domain::coverage::Damage;
use crate::domain::money::{Amount, Currency, Rounding};
use crate::domain::product::ProductLine;

/// The terms of plans, as they are for devices bought in one country.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Book {
    /// The version of the terms.
    pub version: String,
    /// The currency in which plans are sold there where nobody asks for another.
    pub currency: Currency,
    /// For how many hours a quote holds.
    pub quote_valid_hours: u16,
    /// For how many days an enrolment waits for its first payment.
    pub payment_days: u16,
    /// For how many days the law lets a customer withdraw, and where it says so; none where it does not.
    pub withdrawal: Option<(u16, String)>,
    /// The price tiers.
    pub tiers: Vec<Tier>,
    /// The plans, by key.
    pub kinds: Vec<Kind>,
}

/// A price tier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tier {
    /// Its key.
    pub key: String,
    /// The product lines it is for.
    pub lines: Vec<ProductLine>,
    /// The models it is for, by how their codes begin.
    pub model_prefixes: Vec<String>,
}

/// Amounts by price tier and currency, in minor units.
pub type Amounts = BTreeMap<String, BTreeMap<Currency, i64>>;

/// A plan that can be bought.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "the terms say each of these by itself")]
pub struct Kind {
    /// Its key.
    pub key: String,
    /// The message that names it.
    pub name_key: String,
    /// The first day on which it is sold; none where there is none.
    pub sold_from: Option<Date>,
    /// The last day on which it is sold or renewed; none where there is none.
    pub sold_until: Option<Date>,
    /// Whether it is sold in the country.
    pub sold_here: bool,
    /// Who may buy it.
    pub buyers: Vec<Buyer>,
    /// The product lines it is for.
    pub lines: Vec<ProductLine>,
    /// The models it is not for, by how their codes begin.
    pub not_for_models: Vec<String>,
    /// Whether it is for devices that were sold used.
    pub for_used: bool,
    /// How many months a price pays for.
    pub months: u16,
    /// Whether term follows term.
    pub rolling: bool,
    /// Whether a fixed term may be followed by another.
    pub renewable: bool,
    /// How many days before the end a renewal can be prepared.
    pub renewal_window_days: u16,
    /// Days of grace.
    pub grace_days: u16,
    /// Within how many days after the purchase it can be bought.
    pub purchase_window_days: u16,
    /// Within how many after an inspection.
    pub inspected_window_days: u16,
    /// Days between the first payment and the first day.
    pub waiting_days: u16,
    /// Whether it stays with a device that changes hands.
    pub transferable: bool,
    /// Incidents in twelve months; none where there is no limit.
    pub incidents_per_12_months: Option<u16>,
    /// What it covers.
    pub covers: Vec<Cover>,
    /// The price of a term.
    pub prices: Amounts,
    /// Within how many days the whole price is paid back by the plan itself.
    pub full_refund_days: u16,
    /// The charge on a refund, in hundredths of a percent.
    pub charge_basis_points: u16,
    /// Its most, by currency.
    pub charge_at_most: BTreeMap<Currency, i64>,
    /// How a refund is rounded.
    pub rounding: Rounding,
    /// Where it is written down.
    pub source: String,
}

/// Something that a plan covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cover {
    /// The damage.
    pub damages: Vec<Damage>,
    /// The components; none for all.
    pub components: Vec<String>,
    /// The fee; of a tier that is not here there is none.
    pub fees: Amounts,
}

named! {
    /// Why a plan cannot be bought.
    Ineligibility {
        /// It is not for this kind of product.
        ProductLine = "product_line",
        /// It is not for this model.
        Model = "model",
        /// It is not sold in the country of purchase.
        Country = "country",
        /// It is not sold yet.
        NotYetSold = "not_yet_sold",
        /// It is no longer sold.
        NoLongerSold = "no_longer_sold",
        /// It has no price for this product in this currency.
        NoPrice = "no_price",
        /// The device was bought too long ago.
        WindowOver = "window_over",
        /// The device was bought so long ago that it must be inspected first.
        InspectionNeeded = "inspection_needed",
        /// It is not for devices that were sold used.
        SoldUsed = "sold_used",
        /// It is not for who buys.
        Buyer = "buyer",
        /// The device has one of this kind.
        AlreadyHeld = "already_held",
        /// Something keeps the maker from repairing the device.
        DeviceBarred = "device_barred",
        /// The day of purchase lies ahead.
        NotBoughtYet = "not_bought_yet",
    }
}

/// Who wants to buy a plan for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The device's product line.
    pub line: ProductLine,
    /// Its model.
    pub model: String,
    /// When it was bought.
    pub bought_on: Date,
    /// Whether it was sold used.
    pub sold_used: bool,
    /// The day.
    pub day: Date,
    /// Who buys.
    pub buyer: Buyer,
    /// The currency.
    pub currency: Currency,
    /// Whether the device has been inspected and found whole.
    pub inspected: bool,
    /// The plans that it has.
    pub held: Vec<String>,
    /// Whether something keeps the maker from repairing it.
    pub barred: bool,
}

impl Book {
    /// The plan with this key.
    #[must_use]
    pub fn kind(&self, key: &str) -> Option<&Kind> {
        self.kinds.iter().find(|kind| kind.key == key)
    }

    /// The price tier of a product: the one that names its model most exactly, else the one that names its line.
    #[must_use]
    pub fn tier(&self, line: ProductLine, model: &str) -> Option<&Tier> {
        let exactness = |tier: &Tier| {
            let prefixes = tier.model_prefixes.iter();
            prefixes
                .filter(|prefix| model.starts_with(prefix.as_str()))
                .map(String::len)
                .max()
        };
        self.tiers
            .iter()
            .filter_map(|tier| exactness(tier).map(|length| (length, tier)))
            .max_by_key(|(length, _)| *length)
            .map(|(_, tier)| tier)
            .or_else(|| self.tiers.iter().find(|tier| tier.lines.contains(&line)))
    }

    /// What would be agreed for a term of `kind` for a product, in `currency`; none where it has no price.
    #[must_use]
    pub fn agree(&self, kind: &Kind, line: ProductLine, model: &str, currency: Currency) -> Option<Agreed> {
        let tier = self.tier(line, model)?;
        let price = *kind.prices.get(&tier.key)?.get(&currency)?;
        let (days, source) = match &self.withdrawal {
            Some((days, source)) if *days > kind.full_refund_days => (*days, source),
            _ => (kind.full_refund_days, &kind.source),
        };
        Some(Agreed {
            kind: kind.key.clone(),
            name_key: kind.name_key.clone(),
            months: kind.months,
            rolling: kind.rolling,
            price: Amount::new(currency, price),
            incidents_per_12_months: kind.incidents_per_12_months,
            covers: covers(kind, &tier.key, currency),
            waiting_days: kind.waiting_days,
            payment_days: self.payment_days,
            grace_days: kind.grace_days,
            renewal_window_days: (kind.rolling || kind.renewable).then_some(kind.renewal_window_days),
            cancellation: Cancellation {
                full_refund_days: days,
                full_refund_source: source.clone(),
                charge_basis_points: kind.charge_basis_points,
                charge_at_most: kind
                    .charge_at_most
                    .get(&currency)
                    .filter(|_| kind.charge_basis_points > 0)
                    .map(|most| Amount::new(currency, *most)),
                rounding: kind.rounding,
            },
            transferable: kind.transferable,
            version: self.version.clone(),
            source: kind.source.clone(),
        })
    }

    /// Every reason why `kind` cannot be bought; none where it can.
    #[must_use]
    pub fn why_not(&self, kind: &Kind, wish: &Wish) -> Vec<Ineligibility> {
        let window = (
            days_later(wish.bought_on, kind.purchase_window_days),
            days_later(wish.bought_on, kind.inspected_window_days),
        );
        let late = wish.day > window.0;
        let too_late = late && wish.day > window.1;
        let reaches = kind.lines.contains(&wish.line);
        let priced = self.agree(kind, wish.line, &wish.model, wish.currency).is_some();
        let checks = [
            (!reaches, Ineligibility::ProductLine),
            (kind.leaves_out(&wish.model), Ineligibility::Model),
            (!kind.sold_here, Ineligibility::Country),
            (
                kind.sold_from.is_some_and(|first| wish.day < first),
                Ineligibility::NotYetSold,
            ),
            (
                kind.sold_until.is_some_and(|last| last < wish.day),
                Ineligibility::NoLongerSold,
            ),
            // Of what it is not for it has no price either, which says nothing more.
            (reaches && !priced, Ineligibility::NoPrice),
            (too_late, Ineligibility::WindowOver),
            (late && !too_late && !wish.inspected, Ineligibility::InspectionNeeded),
            (wish.sold_used && !kind.for_used, Ineligibility::SoldUsed),
            (!kind.buyers.contains(&wish.buyer), Ineligibility::Buyer),
            (wish.held.contains(&kind.key), Ineligibility::AlreadyHeld),
            (wish.barred, Ineligibility::DeviceBarred),
            (wish.day < wish.bought_on, Ineligibility::NotBoughtYet),
        ];
        checks
            .into_iter()
            .filter_map(|(holds, reason)| holds.then_some(reason))
            .collect()
    }

    /// What is agreed for another term of a plan of this kind on `day`, in the currency of the plan; none where it is no longer
    /// renewed.
    #[must_use]
    pub fn renew(&self, key: &str, line: ProductLine, model: &str, currency: Currency, day: Date) -> Option<Agreed> {
        let kind = self.kind(key)?;
        let ended = kind.sold_until.is_some_and(|last| last < day);
        let agreed = self.agree(kind, line, model, currency)?;
        (!ended && agreed.renewal_window_days.is_some()).then_some(agreed)
    }

    /// The plans that a consumer could have bought with a product on the day of its sale.
    #[must_use]
    pub fn offers(&self, line: ProductLine, model: &str, sold_on: Date) -> Vec<PlanOffer> {
        let sold = |kind: &&Kind| {
            kind.sold_here
                && kind.buyers.contains(&Buyer::Consumer)
                && kind.lines.contains(&line)
                && !kind.leaves_out(model)
                && kind.sold_from.is_none_or(|first| first <= sold_on)
                && kind.sold_until.is_none_or(|last| sold_on <= last)
        };
        self.kinds
            .iter()
            .filter(sold)
            .filter_map(|kind| self.agree(kind, line, model, self.currency))
            .map(|agreed| PlanOffer {
                kind: agreed.kind,
                months: (!agreed.rolling).then_some(agreed.months),
                incidents_per_12_months: agreed.incidents_per_12_months,
                covers: agreed.covers,
                version: agreed.version,
                source: agreed.source,
            })
            .collect()
    }
}

impl Kind {
    fn leaves_out(&self, model: &str) -> bool {
        self.not_for_models
            .iter()
            .any(|prefix| model.starts_with(prefix.as_str()))
    }
}

fn covers(kind: &Kind, tier: &str, currency: Currency) -> Vec<PlanCover> {
    kind.covers
        .iter()
        .map(|cover| PlanCover {
            damages: cover.damages.clone(),
            components: cover.components.clone(),
            // The check of the terms sees that a tier with a fee has one in every currency of its price.
            fee: Amount::new(
                currency,
                cover
                    .fees
                    .get(tier)
                    .and_then(|fees| fees.get(&currency))
                    .copied()
                    .unwrap_or(0),
            ),
        })
        .collect()
}
