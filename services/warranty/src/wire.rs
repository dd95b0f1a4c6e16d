//! The values of the domain as the contract writes them, and back.

/// Values that are called the same on both sides: how each is written, and read; none where it is not said.
macro_rules! mapped {
    ($($write:ident, $read:ident: $domain:ident <-> $package:ident::$wire:ident { $($value:ident),+ })+) => {$(
        pub(crate) fn $write(value: $domain) -> $package::$wire {
            match value {
                $($domain::$value => $package::$wire::$value,)+
            }
        }

        pub(crate) fn $read(value: $package::$wire) -> Option<$domain> {
            match value {
                $package::$wire::Unspecified => None,
                $($package::$wire::$value => Some($domain::$value),)+
            }
        }
    )+};
}

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

mapped! {
    product_line, read_product_line: ProductLine <-> types::ProductLine {
        Phone, Laptop, Tablet, Watch, Audio, Desktop, Accessory
    }
    evidence, read_evidence: Evidence <-> warranty::PurchaseDateEvidence { Estimated, Declared, Proven }
    damage, read_damage: Damage <-> warranty::Damage {
        None, Accidental, Liquid, UnauthorisedChange, Wear, Cosmetic, Loss, Theft
    }
    outcome, read_outcome: Outcome <-> warranty::CoverageOutcome {
        LimitedWarranty, StatutoryRight, ServiceProgram, RepairWarranty, Plan, Goodwill, OutOfWarranty, Refused
    }
    claim_state, read_claim_state: State <-> warranty::EntitlementState { Reserved, Committed, Released, Expired }
    law_start, read_law_start: Start <-> warranty::LawStart { Delivery, Invoice }
    remedy, read_remedy: Remedy <-> warranty::Remedy { Repair, Replacement, PriceReduction, Refund }
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

/// The day in a field of a request.
///
/// # Errors
///
/// A violation of `field`, where the calendar has no such day.
pub(crate) fn read_date(field: &str, date: types::Date) -> Result<Date, Violation> {
    day::from_proto(&date).ok_or_else(|| Violation::new(field, "must be a day of the calendar"))
}
