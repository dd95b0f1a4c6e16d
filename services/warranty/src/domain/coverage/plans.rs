//! Plans: those that a device has, and those that it could have had.

use std::cmp::Ordering;
use std::sync::Arc;

use time::Date;

use super::about::{Asked, Concerns, pays, unweighed};
use super::decision::{Pays, PlanDifference, Uses, Weighed};
use super::kinds::{Outcome, Reason};
use super::rank::{self, Cost};
use crate::domain::calendar::last_day;
use crate::domain::facts::{Facts, Incidents, PlanHeld};
use crate::domain::plan::term::twelve_months;
use crate::domain::plan::{PlanCover, PlanOffer};

/// Weighs a plan that the device has or had.
pub(super) fn held(plan: &PlanHeld, asked: &Asked<'_>) -> Weighed {
    let weighed = Weighed {
        uses: Uses::Plan(plan.plan_id),
        version: Some(plan.version.as_str().into()),
        ..unweighed(
            rule_id(&plan.kind),
            Outcome::Plan,
            plan.source.as_str().into(),
            Reason::WithinPeriod,
        )
    };
    let fee = match fee(&plan.covers, asked) {
        Ok(fee) => fee,
        Err(reason) => return Weighed { reason, ..weighed },
    };
    let left = plan
        .incidents
        .as_ref()
        .and_then(|incidents| left(incidents, plan.begins, asked.day));
    let refused = match asked.within(plan.from, plan.until) {
        Ok(()) if left == Some(0) => Some(Reason::IncidentsUsedUp),
        within => within.err(),
    };
    Weighed {
        applies: refused.is_none(),
        from: Some(plan.from),
        until: plan.until,
        pays: fee,
        incidents_left: left,
        reason: refused.unwrap_or(weighed.reason),
        ..weighed
    }
}

/// The id of a plan's rule in a chain.
fn rule_id(kind: &str) -> Arc<str> {
    format!("plan-{kind}").into()
}

/// How many repairs a plan that began on `begins` gives on `day`, as of that day: what was used later in the same twelve months
/// is not known yet. None before it begins.
fn left(incidents: &Incidents, begins: Date, day: Date) -> Option<u16> {
    let (_, first, _) = twelve_months(begins, day)?;
    let used = incidents
        .used_on
        .iter()
        .filter(|used| (first..=day).contains(*used))
        .count();
    let used = u16::try_from(used).unwrap_or(u16::MAX);
    Some(incidents.per_12_months.saturating_sub(used))
}

/// The lowest fee of the covers that fit, or why none does.
fn fee(covers: &[PlanCover], asked: &Asked<'_>) -> Result<Pays, Reason> {
    let mut lowest: Option<Pays> = None;
    let mut reason = Reason::DamageNotInPlan;
    for cover in covers.iter().filter(|cover| cover.damages.contains(&asked.damage)) {
        match asked.concerns(&cover.components) {
            Concerns::Yes => {
                let fee = pays(cover.fee);
                let is_lower = lowest.is_none_or(|lowest| cost(fee, asked) < cost(lowest, asked));
                lowest = if is_lower { Some(fee) } else { lowest };
            }
            Concerns::NotSaid => reason = Reason::ComponentNotSaid,
            Concerns::Other if reason == Reason::DamageNotInPlan => reason = Reason::OtherComponent,
            Concerns::Other => {}
        }
    }
    lowest.ok_or(reason)
}

fn cost(fee: Pays, asked: &Asked<'_>) -> Cost {
    rank::cost(Outcome::Plan, fee, asked.price)
}

/// What plans would have changed that could have been bought with the device: those by which the customer would pay less than
/// `now`, the best first. A kind that the device has on that day is none of them.
pub(super) fn differences(offers: &[PlanOffer], facts: &Facts, asked: &Asked<'_>, now: Pays) -> Vec<PlanDifference> {
    if now == Pays::Nothing {
        return Vec::new();
    }
    let is_held = |offer: &&PlanOffer| {
        let mut held = facts.plans.iter();
        held.any(|plan| plan.kind == offer.kind && asked.within(plan.from, plan.until).is_ok())
    };
    let now_costs = rank::cost_of_any(now, asked.price);
    let mut found: Vec<(Cost, PlanDifference)> = offers
        .iter()
        .filter(|offer| !is_held(offer))
        .filter_map(|offer| {
            let until = offer.months.map(|months| last_day(asked.sale.day, months));
            asked.within(asked.sale.day, until).ok()?;
            let fee = fee(&offer.covers, asked).ok()?;
            let costs = cost(fee, asked);
            (costs < now_costs).then(|| {
                let difference = PlanDifference {
                    kind: offer.kind.clone(),
                    pays: fee,
                    saves: saved(fee, now),
                    until,
                    version: offer.version.clone(),
                    source: offer.source.clone(),
                };
                (costs, difference)
            })
        })
        .collect();
    found.sort_by(
        |(one_costs, one), (other_costs, other)| match one_costs.cmp(other_costs) {
            Ordering::Equal => one.kind.cmp(&other.kind),
            unequal => unequal,
        },
    );
    found.into_iter().map(|(_, difference)| difference).collect()
}

/// How much less a fee is than what the customer pays now; none where that is not known, or not in one currency.
fn saved(fee: Pays, now: Pays) -> Option<crate::domain::money::Amount> {
    match (fee, now) {
        (Pays::Nothing, Pays::Amount(now)) => Some(now),
        (Pays::Amount(fee), Pays::Amount(now)) => now.checked_sub(fee),
        _ => None,
    }
}
