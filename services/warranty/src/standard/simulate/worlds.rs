//! The rules as they hold, and as they would.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use support_chassis::clock::Clock;
use support_chassis::standard::{Effective, Others, Standard};
use support_proto::support::warranty::v1::{CoverageTerms, PlanTerms, RepairPrices};
use time::Date;

use super::tally::{Case, Tally, Whose};
use crate::domain::country::Country;
use crate::domain::coverage::{Damage, Decision, decide};
use crate::domain::facts::{Facts, Question};
use crate::domain::sale::Repairs;
use crate::domain::terms::Terms;
use crate::standard::plans::{self, PLAN_TERMS};
use crate::standard::prices::{self, life_rule};
use crate::standard::{COVERAGE_TERMS, PriceBook, REPAIR_PRICES, Rulebook, terms};
use crate::store::decisions::Past;
use crate::store::facts::Known;

/// Whether two documents say other things for a country.
type Differ = Box<dyn Fn(Country) -> bool + Send + Sync>;

/// Decides by what holds and by what is proposed.
pub(super) struct Worlds {
    held: Rulebook,
    proposed: Rulebook,
    differ: Differ,
    /// What `differ` has said.
    known: RwLock<HashMap<Country, bool>>,
}

/// By what holds of all documents.
fn rulebook(others: &Others, clock: &Clock) -> Rulebook {
    let prices = PriceBook::new(others.standard(&REPAIR_PRICES), clock.clone());
    Rulebook::new(others.standard(&COVERAGE_TERMS), prices, others.standard(&PLAN_TERMS))
}

impl Worlds {
    fn new(held: Rulebook, proposed: Rulebook, differ: Differ) -> Self {
        Self {
            held,
            proposed,
            differ,
            known: RwLock::default(),
        }
    }

    /// That differ in the terms of coverage.
    pub(super) fn of_terms(
        others: &Others,
        clock: &Clock,
        held: &Arc<Effective<CoverageTerms>>,
        proposed: &Arc<Effective<CoverageTerms>>,
    ) -> Self {
        let rules = rulebook(others, clock);
        let by = |document: &Arc<_>| rules.with_terms(Standard::still(Arc::clone(document), clock.clone()));
        let both = (Arc::clone(held), Arc::clone(proposed));
        Self::new(
            by(held),
            by(proposed),
            Box::new(move |country| {
                let of = |document| -> Terms { terms(document, "", country) };
                of(&both.0.document) != of(&both.1.document)
            }),
        )
    }

    /// That differ in the prices.
    pub(super) fn of_prices(
        others: &Others,
        clock: &Clock,
        held: &Arc<Effective<RepairPrices>>,
        proposed: &Arc<Effective<RepairPrices>>,
    ) -> Self {
        let rules = rulebook(others, clock);
        let by = |document: &Arc<_>| {
            let prices = Standard::still(Arc::clone(document), clock.clone());
            rules.with_prices(PriceBook::new(prices, clock.clone()))
        };
        let both = (Arc::clone(held), Arc::clone(proposed));
        Self::new(
            by(held),
            by(proposed),
            Box::new(move |country| {
                let of = |document| {
                    (
                        prices::prices(document, String::new(), country),
                        life_rule(document, String::new()),
                    )
                };
                of(&both.0.document) != of(&both.1.document)
            }),
        )
    }

    /// That differ in the plans that could have been bought.
    pub(super) fn of_plans(
        others: &Others,
        clock: &Clock,
        held: &Arc<Effective<PlanTerms>>,
        proposed: &Arc<Effective<PlanTerms>>,
    ) -> Self {
        let rules = rulebook(others, clock);
        let by = |document: &Arc<_>| rules.with_plans(Standard::still(Arc::clone(document), clock.clone()));
        let both = (Arc::clone(held), Arc::clone(proposed));
        Self::new(
            by(held),
            by(proposed),
            Box::new(move |country| {
                let of = |document| plans::book(document, String::new(), country);
                of(&both.0.document) != of(&both.1.document)
            }),
        )
    }

    /// Whether the change concerns a country at all: devices sold there, of prices repairs there. What it does not concern is counted
    /// and not decided.
    pub(super) fn concerns(&self, country: Country) -> bool {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(concerns) = known.get(&country) {
            return *concerns;
        }
        drop(known);
        let concerns = (self.differ)(country);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(country, concerns);
        concerns
    }

    /// Asks about a device on a day, for each kind of damage, where it was sold.
    pub(super) fn try_device(&self, known: &Known, day: Date, tally: &mut Tally) {
        let country = known.device.purchase_country;
        let whose = Whose {
            country,
            line: known.facts.sale.line,
        };
        let any = Question::of(day, Damage::None, country);
        // The same for each damage.
        let [before, after] = [&self.held, &self.proposed].map(|rules| {
            let facts = facts_on(rules, known, day);
            let held = rules.on(country, &facts, &any);
            (facts, held)
        });
        for damage in Damage::ALL {
            let question = Question::of(day, *damage, country);
            let by = |(facts, held): &(Facts, crate::standard::Held)| decide(&held.rules(), facts, &question).ok();
            let both = by(&before).zip(by(&after));
            tally.note(Case::Damage(*damage), whose, both.as_ref(), || {
                known.device.id.to_string()
            });
        }
    }

    /// Asks again what was asked once.
    pub(super) fn try_again(&self, past: &Past, tally: &mut Tally) {
        let whose = Whose {
            country: past.country,
            line: past.facts.sale.line,
        };
        let both = self.again(past.country, &past.facts, &past.question);
        tally.note(Case::Asked, whose, both.as_ref(), || past.id.to_string());
    }

    /// Both decisions; none where nothing is decided by one of them.
    pub(super) fn again(&self, country: Country, facts: &Facts, question: &Question) -> Option<(Decision, Decision)> {
        let by = |rules: &Rulebook| decide(&rules.on(country, facts, question).rules(), facts, question).ok();
        Some((by(&self.held)?, by(&self.proposed)?))
    }
}

/// What is known of a device when it is asked about on a day where it was sold, as at the door.
fn facts_on(rules: &Rulebook, known: &Known, day: Date) -> Facts {
    let country = known.device.purchase_country;
    let mut facts = known.facts.clone();
    facts.sale.repairs = Repairs::default().joined(&facts.sale, &known.repaired, day);
    facts.unit.obsolete_from = rules.obsolete_from(known.model.sold, country, country, day);
    facts
}
