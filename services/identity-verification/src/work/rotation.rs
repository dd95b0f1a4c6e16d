//! Brings what is stored up to the keys of the settings, while the service serves.

use std::time::Duration;

use support_chassis::db::{Db, DbError};
use support_chassis::lifecycle::{BoxError, Lifecycle};
use support_chassis::vault::Vault;

use crate::store::sealed;

/// How often it is looked whether there is something to do.
const EVERY: Duration = Duration::from_mins(1);
/// How many data keys are wrapped anew in one transaction.
const AT_ONCE: i64 = 1_000;

/// Wraps data keys by the first key of the settings, and makes contact points found by every look-up key.
#[derive(Debug, Clone)]
pub struct Rotation {
    db: Db,
    vault: Vault,
}

impl Rotation {
    /// Of a service's database and keys.
    #[must_use]
    pub fn new(db: &Db, vault: &Vault) -> Self {
        Self {
            db: db.clone(),
            vault: vault.clone(),
        }
    }

    /// Does it again and again, as long as the service lives.
    ///
    /// # Errors
    ///
    /// None: what fails is tried again.
    pub async fn keep(self, lifecycle: Lifecycle) -> Result<(), BoxError> {
        lifecycle.every(EVERY, None, move || self.clone().round()).await
    }

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
