//! The gRPC door: parse the request, call the use case, present the answer.

mod catalogue;
mod claims;
mod coverage;
mod devices;
mod explain;
mod fleet;
mod plans;
mod present;
mod prices;
mod sentences;

pub use plans::PlanApi;

use std::sync::Arc;

use support_chassis::clock::Clock;
use support_chassis::db::Db;
use support_chassis::id::Ids;
use support_chassis::standard::Standard;
use support_proto::support::warranty::v1::CoverageTerms;
use support_words::client::Words;
use tokio::sync::Semaphore;

use crate::standard::{PriceBook, Rulebook};

/// The default number of entries on a page.
const PAGE_SIZE: u32 = 50;
/// The most entries on a page.
const PAGE_SIZE_LIMIT: u32 = 200;

/// The service behind its gRPC services.
#[derive(Clone, Debug)]
pub struct Api {
    db: Db,
    ids: Ids,
    clock: Clock,
    terms: Standard<CoverageTerms>,
    prices: PriceBook,
    words: Words,
    rules: Rulebook,
    /// Room for batches of fleets.
    fleets: Arc<Semaphore>,
}

impl Api {
    /// The service on its database, by the terms of coverage and the prices of repairs, with the words of `words`.
    #[must_use]
    pub fn new(
        db: Db,
        ids: Ids,
        clock: Clock,
        terms: Standard<CoverageTerms>,
        prices: PriceBook,
        rules: Rulebook,
        words: Words,
    ) -> Self {
        let fleets = Arc::new(fleet::room(db.pool().options().get_max_connections()));
        Self {
            db,
            ids,
            clock,
            terms,
            prices,
            words,
            rules,
            fleets,
        }
    }
}
