//! Repairs that were ordered.

use sqlx::PgConnection;
use support_chassis::db::Tx;
use support_chassis::page::Page;
use support_proto::support::repair::v1::RepairStateChanged;

use super::Viewer;
use crate::domain::repair::{CaseId, Repair, RepairId, Step};
use crate::domain::state::State;
use crate::error::Error;
use crate::{store, wire};

/// A step to take with a repair.
#[derive(Debug, Clone)]
pub struct Move {
    /// The repair.
    pub repair: RepairId,
    /// The etag last read; empty to change whatever is there.
    pub etag: String,
    /// What happens to it.
    pub step: Step,
}

/// Takes a repair a step further.
pub async fn move_on(tx: &mut Tx, viewer: &Viewer, wanted: Move) -> Result<Repair, Error> {
    let before = store::repairs::lock(tx, wanted.repair)
        .await?
        .filter(|repair| viewer.moves_repair(repair))
        .ok_or(Error::RepairNotFound)?;
    if !wanted.etag.is_empty() && wanted.etag != before.etag() {
        return Err(Error::Changed);
    }
    let after = before
        .after(wanted.step, tx.now())
        .map_err(|refused| Error::RepairState {
            repair: before.id,
            refused,
        })?;
    store::repairs::update(tx, &after).await?;
    let event = RepairStateChanged {
        repair_id: after.id.to_string(),
        case_id: after.case_id.to_string(),
        from_state: wire::state(before.progress.state).into(),
        to_state: wire::state(after.progress.state).into(),
        outcome: wire::outcome(after.progress.outcome).into(),
    };
    tx.append(after.id, &event).await?;
    Ok(after)
}

/// The repair with this id, if there is one for the viewer.
pub async fn repair(connection: &mut PgConnection, viewer: &Viewer, id: RepairId) -> Result<Repair, Error> {
    store::repairs::get(connection, id)
        .await?
        .filter(|(repair, customer)| viewer.sees_repair(repair, *customer))
        .map(|(repair, _)| repair)
        .ok_or(Error::RepairNotFound)
}

/// Which repairs to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only those of this case.
    pub case: Option<CaseId>,
    /// Only those in these states; empty for all.
    pub states: Vec<State>,
}

/// Repairs that there are for the viewer, newest first, and the token of the next page. A customer sees those of a case
/// of theirs, and must name it: without, or with another's, there are none.
pub async fn list_repairs(
    connection: &mut PgConnection,
    viewer: &Viewer,
    filter: &Filter,
    page: &Page<RepairId>,
) -> Result<(Vec<Repair>, String), Error> {
    let organisation = match viewer {
        Viewer::Partner(organisation) => Some(organisation.as_str()),
        Viewer::Customer(_) | Viewer::Insider | Viewer::Stranger => None,
    };
    let is_allowed = match (viewer, filter.case) {
        (Viewer::Partner(_) | Viewer::Insider, _) => true,
        (Viewer::Customer(customer), Some(case)) => store::cases::customer(connection, case).await? == Some(*customer),
        (Viewer::Customer(_), None) | (Viewer::Stranger, _) => false,
    };
    if !is_allowed {
        return Ok((Vec::new(), String::new()));
    }
    let (states, after, limit) = (filter.states.as_slice(), page.after, page.limit());
    let repairs = match (filter.case, organisation) {
        (Some(case), _) => store::repairs::list_of_case(connection, case, organisation, states, after, limit).await?,
        (None, Some(organisation)) => {
            store::repairs::list_of_organisation(connection, organisation, states, after, limit).await?
        }
        (None, None) => store::repairs::list(connection, states, after, limit).await?,
    };
    Ok(page.cut(repairs, |last| last.id))
}
