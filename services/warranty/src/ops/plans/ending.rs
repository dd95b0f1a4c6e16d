//! The end of plans before their time, and their way to another device.

use sqlx::PgConnection;
use support_chassis::day::to_proto;
use support_chassis::db::Tx;
use support_proto::support::warranty::v1::{PlanCanceled, PlanTransferred};
use time::{Date, OffsetDateTime};

use super::buying::is_barred;
use super::{Viewer, covers_until, keep, locked, plan as read, step, today};
use crate::domain::device::{CustomerId, DeviceId};
use crate::domain::money::Amount;
use crate::domain::plan::life::Step;
use crate::domain::plan::refund::{Refund, refund};
use crate::domain::plan::{Canceled, Cause, Plan, PlanId};
use crate::error::{Error, PlanError};
use crate::ops::device;
use crate::{store, wire};

/// What would be paid back.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The last day on which the plan would cover.
    pub day: Date,
    /// What would be paid back.
    pub refund: Refund,
}

fn reckon(plan: &Plan, now: OffsetDateTime) -> Result<Preview, Error> {
    let state = plan.state.after(Step::Cancel);
    state.ok_or(PlanError::WrongState(plan.state))?;
    let day = today(now, plan.country);
    // A plan's amounts are those of one currency, and bounded by the rules of the terms.
    let refund = refund(&plan.periods, day, plan.first.price.currency).ok_or(PlanError::WrongState(plan.state))?;
    Ok(Preview { day, refund })
}

/// What would be paid back if the plan were canceled now.
pub async fn preview(
    connection: &mut PgConnection,
    viewer: &Viewer,
    id: PlanId,
    now: OffsetDateTime,
) -> Result<Preview, Error> {
    reckon(&read(connection, viewer, id).await?, now)
}

/// Cancels a plan for the refund that was previewed.
pub async fn cancel(tx: &mut Tx, viewer: &Viewer, id: PlanId, previewed: Amount) -> Result<Plan, Error> {
    let mut plan = locked(tx, viewer, id).await?;
    let reckoned = reckon(&plan, tx.now())?;
    if reckoned.refund.refund != previewed {
        return Err(PlanError::RefundChanged(reckoned.refund.refund).into());
    }
    end(tx, &mut plan, &reckoned, Cause::Requested).await?;
    Ok(plan)
}

async fn end(tx: &mut Tx, plan: &mut Plan, reckoned: &Preview, cause: Cause) -> Result<(), Error> {
    plan.ended_on = covers_until(plan).map(|last| last.min(reckoned.day));
    let refund = reckoned.refund.refund;
    plan.canceled = Some(Canceled { cause, refund });
    step(plan, Step::Cancel, tx.now())?;
    let event = PlanCanceled {
        plan_id: plan.id.to_string(),
        device_id: plan.device_id.to_string(),
        cause: wire::plans::cause(cause).into(),
        day: Some(to_proto(reckoned.day)),
        refund: Some(wire::money(refund)),
    };
    keep(tx, plan, &event).await
}

/// Lets the plans of a device follow it to `owner`, none where nobody has it now; those that do not go with it end, and what is
/// not used of them is paid back. To be called in the transaction in which the device changes hands, after its row is written.
pub async fn device_changed_hands(tx: &mut Tx, device: DeviceId, owner: Option<CustomerId>) -> Result<(), Error> {
    for mut plan in store::plans::lock_of_device(tx, device).await? {
        let now = tx.now();
        if plan.agreed_on(today(now, plan.country)).transferable {
            plan.holder = owner;
            let event = transferred(&plan, device);
            keep(tx, &plan, &event).await?;
        } else {
            let reckoned = reckon(&plan, now)?;
            end(tx, &mut plan, &reckoned, Cause::NotTransferable).await?;
        }
    }
    Ok(())
}

/// Moves every plan of a device to the one that replaces it, whether it goes with a device that changes hands or not: whoever
/// gets another device for theirs has no less than before. To be called in the transaction that replaces the device.
pub async fn device_replaced(tx: &mut Tx, from: DeviceId, to: DeviceId) -> Result<(), Error> {
    for mut plan in store::plans::lock_of_device(tx, from).await? {
        go(tx, &mut plan, to).await?;
    }
    Ok(())
}

/// Moves a plan to another device of the same product line.
pub async fn transfer(tx: &mut Tx, viewer: &Viewer, id: PlanId, to: DeviceId) -> Result<Plan, Error> {
    let mut plan = locked(tx, viewer, id).await?;
    store::plans::hold_device(tx, to).await?;
    let target = device(tx, viewer, to).await?;
    if plan.state.is_final() {
        return Err(PlanError::WrongState(plan.state).into());
    }
    let own = device(tx, viewer, plan.device_id).await?;
    let day = today(tx.now(), plan.country);
    let fits = plan.agreed_on(day).transferable
        && target.device.id != own.device.id
        && target.product.product_line == own.product.product_line
        && !is_barred(&target);
    if !fits {
        return Err(PlanError::NotTransferable.into());
    }
    plan.holder = target.device.owner;
    go(tx, &mut plan, to).await?;
    Ok(plan)
}

/// Moves a locked plan.
async fn go(tx: &mut Tx, plan: &mut Plan, to: DeviceId) -> Result<(), Error> {
    let now = tx.now();
    let from = plan.device_id;
    store::plans::insert_move(tx, plan.id, from, to, today(now, plan.country), now).await?;
    plan.device_id = to;
    let event = transferred(plan, from);
    keep(tx, plan, &event).await
}

fn transferred(plan: &Plan, from: DeviceId) -> PlanTransferred {
    PlanTransferred {
        plan_id: plan.id.to_string(),
        from_device_id: from.to_string(),
        to_device_id: plan.device_id.to_string(),
    }
}
