//! The standard: one rulebook for the world, from which a region may depart only in ways that are stricter.
//!
//! A *document* is the whole of one subject's rules, a protobuf message with the option `standard`. A service declares its
//! documents once, with what they say where nothing was ever published, and reads what holds through a [`Standard`]:
//!
//! ```ignore
//! static COVERAGE_TERMS: Document<CoverageTerms> =
//!     Document::new(include_str!("../standard/coverage-terms.yaml")).checked_by(check_terms);
//! // SERVICE: standards: &[&COVERAGE_TERMS], and in `start`:
//! let terms: Standard<CoverageTerms> = kit.standard(&COVERAGE_TERMS);
//! // where a decision is made:
//! let held = terms.on(&Place::country("DE"), day);
//! decide(&held.document);
//! store(held.basis.to_string());
//! ```

mod basis;
mod document;
mod effective;
mod handle;
mod place;
mod reach;
mod simulate;

pub use basis::{Basis, BasisLayer, InvalidBasis};
pub use document::{Document, DocumentType, ShippedError};
pub use effective::Effective;
pub use handle::Standard;
pub use place::{InvalidPlace, Place};
pub use reach::Reach;
pub use simulate::{Consequence, Simulator, WhatIf};

use time::{Date, OffsetDateTime};

/// The civil day on which rules hold at a moment: UTC, the same for everybody, so that a version begins everywhere at once.
#[must_use]
pub fn day_of(now: OffsetDateTime) -> Date {
    now.to_offset(time::UtcOffset::UTC).date()
}
