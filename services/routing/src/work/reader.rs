//! Reads the offers that stand, for the streams.

use support_chassis::db::Db;

use crate::error::Error;
use crate::live::Live;
use crate::store;

/// Reads once and shows it to all streams.
///
/// # Errors
///
/// What the database says.
pub async fn round(db: &Db, live: &Live) -> Result<(), Error> {
    let agents = live.streams.agents();
    if !agents.is_empty() {
        let standing = store::offers::standing(&mut *db.read().await?, &agents).await?;
        live.streams.show(&agents, standing);
    }
    Ok(())
}
