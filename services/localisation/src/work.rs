//! What the service does unasked.

mod cases;

pub(crate) use cases::CaseEvents;

use support_chassis::clock::Clock;
use support_chassis::db::Db;

use crate::error::Error;
use crate::search::live::Live;
use crate::standard::knowledge::Rules;
use crate::store::feedback;

/// Takes over how helpful articles have been, joins what their publishings have left in pieces, and forgets whose offers were that no case can speak against any more.
///
/// # Errors
///
/// Where the database fails, or an index cannot be written.
pub(crate) async fn figures(search: &Live, db: &Db, clock: &Clock, rules: &Rules) -> Result<(), Error> {
    search.refresh_figures().await?;
    search.settle().await?;
    let mut tx = db.begin().await?;
    feedback::forget(&mut tx, clock.now(), rules.comes_back_within()).await?;
    tx.commit().await?;
    Ok(())
}
