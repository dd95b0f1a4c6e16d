//! What a decision grants.

use sqlx::PgConnection;
use support_chassis::db::DbError;

use crate::domain::claim::Grant;
use crate::domain::coverage::Outcome;
use crate::store::decisions::Kept;

/// What a decision grants; none where it grants nothing that could be used.
pub(super) async fn of(_connection: &mut PgConnection, kept: &Kept) -> Result<Option<Grant>, DbError> {
    Ok(match kept.decision.outcome {
        free @ (Outcome::LimitedWarranty | Outcome::StatutoryRight | Outcome::RepairWarranty) => {
            Some(Grant::free(free))
        }
        _ => None,
    })
}

/// The components it is about; none for the whole device.
pub(super) fn components(kept: &Kept) -> Vec<String> {
    kept.decision.component.iter().cloned().collect()
}
