//! What the maker gives beyond what it owes: service programs and good will.

use time::Date;

use super::about::{Asked, Concerns, left_out, unweighed};
use super::days_later;
use super::decision::{Uses, Weighed};
use super::kinds::{Outcome, Reason};
use crate::domain::facts::Facts;
use crate::domain::terms::{Goodwill, Program};

/// The id of good will.
const GOODWILL: &str = "goodwill";

/// Weighs a service program about units with these serial numbers: the device, and those that it replaced.
pub(super) fn program(program: &Program, serials: &[&str], facts: &Facts, asked: &Asked<'_>) -> Weighed {
    let weighed = Weighed {
        uses: Uses::Program(program.id.clone()),
        ..unweighed(
            program.id.clone(),
            Outcome::ServiceProgram,
            program.source.clone(),
            Reason::WithinPeriod,
        )
    };
    let never = (!serials.iter().any(|serial| program.affects(serial)))
        .then_some(Reason::SerialNotInRange)
        .or_else(|| left_out(&program.excludes, asked.damage))
        .or_else(|| other_symptom(program, asked))
        .or_else(|| match asked.concerns(&program.components) {
            Concerns::Yes => None,
            Concerns::Other => Some(Reason::OtherComponent),
            Concerns::NotSaid => Some(Reason::ComponentNotSaid),
        });
    if let Some(reason) = never {
        return Weighed { reason, ..weighed };
    }
    let until = program.ends(asked.sale.day);
    // A program that ended for this device before it began never was for it.
    if until.is_some_and(|last| last < program.from) {
        return Weighed {
            reason: Reason::PeriodOver,
            ..weighed
        };
    }
    let used = facts.used.programs.iter().filter(|used| ***used == *program.id).count();
    let refused = if used >= usize::from(program.times) {
        Some(Reason::ProgramUsed)
    } else {
        asked.within(program.from, until).err()
    };
    Weighed {
        applies: refused.is_none(),
        from: Some(program.from),
        until,
        reason: refused.unwrap_or(weighed.reason),
        ..weighed
    }
}

/// Why a program does not fit what the customer sees; none where it does.
fn other_symptom(program: &Program, asked: &Asked<'_>) -> Option<Reason> {
    if program.symptoms.is_empty() {
        return None;
    }
    match asked.symptom {
        None => Some(Reason::SymptomNotSaid),
        Some(symptom) => {
            let is_named = program.symptoms.iter().any(|named| &**named == symptom);
            (!is_named).then_some(Reason::OtherSymptom)
        }
    }
}

/// Weighs good will after `end`, the last day of what is owed for certain.
pub(super) fn goodwill(goodwill: &Goodwill, end: Option<Date>, facts: &Facts, asked: &Asked<'_>) -> Weighed {
    let weighed = Weighed {
        uses: Uses::Goodwill,
        ..unweighed(
            GOODWILL.into(),
            Outcome::Goodwill,
            goodwill.source.clone(),
            Reason::WithinPeriod,
        )
    };
    let never = left_out(&goodwill.excludes, asked.damage).or_else(|| goodwill.refuses(asked.price));
    let (end, reason) = match (end, never) {
        (Some(end), None) => (end, None),
        (None, None) => (Date::MIN, Some(Reason::NothingToProlong)),
        (_, Some(reason)) => (Date::MIN, Some(reason)),
    };
    if let Some(reason) = reason {
        return Weighed { reason, ..weighed };
    }
    let until = days_later(end, goodwill.days);
    let shown = facts.used.goodwill_on.iter().filter(|day| **day <= asked.day).count();
    let refused = if shown >= usize::from(goodwill.times) {
        Some(Reason::GoodwillUsedUp)
    } else {
        asked.within(asked.sale.day, Some(until)).err()
    };
    Weighed {
        applies: refused.is_none(),
        from: Some(asked.sale.day),
        until: Some(until),
        reason: refused.unwrap_or(weighed.reason),
        ..weighed
    }
}
