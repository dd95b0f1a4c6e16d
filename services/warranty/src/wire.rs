//! The values of the domain as the contract writes them, and back.

pub(crate) mod devices;
pub(crate) mod plans;

use support_chassis::day;
use support_chassis::error::Violation;
use support_proto::support::types::v1 as types;
use support_proto::support::warranty::v1 as warranty;
use time::Date;

use crate::domain::claim::State;
use crate::domain::coverage::{Damage, Outcome, Pays, Uses};
use crate::domain::device::Evidence;
use crate::domain::money::Amount;
use crate::domain::product::ProductLine;
use crate::domain::terms::{Remedy, Start};

/// A product line.
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

/// A product line of a request; none where it is not said.
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

/// How sure a purchase date is.
pub(crate) fn evidence(evidence: Evidence) -> warranty::PurchaseDateEvidence {
    match evidence {
        Evidence::Estimated => warranty::PurchaseDateEvidence::Estimated,
        Evidence::Declared => warranty::PurchaseDateEvidence::Declared,
        Evidence::Proven => warranty::PurchaseDateEvidence::Proven,
    }
}

/// How sure a purchase date of a request is; none where it is not said.
pub(crate) fn read_evidence(evidence: warranty::PurchaseDateEvidence) -> Option<Evidence> {
    match evidence {
        warranty::PurchaseDateEvidence::Unspecified => None,
        warranty::PurchaseDateEvidence::Estimated => Some(Evidence::Estimated),
        warranty::PurchaseDateEvidence::Declared => Some(Evidence::Declared),
        warranty::PurchaseDateEvidence::Proven => Some(Evidence::Proven),
    }
}

/// A damage.
pub(crate) fn damage(damage: Damage) -> warranty::Damage {
    match damage {
        Damage::None => warranty::Damage::None,
        Damage::Accidental => warranty::Damage::Accidental,
        Damage::Liquid => warranty::Damage::Liquid,
        Damage::UnauthorisedChange => warranty::Damage::UnauthorisedChange,
        Damage::Wear => warranty::Damage::Wear,
        Damage::Cosmetic => warranty::Damage::Cosmetic,
        Damage::Loss => warranty::Damage::Loss,
        Damage::Theft => warranty::Damage::Theft,
    }
}

/// The damage of a request; none where it is not said.
pub(crate) fn read_damage(damage: warranty::Damage) -> Option<Damage> {
    match damage {
        warranty::Damage::Unspecified => None,
        warranty::Damage::None => Some(Damage::None),
        warranty::Damage::Accidental => Some(Damage::Accidental),
        warranty::Damage::Liquid => Some(Damage::Liquid),
        warranty::Damage::UnauthorisedChange => Some(Damage::UnauthorisedChange),
        warranty::Damage::Wear => Some(Damage::Wear),
        warranty::Damage::Cosmetic => Some(Damage::Cosmetic),
        warranty::Damage::Loss => Some(Damage::Loss),
        warranty::Damage::Theft => Some(Damage::Theft),
    }
}

/// An outcome.
pub(crate) fn outcome(outcome: Outcome) -> warranty::CoverageOutcome {
    match outcome {
        Outcome::LimitedWarranty => warranty::CoverageOutcome::LimitedWarranty,
        Outcome::StatutoryRight => warranty::CoverageOutcome::StatutoryRight,
        Outcome::ServiceProgram => warranty::CoverageOutcome::ServiceProgram,
        Outcome::RepairWarranty => warranty::CoverageOutcome::RepairWarranty,
        Outcome::Plan => warranty::CoverageOutcome::Plan,
        Outcome::Goodwill => warranty::CoverageOutcome::Goodwill,
        Outcome::OutOfWarranty => warranty::CoverageOutcome::OutOfWarranty,
        Outcome::Refused => warranty::CoverageOutcome::Refused,
    }
}

/// An amount.
pub(crate) fn money(amount: Amount) -> types::Money {
    types::Money {
        currency_code: amount.currency.code().to_owned(),
        minor_units: amount.minor,
    }
}

/// What the customer pays.
pub(crate) fn pays(pays: Pays) -> warranty::CustomerPayment {
    let (kind, amount) = match pays {
        Pays::Nothing => (warranty::PaymentKind::Nothing, None),
        Pays::Amount(amount) => (warranty::PaymentKind::Amount, Some(money(amount))),
        Pays::Unknown => (warranty::PaymentKind::Unknown, None),
        Pays::NoRepair => (warranty::PaymentKind::NoRepair, None),
    };
    warranty::CustomerPayment {
        kind: kind.into(),
        amount,
    }
}

/// What a repair uses up.
pub(crate) fn uses(uses: &Uses) -> warranty::CoverageUse {
    let (kind, plan_id, program_id) = match uses {
        Uses::Nothing => (warranty::UseKind::Nothing, String::new(), String::new()),
        Uses::Plan(id) => (warranty::UseKind::Plan, id.to_string(), String::new()),
        Uses::Program(id) => (warranty::UseKind::ServiceProgram, String::new(), id.to_string()),
        Uses::Goodwill => (warranty::UseKind::Goodwill, String::new(), String::new()),
    };
    warranty::CoverageUse {
        kind: kind.into(),
        plan_id,
        program_id,
    }
}

/// The outcome that another service tells; none where it is not said.
pub(crate) fn read_outcome(outcome: warranty::CoverageOutcome) -> Option<Outcome> {
    Outcome::ALL
        .iter()
        .copied()
        .find(|known| self::outcome(*known) == outcome)
}

/// How far a claim is.
pub(crate) fn claim_state(state: State) -> warranty::EntitlementState {
    match state {
        State::Reserved => warranty::EntitlementState::Reserved,
        State::Committed => warranty::EntitlementState::Committed,
        State::Released => warranty::EntitlementState::Released,
        State::Expired => warranty::EntitlementState::Expired,
    }
}

/// How far claims of a request are; none where it is not said.
pub(crate) fn read_claim_state(state: warranty::EntitlementState) -> Option<State> {
    State::ALL.iter().copied().find(|known| claim_state(*known) == state)
}

/// What starts the periods of a law.
pub(crate) fn law_start(start: Start) -> warranty::LawStart {
    match start {
        Start::Delivery => warranty::LawStart::Delivery,
        Start::Invoice => warranty::LawStart::Invoice,
    }
}

/// What starts the periods of a law in a document; none where it is not said.
pub(crate) fn read_law_start(start: warranty::LawStart) -> Option<Start> {
    match start {
        warranty::LawStart::Unspecified => None,
        warranty::LawStart::Delivery => Some(Start::Delivery),
        warranty::LawStart::Invoice => Some(Start::Invoice),
    }
}

/// A remedy.
pub(crate) fn remedy(remedy: Remedy) -> warranty::Remedy {
    match remedy {
        Remedy::Repair => warranty::Remedy::Repair,
        Remedy::Replacement => warranty::Remedy::Replacement,
        Remedy::PriceReduction => warranty::Remedy::PriceReduction,
        Remedy::Refund => warranty::Remedy::Refund,
    }
}

/// A remedy in a document; none where it is not said.
pub(crate) fn read_remedy(remedy: warranty::Remedy) -> Option<Remedy> {
    match remedy {
        warranty::Remedy::Unspecified => None,
        warranty::Remedy::Repair => Some(Remedy::Repair),
        warranty::Remedy::Replacement => Some(Remedy::Replacement),
        warranty::Remedy::PriceReduction => Some(Remedy::PriceReduction),
        warranty::Remedy::Refund => Some(Remedy::Refund),
    }
}

/// The day in a field of a request.
///
/// # Errors
///
/// A violation of `field`, where the calendar has no such day.
pub(crate) fn read_date(field: &str, date: types::Date) -> Result<Date, Violation> {
    day::from_proto(&date).ok_or_else(|| Violation::new(field, "must be a day of the calendar"))
}
