//! What this service is told by the standard: the terms of coverage, and the prices of repairs.

mod check;
pub mod plans;
pub mod prices;
mod read;
mod rulebook;
mod simulate;

use std::sync::Arc;

use support_chassis::standard::Document;
use support_proto::support::warranty::v1::CoverageTerms;

pub use prices::{PriceBook, REPAIR_PRICES};
pub use rulebook::{Held, Rulebook};

use crate::domain::country::Country;
use crate::domain::terms::Terms;

/// The terms of coverage.
///
/// A decision is made by the terms that hold at the country of purchase on the day for which it is made. They name the
/// span of sales of every promise and every law, so that a device has what held when it was sold.
pub static COVERAGE_TERMS: Document<CoverageTerms> = Document::new(include_str!("../standard/coverage-terms.yaml"))
    .checked_by(check::faults)
    .simulated_by(|what_if| simulate::terms(&what_if));

/// The terms of `document` for sales in `country`, under the name `version`.
#[must_use]
pub fn terms(document: &CoverageTerms, version: impl Into<Arc<str>>, country: Country) -> Terms {
    read::terms(document, version.into(), country)
}

#[cfg(test)]
pub(crate) mod tests;
