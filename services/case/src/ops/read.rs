//! Reads cases.

use sqlx::PgConnection;
use support_chassis::vault::Vault;

use super::Viewer;
use crate::domain::CaseId;
use crate::domain::case::Case;
use crate::domain::message::Message;
use crate::domain::timeline::Entry;
use crate::error::Error;
use crate::store::list::{Filter, Place};
use crate::store::{cases, list, messages, timeline};

/// A case that the caller may see.
///
/// # Errors
///
/// [`Error::CaseNotFound`], and the database's.
pub async fn get_case(
    connection: &mut PgConnection,
    vault: &Vault,
    viewer: &Viewer,
    id: CaseId,
) -> Result<Case, Error> {
    cases::get(connection, vault, id)
        .await?
        .filter(|case| viewer.may_see(case))
        .ok_or(Error::CaseNotFound)
}

/// Up to `limit` cases that the caller may see, newest first. To a customer who asks for another's there are none.
///
/// # Errors
///
/// The database's.
pub async fn list_cases(
    connection: &mut PgConnection,
    vault: &Vault,
    viewer: &Viewer,
    mut filter: Filter,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<Case>, Error> {
    if let Viewer::Customer(own, _) = viewer {
        if filter.customer.is_some_and(|asked| asked != *own) {
            return Ok(Vec::new());
        }
        filter.customer = Some(*own);
    }
    Ok(list::list(connection, vault, &filter, after, limit).await?)
}

/// Where a case stands in such a list.
#[must_use]
pub fn place(case: &Case) -> Place {
    Place {
        open_time: case.open_time,
        id: case.id,
    }
}

/// Up to `limit` messages behind the place `after`, oldest first.
///
/// # Errors
///
/// [`Error::CaseNotFound`], and the database's.
pub async fn list_messages(
    connection: &mut PgConnection,
    vault: &Vault,
    viewer: &Viewer,
    case: CaseId,
    after: i64,
    limit: i64,
) -> Result<Vec<Message>, Error> {
    let customer = get_case(connection, vault, viewer, case).await?.concern.customer;
    Ok(messages::list(connection, vault, (case, customer), after, limit).await?)
}

/// Up to `limit` entries of the history behind the place `after`, in their order.
///
/// # Errors
///
/// [`Error::CaseNotFound`], and the database's.
pub async fn list_timeline(
    connection: &mut PgConnection,
    vault: &Vault,
    viewer: &Viewer,
    case: CaseId,
    after: i64,
    limit: i64,
) -> Result<Vec<Entry>, Error> {
    get_case(connection, vault, viewer, case).await?;
    Ok(timeline::list(connection, case, after, limit).await?)
}
