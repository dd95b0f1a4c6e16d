//! Answers about plans.

use support_chassis::clock::timestamp;
use support_chassis::day::to_proto;
use support_proto::support::warranty::v1 as warranty;
use time::Date;

use crate::domain::plan::life::State;
use crate::domain::plan::refund::TermRefund;
use crate::domain::plan::{Agreed, Due, Period, Plan, PlanCover};
use crate::ops::Viewer;
use crate::ops::plans::{Offered, Preview};
use crate::store::plans::Quote;
use crate::wire;
use crate::wire::money;

/// A plan as `viewer` may see it on `day`.
pub(super) fn plan(plan: &Plan, viewer: &Viewer, day: Date) -> warranty::Plan {
    let holder = plan.holder.filter(|_| viewer.sees_owner());
    let agreed = plan.agreed_on(day);
    warranty::Plan {
        plan_id: plan.id.to_string(),
        device_id: plan.device_id.to_string(),
        holder_customer_id: holder.map(|holder| holder.to_string()).unwrap_or_default(),
        kind: plan.kind().to_owned(),
        name_key: agreed.name_key.clone(),
        state: wire::plans::state(plan.state).into(),
        country_code: plan.country.code().to_owned(),
        begins_on: plan.begins_on().map(to_proto),
        ends_on: match plan.state {
            State::Canceled => plan.ended_on,
            _ => plan.paid_until(),
        }
        .map(to_proto),
        grace_ends_on: plan
            .grace_until()
            .filter(|_| plan.state == State::InGrace)
            .map(to_proto),
        renews: plan.renews,
        due: plan.due().map(due),
        agreement: Some(agreement(agreed)),
        periods: plan.periods.iter().map(period).collect(),
        cancellation: plan
            .canceled
            .zip(plan.ended_on.or(Some(plan.enrolled_on)))
            .map(|(canceled, ended)| warranty::PlanCancellationDone {
                cause: wire::plans::cause(canceled.cause).into(),
                day: Some(to_proto(ended)),
                refund: Some(money(canceled.refund)),
            }),
        enrol_time: Some(timestamp(plan.enrolled_at)),
        state_change_time: Some(timestamp(plan.state_changed_at)),
    }
}

fn due(due: Due<'_>) -> warranty::PlanDue {
    warranty::PlanDue {
        amount: Some(money(due.agreed.price)),
        by: Some(to_proto(due.by)),
        renewal: due.renewal,
        failed: due.failed,
        terms_version: due.agreed.version.clone(),
    }
}

fn period(period: &Period) -> warranty::PlanPeriod {
    warranty::PlanPeriod {
        number: period.number.into(),
        from: Some(to_proto(period.from)),
        until: Some(to_proto(period.until)),
        price: Some(money(period.agreed.price)),
        paid_on: Some(to_proto(period.paid_on)),
        terms_version: period.agreed.version.clone(),
    }
}

fn agreement(agreed: &Agreed) -> warranty::PlanAgreement {
    let cancellation = &agreed.cancellation;
    warranty::PlanAgreement {
        term_months: agreed.months.into(),
        rolling: agreed.rolling,
        price: Some(money(agreed.price)),
        incidents_per_12_months: agreed.incidents_per_12_months.map(Into::into),
        covers: agreed.covers.iter().map(cover).collect(),
        waiting_days: agreed.waiting_days.into(),
        grace_days: agreed.grace_days.into(),
        renewal_window_days: agreed.renewal_window_days.unwrap_or(0).into(),
        full_refund_days: cancellation.full_refund_days.into(),
        full_refund_source: cancellation.full_refund_source.clone(),
        charge_basis_points: cancellation.charge_basis_points.into(),
        charge_at_most: cancellation.charge_at_most.map(money),
        rounding: wire::plans::rounding(cancellation.rounding).into(),
        transferable: agreed.transferable,
        terms_version: agreed.version.clone(),
        source: agreed.source.clone(),
    }
}

fn cover(cover: &PlanCover) -> warranty::PlanCoverAgreed {
    warranty::PlanCoverAgreed {
        damages: cover
            .damages
            .iter()
            .map(|damage| wire::damage(*damage).into())
            .collect(),
        components: cover.components.clone(),
        fee: Some(money(cover.fee)),
    }
}

/// A plan that there is.
pub(super) fn offered(offered: Offered) -> warranty::PlanOffered {
    // Of what is not for this product at all there is no day.
    let about = offered.agreed.is_some();
    let day = |day: Date| about.then(|| to_proto(day));
    warranty::PlanOffered {
        kind: offered.kind,
        name_key: offered.name_key,
        not_eligible: offered
            .why_not
            .into_iter()
            .map(|reason| wire::plans::ineligibility(reason).into())
            .collect(),
        buy_until: day(offered.until.0),
        buy_inspected_until: day(offered.until.1),
        agreement: offered.agreed.as_ref().map(agreement),
    }
}

/// A quote.
pub(super) fn quote(quote: &Quote) -> warranty::PlanQuote {
    warranty::PlanQuote {
        quote_id: quote.id.to_string(),
        device_id: quote.device_id.to_string(),
        kind: quote.agreed.kind.clone(),
        agreement: Some(agreement(&quote.agreed)),
        expire_time: Some(timestamp(quote.expires_at)),
    }
}

/// What would be paid back.
pub(super) fn preview(preview: Preview) -> warranty::PreviewPlanCancellationResponse {
    let refund = preview.refund;
    warranty::PreviewPlanCancellationResponse {
        day: Some(to_proto(preview.day)),
        paid: Some(money(refund.paid)),
        refund: Some(money(refund.refund)),
        kept: Some(money(refund.kept)),
        full_until: refund.full_until.map(to_proto),
        periods: refund.terms.into_iter().map(term_refund).collect(),
    }
}

fn term_refund(term: TermRefund) -> warranty::PlanPeriodRefund {
    warranty::PlanPeriodRefund {
        number: term.number.into(),
        paid: Some(money(term.paid)),
        refund: Some(money(term.refund)),
        full: term.full,
        days: i32::try_from(term.days).unwrap_or(i32::MAX),
        days_left: i32::try_from(term.days_left).unwrap_or(i32::MAX),
        charge: Some(money(term.charge)),
    }
}
