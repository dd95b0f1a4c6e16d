//! Assigns, resolves, reopens and closes cases.

use support_chassis::db::Tx;
use time::OffsetDateTime;

use super::{Viewer, events};
use crate::domain::CaseId;
use crate::domain::case::{Case, Command};
use crate::domain::happening::Cause;
use crate::error::Error;
use crate::store::cases;

/// What is to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The case.
    pub case: CaseId,
    /// What is to be done with it.
    pub command: Command,
    /// The etag last read; none to change whatever is there.
    pub etag: Option<String>,
}

/// Changes a case, and gives it as it is then.
///
/// # Errors
///
/// [`Error::CaseNotFound`], [`Error::CloseReasonNotAllowed`], [`Error::Changed`] where the etag is not the case's,
/// [`Error::CaseState`], and the database's.
pub async fn change_case(tx: &mut Tx, viewer: &Viewer, change: Change, now: OffsetDateTime) -> Result<Case, Error> {
    let mut case = cases::lock(tx, change.case)
        .await?
        .filter(|case| viewer.may_see(case))
        .ok_or(Error::CaseNotFound)?;
    if let (Viewer::Customer(_), Command::Close(reason)) = (viewer, change.command)
        && !reason.is_for_customers()
    {
        return Err(Error::CloseReasonNotAllowed { reason });
    }
    // Before the state: who acts on an old picture should hear that first, the state may be what has changed.
    if change.etag.is_some_and(|etag| etag != case.etag()) {
        return Err(Error::Changed);
    }
    let outcome = case
        .act(change.command, &Cause::Call { actor: viewer.id() }, now)
        .map_err(|refused| Error::CaseState { case: case.id, refused })?;
    cases::save(tx, &case, &outcome.entries, None).await?;
    tx.append_all(&events::all(&case, &outcome.happenings)).await?;
    Ok(case)
}
