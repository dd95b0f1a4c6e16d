//! What a device is owed on a day.
//!
//! [`decide`] weighs everything that may concern a device and takes the best for the customer of what applies:
//!
//! 1. by what the customer pays: nothing, before a fee that is below the price, before a fee in another currency than the price,
//!    before the price (or a fee above it), before a price that is not known, before no repair at all;
//! 2. what uses nothing up, before what uses up a repair of a plan, a service program or good will;
//! 3. the limited warranty (it covers every fault of ordinary use), before the statutory right (what was there at delivery), the
//!    service program (what the maker knows to be faulty), the warranty on a repair (what was repaired), the plan, good will, repair
//!    at a price, a refusal;
//! 4. what lasts longer; and of two that last as long, the first in the chain.
//!
//! What bars a repair (a device that is reported stolen, say) bars all of that: it is refused, and what the law gives stays in the
//! chain as suspended. Everything weighed stays in the chain with its reason. The decision is a function of its arguments alone, so
//! that it can be made again from them.
//!
//! Of what was decided before a decision was stored whole, [`explain`] reads again what its terms say beside.

mod about;
mod bars;
mod beyond;
mod decision;
mod fares;
mod kinds;
mod law;
mod plans;
mod rank;
mod rules;

#[cfg(test)]
mod tests;

use support_chassis::id_type;
use time::Date;

pub use decision::{
    Decision, LawFacts, PartDecision, Pays, PlanDifference, ReturnRight, SparePartRight, Uses, Weighed,
};
pub use fares::{Aspect, Difference, Fare, Turned, difference};
pub use kinds::{Damage, Outcome, REASON_KEYS, Reason};

use self::about::Asked;
use super::calendar::days_later;
use super::facts::{Bar, Facts, Question, Rules};
use super::money::Amount;
use super::sale::Sale;
use super::terms::Terms;

id_type! {
    /// Names a decision.
    DecisionId
}

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
    if question.day < facts.sale.day {
        return Err(Undecided::DayBeforePurchase);
    }
    let asked = Asked::new(rules, facts, question);
    let owed = weigh(rules, facts, &asked);
    let mut parts = Vec::with_capacity(question.parts.len());
    for number in &question.parts {
        let part = facts.unit.parts.iter().find(|part| part.part_number == *number);
        let part = part.ok_or_else(|| Undecided::PartNotOfModel(number.clone()))?;
        let owed = weigh(rules, facts, &asked.about_part(part, rules, facts));
        parts.push(PartDecision {
            part_number: part.part_number.clone(),
            component: part.component.clone(),
            wears: part.wears,
            cosmetic: part.cosmetic,
            outcome: owed.outcome,
            covered_until: owed.covered_until,
            pays: owed.pays,
            price: owed.price,
            uses: owed.uses,
            incidents_left: owed.incidents_left,
            chain: owed.chain,
        });
    }
    let mut decision = Decision {
        day: question.day,
        damage: question.damage,
        place: question.place,
        symptom: question.symptom.clone(),
        component: question.component.clone(),
        outcome: owed.outcome,
        covered_until: owed.covered_until,
        pays: owed.pays,
        price: owed.price,
        uses: owed.uses,
        incidents_left: owed.incidents_left,
        plans_would_have: if owed.is_barred {
            Vec::new()
        } else {
            plans::differences(rules.offers, facts, &asked, owed.pays)
        },
        chain: owed.chain,
        parts,
        terms_version: rules.terms.version.clone(),
        returns: Vec::new(),
        spare_parts: Vec::new(),
        likely_components: Vec::new(),
        ask: Vec::new(),
    };
    tell(&mut decision, rules.terms, &facts.sale);
    if decision.outcome != Outcome::Refused && facts.bars.contains(&Bar::ActivationLocked) {
        decision.ask.extend(rules.terms.activation_lock.ask.iter().cloned());
    }
    Ok(decision)
}

/// What is owed, for the unit or for one part.
struct Owed {
    outcome: Outcome,
    covered_until: Option<Date>,
    pays: Pays,
    price: Option<Amount>,
    uses: Uses,
    incidents_left: Option<u16>,
    is_barred: bool,
    chain: Vec<Weighed>,
}

/// Weighs everything that may concern what was asked.
fn weigh(rules: &Rules<'_>, facts: &Facts, asked: &Asked<'_>) -> Owed {
    let terms = rules.terms;
    let concerning = || terms.rules.iter().filter(|rule| rule.scope.reaches(facts.sale.line));
    let mut chain = Vec::with_capacity(terms.rules.len() + facts.plans.len() + facts.bars.len() + 2);
    // The last day of what is owed for certain, whatever came to the device.
    let mut end: Option<Date> = None;
    for rule in concerning().filter(|rule| rule.outcome < Outcome::ServiceProgram) {
        let (weighed, until) = rules::weigh(rule, asked);
        end = end.max(until);
        chain.push(weighed);
    }
    let programs = terms.programs_about(&facts.unit);
    chain.extend(programs.map(|(program, serials)| beyond::program(program, &serials, facts, asked)));
    let middle = Outcome::ServiceProgram..Outcome::OutOfWarranty;
    chain.extend(
        concerning()
            .filter(|rule| middle.contains(&rule.outcome))
            .map(|rule| rules::weigh(rule, asked).0),
    );
    chain.extend(facts.plans.iter().map(|plan| plans::held(plan, asked)));
    chain.extend(
        terms
            .goodwill
            .iter()
            .map(|goodwill| beyond::goodwill(goodwill, end, facts, asked)),
    );
    for rule in concerning().filter(|rule| rule.outcome >= Outcome::OutOfWarranty) {
        chain.push(match rule.outcome {
            Outcome::OutOfWarranty => rules::priced(rule, facts, asked),
            _ => rules::weigh(rule, asked).0,
        });
    }
    chain.extend(rules::obsolete(facts, asked, &terms.repair_terms));
    let is_barred = bars::bar(&mut chain, &facts.bars, asked, terms);

    let is_priced = |weighed: &Weighed| weighed.applies && weighed.outcome == Outcome::OutOfWarranty;
    let price = asked.price.filter(|_| chain.iter().any(is_priced));
    match rank::best(&chain, asked.price).and_then(|place| chain.get_mut(place)) {
        Some(weighed) => {
            weighed.decided = true;
            Owed {
                outcome: weighed.outcome,
                covered_until: weighed.until,
                pays: weighed.pays,
                price,
                uses: weighed.uses.clone(),
                incidents_left: weighed.incidents_left,
                is_barred,
                chain,
            }
        }
        None => Owed {
            outcome: Outcome::Refused,
            covered_until: None,
            pays: Pays::NoRepair,
            price,
            uses: Uses::Nothing,
            incidents_left: None,
            is_barred,
            chain,
        },
    }
}

/// Adds to a decision what the terms it was made by say beside: the facts of the laws that were weighed, the rights to
/// give the device back, the duties to have spare parts, what the symptom means. What was decided stays as it is.
pub fn explain(decision: &mut Decision, terms: &Terms, sale: &Sale) {
    for weighed in &mut decision.chain {
        weighed.law = terms
            .rules
            .iter()
            .find(|rule| rule.id == weighed.rule_id)
            .and_then(|rule| law::facts(rule, sale));
    }
    tell(decision, terms, sale);
}

/// Adds what the terms say beside the chain.
fn tell(decision: &mut Decision, terms: &Terms, sale: &Sale) {
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
    let symptom = decision.symptom.as_deref().and_then(|code| terms.symptoms.get(code));
    decision.likely_components = symptom.map_or_else(Vec::new, |symptom| symptom.components.clone());
    decision.ask = symptom.map_or_else(Vec::new, |symptom| symptom.ask.clone());
}
