//! What was decided, and what became of each rule.

use time::Date;

use super::{Sentence, Value, component, kind, why};
use crate::domain::calendar::days_after;
use crate::domain::coverage::{Decision, Outcome, PartDecision, Pays, Reason, Weighed};

/// The keys of these sentences.
pub(super) const KEYS: &[&str] = &[
    "coverage.said.limited_warranty",
    "coverage.said.limited_warranty_until",
    "coverage.said.statutory_right",
    "coverage.said.statutory_right_until",
    "coverage.said.service_program",
    "coverage.said.service_program_until",
    "coverage.said.repair_warranty",
    "coverage.said.repair_warranty_until",
    "coverage.said.plan",
    "coverage.said.plan_fee",
    "coverage.said.goodwill",
    "coverage.said.covered_amount",
    "coverage.said.out_of_warranty",
    "coverage.said.out_of_warranty_price",
    "coverage.said.out_of_warranty_no_price",
    "coverage.said.refused",
    "coverage.said.refused_because",
    "coverage.rule.within_period",
    "coverage.rule.within_period_until",
    "coverage.rule.plan",
    "coverage.rule.plan_until",
    "coverage.rule.plan_counted",
    "coverage.rule.plan_counted_until",
    "coverage.rule.period_over_on",
    "coverage.rule.not_yet_begun_from",
    "coverage.rule.length_open_after",
    "coverage.rule.price",
    "coverage.rule.duty_price",
    "coverage.rule.no_price",
    "coverage.rule.because",
    "coverage.part.free",
    "coverage.part.amount",
    "coverage.part.unknown",
    "coverage.part.no_repair",
];

/// What was decided: what to tell the customer first.
#[must_use]
pub fn decision(decision: &Decision) -> Sentence {
    let (day, until) = (decision.day, decision.covered_until);
    match (decision.outcome, decision.pays) {
        (Outcome::Refused, _) => match decision.decided() {
            Some(weighed) => Sentence::new("coverage.said.refused_because").with("reason", why(weighed.reason)),
            None => Sentence::new("coverage.said.refused"),
        },
        (Outcome::OutOfWarranty, Pays::Amount(amount)) => {
            Sentence::new("coverage.said.out_of_warranty_price").with("amount", amount)
        }
        (Outcome::OutOfWarranty, Pays::Unknown) => Sentence::new("coverage.said.out_of_warranty_no_price"),
        (Outcome::OutOfWarranty, _) => Sentence::new("coverage.said.out_of_warranty"),
        (Outcome::Plan, Pays::Amount(amount)) if !amount.is_zero() => {
            Sentence::new("coverage.said.plan_fee").with("amount", amount)
        }
        (Outcome::Plan, _) => Sentence::new("coverage.said.plan"),
        (outcome, Pays::Amount(amount)) if !amount.is_zero() => Sentence::new("coverage.said.covered_amount")
            .with("kind", kind(outcome))
            .with("amount", amount),
        (Outcome::LimitedWarranty, _) => lasting(
            "coverage.said.limited_warranty",
            "coverage.said.limited_warranty_until",
            day,
            until,
        ),
        (Outcome::StatutoryRight, _) => lasting(
            "coverage.said.statutory_right",
            "coverage.said.statutory_right_until",
            day,
            until,
        ),
        (Outcome::ServiceProgram, _) => lasting(
            "coverage.said.service_program",
            "coverage.said.service_program_until",
            day,
            until,
        ),
        (Outcome::RepairWarranty, _) => lasting(
            "coverage.said.repair_warranty",
            "coverage.said.repair_warranty_until",
            day,
            until,
        ),
        (Outcome::Goodwill, _) => Sentence::new("coverage.said.goodwill"),
    }
}

/// A sentence that says until when, where a day ends it.
fn lasting(open: &'static str, ending: &'static str, day: Date, until: Option<Date>) -> Sentence {
    match until {
        Some(until) => ends(Sentence::new(ending), day, until),
        None => Sentence::new(open),
    }
}

/// With the last day, and how many remain.
pub(super) fn ends(sentence: Sentence, day: Date, until: Date) -> Sentence {
    sentence.with("until", until).with("days", days_after(day, until))
}

/// What became of a rule on `day`, and why.
#[must_use]
pub fn rule(day: Date, weighed: &Weighed) -> Sentence {
    let named = |key: &'static str| {
        Sentence::new(key)
            .with("kind", kind(weighed.outcome))
            .with("source", &weighed.source)
    };
    match (weighed.reason, weighed.until) {
        (Reason::WithinPeriod, until) if weighed.outcome == Outcome::Plan => plan(named, day, weighed, until),
        (Reason::WithinPeriod, Some(until)) => ends(named("coverage.rule.within_period_until"), day, until),
        (Reason::WithinPeriod, None) => named("coverage.rule.within_period"),
        (Reason::PeriodOver, Some(until)) => named("coverage.rule.period_over_on").with("until", until),
        (Reason::LengthOpen, Some(until)) => named("coverage.rule.length_open_after").with("until", until),
        (Reason::RepairAtPrice, _) if let Pays::Amount(amount) = weighed.pays => {
            named("coverage.rule.price").with("amount", amount)
        }
        (Reason::DutyToRepair, _) if let Pays::Amount(amount) = weighed.pays => {
            named("coverage.rule.duty_price").with("amount", amount)
        }
        (Reason::RepairAtPrice | Reason::DutyToRepair, _) if weighed.pays == Pays::Unknown => {
            named("coverage.rule.no_price").with("reason", why(weighed.reason))
        }
        (Reason::NotYetBegun, _) if let Some(from) = weighed.from => {
            named("coverage.rule.not_yet_begun_from").with("from", from)
        }
        (reason, _) => named("coverage.rule.because").with("reason", why(reason)),
    }
}

/// What a plan gives. A fee of nothing is said as it is: it is the customer's money.
fn plan(named: impl Fn(&'static str) -> Sentence, day: Date, weighed: &Weighed, until: Option<Date>) -> Sentence {
    let Pays::Amount(fee) = weighed.pays else {
        return match until {
            Some(until) => ends(named("coverage.rule.within_period_until"), day, until),
            None => named("coverage.rule.within_period"),
        };
    };
    let sentence = match (until, weighed.incidents_left) {
        (None, None) => named("coverage.rule.plan"),
        (Some(until), None) => named("coverage.rule.plan_until").with("until", until),
        (None, Some(left)) => named("coverage.rule.plan_counted").with("count", left),
        (Some(until), Some(left)) => named("coverage.rule.plan_counted_until")
            .with("until", until)
            .with("count", left),
    };
    sentence.with("fee", fee)
}

/// What is owed for a part.
#[must_use]
pub fn part(part: &PartDecision) -> Sentence {
    let (key, amount) = paid("coverage.part", part.outcome, part.pays);
    let sentence = Sentence::new(key)
        .with("part", part.part_number.as_str())
        .with("component", component(&part.component));
    with_amount(sentence, part.outcome, amount)
}

/// The key of a sentence about what the customer pays, among `free`, `amount`, `unknown` and `no_repair`, and the amount.
pub(super) fn paid(
    table: &'static str,
    outcome: Outcome,
    pays: Pays,
) -> (String, Option<crate::domain::money::Amount>) {
    let (name, amount) = match (outcome, pays) {
        (Outcome::Refused, _) | (_, Pays::NoRepair) => ("no_repair", None),
        (_, Pays::Amount(amount)) if !amount.is_zero() => ("amount", Some(amount)),
        (_, Pays::Unknown) => ("unknown", None),
        (_, Pays::Nothing | Pays::Amount(_)) => ("free", None),
    };
    (format!("{table}.{name}"), amount)
}

/// With the kind of the rule and the amount.
pub(super) fn with_amount(
    sentence: Sentence,
    outcome: Outcome,
    amount: Option<crate::domain::money::Amount>,
) -> Sentence {
    let sentence = sentence.with("kind", kind(outcome));
    match amount {
        Some(amount) => sentence.with("amount", Value::Money(amount)),
        None => sentence,
    }
}
