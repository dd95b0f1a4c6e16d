//! The locales that come with the software.

use support_chassis::db::Db;
use support_words::locale::shipped;

use crate::error::Error;
use crate::store::catalogues;

/// Makes the locales of the software known to the database: so a new one needs no migration, and is there from the first
/// start of the software that names it. Gives the number of new ones.
///
/// # Errors
///
/// Where the database fails.
pub async fn register(db: &Db) -> Result<u64, Error> {
    let shipped = shipped()?;
    let mut tx = db.begin().await?;
    let added = catalogues::register(&mut tx, &shipped.locales).await?;
    tx.commit().await?;
    if added > 0 {
        tracing::info!(locales = added, "new locales");
    }
    Ok(added)
}
