//! The document `repair-prices`, as those who ask for a price read it.

mod check;
mod simulate;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use support_chassis::clock::Clock;
use support_chassis::standard::{Basis, Document, Place, Standard, day_of};
use support_proto::support::warranty::v1::{self as wire, CountryPrices, GroupPrices, RepairPrices};
use time::Date;

use crate::domain::catalogue::LifeRule;
use crate::domain::country::Country;
use crate::domain::coverage::Damage;
use crate::domain::money::{Currency, Rounding};
use crate::domain::prices::{ListPrice, PriceTerms, Prices, Tax, TaxTreatment};

/// The prices of repairs, and for how long a model is repaired.
///
/// What is asked of a customer is asked by the prices that hold in the country of the repair on its day.
pub static REPAIR_PRICES: Document<RepairPrices> = Document::new(include_str!("../../standard/repair-prices.yaml"))
    .checked_by(check::faults)
    .simulated_by(simulate::simulate);

/// The most prices that are remembered: of all countries, of some versions.
const MOST: usize = 1024;

/// What was made, by the versions and the country.
type Made = HashMap<(Basis, Country), Arc<Prices>>;

/// The prices of all places, made ready once for each place and version. Clones share them.
#[derive(Debug, Clone)]
pub struct PriceBook {
    standard: Standard<RepairPrices>,
    clock: Clock,
    made: Arc<RwLock<Made>>,
}

impl PriceBook {
    /// The prices of the standard, with the clock that says what today is.
    #[must_use]
    pub fn new(standard: Standard<RepairPrices>, clock: Clock) -> Self {
        Self {
            standard,
            clock,
            made: Arc::default(),
        }
    }

    /// Today, UTC.
    #[must_use]
    pub fn today(&self) -> Date {
        day_of(self.clock.now())
    }

    /// The prices in `country` on `day`. Made once; then it is two lookups.
    #[must_use]
    pub fn on(&self, country: Country, day: Date) -> Arc<Prices> {
        let held = self.standard.on(&Place::country(country.code()), day);
        self.made(&held.basis, &held.document, country)
    }

    /// The prices in `country` that a decision names; none where this region does not know these versions.
    #[must_use]
    pub fn of_version(&self, version: &str, country: Country) -> Option<Arc<Prices>> {
        let held = self.standard.by_basis(&version.parse().ok()?)?;
        Some(self.made(&held.basis, &held.document, country))
    }

    fn made(&self, basis: &Basis, document: &RepairPrices, country: Country) -> Arc<Prices> {
        let key = (basis.clone(), country);
        let known = self
            .made
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
            .cloned();
        known.unwrap_or_else(|| {
            let prices = Arc::new(prices(document, basis.to_string(), country));
            let mut made = self.made.write().unwrap_or_else(PoisonError::into_inner);
            if made.len() >= MOST {
                made.clear();
            }
            made.insert(key, Arc::clone(&prices));
            prices
        })
    }

    /// For how long a model is repaired at `place`, as said on `day`.
    #[must_use]
    pub fn life_rule(&self, place: &Place, day: Date) -> LifeRule {
        let held = self.standard.on(place, day);
        life_rule(&held.document, held.basis.to_string())
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

fn life_rule(document: &RepairPrices, version: String) -> LifeRule {
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
