//! What is paid for plans, and what could not be collected.

use support_chassis::day::to_proto;
use support_chassis::db::Tx;
use support_chassis::id::Ids;
use support_proto::support::warranty::v1::{PlanPaymentFailed, PlanRenewed, PlanStarted};

use super::{Viewer, keep, locked, step, today};
use crate::domain::money::Amount;
use crate::domain::plan::life::Step;
use crate::domain::plan::{PaymentId, Period, Plan, PlanId, term};
use crate::error::{Error, PlanError};
use crate::{store, wire};

/// A payment, or that there was none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Its name where it was made.
    pub reference: String,
    /// Whether it was paid; else it could not be collected.
    pub paid: bool,
    /// How much.
    pub amount: Amount,
}

/// Records what became of a payment. What is recorded already under its reference changes nothing.
pub async fn record_payment(
    tx: &mut Tx,
    ids: &Ids,
    viewer: &Viewer,
    id: PlanId,
    payment: Payment,
) -> Result<Plan, Error> {
    let mut plan = locked(tx, viewer, id).await?;
    if let Some(known) = store::plans::payment(tx, &payment.reference).await? {
        let same = known.plan_id == id && known.paid == payment.paid && known.amount == payment.amount;
        return if same {
            Ok(plan)
        } else {
            Err(PlanError::PaymentReferenceReused.into())
        };
    }
    pay(tx, ids, &mut plan, payment).await?;
    Ok(plan)
}

/// Records a payment of what is due for a plan that this transaction has locked or made.
pub(super) async fn pay(tx: &mut Tx, ids: &Ids, plan: &mut Plan, payment: Payment) -> Result<(), Error> {
    let due = plan.due().ok_or(PlanError::PaymentNotDue)?;
    if payment.amount != due.agreed.price {
        return Err(PlanError::PaymentAmountWrong(due.agreed.price).into());
    }
    let (now, by) = (tx.now(), due.by);
    let recorded = store::plans::Payment {
        id: ids.next(),
        plan_id: plan.id,
        reference: payment.reference,
        paid: payment.paid,
        amount: payment.amount,
        recorded_at: now,
    };
    store::plans::insert_payment(tx, &recorded).await?;
    if payment.paid {
        return begin_term(tx, plan, recorded.id).await;
    }
    match &mut plan.renewal {
        Some(renewal) => renewal.failed = true,
        None => plan.first_failed = true,
    }
    let event = PlanPaymentFailed {
        plan_id: plan.id.to_string(),
        device_id: plan.device_id.to_string(),
        due: Some(wire::money(payment.amount)),
        pay_by: Some(to_proto(by)),
    };
    keep(tx, plan, &event).await
}

/// Begins the term that a payment has paid.
async fn begin_term(tx: &mut Tx, plan: &mut Plan, payment: PaymentId) -> Result<(), Error> {
    let now = tx.now();
    let paid_on = today(now, plan.country);
    let (agreed, days) = if let Some(renewal) = plan.renewal.take() {
        let days = term::following(&plan.periods, renewal.agreed.months);
        (renewal.agreed, days)
    } else {
        let first = plan.first.clone();
        let days = term::first(paid_on, first.waiting_days, first.months);
        (first, Some(days))
    };
    // No term lies beyond the calendar, but in the year 9999.
    let (from, until) = days.ok_or(PlanError::NotRenewable(None))?;
    let number = plan.periods.last().map_or(1, |last| last.number.saturating_add(1));
    let period = Period {
        number,
        from,
        until,
        paid_on,
        agreed,
    };
    store::plans::insert_period(tx, plan.id, &period, payment).await?;
    let terms_version = period.agreed.version.clone();
    plan.periods.push(period);
    step(plan, Step::Pay, now)?;
    let (plan_id, device_id) = (plan.id.to_string(), plan.device_id.to_string());
    let (from, until) = (Some(to_proto(from)), Some(to_proto(until)));
    if number == 1 {
        let event = PlanStarted {
            plan_id,
            device_id,
            from,
            until,
        };
        return keep(tx, plan, &event).await;
    }
    let event = PlanRenewed {
        plan_id,
        device_id,
        number: number.into(),
        from,
        until,
        terms_version,
    };
    keep(tx, plan, &event).await
}
