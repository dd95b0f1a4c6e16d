//! Adds a contact point to a customer.

use support_chassis::db::Tx;
use support_chassis::error::{InvalidFields, Violation};
use support_chassis::id::Ids;
use support_chassis::vault::Vault;

use super::contact_point_changed;
use crate::domain::audit::Action;
use crate::domain::contact::Contact;
use crate::domain::customer::{Addition, CONTACT_POINTS_LIMIT, Customer};
use crate::domain::happening::Kind;
use crate::domain::ids::CustomerId;
use crate::error::IdentityError;
use crate::store;

/// Adds a contact point, not yet verified, which is told at the customer's other addresses. One that the customer has already changes nothing. `version` is the version
/// that the caller has read, if it wants to know of other changes.
///
/// # Errors
///
/// [`IdentityError::CustomerNotFound`], [`IdentityError::Conflict`], [`IdentityError::ContactPointTaken`], and a violation
/// of `contact_point` where the customer has ten.
pub async fn add_contact_point(
    tx: &mut Tx,
    (ids, vault): (&Ids, &Vault),
    customer_id: CustomerId,
    contact: &Contact,
    version: Option<i64>,
) -> Result<Customer, IdentityError> {
    let customer = store::customers::lock(tx, vault, customer_id)
        .await?
        .ok_or(IdentityError::CustomerNotFound)?;
    if version.is_some_and(|version| version != customer.version) {
        return Err(IdentityError::Conflict);
    }
    let ordinal = match customer.addition(contact) {
        Addition::Known => return Ok(customer),
        Addition::Full => {
            let full = format!("a customer has at most {CONTACT_POINTS_LIMIT}");
            return Err(InvalidFields::from(Violation::new("contact_point", full)).into());
        }
        Addition::At(ordinal) => ordinal,
    };
    let now = tx.now();
    let contact_point_id = ids.next();
    store::customers::add_contact_point(tx, vault, (customer_id, contact_point_id), ordinal, contact, now).await?;
    // Who takes an account over begins with an address of theirs: its owner hears of it at the others.
    let added = contact_point_changed(ids, Kind::ContactPointAdded, customer_id, contact_point_id, now);
    store::happenings::record(tx, &added, now).await?;
    let point = contact_point_id.uuid();
    store::audit::record_change(tx, Action::ContactPointAdded, customer_id, point).await?;
    store::customers::get(tx, vault, customer_id)
        .await?
        .ok_or(IdentityError::CustomerNotFound)
}
