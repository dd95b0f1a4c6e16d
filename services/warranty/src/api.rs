//! The gRPC door: parse the request, call the use case, present the answer.

mod catalogue;
mod coverage;
mod devices;
mod present;

use support_chassis::db::Db;
use support_chassis::id::Ids;

use crate::domain::terms::{CURRENT, Terms};

/// The default number of entries on a page.
const PAGE_SIZE: u32 = 50;
/// The most entries on a page.
const PAGE_SIZE_LIMIT: u32 = 200;

/// The service behind its gRPC services.
#[derive(Clone, Debug)]
pub struct Api {
    db: Db,
    ids: Ids,
    terms: &'static Terms,
}

impl Api {
    /// The service on its database, by the terms in force.
    #[must_use]
    pub fn new(db: Db, ids: Ids) -> Self {
        Self {
            db,
            ids,
            terms: &CURRENT,
        }
    }
}
