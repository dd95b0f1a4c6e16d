//! What the maker gives beyond what it owes, and what customers see.

use std::collections::BTreeMap;
use std::sync::Arc;

use time::Date;

use super::super::calendar::last_day;
use super::super::coverage::{Damage, Reason};
use super::super::money::{Amount, Currency};

/// A program of the maker for what it knows to be faulty in certain devices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Its id in the terms, never used again for another rule.
    pub id: Arc<str>,
    /// The serial numbers that are affected, first and last; none for all of the models.
    pub serials: Vec<(Box<str>, Box<str>)>,
    /// The components that are repaired; none for whatever is faulty.
    pub components: Vec<Arc<str>>,
    /// The symptoms it is for; none for whatever the customer sees.
    pub symptoms: Vec<Arc<str>>,
    /// The damage it leaves out, and the reason to give.
    pub excludes: Vec<(Damage, Reason)>,
    /// The first day on which devices are repaired by it.
    pub from: Date,
    /// The last day; none where only `months_from_purchase` ends it, or nothing does.
    pub until: Option<Date>,
    /// For how many months from its sale a device is repaired by it; none where only `until` ends it, or nothing does.
    pub months_from_purchase: Option<u16>,
    /// How often a unit is repaired by it.
    pub times: u16,
    /// Where it is written down.
    pub source: Arc<str>,
}

impl Program {
    /// The last day on which a device that was sold on `sold` is repaired by it; none where nothing ends it.
    #[must_use]
    pub fn ends(&self, sold: Date) -> Option<Date> {
        let of_purchase = self.months_from_purchase.map(|months| last_day(sold, months));
        // The later of both; none of either is the earliest of all.
        self.until.max(of_purchase)
    }

    /// Whether it is about the unit with this serial number.
    #[must_use]
    pub fn affects(&self, serial_number: &str) -> bool {
        self.serials.is_empty()
            || self.serials.iter().any(|(first, last)| {
                serial_number.len() == first.len() && &**first <= serial_number && serial_number <= &**last
            })
    }
}

/// What the maker repairs beyond what it owes, shortly after that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Goodwill {
    /// For how many days after the end.
    pub days: u16,
    /// How often for one unit.
    pub times: u16,
    /// The highest price of a repair in each currency, in its minor unit.
    pub limits: BTreeMap<Currency, i64>,
    /// The damage it leaves out, and the reason to give.
    pub excludes: Vec<(Damage, Reason)>,
    /// Where it is written down.
    pub source: Arc<str>,
}

impl Goodwill {
    /// Why it does not pay for a repair at `price`; none where it does.
    #[must_use]
    pub fn refuses(&self, price: Option<Amount>) -> Option<Reason> {
        let limit = price.and_then(|price| self.limits.get(&price.currency));
        match (price, limit) {
            (Some(price), Some(limit)) if price.minor <= *limit => None,
            (Some(_), Some(_)) => Some(Reason::GoodwillLimit),
            (None, _) | (_, None) => Some(Reason::PriceNotKnown),
        }
    }
}

/// What a customer sees, and what that means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symptom {
    /// The components that it points at, the likeliest first.
    pub components: Vec<Arc<str>>,
    /// What to ask next, keys of the message catalogue.
    pub ask: Vec<Arc<str>>,
}

/// What it means for its repair that a device is locked to an account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ActivationLock {
    /// Whether nothing is repaired while it is on.
    pub bars: bool,
    /// What to ask for before the device is sent in, keys of the message catalogue.
    pub ask: Vec<Arc<str>>,
}
