//! Finds whose contact point it is.

use support_chassis::db::Tx;
use support_chassis::vault::Vault;

use crate::domain::audit::{Action, Deed};
use crate::domain::contact::Contact;
use crate::domain::customer::Customer;
use crate::error::IdentityError;
use crate::store;

/// The customer whose contact point this is; none where it is nobody's. Either way it is on record that somebody looked: whoever goes
/// through addresses to see who is a customer is seen. The transaction must be committed before anything is given.
///
/// # Errors
///
/// Those of the database.
pub async fn look_up_customer(
    tx: &mut Tx,
    vault: &Vault,
    contact: &Contact,
) -> Result<Option<Customer>, IdentityError> {
    let found = store::customers::find_by_contact(tx, vault, contact).await?;
    let customer = match found {
        Some((id, _)) => store::customers::get(tx, vault, id).await?,
        None => None,
    };
    let whom = customer.as_ref().map(|customer| customer.id);
    store::audit::record(tx, &Deed::new(Action::CustomerLookedUp, whom)).await?;
    Ok(customer)
}
