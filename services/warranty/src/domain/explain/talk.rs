//! What to say about a decision, what to ask next, and what would change the answer.
//!
//! Nothing is guessed. What hangs on a fact is found by deciding anew with that one fact changed: another day of purchase,
//! another cause, the component named, the lock lifted. So whoever talks to the customer asks for a receipt only where a receipt
//! can make the answer better, and knows from which day on it would.

mod change;

use std::sync::Arc;

use time::Date;

use super::law::{Remedies, remedies, returns};
use super::said::{self, ends, paid, with_amount};
use super::{Sentence, Value, component};
use crate::domain::country::Country;
use crate::domain::coverage::{Damage, Decision, Outcome, Pays, Reason};
use crate::domain::device::Evidence;
use crate::domain::facts::{Bar, Facts, Question, Rules};

/// The keys of these sentences, beside those that have a damage in their name.
pub(super) const KEYS: &[&str] = &[
    "coverage.say.until",
    "coverage.say.incidents_left",
    "coverage.say.duty_to_repair",
    "coverage.say.rights_remain",
    "coverage.say.rights_suspended",
    "coverage.say.date_estimated",
    "coverage.say.date_corrected",
    "coverage.ask.symptom",
    "coverage.ask.component",
    "coverage.ask.component_of",
    "coverage.ask.damage",
    "coverage.ask.proof",
    "coverage.ask.bar_lost",
    "coverage.ask.bar_stolen",
    "coverage.ask.bar_activation_locked",
    "coverage.change.proof",
    "coverage.change.plan",
    "coverage.change.plan_until",
    "coverage.change.component",
    "coverage.change.symptom",
    "coverage.change.place",
    "coverage.change.bar_lost",
    "coverage.change.bar_stolen",
    "coverage.change.bar_activation_locked",
    "coverage.result.free",
    "coverage.result.amount",
    "coverage.result.unknown",
    "coverage.result.no_repair",
];

/// The symptoms that have a name in every language. Others are called by their code.
pub(super) const SYMPTOMS: &[&str] = &[
    "battery-drains-fast",
    "battery-swollen",
    "camera-blurred",
    "display-cracked",
    "display-lines",
    "does-not-charge",
    "does-not-start",
    "gets-hot",
    "keys-stick-or-repeat",
    "no-sound",
    "storage-errors",
    "turns-off",
];

/// The plans that have a name in every language. Others are called by where they are written down.
pub(super) const PLANS: &[&str] = &["standard", "theft-and-loss", "monthly", "business"];

/// The condition that the device came to harm by `damage`.
pub(super) fn damage_key(damage: Damage) -> String {
    format!("coverage.change.damage_{}", damage.as_str())
}

/// The condition that `bar` is lifted.
pub(super) fn bar_key(bar: Bar) -> String {
    format!("coverage.change.bar_{}", bar.as_str())
}

/// What is known when a decision is explained.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The rules that it was made by; none where they cannot be had, so that nothing can be decided anew.
    pub rules: Option<&'a Rules<'a>>,
    /// The facts that it was made from.
    pub facts: &'a Facts,
    /// What was asked.
    pub question: &'a Question,
    /// Where the device was sold.
    pub country: Country,
    /// How sure the day of purchase is.
    pub evidence: Evidence,
    /// The day of purchase as it is known now; another than that of the facts where it was corrected since.
    pub purchased: Date,
    /// The last day on which the device can have been bought: the day on which it was first known to be in somebody's hand.
    pub bought_by: Date,
}

/// A decision, explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What to say, in order.
    pub say: Vec<Sentence>,
    /// What to ask next.
    pub ask: Vec<FollowUp>,
    /// What would change the answer.
    pub would_change: Vec<Alternative>,
    /// What the law gives.
    pub remedies: Vec<Remedies>,
    /// The rights to give the device back.
    pub returns: Vec<Sentence>,
}

/// A question to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowUp {
    /// Why it is asked.
    pub kind: FollowUpKind,
    /// The question.
    pub question: Sentence,
    /// What hangs on it.
    pub because: Vec<Sentence>,
}

/// Why something is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FollowUpKind {
    /// The terms ask it of who has this symptom.
    Symptom,
    /// What the customer sees was not said.
    WhichSymptom,
    /// Which component it is was not said.
    WhichComponent,
    /// Whether the device fell or got wet.
    Damage,
    /// A proof of purchase.
    ProofOfPurchase,
    /// Something that keeps the maker from repairing the device and that the customer can undo.
    Bar,
    /// The terms ask for it before the device is sent in.
    BeforeRepair,
}

/// What the answer would be if one fact were another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternative {
    /// Which fact.
    pub change: Change,
    /// What would be owed.
    pub outcome: Outcome,
    /// What the customer would pay.
    pub pays: Pays,
    /// Whether that is better for the customer.
    pub better: bool,
    /// The fact, as a sentence.
    pub condition: Sentence,
    /// What would come of it, as a sentence.
    pub result: Sentence,
}

/// A fact that would change an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A proof of a purchase on this day or later.
    ProofOfPurchase(Date),
    /// A plan, by its key in the terms of plans.
    Plan(String),
    /// Another cause of the damage.
    Damage(Damage),
    /// That this component is the one concerned.
    Component(String),
    /// That the customer sees this symptom.
    Symptom(String),
    /// That what bars the repair is lifted.
    BarLifted,
    /// A repair in the country of purchase.
    Place,
}

impl Alternative {
    fn new(change: Change, outcome: Outcome, pays: Pays, better: bool, condition: Sentence) -> Self {
        let (key, amount) = paid("coverage.result", outcome, pays);
        Self {
            change,
            outcome,
            pays,
            better,
            condition,
            result: with_amount(Sentence::new(key), outcome, amount),
        }
    }

    fn because(&self) -> [Sentence; 2] {
        [self.condition.clone(), self.result.clone()]
    }
}

/// Explains a decision.
#[must_use]
pub fn explanation(decision: &Decision, known: &Known<'_>) -> Explanation {
    let would_change = change::alternatives(decision, known);
    Explanation {
        say: say(decision, known),
        ask: ask(decision, known, &would_change),
        would_change,
        remedies: remedies(decision),
        returns: returns(decision),
    }
}

/// What to say: the answer, what is left, why it is no better, what the customer has beside.
fn say(decision: &Decision, known: &Known<'_>) -> Vec<Sentence> {
    let mut say = vec![said::decision(decision)];
    if decision.outcome == Outcome::Plan {
        let until = decision.covered_until;
        say.extend(until.map(|until| ends(Sentence::new("coverage.say.until"), decision.day, until)));
        say.extend(
            decision
                .incidents_left
                .map(|left| Sentence::new("coverage.say.incidents_left").with("count", left)),
        );
    }
    if let Some(duty) = decision.decided().filter(|rule| rule.reason == Reason::DutyToRepair) {
        say.push(Sentence::new("coverage.say.duty_to_repair").with("source", &duty.source));
    }
    if !decision.outcome.is_covered() || !matches!(decision.pays, Pays::Nothing) {
        // Of the rules that gave nothing those that a customer counts on; of editions of a law the one of the sale's day.
        let is_counted_on = |outcome| {
            matches!(
                outcome,
                Outcome::LimitedWarranty | Outcome::StatutoryRight | Outcome::Plan
            )
        };
        say.extend(
            decision
                .chain
                .iter()
                .filter(|weighed| !weighed.applies && is_counted_on(weighed.outcome))
                .filter(|weighed| weighed.reason != Reason::NotInForceAtSale)
                .map(|weighed| said::rule(decision.day, weighed)),
        );
    }
    let mut of_law = decision
        .chain
        .iter()
        .filter(|weighed| weighed.outcome == Outcome::StatutoryRight && !weighed.decided);
    if of_law.clone().any(|weighed| weighed.suspended) {
        say.push(Sentence::new("coverage.say.rights_suspended"));
    } else if of_law.any(|weighed| weighed.applies) {
        say.push(Sentence::new("coverage.say.rights_remain"));
    }
    if known.purchased != known.facts.sale.day {
        say.push(Sentence::new("coverage.say.date_corrected").with("day", known.purchased));
    } else if known.evidence == Evidence::Estimated {
        say.push(Sentence::new("coverage.say.date_estimated").with("day", known.facts.sale.day));
    }
    say.extend(decision.parts.iter().map(said::part));
    say
}

/// What to ask: first what can make the answer better, then what the diagnosis needs.
fn ask(decision: &Decision, known: &Known<'_>, would_change: &[Alternative]) -> Vec<FollowUp> {
    let because = |is_meant: &dyn Fn(&Alternative) -> bool| -> Vec<Sentence> {
        would_change
            .iter()
            .filter(|alternative| is_meant(alternative))
            .flat_map(Alternative::because)
            .collect()
    };
    let mut ask = Vec::new();
    let mut follow = |kind, question, because| {
        ask.push(FollowUp {
            kind,
            question,
            because,
        });
    };
    let proof = because(&|one| matches!(one.change, Change::ProofOfPurchase(_)) && one.better);
    if !proof.is_empty() {
        follow(
            FollowUpKind::ProofOfPurchase,
            Sentence::new("coverage.ask.proof"),
            proof,
        );
    }
    let chain_says = |reason| decision.chain.iter().any(|weighed| weighed.reason == reason);
    for bar in &known.facts.bars {
        let question = match bar {
            Bar::Lost => Some("coverage.ask.bar_lost"),
            Bar::Stolen => Some("coverage.ask.bar_stolen"),
            Bar::ActivationLocked if chain_says(Reason::ActivationLocked) => Some("coverage.ask.bar_activation_locked"),
            _ => None,
        };
        if let Some(question) = question {
            let because = because(&|one| one.change == Change::BarLifted);
            follow(FollowUpKind::Bar, Sentence::new(question), because);
        }
    }
    if known.question.symptom.is_none() && chain_says(Reason::SymptomNotSaid) {
        let because = because(&|one| matches!(one.change, Change::Symptom(_)));
        follow(
            FollowUpKind::WhichSymptom,
            Sentence::new("coverage.ask.symptom"),
            because,
        );
    }
    if known.question.component.is_none() && chain_says(Reason::ComponentNotSaid) {
        let because = because(&|one| matches!(one.change, Change::Component(_)));
        follow(FollowUpKind::WhichComponent, which_component(decision), because);
    }
    let damage = because(&|one| matches!(one.change, Change::Damage(_)));
    if known.question.damage == Damage::None && !damage.is_empty() {
        follow(FollowUpKind::Damage, Sentence::new("coverage.ask.damage"), damage);
    }
    let before_repair = known.rules.map_or(&[][..], |rules| &rules.terms.activation_lock.ask);
    for key in &decision.ask {
        let kind = if before_repair.contains(key) {
            FollowUpKind::BeforeRepair
        } else {
            FollowUpKind::Symptom
        };
        follow(kind, Sentence::new(key.to_string()), Vec::new());
    }
    ask
}

/// Asks which component it is: among those that the symptom points at, where they have names.
fn which_component(decision: &Decision) -> Sentence {
    let names: Option<Vec<_>> = decision
        .likely_components
        .iter()
        .map(|code: &Arc<str>| match component(code) {
            Value::Message(key) => Some(key),
            _ => None,
        })
        .collect();
    match names {
        Some(names) if names.len() > 1 => {
            Sentence::new("coverage.ask.component_of").with("components", Value::AnyOf(names))
        }
        _ => Sentence::new("coverage.ask.component"),
    }
}
