//! What is particular to laws: an end that repairs move, and what may still be claimed after it.

use std::sync::Arc;

use time::Date;

use super::days_later;
use super::decision::LawFacts;
use crate::domain::calendar::last_day;
use crate::domain::sale::Sale;
use crate::domain::terms::{Law, Length, Rule};

/// Where what is certain of a law ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    /// The last day.
    pub(super) until: Date,
    /// How many days of repairs are in it.
    pub(super) days_added: u16,
    /// How many months are in it because of repairs.
    pub(super) months_added: u16,
}

/// Where what is certain of a law ends; none where nothing is certain, or the rule is no law.
pub(super) fn end(rule: &Rule, sale: &Sale) -> Option<End> {
    let Length::OfLaw(certain) = rule.length else {
        return None;
    };
    let (months, days) = match certain.used_months.filter(|_| sale.used) {
        Some(months) => (months, 0),
        None => (certain.months, certain.days),
    };
    if months == 0 && days == 0 {
        return None;
    }
    let end = End {
        until: days_later(last_day(sale.day, months), days),
        days_added: 0,
        months_added: 0,
    };
    Some(match &rule.law {
        Some(law) => prolonged(end, law, sale),
        None => end,
    })
}

/// The end as the repairs that began before it moved it. A day on which the device was away in part counts whole, and once.
///
/// The days of all repairs go before all months: were they added repair by repair, a month more could fall on a shorter month
/// for a repair more, and take a day away.
fn prolonged(certain: End, law: &Law, sale: &Sale) -> End {
    let mut end = certain;
    let mut counted: Option<Date> = None;
    let mut times = 0;
    for repair in sale.repairs.iter().filter(|repair| repair.received >= sale.day) {
        if repair.received > end.until {
            break;
        }
        if law.suspended_during_repair {
            let first = counted.map_or(repair.received, |last| {
                last.next_day().unwrap_or(Date::MAX).max(repair.received)
            });
            let days = u16::try_from(((repair.returned - first).whole_days() + 1).max(0)).unwrap_or(u16::MAX);
            end.days_added = end.days_added.saturating_add(days);
            counted = counted.max(Some(repair.returned));
        }
        if times < law.repair_adds_times {
            times += 1;
            end.months_added = end.months_added.saturating_add(law.repair_adds_months);
        }
        end.until = last_day(days_later(certain.until, end.days_added), end.months_added);
    }
    end
}

/// Whether the rule is a law that names no end.
pub(super) fn is_open(rule: &Rule) -> bool {
    rule.law.as_ref().is_some_and(|law| law.length_open)
}

/// Whether the rule is a law that may give more than is certain on `day`.
pub(super) fn may_still_give(rule: &Rule, sale: &Sale, day: Date) -> bool {
    rule.law.as_ref().is_some_and(|law| {
        law.length_open
            && law
                .limitation_months
                .is_none_or(|months| day <= last_day(sale.day, months))
    })
}

/// What there is to know of a law for this sale; none where the rule is no law, or not the law of the sale's day.
pub(super) fn facts(rule: &Rule, sale: &Sale) -> Option<LawFacts> {
    let law = rule.law.as_ref().filter(|_| rule.scope.holds_on(sale.day))?;
    let end = end(rule, sale);
    let of_used = law.used_burden_of_proof_months.filter(|_| sale.used);
    let months_from_sale = |months: u16| (months > 0).then(|| last_day(sale.day, months));
    Some(LawFacts {
        law: Arc::clone(law),
        limitation_until: law.limitation_months.and_then(months_from_sale),
        burden_of_proof_until: of_used.or(law.burden_of_proof_months).and_then(months_from_sale),
        refusal_until: (law.refusal_days > 0).then(|| days_later(sale.day, law.refusal_days)),
        days_added: end.map_or(0, |end| end.days_added),
        months_added: end.map_or(0, |end| end.months_added),
    })
}
