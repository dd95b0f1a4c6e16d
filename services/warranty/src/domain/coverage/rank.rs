//! What is best for the customer.

use std::cmp::Reverse;

use time::Date;

use super::decision::{Pays, Uses, Weighed};
use super::kinds::Outcome;
use crate::domain::money::Amount;

/// What something costs the customer: less is better. Amounts are only held against each other within one currency; of fees in other
/// currencies than the price, which one is less is not known, so that their codes decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cost {
    /// Nothing.
    Nothing,
    /// A fee below the price.
    BelowPrice(i64),
    /// A fee of which it is not known how it compares with the price.
    OtherCurrency(&'static str, i64),
    /// The price, or a fee that is no lower.
    Price(i64),
    /// A price that is not known.
    Unknown,
    /// There is no repair.
    NoRepair,
}

/// What an outcome costs where the repair itself costs `price`.
pub(super) fn cost(outcome: Outcome, pays: Pays, price: Option<Amount>) -> Cost {
    match pays {
        Pays::Nothing => Cost::Nothing,
        Pays::Amount(amount) if outcome != Outcome::Plan => Cost::Price(amount.minor),
        Pays::Amount(fee) => match price {
            Some(price) if price.currency == fee.currency && fee.minor < price.minor => Cost::BelowPrice(fee.minor),
            Some(price) if price.currency == fee.currency => Cost::Price(fee.minor),
            _ => Cost::OtherCurrency(fee.currency.code(), fee.minor),
        },
        Pays::Unknown => Cost::Unknown,
        Pays::NoRepair => Cost::NoRepair,
    }
}

/// What it costs, whatever it is for: an amount that is not the price is a fee.
pub(super) fn cost_of_any(pays: Pays, price: Option<Amount>) -> Cost {
    match pays {
        Pays::Amount(amount) if Some(amount) == price => Cost::Price(amount.minor),
        _ => cost(Outcome::Plan, pays, price),
    }
}

/// The place in the chain of the best of what applies; none where nothing does.
pub(super) fn best(chain: &[Weighed], price: Option<Amount>) -> Option<usize> {
    let applying = chain.iter().enumerate().filter(|(_, weighed)| weighed.applies);
    applying
        .min_by_key(|(place, weighed)| {
            (
                cost(weighed.outcome, weighed.pays, price),
                weighed.uses != Uses::Nothing,
                Reverse(weighed.outcome.benefit()),
                Reverse(weighed.until.unwrap_or(Date::MAX)),
                *place,
            )
        })
        .map(|(place, _)| place)
}
