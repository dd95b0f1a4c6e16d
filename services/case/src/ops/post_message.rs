//! Says something in a case.

use support_chassis::db::Tx;
use time::OffsetDateTime;

use super::{Viewer, events};
use crate::domain::CaseId;
use crate::domain::case::Utterance;
use crate::domain::message::Message;
use crate::error::Error;
use crate::store::cases;

/// Says something in a case. A customer's words in a resolved case open it again.
///
/// # Errors
///
/// [`Error::CaseNotFound`], [`Error::CaseState`] where it is closed, [`Error::ReopenPeriodOver`] where it was resolved too
/// long ago, and the database's.
pub async fn post_message(
    tx: &mut Tx,
    viewer: &Viewer,
    case: CaseId,
    utterance: Utterance,
    now: OffsetDateTime,
) -> Result<Message, Error> {
    let mut case = cases::lock(tx, case)
        .await?
        .filter(|case| viewer.may_see(case))
        .ok_or(Error::CaseNotFound)?;
    let (message, outcome) = case
        .say(utterance, now)
        .map_err(|refused| Error::refused(&case, refused))?;
    cases::save(tx, &case, &outcome.entries, Some(&message)).await?;
    tx.append_all(&events::all(&case, &outcome.happenings)).await?;
    Ok(message)
}
