//! The terms of plans.

mod check;
mod read;
mod simulate;

#[cfg(test)]
mod tests;

use support_chassis::standard::{Document, Effective, Place, Standard};
use support_proto::support::warranty::v1::PlanTerms;
use time::Date;

use crate::domain::country::Country;
use crate::domain::plan::PlanOffer;
use crate::domain::plan::book::Book;
use crate::domain::product::ProductLine;

/// The terms of plans.
///
/// A plan is bought by those that hold at the country of purchase on the day it is quoted. What is agreed is kept with the
/// plan, so that it can be told without them.
pub static PLAN_TERMS: Document<PlanTerms> = Document::new(include_str!("../../standard/plan-terms.yaml"))
    .checked_by(check::faults)
    .simulated_by(simulate::simulate);

/// What `document` offers for devices bought in `country`, under the name `version`.
#[must_use]
pub fn book(document: &PlanTerms, version: String, country: Country) -> Book {
    read::book(document, version, country)
}

/// What is offered for devices bought in `country` on `day`.
#[must_use]
pub fn book_on(standard: &Standard<PlanTerms>, country: Country, day: Date) -> Book {
    let held: std::sync::Arc<Effective<PlanTerms>> = standard.on(&Place::country(country.code()), day);
    book(&held.document, held.basis.to_string(), country)
}

/// The plans that a consumer could have bought with a device of `model` on the day of its sale in `country`, by the terms in
/// `document`.
#[must_use]
pub fn offers(
    document: &PlanTerms,
    version: String,
    country: Country,
    line: ProductLine,
    model: &str,
    sold_on: Date,
) -> Vec<PlanOffer> {
    book(document, version, country).offers(line, model, sold_on)
}
