//! Brings what contact points are found by up to the look-up keys of the settings, and seals what a build before has written, while the
//! service serves.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use support_chassis::db::{Db, DbError};
use support_chassis::vault::{Rotated, Vault};

use crate::store::{clear, sealed};

/// Makes contact points and kept messages found by every look-up key, and by no other, and seals what is in the clear.
#[derive(Debug, Clone, Copy)]
pub struct LookUps;

impl Rotated for LookUps {
    fn round<'r>(&'r self, db: &'r Db, vault: &'r Vault) -> BoxFuture<'r, Result<u64, DbError>> {
        round(db, vault).boxed()
    }
}

async fn round(db: &Db, vault: &Vault) -> Result<u64, DbError> {
    let mut looked = 0;
    loop {
        match sealed::add_lookups(db, vault).await? {
            0 => break,
            added => looked += added,
        }
    }
    if looked > 0 {
        tracing::info!(
            contact_points = looked,
            "contact points are found by every key of vault.lookup_keys"
        );
    }
    let forgotten = sealed::forget_lookups(db, vault).await?;
    if forgotten > 0 {
        tracing::info!(
            hashes = forgotten,
            "hashes under keys that are no longer there are removed"
        );
    }
    let brought = clear::seal(db, vault).await?;
    if brought > 0 {
        tracing::info!(
            rows = brought,
            "names of authenticators and kept messages are up to the keys"
        );
    }
    // Whose data key does not open is counted with the data keys.
    Ok(0)
}
