//! Opens a case.

use support_chassis::db::Tx;
use support_chassis::id::Ids;
use support_chassis::vault::Vault;
use time::{Duration, OffsetDateTime};

use super::{Viewer, events};
use crate::domain::CustomerId;
use crate::domain::case::{Case, Concern};
use crate::error::Error;
use crate::levels::Book;
use crate::store::cases;

/// Whose case it is to be: `named` by the caller, or the caller.
///
/// # Errors
///
/// [`Error::CustomerMissing`] where staff name none, [`Error::CustomerNotSelf`] where a customer names another,
/// [`Error::CustomerElsewhere`] where the customer's data belongs into another region.
pub(crate) fn customer_of(viewer: &Viewer, named: Option<CustomerId>, ids: &Ids) -> Result<CustomerId, Error> {
    let customer = match (viewer, named) {
        (Viewer::Customer(own, _), None) => *own,
        (Viewer::Customer(own, _), Some(named)) if named == *own => *own,
        (Viewer::Customer(..), Some(_)) => return Err(Error::CustomerNotSelf),
        (Viewer::Staff(_), Some(named)) => named,
        (Viewer::Staff(_), None) => return Err(Error::CustomerMissing),
    };
    if customer.region() == ids.region() {
        Ok(customer)
    } else {
        Err(Error::CustomerElsewhere)
    }
}

/// Opens a case about `concern`, under the service levels of the day and the place. Routing hears of it by the event
/// `CaseOpened`.
///
/// # Errors
///
/// [`Error::CustomerErased`], and the database's.
pub async fn open_case(
    tx: &mut Tx,
    (ids, vault): (&Ids, &Vault),
    book: &Book,
    viewer: &Viewer,
    concern: Concern,
    now: OffsetDateTime,
) -> Result<Case, Error> {
    let id = ids.next();
    let levels = book.on(concern.country, now);
    let promise = levels.promise(concern.severity, concern.channel, now, Duration::ZERO);
    let event = events::opened(id, &concern);
    let number = cases::open(tx, vault, id, (&concern, &promise), &viewer.id(), &event, now).await?;
    Ok(Case::open(id, number, concern, promise, now))
}
