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
//!
//! Every field of a document says how a region may depart from it ([`departure`]). The global version of a document holds
//! everywhere; an overlay changes it for a group of countries, a country or a site ([`place`]) and names only what it changes
//! ([`patch`]). What holds at a place is the global version with those three laid over it in that order ([`effective`]). An
//! overlay is held against the standard above it when it is written ([`compare`]); where that becomes stricter later, the
//! overlay is lifted to it ([`lift`](mod@lift)).
//!
//! The state is a growing set of immutable records, and what holds on a day is a pure function of it ([`records`]). Each region
//! adds records and receives the others'; regions with the same records agree, in whatever order these came.
//!
//! What is to hold is written as a draft, checked ([`check`]: what is wrong with it, what it would change for whom, what it would
//! lift), approved by a second person where the document asks for it, and published ([`ops`]). Every service with documents
//! serves this as `support.standard.v1.StandardService`; [`error`] says why a call is refused.
//!
//! A process keeps all records in a [`book`], in memory: what holds is read without a database. Records are added by one
//! transaction at a time ([`adding`]), which also tells the owners of the overlays that it lifts. The records of the other
//! regions in the settings come by their feeds, as events that are kept for ever; [`heard`] says how old what is known of
//! each is. What the build ships is published where nothing was ([`seed`](mod@seed)), the territories among it, which every service
//! with a document has.
//!
//! A [`schema`] is what all this has to know of a document, [`content`] reads and prints documents, [`path`] says where in them
//! something stands. These modules know neither clock nor database, and neither does [`check`].

pub mod adding;
mod api;
pub mod basis;
pub mod book;
pub mod check;
pub mod compare;
pub mod content;
pub mod departure;
pub mod document;
pub mod effective;
pub mod error;
mod follow;
mod handle;
pub mod heard;
pub mod lift;
mod lifted;
pub mod ops;
pub mod patch;
pub mod path;
pub mod place;
mod reach;
pub mod records;
pub mod schema;
pub mod seed;
mod simulate;
pub mod snapshot;
mod store;

pub use adding::{AddError, Adding};
pub(crate) use api::Api;
pub use basis::{Basis, BasisLayer, InvalidBasis};
pub use book::Book;
pub use compare::{Departed, ValueChange, changes, looser};
pub use content::{CONTENT_LIMIT, Content, ContentError, Fault};
pub use departure::Rule;
pub use document::{Change, Document, DocumentType, ShippedError, TERRITORIES};
pub use effective::Effective;
pub(crate) use follow::Follower;
pub use handle::Standard;
pub use lift::lift;
pub use patch::Patch;
pub use path::Path;
pub use place::{InvalidPlace, Place};
pub use reach::Reach;
pub use records::{Publication, PublicationId, Record, Records, Tenure, TenureId, Withdrawal, WithdrawalId};
pub use schema::Schema;
pub(crate) use seed::seed;
pub use simulate::{
    Consequence, Examination, Fare, Faring, Findings, MoneyChange, Objector, Others, Share, Simulator, WhatIf,
};
pub use snapshot::{Registered, Snapshot};

use time::{Date, OffsetDateTime};

/// The civil day on which rules hold at a moment: UTC, the same for everybody, so that a version begins everywhere at once.
#[must_use]
pub fn day_of(now: OffsetDateTime) -> Date {
    now.to_offset(time::UtcOffset::UTC).date()
}
