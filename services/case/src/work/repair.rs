//! Listens to repair-logistics: what becomes of the repairs of a case.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use support_chassis::db::Tx;
use support_chassis::feed::{ApplyError, Consumer, Received, read_field};
use support_proto::support::repair::v1::{RepairStateChanged, RepairSubmitted};

use super::{detail, found, note};
use crate::domain::timeline::{Kind, Source};
use crate::ops;

/// Applies the events of repair-logistics.
#[derive(Debug, Clone, Copy, Default)]
pub struct RepairEvents;

impl Consumer for RepairEvents {
    fn event_types(&self) -> Vec<&'static str> {
        vec![
            "support.repair.v1.RepairSubmitted",
            "support.repair.v1.RepairStateChanged",
        ]
    }

    fn apply<'t>(&'t self, tx: &'t mut Tx, event: &'t Received) -> BoxFuture<'t, Result<(), ApplyError>> {
        apply(tx, event).boxed()
    }
}

async fn apply(tx: &mut Tx, event: &Received) -> Result<(), ApplyError> {
    let line = |kind, repair| note(event, Source::RepairLogistics, kind, repair);
    if let Some(told) = event.decode::<RepairSubmitted>()? {
        let mut submitted = line(Kind::RepairSubmitted, read_field("repair_id", &told.repair_id)?);
        submitted.detail = detail(told.coverage_outcome().as_str_name());
        return found(ops::note(tx, read_field("case_id", &told.case_id)?, &submitted).await?);
    }
    if let Some(told) = event.decode::<RepairStateChanged>()? {
        let mut changed = line(Kind::RepairStateChanged, read_field("repair_id", &told.repair_id)?);
        changed.detail = detail(told.to_state().as_str_name());
        return found(ops::note(tx, read_field("case_id", &told.case_id)?, &changed).await?);
    }
    Ok(())
}
