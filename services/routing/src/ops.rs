//! What can be done: one function a use case, each within the transaction it is given.
//!
//! Locks are taken in one order, an agent before the tasks it holds. A function that needs more than one agent takes
//! only what nobody else has locked, so that it never waits with something in hand; what it leaves out is looked at
//! again soon.

pub mod agents;
pub mod callbacks;
pub mod desk;
mod events;
pub mod imports;
pub mod offers;
pub mod roster;
pub mod shadow;
pub mod tasks;
pub mod training;

use support_chassis::db::{DbError, Tx};

use crate::domain::{Changed, Offer};
use crate::store;

/// Writes what happened to tasks, and tells of it.
async fn settle(tx: &mut Tx, changes: &[Changed], made: &[Offer]) -> Result<(), DbError> {
    let events: Vec<_> = changes.iter().map(events::entry).collect();
    store::changes::write(tx, changes, made, &events).await
}
