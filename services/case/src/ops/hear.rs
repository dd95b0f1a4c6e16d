//! What other services tell of a case.

use support_chassis::db::{DbError, Tx};
use support_chassis::id::Id;
use support_chassis::vault::Vault;
use time::OffsetDateTime;

use super::events;
use crate::domain::case::Command;
use crate::domain::happening::Cause;
use crate::domain::timeline::Note;
use crate::domain::{AgentId, CaseId};
use crate::store::{cases, timeline};

/// An agent took the task of a case `at` a time: the case is theirs now. Where it was resolved or closed in the meantime,
/// the history says that they took the task, and nothing else changes. False where there is no such case.
///
/// # Errors
///
/// The database's.
pub async fn accept_task(
    tx: &mut Tx,
    vault: &Vault,
    case: CaseId,
    task: Id,
    agent: AgentId,
    at: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<bool, DbError> {
    let Some(mut case) = cases::lock(tx, vault, case).await? else {
        return Ok(false);
    };
    let told = Cause::Task { task, agent, at };
    match case.act(Command::Assign(agent), &told, now) {
        Ok(outcome) => {
            cases::save(tx, &case, &outcome.entries, None).await?;
            tx.append_all(&events::all(&case, &outcome.happenings)).await?;
        }
        Err(_moved_on) => {
            let entry = case.note_late_assignment(&told, now);
            cases::save(tx, &case, &[entry], None).await?;
        }
    }
    Ok(true)
}

/// Something happened that the history of a case tells, and nothing else. False where there is no such case.
///
/// # Errors
///
/// The database's.
pub async fn note(tx: &mut Tx, case: CaseId, note: &Note) -> Result<bool, DbError> {
    timeline::append(tx, case, note).await
}
