//! What a device is owed on a day.
//!
//! [`decide`] weighs every rule of the terms that is about the product line and takes the best for the customer of those
//! that apply: the limited warranty before the statutory right (it covers every fault of ordinary use, the law only what was
//! there at delivery), that before the warranty on a repair (which covers the fault that was repaired), each of them
//! before repair at a price, that before a refusal. Of two that give the same, the one that lasts longer decides; of two
//! that last as long, the first. Every rule weighed stays in the chain with its reason.
//!
//! A decision that was made is not weighed again: [`explain`] adds to it what its terms say beside, for whoever reads it.

mod decision;
mod law;

#[cfg(test)]
mod tests;

use std::cmp::Reverse;

use support_chassis::{id_type, named};
use time::{Date, Duration};

pub use decision::{Decision, LawFacts, ReturnRight, SparePartRight, Weighed};

use super::calendar::last_day;
use super::sale::Sale;
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
        /// Repair free of charge, because the maker repaired it not long ago.
        RepairWarranty = "repair_warranty",
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
            Self::LimitedWarranty => 4,
            Self::StatutoryRight => 3,
            Self::RepairWarranty => 2,
            Self::OutOfWarranty => 1,
            Self::Refused => 0,
        }
    }

    /// Whether the repair is free of charge.
    #[must_use]
    pub const fn is_covered(self) -> bool {
        matches!(
            self,
            Self::LimitedWarranty | Self::StatutoryRight | Self::RepairWarranty
        )
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
        /// What is certain of the law is over; whether it gives more is judged in the single case.
        LengthOpen = "coverage.reason.length_open",
        /// The rule is for new devices, and this one was sold used.
        NotForUsed = "coverage.reason.not_for_used",
        /// The maker has not repaired the device before.
        NoRepairBefore = "coverage.reason.no_repair_before",
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
pub fn decide(terms: &Terms, sale: &Sale, day: Date, damage: Damage) -> Result<Decision, DayBeforePurchase> {
    if day < sale.day {
        return Err(DayBeforePurchase);
    }
    let mut chain: Vec<Weighed> = terms
        .rules
        .iter()
        .filter(|rule| rule.scope.reaches(sale.line))
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
    let mut decision = Decision {
        day,
        damage,
        outcome,
        covered_until,
        chain,
        terms_version: terms.version.clone(),
        returns: Vec::new(),
        spare_parts: Vec::new(),
    };
    explain(&mut decision, terms, sale);
    Ok(decision)
}

/// Adds to a decision what the terms it was made by say beside: the facts of the laws that were weighed, the rights to
/// give the device back, the duties to have spare parts. What was decided stays as it is.
pub fn explain(decision: &mut Decision, terms: &Terms, sale: &Sale) {
    for weighed in &mut decision.chain {
        weighed.law = terms
            .rules
            .iter()
            .find(|rule| rule.id == weighed.rule_id)
            .and_then(|rule| law::facts(rule, sale));
    }
    decision.returns = terms
        .returns
        .iter()
        .filter(|rule| rule.scope.reaches(sale.line) && rule.scope.holds_on(sale.day))
        .map(|rule| {
            let until = days_later(sale.day, rule.days);
            ReturnRight {
                rule_id: rule.id.clone(),
                until,
                applies: decision.day <= until,
                distance_only: rule.distance_only,
                way_back_free: rule.way_back_free,
                source: rule.source.clone(),
            }
        })
        .collect();
    decision.spare_parts = terms
        .spare_parts
        .iter()
        .filter(|rule| rule.scope.reaches(sale.line) && rule.scope.holds_on(sale.day))
        .map(|rule| SparePartRight {
            rule_id: rule.id.clone(),
            years: rule.years,
            source: rule.source.clone(),
        })
        .collect();
}

/// The day this many days after `day`. Never beyond the last day that can be written.
fn days_later(day: Date, days: u16) -> Date {
    day.checked_add(Duration::days(days.into())).unwrap_or(Date::MAX)
}

/// The days on which a rule applies, or why it never does.
fn period(rule: &Rule, sale: &Sale, day: Date) -> Result<(Date, Option<Date>), Reason> {
    if !rule.scope.holds_on(sale.day) {
        return Err(Reason::NotInForceAtSale);
    }
    match rule.length {
        Length::NotInTerms => Err(Reason::LawNotInTerms),
        Length::Open => Ok((sale.day, None)),
        Length::OfProduct(at_least) => match at_least.max(sale.warranty_months.into()) {
            0 => Err(Reason::NoWarrantyGiven),
            months => Ok((sale.day, Some(last_day(sale.day, months)))),
        },
        Length::AfterRepair(days) => sale
            .repairs
            .last_returned()
            .filter(|_| days > 0)
            .map(|returned| (returned, Some(days_later(returned, days))))
            .ok_or(Reason::NoRepairBefore),
        Length::OfLaw(_) => match law::end(rule, sale) {
            Some(end) => Ok((sale.day, Some(end.until))),
            None if law::may_still_give(rule, sale, day) => Err(Reason::LengthOpen),
            None if sale.used && !law::is_open(rule) => Err(Reason::NotForUsed),
            None => Err(Reason::PeriodOver),
        },
    }
}

/// Weighs one rule.
fn weigh(rule: &Rule, sale: &Sale, day: Date, damage: Damage) -> Weighed {
    let weighed = Weighed {
        rule_id: rule.id.clone(),
        outcome: rule.outcome,
        applies: false,
        decided: false,
        from: None,
        until: None,
        source: rule.source.clone(),
        reason_key: rule.granted.as_str().to_owned(),
        law: None,
    };
    let because = |reason: Reason| reason.as_str().to_owned();
    let excluded = rule.excludes.iter().find(|(excluded, _)| *excluded == damage);
    match (period(rule, sale, day), excluded) {
        // What a law leaves out is no question of its length.
        (Ok(_) | Err(Reason::LengthOpen | Reason::PeriodOver), Some((_, reason))) => Weighed {
            reason_key: because(*reason),
            ..weighed
        },
        (Err(reason), _) => Weighed {
            reason_key: because(reason),
            ..weighed
        },
        (Ok((from, until)), None) => {
            let applies = from <= day && until.is_none_or(|last| day <= last);
            let reason = match applies {
                true => rule.granted,
                false if law::may_still_give(rule, sale, day) => Reason::LengthOpen,
                false => Reason::PeriodOver,
            };
            Weighed {
                applies,
                from: Some(from),
                until,
                reason_key: because(reason),
                ..weighed
            }
        }
    }
}
