//! The gRPC door: parse the request, call the use case, present the answer.

mod present;
mod providers;
mod repairs;

use support_chassis::db::Db;
use support_chassis::id::Ids;

use crate::warranty::Warranty;

/// The default number of entries on a page.
const PAGE_SIZE: u32 = 50;

/// The service behind its gRPC services.
#[derive(Clone)]
pub struct Api {
    db: Db,
    ids: Ids,
    warranty: Warranty,
}

impl Api {
    /// The service on its database, asking `warranty`.
    #[must_use]
    pub fn new(db: Db, ids: Ids, warranty: Warranty) -> Self {
        Self { db, ids, warranty }
    }
}
