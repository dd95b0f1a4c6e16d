//! Says something in a case.

use support_chassis::db::{DbError, Tx};
use support_chassis::vault::{Held, Vault};
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
/// long ago, [`Error::CustomerErased`], and the database's.
pub async fn post_message(
    tx: &mut Tx,
    vault: &Vault,
    viewer: &Viewer,
    case: CaseId,
    utterance: Utterance,
    now: OffsetDateTime,
) -> Result<Message, Error> {
    let (mut case, held) = cases::lock_with_key(tx, vault, case)
        .await?
        .filter(|(case, _)| viewer.may_see(case))
        .ok_or(Error::CaseNotFound)?;
    let key = match held {
        // Opened by a build that did not seal yet.
        Held::Never => vault.make(tx.conn(), case.concern.customer.uuid(), now).await?,
        held => held.key().map_err(DbError::from)?,
    };
    let (message, outcome) = case
        .say(utterance, now)
        .map_err(|refused| Error::refused(&case, refused))?;
    cases::save(tx, &case, &outcome.entries, Some((&message, &key))).await?;
    tx.append_all(&events::all(&case, &outcome.happenings)).await?;
    Ok(message)
}
