//! Assigns, rates, gives a language to, resolves, reopens and closes cases.

use support_chassis::db::Tx;
use support_chassis::vault::Vault;
use time::OffsetDateTime;

use super::{Viewer, events};
use crate::domain::CaseId;
use crate::domain::case::{Case, Command, Outcome};
use crate::domain::kinds::Severity;
use crate::domain::language::Language;
use crate::error::Error;
use crate::levels::Book;
use crate::store::cases;

/// What is to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change<T = Command> {
    /// The case.
    pub case: CaseId,
    /// What is to be done with it.
    pub command: T,
    /// The etag last read; none to change whatever is there.
    pub etag: Option<String>,
}

/// Changes a case, and gives it as it is then.
///
/// # Errors
///
/// [`Error::CaseNotFound`], [`Error::CloseReasonNotAllowed`], [`Error::Changed`] where the etag is not the case's,
/// [`Error::CaseState`], [`Error::ReopenPeriodOver`], [`Error::AnswerMissing`], [`Error::CustomerNotSilent`], and the
/// database's.
pub async fn change_case(
    tx: &mut Tx,
    vault: &Vault,
    viewer: &Viewer,
    change: Change,
    now: OffsetDateTime,
) -> Result<Case, Error> {
    let mut case = lock(tx, vault, viewer, change.case).await?;
    if let (Viewer::Customer(..), Command::Close(reason)) = (viewer, change.command)
        && !reason.is_for_customers()
    {
        return Err(Error::CloseReasonNotAllowed { reason });
    }
    hold_etag(&case, change.etag.as_deref())?;
    let outcome = case
        .act(change.command, &viewer.cause(), now)
        .map_err(|refused| Error::refused(&case, refused))?;
    save(tx, case, &outcome).await
}

/// Says how much is at stake in a case, which brings it under the service levels of the day.
///
/// # Errors
///
/// [`Error::CaseNotFound`], [`Error::Changed`] where the etag is not the case's, [`Error::CaseState`], and the database's.
pub async fn change_severity(
    tx: &mut Tx,
    vault: &Vault,
    book: &Book,
    viewer: &Viewer,
    change: Change<Severity>,
    now: OffsetDateTime,
) -> Result<Case, Error> {
    let mut case = lock(tx, vault, viewer, change.case).await?;
    hold_etag(&case, change.etag.as_deref())?;
    let levels = book.on(case.concern.country, now);
    let outcome = case
        .rate(change.command, &levels, &viewer.cause(), now)
        .map_err(|refused| Error::refused(&case, refused))?;
    save(tx, case, &outcome).await
}

/// Says in which language a case is held.
///
/// # Errors
///
/// [`Error::CaseNotFound`], [`Error::Changed`] where the etag is not the case's, [`Error::CaseState`], and the database's.
pub async fn change_language(
    tx: &mut Tx,
    vault: &Vault,
    viewer: &Viewer,
    change: Change<Language>,
    now: OffsetDateTime,
) -> Result<Case, Error> {
    let mut case = lock(tx, vault, viewer, change.case).await?;
    hold_etag(&case, change.etag.as_deref())?;
    let outcome = case
        .speak(change.command, &viewer.cause(), now)
        .map_err(|refused| Error::refused(&case, refused))?;
    save(tx, case, &outcome).await
}

async fn lock(tx: &mut Tx, vault: &Vault, viewer: &Viewer, id: CaseId) -> Result<Case, Error> {
    cases::lock(tx, vault, id)
        .await?
        .filter(|case| viewer.may_see(case))
        .ok_or(Error::CaseNotFound)
}

/// Before the state: who acts on an old picture should hear that first, the state may be what has changed.
fn hold_etag(case: &Case, etag: Option<&str>) -> Result<(), Error> {
    if etag.is_some_and(|etag| etag != case.etag()) {
        return Err(Error::Changed);
    }
    Ok(())
}

async fn save(tx: &mut Tx, case: Case, outcome: &Outcome) -> Result<Case, Error> {
    cases::save(tx, &case, &outcome.entries, None).await?;
    tx.append_all(&events::all(&case, &outcome.happenings)).await?;
    Ok(case)
}
