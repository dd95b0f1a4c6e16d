//! The next term.

use support_chassis::day::to_proto;
use support_chassis::db::Tx;
use support_chassis::standard::Standard;
use support_proto::support::warranty::v1::{PlanRenewalChanged, PlanRenewalDue, PlanTerms};
use time::Date;

use super::{Viewer, expired, keep, locked, step, today};
use crate::domain::plan::life::{State, Step, renewal_opens};
use crate::domain::plan::{Plan, PlanId, Renewal, term};
use crate::error::{Error, PlanError};
use crate::standard::plans::book_on;
use crate::{store, wire};

/// Prepares the next term of a plan by the terms of today. Where it is prepared already it stays as it is: whoever was told a
/// price pays that.
pub async fn renew(tx: &mut Tx, terms: &Standard<PlanTerms>, viewer: &Viewer, id: PlanId) -> Result<Plan, Error> {
    let mut plan = locked(tx, viewer, id).await?;
    if !matches!(plan.state, State::Active | State::InGrace) {
        return Err(PlanError::WrongState(plan.state).into());
    }
    if plan.renewal.is_some() {
        return Ok(plan);
    }
    let day = today(tx.now(), plan.country);
    let opens = renewal_opens(&plan).ok_or(PlanError::NotRenewable(None))?;
    if day < opens {
        return Err(PlanError::NotRenewable(Some(opens)).into());
    }
    // The term is over, and the round that ends the plan has not come by yet.
    if plan.paid_until().is_some_and(|until| until < day) {
        return Err(PlanError::NotRenewable(None).into());
    }
    if prepare(tx, terms, &mut plan, day).await? {
        Ok(plan)
    } else {
        Err(PlanError::NotRenewable(None).into())
    }
}

/// Prepares the next term by the terms of `day`, and says so; false where these do not renew the plan.
pub(super) async fn prepare(
    tx: &mut Tx,
    terms: &Standard<PlanTerms>,
    plan: &mut Plan,
    day: Date,
) -> Result<bool, Error> {
    let registered = store::devices::get(tx, plan.device_id)
        .await?
        .ok_or(Error::DeviceNotFound)?;
    let product = registered.product;
    let currency = plan.first.price.currency;
    let book = book_on(terms, plan.country, day);
    let agreed = book.renew(plan.kind(), product.product_line, &product.model_code, currency, day);
    let Some(agreed) = agreed else { return Ok(false) };
    let days = term::following(&plan.periods, agreed.months);
    let event = PlanRenewalDue {
        plan_id: plan.id.to_string(),
        device_id: plan.device_id.to_string(),
        due: Some(wire::money(agreed.price)),
        from: days.map(|(from, _)| to_proto(from)),
        pay_by: plan.grace_until().map(to_proto),
        terms_version: agreed.version.clone(),
    };
    plan.renewal = Some(Renewal { agreed, failed: false });
    keep(tx, plan, &event).await?;
    Ok(true)
}

/// Says whether a plan renews by itself.
pub async fn set_renewal(tx: &mut Tx, viewer: &Viewer, id: PlanId, renews: bool) -> Result<Plan, Error> {
    let mut plan = locked(tx, viewer, id).await?;
    if plan.state.is_final() {
        return Err(PlanError::WrongState(plan.state).into());
    }
    let day = today(tx.now(), plan.country);
    if renews && plan.agreed_on(day).renewal_window_days.is_none() {
        return Err(PlanError::NotRenewable(None).into());
    }
    let unchanged = plan.renews == renews && (renews || plan.renewal.is_none());
    if unchanged {
        return Ok(plan);
    }
    plan.renews = renews;
    let event = PlanRenewalChanged {
        plan_id: plan.id.to_string(),
        renews,
        no_longer_sold: false,
    };
    if !renews && plan.state == State::InGrace {
        plan.ended_on = plan.grace_until().map(|last| last.min(day));
        step(&mut plan, Step::Decline, tx.now())?;
        let ended = expired(&plan);
        tx.append(plan.id, &ended).await?;
    }
    if !renews {
        plan.renewal = None;
    }
    keep(tx, &plan, &event).await?;
    Ok(plan)
}
