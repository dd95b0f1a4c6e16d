//! Listens to those who own cases, repairs and plans, and to those who call back. What customers may be told of is written down with the position in the feed; all
//! else is found out afterwards (`work::deciding`).

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use support_chassis::db::Tx;
use support_chassis::feed::{ApplyError, Consumer, Received, read_field};
use support_proto::support::case::v1::{
    CaseClosed, CaseMessagePosted, CaseOpened, CaseReopened, CaseResolved, CloseReason, MessageAuthor,
};
use support_proto::support::repair::v1::{RepairOutcome, RepairState, RepairStateChanged, RepairSubmitted};
use support_proto::support::routing::v1::TaskCallbackGivenUp;
use support_proto::support::types::v1::{Date, Money};
use support_proto::support::warranty::v1::{
    PlanCanceled, PlanEnrolled, PlanExpired, PlanLapsed, PlanPaymentFailed, PlanRenewalDue, PlanRenewed, PlanStarted,
};
use tokio::sync::Notify;

use crate::domain::happening::Kind;
use crate::domain::ids::{CaseId, CustomerId, HappeningId, SubjectId};
use crate::store::happenings::{self, Happening};

/// Listens to case.
#[derive(Debug, Clone)]
pub struct CaseEvents(pub Arc<Notify>);

/// Listens to repair-logistics.
#[derive(Debug, Clone)]
pub struct RepairEvents(pub Arc<Notify>);

/// Listens to routing, for what became of calling customers back.
#[derive(Debug, Clone)]
pub struct CallbackEvents(pub Arc<Notify>);

/// Listens to warranty, for its plans.
#[derive(Debug, Clone)]
pub struct PlanEvents(pub Arc<Notify>);

impl Consumer for CaseEvents {
    fn event_types(&self) -> Vec<&'static str> {
        vec![
            "support.case.v1.CaseOpened",
            "support.case.v1.CaseMessagePosted",
            "support.case.v1.CaseResolved",
            "support.case.v1.CaseReopened",
            "support.case.v1.CaseClosed",
        ]
    }

    fn apply<'t>(&'t self, tx: &'t mut Tx, event: &'t Received) -> BoxFuture<'t, Result<(), ApplyError>> {
        of_case(tx, event).boxed()
    }

    fn is_repeatable(&self) -> bool {
        true
    }

    fn heard(&self) {
        self.0.notify_one();
    }
}

impl Consumer for RepairEvents {
    fn event_types(&self) -> Vec<&'static str> {
        vec![
            "support.repair.v1.RepairSubmitted",
            "support.repair.v1.RepairStateChanged",
        ]
    }

    fn apply<'t>(&'t self, tx: &'t mut Tx, event: &'t Received) -> BoxFuture<'t, Result<(), ApplyError>> {
        of_repair(tx, event).boxed()
    }

    fn is_repeatable(&self) -> bool {
        true
    }

    fn heard(&self) {
        self.0.notify_one();
    }
}

impl Consumer for CallbackEvents {
    fn event_types(&self) -> Vec<&'static str> {
        vec!["support.routing.v1.TaskCallbackGivenUp"]
    }

    fn apply<'t>(&'t self, tx: &'t mut Tx, event: &'t Received) -> BoxFuture<'t, Result<(), ApplyError>> {
        of_callback(tx, event).boxed()
    }

    fn is_repeatable(&self) -> bool {
        true
    }

    fn heard(&self) {
        self.0.notify_one();
    }
}

impl Consumer for PlanEvents {
    fn event_types(&self) -> Vec<&'static str> {
        vec![
            "support.warranty.v1.PlanEnrolled",
            "support.warranty.v1.PlanStarted",
            "support.warranty.v1.PlanRenewalDue",
            "support.warranty.v1.PlanRenewed",
            "support.warranty.v1.PlanPaymentFailed",
            "support.warranty.v1.PlanLapsed",
            "support.warranty.v1.PlanCanceled",
            "support.warranty.v1.PlanExpired",
        ]
    }

    fn apply<'t>(&'t self, tx: &'t mut Tx, event: &'t Received) -> BoxFuture<'t, Result<(), ApplyError>> {
        of_plan(tx, event).boxed()
    }

    fn is_repeatable(&self) -> bool {
        true
    }

    fn heard(&self) {
        self.0.notify_one();
    }
}

/// A happening that an event tells of.
fn happening(event: &Received, kind: Kind) -> Happening {
    Happening {
        id: HappeningId::from(event.event_id),
        kind,
        case_id: None,
        subject_id: None,
        contact_point_id: None,
        customer_id: None,
        occurred_at: event.occurred_at,
        amount: None,
        day: None,
    }
}

async fn record(tx: &mut Tx, happening: Happening) -> Result<(), ApplyError> {
    let now = tx.now();
    Ok(happenings::record(tx, &happening, now).await?)
}

async fn of_case(tx: &mut Tx, event: &Received) -> Result<(), ApplyError> {
    if let Some(told) = event.decode::<CaseMessagePosted>()? {
        let case_id: CaseId = read_field("case_id", &told.case_id)?;
        return match told.author() {
            MessageAuthor::Staff => {
                let answered = Happening {
                    case_id: Some(case_id),
                    ..happening(event, Kind::CaseAnswered)
                };
                record(tx, answered).await
            }
            MessageAuthor::Customer => {
                let now = tx.now();
                Ok(happenings::answers_were_seen(tx, case_id, event.occurred_at, now).await?)
            }
            MessageAuthor::System | MessageAuthor::Unspecified => Ok(()),
        };
    }
    let (kind, case_id, customer_id) = if let Some(told) = event.decode::<CaseOpened>()? {
        (Kind::CaseOpened, told.case_id, told.customer_id)
    } else if let Some(told) = event.decode::<CaseReopened>()? {
        (Kind::CaseReopened, told.case_id, told.customer_id)
    } else if let Some(told) = event.decode::<CaseResolved>()? {
        (Kind::CaseResolved, told.case_id, String::new())
    } else if let Some(told) = event.decode::<CaseClosed>()?
        // Whoever closes a case themselves knows it.
        && told.close_reason() == CloseReason::NoAnswer
    {
        (Kind::CaseClosed, told.case_id, String::new())
    } else {
        return Ok(());
    };
    let customer_id: Option<CustomerId> = match customer_id.as_str() {
        "" => None,
        id => Some(read_field("customer_id", id)?),
    };
    let happening = Happening {
        case_id: Some(read_field("case_id", &case_id)?),
        customer_id,
        ..happening(event, kind)
    };
    record(tx, happening).await
}

async fn of_repair(tx: &mut Tx, event: &Received) -> Result<(), ApplyError> {
    let (kind, case_id, repair_id) = if let Some(told) = event.decode::<RepairSubmitted>()? {
        (Kind::RepairSubmitted, told.case_id, told.repair_id)
    } else if let Some(told) = event.decode::<RepairStateChanged>()? {
        let kind = match (told.to_state(), told.outcome()) {
            (RepairState::Received, _) => Kind::RepairReceived,
            (RepairState::Diagnosed, _) => Kind::RepairDiagnosed,
            (RepairState::InRepair, _) => Kind::RepairInRepair,
            // Whether it can be collected depends on the place, which is asked for when it is decided.
            (RepairState::Finished, RepairOutcome::Repaired) => Kind::RepairFinished,
            (RepairState::Finished, _) => Kind::RepairNotRepaired,
            (RepairState::Returned, _) => Kind::RepairReturned,
            (RepairState::Canceled, _) => Kind::RepairCanceled,
            (RepairState::Submitted | RepairState::Unspecified, _) => return Ok(()),
        };
        (kind, told.case_id, told.repair_id)
    } else {
        return Ok(());
    };
    let happening = Happening {
        case_id: Some(read_field("case_id", &case_id)?),
        subject_id: Some(read_field("repair_id", &repair_id)?),
        ..happening(event, kind)
    };
    record(tx, happening).await
}

async fn of_callback(tx: &mut Tx, event: &Received) -> Result<(), ApplyError> {
    let Some(told) = event.decode::<TaskCallbackGivenUp>()? else {
        return Ok(());
    };
    let happening = Happening {
        case_id: Some(read_field("case_id", &told.case_id)?),
        ..happening(event, Kind::CallbackGivenUp)
    };
    record(tx, happening).await
}

async fn of_plan(tx: &mut Tx, event: &Received) -> Result<(), ApplyError> {
    let (kind, plan_id, due, day) = if let Some(told) = event.decode::<PlanEnrolled>()? {
        (Kind::PlanEnrolled, told.plan_id, told.due, told.pay_by)
    } else if let Some(told) = event.decode::<PlanStarted>()? {
        (Kind::PlanStarted, told.plan_id, None, told.until)
    } else if let Some(told) = event.decode::<PlanRenewalDue>()? {
        (Kind::PlanRenewalDue, told.plan_id, told.due, told.pay_by)
    } else if let Some(told) = event.decode::<PlanRenewed>()? {
        (Kind::PlanRenewed, told.plan_id, None, told.until)
    } else if let Some(told) = event.decode::<PlanPaymentFailed>()? {
        (Kind::PlanPaymentFailed, told.plan_id, told.due, told.pay_by)
    } else if let Some(told) = event.decode::<PlanLapsed>()? {
        (Kind::PlanEnded, told.plan_id, None, None)
    } else if let Some(told) = event.decode::<PlanCanceled>()? {
        (Kind::PlanEnded, told.plan_id, None, None)
    } else if let Some(told) = event.decode::<PlanExpired>()? {
        (Kind::PlanEnded, told.plan_id, None, None)
    } else {
        return Ok(());
    };
    let subject_id: SubjectId = read_field("plan_id", &plan_id)?;
    let happening = Happening {
        subject_id: Some(subject_id),
        amount: due.and_then(amount),
        day: day.and_then(|day| date(&day)),
        ..happening(event, kind)
    };
    record(tx, happening).await
}

/// An amount; none where its currency is none.
fn amount(money: Money) -> Option<(String, i64)> {
    let is_code = money.currency_code.len() == 3 && money.currency_code.bytes().all(|byte| byte.is_ascii_uppercase());
    is_code.then_some((money.currency_code, money.minor_units))
}

fn date(day: &Date) -> Option<time::Date> {
    let month = time::Month::try_from(u8::try_from(day.month).ok()?).ok()?;
    time::Date::from_calendar_date(day.year, month, u8::try_from(day.day).ok()?).ok()
}
