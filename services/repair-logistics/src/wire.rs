//! The values of the domain as the contract writes them, and back.

use support_proto::support::repair::v1 as repair;
use support_proto::support::types::v1 as types;
use support_proto::support::warranty::v1 as warranty;

use crate::domain::payment::{Amount, Pays};
use crate::domain::provider::{Kind, ProductLine};
use crate::domain::repair::Coverage;
use crate::domain::state::{Outcome, State, Verb};

pub(crate) fn product_line(line: ProductLine) -> types::ProductLine {
    match line {
        ProductLine::Phone => types::ProductLine::Phone,
        ProductLine::Laptop => types::ProductLine::Laptop,
        ProductLine::Tablet => types::ProductLine::Tablet,
        ProductLine::Watch => types::ProductLine::Watch,
        ProductLine::Audio => types::ProductLine::Audio,
        ProductLine::Desktop => types::ProductLine::Desktop,
        ProductLine::Accessory => types::ProductLine::Accessory,
    }
}

/// A product line; none where it is not said.
pub(crate) fn read_product_line(line: types::ProductLine) -> Option<ProductLine> {
    match line {
        types::ProductLine::Unspecified => None,
        types::ProductLine::Phone => Some(ProductLine::Phone),
        types::ProductLine::Laptop => Some(ProductLine::Laptop),
        types::ProductLine::Tablet => Some(ProductLine::Tablet),
        types::ProductLine::Watch => Some(ProductLine::Watch),
        types::ProductLine::Audio => Some(ProductLine::Audio),
        types::ProductLine::Desktop => Some(ProductLine::Desktop),
        types::ProductLine::Accessory => Some(ProductLine::Accessory),
    }
}

pub(crate) fn kind(kind: Kind) -> repair::ProviderKind {
    match kind {
        Kind::OwnStore => repair::ProviderKind::OwnStore,
        Kind::Depot => repair::ProviderKind::Depot,
        Kind::Partner => repair::ProviderKind::Partner,
    }
}

/// A kind; none where it is not said.
pub(crate) fn read_kind(kind: repair::ProviderKind) -> Option<Kind> {
    match kind {
        repair::ProviderKind::Unspecified => None,
        repair::ProviderKind::OwnStore => Some(Kind::OwnStore),
        repair::ProviderKind::Depot => Some(Kind::Depot),
        repair::ProviderKind::Partner => Some(Kind::Partner),
    }
}

pub(crate) fn state(state: State) -> repair::RepairState {
    match state {
        State::Submitted => repair::RepairState::Submitted,
        State::Received => repair::RepairState::Received,
        State::Diagnosed => repair::RepairState::Diagnosed,
        State::InRepair => repair::RepairState::InRepair,
        State::Finished => repair::RepairState::Finished,
        State::Returned => repair::RepairState::Returned,
        State::Canceled => repair::RepairState::Canceled,
    }
}

/// A state; none where it is not said.
pub(crate) fn read_state(state: repair::RepairState) -> Option<State> {
    match state {
        repair::RepairState::Unspecified => None,
        repair::RepairState::Submitted => Some(State::Submitted),
        repair::RepairState::Received => Some(State::Received),
        repair::RepairState::Diagnosed => Some(State::Diagnosed),
        repair::RepairState::InRepair => Some(State::InRepair),
        repair::RepairState::Finished => Some(State::Finished),
        repair::RepairState::Returned => Some(State::Returned),
        repair::RepairState::Canceled => Some(State::Canceled),
    }
}

/// A step of the procedures; none where it is not said.
pub(crate) fn read_step(step: repair::RepairStep) -> Option<Verb> {
    match step {
        repair::RepairStep::Unspecified => None,
        repair::RepairStep::ReceiveDevice => Some(Verb::ReceiveDevice),
        repair::RepairStep::RecordDiagnosis => Some(Verb::RecordDiagnosis),
        repair::RepairStep::StartRepair => Some(Verb::StartRepair),
        repair::RepairStep::FinishRepaired => Some(Verb::FinishRepaired),
        repair::RepairStep::FinishUnrepaired => Some(Verb::FinishUnrepaired),
        repair::RepairStep::ReturnDevice => Some(Verb::ReturnDevice),
        repair::RepairStep::CancelRepair => Some(Verb::CancelRepair),
    }
}

/// What a repair came to; UNSPECIFIED while it is not known.
pub(crate) fn outcome(outcome: Option<Outcome>) -> repair::RepairOutcome {
    match outcome {
        None => repair::RepairOutcome::Unspecified,
        Some(Outcome::Repaired) => repair::RepairOutcome::Repaired,
        Some(Outcome::Repairable) => repair::RepairOutcome::Repairable,
        Some(Outcome::EndOfLife) => repair::RepairOutcome::EndOfLife,
        Some(Outcome::Unknown) => repair::RepairOutcome::Unknown,
    }
}

/// An outcome; none where it is not said.
pub(crate) fn read_outcome(outcome: repair::RepairOutcome) -> Option<Outcome> {
    match outcome {
        repair::RepairOutcome::Unspecified => None,
        repair::RepairOutcome::Repaired => Some(Outcome::Repaired),
        repair::RepairOutcome::Repairable => Some(Outcome::Repairable),
        repair::RepairOutcome::EndOfLife => Some(Outcome::EndOfLife),
        repair::RepairOutcome::Unknown => Some(Outcome::Unknown),
    }
}

pub(crate) fn coverage(coverage: Coverage) -> warranty::CoverageOutcome {
    match coverage {
        Coverage::LimitedWarranty => warranty::CoverageOutcome::LimitedWarranty,
        Coverage::StatutoryRight => warranty::CoverageOutcome::StatutoryRight,
        Coverage::RepairWarranty => warranty::CoverageOutcome::RepairWarranty,
        Coverage::Plan => warranty::CoverageOutcome::Plan,
        Coverage::ServiceProgram => warranty::CoverageOutcome::ServiceProgram,
        Coverage::Goodwill => warranty::CoverageOutcome::Goodwill,
        Coverage::OutOfWarranty => warranty::CoverageOutcome::OutOfWarranty,
    }
}

/// What the customer pays.
pub(crate) fn pays(pays: Pays) -> warranty::CustomerPayment {
    let (kind, amount) = match pays {
        Pays::Nothing => (warranty::PaymentKind::Nothing, None),
        Pays::Unknown => (warranty::PaymentKind::Unknown, None),
        Pays::Amount(amount) => (warranty::PaymentKind::Amount, Some(money(amount))),
    };
    warranty::CustomerPayment {
        kind: kind.into(),
        amount,
    }
}

/// What warranty says the customer pays; none where it does not say, or nothing is repaired.
pub(crate) fn read_pays(payment: warranty::CustomerPayment) -> Option<Pays> {
    match payment.kind() {
        warranty::PaymentKind::Nothing => Some(Pays::Nothing),
        warranty::PaymentKind::Unknown => Some(Pays::Unknown),
        warranty::PaymentKind::Amount => payment.amount.map(|money| Pays::Amount(read_money(money))),
        warranty::PaymentKind::NoRepair | warranty::PaymentKind::Unspecified => None,
    }
}

fn money(amount: Amount) -> types::Money {
    types::Money {
        currency_code: amount.currency,
        minor_units: amount.minor,
    }
}

/// An amount.
pub(crate) fn read_money(money: types::Money) -> Amount {
    Amount {
        currency: money.currency_code,
        minor: money.minor_units,
    }
}
