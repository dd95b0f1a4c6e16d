//! What was said and asked in a case already.

use sqlx::PgConnection;
use support_chassis::db::Tx;
use support_chassis::vault::Vault;

use super::{Viewer, get_case};
use crate::desk::view::Conversation;
use crate::domain::CaseId;
use crate::domain::case::Refusal;
use crate::domain::playbook::{Mark, Step};
use crate::domain::state::{Action, transition};
use crate::error::Error;
use crate::store::{cases, marks, messages, timeline};

/// What the case knows of the conversation.
///
/// # Errors
///
/// [`Error::CaseNotFound`], and the database's.
pub async fn conversation(
    connection: &mut PgConnection,
    vault: &Vault,
    viewer: &Viewer,
    id: CaseId,
) -> Result<Conversation, Error> {
    let case = get_case(connection, vault, viewer, id).await?;
    Ok(Conversation {
        marks: marks::of_case(connection, id).await?,
        last_channel: messages::last_channel(connection, id).await?,
        repair_time: timeline::last_repair(connection, id).await?,
        case,
    })
}

/// What is to become of a step's mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Marking {
    /// It is marked. The channel may be left open: then it is that of the conversation.
    Put(Mark, bool),
    /// It is not marked any more.
    Remove(Step),
}

/// Marks a step of a case's playbook, and gives the mark as it stands then.
///
/// # Errors
///
/// [`Error::CaseNotFound`], [`Error::CaseState`] where it is closed, and the database's.
pub async fn mark_step(
    tx: &mut Tx,
    vault: &Vault,
    viewer: &Viewer,
    case: CaseId,
    marking: Marking,
) -> Result<Option<Mark>, Error> {
    let case = cases::lock(tx, vault, case)
        .await?
        .filter(|case| viewer.may_see(case))
        .ok_or(Error::CaseNotFound)?;
    // Whatever is said to a customer is said in a case that is not over.
    transition(case.state(), Action::Tell).map_err(|refused| Error::refused(&case, Refusal::State(refused)))?;
    let left = match marking {
        Marking::Put(mut mark, is_channel_open) => {
            if is_channel_open {
                let last = messages::last_channel(tx, case.id).await?;
                mark.channel = last.unwrap_or(case.concern.channel);
            }
            marks::put(tx, case.id, &mark).await?;
            Some(mark)
        }
        Marking::Remove(step) => {
            marks::remove(tx, case.id, &step).await?;
            None
        }
    };
    marks::count(tx, case.id).await?;
    Ok(left)
}
