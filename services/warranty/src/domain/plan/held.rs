//! A plan as the decision on its device sees it.

use time::Date;

use super::life::State;
use super::{Agreed, Period, Plan};
use crate::domain::facts::{Incidents, PlanHeld};

/// What a device holds of a plan from the first day of it to `leaves_on`, the last one before the plan left it for another
/// device; none where it has not. Terms that follow each other and cover the same are told as one. Of what was never paid, or was paid
/// back as a whole, there is nothing.
///
/// The days of incidents are not known here.
#[must_use]
pub fn held(plan: &Plan, leaves_on: Option<Date>) -> Vec<PlanHeld> {
    let Some(begins) = plan.begins_on() else {
        return Vec::new();
    };
    let mut found: Vec<PlanHeld> = Vec::new();
    for period in &plan.periods {
        match found.last_mut() {
            Some(before) if covers_the_same(before, &period.agreed) => before.until = Some(period.until),
            _ => found.push(of_period(plan, begins, period)),
        }
    }
    if let Some(last) = found.last_mut() {
        last.until = last.until.max(covers_on(plan));
    }
    let until = [plan.ended_on, leaves_on, paid_until(plan)].into_iter().flatten().min();
    if let Some(end) = until {
        found.retain(|held| held.from <= end);
        for held in &mut found {
            held.until = held.until.map(|until| until.min(end));
        }
    }
    found
}

/// The last day of the grace that a plan is in, was in when it lapsed, or will be in if what is due for it is not paid.
fn covers_on(plan: &Plan) -> Option<Date> {
    match plan.state {
        State::Active if plan.renewal.is_none() => None,
        State::Active | State::InGrace | State::Lapsed | State::Expired | State::Canceled => plan.grace_until(),
        State::PendingPayment => None,
    }
}

/// The last day before the terms that were paid back as a whole when the plan was canceled: for those nobody has paid. None of a plan
/// that was not canceled, or of which something was kept.
fn paid_until(plan: &Plan) -> Option<Date> {
    let (canceled, ended_on) = (plan.canceled?, plan.ended_on?);
    let open = || plan.periods.iter().filter(|period| ended_on <= period.until);
    let paid: i64 = open().map(|period| period.agreed.price.minor).sum();
    let first = open().next()?;
    (paid > 0 && canceled.refund.minor == paid).then(|| first.from.previous_day().unwrap_or(Date::MIN))
}

fn covers_the_same(held: &PlanHeld, agreed: &Agreed) -> bool {
    held.version == agreed.version
        && held.source == agreed.source
        && held.covers == agreed.covers
        && held.incidents.as_ref().map(|incidents| incidents.per_12_months) == agreed.incidents_per_12_months
}

fn of_period(plan: &Plan, begins: Date, period: &Period) -> PlanHeld {
    PlanHeld {
        plan_id: plan.id,
        kind: plan.kind().to_owned(),
        version: period.agreed.version.clone(),
        source: period.agreed.source.clone(),
        begins,
        from: period.from,
        until: Some(period.until),
        incidents: period.agreed.incidents_per_12_months.map(|per_12_months| Incidents {
            per_12_months,
            used_on: Vec::new(),
        }),
        covers: period.agreed.covers.clone(),
    }
}
