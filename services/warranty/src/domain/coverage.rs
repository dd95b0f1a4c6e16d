//! What a device is owed on a day.
//!
//! [`decide`] weighs every rule of the terms that reaches the sale and takes the best for the customer of those that
//! apply: the limited warranty before the statutory right (it covers every fault of ordinary use, the law only what was
//! there at delivery), either before repair at a price, that before a refusal. Of two that give the same, the one that
//! lasts longer decides; of two that last as long, the first. Every rule weighed stays in the chain with its reason.

mod decision;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::cmp::Reverse;

use support_chassis::{id_type, named};
use time::Date;

pub use decision::{Decision, Weighed};

use super::calendar::last_day;
use super::country::Country;
use super::terms::{Length, Rule, Terms};

id_type! {
    /// Names a decision.
    DecisionId
}

named! {
    /// How a device came to harm.
    Damage {
        /// It failed in ordinary use.
        None = "none",
        /// It fell or was bent or crushed.
        Accidental = "accidental",
        /// It got wet.
        Liquid = "liquid",
        /// It was opened or changed by somebody without authority.
        UnauthorisedChange = "unauthorised_change",
    }
}

named! {
    /// What a device is owed.
    Outcome {
        /// Repair free of charge under the maker's limited warranty.
        LimitedWarranty = "limited_warranty",
        /// Repair free of charge under the law of the country of purchase.
        StatutoryRight = "statutory_right",
        /// Repair at a price.
        OutOfWarranty = "out_of_warranty",
        /// No repair.
        Refused = "refused",
    }
}

impl Outcome {
    /// How good it is for the customer: more is better.
    #[must_use]
    pub const fn benefit(self) -> u8 {
        match self {
            Self::LimitedWarranty => 3,
            Self::StatutoryRight => 2,
            Self::OutOfWarranty => 1,
            Self::Refused => 0,
        }
    }

    /// Whether the repair is free of charge.
    #[must_use]
    pub const fn is_covered(self) -> bool {
        matches!(self, Self::LimitedWarranty | Self::StatutoryRight)
    }
}

named! {
    /// Why a rule applies or not, as a key of the message catalogue.
    Reason {
        /// The day lies within the rule's period.
        WithinPeriod = "coverage.reason.within_period",
        /// The rule's period is over.
        PeriodOver = "coverage.reason.period_over",
        /// The rule leaves out what fell.
        AccidentalDamage = "coverage.reason.accidental_damage",
        /// The rule leaves out what got wet.
        LiquidDamage = "coverage.reason.liquid_damage",
        /// The device was opened or changed by somebody without authority.
        UnauthorisedChange = "coverage.reason.unauthorised_change",
        /// The maker gives no limited warranty on the product.
        NoWarrantyGiven = "coverage.reason.no_warranty_given",
        /// The rule was not in force when the device was sold.
        NotInForceAtSale = "coverage.reason.not_in_force_at_sale",
        /// The law of the country of purchase is not in the terms.
        LawNotInTerms = "coverage.reason.law_not_in_terms",
        /// The maker repairs at a price.
        RepairAtPrice = "coverage.reason.repair_at_price",
        /// Nobody without authority changed the device, so there is nothing to refuse.
        NoUnauthorisedChange = "coverage.reason.no_unauthorised_change",
    }
}

/// The keys of all reasons that a chain can give: what a message catalogue must hold.
pub const REASON_KEYS: &[&str] = &{
    let mut keys = [""; Reason::ALL.len()];
    let mut at = 0;
    while at < keys.len() {
        keys[at] = Reason::ALL[at].as_str();
        at += 1;
    }
    keys
};

/// What there is to know of a sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sale {
    /// When the device was handed to its first owner.
    pub day: Date,
    /// Where.
    pub country: Country,
    /// The maker's limited warranty on the product, in months.
    pub warranty_months: u8,
}

/// The day for which a decision was asked lies before the sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayBeforePurchase;

/// Decides what is owed on `day` for a device that came to harm by `damage`.
///
/// Where no rule applies at all, nothing is owed: [`Outcome::Refused`], no rule of the chain decided. The terms that are
/// shipped always have one that applies.
///
/// # Errors
///
/// Where nothing was sold yet on that day.
pub fn decide(terms: &Terms, sale: Sale, day: Date, damage: Damage) -> Result<Decision, DayBeforePurchase> {
    if day < sale.day {
        return Err(DayBeforePurchase);
    }
    let mut chain: Vec<Weighed> = terms
        .rules
        .iter()
        .filter(|rule| terms.reaches(rule, sale.country))
        .map(|rule| weigh(rule, sale, day, damage))
        .collect();
    let best = chain
        .iter()
        .enumerate()
        .filter(|(_, weighed)| weighed.applies)
        .max_by_key(|(place, weighed)| {
            (
                weighed.outcome.benefit(),
                weighed.until.unwrap_or(Date::MAX),
                Reverse(*place),
            )
        })
        .map(|(place, _)| place);
    let decided = best.and_then(|place| chain.get_mut(place));
    let (outcome, covered_until) = match decided {
        Some(weighed) => {
            weighed.decided = true;
            (weighed.outcome, weighed.until)
        }
        None => (Outcome::Refused, None),
    };
    Ok(Decision {
        day,
        damage,
        outcome,
        covered_until,
        chain,
        terms_version: Cow::Borrowed(terms.version),
    })
}

/// Weighs one rule.
fn weigh(rule: &Rule, sale: Sale, day: Date, damage: Damage) -> Weighed {
    let weighed = Weighed {
        rule_id: Cow::Borrowed(rule.id),
        outcome: rule.outcome,
        applies: false,
        decided: false,
        from: None,
        until: None,
        source: Cow::Borrowed(rule.source),
        reason_key: Cow::Borrowed(rule.granted.as_str()),
    };
    let never = |reason: Reason| Weighed {
        reason_key: Cow::Borrowed(reason.as_str()),
        ..weighed.clone()
    };
    let is_in_force =
        rule.sold_from.is_none_or(|first| first <= sale.day) && rule.sold_until.is_none_or(|last| sale.day <= last);
    if !is_in_force {
        return never(Reason::NotInForceAtSale);
    }
    let until = match rule.length {
        Length::NotInTerms => return never(Reason::LawNotInTerms),
        Length::OfProduct if sale.warranty_months == 0 => return never(Reason::NoWarrantyGiven),
        Length::OfProduct => Some(last_day(sale.day, sale.warranty_months.into())),
        Length::Months(months) => Some(last_day(sale.day, months)),
        Length::Open => None,
    };
    if let Some((_, reason)) = rule.excludes.iter().find(|(excluded, _)| *excluded == damage) {
        return never(*reason);
    }
    let applies = until.is_none_or(|last| day <= last);
    let reason = if applies { rule.granted } else { Reason::PeriodOver };
    Weighed {
        applies,
        from: Some(sale.day),
        until,
        ..never(reason)
    }
}
