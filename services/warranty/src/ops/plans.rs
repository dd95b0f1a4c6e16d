//! The plans of devices.
//!
//! Every change locks the plan first, so that of two at once the second sees what the first did. "Today" is the earliest day
//! anywhere in the country of purchase: nothing ends while it is still the day before somewhere there.

mod buying;
mod ending;
mod paying;
mod reading;
mod renewing;
mod upkeep;

use support_chassis::db::Tx;
use support_proto::codec::Event;
use support_proto::support::warranty::v1 as events;
use time::{Date, OffsetDateTime};

pub use buying::{AskOffers, AskQuote, Enrol, Offered, Offers, enrol, offers, quote};
pub use ending::{Preview, cancel, device_changed_hands, device_replaced, preview, transfer};
pub use paying::{Payment, record_payment};
pub use reading::{AskPlans, list, plan};
pub use renewing::{renew, set_renewal};
pub use upkeep::{due_today, keep_up};

use super::Viewer;
use crate::domain::country::Country;
use crate::domain::device::CustomerId;
use crate::domain::plan::life::{State, Step};
use crate::domain::plan::{Plan, PlanId};
use crate::domain::zone;
use crate::error::{Error, PlanError};
use crate::store;

/// The day it is for plans of a country.
pub(crate) fn today(now: OffsetDateTime, country: Country) -> Date {
    zone::earliest_day(now, country)
}

/// Whether a viewer may see a plan: customers what they have, partners what they sold.
fn sees(viewer: &Viewer, plan: &Plan) -> bool {
    match viewer {
        Viewer::Customer(customer) => plan.holder == Some(*customer),
        Viewer::Partner(organisation) => plan.sold_by.as_ref() == Some(organisation),
        Viewer::Insider => true,
        Viewer::Stranger => false,
    }
}

/// The plan with this id, locked, if the viewer may see it. Staff change it only with the grant of who holds it.
async fn locked(tx: &mut Tx, viewer: &Viewer, id: PlanId) -> Result<Plan, Error> {
    let plan = store::plans::lock(tx, id).await?;
    let plan = plan.filter(|plan| sees(viewer, plan)).ok_or(PlanError::NotFound)?;
    check_grant(tx, plan.holder)?;
    Ok(plan)
}

/// Refuses staff who do not show the grant of the customer whose plan it is, or will be. Of what no customer has they can show none.
fn check_grant(tx: &Tx, holder: Option<CustomerId>) -> Result<(), Error> {
    Ok(tx.check_grant(holder.map(|holder| holder.to_string()).unwrap_or_default())?)
}

/// Lets a step happen to a plan.
fn step(plan: &mut Plan, step: Step, now: OffsetDateTime) -> Result<(), Error> {
    let after = plan.state.after(step).ok_or(PlanError::WrongState(plan.state))?;
    if after != plan.state {
        plan.state_changed_at = now;
    }
    plan.state = after;
    if after.is_final() {
        plan.renewal = None;
    }
    Ok(())
}

/// The last day on which a plan covers if nothing more is paid; none where it never did.
fn covers_until(plan: &Plan) -> Option<Date> {
    match (plan.state, &plan.renewal) {
        (State::Active, None) => plan.paid_until(),
        _ => plan.grace_until(),
    }
}

/// Writes what became of a plan, and tells of it.
async fn keep(tx: &mut Tx, plan: &Plan, event: &impl Event) -> Result<(), Error> {
    store::plans::update(tx, plan).await?;
    tx.append(plan.id, event).await?;
    Ok(())
}

/// That a plan came to its end in time.
fn expired(plan: &Plan) -> events::PlanExpired {
    events::PlanExpired {
        plan_id: plan.id.to_string(),
        device_id: plan.device_id.to_string(),
    }
}
