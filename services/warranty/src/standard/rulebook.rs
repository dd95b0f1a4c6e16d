//! What decisions go by, read once for each version and country.
//!
//! The documents of the standard are messages of some hundred kilobytes; a decision goes by the rules of one country, in a form
//! made for weighing. To read them costs more than a thousand decisions by them, so each is read once and shared.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use support_chassis::standard::{Effective, Place, Standard};
use support_proto::support::warranty::v1::{CoverageTerms, PlanTerms};
use time::Date;

use super::plans::book;
use super::{PriceBook, terms};
use crate::domain::catalogue::{Life, Sold};
use crate::domain::country::Country;
use crate::domain::facts::{Facts, Question, Rules};
use crate::domain::plan::PlanOffer;
use crate::domain::plan::book::Book;
use crate::domain::prices::Prices;
use crate::domain::product::ProductLine;
use crate::domain::terms::Terms;
use crate::store::decisions::{Kept, Versions};

/// The most readings that are kept, of some ten kilobytes each: those of all countries in several versions.
const MOST: usize = 2048;

/// What a document says for a country, by the version it was read from. The versions are held beside their readings: as long as
/// one is held, its address names it and no other.
struct Readings<T, R> {
    kept: RwLock<HashMap<(usize, Country), Reading<T, R>>>,
}

struct Reading<T, R> {
    _of: Arc<Effective<T>>,
    read: Arc<R>,
}

impl<T, R> Default for Readings<T, R> {
    fn default() -> Self {
        Self {
            kept: RwLock::default(),
        }
    }
}

impl<T, R> Readings<T, R> {
    /// What `held` says for `country`, read by `read` where it was not read yet.
    fn get(&self, held: Arc<Effective<T>>, country: Country, read: impl FnOnce(&Effective<T>, Country) -> R) -> Arc<R> {
        let key = (Arc::as_ptr(&held).addr(), country);
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(reading) = kept.get(&key) {
            return Arc::clone(&reading.read);
        }
        drop(kept);
        // Outside of the lock: two that come at once read it twice, and one reading is dropped.
        let reading = Arc::new(read(&held, country));
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(
            key,
            Reading {
                _of: held,
                read: Arc::clone(&reading),
            },
        );
        reading
    }
}

/// What could have been bought on a day, by the model's code.
type OffersOfModels = HashMap<String, Arc<[PlanOffer]>>;

/// The plans of a country, and what of them could have been bought: by the day of the sale and the model. Of a fleet many were
/// bought alike.
struct Plans {
    book: Book,
    version: String,
    offered: RwLock<HashMap<Date, OffersOfModels>>,
}

/// The most days of sales of which offers are kept, of one country and version.
const MOST_DAYS: usize = 4096;

impl Plans {
    fn offers(&self, line: ProductLine, model: &str, sold_on: Date) -> Arc<[PlanOffer]> {
        let offered = self.offered.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(offers) = offered.get(&sold_on).and_then(|models| models.get(model)) {
            return Arc::clone(offers);
        }
        drop(offered);
        let offers: Arc<[PlanOffer]> = self.book.offers(line, model, sold_on).into();
        let mut offered = self.offered.write().unwrap_or_else(PoisonError::into_inner);
        if offered.len() >= MOST_DAYS {
            offered.clear();
        }
        let models = offered.entry(sold_on).or_default();
        models.insert(model.to_owned(), Arc::clone(&offers));
        offers
    }
}

/// What decisions go by, of all versions and countries. Clones share it.
#[derive(Clone)]
pub struct Rulebook {
    terms: Arc<Source<CoverageTerms, Terms>>,
    prices: PriceBook,
    plans: Arc<Source<PlanTerms, Plans>>,
}

/// A document, and what was read from it.
struct Source<T, R> {
    standard: Standard<T>,
    readings: Readings<T, R>,
}

impl<T, R> Source<T, R> {
    fn new(standard: Standard<T>) -> Arc<Self> {
        Arc::new(Self {
            standard,
            readings: Readings::default(),
        })
    }
}

/// What one decision goes by.
#[derive(Debug, Clone)]
pub struct Held {
    terms: Arc<Terms>,
    prices: Arc<Prices>,
    offers: Arc<[PlanOffer]>,
    offers_version: Option<String>,
}

impl Held {
    /// As the engine takes it.
    #[must_use]
    pub fn rules(&self) -> Rules<'_> {
        Rules {
            terms: &self.terms,
            prices: &self.prices,
            offers: &self.offers,
        }
    }

    /// The versions, beside that of the terms.
    #[must_use]
    pub fn versions(&self) -> Versions {
        Versions {
            prices: Some(self.prices.version().to_owned()).filter(|version| !version.is_empty()),
            offers: self.offers_version.clone(),
        }
    }
}

impl Rulebook {
    /// By these documents.
    #[must_use]
    pub fn new(terms: Standard<CoverageTerms>, prices: PriceBook, plans: Standard<PlanTerms>) -> Self {
        Self {
            terms: Source::new(terms),
            prices,
            plans: Source::new(plans),
        }
    }

    /// The same by other terms of coverage.
    #[must_use]
    pub fn with_terms(&self, terms: Standard<CoverageTerms>) -> Self {
        Self {
            terms: Source::new(terms),
            ..self.clone()
        }
    }

    /// The same by other prices.
    #[must_use]
    pub fn with_prices(&self, prices: PriceBook) -> Self {
        Self { prices, ..self.clone() }
    }

    /// The same by other terms of plans.
    #[must_use]
    pub fn with_plans(&self, plans: Standard<PlanTerms>) -> Self {
        Self {
            plans: Source::new(plans),
            ..self.clone()
        }
    }

    /// The terms for sales in `country` that hold there on `day`.
    #[must_use]
    pub fn terms(&self, country: Country, day: Date) -> Arc<Terms> {
        self.read_terms(self.terms.standard.on(&Place::country(country.code()), day), country)
    }

    /// The terms that a decision about a sale in `country` was made by; none where this region does not know them, or the
    /// decision is older than the standard.
    #[must_use]
    pub fn terms_of_version(&self, version: &str, country: Country) -> Option<Arc<Terms>> {
        let held = self.terms.standard.by_basis(&version.parse().ok()?)?;
        Some(self.read_terms(held, country))
    }

    /// What a decision goes by about the device of `facts`, sold in `country`: the terms and the prices that hold on the day that
    /// is asked about, and the plans that were offered on the day of the sale.
    #[must_use]
    pub fn on(&self, country: Country, facts: &Facts, question: &Question) -> Held {
        let plans = self.plans.standard.on(&Place::country(country.code()), facts.sale.day);
        let plans = self.read_plans(plans, country);
        Held {
            terms: self.terms(country, question.day),
            prices: self.prices.on(question.place, question.day),
            offers: plans.offers(facts.sale.line, &facts.unit.model_code, facts.sale.day),
            offers_version: Some(plans.version.clone()),
        }
    }

    /// What a decision was made by; none where a version that it names cannot be had.
    #[must_use]
    pub fn of(&self, kept: &Kept) -> Option<Held> {
        let (facts, versions) = (&kept.facts, &kept.versions);
        let prices = match &versions.prices {
            Some(version) => self.prices.of_version(version, kept.question.place)?,
            None => Arc::default(),
        };
        let offers = match &versions.offers {
            Some(version) => {
                let plans = self.plans.standard.by_basis(&version.parse().ok()?)?;
                let plans = self.read_plans(plans, kept.country);
                plans.offers(facts.sale.line, &facts.unit.model_code, facts.sale.day)
            }
            None => Arc::default(),
        };
        Some(Held {
            terms: self.terms_of_version(&kept.decision.terms_version, kept.country)?,
            prices,
            offers,
            offers_version: versions.offers.clone(),
        })
    }

    /// From which day on a model that was `sold` is not repaired any more at `place`, as said on `day`, with the duties of the
    /// country of purchase; none while it is.
    #[must_use]
    pub fn obsolete_from(&self, sold: Sold, country: Country, place: Country, day: Date) -> Option<Date> {
        // What is still sold and of which nobody said otherwise has no end.
        sold.last.or(sold.vintage_from).or(sold.obsolete_from)?;
        let rule = self.prices.life_rule(&Place::country(place.code()), day);
        Life::of(sold, &rule, &self.terms(country, day).spare_parts).not_repaired_from()
    }

    fn read_terms(&self, held: Arc<Effective<CoverageTerms>>, country: Country) -> Arc<Terms> {
        self.terms.readings.get(held, country, |held, country| {
            terms(&held.document, held.basis.to_string(), country)
        })
    }

    fn read_plans(&self, held: Arc<Effective<PlanTerms>>, country: Country) -> Arc<Plans> {
        self.plans.readings.get(held, country, |held, country| {
            let version = held.basis.to_string();
            Plans {
                book: book(&held.document, version.clone(), country),
                version,
                offered: RwLock::default(),
            }
        })
    }
}

impl fmt::Debug for Rulebook {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Rulebook").field(&self.terms.standard).finish()
    }
}

#[cfg(test)]
mod tests {
    use support_chassis::clock::Clock;
    use time::macros::date;

    use super::*;
    use crate::standard::plans::PLAN_TERMS;
    use crate::standard::{COVERAGE_TERMS, REPAIR_PRICES};

    #[test]
    fn a_country_is_read_once_for_each_version() {
        let standard = Standard::shipped(&COVERAGE_TERMS);
        let prices = PriceBook::new(Standard::shipped(&REPAIR_PRICES), Clock::system());
        let rules = Rulebook::new(standard, prices, Standard::shipped(&PLAN_TERMS));
        let (germany, france) = (Country::from_code("DE").unwrap(), Country::from_code("FR").unwrap());
        let day = date!(2026 - 03 - 01);
        let terms = rules.terms(germany, day);
        assert!(Arc::ptr_eq(&terms, &rules.terms(germany, day)));
        assert!(Arc::ptr_eq(
            &terms,
            &rules.terms_of_version(&terms.version, germany).unwrap()
        ));
        assert_ne!(terms.rules, rules.terms(france, day).rules);
        assert_eq!(rules.terms_of_version("warranty/coverage-terms@9", germany), None);
        assert_eq!(rules.terms_of_version("1", germany), None);
    }

    #[test]
    fn what_is_kept_is_bounded_and_right() {
        let standard = Standard::shipped(&COVERAGE_TERMS);
        let readings: Readings<CoverageTerms, usize> = Readings::default();
        let germany = Country::from_code("DE").unwrap();
        for number in 0..3 * MOST {
            let held = Arc::new(Effective::clone(&standard.today(&Place::Global)));
            assert_eq!(
                *readings.get(held, germany, |_, _| number),
                number,
                "of another version"
            );
            assert!(readings.kept.read().unwrap().len() <= MOST);
        }
    }
}
