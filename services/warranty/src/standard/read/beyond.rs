//! Service programs, good will, symptoms.

use std::collections::HashMap;
use std::sync::Arc;

use support_proto::support::warranty::v1::{self as wire, CoverageTerms};

use super::{day, excludes, number, sorted};
use crate::domain::money::Currency;
use crate::domain::terms::{ActivationLock, Goodwill, Program, Symptom};

/// The programs by their ids, and the places of those about each model. One without a first day is none.
pub(super) fn programs(document: &CoverageTerms) -> (Vec<Program>, HashMap<Box<str>, Vec<usize>>) {
    let mut programs = Vec::with_capacity(document.service_programs.len());
    let mut by_model: HashMap<Box<str>, Vec<usize>> = HashMap::new();
    for (id, given) in sorted(&document.service_programs) {
        let Some(program) = program(id, given) else { continue };
        for model_code in &given.model_codes {
            by_model
                .entry(model_code.as_str().into())
                .or_default()
                .push(programs.len());
        }
        programs.push(program);
    }
    (programs, by_model)
}

fn program(id: &str, given: &wire::ServiceProgram) -> Option<Program> {
    let ranges = given.serial_ranges.iter();
    Some(Program {
        id: id.into(),
        serials: ranges
            .map(|range| (range.first.as_str().into(), range.last.as_str().into()))
            .collect(),
        components: texts(&given.components),
        symptoms: texts(&given.symptoms),
        excludes: excludes(given.excludes()),
        from: day(&given.from)?,
        until: day(&given.until),
        months_from_purchase: given.months_from_purchase.map(number),
        times: number(given.times),
        source: given.source.as_str().into(),
    })
}

pub(super) fn goodwill(given: &wire::Goodwill) -> Goodwill {
    let limits = given.limits.iter();
    Goodwill {
        days: number(given.days),
        times: number(given.times),
        limits: limits
            .filter_map(|(code, limit)| Some((Currency::from_code(code)?, limit.minor_units)))
            .collect(),
        excludes: excludes(given.excludes()),
        source: given.source.as_str().into(),
    }
}

pub(super) fn symptoms(document: &CoverageTerms) -> HashMap<Box<str>, Symptom> {
    let symptoms = document.symptoms.iter();
    symptoms
        .map(|(code, given)| {
            let symptom = Symptom {
                components: texts(&given.components),
                ask: texts(&given.ask_keys),
            };
            (code.as_str().into(), symptom)
        })
        .collect()
}

pub(super) fn activation_lock(given: &wire::ActivationLock) -> ActivationLock {
    ActivationLock {
        bars: given.bars_repair,
        ask: texts(&given.ask_keys),
    }
}

fn texts(texts: &[String]) -> Vec<Arc<str>> {
    texts.iter().map(|text| text.as_str().into()).collect()
}
