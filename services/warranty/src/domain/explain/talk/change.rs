//! What would change an answer, by deciding anew.

use std::cmp::Ordering;

use time::Date;

use super::{Alternative, Change, Known, PLANS, SYMPTOMS, bar_key, damage_key};
use crate::domain::coverage::{Damage, Decision, Outcome, Pays, Reason, decide};
use crate::domain::device::Evidence;
use crate::domain::explain::{Sentence, Value, component, named};
use crate::domain::facts::{Bar, Facts, Question};

/// What would change the answer, the best for the customer first.
pub(super) fn alternatives(decision: &Decision, known: &Known<'_>) -> Vec<Alternative> {
    let anew = Anew { decision, known };
    let mut found: Vec<Alternative> = anew.proof().into_iter().collect();
    found.extend(anew.plans());
    found.extend(anew.bars());
    found.extend(anew.symptoms());
    found.extend(anew.components());
    found.extend(anew.place());
    found.extend(anew.damages());
    found.sort_by(|one, other| compare((one.outcome, one.pays), (other.outcome, other.pays)).reverse());
    found
}

/// A decision to be made anew.
struct Anew<'a> {
    decision: &'a Decision,
    known: &'a Known<'a>,
}

impl Anew<'_> {
    /// The decision with other facts or another question; none where it cannot be made.
    fn decide(&self, change: impl FnOnce(&mut Facts, &mut Question)) -> Option<Decision> {
        let rules = self.known.rules?;
        let (mut facts, mut question) = (self.known.facts.clone(), self.known.question.clone());
        change(&mut facts, &mut question);
        decide(rules, &facts, &question).ok()
    }

    /// It as an alternative, where it differs for the customer.
    fn differing(&self, change: Change, other: &Decision, condition: Sentence) -> Option<Alternative> {
        let (now, then) = (answer(self.decision), answer(other));
        (now != then).then(|| {
            let better = compare(then, now) == Ordering::Greater;
            Alternative::new(change, then.0, then.1, better, condition)
        })
    }

    /// A proof of a later purchase, where the day of purchase is estimated and a later one would be better.
    fn proof(&self) -> Option<Alternative> {
        let is_corrected = self.known.purchased != self.known.facts.sale.day;
        if self.known.evidence != Evidence::Estimated || is_corrected {
            return None;
        }
        let sale = &self.known.facts.sale;
        // What was handed in for repair had been bought.
        let first_repair = sale.repairs.iter().map(|repair| repair.received).min();
        let latest = self
            .known
            .bought_by
            .min(self.decision.day)
            .min(first_repair.unwrap_or(Date::MAX));
        let bought = |day: Date| self.decide(|facts, _| facts.sale.day = day);
        let is_better = |other: &Decision| compare(answer(other), answer(self.decision)) == Ordering::Greater;
        let mut found = bought(latest).filter(|other| latest > sale.day && is_better(other))?;
        // The first day from which on it is better. What a purchase gives does not get worse the later it was.
        let (mut worse, mut from) = (sale.day.to_julian_day(), latest.to_julian_day());
        while from - worse > 1 {
            let middle = worse + (from - worse) / 2;
            let day = Date::from_julian_day(middle).ok()?;
            match bought(day).filter(is_better) {
                Some(other) => (from, found) = (middle, other),
                None => worse = middle,
            }
        }
        let from = Date::from_julian_day(from).ok()?;
        let condition = Sentence::new("coverage.change.proof").with("from", from);
        self.differing(Change::ProofOfPurchase(from), &found, condition)
    }

    /// The plans that could have been bought with the device: the decision itself says what they would have changed.
    fn plans(&self) -> impl Iterator<Item = Alternative> {
        self.decision.plans_would_have.iter().map(|plan| {
            let condition = match plan.until {
                Some(until) => Sentence::new("coverage.change.plan_until").with("until", until),
                None => Sentence::new("coverage.change.plan"),
            };
            let name = if PLANS.contains(&&*plan.kind) {
                named(PLANS, "plan.name", &plan.kind)
            } else {
                Value::from(&*plan.source)
            };
            let condition = condition.with("plan", name);
            let change = Change::Plan(plan.kind.clone());
            Alternative::new(change, Outcome::Plan, plan.pays, true, condition)
        })
    }

    /// What bars the repair and can be lifted, lifted.
    fn bars(&self) -> Option<Alternative> {
        let can_be_lifted = |bar: &Bar| matches!(bar, Bar::Lost | Bar::Stolen | Bar::ActivationLocked);
        let first = *self.known.facts.bars.iter().find(|bar| can_be_lifted(bar))?;
        let other = self.decide(|facts, _| facts.bars.retain(|bar| !can_be_lifted(bar)))?;
        self.differing(Change::BarLifted, &other, Sentence::new(bar_key(first)))
    }

    /// Each symptom of the terms, where none was said and there are rules that go by it; the better ones.
    fn symptoms(&self) -> Vec<Alternative> {
        if self.known.question.symptom.is_some() || !self.chain_says(Reason::SymptomNotSaid) {
            return Vec::new();
        }
        let mut codes: Vec<&str> = self
            .known
            .rules
            .iter()
            .flat_map(|rules| rules.terms.symptoms.keys().map(|code| &**code))
            .collect();
        codes.sort_unstable();
        codes
            .into_iter()
            .filter_map(|code| {
                let other = self.decide(|_, question| question.symptom = Some(code.to_owned()))?;
                let name = named(SYMPTOMS, "coverage.symptom", code);
                let condition = Sentence::new("coverage.change.symptom").with("symptom", name);
                self.differing(Change::Symptom(code.to_owned()), &other, condition)
            })
            .filter(|alternative| alternative.better)
            .collect()
    }

    /// Each component that it may be, where none was said and there are rules that go by it.
    fn components(&self) -> Vec<Alternative> {
        if self.known.question.component.is_some() || !self.chain_says(Reason::ComponentNotSaid) {
            return Vec::new();
        }
        let of_model = self.known.facts.unit.parts.iter().map(|part| part.component.clone());
        let likely = self.decision.likely_components.iter().map(ToString::to_string);
        let mut codes: Vec<String> = Vec::new();
        for code in likely.chain(of_model) {
            if !codes.contains(&code) {
                codes.push(code);
            }
        }
        codes
            .into_iter()
            .filter_map(|code| {
                let other = self.decide(|_, question| question.component = Some(code.clone()))?;
                let condition = Sentence::new("coverage.change.component").with("component", component(&code));
                self.differing(Change::Component(code), &other, condition)
            })
            .collect()
    }

    /// A repair in the country of purchase, where a rule holds only there and gives the repair free of charge: what a repair
    /// costs there is in prices that are not at hand.
    fn place(&self) -> Option<Alternative> {
        if !self.chain_says(Reason::NotAtThisPlace) {
            return None;
        }
        let other = self.decide(|_, question| question.place = self.known.country)?;
        self.differing(Change::Place, &other, Sentence::new("coverage.change.place"))
            .filter(|alternative| alternative.better && alternative.pays == Pays::Nothing)
    }

    /// Another cause: that it fell or got wet, where it is taken to have failed by itself; that it did, where it is not.
    fn damages(&self) -> Vec<Alternative> {
        let others: &[Damage] = match self.known.question.damage {
            Damage::None => &[Damage::Accidental, Damage::Liquid],
            Damage::Loss | Damage::Theft => &[],
            _ => &[Damage::None],
        };
        others
            .iter()
            .filter_map(|damage| {
                let other = self.decide(|_, question| question.damage = *damage)?;
                self.differing(Change::Damage(*damage), &other, Sentence::new(damage_key(*damage)))
            })
            .collect()
    }

    fn chain_says(&self, reason: Reason) -> bool {
        self.decision.chain.iter().any(|weighed| weighed.reason == reason)
    }
}

/// What an answer is for the customer.
fn answer(decision: &Decision) -> (Outcome, Pays) {
    (decision.outcome, decision.pays)
}

/// Which of two answers is better for the customer: less to pay, then the better kind. A price that is not known is worse than
/// any that is, and no repair worse than that. Amounts in different currencies are as good as each other.
fn compare((outcome, pays): (Outcome, Pays), (other_outcome, other_pays): (Outcome, Pays)) -> Ordering {
    let rank = |pays: Pays| match pays {
        Pays::Nothing => 0,
        Pays::Amount(amount) if amount.minor <= 0 => 0,
        Pays::Amount(_) => 1,
        Pays::Unknown => 2,
        Pays::NoRepair => 3,
    };
    let by_amount = match (pays, other_pays) {
        (Pays::Amount(one), Pays::Amount(other)) => other.partial_cmp(&one).unwrap_or(Ordering::Equal),
        _ => Ordering::Equal,
    };
    rank(other_pays)
        .cmp(&rank(pays))
        .then(by_amount)
        .then(outcome.benefit().cmp(&other_outcome.benefit()))
}
