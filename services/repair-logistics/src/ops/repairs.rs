//! Repairs that were ordered.

use sqlx::PgConnection;
use support_chassis::call::Needed;
use support_chassis::db::Tx;
use support_chassis::page::Page;
use support_chassis::standard::Standard;
use support_chassis::vault::Vault;
use support_proto::support::options::v1::AssuranceLevel;
use support_proto::support::repair::v1::{RepairProcedures, RepairStateChanged};
use time::OffsetDateTime;

use super::Viewer;
use crate::domain::provider::House;
use crate::domain::repair::{CaseId, Repair, RepairId, Step};
use crate::domain::state::State;
use crate::domain::step::Actor;
use crate::error::Error;
use crate::store::repairs::Wanted;
use crate::{standard, store, wire};

/// A step to take with a repair.
#[derive(Debug, Clone)]
pub struct Move {
    /// The repair.
    pub repair: RepairId,
    /// The etag last read; empty to change whatever is there.
    pub etag: String,
    /// What happens to it.
    pub step: Step,
    /// What was said of it.
    pub note: Option<String>,
    /// Who takes it.
    pub by: Actor,
}

/// What staff of a store must show who hand a device over: the grant of whoever takes it, so that nobody walks out with another's.
const HAND_OVER: Needed<'static> = Needed {
    assurance: AssuranceLevel::Aal1,
    purposes: &["repair_handover"],
    case_id: None,
    delegates: true,
};

/// Takes a repair a step further, by the procedures that hold today where its provider is.
pub async fn move_on(
    tx: &mut Tx,
    vault: &Vault,
    procedures: &Standard<RepairProcedures>,
    viewer: &Viewer,
    wanted: Move,
) -> Result<Repair, Error> {
    let found = store::repairs::lock(tx, vault, wanted.repair)
        .await?
        .filter(|found| viewer.moves_repair(&found.repair))
        .ok_or(Error::RepairNotFound)?;
    let before = &found.repair;
    if !wanted.etag.is_empty() && wanted.etag != before.etag() {
        return Err(Error::Changed);
    }
    let provider = store::providers::get(tx, before.provider_id)
        .await?
        .ok_or(Error::ProviderNotFound)?;
    if let (Step::ReturnDevice, House::OwnStore, Some(call)) = (&wanted.step, &provider.house, tx.call()) {
        let case_id = before.case_id.to_string();
        let needed = Needed {
            case_id: Some(&case_id),
            ..HAND_OVER
        };
        call.check_grant_for(found.customer, &needed)?;
    }
    let now = tx.now();
    let procedures = standard::held_at(procedures, &provider, now);
    let after = before
        .after(wanted.step, wanted.note, &procedures, now)
        .map_err(|refused| Error::of_step(before.id, refused))?;
    store::repairs::update(tx, vault, &found, &after).await?;
    store::steps::insert(tx, &after, &wanted.by).await?;
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
pub async fn repair(
    connection: &mut PgConnection,
    vault: &Vault,
    viewer: &Viewer,
    id: RepairId,
) -> Result<Repair, Error> {
    store::repairs::get(connection, vault, id)
        .await?
        .filter(|found| viewer.sees_repair(&found.repair, found.customer))
        .map(|found| found.repair)
        .ok_or(Error::RepairNotFound)
}

/// Which repairs to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only those of this case.
    pub case: Option<CaseId>,
    /// Only those in these states; empty for all.
    pub states: Vec<State>,
    /// Only those whose next step was due before then; none for all.
    pub due_before: Option<OffsetDateTime>,
}

/// Repairs that there are for the viewer, newest first, and the token of the next page. A customer sees those of a case
/// of theirs, and must name it: without, or with another's, there are none.
pub async fn list_repairs(
    connection: &mut PgConnection,
    vault: &Vault,
    viewer: &Viewer,
    filter: &Filter,
    page: &Page<RepairId>,
) -> Result<(Vec<Repair>, String), Error> {
    let organisation = match viewer {
        Viewer::Partner(partner) => Some(partner.organisation.as_str()),
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
    let (after, limit) = (page.after, page.limit());
    let wanted = Wanted {
        states: &filter.states,
        due_before: filter.due_before,
    };
    let repairs = match (filter.case, organisation) {
        (Some(case), _) => {
            store::repairs::list_of_case(connection, vault, case, organisation, wanted, after, limit).await?
        }
        (None, Some(organisation)) => {
            store::repairs::list_of_organisation(connection, vault, organisation, wanted, after, limit).await?
        }
        (None, None) => store::repairs::list(connection, vault, wanted, after, limit).await?,
    };
    let (mut repairs, next) = page.cut(repairs, |last| last.id);
    if let Viewer::Partner(_) = viewer {
        // Behind the page, which may so be shorter than was asked for: few tokens name locations.
        repairs.retain(|repair| viewer.moves_repair(repair));
    }
    Ok((repairs, next))
}
