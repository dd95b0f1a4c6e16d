//! What time brings about.

use support_chassis::day::to_proto;
use support_chassis::db::Tx;
use support_chassis::standard::Standard;
use support_proto::support::warranty::v1::{PlanGraceBegun, PlanLapsed, PlanRenewalChanged, PlanTerms};
use time::{Date, OffsetDateTime};

use super::renewing::prepare;
use super::{expired, keep, step, today};
use crate::domain::country::Country;
use crate::domain::plan::PlanId;
use crate::domain::plan::life::{Event, Step, next};
use crate::error::Error;
use crate::store;

/// The day it is in every country, each with its code.
#[must_use]
pub fn due_today(now: OffsetDateTime) -> Vec<(Country, Date)> {
    Country::all().map(|country| (country, today(now, country))).collect()
}

/// Does what is due for a plan today: one thing, so that a plan that was left alone for long goes through all of its life, day
/// by day. False where nothing is, or somebody else is at it.
pub async fn keep_up(tx: &mut Tx, terms: &Standard<PlanTerms>, id: PlanId) -> Result<bool, Error> {
    let now = tx.now();
    let Some(mut plan) = store::plans::lock_free(tx, id).await? else {
        return Ok(false);
    };
    let day = today(now, plan.country);
    let Some((_, event)) = next(&plan).filter(|(due, _)| *due <= day) else {
        return Ok(false);
    };
    let (plan_id, device_id) = (plan.id.to_string(), plan.device_id.to_string());
    match event {
        Event::RenewalOpens => {
            // By the terms of the day on which it opened it would have been told a price of the past.
            if !prepare(tx, terms, &mut plan, day).await? {
                plan.renews = false;
                let event = PlanRenewalChanged {
                    plan_id,
                    renews: false,
                    no_longer_sold: true,
                };
                keep(tx, &plan, &event).await?;
            }
        }
        Event::Step(Step::TermOver) => {
            plan.ended_on = plan.paid_until();
            step(&mut plan, Step::TermOver, now)?;
            keep(tx, &plan, &expired(&plan)).await?;
        }
        Event::Step(Step::TermOverUnpaid) => {
            step(&mut plan, Step::TermOverUnpaid, now)?;
            let event = PlanGraceBegun {
                plan_id,
                device_id,
                until: plan.grace_until().map(to_proto),
            };
            keep(tx, &plan, &event).await?;
        }
        Event::Step(over) => {
            plan.ended_on = plan.grace_until();
            step(&mut plan, over, now)?;
            keep(tx, &plan, &PlanLapsed { plan_id, device_id }).await?;
        }
    }
    Ok(true)
}
