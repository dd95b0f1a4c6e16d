//! What the law gives: which remedies in which order, until when who must show what, and the right to give a device back.

use std::sync::Arc;

use time::Date;

use super::said::ends;
use super::{Sentence, Value, remedy};
use crate::domain::coverage::{Decision, LawFacts, Outcome, Reason, Weighed};
use crate::domain::terms::Start;

/// The keys of these sentences.
pub(super) const KEYS: &[&str] = &[
    "coverage.law.step",
    "coverage.law.step_choice",
    "coverage.law.burden_until",
    "coverage.law.burden_over",
    "coverage.law.limitation_until",
    "coverage.law.notice",
    "coverage.law.refusal_until",
    "coverage.law.length_open",
    "coverage.law.starts_invoice",
    "coverage.law.suspended",
    "coverage.law.suspended_by",
    "coverage.law.prolonged_by",
    "coverage.return.free",
    "coverage.return.paid",
    "coverage.return.free_distance",
    "coverage.return.paid_distance",
];

/// What a law gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remedies {
    /// The rule's id in the terms.
    pub rule_id: Arc<str>,
    /// The law.
    pub source: Arc<str>,
    /// The steps, the first first.
    pub steps: Vec<Sentence>,
    /// What else there is to know.
    pub facts: Vec<Sentence>,
}

/// What each law gives that holds on the day of the decision, or may still hold, or would if nothing barred it.
#[must_use]
pub fn remedies(decision: &Decision) -> Vec<Remedies> {
    decision
        .chain
        .iter()
        .filter(|weighed| weighed.outcome == Outcome::StatutoryRight)
        .filter(|weighed| weighed.applies || weighed.suspended || weighed.reason == Reason::LengthOpen)
        .filter_map(|weighed| Some(of(decision.day, weighed, weighed.law.as_ref()?)))
        .collect()
}

fn of(day: Date, weighed: &Weighed, facts: &LawFacts) -> Remedies {
    let steps = (1_u32..).zip(&facts.law.remedies).map(|(place, any_of)| {
        let sentence = match any_of.as_slice() {
            [one] => Sentence::new("coverage.law.step").with("remedy", Value::Message(remedy(*one))),
            several => {
                let several = several.iter().map(|one| remedy(*one)).collect();
                Sentence::new("coverage.law.step_choice").with("remedies", Value::AnyOf(several))
            }
        };
        sentence.with("step", place)
    });
    Remedies {
        rule_id: Arc::clone(&weighed.rule_id),
        source: Arc::clone(&weighed.source),
        steps: steps.collect(),
        facts: beside(day, facts),
    }
}

/// What there is to know of a law beside its remedies, the most pressing first.
fn beside(day: Date, facts: &LawFacts) -> Vec<Sentence> {
    let law = &facts.law;
    let is_open = |until: &Date| day <= *until;
    let refusal = facts.refusal_until.filter(is_open);
    let limitation = facts.limitation_until.filter(is_open);
    let sentences = [
        refusal.map(|until| ends(Sentence::new("coverage.law.refusal_until"), day, until)),
        (law.notice_months > 0).then(|| Sentence::new("coverage.law.notice").with("months", law.notice_months)),
        facts.burden_of_proof_until.map(|until| {
            if is_open(&until) {
                Sentence::new("coverage.law.burden_until").with("until", until)
            } else {
                Sentence::new("coverage.law.burden_over").with("until", until)
            }
        }),
        law.length_open.then(|| Sentence::new("coverage.law.length_open")),
        limitation.map(|until| Sentence::new("coverage.law.limitation_until").with("until", until)),
        (law.starts == Start::Invoice).then(|| Sentence::new("coverage.law.starts_invoice")),
        match (law.suspended_during_repair, facts.days_added) {
            (false, _) => None,
            (true, 0) => Some(Sentence::new("coverage.law.suspended")),
            (true, days) => Some(Sentence::new("coverage.law.suspended_by").with("days", days)),
        },
        (facts.months_added > 0).then(|| Sentence::new("coverage.law.prolonged_by").with("months", facts.months_added)),
    ];
    sentences.into_iter().flatten().collect()
}

/// The rights to give the device back that can still be used on the day of the decision, each with who pays the way back.
#[must_use]
pub fn returns(decision: &Decision) -> Vec<Sentence> {
    decision
        .returns
        .iter()
        .filter(|right| right.applies)
        .map(|right| {
            let key = match (right.way_back_free, right.distance_only) {
                (true, false) => "coverage.return.free",
                (false, false) => "coverage.return.paid",
                (true, true) => "coverage.return.free_distance",
                (false, true) => "coverage.return.paid_distance",
            };
            Sentence::new(key)
                .with("until", right.until)
                .with("source", &right.source)
        })
        .collect()
}
