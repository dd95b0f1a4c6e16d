//! The values of plans as the contract writes them, and back.

use support_proto::support::types::v1 as types;
use support_proto::support::warranty::v1 as warranty;

use crate::domain::money::{Amount, Currency, Rounding};
use crate::domain::plan::book::Ineligibility;
use crate::domain::plan::life::State;
use crate::domain::plan::{Buyer, Cause};

/// The amount in a request; none where its currency is none.
pub(crate) fn read_money(money: &types::Money) -> Option<Amount> {
    Currency::from_code(&money.currency_code).map(|currency| Amount::new(currency, money.minor_units))
}

mapped! {
    state, read_state: State <-> warranty::PlanState { PendingPayment, Active, InGrace, Lapsed, Canceled, Expired }
}

/// Who buys, in a request; a consumer where it is not said.
pub(crate) fn read_buyer(buyer: warranty::PlanBuyer) -> Buyer {
    match buyer {
        warranty::PlanBuyer::Unspecified | warranty::PlanBuyer::Consumer => Buyer::Consumer,
        warranty::PlanBuyer::Business => Buyer::Business,
    }
}

/// Why a plan was canceled.
pub(crate) fn cause(cause: Cause) -> warranty::PlanCancellationCause {
    match cause {
        Cause::Requested => warranty::PlanCancellationCause::Requested,
        Cause::NotTransferable => warranty::PlanCancellationCause::NotTransferable,
    }
}

/// How a refund is rounded.
pub(crate) fn rounding(rounding: Rounding) -> warranty::PlanRounding {
    match rounding {
        Rounding::Up => warranty::PlanRounding::Up,
        Rounding::HalfUp => warranty::PlanRounding::HalfUp,
        Rounding::HalfEven => warranty::PlanRounding::HalfEven,
        Rounding::Down => warranty::PlanRounding::Down,
    }
}

/// Why a plan cannot be bought.
pub(crate) fn ineligibility(reason: Ineligibility) -> warranty::PlanIneligibility {
    match reason {
        Ineligibility::ProductLine => warranty::PlanIneligibility::ProductLine,
        Ineligibility::Model => warranty::PlanIneligibility::Model,
        Ineligibility::Country => warranty::PlanIneligibility::Country,
        Ineligibility::NotYetSold => warranty::PlanIneligibility::NotYetSold,
        Ineligibility::NoLongerSold => warranty::PlanIneligibility::NoLongerSold,
        Ineligibility::NoPrice => warranty::PlanIneligibility::NoPrice,
        Ineligibility::WindowOver => warranty::PlanIneligibility::WindowOver,
        Ineligibility::InspectionNeeded => warranty::PlanIneligibility::InspectionNeeded,
        Ineligibility::SoldUsed => warranty::PlanIneligibility::SoldUsed,
        Ineligibility::Buyer => warranty::PlanIneligibility::Buyer,
        Ineligibility::AlreadyHeld => warranty::PlanIneligibility::AlreadyHeld,
        Ineligibility::DeviceBarred => warranty::PlanIneligibility::DeviceBarred,
        Ineligibility::NotBoughtYet => warranty::PlanIneligibility::NotBoughtYet,
    }
}
