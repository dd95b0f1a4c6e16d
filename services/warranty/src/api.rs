//! The gRPC door: parse the request, call the use case, present the answer.

mod catalogue;
mod claims;
mod coverage;
mod devices;
mod plans;
mod present;
mod prices;

pub use plans::PlanApi;

use support_chassis::db::Db;
use support_chassis::id::Ids;
use support_chassis::standard::Standard;
use support_proto::support::warranty::v1::CoverageTerms;

use crate::standard::PriceBook;

/// The default number of entries on a page.
const PAGE_SIZE: u32 = 50;
/// The most entries on a page.
const PAGE_SIZE_LIMIT: u32 = 200;

/// The service behind its gRPC services.
#[derive(Clone, Debug)]
pub struct Api {
    db: Db,
    ids: Ids,
    terms: Standard<CoverageTerms>,
    prices: PriceBook,
}

impl Api {
    /// The service on its database, by the terms of coverage and the prices of repairs.
    #[must_use]
    pub fn new(db: Db, ids: Ids, terms: Standard<CoverageTerms>, prices: PriceBook) -> Self {
        Self { db, ids, terms, prices }
    }
}
