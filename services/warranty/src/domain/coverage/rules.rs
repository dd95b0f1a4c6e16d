//! The rules of the terms: the limited warranty, the law, the warranty on repairs, repair at a price, duties to repair, refusals.

use std::sync::Arc;

use time::Date;

use super::about::{Asked, Concerns, left_out, pays, unweighed};
use super::decision::{Pays, Weighed};
use super::kinds::{Outcome, Reason};
use super::{days_later, law};
use crate::domain::calendar::last_day;
use crate::domain::facts::Facts;
use crate::domain::terms::{Length, Rule};

/// The id of the refusal to repair what the maker has no parts for.
const PARTS_UNAVAILABLE: &str = "parts-unavailable";

/// Weighs a rule. Gives beside it the last day of its period for the unit or the part, whatever damage it leaves out.
pub(super) fn weigh(rule: &Rule, asked: &Asked<'_>) -> (Weighed, Option<Date>) {
    let weighed = Weighed {
        law: law::facts(rule, asked.sale),
        ..unweighed(rule.id.clone(), rule.outcome, rule.source.clone(), rule.granted)
    };
    let period = period(rule, asked);
    let (this_part, worn) = (not_this_part(rule, asked), worn_after(rule, asked));
    let end = period.ok().and_then(|(_, until)| until).filter(|_| this_part.is_none());
    let end = end.map(|until| worn.map_or(until, |worn| worn.min(until)));
    let never = left_out(&rule.excludes, asked.damage)
        .or_else(|| not_here(rule, asked))
        .or(this_part);
    let weighed = match (period, never) {
        // What a rule leaves out is no question of its length.
        (Ok(_) | Err(Reason::LengthOpen | Reason::PeriodOver), Some(reason)) | (Err(reason), _) => {
            Weighed { reason, ..weighed }
        }
        (Ok((from, until)), None) => {
            let (until, over) = match worn.filter(|worn| until.is_none_or(|until| *worn < until)) {
                Some(worn) => (Some(worn), Reason::WearingPart),
                None => (until, Reason::PeriodOver),
            };
            let reason = match asked.within(from, until) {
                Ok(()) => None,
                Err(Reason::PeriodOver) if law::may_still_give(rule, asked.sale, asked.day) => Some(Reason::LengthOpen),
                Err(Reason::PeriodOver) => Some(over),
                Err(reason) => Some(reason),
            };
            Weighed {
                applies: reason.is_none(),
                from: Some(from),
                until,
                reason: reason.unwrap_or(rule.granted),
                ..weighed
            }
        }
    };
    (weighed, end)
}

/// Weighs repair at a price, of the maker's own will or by a duty: until the maker has no parts any more.
pub(super) fn priced(rule: &Rule, facts: &Facts, asked: &Asked<'_>) -> Weighed {
    let weighed = Weighed {
        pays: asked.price.map_or(Pays::Unknown, pays),
        ..weigh(rule, asked).0
    };
    let last = facts
        .unit
        .obsolete_from
        .map(|first| first.previous_day().unwrap_or(first));
    match (weighed.applies, last) {
        // It has no parts any more from before it would begin.
        (_, Some(last)) if weighed.from.is_some_and(|from| last < from) => Weighed {
            applies: false,
            from: None,
            until: None,
            reason: Reason::PartsUnavailable,
            ..weighed
        },
        (true, Some(last)) => Weighed {
            applies: asked.day <= last,
            until: Some(weighed.until.map_or(last, |until| until.min(last))),
            reason: if asked.day <= last {
                weighed.reason
            } else {
                Reason::PartsUnavailable
            },
            ..weighed
        },
        _ => weighed,
    }
}

/// Weighs the refusal to repair what the maker has no parts for; none where it is not known when it has none.
pub(super) fn obsolete(facts: &Facts, asked: &Asked<'_>, source: &Arc<str>) -> Option<Weighed> {
    let from = facts.unit.obsolete_from?;
    let applies = from <= asked.day;
    let reason = if applies {
        Reason::PartsUnavailable
    } else {
        Reason::PartsAvailable
    };
    Some(Weighed {
        applies,
        from: Some(from),
        ..unweighed(PARTS_UNAVAILABLE.into(), Outcome::Refused, source.clone(), reason)
    })
}

/// The days on which a rule applies, or why it never does.
fn period(rule: &Rule, asked: &Asked<'_>) -> Result<(Date, Option<Date>), Reason> {
    let sale = asked.sale;
    if !rule.scope.holds_on(sale.day) {
        return Err(Reason::NotInForceAtSale);
    }
    match rule.length {
        Length::NotInTerms => Err(Reason::LawNotInTerms),
        Length::Open => Ok((sale.day, None)),
        Length::InForceFrom(first) => Ok((first.max(sale.day), None)),
        Length::OfProduct(at_least) => match at_least.max(sale.warranty_months.into()) {
            0 => Err(Reason::NoWarrantyGiven),
            months => Ok((sale.day, Some(last_day(sale.day, months)))),
        },
        Length::AfterRepair(days) => {
            let returned = last_repair(asked)?;
            if days == 0 {
                return Err(Reason::NoRepairBefore);
            }
            Ok((returned, Some(days_later(returned, days))))
        }
        Length::OfLaw(_) => match law::end(rule, sale) {
            Some(end) => Ok((sale.day, Some(end.until))),
            None if law::may_still_give(rule, sale, asked.day) => Err(Reason::LengthOpen),
            None if sale.used && !law::is_open(rule) => Err(Reason::NotForUsed),
            None => Err(Reason::PeriodOver),
        },
    }
}

/// The day on which the device was back for the last time from a repair of what was asked about, by the day of the question; else
/// the first day on which it will be. Where it was not said which component it is, every repair counts.
fn last_repair(asked: &Asked<'_>) -> Result<Date, Reason> {
    let concerning = |repair: &&crate::domain::sale::PastRepair| asked.concerns(&repair.components) != Concerns::Other;
    let days = || {
        asked
            .sale
            .repairs
            .iter()
            .filter(concerning)
            .map(|repair| repair.returned)
    };
    let past = days().filter(|returned| *returned <= asked.day).max();
    past.or_else(|| days().min())
        .ok_or(match asked.sale.repairs.iter().len() {
            0 => Reason::NoRepairBefore,
            _ => Reason::OtherComponent,
        })
}

/// Why the maker does not repair by the rule at this place; none where it does.
fn not_here(rule: &Rule, asked: &Asked<'_>) -> Option<Reason> {
    let places = rule.places.as_ref()?;
    (!places.contains(&asked.place)).then_some(Reason::NotAtThisPlace)
}

/// Why the rule does not cover the part at all; none where it does, or it is about the unit.
fn not_this_part(rule: &Rule, asked: &Asked<'_>) -> Option<Reason> {
    let part = asked.part?;
    (part.cosmetic && !rule.cosmetic_parts).then_some(Reason::CosmeticPart)
}

/// The last day on which the rule covers a part that wears; none where it does as long as the rest.
fn worn_after(rule: &Rule, asked: &Asked<'_>) -> Option<Date> {
    let months = rule.wearing_part_months?;
    asked
        .part
        .filter(|part| part.wears)
        .map(|_| last_day(asked.sale.day, months))
}
