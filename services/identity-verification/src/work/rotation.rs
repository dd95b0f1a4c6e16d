//! Brings what is stored up to the keys of the settings, while the service serves.

use support_chassis::db::{Db, DbError};
use support_chassis::vault::Vault;

use crate::store::sealed;

/// How many data keys are wrapped anew in one transaction.
const AT_ONCE: i64 = 1_000;

/// Wraps data keys by the first key of the settings, and makes contact points found by every look-up key.
#[derive(Debug, Clone)]
pub struct Rotation {
    /// The service's database.
    pub db: Db,
    /// The keys.
    pub vault: Vault,
}

impl Rotation {
    /// Does all there is to do.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn round(self) -> Result<(), DbError> {
        let mut wrapped = 0;
        let stuck = loop {
            let round = self.vault.rewrap(&self.db, AT_ONCE).await?;
            wrapped += round.moved;
            if round.moved == 0 {
                break round.stuck;
            }
        };
        let mut looked = 0;
        loop {
            match sealed::add_lookups(&self.db, &self.vault).await? {
                0 => break,
                added => looked += added,
            }
        }
        if wrapped > 0 {
            tracing::info!(
                data_keys = wrapped,
                "data keys are wrapped by the first key of vault.keys"
            );
        }
        if looked > 0 {
            tracing::info!(
                contact_points = looked,
                "contact points are found by every key of vault.lookup_keys"
            );
        }
        if stuck > 0 {
            // Their customers cannot be read: a person must know.
            tracing::error!(data_keys = stuck, "data keys are wrapped by no key of vault.keys");
        }
        Ok(())
    }
}
