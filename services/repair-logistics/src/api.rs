//! The gRPC door: parse the request, call the use case, present the answer.

mod present;
mod providers;
mod repairs;

use support_chassis::clock::Clock;
use support_chassis::db::Db;
use support_chassis::id::Ids;
use support_chassis::standard::Standard;
use support_chassis::vault::Vault;
use support_proto::support::repair::v1::RepairProcedures;

use crate::warranty::Warranty;

/// The default number of entries on a page.
const PAGE_SIZE: u32 = 50;

/// The service behind its gRPC services.
#[derive(Clone)]
pub struct Api {
    db: Db,
    ids: Ids,
    clock: Clock,
    warranty: Warranty,
    procedures: Standard<RepairProcedures>,
    vault: Vault,
}

impl Api {
    /// The service on its database, asking `warranty`, by the procedures of repair; what people write is sealed by `vault`.
    #[must_use]
    pub fn new(
        db: Db,
        ids: Ids,
        clock: Clock,
        warranty: Warranty,
        procedures: Standard<RepairProcedures>,
        vault: Vault,
    ) -> Self {
        Self {
            db,
            ids,
            clock,
            warranty,
            procedures,
            vault,
        }
    }
}
