//! Why a plan cannot be had, paid, renewed or ended.

use support_chassis::error::Answer;
use support_proto::support::warranty::v1::WarrantyErrorReason as Reason;
use time::Date;
use tonic::Code;

use crate::domain::money::Amount;
use crate::domain::plan::book::Ineligibility;
use crate::domain::plan::life::State;

/// Why a call about plans is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// No such plan, or not one the caller may see.
    #[error("no such plan")]
    NotFound,
    /// The terms have no such plan.
    #[error("the terms have no such plan")]
    KindNotFound,
    /// The plan cannot be bought for the device.
    #[error("the plan cannot be bought for this device")]
    NotEligible(Vec<Ineligibility>),
    /// No such quote, or not one the caller may use.
    #[error("no such quote")]
    QuoteNotFound,
    /// The quote no longer holds.
    #[error("the quote no longer holds")]
    QuoteExpired,
    /// What was quoted has been bought.
    #[error("what was quoted has been bought")]
    QuoteUsed,
    /// The device has a plan of this kind.
    #[error("the device has a plan of this kind")]
    AlreadyHeld,
    /// The plan's state does not allow it.
    #[error("the plan's state does not allow it")]
    WrongState(State),
    /// The plan cannot be renewed, or only from a day on.
    #[error("the plan cannot be renewed, or not yet")]
    NotRenewable(Option<Date>),
    /// Nothing is to be paid.
    #[error("nothing is to be paid for the plan")]
    PaymentNotDue,
    /// The amount is not what is due.
    #[error("the amount is not what is due")]
    PaymentAmountWrong(Amount),
    /// Another payment has the reference.
    #[error("another payment has this reference")]
    PaymentReferenceReused,
    /// The refund is another than the one previewed.
    #[error("the refund is no longer what was previewed")]
    RefundChanged(Amount),
    /// The plan does not go to this device.
    #[error("the plan does not move to this device")]
    NotTransferable,
}

impl PlanError {
    /// The answer of this service's domain.
    pub(super) fn answer(&self, domain: &'static str) -> Answer {
        let of = |code, reason: Reason| Answer::new(code, domain, reason.as_str_name(), self.to_string());
        let money = |answer: Answer, key: &str, amount: &Amount| {
            answer
                .with(key, amount.minor.to_string())
                .with("currency_code", amount.currency.code())
        };
        match self {
            Self::NotFound => of(Code::NotFound, Reason::PlanNotFound),
            Self::KindNotFound => of(Code::NotFound, Reason::PlanKindNotFound),
            Self::NotEligible(reasons) => {
                let names: Vec<_> = reasons.iter().map(|reason| reason.as_str()).collect();
                of(Code::FailedPrecondition, Reason::PlanNotEligible).with("reasons", names.join(","))
            }
            Self::QuoteNotFound => of(Code::NotFound, Reason::PlanQuoteNotFound),
            Self::QuoteExpired => of(Code::FailedPrecondition, Reason::PlanQuoteExpired),
            Self::QuoteUsed => of(Code::FailedPrecondition, Reason::PlanQuoteUsed),
            Self::AlreadyHeld => of(Code::AlreadyExists, Reason::PlanAlreadyHeld),
            Self::WrongState(state) => of(Code::FailedPrecondition, Reason::PlanState)
                .with("state", state.as_str())
                .precondition("STATE", "plan", format!("it is {}", state.as_str())),
            Self::NotRenewable(from) => {
                let answer = of(Code::FailedPrecondition, Reason::PlanNotRenewable);
                match from {
                    Some(day) => answer.with("from", day.to_string()),
                    None => answer,
                }
            }
            Self::PaymentNotDue => of(Code::FailedPrecondition, Reason::PlanPaymentNotDue),
            Self::PaymentAmountWrong(due) => {
                money(of(Code::FailedPrecondition, Reason::PlanPaymentAmountWrong), "due", due)
            }
            Self::PaymentReferenceReused => of(Code::AlreadyExists, Reason::PlanPaymentReferenceReused),
            Self::RefundChanged(refund) => money(
                of(Code::FailedPrecondition, Reason::PlanRefundChanged),
                "refund",
                refund,
            ),
            Self::NotTransferable => of(Code::FailedPrecondition, Reason::PlanNotTransferable),
        }
    }
}
