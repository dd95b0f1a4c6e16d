//! Listens to repair-logistics: what becomes of repairs decides what is used up of what their devices are owed.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use support_chassis::db::Tx;
use support_chassis::feed::{ApplyError, Consumer, Received, read_field};
use support_chassis::id::Ids;
use support_proto::support::repair::v1::{RepairOutcome, RepairState, RepairStateChanged, RepairSubmitted};

use crate::ops::{self, RepairMoved, RepairOrdered, Unfit};
use crate::wire;

/// Applies the events of repair-logistics.
#[derive(Debug, Clone)]
pub struct RepairEvents {
    /// Where claim ids come from.
    pub ids: Ids,
}

impl Consumer for RepairEvents {
    fn event_types(&self) -> Vec<&'static str> {
        vec![
            "support.repair.v1.RepairSubmitted",
            "support.repair.v1.RepairStateChanged",
        ]
    }

    fn apply<'t>(&'t self, tx: &'t mut Tx, event: &'t Received) -> BoxFuture<'t, Result<(), ApplyError>> {
        apply(tx, &self.ids, event).boxed()
    }

    fn is_repeatable(&self) -> bool {
        true
    }
}

async fn apply(tx: &mut Tx, ids: &Ids, event: &Received) -> Result<(), ApplyError> {
    let at = event.occurred_at;
    if let Some(told) = event.decode::<RepairSubmitted>()? {
        let claim = match told.entitlement_id.as_str() {
            "" => None,
            id => Some(read_field("entitlement_id", id)?),
        };
        let ordered = RepairOrdered {
            repair: read_field("repair_id", &told.repair_id)?,
            device: read_field("device_id", &told.device_id)?,
            claim,
            outcome: wire::read_outcome(told.coverage_outcome()),
            at,
        };
        return ops::repair_ordered(tx, ids, ordered).await.map_err(apply_error);
    }
    if let Some(told) = event.decode::<RepairStateChanged>()? {
        let moved = match (told.to_state(), told.outcome()) {
            (RepairState::Received, _) => RepairMoved::Received(at),
            (RepairState::Returned, RepairOutcome::Repaired) => RepairMoved::Repaired(at),
            (RepairState::Returned, _) => RepairMoved::Unrepaired(at),
            (RepairState::Canceled, _) => RepairMoved::Canceled,
            _ => return Ok(()),
        };
        ops::repair_moved(tx, read_field("repair_id", &told.repair_id)?, moved).await?;
    }
    Ok(())
}

/// What does not fit never will: a database was put back to an older state, or a fault is somewhere. A person has to see to it.
fn apply_error(unfit: Unfit) -> ApplyError {
    match unfit {
        Unfit::Database(error) => error.into(),
        unfit => ApplyError::Park(unfit.to_string()),
    }
}
