//! The document `repair-prices`, as those who ask for a price read it.

mod check;
mod simulate;

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock};

use support_chassis::clock::Clock;
use support_chassis::standard::{Document, Effective, Place, Standard, day_of};
use support_proto::support::warranty::v1::{self as wire, CountryPrices, GroupPrices, RepairPrices};
use time::Date;

use crate::domain::catalogue::LifeRule;
use crate::domain::country::Country;
use crate::domain::coverage::Damage;
use crate::domain::money::{Currency, Rounding};
use crate::domain::prices::{ListPrice, PriceTerms, Prices, Tax, TaxTreatment};
use crate::domain::zone;

/// The prices of repairs, and for how long a model is repaired.
///
/// What is asked of a customer is asked by the prices that hold in the country of the repair on its day.
pub static REPAIR_PRICES: Document<RepairPrices> = Document::new(include_str!("../../standard/repair-prices.yaml"))
    .checked_by(check::faults)
    .simulated_by(simulate::simulate);

/// The most prices that are remembered: of all countries, of some versions.
const MOST: usize = 1024;

/// The prices of all places, made ready once for each place and version. Clones share them.
#[derive(Debug, Clone)]
pub struct PriceBook(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    standard: Standard<RepairPrices>,
    clock: Clock,
    prices: Made<Country, Prices>,
    lives: Made<(), LifeRule>,
}

/// What was made of the versions, by where they stand in memory: they are held beside what was made, so that while they are, nothing
/// else stands there.
#[derive(Debug)]
struct Made<K, R>(RwLock<HashMap<(usize, K), Kept<R>>>);

#[derive(Debug)]
struct Kept<R> {
    _of: Arc<Effective<RepairPrices>>,
    made: Arc<R>,
}

impl<K: Copy + Eq + Hash, R> Made<K, R> {
    fn new() -> Self {
        Self(RwLock::default())
    }

    fn get(
        &self,
        held: Arc<Effective<RepairPrices>>,
        key: K,
        make: impl FnOnce(&Effective<RepairPrices>) -> R,
    ) -> Arc<R> {
        let key = (Arc::as_ptr(&held).addr(), key);
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = known.get(&key) {
            return Arc::clone(&kept.made);
        }
        drop(known);
        let new = Arc::new(make(&held));
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        let kept = Kept {
            _of: held,
            made: Arc::clone(&new),
        };
        known.insert(key, kept);
        new
    }
}

impl PriceBook {
    /// The prices of the standard, with the clock that says what today is.
    #[must_use]
    pub fn new(standard: Standard<RepairPrices>, clock: Clock) -> Self {
        Self(Arc::new(Inner {
            standard,
            clock,
            prices: Made::new(),
            lives: Made::new(),
        }))
    }

    /// Today in a country, where it began last; without one, UTC.
    #[must_use]
    pub fn today(&self, country: Option<Country>) -> Date {
        let now = self.0.clock.now();
        country.map_or_else(|| day_of(now), |country| zone::earliest_day(now, country))
    }

    /// The prices in `country` on `day`. Made once; then it is two lookups.
    #[must_use]
    pub fn on(&self, country: Country, day: Date) -> Arc<Prices> {
        let held = self.0.standard.on(&Place::country(country.code()), day);
        self.made(held, country)
    }

    /// The prices in `country` that a decision names; none where this region does not know these versions.
    #[must_use]
    pub fn of_version(&self, version: &str, country: Country) -> Option<Arc<Prices>> {
        let held = self.0.standard.by_basis(&version.parse().ok()?)?;
        Some(self.made(held, country))
    }

    fn made(&self, held: Arc<Effective<RepairPrices>>, country: Country) -> Arc<Prices> {
        let make = |held: &Effective<RepairPrices>| prices(&held.document, held.basis.to_string(), country);
        self.0.prices.get(held, country, make)
    }

    /// For how long a model is repaired at `place`, as said on `day`. Made once, as above.
    #[must_use]
    pub fn life_rule(&self, place: &Place, day: Date) -> Arc<LifeRule> {
        let held = self.0.standard.on(place, day);
        let make = |held: &Effective<RepairPrices>| life_rule(&held.document, held.basis.to_string());
        self.0.lives.get(held, (), make)
    }
}

/// The prices of `document` in `country`, under the name `version`.
#[must_use]
pub fn prices(document: &RepairPrices, version: String, country: Country) -> Prices {
    let placed = document.countries.get(country.code());
    let list = placed.and_then(|placed| document.currencies.get(&placed.currency));
    let (Some(placed), Some(list)) = (placed, list) else {
        return Prices::none(version);
    };
    let Some(terms) = terms(placed, &list.source) else {
        return Prices::none(version);
    };
    let of_group = |(group, prices): (&'_ String, &'_ GroupPrices)| {
        let entries: Vec<_> = (prices.components.iter())
            .map(|(component, price)| (component.clone(), list_price(price)))
            .collect();
        (group.clone(), entries)
    };
    let groups: Vec<_> = list.groups.iter().map(of_group).collect();
    let entries = groups.iter().flat_map(|(group, entries)| {
        (entries.iter()).map(move |(component, price)| (group.as_str(), component.as_str(), price.clone()))
    });
    Prices::new(version, terms, entries)
}

fn list_price(price: &wire::RepairPrice) -> ListPrice {
    let by_damage = price.damages.iter();
    ListPrice {
        any: price.minor_units,
        by_damage: by_damage
            .filter_map(|(damage, price)| Some((Damage::from_name(damage)?, price.minor_units)))
            .collect(),
    }
}

/// None where the check has let nothing through that could be read.
fn terms(placed: &CountryPrices, source: &str) -> Option<PriceTerms> {
    Some(PriceTerms {
        currency: Currency::from_code(&placed.currency)?,
        tax: Tax {
            name: placed.tax_name.clone(),
            basis_points: u16::try_from(placed.tax_basis_points).ok()?,
            treatment: match placed.tax_treatment() {
                wire::TaxTreatment::Unspecified => return None,
                wire::TaxTreatment::Added => TaxTreatment::Added,
                wire::TaxTreatment::InList => TaxTreatment::InList,
                wire::TaxTreatment::AtSale => TaxTreatment::AtSale,
            },
            source: placed.tax_source.clone(),
        },
        rounding: match placed.rounding() {
            wire::PriceRounding::Unspecified => return None,
            wire::PriceRounding::HalfUp => Rounding::HalfUp,
            wire::PriceRounding::HalfEven => Rounding::HalfEven,
            wire::PriceRounding::Down => Rounding::Down,
            wire::PriceRounding::Up => Rounding::Up,
        },
        step: u32::try_from(placed.rounding_step_minor_units).ok()?,
        source: source.to_owned(),
    })
}

pub(in crate::standard) fn life_rule(document: &RepairPrices, version: String) -> LifeRule {
    let rule = document.service_life.clone().unwrap_or_default();
    let years = |years: i32| u16::try_from(years).unwrap_or_default();
    LifeRule {
        vintage_after_years: years(rule.vintage_after_years),
        obsolete_after_years: years(rule.obsolete_after_years),
        source: rule.source,
        version,
    }
}

#[cfg(test)]
mod tests;
