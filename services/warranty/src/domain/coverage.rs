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

pub use decision::{
    Decision, LawFacts, PartDecision, Pays, PlanDifference, ReturnRight, SparePartRight, Uses, Weighed,
};

use super::calendar::last_day;
use super::facts::{Facts, Question, Rules};
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
        /// It is worn by being used as it is meant to.
        Wear = "wear",
        /// It does all that it should and only looks worse.
        Cosmetic = "cosmetic",
        /// It is lost.
        Loss = "loss",
        /// It was stolen.
        Theft = "theft",
    }
}

named! {
    /// What a device is owed. In the order of weighing.
    Outcome {
        /// Repair free of charge under the maker's limited warranty.
        LimitedWarranty = "limited_warranty",
        /// Repair free of charge under the law of the country of purchase.
        StatutoryRight = "statutory_right",
        /// Repair free of charge of what the maker knows to be faulty in these devices.
        ServiceProgram = "service_program",
        /// Repair free of charge, because the maker repaired it not long ago.
        RepairWarranty = "repair_warranty",
        /// Repair under a plan that the customer bought, for its fee.
        Plan = "plan",
        /// Repair free of charge because the maker wants to, within limits.
        Goodwill = "goodwill",
        /// Repair at a price.
        OutOfWarranty = "out_of_warranty",
        /// No repair.
        Refused = "refused",
    }
}

impl Outcome {
    /// How good it is for the customer, where they pay the same: more is better.
    #[must_use]
    pub const fn benefit(self) -> u8 {
        match self {
            Self::LimitedWarranty => 7,
            Self::StatutoryRight => 6,
            Self::ServiceProgram => 5,
            Self::RepairWarranty => 4,
            Self::Plan => 3,
            Self::Goodwill => 2,
            Self::OutOfWarranty => 1,
            Self::Refused => 0,
        }
    }

    /// Whether something covers the repair, be it for a fee.
    #[must_use]
    pub const fn is_covered(self) -> bool {
        !matches!(self, Self::OutOfWarranty | Self::Refused)
    }
}

named! {
    /// Why a rule applies or not, as a key of the message catalogue.
    Reason {
        /// The day lies within the rule's period.
        WithinPeriod = "coverage.reason.within_period",
        /// The rule's period is over.
        PeriodOver = "coverage.reason.period_over",
        /// The rule's period has not begun.
        NotYetBegun = "coverage.reason.not_yet_begun",
        /// The rule leaves out what fell.
        AccidentalDamage = "coverage.reason.accidental_damage",
        /// The rule leaves out what got wet.
        LiquidDamage = "coverage.reason.liquid_damage",
        /// The device was opened or changed by somebody without authority.
        UnauthorisedChange = "coverage.reason.unauthorised_change",
        /// The rule leaves out what is worn.
        Wear = "coverage.reason.wear",
        /// The rule leaves out what only looks worse.
        CosmeticDamage = "coverage.reason.cosmetic_damage",
        /// The rule leaves out what is lost.
        Loss = "coverage.reason.loss",
        /// The rule leaves out what was stolen.
        Theft = "coverage.reason.theft",
        /// The plan does not cover this damage.
        DamageNotInPlan = "coverage.reason.damage_not_in_plan",
        /// The part is there for looks only, which the rule leaves out.
        CosmeticPart = "coverage.reason.cosmetic_part",
        /// The part wears by being used, and the rule covers such parts for a shorter time, which is over.
        WearingPart = "coverage.reason.wearing_part",
        /// The rule is about another component.
        OtherComponent = "coverage.reason.other_component",
        /// The rule is about certain components, and it was not said which one it is.
        ComponentNotSaid = "coverage.reason.component_not_said",
        /// The rule is about another symptom.
        OtherSymptom = "coverage.reason.other_symptom",
        /// The rule is about certain symptoms, and it was not said what the customer sees.
        SymptomNotSaid = "coverage.reason.symptom_not_said",
        /// The rule is about devices with other serial numbers.
        SerialNotInRange = "coverage.reason.serial_not_in_range",
        /// The unit was repaired under the program before.
        ProgramUsed = "coverage.reason.program_used",
        /// The plan has given all repairs of its twelve months.
        IncidentsUsedUp = "coverage.reason.incidents_used_up",
        /// The maker has shown its good will as often as its terms say.
        GoodwillUsedUp = "coverage.reason.goodwill_used_up",
        /// The repair costs more than good will goes.
        GoodwillLimit = "coverage.reason.goodwill_limit",
        /// The price is not known, or not in a currency in which good will has a limit.
        PriceNotKnown = "coverage.reason.price_not_known",
        /// There was nothing for good will to prolong.
        NothingToProlong = "coverage.reason.nothing_to_prolong",
        /// The rule holds only where the device was sold.
        NotAtThisPlace = "coverage.reason.not_at_this_place",
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
        /// The maker has no parts for the model any more.
        PartsUnavailable = "coverage.reason.parts_unavailable",
        /// Nobody without authority changed the device, so there is nothing to refuse.
        NoUnauthorisedChange = "coverage.reason.no_unauthorised_change",
        /// The device is gone: there is nothing to repair.
        NothingToRepair = "coverage.reason.nothing_to_repair",
        /// The device is there, so there is nothing to refuse.
        DeviceAtHand = "coverage.reason.device_at_hand",
        /// The maker has parts for the model, so there is nothing to refuse.
        PartsAvailable = "coverage.reason.parts_available",
        /// Its owner has reported the device lost.
        ReportedLost = "coverage.reason.reported_lost",
        /// Its owner has reported the device stolen.
        ReportedStolen = "coverage.reason.reported_stolen",
        /// The device is locked to an account that has not released it.
        ActivationLocked = "coverage.reason.activation_locked",
        /// The device was replaced: its rights have passed to the other unit.
        Replaced = "coverage.reason.replaced",
        /// The device is none of the maker's.
        NotGenuine = "coverage.reason.not_genuine",
        /// Something bars the repair of the device.
        Barred = "coverage.reason.barred",
        /// The right is there, and cannot be used while something bars the repair of the device.
        SuspendedByBar = "coverage.reason.suspended_by_bar",
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

/// Why nothing was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undecided {
    /// The day for which it was asked lies before the sale.
    DayBeforePurchase,
    /// The part with this number, which was asked about, is none of the model.
    PartNotOfModel(String),
}

/// Decides what is owed for the device of `facts`.
///
/// Where no rule applies at all, nothing is owed: [`Outcome::Refused`], no rule of the chain decided. The terms that are
/// shipped always have one that applies.
///
/// # Errors
///
/// Where nothing was sold yet on that day, or a part is none of the model.
pub fn decide(rules: &Rules<'_>, facts: &Facts, question: &Question) -> Result<Decision, Undecided> {
    let (terms, sale) = (rules.terms, &facts.sale);
    let (day, damage) = (question.day, question.damage);
    if day < sale.day {
        return Err(Undecided::DayBeforePurchase);
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
    let (outcome, covered_until, pays) = match decided {
        Some(weighed) => {
            weighed.decided = true;
            (weighed.outcome, weighed.until, weighed.pays)
        }
        None => (Outcome::Refused, None, Pays::NoRepair),
    };
    let mut decision = Decision {
        day,
        damage,
        place: question.place,
        symptom: question.symptom.clone(),
        component: question.component.clone(),
        outcome,
        covered_until,
        pays,
        price: None,
        uses: Uses::Nothing,
        incidents_left: None,
        chain,
        parts: Vec::new(),
        plans_would_have: Vec::new(),
        terms_version: terms.version.clone(),
        returns: Vec::new(),
        spare_parts: Vec::new(),
        likely_components: Vec::new(),
        ask: Vec::new(),
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
            .iter()
            .map(|repair| repair.returned)
            .max()
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
        suspended: false,
        from: None,
        until: None,
        pays: match rule.outcome {
            Outcome::OutOfWarranty => Pays::Unknown,
            Outcome::Refused => Pays::NoRepair,
            _ => Pays::Nothing,
        },
        uses: Uses::Nothing,
        incidents_left: None,
        reason: rule.granted,
        version: None,
        source: rule.source.clone(),
        law: None,
    };
    let excluded = rule.excludes.iter().find(|(excluded, _)| *excluded == damage);
    match (period(rule, sale, day), excluded) {
        // What a law leaves out is no question of its length.
        (Ok(_) | Err(Reason::LengthOpen | Reason::PeriodOver), Some((_, reason))) => Weighed {
            reason: *reason,
            ..weighed
        },
        (Err(reason), _) => Weighed { reason, ..weighed },
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
                reason,
                ..weighed
            }
        }
    }
}
